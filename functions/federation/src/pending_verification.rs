//! A pending verification of a member: what the bridge has to remember between `/verify` and
//! `/callback`, sealed in a [cookie](pending_cookie) of the browser.

use std::fmt;

use digital_auth::authorization::{OneTimeValues, Secret256};
use keys::Randomness;
use member_flow::Ticket;
use sealing::sealed::{self, OpenError, Purpose, Seal, Travels};
use serde::{Deserialize, Serialize};

use crate::pending_cookie::{self, BeginError, Pending};

/// The version of the sealed form of a [`PendingVerification`]. It changes together with the form.
const VERSION: u8 = 1;

/// One verification between `/verify` and `/callback`. It serializes only inside its seal.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(remote = "Self")]
pub struct PendingVerification {
    /// The one-time values, which the service gets or has to give back.
    #[serde(with = "OneTimeValues")]
    pub one_time: OneTimeValues,
    /// The ticket with which the member began.
    #[serde(with = "Ticket")]
    pub ticket: Ticket,
}

impl fmt::Debug for PendingVerification {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PendingVerification(…)")
    }
}

impl PendingVerification {
    /// The `Set-Cookie` lines that begin this verification.
    ///
    /// # Errors
    ///
    /// [`BeginError`].
    pub fn begin<'a>(
        &self,
        seal: Seal<'_>,
        others: impl Iterator<Item = (&'a str, &'a str)>,
        randomness: &dyn Randomness,
    ) -> Result<Vec<String>, BeginError> {
        let inside = sealed::write(VERSION, |inside| Self::serialize(self, inside))?;
        let (state, inside) = (&self.one_time.state, (Self::PURPOSE, &inside[..]));
        pending_cookie::begin(
            Pending::Verification,
            state,
            inside,
            seal,
            others,
            randomness,
        )
    }

    /// Whether the service's `state` is the one of this verification. The cookie's name doesn't
    /// prove it, because it is only a part of a hash of `state`.
    #[must_use]
    pub fn is_of(&self, state: &Secret256) -> bool {
        self.one_time.state == *state
    }
}

impl Travels for PendingVerification {
    const PURPOSE: Purpose = Purpose::PendingVerification;

    fn read(inside: &[u8]) -> Result<Self, OpenError> {
        sealed::read(VERSION, inside, |inside| Self::deserialize(inside))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::DateTime;
    use cookie::Cookie;
    use keys::SystemRandomness;
    use kit::sealing_keys;
    use member_flow::{Begun, LONGEST_STATE, audience};
    use sealing::SealingKeys;

    use super::*;
    use crate::pending_cookie::{Found, MAX_ALL_COOKIES_BYTES, MAX_COOKIE_BYTES, find};

    fn seal_at(keys: &SealingKeys, seconds: i64) -> Seal<'_> {
        Seal {
            keys,
            audience: audience("https://bridge.example"),
            now: DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap(),
        }
    }

    fn verification(state: &str, return_url: &str) -> PendingVerification {
        let (sub, client_id) = ("57f4ea38".to_owned(), "1example23456789".to_owned());
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        PendingVerification {
            one_time: OneTimeValues::new(&SystemRandomness).unwrap(),
            ticket: Ticket {
                begun: Begun::new(sub, client_id, [9; 32], now),
                return_url: return_url.to_owned(),
                state: state.to_owned(),
            },
        }
    }

    fn named(line: &str) -> (String, String) {
        let cookie = Cookie::parse(line.to_owned()).unwrap();
        (cookie.name().to_owned(), cookie.value().to_owned())
    }

    #[test]
    fn the_longest_ticket_fits_into_a_cookie_that_is_found_by_its_state() {
        let keys = sealing_keys(&[1]);
        let return_url = format!("https://shop.example/{}", "x".repeat(491));
        let longest = verification(&"s".repeat(LONGEST_STATE), &return_url);
        let none = std::iter::empty();
        let lines = longest.begin(seal_at(&keys, 0), none, &SystemRandomness);
        let [line] = &lines.unwrap()[..] else {
            unreachable!("one cookie")
        };
        assert!(line.len() < MAX_COOKIE_BYTES, "{}", line.len());
        let (name, value) = named(line);
        assert!(name.starts_with("__Host-verify-"), "{name}");
        let cookies = || [("other", "x"), (&*name, &*value)].into_iter();
        let found = find(&longest.one_time.state, cookies());
        assert_eq!(found, Found::One(Pending::Verification, &value));
        let opened = PendingVerification::open(&value, seal_at(&keys, 299)).unwrap();
        assert!(opened == longest && opened.is_of(&longest.one_time.state));
        let late = PendingVerification::open(&value, seal_at(&keys, 300));
        assert_eq!(late.unwrap_err(), OpenError::Expired);
        let another = OneTimeValues::new(&SystemRandomness).unwrap().state;
        assert_eq!(find(&another, cookies()), Found::None);
        // The same `state` for a login, too: somebody wrote one of the two by hand.
        let login = name.replace("verify", "login");
        let both = cookies().chain([(&*login, &*value)]);
        assert_eq!(find(&longest.one_time.state, both), Found::Both);
    }

    #[test]
    fn logins_and_verifications_share_the_limit_and_the_oldest_go_first() {
        let keys = sealing_keys(&[1]);
        let mut jar = BTreeMap::from([("other".to_owned(), "x".repeat(9_000))]);
        let size = |jar: &BTreeMap<String, String>| -> usize {
            let ours = jar.iter().filter(|(name, _)| name.starts_with("__Host-"));
            ours.map(|(name, value)| name.len() + value.len() + 3).sum()
        };
        for second in 0..40 {
            let pending = if second % 2 == 0 {
                Pending::Login
            } else {
                Pending::Verification
            };
            let state = OneTimeValues::new(&SystemRandomness).unwrap().state;
            let sent = jar.iter().map(|(name, value)| (&**name, &**value));
            let inside = (Purpose::PendingLogin, &[7; 400][..]);
            let seal = seal_at(&keys, second);
            let lines =
                pending_cookie::begin(pending, &state, inside, seal, sent, &SystemRandomness);
            for line in lines.unwrap() {
                let (name, value) = named(&line);
                if value.is_empty() {
                    jar.remove(&name);
                } else {
                    jar.insert(name, value);
                }
            }
            assert!(size(&jar) < MAX_ALL_COOKIES_BYTES, "{}", size(&jar));
            let sent = jar.iter().map(|(name, value)| (&**name, &**value));
            assert!(matches!(find(&state, sent), Found::One(found, _) if found == pending));
        }
        let of = |prefix: &str| jar.keys().filter(|name| name.starts_with(prefix)).count();
        assert!(of("__Host-login-") > 1 && of("__Host-verify-") > 1);
        assert!(jar.contains_key("other"));
    }
}
