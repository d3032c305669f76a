//! The stand-in of the Digital Authentication App service: a realm of Keycloak, as strict as the
//! real one.
//! It listens on loopback only, checks every request, and can be told to misbehave by name.
//! What it received, checked and answered is in the journal; what it counted is here.
//!
//! [`Service::start`] → [`Service::endpoints`] → a login. The test-card page takes the place of the
//! card; the consent follows.

mod authorization;
mod client;
mod client_assertion;
mod connection;
mod consent;
mod exchange;
pub mod fault;
mod id_token;
mod key_set;
mod login;
mod options;
mod pages;
pub mod people;
pub mod persona;
mod realm;
mod realm_keys;
mod service;
mod test_card;
mod token;
mod token_refusal;
mod userinfo;
mod way_back;

pub use authorization::SCOPES;
pub use client::{InvalidClient, RegisteredClient};
pub use connection::IdleConnections;
pub use exchange::{Endpoint, RecordedRequest};
pub use options::{Endpoints, ServiceOptions, StartError};
pub use realm::IssuedTokens;
pub use service::{Service, UnknownPersona};
