//! The parts of the command `digital-auth` that scripts and documents rely on: its exit statuses
//! ([`exit`]), the texts for each class of failure ([`classes`]), and which URLs of an app are
//! taken ([`app_url`], [`expected`]).

pub mod app_url;
pub mod classes;
pub mod exit;
pub mod expected;
