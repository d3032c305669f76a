//! What Cognito asks the provider for: `authorize_scopes`, which an operator changes by
//! `UpdateIdentityProvider`.

use std::fmt;
use std::sync::Arc;

use crate::options::{StartError, check_authorize_scopes};
use crate::shared::Shared;

/// The provider's `authorize_scopes`. Clones share them.
#[derive(Clone)]
pub struct AuthorizeScopes(Arc<Shared>);

impl fmt::Debug for AuthorizeScopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AuthorizeScopes")
    }
}

impl AuthorizeScopes {
    pub(crate) const fn of(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Sets them, with spaces between them, for every login that begins from now on.
    ///
    /// # Errors
    /// [`StartError::ProviderScopes`] if `openid` isn't among them.
    pub fn set(&self, scopes: &str) -> Result<(), StartError> {
        check_authorize_scopes(scopes)?;
        scopes.clone_into(&mut self.0.state().authorize_scopes);
        Ok(())
    }
}
