//! Authenticated encryption with a ring of keys, and a source of randomness.
//!
//! The project has no database. Instead it seals values, and the browser, Amazon Cognito or the
//! user pool keeps them. Without a key of the ring, nobody can read or change a sealed value. Each
//! value is sealed for one purpose. A value that travels has an audience and an expiry, too
//! ([`sealed`]). Randomness is here because a seal needs it; a new `state` or `nonce` needs it too.

mod randomness;
mod ring;
pub mod sealed;

pub use randomness::{NoRandomness, Randomness, SystemRandomness, random_base64url};
pub use ring::{
    InvalidSealingKeys, OpenError, Opened, SealError, SealingKeys, claimed_header, key_bytes,
};
