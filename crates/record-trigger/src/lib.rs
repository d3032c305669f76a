//! What both triggers of Amazon Cognito share: from an event to an answer or an error
//! ([`trigger`]), how a verified record is opened ([`records`]), and the classes of failures and of
//! refused records ([`Class`]).

pub mod records;
pub mod trigger;

mod classes;

pub use classes::{AtSignIn, AtTokens, Class, Leaves};
