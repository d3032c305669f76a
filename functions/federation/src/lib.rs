//! The bridge between Amazon Cognito and the Digital Authentication App service: an OpenID Provider
//! for Cognito, and a relying party of the service. A login calls the endpoints in this order:
//! [`authorize`], [`callback`], [`token`], [`userinfo`]. The verification of a member comes through
//! [`verify`] and [`callback`]. The bridge stores nothing. What it has to
//! remember is sealed, and the browser or Cognito carries it ([`pending_login`], [`code`],
//! [`issued_token`]).
//!
//! [`config`] reads the environment variables. What every function shares that is a client of the
//! service is in the crate `relying-party`: settings, HTTP, classes of failures.

pub mod authorize;
pub mod bridge;
pub mod callback;
pub mod code;
pub mod config;
pub mod endpoint;
pub mod front_door;
pub mod issued_token;
pub mod logins;
pub mod members;
pub mod metadata;
pub mod pages;
pub mod pending_cookie;
pub mod pending_login;
pub mod pending_verification;
pub mod refusal;
pub mod router;
pub mod secrets;
pub mod startup;
pub mod token;
pub mod userinfo;
pub mod variables;
pub mod verify;
