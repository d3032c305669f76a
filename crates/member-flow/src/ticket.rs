//! The ticket with which a member begins a verification: it says who begins, at which app, and
//! where the browser goes in the end. The browser carries it to the bridge, once, within five
//! minutes.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use sealing::sealed::{self, OpenError, Purpose, Seal, Travels};
use sealing::{Randomness, SealError};
use serde::{Deserialize, Serialize};

/// How long a ticket is valid, in seconds: as long as a login may take.
pub const TICKET_SECONDS: i64 = 5 * 60;

/// The longest `state` of an app, in bytes. It has to fit into a ticket, into a cookie and into the
/// return URL.
pub const LONGEST_STATE: usize = 512;

/// The version of the sealed form of a [`Ticket`]. It changes together with the form.
const VERSION: u8 = 1;

/// Who began a verification, and what only they can show at its end.
///
/// This type and those that hold it serialize only inside a seal: they have serde's functions, but
/// don't implement `Serialize`.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(remote = "Self")]
pub struct Begun {
    /// The member: the user's `sub` in the user pool.
    pub sub: String,
    /// The app client whose access token the member showed.
    pub client_id: String,
    /// The app's PKCE challenge (S256, RFC 7636 §4.2). Its verifier stays in the browser, or on the
    /// server, that began.
    pub code_challenge: [u8; 32],
    /// When the ticket was made, in milliseconds since 1970.
    at: i64,
}

impl Begun {
    /// Who begins at the time `now`.
    #[must_use]
    pub fn new(
        sub: String,
        client_id: String,
        code_challenge: [u8; 32],
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            sub,
            client_id,
            code_challenge,
            at: now.timestamp_millis(),
        }
    }

    /// When the ticket was made, to the millisecond. The person must not have authenticated before.
    #[must_use]
    pub fn at(&self) -> DateTime<Utc> {
        // A time of ours is one of the calendar. Any other one lets nobody in.
        DateTime::from_timestamp_millis(self.at).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

impl fmt::Debug for Begun {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Begun(…)")
    }
}

/// A ticket.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(remote = "Self")]
pub struct Ticket {
    /// Who began.
    #[serde(with = "Begun")]
    pub begun: Begun,
    /// Where the browser goes in the end: one of the return URLs that are configured for the app
    /// client.
    pub return_url: String,
    /// The app's `state`, which is sent there, too.
    pub state: String,
}

impl fmt::Debug for Ticket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Ticket(…)")
    }
}

impl Ticket {
    /// Seals the ticket: the text that the browser carries to the bridge.
    ///
    /// # Errors
    ///
    /// [`SealError`].
    pub fn seal(&self, seal: Seal<'_>, randomness: &dyn Randomness) -> Result<String, SealError> {
        let inside = sealed::write(VERSION, |inside| Self::serialize(self, inside))?;
        seal.seal(
            Self::PURPOSE,
            seal.now + TimeDelta::seconds(TICKET_SECONDS),
            &inside,
            randomness,
        )
    }
}

impl Travels for Ticket {
    const PURPOSE: Purpose = Purpose::Ticket;

    fn read(inside: &[u8]) -> Result<Self, OpenError> {
        sealed::read(VERSION, inside, |inside| Self::deserialize(inside))
    }
}
