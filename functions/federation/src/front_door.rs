//! The front door: checks that a request came through Amazon CloudFront, and so past AWS WAF, if
//! CloudFront is in front of the API.
//! CloudFront puts a secret into a header of every request that it forwards, and overwrites what a
//! viewer may have put there. A request that goes directly to the API's own host name lacks the
//! secret, and is refused before anything else of it is looked at.

use std::time::Duration;

use chrono::{DateTime, Utc};
use function_kit::invocation::Invocation;
use function_kit::reference::Reference;
use function_kit::secrets::{Asker, Cached, InvalidSecret, SecretReader, Shown, Source};

use crate::secrets::{SecretPair, secret_pair};
use crate::variables::FRONT_DOOR_SECRETS;
use relying_party::Class;
use relying_party::http_api::Request;

/// Who shows a secret here: anybody who sends a request, through the front door or not.
const VIEWER: Asker = Asker("viewer");

/// The header with the secret.
pub const HEADER: &str = "x-front-door";

/// The secret of the front door. It is kept apart from the other secrets: anybody can show a wrong
/// one and so make the bridge read this secret again, and that must not keep the bridge from
/// reading the others again.
#[derive(Debug)]
pub struct FrontDoor {
    secrets: Cached<SecretPair>,
}

impl FrontDoor {
    /// Fetches the secret for the first time.
    ///
    /// # Errors
    ///
    /// The secret can't be read, or is malformed.
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

    /// Checks that the request shows the secret, the current or the previous one. If it shows
    /// another value, the secret may have been rotated: then the value is compared once more with a
    /// newer secret.
    ///
    /// # Errors
    ///
    /// [`Class::NotThroughFrontDoor`] if the value is missing or wrong, and
    /// [`Class::SecretsUnavailable`] if a newer secret is needed and can't be read.
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

    /// Whether a request has the header at all. CloudFront sets it, and no other client has a
    /// reason to.
    #[must_use]
    pub fn is_shown_anything(&self, request: &Request) -> bool {
        request.header(HEADER).is_some()
    }
}
