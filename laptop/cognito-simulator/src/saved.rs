//! What a pool keeps from one start of the stand-in to the next: users and refresh tokens.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::refresh_tokens::RefreshTokens;
use crate::user_pool::UserPool;

/// The users of a pool, and their refresh tokens. They are personal and secret, so `Debug` shows
/// nothing of them; serialized, they are for the pool's own file.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct SavedPool {
    pub(crate) users: UserPool,
    pub(crate) refresh_tokens: RefreshTokens,
}

impl fmt::Debug for SavedPool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SavedPool")
    }
}
