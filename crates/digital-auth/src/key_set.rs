//! The cache of the service's public keys: they are fetched once for all callers that wait, and
//! kept for an hour at most.
//!
//! If no key verifies a token, the keys may have changed: an unknown `kid` may be a new key, a
//! wrong signature may be by a key that was replaced under the same `kid`, and a key that can't be
//! used may have been corrected. So the set is fetched once more. If that brings nothing newer,
//! there is no other such fetch for 10 seconds. Otherwise an attacker with made-up tokens could
//! make the bridge flood the service with requests.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, StatusCode, Uri, header};
use refreshed::{Asker, Policy, Refreshed, Shown};

pub use crate::error::KeySetError;
use crate::observer::{Observer, Step};
use crate::published_keys::PublishedKeys;
use crate::token::MAX_ANSWER_BYTES;
use http_client::{Deadline, DeadlinePassed, HttpClient, HttpError, Timing};

/// A set isn't used after an hour, so that a key that the service has revoked isn't trusted for
/// longer.
const POLICY: Policy = Policy {
    refresh_after: TimeDelta::hours(1),
    max_age: TimeDelta::hours(1),
    pause: TimeDelta::seconds(10),
    // A failed fetch says nothing about the keys, so the next caller tries again.
    pause_after_failure: TimeDelta::zero(),
    most_in_vain: 1,
};

/// Stands for every ID token that no key verifies, so that after one fetch in vain no other token
/// causes one.
const ID_TOKEN: Shown<'_> = Shown {
    by: Asker("ID token"),
    value: "",
};

/// The `Accept` header. A JWK Set is JSON, and has a media type of its own (RFC 7517 §8.5.1).
const MEDIA_TYPES: &str = "application/json, application/jwk-set+json";

impl From<DeadlinePassed> for KeySetError {
    fn from(_: DeadlinePassed) -> Self {
        Self::Unavailable
    }
}

/// A cache of the key set of one provider.
#[derive(Debug)]
pub struct KeySetCache {
    http: Arc<HttpClient>,
    jwks_uri: Uri,
    keys: Refreshed<Arc<PublishedKeys>, KeySetError>,
}

impl KeySetCache {
    /// An empty cache.
    #[must_use]
    pub fn new(http: Arc<HttpClient>, jwks_uri: Uri) -> Self {
        Self {
            http,
            jwks_uri,
            keys: Refreshed::empty(POLICY),
        }
    }

    /// The keys. They are fetched if the last fetch was an hour ago or longer.
    ///
    /// # Errors
    ///
    /// [`KeySetError`].
    pub async fn current(
        &self,
        now: DateTime<Utc>,
        deadline: Deadline,
        observer: &dyn Observer,
    ) -> Result<Arc<PublishedKeys>, KeySetError> {
        let fetch = || self.fetch(deadline, observer);
        self.keys.refresh(now, deadline, fetch).await?;
        self.keys.usable(now).ok_or(KeySetError::Unavailable)
    }

    /// The keys to try after none of `seen` verified a token: its `kid` is unknown, its signature
    /// is wrong, or its key can't be used. They are `seen` itself if there is nothing newer.
    ///
    /// # Errors
    ///
    /// [`KeySetError`] if they have to be fetched and can't be.
    pub async fn newer_than(
        &self,
        seen: &Arc<PublishedKeys>,
        now: DateTime<Utc>,
        deadline: Deadline,
        observer: &dyn Observer,
    ) -> Result<Arc<PublishedKeys>, KeySetError> {
        let fetch = || self.fetch(deadline, observer);
        let looking = (self.keys).newer_than(seen, ID_TOKEN, now, deadline, fetch);
        Ok(looking.await?.unwrap_or_else(|| Arc::clone(seen)))
    }

    async fn fetch(
        &self,
        deadline: Deadline,
        observer: &dyn Observer,
    ) -> Result<Arc<PublishedKeys>, KeySetError> {
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
            // Keys may be requested twice: a second request changes nothing at the service.
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
        Ok(Arc::new(keys))
    }
}
