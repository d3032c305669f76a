//! What the functions share that are relying parties of the service, and are called through an HTTP
//! API: how they know the service ([`service`]), from an event to a request and back
//! ([`http_api`]), and the classes of failures ([`Class`]).

pub mod at_service;
pub mod failure;
pub mod http_api;
pub mod oauth_error;
pub mod parameters;
pub mod person;
pub mod service;
pub mod startup;
pub mod variables;

mod classes;

pub use classes::{A_PROBLEM, Class, Place, Sentences};
