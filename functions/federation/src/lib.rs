//! The bridge between Amazon Cognito and the Digital Authentication App service: an OpenID Provider
//! for Cognito, and a relying party of the service. A login calls the endpoints in this order:
//! [`authorize`], [`callback`], [`token`], [`userinfo`]. The bridge stores nothing. What it has to
//! remember is sealed, and the browser or Cognito carries it ([`pending_login`], [`code`],
//! [`issued_token`]).
//!
//! [`config`] reads the environment variables. [`failure`] has a class for every way in which a
//! request can fail.

pub mod at_service;
pub mod authorize;
pub mod bridge;
pub mod callback;
mod classes;
pub mod code;
pub mod config;
pub mod endpoint;
pub mod failure;
pub mod front_door;
pub mod http_api;
pub mod issued_token;
pub mod metadata;
pub mod oauth_error;
pub mod pages;
pub mod parameters;
pub mod pending_login;
pub mod refusal;
pub mod router;
pub mod secrets;
pub mod startup;
pub mod token;
pub mod userinfo;
pub mod variables;
