//! The HTTP client of every function, the addresses that it may be given, the deadline of an
//! exchange, and the time of day. It is made for AWS Lambda, which freezes a process between two
//! events, and for callers that don't wait for a late answer. Nothing here is specific to the
//! Digital Authentication App service or to AWS's APIs.

mod address;
mod client;
mod clock;
mod deadline;
mod timing;

pub use address::{InvalidEndpoint, secure_url};
pub use client::{HttpClient, HttpError, NoRootCertificates};
pub use clock::{Clock, SystemClock};
pub use deadline::{Deadline, DeadlinePassed};
pub use timing::{Timing, timed};
