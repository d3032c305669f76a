//! What the stand-ins share: names and answers of this machine, a browser, a time of day, keys made
//! in a moment, random values, the parameters of requests, the frame of their pages, and the
//! journal in which each writes down what it was asked and what it checked. Nothing here leaves the
//! machine.

pub mod clock;
pub mod journal;
pub mod names;
pub mod pages;
pub mod parameters;
pub mod random;
pub mod rsa;
pub mod server;
pub mod user_agent;
