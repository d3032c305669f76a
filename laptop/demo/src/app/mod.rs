//! A small web app that signs people in through Amazon Cognito: a site that books facilities of an
//! invented town. It is a public client that makes every check that a real app must make. It shows
//! the tokens that it received, decoded, and the login as a sequence diagram that grows during the
//! login.
//!
//! To start it: [`App::bind`], then register [`BoundApp::callback_url`] with Amazon Cognito, then
//! [`BoundApp::serve`].

mod cases;
mod choice;
mod handlers;
mod id_token;
mod login;
mod members;
mod memory;
mod pages;
mod received;
mod refresh;
pub mod relying_party;
mod server;
mod settings;
mod shared;
mod visit;
mod watch;

pub(crate) use members::told_to_member;
pub use members::{Invented, MemberRegistration};
pub use server::{App, BoundApp, PUBLIC_HOST};
pub use settings::{AppSettings, Ended, Explain, Explanation, StartError};
