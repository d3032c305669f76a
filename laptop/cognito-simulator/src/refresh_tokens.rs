//! Refresh tokens. Each gives new ID and access tokens for 30 days, any number of times, and is
//! never replaced. It can be revoked (RFC 7009), and with it the access tokens of its sign-in.
//! A refresh token belongs to the sign-in from which it comes: to its app client, its user,
//! its scopes, and its time. Only the newest are remembered.

use std::collections::BTreeMap;

use aws_lc_rs::error::Unspecified;
use chrono::{DateTime, TimeDelta, Utc};
use loopback::random;
use serde::{Deserialize, Serialize};

/// Cognito's default: 30 days.
const LIFETIME: TimeDelta = TimeDelta::days(30);
/// How long a revoked sign-in is remembered: longer than its access tokens live.
const REMEMBERED: TimeDelta = TimeDelta::days(1);
/// The most tokens that are remembered. A new one replaces the oldest.
const MOST: usize = 1_000;
/// Bytes of a token, 1,088 characters: about as long as Cognito's, so that a place in which it
/// won't fit is noticed here.
const LENGTH: usize = 816;

/// How the user signed in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(crate) enum Through {
    /// In managed login: the scopes decide whether there is an ID token, and which attributes it
    /// has.
    ManagedLogin,
    /// By the user pool's API: there is always an ID token, and the scopes don't limit its
    /// attributes.
    Api,
}

/// The sign-in that tokens come from.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(crate) struct SignIn {
    /// The app client that the user signed in at.
    pub(crate) client_id: String,
    pub(crate) username: String,
    /// The user's `sub`: one who was deleted and has come again is another user.
    pub(crate) sub: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) auth_time: DateTime<Utc>,
    pub(crate) origin_jti: String,
    pub(crate) through: Through,
}

/// Every refresh token.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct RefreshTokens {
    by_token: BTreeMap<String, (DateTime<Utc>, SignIn)>,
    /// `origin_jti` of the sign-ins whose refresh token was revoked, and when.
    revoked: BTreeMap<String, DateTime<Utc>>,
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

    /// Revokes a token, if it is known and was issued to this client. From now on its sign-in's
    /// access tokens aren't accepted either.
    pub(crate) fn revoke(&mut self, token: &str, client_id: &str, now: DateTime<Utc>) -> bool {
        let known = self.by_token.get(token);
        if known.is_none_or(|(_, sign_in)| sign_in.client_id != client_id) {
            return false;
        }
        self.revoked
            .retain(|_, revoked| now - *revoked <= REMEMBERED);
        if let Some((_, sign_in)) = self.by_token.remove(token) {
            self.revoked.insert(sign_in.origin_jti, now);
        }
        true
    }

    /// Whether the refresh token of the sign-in with this `origin_jti` was revoked.
    pub(crate) fn is_revoked(&self, origin_jti: &str) -> bool {
        self.revoked.contains_key(origin_jti)
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
            client_id: "c".to_owned(),
            username: "a".to_owned(),
            sub: "s".to_owned(),
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
