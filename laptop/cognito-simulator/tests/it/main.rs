//! The stand-in of Amazon Cognito and the browser without a screen, against a provider of a few
//! lines.
//! Each rule is shown by a request that breaks it alone, beside one that doesn't.
//! The provider signs with aws-lc-rs; the stand-in checks with jsonwebtoken.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod direct_sign_in;
mod linked_users;
mod login;
mod triggers;
mod user_pool_api;
mod world;
