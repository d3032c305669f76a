//! Signing keys, behind one trait: a local JWK, or a key that never leaves AWS KMS.
//! Whoever signs a JWT takes a `SigningKey` and doesn't know which of the two it has.
//! The public halves go into JWK Sets; the private ones can't.

mod jwk_set;
mod jws;
mod kms;
mod local;
mod signing_key;

pub use jwk_set::{KeyRing, PublicJwk};
pub use jws::sign_jwt;
pub use kms::KmsKey;
pub use local::LocalKey;
pub use sealing::{NoRandomness, Randomness, SystemRandomness, random_base64url};
pub use signing_key::{Algorithm, InvalidKey, KeyId, SigningError, SigningKey};
