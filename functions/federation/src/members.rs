//! What the bridge has for the verification of members, if they are verified at all: the apps whose
//! members may be, and the keys of what travels.

use std::time::Duration;

use chrono::{DateTime, Utc};
use function_kit::invocation::Invocation;
use function_kit::reference::Reference;
use function_kit::secrets::{
    Cached, InvalidSecret, Make, NoSecrets, SecretError, SecretReader, Shown, Source, sealing_keys,
};
use member_flow::apps::MemberApps;
use member_flow::{MEMBER_KEYS, audience};
use sealing::SealingKeys;
use sealing::sealed::{Audience, OpenError, Seal, Travels};

/// How long a request waits for keys that are read again because an hour has passed.
const REFRESH: Duration = Duration::from_secs(1);

/// The settings of the verification of members.
#[derive(Clone, Debug)]
pub struct MemberSettings {
    /// The apps whose members may be verified.
    pub apps: MemberApps,
    /// Where the keys are.
    pub keys: Reference,
}

/// The apps and the keys, made once at start.
#[derive(Debug)]
pub struct Members {
    apps: MemberApps,
    audience: Audience,
    keys: Cached<SealingKeys>,
}

impl Members {
    /// Reads the keys for the first time.
    ///
    /// # Errors
    ///
    /// [`InvalidSecret`].
    pub async fn load(
        reader: SecretReader,
        settings: MemberSettings,
        issuer: &str,
        now: DateTime<Utc>,
    ) -> Result<Self, InvalidSecret> {
        let source = Source {
            variable: MEMBER_KEYS,
            reference: settings.keys,
        };
        let make: Make<SealingKeys, 1> = |[keys]| keys.parse(sealing_keys);
        Ok(Self {
            apps: settings.apps,
            audience: audience(issuer),
            keys: Cached::load(reader, [source], make, now).await?,
        })
    }

    /// The apps whose members may be verified.
    #[must_use]
    pub const fn apps(&self) -> &MemberApps {
        &self.apps
    }

    /// Refuses keys that another ring has, too: `others` are the rings of this function, with their
    /// variables. Whoever has the keys of members can neither make codes of logins nor records.
    ///
    /// # Errors
    ///
    /// [`InvalidSecret`].
    pub fn have_keys_of_their_own(
        &self,
        others: &[(&'static str, &SealingKeys)],
        now: DateTime<Utc>,
    ) -> Result<(), InvalidSecret> {
        let Ok(keys) = self.keys.usable(now) else {
            return Ok(());
        };
        match others
            .iter()
            .find(|(_, other)| keys.shares_a_key_with(other))
        {
            Some((variable, _)) => Err(InvalidSecret {
                variable: MEMBER_KEYS,
                reason: SecretError::SharedKey(variable),
            }),
            None => Ok(()),
        }
    }

    /// Opens a sealed value that a request shows: if its key is unknown, with newer keys. Keys that
    /// are an hour old are read again first, but nobody waits long for that.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub async fn open<T: Travels>(
        &self,
        shown: Shown<'_>,
        invocation: &Invocation<'_>,
    ) -> Result<T, OpenError> {
        self.keys.refresh(REFRESH, invocation).await;
        let opening = self.keys.open(shown, invocation, |keys: &SealingKeys| {
            T::open(shown.value, self.seal(keys, invocation.now))
        });
        opening.await
    }

    /// Seals with the keys as they were last read. `sealing` does it.
    ///
    /// # Errors
    ///
    /// [`NoSecrets`] if the keys are too old to be used.
    pub fn sealed<T>(
        &self,
        now: DateTime<Utc>,
        sealing: impl FnOnce(Seal<'_>) -> T,
    ) -> Result<T, NoSecrets> {
        let keys = self.keys.usable(now)?;
        Ok(sealing(self.seal(&keys, now)))
    }

    fn seal<'a>(&self, keys: &'a SealingKeys, now: DateTime<Utc>) -> Seal<'a> {
        Seal {
            keys,
            audience: self.audience,
            now,
        }
    }
}
