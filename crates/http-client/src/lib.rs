//! What every function calls others with: one HTTP client, the addresses that it may be given, the
//! time that an exchange may take, and the time of day.
//! All of them know that Lambda freezes a process between two events, and that nobody waits for a
//! late answer. Nothing here knows of the Digital Authentication App service or of AWS.

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
