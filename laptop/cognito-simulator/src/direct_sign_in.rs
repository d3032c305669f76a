//! Sign-ins of a test: it says who signs in, and gets what the app would get at once.
//! It is as if the user had typed a password on the hosted page, or had come from another provider,
//! of which the stand-in has no pages. The rest is the same as at every sign-in: the trigger, the
//! tokens, and a refresh token.

use loopback::journal::{Check, Parameter, Party, Step};
use serde_json::Value;

use crate::app_tokens::{self, TokenError};
use crate::cognito::Cognito;
use crate::options::has_openid_if_needed;
use crate::refresh_tokens::Through;

/// Why a user can't be signed in directly.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DirectSignInFailure {
    /// There is no such user.
    #[error("there is no such user")]
    Unknown,
    /// The user has only identities of the provider, and no password, so they can sign in only
    /// through the provider.
    #[error("the user can sign in through the provider alone")]
    OnlyThroughProvider,
    /// The user is disabled.
    #[error("the user is disabled")]
    Disabled,
    /// A scope isn't allowed to the app client, or needs `openid`.
    #[error("a scope isn't allowed to the app client, or needs openid")]
    Scope,
    /// The trigger ended the sign-in. This is the error description for the app.
    #[error("{0}")]
    Trigger(String),
    /// The stand-in itself failed.
    #[error("the stand-in itself failed")]
    Internal,
}

impl From<TokenError> for DirectSignInFailure {
    fn from(error: TokenError) -> Self {
        match error {
            // The user was deleted meanwhile.
            TokenError::InvalidGrant => Self::Unknown,
            TokenError::UserDisabled => Self::Disabled,
            TokenError::Trigger(failure) => Self::Trigger(failure.to_string()),
            _ => Self::Internal,
        }
    }
}

impl Cognito {
    /// Signs a user in at the first app client, without the provider, and returns what the app gets
    /// from `/oauth2/token`: `access_token`, `refresh_token`, and `id_token` if `openid` is among
    /// the scopes. An empty `scopes` means all scopes that the app client may have.
    ///
    /// It is as if one of the pool's own users had typed a password in managed login, or as if a
    /// user of another provider, or a user to whom such an identity is linked, had come from that
    /// provider. None of that happens here: no password is checked, InboundFederation isn't called
    /// for another provider's claims, and no attribute is written. PreTokenGeneration is called,
    /// with the source `TokenGeneration_HostedAuth`.
    ///
    /// # Errors
    /// See [`DirectSignInFailure`].
    pub async fn sign_in_directly(
        &self,
        username: &str,
        scopes: &[&str],
    ) -> Result<Value, DirectSignInFailure> {
        let shared = &self.shared;
        let user = {
            let kept = shared.state();
            kept.users.find(&shared.options, username).cloned()
        };
        let user = user.ok_or(DirectSignInFailure::Unknown)?;
        if user.disabled {
            return Err(DirectSignInFailure::Disabled);
        }
        let provider = &shared.options.provider.name;
        let is_others = user
            .all_identities()
            .any(|identity| identity.provider_name != *provider);
        if user.identity.is_some() && !is_others {
            return Err(DirectSignInFailure::OnlyThroughProvider);
        }
        let client = shared.options.app_clients.first();
        let client = client.ok_or(DirectSignInFailure::Internal)?;
        let allowed = &client.allowed_scopes;
        let scopes: Vec<String> = match scopes {
            [] => allowed.clone(),
            asked => asked.iter().map(|scope| (*scope).to_owned()).collect(),
        };
        if !scopes.iter().all(|scope| allowed.contains(scope)) || !has_openid_if_needed(&scopes) {
            return Err(DirectSignInFailure::Scope);
        }
        shared.options.journal.record(Step {
            from: Party::Cognito,
            to: Party::Cognito,
            request: "user pool: sign in without the provider".to_owned(),
            parameters: vec![Parameter::new("scopes", scopes.join(" "))],
            checks: vec![Check::new(
                "the user is in the pool",
                "Cognito: user pools API",
                true,
            )],
            status: None,
            answer: Vec::new(),
        });
        let who = (user, client);
        let tokens = app_tokens::sign_in(shared, who, scopes, Through::ManagedLogin).await?;
        Ok(Value::Object(tokens))
    }
}
