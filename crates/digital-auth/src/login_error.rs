//! Why a login failed: one error, of whichever of its steps refused it.

use thiserror::Error;

use crate::id_token::IdTokenError;
use crate::key_set::KeySetError;
use crate::token::TokenError;
use crate::userinfo::UserinfoError;

/// Why a login failed.
#[derive(Debug, Error)]
pub enum LoginError {
    /// There were no tokens.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// There were no keys to verify with.
    #[error(transparent)]
    KeySet(#[from] KeySetError),
    /// The ID token was refused.
    #[error(transparent)]
    IdToken(#[from] IdTokenError),
    /// There were no attributes.
    #[error(transparent)]
    Userinfo(#[from] UserinfoError),
}
