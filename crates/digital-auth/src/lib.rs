//! A client of the Digital Authentication App service (デジタル認証アプリサービス, 認証API).
//! A login's path is the order of the modules: [`authorization`] (out to the service), [`token`]
//! (the code is exchanged, with a [`client_assertion`]), [`id_token`] (verified step by step),
//! [`userinfo`] (the four attributes).
//!
//! [`Client`] is the whole of it. Time and randomness are parameters; nothing here knows of Lambda
//! or of Amazon Cognito.

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
