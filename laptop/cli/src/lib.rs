//! What scripts and documents may rely on of the command `digital-auth`: its exit statuses
//! ([`exit`]), and what is said of each class of failure ([`classes`]).

pub mod classes;
pub mod exit;
