//! The service's public keys: fetched once for all who wait, and kept for an hour at most.
//! A `kid` that isn't among them may be a new key, a signature that doesn't fit may be by a key that changed under its
//! `kid`, and a key that can't be used may have been mended: the set is fetched once more. If that brings nothing newer,
//! there is no other such fetch for 10 seconds, so that made-up tokens can't turn the bridge into a flood of requests.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, StatusCode, Uri, header};
use thiserror::Error;

use crate::observer::{Observer, Step};
use crate::published_keys::PublishedKeys;
use crate::token::MAX_ANSWER_BYTES;
use http_client::{Deadline, HttpClient, HttpError, Timing};

/// How old a key set may be.
const MAX_AGE: TimeDelta = TimeDelta::hours(1);
/// After a fetch that brought nothing newer, none for another token for this long.
const PAUSE: TimeDelta = TimeDelta::seconds(10);
/// What is asked for: a JWK Set is JSON, and has a media type of its own (RFC 7517 §8.5.2).
const MEDIA_TYPES: &str = "application/json, application/jwk-set+json";

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
    keys: PublishedKeys,
    fetched_at: DateTime<Utc>,
}

impl KeySet {
    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &PublishedKeys {
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
    /// When a fetch for a token that no key fitted brought nothing newer.
    in_vain: Option<DateTime<Utc>>,
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

    /// The key set after no key of `seen` fitted a token: it has none of that name, the signature is another's, or
    /// the key can't be used. It is `seen` itself if there is nothing newer.
    ///
    /// # Errors
    ///
    /// [`KeySetError`] if it has to be fetched and can't be.
    pub async fn newer_than(
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
        if last.in_vain.is_some_and(|then| (now - then).abs() < PAUSE) {
            return Ok(Arc::clone(seen));
        }
        // A fetch that fails says nothing about the keys: whoever comes next tries again.
        let fetched = self.fetch(now, deadline, observer).await?;
        last.in_vain = (fetched.keys == seen.keys).then_some(now);
        Ok(fetched)
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
            .header(header::ACCEPT, MEDIA_TYPES)
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
        let keys = PublishedKeys::read(answer.body()).map_err(|_| KeySetError::Malformed)?;
        keys.tell();
        let fetched = Arc::new(KeySet {
            keys,
            fetched_at: now,
        });
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&fetched));
        Ok(fetched)
    }
}
