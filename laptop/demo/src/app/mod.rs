//! A small app that signs people in through Amazon Cognito: the booking of facilities in a town
//! that doesn't exist. It is a public client with all the care of a real one, and it shows what it
//! got and how: the tokens decoded, and the login as a sequence diagram that grows while it
//! happens.
//!
//! [`App::bind`] → [`BoundApp::callback_url`], which Amazon Cognito has to know →
//! [`BoundApp::serve`].

mod choice;
mod handlers;
mod id_token;
mod login;
mod memory;
mod pages;
mod received;
mod refresh;
pub mod relying_party;
mod server;
mod settings;
mod shared;

pub use server::{App, BoundApp, PUBLIC_HOST};
pub use settings::{AppSettings, Ended, Explain, Explanation, StartError};
