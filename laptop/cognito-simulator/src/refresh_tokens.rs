//! Refresh tokens. Each gives new ID and access tokens for 30 days, any number of times, and is
//! never replaced.
//! A refresh token belongs to the sign-in from which it comes: to its user, its scopes, and its
//! time. Only the newest are remembered.

use std::collections::HashMap;

use aws_lc_rs::error::Unspecified;
use chrono::{DateTime, TimeDelta, Utc};
use loopback::random;

/// Cognito's default: 30 days.
const LIFETIME: TimeDelta = TimeDelta::days(30);
/// The most tokens that are remembered. A new one replaces the oldest.
const MOST: usize = 1_000;
/// Bytes of a token. Cognito's are longer (encrypted JSON of more than 1,000 characters), but to an
/// app a token is opaque.
const LENGTH: usize = 96;

/// How the user signed in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Through {
    /// In managed login: the scopes decide whether there is an ID token, and which attributes it
    /// has.
    ManagedLogin,
    /// By the user pool's API: there is always an ID token, and the scopes don't limit its
    /// attributes.
    Api,
}

/// The sign-in that tokens come from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct SignIn {
    pub(crate) username: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) auth_time: DateTime<Utc>,
    pub(crate) origin_jti: String,
    pub(crate) through: Through,
}

/// Every refresh token.
#[derive(Default)]
pub(crate) struct RefreshTokens {
    by_token: HashMap<String, (DateTime<Utc>, SignIn)>,
}

impl RefreshTokens {
    /// A token for this sign-in.
    pub(crate) fn issue(
        &mut self,
        sign_in: SignIn,
        now: DateTime<Utc>,
    ) -> Result<String, Unspecified> {
        let token = random::base64url(LENGTH)?;
        self.by_token
            .retain(|_, (issued, _)| now - *issued <= LIFETIME);
        if self.by_token.len() >= MOST {
            let oldest = self.by_token.iter().min_by_key(|(_, (issued, _))| *issued);
            if let Some(oldest) = oldest.map(|(token, _)| token.clone()) {
                self.by_token.remove(&oldest);
            }
        }
        self.by_token.insert(token.clone(), (now, sign_in));
        Ok(token)
    }

    /// The sign-in from which a token comes, if the token is known and not older than 30 days.
    pub(crate) fn get(&self, token: &str, now: DateTime<Utc>) -> Option<SignIn> {
        let (issued, sign_in) = self.by_token.get(token)?;
        (now - *issued <= LIFETIME).then(|| sign_in.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lives_30_days_and_the_newest_thousand_are_remembered() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let sign_in = SignIn {
            username: "a".to_owned(),
            scopes: vec!["openid".to_owned()],
            auth_time: start,
            origin_jti: "b".to_owned(),
            through: Through::ManagedLogin,
        };
        let mut tokens = RefreshTokens::default();
        let first = tokens.issue(sign_in.clone(), start).unwrap();
        assert_eq!(tokens.get(&first, start + LIFETIME), Some(sign_in.clone()));
        let later = start + LIFETIME + TimeDelta::seconds(1);
        assert_eq!(tokens.get(&first, later), None);
        assert_eq!(tokens.get("", start), None);

        for number in 1..=MOST {
            let time = start + TimeDelta::seconds(i64::try_from(number).unwrap());
            tokens.issue(sign_in.clone(), time).unwrap();
        }
        assert_eq!(tokens.by_token.len(), MOST);
        assert_eq!(tokens.get(&first, start), None);
    }
}
