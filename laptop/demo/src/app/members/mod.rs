//! The members' part of the app: people with passwords, who sign in at Amazon Cognito's page or
//! through its API, and who verify with the card once. It does what `docs/members` tells the
//! developer of an app's server to do.

mod account;
mod call;
mod handlers;
mod pages;
mod routes;
mod sessions;
mod state;
mod words;

pub(super) use routes::routes;
pub(super) use state::{CALLBACK_PATH, Members, RETURN_PATH};
pub use state::{Invented, MemberRegistration};
pub(crate) use words::told as told_to_member;
