//! What the stand-ins share: host names of this machine, HTTP servers, a browser without a screen,
//! a clock, RSA keys, JWTs, random values, the parameters of requests, the frame of HTML pages, and
//! the journal, in which each stand-in records the requests that it received and the checks that it
//! made.
//! No code here connects to another machine.

pub mod beside;
pub mod caller;
pub mod clock;
pub mod journal;
pub mod jwt;
pub mod names;
pub mod pages;
pub mod parameters;
pub mod random;
pub mod rsa;
pub mod server;
pub mod tls;
pub mod user_agent;
