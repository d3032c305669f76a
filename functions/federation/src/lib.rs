//! The bridge between Amazon Cognito and the Digital Authentication App service: an OpenID Provider
//! for the one, a relying party of the other. A login's path is the order of the endpoints:
//! [`authorize`], [`callback`], [`token`], [`userinfo`]. Nothing is stored: what has to be
//! remembered travels sealed ([`pending_login`], [`code`], [`issued_token`]).
//!
//! [`config`] says what the environment has to hold, [`failure`] every way in which a request can
//! fail.

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
pub mod sealed;
pub mod secrets;
pub mod startup;
pub mod token;
pub mod userinfo;
pub mod variables;
