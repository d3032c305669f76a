//! The front door, where there is one: whether a request came through Amazon CloudFront, and so
//! past AWS WAF. CloudFront puts a secret into a header of every request that it hands on, over
//! what a viewer may have put there. Whoever has found the API's own name and comes without the
//! secret is refused before anything else is looked at.

use std::time::Duration;

use chrono::{DateTime, Utc};
use function_kit::invocation::Invocation;
use function_kit::reference::Reference;
use function_kit::secrets::{Asker, Cached, InvalidSecret, SecretReader, Shown, Source};

use crate::failure::Class;
use crate::http_api::Request;
use crate::secrets::{SecretPair, secret_pair};
use crate::variables::FRONT_DOOR_SECRETS;

/// Whoever comes, through the front door or not.
const VIEWER: Asker = Asker("viewer");

/// The header with the secret.
pub const HEADER: &str = "x-front-door";

/// What the front door shows. It is kept apart from the other secrets, because anybody can show a
/// wrong one: what that makes this fetch again must not keep the others from being fetched.
#[derive(Debug)]
pub struct FrontDoor {
    secrets: Cached<SecretPair>,
}

impl FrontDoor {
    /// Fetches the secret for the first time.
    ///
    /// # Errors
    ///
    /// It can't be had, or is malformed.
    pub async fn load(
        reader: SecretReader,
        reference: Reference,
        now: DateTime<Utc>,
    ) -> Result<Self, InvalidSecret> {
        let sources = [Source {
            variable: FRONT_DOOR_SECRETS,
            reference,
        }];
        let secrets = Cached::load(reader, sources, |[text]| text.parse(secret_pair), now).await?;
        Ok(Self { secrets })
    }

    /// Fetches the secret again if it is an hour old, as [`Cached::refresh`] says.
    pub async fn refresh(&self, within: Duration, invocation: &Invocation<'_>) {
        self.secrets.refresh(within, invocation).await;
    }

    /// Whether the request shows the secret, the current or the previous one; once more with a
    /// newer one if it shows another, since it may have been rotated.
    ///
    /// # Errors
    ///
    /// [`Class::NotThroughFrontDoor`]; [`Class::SecretsUnavailable`] if it can't be known.
    pub async fn admit(&self, request: &Request, invocation: &Invocation<'_>) -> Result<(), Class> {
        let refused = Class::NotThroughFrontDoor;
        let value = request.header(HEADER).ok_or(refused)?;
        let shown = Shown { by: VIEWER, value };
        let mut tries = self.secrets.tries(shown, invocation);
        while let Some(secrets) = tries.next().await? {
            if secrets.match_any(value) {
                return Ok(());
            }
        }
        Err(refused)
    }

    /// Whether a request shows anything at all: what is in front does, and nobody else has a reason
    /// to.
    #[must_use]
    pub fn is_shown_anything(&self, request: &Request) -> bool {
        request.header(HEADER).is_some()
    }
}
