//! The trigger InboundFederation of an Amazon Cognito user pool: admits a federated sign-in, and
//! says which attributes it writes. [`event`] reads, [`admission`] decides, [`config`] says what
//! the environment has to hold.
//! Amazon Cognito shows the error of a trigger to the person: it is a class and a support id, and
//! nothing else.

pub mod admission;
pub mod config;
pub mod event;
pub mod startup;
pub mod variables;
