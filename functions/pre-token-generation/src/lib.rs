//! The pre token generation trigger of an Amazon Cognito user pool: decides which claims an app's
//! tokens get.
//! [`event`] reads the event and writes the answer. [`scopes`] says what was granted, and
//! [`sdk_scopes`] what sign-ins through the API are granted. [`policy`] says which records count,
//! and [`claims`] which claims follow from a record. [`generation`] brings them together.
//! [`identities`] says at which providers a user is known. [`users`] asks the user pool for what an
//! event lacks.

pub mod claims;
pub mod config;
pub mod event;
pub mod generation;
pub mod identities;
pub mod policy;
pub mod scopes;
pub mod sdk_scopes;
pub mod startup;
pub mod users;
pub mod variables;
