//! Signing keys behind one trait: a local JWK, or a key that never leaves AWS KMS. Code that signs
//! a JWT takes a `SigningKey`, and doesn't know which of the two it is. Only the public halves can
//! be put into a JWK Set. A key of HMACs is likewise either a local secret, or a key in AWS KMS.

mod algorithm;
mod error;
mod jws;
mod key_ring;
mod kms;
mod local;
mod mac;
mod public_jwk;
mod signing_key;

pub use algorithm::{Algorithm, KeyId};
pub use error::{InvalidKey, MacError, SigningError};
pub use jws::sign_jwt;
pub use key_ring::KeyRing;
pub use kms::KmsKey;
pub use local::LocalKey;
pub use mac::{MAC_BYTES, MacKey};
pub use public_jwk::PublicJwk;
pub use sealing::{NoRandomness, Randomness, SystemRandomness, random_base64url};
pub use signing_key::SigningKey;
