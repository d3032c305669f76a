//! The inbound federation trigger of an Amazon Cognito user pool: decides whether a federated
//! sign-in is admitted, and which attributes it writes. [`event`] reads the event, [`admission`]
//! decides, and [`config`] reads the environment variables.
//! Cognito shows the error of a trigger to the person, so the error holds a class and a support id,
//! and nothing else.

pub mod admission;
pub mod config;
pub mod event;
pub mod startup;
pub mod variables;
