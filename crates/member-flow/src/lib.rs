//! What the two functions of a member's verification agree on. The function `verification` seals a
//! [`Ticket`], which the browser carries to the bridge. After the card, the bridge seals a
//! [`VerificationCode`], which the browser carries to the app's return URL, and the app back to
//! `verification`. [`apps`] says to which URLs the browser may be sent.
//!
//! Both are sealed under a ring of their own (`MEMBER_KEYS`), which these two functions have and
//! nobody else.

pub mod apps;

mod code;
mod keys;
mod ticket;

pub use code::VerificationCode;
pub use keys::{MEMBER_KEYS, VARIABLES, audience};
pub use ticket::{Begun, LONGEST_STATE, TICKET_SECONDS, Ticket};

/// The parameter of the bridge's `/verify` with the ticket.
pub const TICKET: &str = "ticket";
/// The parameter of the return URL with the code. It isn't called `code`: the answer is none of
/// OAuth, and libraries for OAuth in the app must not take it for one.
pub const VERIFICATION_CODE: &str = "verification_code";
/// The parameter of the return URL with the class of a failure, in place of the code.
pub const VERIFICATION_ERROR: &str = "verification_error";
/// The path of the bridge at which the browser begins.
pub const VERIFY_PATH: &str = "/verify";
