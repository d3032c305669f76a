//! The member's access token, which every request carries. Amazon API Gateway's JWT authorizer has
//! checked it before; here it is checked again, and more: the authorizer doesn't look at
//! `token_use`, and a route that lost its scope by mistake would admit ID tokens.
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html>

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use digital_auth::{Deadline, HttpClient};
use function_kit::check::{ensure, present};
use function_kit::invocation::Invocation;
use http::{Uri, header};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use member_flow::apps::MemberApps;
use refreshed::{Asker, Policy, Refreshed, Shown};
use relying_party::Class;
use relying_party::http_api::Request;
use serde::Deserialize;

use crate::config::Pool;

/// The longest token that is read, in bytes. The HTTP API takes 10,240 bytes of headers.
const MAX_TOKEN_BYTES: usize = 9 * 1024;
/// The largest key set that is read, in bytes.
const MAX_KEYS_BYTES: usize = 64 * 1024;
/// How far the pool's clock may be ahead of ours.
const SKEW: TimeDelta = TimeDelta::seconds(60);

/// Amazon Cognito changes a pool's keys rarely, and announces them before they sign. AWS's own
/// authorizer keeps them for two hours.
const POLICY: Policy = Policy {
    refresh_after: TimeDelta::hours(1),
    max_age: TimeDelta::hours(2),
    pause: TimeDelta::seconds(10),
    pause_after_failure: TimeDelta::seconds(1),
    most_in_vain: 1,
};
/// Stands for every token whose key is unknown, so that after one fetch in vain no other token
/// causes one.
const TOKEN: Shown<'_> = Shown {
    by: Asker("access token"),
    value: "",
};

/// A member, as the token shows them. `Debug` shows the app client alone.
pub struct Caller {
    /// The user's `sub` in the pool.
    pub sub: String,
    /// The user's name in the pool.
    pub username: String,
    /// The app client.
    pub client_id: String,
}

impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Caller({})", self.client_id)
    }
}

/// Checks access tokens of one user pool.
#[derive(Debug)]
pub struct AccessTokens {
    http: Arc<HttpClient>,
    jwks_uri: Uri,
    issuer: String,
    scope: String,
    apps: MemberApps,
    keys: Refreshed<Arc<JwkSet>, NoKeys>,
}

/// The pool's keys can't be had.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct NoKeys;

impl From<digital_auth::http_client::DeadlinePassed> for NoKeys {
    fn from(_: digital_auth::http_client::DeadlinePassed) -> Self {
        Self
    }
}

impl From<NoKeys> for Class {
    fn from(_: NoKeys) -> Self {
        Self::UserPoolUnavailable
    }
}

/// The claims that are checked, and no others.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    token_use: String,
    client_id: String,
    username: String,
    #[serde(default)]
    scope: String,
    exp: i64,
    iat: i64,
    #[serde(default)]
    nbf: Option<i64>,
}

impl AccessTokens {
    /// Checks tokens of this pool, for these apps. Nothing is fetched yet. `None` if the address of
    /// the keys isn't one.
    #[must_use]
    pub fn new(http: Arc<HttpClient>, pool: &Pool, apps: MemberApps) -> Option<Self> {
        Some(Self {
            http,
            jwks_uri: pool.jwks_uri.parse().ok()?,
            issuer: pool.issuer.clone(),
            scope: pool.scope.clone(),
            apps,
            keys: Refreshed::empty(POLICY),
        })
    }

    /// The member whose request it is.
    ///
    /// # Errors
    ///
    /// The class of the first check that fails; [`Class::UserPoolUnavailable`] if the pool's keys
    /// can't be had.
    pub async fn caller(
        &self,
        request: &Request,
        invocation: &Invocation<'_>,
    ) -> Result<Caller, Class> {
        let invalid = Class::MemberTokenInvalid;
        let token = present(bearer(request), invalid)?;
        ensure(token.len() <= MAX_TOKEN_BYTES, invalid)?;
        let claims = self.verified(token, invocation).await?;
        ensure(claims.iss == self.issuer, invalid)?;
        ensure(claims.token_use == "access", invalid)?;
        let now = invocation.now.timestamp();
        let latest = (invocation.now + SKEW).timestamp();
        let has_begun = claims.iat <= latest && claims.nbf.is_none_or(|nbf| nbf <= latest);
        ensure(has_begun, invalid)?;
        ensure(now < claims.exp, Class::MemberTokenExpired)?;
        let names_a_user = !claims.sub.is_empty() && !claims.username.is_empty();
        ensure(names_a_user, invalid)?;
        ensure(self.apps.has(&claims.client_id), Class::MemberAppUnknown)?;
        let has_scope = claims.scope.split(' ').any(|scope| scope == self.scope);
        ensure(has_scope, Class::MemberScopeMissing)?;
        Ok(Caller {
            sub: claims.sub,
            username: claims.username,
            client_id: claims.client_id,
        })
    }

    /// The claims of a token that one of the pool's keys has signed with RS256, the only algorithm
    /// of user pools.
    async fn verified(&self, token: &str, invocation: &Invocation<'_>) -> Result<Claims, Class> {
        let invalid = Class::MemberTokenInvalid;
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid)?;
        ensure(header.alg == Algorithm::RS256, invalid)?;
        let key_id = present(header.kid, invalid)?;
        let (now, deadline) = (invocation.now, invocation.deadline);
        let fetch = || self.fetch(deadline);
        self.keys.refresh(now, deadline, fetch).await?;
        let mut keys = self.keys.usable(now).ok_or(NoKeys)?;
        if keys.find(&key_id).is_none() {
            let fetch = || self.fetch(deadline);
            let newer = self.keys.newer_than(&keys, TOKEN, now, deadline, fetch);
            keys = newer.await?.unwrap_or(keys);
        }
        let key = present(keys.find(&key_id), invalid)?;
        let key = DecodingKey::from_jwk(key).map_err(|_| invalid)?;
        // Times and issuer are checked by the caller: the library goes by the system's clock.
        let mut validation = Validation::new(Algorithm::RS256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let verified = jsonwebtoken::decode(token, &key, &validation);
        verified.map(|token| token.claims).map_err(|_| invalid)
    }

    async fn fetch(&self, deadline: Deadline) -> Result<Arc<JwkSet>, NoKeys> {
        let request = http::Request::get(self.jwks_uri.clone())
            .header(header::ACCEPT, "application/json")
            .body(Bytes::new())
            .map_err(|_| NoKeys)?;
        let sending = self.http.send(request, MAX_KEYS_BYTES, deadline);
        let answer = sending.await.map_err(|_| NoKeys)?;
        if answer.status() != http::StatusCode::OK {
            return Err(NoKeys);
        }
        serde_json::from_slice(answer.body())
            .map(Arc::new)
            .map_err(|_| NoKeys)
    }

    /// Fetches the pool's keys ahead of the first request, if they aren't known.
    pub async fn warm(&self, now: DateTime<Utc>, deadline: Deadline) {
        let _ = self
            .keys
            .refresh(now, deadline, || self.fetch(deadline))
            .await;
    }
}

/// The token of `Authorization: Bearer …` (RFC 6750 §2.1).
fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    (is_bearer && !token.is_empty()).then_some(token)
}
