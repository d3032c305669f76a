//! A pending login: what the bridge has to remember between `/authorize` and `/callback`, sealed in
//! a [cookie](pending_cookie) of the browser.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use digital_auth::authorization::{OneTimeValues, Secret256};
use keys::Randomness;
use serde::{Deserialize, Serialize};

use sealing::sealed::{self, OpenError, Purpose, Seal, Travels};

use crate::pending_cookie::{self, BeginError, Pending};

/// The version of the sealed form of a [`PendingLogin`]. It changes together with the form.
const VERSION: u8 = 1;

/// One login between `/authorize` and `/callback`.
///
/// This type and its fields serialize only inside a seal: they have serde's functions, but don't
/// implement `Serialize`.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(remote = "Self")]
pub struct PendingLogin {
    /// The one-time values, which the service gets or has to give back.
    #[serde(with = "OneTimeValues")]
    pub one_time: OneTimeValues,
    /// Where the browser goes in the end: one of the client's redirect URIs.
    pub redirect_uri: String,
    /// The client's `state`, which is sent there, too.
    #[serde(with = "ClientState")]
    pub client_state: ClientState,
    /// What the client asked for.
    #[serde(with = "ClientRequest")]
    pub client_request: ClientRequest,
}

/// What the client asked for. The tokens depend on it, so the code holds it, too.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(remote = "Self")]
pub struct ClientRequest {
    /// The client's `nonce`, for the bridge's ID token.
    pub nonce: Option<String>,
    /// The client's PKCE challenge (S256).
    pub code_challenge: Option<[u8; 32]>,
    /// The person must have authenticated at this second or later, because of `prompt=login` or
    /// `max_age`.
    #[serde(with = "seconds")]
    pub authenticated_after: Option<DateTime<Utc>>,
}

impl fmt::Debug for PendingLogin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PendingLogin(…)")
    }
}

impl fmt::Debug for ClientRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ClientRequest(…)")
    }
}

/// The client's `state`, whose base64url parts are stored decoded. Otherwise Cognito's
/// `<base64url>.<base64url>.<digit>` of 2,600 characters, which is a third longer than its content,
/// would grow by another third in the seal.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(remote = "Self")]
pub struct ClientState(Vec<StatePart>);

#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
enum StatePart {
    Verbatim(String),
    Decoded(Vec<u8>),
}

impl ClientState {
    /// The state of a request.
    #[must_use]
    pub fn new(state: &str) -> Self {
        Self(state.split('.').map(StatePart::new).collect())
    }

    /// The state, byte for byte.
    #[must_use]
    pub fn expose(&self) -> String {
        let mut state = String::new();
        for (position, part) in self.0.iter().enumerate() {
            if position > 0 {
                state.push('.');
            }
            match part {
                StatePart::Verbatim(text) => state.push_str(text),
                StatePart::Decoded(bytes) => URL_SAFE_NO_PAD.encode_string(bytes, &mut state),
            }
        }
        state
    }
}

impl StatePart {
    fn new(part: &str) -> Self {
        match URL_SAFE_NO_PAD.decode(part) {
            // Base64 from another encoder may decode, but not encode to the same text again.
            Ok(bytes) if URL_SAFE_NO_PAD.encode(&bytes) == part => Self::Decoded(bytes),
            _ => Self::Verbatim(part.to_owned()),
        }
    }
}

/// A time in a seal: whole seconds since 1970.
mod seconds {
    use chrono::{DateTime, Utc};
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(
        time: &Option<DateTime<Utc>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(|time| time.timestamp()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        let time = |seconds| {
            // An invalid time is an error: it must not become a missing bound.
            DateTime::from_timestamp(seconds, 0).ok_or_else(|| D::Error::custom("no time"))
        };
        Option::deserialize(deserializer)?.map(time).transpose()
    }
}

impl PendingLogin {
    /// The `Set-Cookie` lines that begin this login: the first sets its own cookie. The others end
    /// the oldest of the browser's pending logins (`others`) if the cookies would become too many.
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
        pending_cookie::begin(Pending::Login, state, inside, seal, others, randomness)
    }

    /// Whether the service's `state` is the one of this login. The cookie's name doesn't prove it,
    /// because it is only a part of a hash of `state`.
    #[must_use]
    pub fn is_of(&self, state: &Secret256) -> bool {
        self.one_time.state == *state
    }
}

impl Travels for PendingLogin {
    const PURPOSE: Purpose = Purpose::PendingLogin;

    fn read(inside: &[u8]) -> Result<Self, OpenError> {
        sealed::read(VERSION, inside, |inside| Self::deserialize(inside))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::DateTime;
    use keys::SystemRandomness;
    use kit::sealing_keys;

    use cookie::Cookie;

    use super::*;
    use crate::pending_cookie::{Found, MAX_ALL_COOKIES_BYTES, MAX_COOKIE_BYTES, find};
    use sealing::SealingKeys;
    use sealing::sealed::Audience;

    fn seal_at(keys: &SealingKeys, seconds: i64) -> Seal<'_> {
        let now = DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap();
        Seal {
            keys,
            audience: Audience::new("https://bridge.example", "cognito"),
            now,
        }
    }

    /// `<base64url>.<base64url>.<digit>` of about this length, its parts without left-over bits.
    fn cognito_state(length: usize) -> String {
        let quads = (length - 3) / 8;
        format!("{}.{}.4", "Ab-_".repeat(quads), "x9Yz".repeat(quads))
    }

    fn login(state: &str) -> PendingLogin {
        PendingLogin {
            one_time: OneTimeValues::new(&SystemRandomness).unwrap(),
            redirect_uri: "https://prefix.auth.ap-northeast-1.amazoncognito.com/oauth2/idpresponse"
                .to_owned(),
            client_state: ClientState::new(state),
            client_request: ClientRequest {
                nonce: None,
                code_challenge: None,
                authenticated_after: None,
            },
        }
    }

    /// Applies `Set-Cookie` lines as a browser does.
    fn apply(jar: &mut BTreeMap<String, String>, lines: &[String]) {
        for line in lines {
            let cookie = Cookie::parse(line.clone()).unwrap();
            if cookie.max_age() == Some(cookie::time::Duration::ZERO) {
                jar.remove(cookie.name());
            } else {
                jar.insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
    }

    fn sent(jar: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
        jar.iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The login of this state, if these cookies have one.
    fn found<'a>(
        state: &Secret256,
        cookies: impl Iterator<Item = (&'a str, &'a str)>,
        seal: Seal<'_>,
    ) -> Result<Option<PendingLogin>, OpenError> {
        match find(state, cookies) {
            Found::One(Pending::Login, cookie) => PendingLogin::open(cookie, seal).map(Some),
            Found::None => Ok(None),
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn the_state_comes_back_byte_for_byte() {
        for state in [
            "",
            ".",
            "a.b.c",
            "YWI.YWI=.YWJ",
            "Zm9v.Zm9v.4",
            "区 %&",
            &cognito_state(2600),
        ] {
            assert_eq!(ClientState::new(state).expose(), state);
        }
    }

    #[test]
    fn a_cookie_of_cognitos_longest_state_fits_and_a_longer_state_is_refused() {
        let keys = sealing_keys(&[1]);
        let state = cognito_state(2600);
        let cookies = login(&state).begin(seal_at(&keys, 0), std::iter::empty(), &SystemRandomness);
        let cookie = &cookies.unwrap()[0];
        assert!(cookie.len() < MAX_COOKIE_BYTES, "{}", cookie.len());
        for attribute in [
            "; HttpOnly",
            "; SameSite=Lax",
            "; Secure",
            "; Path=/",
            "; Max-Age=900",
        ] {
            assert!(cookie.contains(attribute), "{attribute}");
        }
        let verbatim = "%".repeat(3_000);
        let refused =
            login(&verbatim).begin(seal_at(&keys, 0), std::iter::empty(), &SystemRandomness);
        assert_eq!(refused, Err(BeginError::TooLarge));
    }

    #[test]
    fn a_login_is_found_by_its_state_until_it_expires() {
        let keys = sealing_keys(&[1]);
        let login = login("client state");
        let mut jar = BTreeMap::new();
        apply(
            &mut jar,
            &login
                .begin(seal_at(&keys, 0), sent(&BTreeMap::new()), &SystemRandomness)
                .unwrap(),
        );
        let find = |seconds| found(&login.one_time.state, sent(&jar), seal_at(&keys, seconds));
        assert_eq!(find(299), Ok(Some(login.clone())));
        assert_eq!(find(300), Err(OpenError::Expired));
        let other = Secret256::from_bytes([9; 32]);
        let missing = found(&other, sent(&jar), seal_at(&keys, 0));
        assert_eq!(missing, Ok(None));
    }

    #[test]
    fn a_cookie_of_another_login_under_this_ones_name_is_not_of_its_state() {
        let keys = sealing_keys(&[1]);
        let (mine, other) = (login("a"), login("b"));
        let mut jar = BTreeMap::new();
        apply(
            &mut jar,
            &other
                .begin(seal_at(&keys, 0), sent(&BTreeMap::new()), &SystemRandomness)
                .unwrap(),
        );
        let end = pending_cookie::end(Pending::Login, &mine.one_time.state);
        let (name, _) = end.split_once('=').unwrap();
        let swapped = BTreeMap::from([(name.to_owned(), jar.into_values().next().unwrap())]);
        let found = found(&mine.one_time.state, sent(&swapped), seal_at(&keys, 0));
        let found = found.unwrap().unwrap();
        assert!(found.is_of(&other.one_time.state) && !found.is_of(&mine.one_time.state));
    }

    #[test]
    fn a_cookie_that_can_not_be_ours_ends_no_login() {
        let keys = sealing_keys(&[1]);
        let mut jar = BTreeMap::from([("__Host-login-é".to_owned(), "?".repeat(6_000))]);
        for second in 0..2 {
            let login = login("state");
            let lines = login
                .begin(seal_at(&keys, second), sent(&jar), &SystemRandomness)
                .unwrap();
            assert_eq!(lines.len(), 1);
            apply(&mut jar, &lines);
        }
        assert_eq!(jar.len(), 3);
    }

    #[test]
    fn the_oldest_logins_go_until_a_new_one_fits() {
        let keys = sealing_keys(&[1]);
        let mut jar = BTreeMap::from([
            ("other".to_owned(), "x".repeat(9_000)),
            ("__Host-login-junk".to_owned(), "?".repeat(400)),
        ]);
        let mut latest = None;
        for second in 0..40 {
            let login = login(&cognito_state(700));
            let seal = seal_at(&keys, second);
            let lines = login.begin(seal, sent(&jar), &SystemRandomness).unwrap();
            apply(&mut jar, &lines);
            latest = Some(login);
            let total: usize = sent(&jar)
                .filter(|(name, _)| name.starts_with("__Host-login-"))
                .map(|(name, value)| name.len() + value.len() + 3)
                .sum();
            assert!(total < MAX_ALL_COOKIES_BYTES, "{total}");
        }
        assert!(!jar.contains_key("__Host-login-junk") && jar.contains_key("other"));
        assert!(jar.len() > 3, "several logins fit side by side");
        let latest = latest.unwrap();
        let latest = found(&latest.one_time.state, sent(&jar), seal_at(&keys, 40));
        assert!(latest.unwrap().is_some());
    }
}
