//! The parts of the command `digital-auth` that scripts and documents rely on: its exit statuses
//! ([`exit`]), and the texts for each class of failure ([`classes`]).

pub mod classes;
pub mod exit;
