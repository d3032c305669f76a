//! The service's public keys: fetched once for all who wait, and kept for an hour at most.
//! A `kid` that isn't among them may be a new key: the set is fetched once more, and then not for 10 seconds,
//! so that made-up tokens can't turn the bridge into a flood of requests.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, StatusCode, Uri, header};
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreJsonWebKeyType};
use openidconnect::{JsonWebKey as _, JsonWebKeySet};
use thiserror::Error;

use crate::observer::{Observer, Step};
use crate::token::MAX_ANSWER_BYTES;
use http_client::{Deadline, HttpClient, HttpError, Timing};

/// How old a key set may be.
const MAX_AGE: TimeDelta = TimeDelta::hours(1);
/// After a fetch for an unknown `kid`, none for another one for this long.
const PAUSE_AFTER_UNKNOWN_KEY: TimeDelta = TimeDelta::seconds(10);

/// The shortest RSA modulus that is used, in bytes (RFC 7518 §3.3: 2,048 bits).
const MIN_RSA_BYTES: usize = 256;

/// Why there are no keys.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum KeySetError {
    /// No answer, or one that isn't 200.
    #[error("the service's key set can't be had")]
    Unavailable,
    /// The answer is no JWK Set, or too large.
    #[error("the service's key set is malformed")]
    Malformed,
}

/// The keys of one fetch.
#[derive(Debug)]
pub struct KeySet {
    keys: CoreJsonWebKeySet,
    fetched_at: DateTime<Utc>,
}

impl KeySet {
    /// The keys, as openidconnect takes them.
    #[must_use]
    pub fn keys(&self) -> &CoreJsonWebKeySet {
        &self.keys
    }
}

/// Keeps the key set of one provider.
#[derive(Debug)]
pub struct KeySetCache {
    http: Arc<HttpClient>,
    jwks_uri: Uri,
    current: Mutex<Option<Arc<KeySet>>>,
    /// Held while fetching: whoever waits for it finds the fetched set (single flight).
    fetching: tokio::sync::Mutex<LastFetch>,
}

#[derive(Debug, Default)]
struct LastFetch {
    for_unknown_key: Option<DateTime<Utc>>,
}

impl KeySetCache {
    /// An empty cache.
    #[must_use]
    pub fn new(http: Arc<HttpClient>, jwks_uri: Uri) -> Self {
        Self {
            http,
            jwks_uri,
            current: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }
    }

    /// The key set, fetched if there is none of the last hour.
    ///
    /// # Errors
    ///
    /// [`KeySetError`]. An older set is not used: a key that was taken back must not live on here.
    pub async fn current(
        &self,
        now: DateTime<Utc>,
        deadline: Deadline,
        observer: &dyn Observer,
    ) -> Result<Arc<KeySet>, KeySetError> {
        if let Some(fresh) = self.fresh(now) {
            return Ok(fresh);
        }
        let _fetching = deadline
            .bound(self.fetching.lock())
            .await
            .map_err(|_| KeySetError::Unavailable)?;
        match self.fresh(now) {
            Some(fetched_meanwhile) => Ok(fetched_meanwhile),
            None => self.fetch(now, deadline, observer).await,
        }
    }

    /// The key set after `seen` turned out not to have the key that a token names.
    ///
    /// # Errors
    ///
    /// [`KeySetError`] if it has to be fetched and can't be.
    pub async fn after_unknown_key(
        &self,
        seen: &Arc<KeySet>,
        now: DateTime<Utc>,
        deadline: Deadline,
        observer: &dyn Observer,
    ) -> Result<Arc<KeySet>, KeySetError> {
        let mut last = deadline
            .bound(self.fetching.lock())
            .await
            .map_err(|_| KeySetError::Unavailable)?;
        if let Some(newer) = self.fresh(now)
            && !Arc::ptr_eq(&newer, seen)
        {
            return Ok(newer);
        }
        // Two logins may have read the time in another order than they come here.
        if last
            .for_unknown_key
            .is_some_and(|then| (now - then).abs() < PAUSE_AFTER_UNKNOWN_KEY)
        {
            return Ok(Arc::clone(seen));
        }
        last.for_unknown_key = Some(now);
        self.fetch(now, deadline, observer).await
    }

    fn fresh(&self, now: DateTime<Utc>) -> Option<Arc<KeySet>> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current
            .as_ref()
            .filter(|set| now - set.fetched_at < MAX_AGE)
            .map(Arc::clone)
    }

    async fn fetch(
        &self,
        now: DateTime<Utc>,
        deadline: Deadline,
        observer: &dyn Observer,
    ) -> Result<Arc<KeySet>, KeySetError> {
        let _timing = Timing::begin(|time| observer.took(Step::KeySet, time));
        let request = Request::get(self.jwks_uri.clone())
            .header(header::ACCEPT, "application/json")
            .body(Bytes::new())
            .map_err(|_| KeySetError::Unavailable)?;
        let answer = match self
            .http
            .send(request.clone(), MAX_ANSWER_BYTES, deadline)
            .await
        {
            // Reading keys twice does no harm.
            Err(HttpError::Interrupted) => {
                self.http.send(request, MAX_ANSWER_BYTES, deadline).await
            }
            other => other,
        }
        .map_err(|error| match error {
            HttpError::TooLarge => KeySetError::Malformed,
            HttpError::Unreachable | HttpError::TimedOut | HttpError::Interrupted => {
                KeySetError::Unavailable
            }
        })?;
        if answer.status() != StatusCode::OK {
            return Err(KeySetError::Unavailable);
        }
        let keys: CoreJsonWebKeySet =
            serde_json::from_slice(answer.body()).map_err(|_| KeySetError::Malformed)?;
        let long_enough = keys.keys().iter().filter(|key| is_long_enough(key));
        let fetched = Arc::new(KeySet {
            keys: JsonWebKeySet::new(long_enough.cloned().collect()),
            fetched_at: now,
        });
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&fetched));
        Ok(fetched)
    }
}

/// Whether the key may be used at all: a short RSA key is as good as none, and passed over like a key of an unknown kind.
fn is_long_enough(key: &CoreJsonWebKey) -> bool {
    if *key.key_type() != CoreJsonWebKeyType::RSA {
        return true;
    }
    let jwk = serde_json::to_value(key).unwrap_or_default();
    let modulus = jwk.get("n").and_then(|n| n.as_str());
    let modulus = modulus.and_then(|n| URL_SAFE_NO_PAD.decode(n).ok());
    modulus.is_some_and(|n| {
        let leading_zeros = n.iter().take_while(|byte| **byte == 0).count();
        n.len() - leading_zeros >= MIN_RSA_BYTES
    })
}
