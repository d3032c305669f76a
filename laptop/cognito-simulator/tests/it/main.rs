//! Tests of the stand-in of Amazon Cognito and of the browser without a screen, against a provider
//! of a few lines.
//! For each rule, a request that breaks only this rule is shown beside one that keeps it. The
//! provider signs with aws-lc-rs, and the stand-in verifies with jsonwebtoken, so no library checks
//! its own work.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod administrators;
mod app_clients;
mod direct_sign_in;
mod initiate_auth;
mod linked_users;
mod login;
mod password_form;
mod sdk;
mod triggers;
mod user_pool_api;
mod world;
