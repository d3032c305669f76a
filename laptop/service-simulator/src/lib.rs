//! The stand-in for the Digital Authentication App service. It behaves like a realm of Keycloak,
//! and is as strict as the real service. It listens on loopback only and checks every request. A
//! test or a person can choose a fault, a named misbehaviour. The journal records each request with
//! its checks and its answer; [`Service`] has the counts.
//!
//! [`Service::start`] starts it, and [`Service::endpoints`] says where a login begins. Instead of
//! reading a card, a login shows the test-card page; the consent page follows.

mod authorization;
mod client;
mod client_assertion;
mod connection;
mod consent;
mod exchange;
pub mod fault;
mod id_token;
mod inside;
mod key_set;
mod login;
mod names;
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
pub use names::{Named, Names};
pub use options::{Endpoints, ServiceOptions, StartError};
pub use realm::IssuedTokens;
pub use service::{Preselected, Service, UnknownPersona};
