//! Tests of the keys, through the public interface of the crate: `jsonwebtoken` verifies what they
//! sign, the examples of the RFCs check what they read, and a scripted KMS gives every answer that
//! the real one may give. No network is used.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that can't go on fails"
)]

mod kms_answers;
mod local_jwk;
mod macs;
mod public;
mod rfc;
mod scripted_kms;
