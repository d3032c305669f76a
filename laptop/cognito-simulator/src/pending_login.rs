//! Logins for which the provider or the hosted page's form hasn't answered yet, and the `state` by
//! which the answer finds them.
//! `state` has Cognito's form, `<base64url>.<base64url>.<digit>`. It is long, and is compared byte
//! for byte.
//! A login belongs to the browser that began it. It can be answered once, within five minutes.

use std::collections::{HashMap, VecDeque};

use aws_lc_rs::error::Unspecified;
use chrono::{DateTime, TimeDelta, Utc};
use loopback::journal::Check;
use loopback::random;

/// With Cognito, the browser must be back within five minutes.
pub(crate) const LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// How long a login is remembered. Until then, an answer that is too late can be distinguished from
/// one with an unknown `state`.
const REMEMBERED: TimeDelta = TimeDelta::hours(1);
/// The most logins, and the most browsers, that are remembered. A new one replaces the oldest.
const MOST: usize = 1_000;

/// What the app asked for.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct AppRequest {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    /// PKCE, always S256.
    pub(crate) code_challenge: Option<String>,
    pub(crate) scopes: Vec<String>,
}

/// Where the answer comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    Provider,
    /// The form for a password.
    Form,
}

/// A login that waits for its answer.
#[derive(Clone)]
pub(crate) struct PendingLogin {
    pub(crate) app: AppRequest,
    way: Way,
    browser: String,
    began: DateTime<Utc>,
}

/// Why `state` leads to no login.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NoLogin {
    /// There is no cookie, or it isn't one of a browser that began a login here.
    NoCookie,
    /// `state` belongs to no pending login of this browser: it was changed, was used already, or is
    /// another browser's.
    UnknownState,
    /// The login took more than five minutes.
    TooLate,
}

/// Every pending login, by `state`.
#[derive(Default)]
pub(crate) struct PendingLogins {
    by_state: HashMap<String, PendingLogin>,
    /// The values of the browsers' cookies, in the order in which they were made.
    browsers: VecDeque<String>,
}

impl PendingLogins {
    /// The value of the cookie for this browser. If its cookie is one of ours, the value stays the
    /// same, so that two logins in one browser can both come back.
    pub(crate) fn browser(&mut self, cookie: Option<&str>) -> Result<String, Unspecified> {
        if let Some(known) = cookie.filter(|cookie| self.is_known(cookie)) {
            return Ok(known.to_owned());
        }
        let browser = random::base64url(32)?;
        if self.browsers.len() >= MOST {
            self.browsers.pop_front();
        }
        self.browsers.push_back(browser.clone());
        Ok(browser)
    }

    fn is_known(&self, browser: &str) -> bool {
        self.browsers.iter().any(|known| known == browser)
    }

    /// Remembers a login and gives the `state` for it.
    pub(crate) fn begin(
        &mut self,
        browser: String,
        (app, way): (AppRequest, Way),
        state_length: usize,
        now: DateTime<Utc>,
    ) -> Result<String, Unspecified> {
        self.by_state
            .retain(|_, login| now - login.began < REMEMBERED);
        let state = new_state(state_length)?;
        if self.by_state.len() >= MOST {
            let oldest = self.by_state.iter().min_by_key(|(_, login)| login.began);
            if let Some(oldest) = oldest.map(|(state, _)| state.clone()) {
                self.by_state.remove(&oldest);
            }
        }
        self.by_state.insert(
            state.clone(),
            PendingLogin {
                app,
                way,
                browser,
                began: now,
            },
        );
        Ok(state)
    }

    /// Takes the login that belongs to this browser, this state and this way. It can't be taken
    /// again. Each check that was made is added to `checks`.
    pub(crate) fn take(
        &mut self,
        (cookie, state): (Option<&str>, Option<&str>),
        way: Way,
        now: DateTime<Utc>,
        checks: &mut Vec<Check>,
    ) -> Result<PendingLogin, NoLogin> {
        let known = cookie.filter(|cookie| self.is_known(cookie));
        let cookie = Check::made(
            checks,
            (
                "the cookie from the start of the login is there",
                "RFC 9700 §4.7.1",
            ),
            known,
            NoLogin::NoCookie,
        )?;
        // An attempt from another browser must not end the login of the right one.
        let own = state.filter(|state| {
            let login = self.by_state.get(*state);
            login.is_some_and(|login| login.browser == cookie && login.way == way)
        });
        let login = Check::made(
            checks,
            (
                "state is known byte for byte, and unused",
                "RFC 6749 §10.12",
            ),
            own.and_then(|state| self.by_state.remove(state)),
            NoLogin::UnknownState,
        )?;
        let is_in_time = now - login.began <= LIFETIME;
        Check::made(
            checks,
            (
                "the login took five minutes at most",
                "Cognito: five minutes",
            ),
            is_in_time.then_some(login),
            NoLogin::TooLate,
        )
    }
}

/// How many bytes the two parts of a `state` encode if it has this number of characters, or `None`
/// if there is no such form. Each part is valid base64url by itself, so that a provider may keep it
/// decoded.
pub(crate) fn state_form(length: usize) -> Option<(usize, usize)> {
    if !(64..=8000).contains(&length) {
        return None;
    }
    // The two dots and the digit take three characters. The second part is a signature of 43
    // characters, or of 44 where the first part would otherwise have a length that base64 can't
    // have.
    let parts = length - 3;
    let signature = if (parts - 43) % 4 == 1 { 44 } else { 43 };
    Some(((parts - signature) * 3 / 4, signature * 3 / 4))
}

fn new_state(length: usize) -> Result<String, Unspecified> {
    // The length was checked when the options were set.
    let (first, second) = state_form(length).unwrap_or((490, 32));
    let [digit] = random::bytes::<1>()?;
    Ok(format!(
        "{}.{}.{}",
        random::base64url(first)?,
        random::base64url(second)?,
        digit % 10
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKS: [&str; 3] = [
        "the cookie from the start of the login is there",
        "state is known byte for byte, and unused",
        "the login took five minutes at most",
    ];

    fn app() -> AppRequest {
        AppRequest {
            client_id: "app".to_owned(),
            redirect_uri: String::new(),
            state: None,
            nonce: None,
            code_challenge: None,
            scopes: Vec::new(),
        }
    }

    #[test]
    fn the_checks_are_told_up_to_the_one_that_did_not_hold() {
        let start = DateTime::UNIX_EPOCH;
        let in_time = start + LIFETIME;
        let late = in_time + TimeDelta::seconds(1);
        let mut logins = PendingLogins::default();
        let mut begun = || {
            let browser = logins.browser(None).unwrap();
            let state = logins
                .begin(browser.clone(), (app(), Way::Provider), 700, start)
                .unwrap();
            (browser, state)
        };
        let ((own, state), (other, others_state)) = (begun(), begun());
        let (own, state) = (Some(own.as_str()), Some(state.as_str()));
        let others_state = Some(others_state.as_str());
        for (cookie, state, now, held, outcome) in [
            (None, state, start, 0, Err(NoLogin::NoCookie)),
            (Some("unknown"), state, start, 0, Err(NoLogin::NoCookie)),
            (own, None, start, 1, Err(NoLogin::UnknownState)),
            (own, Some("unknown"), start, 1, Err(NoLogin::UnknownState)),
            (own, others_state, start, 1, Err(NoLogin::UnknownState)),
            (own, state, in_time, 3, Ok(())),
            (own, state, in_time, 1, Err(NoLogin::UnknownState)),
            (Some(&*other), others_state, late, 2, Err(NoLogin::TooLate)),
        ] {
            let mut checks = Vec::new();
            let taken = logins.take((cookie, state), Way::Provider, now, &mut checks);
            assert_eq!(taken.map(|_| ()), outcome);
            let told: Vec<_> = checks.iter().map(|c| (&*c.what, c.passed)).collect();
            let made = CHECKS.into_iter().enumerate().take(held + 1);
            let expected: Vec<_> = made.map(|(place, what)| (what, place < held)).collect();
            assert_eq!(told, expected, "{outcome:?}");
        }
    }

    #[test]
    fn a_form_does_not_answer_for_the_provider() {
        let start = DateTime::UNIX_EPOCH;
        let mut logins = PendingLogins::default();
        let browser = logins.browser(None).unwrap();
        for (begun, other) in [(Way::Form, Way::Provider), (Way::Provider, Way::Form)] {
            let state = logins.begin(browser.clone(), (app(), begun), 64, start);
            let state = state.unwrap();
            let mut taken = |way| {
                let answer = (Some(&*browser), Some(&*state));
                let taken = logins.take(answer, way, start, &mut Vec::new());
                taken.map(|_| ())
            };
            assert_eq!(taken(other), Err(NoLogin::UnknownState));
            assert_eq!(taken(begun), Ok(()));
        }
    }

    #[test]
    fn of_very_many_logins_the_newest_are_remembered() {
        let start = DateTime::UNIX_EPOCH;
        let mut logins = PendingLogins::default();
        let mut begin = |number: usize| {
            let browser = logins.browser(None).unwrap();
            let now = start + TimeDelta::milliseconds(i64::try_from(number).unwrap());
            let state = logins
                .begin(browser.clone(), (app(), Way::Form), 700, now)
                .unwrap();
            (browser, state)
        };
        let begun: Vec<_> = (0..=MOST).map(&mut begin).collect();
        assert_eq!((logins.by_state.len(), logins.browsers.len()), (MOST, MOST));
        let taken = |logins: &mut PendingLogins, number: usize| {
            let (browser, state) = &begun[number];
            let taken = logins.take(
                (Some(browser), Some(state)),
                Way::Form,
                start,
                &mut Vec::new(),
            );
            taken.map(|_| ())
        };
        assert_eq!(taken(&mut logins, 0), Err(NoLogin::NoCookie));
        assert_eq!(taken(&mut logins, 1), Ok(()));
        assert_eq!(taken(&mut logins, MOST), Ok(()));
    }

    #[test]
    fn every_length_of_a_state_has_the_form_of_cognito() {
        for length in (64..200).chain([700, 2600, 8000]) {
            let state = new_state(length).unwrap();
            assert_eq!(state.len(), length);
            let parts: Vec<&str> = state.split('.').collect();
            assert_eq!(parts.len(), 3);
            for part in &parts[..2] {
                assert!(
                    part.chars()
                        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
                );
                assert_ne!(part.len() % 4, 1, "no base64 has this length");
            }
            assert!(matches!(parts[2].as_bytes(), [b'0'..=b'9']));
        }
        assert_eq!(state_form(63), None);
        assert_eq!(state_form(8001), None);
    }
}
