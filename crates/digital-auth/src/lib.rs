//! A client of the Digital Authentication App service (デジタル認証アプリサービス, 認証API).
//!
//! [`Client`] does a whole login. The modules are its parts, in the order of a login:
//! [`authorization`] sends the browser to the service, [`token`] exchanges the code (with a
//! [`client_assertion`]), [`id_token`] verifies the ID token step by step, and [`userinfo`] gets
//! the four attributes.
//!
//! Time and randomness are parameters. Nothing in this crate depends on AWS Lambda or Amazon
//! Cognito.

pub mod authorization;
pub mod client_assertion;
pub mod id_token;
pub mod key_set;
pub mod provider;
pub mod published_keys;
pub mod token;
pub mod userinfo;

mod algorithm;
mod client;
mod error;
mod observer;
mod strict_json;
mod subject;

pub use client::{Client, ClientOptions, CodeExchange, VerifiedLogin};
pub use error::LoginError;
pub use http_client::{self, Clock, Deadline, HttpClient, HttpError, SystemClock};
pub use observer::{Observer, Step};
pub use provider::Provider;
pub use token::GrantedScope;
