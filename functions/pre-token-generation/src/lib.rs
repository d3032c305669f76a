//! The trigger for token customization of an Amazon Cognito user pool: which claims an app's tokens
//! get.
//! [`event`] reads and answers, [`scopes`] says what was granted, [`policy`] which records count,
//! [`claims`] what follows from one, [`generation`] brings them together. Whose a user is follows
//! from [`identities`]; [`users`] asks the pool for what an event lacks.

pub mod claims;
pub mod config;
pub mod event;
pub mod generation;
pub mod identities;
pub mod policy;
pub mod scopes;
pub mod startup;
pub mod users;
pub mod variables;
