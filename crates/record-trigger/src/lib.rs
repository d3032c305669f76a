//! What both triggers of Amazon Cognito share, and no other function: from an event to an answer or
//! an error ([`trigger`]), the verified record as they meet it ([`records`]), and why one of them
//! fails or doesn't believe it ([`Class`]).

pub mod records;
pub mod trigger;

mod classes;

pub use classes::{AtSignIn, AtTokens, Class, Leaves};
