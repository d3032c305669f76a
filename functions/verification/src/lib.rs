//! Members: users of the pool who sign in by their own means, and prove once, with the card, who
//! they are. The function answers the members' API, in this order: [`begin`] gives a ticket, with
//! which the browser goes to the bridge; [`complete`] takes the code that the browser came back
//! with, makes the exchange with the service, and writes the record into the user pool; [`me`]
//! says what a member's state is, and takes a verification back.
//!
//! Every request carries the member's access token ([`access_token`]). One person verifies one
//! member: the table remembers that (crate `member-table`), and [`pass`] keeps table and user pool
//! ([`users`]) in step, whatever happens between two writes. What the exchange brought isn't lost
//! when something can't be reached: it goes on with a sealed [`continuation`].
//!
//! The operator asks and releases by calling the function itself ([`operator`]).

pub mod access_token;
pub mod begin;
pub mod complete;
pub mod config;
pub mod continuation;
pub mod me;
pub mod operator;
pub mod pass;
pub mod router;
pub mod startup;
pub mod users;
pub mod variables;
pub mod verification;
