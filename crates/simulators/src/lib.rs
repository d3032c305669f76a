//! Stand-ins for what a laptop can't have: the Digital Authentication App service, the federation side
//! of Amazon Cognito, and the Lambda runtime with its HTTP API in front.
//! They are as strict as the real ones, listen on loopback only, and can be told to misbehave by name.

pub mod app;
pub mod clock;
pub mod cognito;
mod diagram;
pub mod fault;
pub mod function_checks;
pub mod journal;
pub mod journal_ja;
pub mod lambda;
mod loopback;
pub mod pages;
pub mod people;
pub mod persona;
pub mod rsa;
pub mod scopes;
pub mod service;
pub mod stack;
pub mod user_agent;
