//! The keys, seen from outside: what they sign is verified by `jsonwebtoken`, what they read is
//! checked against the examples of the RFCs, and a scripted KMS shows every answer that the
//! real one may give. No network.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that can't go on fails"
)]

mod kms_answers;
mod local_jwk;
mod public;
mod rfc;
