//! Secrets: kept in memory, and fetched again when they may have been rotated: for a sealed value
//! with an unknown key, or a client secret that doesn't match. They are also fetched again once an
//! hour, so that a value that was removed doesn't stay valid in a process that is always busy.
//! Secrets that could not be fetched for a day aren't used any more. [`refreshed`] limits how often
//! they are fetched.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256, digest};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use http_client::{DeadlinePassed, HttpClient};
pub use refreshed::{Asker, Shown};
use refreshed::{Policy, Refreshed};
use sealing::sealed::OpenError;
use sealing::{InvalidSealingKeys, SealingKeys};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use thiserror::Error;

use crate::aws::{Connections, sdk_config};
use crate::invocation::Invocation;
use crate::metrics::Step;
use crate::reference::Reference;

/// Secrets that could not be fetched for an hour stay in use: that is no reason to refuse logins.
/// After a day they don't: a value of them may have been removed meanwhile.
const POLICY: Policy = Policy {
    refresh_after: TimeDelta::hours(1),
    max_age: TimeDelta::hours(24),
    pause: TimeDelta::seconds(10),
    pause_after_failure: TimeDelta::seconds(1),
    most_in_vain: 3,
};

/// Why a secret can't be used.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum SecretError {
    /// The secret can't be read from the file or from AWS Secrets Manager.
    #[error("can't be read")]
    Unavailable,
    /// The secret is not the JSON that is documented.
    #[error("doesn't have the documented format")]
    Malformed,
    /// The secret must have either `keys` or `key`.
    #[error("has neither `keys` nor `key`, or both")]
    KeysOrKey,
    /// The keys of the secret can't form a ring.
    #[error(transparent)]
    Ring(#[from] InvalidSealingKeys),
    /// The secret has a key that the secret of this other variable has, too.
    #[error("has a key that {0} has, too: each needs its own keys")]
    SharedKey(&'static str),
}

/// Reads secrets.
pub struct SecretReader {
    secrets_manager: Option<aws_sdk_secretsmanager::Client>,
}

impl fmt::Debug for SecretReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretReader")
    }
}

impl SecretReader {
    /// A reader; `secrets_manager` may be missing where no reference needs it.
    #[must_use]
    pub fn new(secrets_manager: Option<aws_sdk_secretsmanager::Client>) -> Self {
        Self { secrets_manager }
    }

    /// A reader for these references: with a client of AWS Secrets Manager only if one of them
    /// needs it.
    pub async fn for_references<'a>(
        references: impl IntoIterator<Item = &'a Reference>,
        http: &Arc<HttpClient>,
    ) -> Self {
        let mut references = references.into_iter();
        if !references.any(|one| matches!(one, Reference::SecretsManager(_))) {
            return Self::new(None);
        }
        let shared = sdk_config(&Connections::new(Arc::clone(http))).await;
        Self::new(Some(aws_sdk_secretsmanager::Client::new(&shared)))
    }

    /// The text of a secret.
    ///
    /// # Errors
    ///
    /// [`SecretError::Unavailable`].
    pub async fn read(&self, reference: &Reference) -> Result<SecretString, SecretError> {
        match reference {
            Reference::Inline(text) => Ok(text.clone()),
            Reference::File(path) => std::fs::read_to_string(path)
                .map(SecretString::from)
                .map_err(|_| SecretError::Unavailable),
            Reference::SecretsManager(arn) => {
                let client = self
                    .secrets_manager
                    .as_ref()
                    .ok_or(SecretError::Unavailable)?;
                let answer = client.get_secret_value().secret_id(arn).send().await;
                answer
                    .ok()
                    .and_then(|answer| answer.secret_string)
                    .map(SecretString::from)
                    .ok_or(SecretError::Unavailable)
            }
            Reference::Kms(_) => Err(SecretError::Unavailable),
        }
    }
}

/// Which secret is wrong, and why.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("{variable} {reason}")]
pub struct InvalidSecret {
    /// The variable with the reference.
    pub variable: &'static str,
    /// What is wrong.
    pub reason: SecretError,
}

/// Why there are no secrets that may be used, or why it isn't known whether there are newer ones.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum NoSecrets {
    /// A secret can't be read, or is invalid.
    #[error(transparent)]
    Invalid(#[from] InvalidSecret),
    /// The fetch was given up before the secrets came.
    #[error("the secrets didn't come in time")]
    CutShort,
    /// The secrets could not be fetched for a day. A value of them may have been removed meanwhile.
    #[error("the secrets are older than a day")]
    TooOld,
}

impl From<NoSecrets> for OpenError {
    fn from(_: NoSecrets) -> Self {
        Self::SecretsUnavailable
    }
}

impl From<DeadlinePassed> for NoSecrets {
    fn from(_: DeadlinePassed) -> Self {
        Self::CutShort
    }
}

/// The reference to one secret, and the variable that holds it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The variable with the reference.
    pub variable: &'static str,
    /// The reference.
    pub reference: Reference,
}

/// The text of one secret, or why there is none.
pub struct SecretText {
    variable: &'static str,
    text: Result<SecretString, SecretError>,
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SecretText({})", self.variable)
    }
}

impl SecretText {
    /// The value that `parse` makes of the text.
    ///
    /// # Errors
    ///
    /// [`InvalidSecret`] with the variable, if there is no text or `parse` refuses it.
    pub fn parse<V>(
        self,
        parse: impl FnOnce(&SecretString) -> Result<V, SecretError>,
    ) -> Result<V, InvalidSecret> {
        let variable = self.variable;
        self.text
            .and_then(|text| parse(&text))
            .map_err(|reason| InvalidSecret { variable, reason })
    }
}

/// Makes one value from the texts of `N` secrets, in the order of their sources.
pub type Make<T, const N: usize> = fn([SecretText; N]) -> Result<T, InvalidSecret>;

/// A value that is made from the texts of `N` secrets, and how to fetch them again. They are always
/// fetched together, side by side.
pub struct Cached<T, const N: usize = 1> {
    reader: SecretReader,
    sources: [Source; N],
    make: Make<T, N>,
    made: Refreshed<Made<T>, NoSecrets>,
}

/// The value that was made from the texts of one fetch.
struct Made<T> {
    value: Arc<T>,
    /// The hash of all texts.
    hash: Hash,
}

/// The hash of a text, or of several.
type Hash = [u8; 32];

impl<T> Clone for Made<T> {
    fn clone(&self) -> Self {
        Self {
            value: Arc::clone(&self.value),
            hash: self.hash,
        }
    }
}

/// Values are equal if they were made from the same texts.
impl<T> PartialEq for Made<T> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl<T, const N: usize> fmt::Debug for Cached<T, N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Cached({:?})", self.sources)
    }
}

impl<T, const N: usize> Cached<T, N> {
    /// Fetches the secrets for the first time.
    ///
    /// # Errors
    ///
    /// The first secret that can't be read or is invalid, in the order in which `make` reads them.
    pub async fn load(
        reader: SecretReader,
        sources: [Source; N],
        make: Make<T, N>,
        now: DateTime<Utc>,
    ) -> Result<Self, InvalidSecret> {
        let made = made(texts(&reader, &sources).await, make)?;
        Ok(Self {
            reader,
            sources,
            make,
            made: Refreshed::with(POLICY, made, now),
        })
    }

    /// The secrets as they are known now, if they are less than a day old.
    ///
    /// # Errors
    ///
    /// [`NoSecrets::TooOld`].
    pub fn usable(&self, now: DateTime<Utc>) -> Result<Arc<T>, NoSecrets> {
        self.known(now).map(|made| made.value)
    }

    /// Fetches the secrets again if they are an hour old, and waits `within` for that at most. If
    /// it fails, or takes longer, the known secrets stay in use until they are a day old. The
    /// failure is logged, and the fetch is tried again after 10 seconds at the earliest.
    ///
    /// If the secrets are a day old, this waits until the call's deadline, since nothing can be
    /// done without them.
    pub async fn refresh(&self, within: Duration, invocation: &Invocation<'_>) {
        let deadline = match self.known(invocation.now) {
            Ok(_) => invocation.deadline.at_most(within),
            Err(_) => invocation.deadline,
        };
        let fetch = || self.fetch(invocation);
        let refreshed = self.made.refresh(invocation.now, deadline, fetch).await;
        if let Err(error) = refreshed {
            let variable = match error {
                NoSecrets::Invalid(invalid) => Some(invalid.variable),
                NoSecrets::CutShort | NoSecrets::TooOld => None,
            };
            tracing::warn!(event = "secrets_not_refreshed", variable, reason = %error);
        }
    }

    /// The secrets to try with what was `shown`, one after the other: see [`Tries`].
    pub fn tries<'a>(
        &'a self,
        shown: Shown<'a>,
        invocation: &'a Invocation<'a>,
    ) -> Tries<'a, T, N> {
        Tries {
            secrets: self,
            shown,
            invocation,
            tried: Tried::Nothing,
        }
    }

    /// Opens a sealed value that was `shown`: `open` does it with the secrets. If its key is
    /// unknown, the keys may have been rotated since they were read: then it is tried once more
    /// with newer ones.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub async fn open<V>(
        &self,
        shown: Shown<'_>,
        invocation: &Invocation<'_>,
        open: impl Fn(&T) -> Result<V, OpenError>,
    ) -> Result<V, OpenError> {
        let mut tries = self.tries(shown, invocation);
        while let Some(secrets) = tries.next().await? {
            match open(&secrets) {
                Err(OpenError::UnknownKey) => {}
                opened => return opened,
            }
        }
        Err(OpenError::UnknownKey)
    }

    fn known(&self, now: DateTime<Utc>) -> Result<Made<T>, NoSecrets> {
        self.made.usable(now).ok_or(NoSecrets::TooOld)
    }

    async fn newer_than(
        &self,
        seen: &Made<T>,
        shown: Shown<'_>,
        invocation: &Invocation<'_>,
    ) -> Result<Option<Made<T>>, NoSecrets> {
        let (now, deadline) = (invocation.now, invocation.deadline);
        let fetch = || self.fetch(invocation);
        let looking = self.made.newer_than(seen, shown, now, deadline, fetch);
        looking.await
    }

    async fn fetch(&self, invocation: &Invocation<'_>) -> Result<Made<T>, NoSecrets> {
        let reading = texts(&self.reader, &self.sources);
        let texts = invocation.measurements.timed(Step::Secrets, reading).await;
        Ok(made(texts, self.make)?)
    }
}

/// The secrets to try with what was shown: first the known ones, and if they don't fit, newer ones,
/// since the secrets may have been rotated. Ask for newer ones only if a rotation can be the
/// reason: they may have to be fetched.
///
/// ```text
/// let mut tries = secrets.tries(shown, invocation);
/// while let Some(secrets) = tries.next().await? {
///     if secrets.fit(shown) { return Ok(()); }
/// }
/// Err(refused)
/// ```
#[derive(Debug)]
pub struct Tries<'a, T, const N: usize = 1> {
    secrets: &'a Cached<T, N>,
    shown: Shown<'a>,
    invocation: &'a Invocation<'a>,
    tried: Tried<T>,
}

/// Which secrets have been tried.
enum Tried<T> {
    Nothing,
    Known(Made<T>),
    Newer,
}

impl<T> fmt::Debug for Tried<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Known(_) => "Known",
            Self::Newer => "Newer",
        })
    }
}

impl<T, const N: usize> Tries<'_, T, N> {
    /// The next secrets to try. `None` if there are no newer ones. Without a fetch, it is also
    /// `None` if within the last 10 seconds a fetch for the same value was in vain, or three for
    /// the same asker.
    ///
    /// # Errors
    ///
    /// [`NoSecrets`] if the known secrets are too old, if newer ones can't be fetched in time, or
    /// if a fetch for this asker failed within the last second. It is unknown then whether there
    /// are newer ones. So what was shown must not be refused because it doesn't fit the known ones.
    pub async fn next(&mut self) -> Result<Option<Arc<T>>, NoSecrets> {
        match std::mem::replace(&mut self.tried, Tried::Newer) {
            Tried::Nothing => {
                let known = self.secrets.known(self.invocation.now)?;
                self.tried = Tried::Known(known.clone());
                Ok(Some(known.value))
            }
            Tried::Known(seen) => {
                let newer = self.secrets.newer_than(&seen, self.shown, self.invocation);
                Ok(newer.await?.map(|newer| newer.value))
            }
            Tried::Newer => Ok(None),
        }
    }
}

fn made<T, const N: usize>(
    texts: [SecretText; N],
    make: Make<T, N>,
) -> Result<Made<T>, InvalidSecret> {
    let hash = hash_of(&texts);
    let value = Arc::new(make(texts)?);
    Ok(Made { value, hash })
}

/// The hash of all texts, in their order. A text that could not be read counts as an empty one.
fn hash_of<const N: usize>(texts: &[SecretText; N]) -> Hash {
    let mut all = Context::new(&SHA256);
    for SecretText { text, .. } in texts {
        let text = text.as_ref().map(|text| text.expose_secret().as_bytes());
        all.update(digest(&SHA256, text.unwrap_or_default()).as_ref());
    }
    let mut hash = [0; 32];
    // Both have 32 bytes.
    hash.copy_from_slice(all.finish().as_ref());
    hash
}

async fn texts<const N: usize>(reader: &SecretReader, sources: &[Source; N]) -> [SecretText; N] {
    let reading = sources
        .each_ref()
        .map(|source| reader.read(&source.reference));
    let mut read = join_all(reading).await.into_iter();
    // There is one result for each source, so the fallback is never used.
    sources.each_ref().map(|source| SecretText {
        variable: source.variable,
        text: read.next().unwrap_or(Err(SecretError::Unavailable)),
    })
}

#[derive(Deserialize)]
struct SealingDocument {
    keys: Option<Vec<SecretString>>,
    key: Option<SecretString>,
}

/// The ring of keys of a secret, which has one of two forms. `{"keys":["…"]}` has keys of 32 bytes
/// each, in hexadecimal digits or base64url, none twice; the first seals, all open. `{"key":"…"}`
/// has the one key that AWS Secrets Manager made itself (`GenerateSecretString`).
///
/// # Errors
///
/// [`SecretError`], never with a value.
pub fn sealing_keys(text: &SecretString) -> Result<SealingKeys, SecretError> {
    let document: SealingDocument =
        serde_json::from_str(text.expose_secret()).map_err(|_| SecretError::Malformed)?;
    let keys = match (&document.keys, &document.key) {
        (Some(keys), None) => keys.as_slice(),
        (None, Some(key)) => std::slice::from_ref(key),
        (None, None) | (Some(_), Some(_)) => return Err(SecretError::KeysOrKey),
    };
    Ok(SealingKeys::new(
        keys.iter().map(|key| key.expose_secret()),
    )?)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use http_client::Deadline;
    use tempfile::TempDir;

    use super::*;
    use crate::metrics::Measurements;

    /// Measurements that the test doesn't look at.
    fn unmeasured() -> &'static Measurements {
        Box::leak(Box::default())
    }

    const OLD: &str = r#"{"keys":["AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"]}"#;

    const WITHIN: Duration = Duration::from_secs(1);

    /// A call at this second, with a deadline that no test reaches.
    fn at(seconds: i64) -> Invocation<'static> {
        Invocation {
            request_id: "a",
            now: now(seconds),
            begun: tokio::time::Instant::now(),
            deadline: Deadline::after(Duration::from_secs(60)),
            measurements: unmeasured(),
        }
    }

    /// What one asker shows.
    fn shown(value: &str) -> Shown<'_> {
        Shown {
            by: Asker("one"),
            value,
        }
    }

    fn now(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    /// A secret in a file that the test rewrites.
    struct Rotated {
        directory: TempDir,
    }

    impl Rotated {
        fn new(text: &str) -> Self {
            let directory = tempfile::tempdir().unwrap();
            let secret = Self { directory };
            secret.becomes(text);
            secret
        }

        fn path(&self) -> PathBuf {
            self.directory.path().join("secret")
        }

        fn becomes(&self, text: &str) {
            std::fs::write(self.path(), text).unwrap();
        }

        fn is_gone(&self) {
            std::fs::remove_file(self.path()).unwrap();
        }

        fn source(&self, variable: &'static str) -> Source {
            let reference = Reference::File(self.path());
            Source {
                variable,
                reference,
            }
        }
    }

    /// What the tests make of a secret: its text, unless that is `{`.
    fn word(text: &SecretString) -> Result<String, SecretError> {
        match text.expose_secret() {
            "{" => Err(SecretError::Malformed),
            word => Ok(word.to_owned()),
        }
    }

    async fn one(secret: &Rotated) -> Cached<String> {
        let sources = [secret.source("FIRST")];
        let make: Make<_, 1> = |[first]| first.parse(word);
        Cached::load(SecretReader::new(None), sources, make, now(0))
            .await
            .unwrap()
    }

    async fn two(first: Source, second: Source) -> Result<Cached<[String; 2], 2>, InvalidSecret> {
        let make: Make<_, 2> = |[first, second]| Ok([first.parse(word)?, second.parse(word)?]);
        Cached::load(SecretReader::new(None), [first, second], make, now(0)).await
    }

    fn known<T, const N: usize>(cached: &Cached<T, N>) -> Arc<T> {
        cached.usable(now(0)).unwrap()
    }

    /// The value as it is known now, to be used as the one that was seen.
    fn seen<T, const N: usize>(cached: &Cached<T, N>) -> Made<T> {
        cached.known(now(0)).unwrap()
    }

    /// The newer value, if there is one.
    async fn newer(
        cached: &Cached<String>,
        seen: &Made<String>,
        shown: Shown<'_>,
        seconds: i64,
    ) -> Result<Option<String>, NoSecrets> {
        let newer = cached.newer_than(seen, shown, &at(seconds)).await?;
        Ok(newer.map(|newer| newer.value.to_string()))
    }

    #[tokio::test]
    async fn a_rotated_secret_is_fetched_and_after_a_fetch_in_vain_none_is_for_ten_seconds() {
        let secret = Rotated::new("spring");
        let cached = one(&secret).await;
        let first = seen(&cached);
        assert_eq!(*first.value, "spring");

        secret.becomes("summer");
        let second = cached
            .newer_than(&first, shown("a"), &at(0))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(*second.value, "summer");
        // A caller that still holds the first value gets the second without a fetch.
        secret.becomes("autumn");
        let same = cached
            .newer_than(&first, shown("a"), &at(1))
            .await
            .unwrap()
            .unwrap();
        assert!(Arc::ptr_eq(&second.value, &same.value));
        // A fetch that brought something newer causes no pause.
        let third = cached
            .newer_than(&second, shown("a"), &at(1))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(*third.value, "autumn");

        assert_eq!(newer(&cached, &third, shown("a"), 2).await, Ok(None));
        secret.becomes("winter");
        assert_eq!(newer(&cached, &third, shown("a"), 11).await, Ok(None));
        let fourth = cached
            .newer_than(&third, shown("a"), &at(12))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(*fourth.value, "winter");
    }

    #[tokio::test]
    async fn whether_there_is_a_newer_secret_is_not_known_for_a_second_after_a_fetch_that_failed() {
        let secret = Rotated::new("spring");
        let cached = one(&secret).await;
        let first = seen(&cached);
        secret.is_gone();
        let gone = Err(NoSecrets::Invalid(InvalidSecret {
            variable: "FIRST",
            reason: SecretError::Unavailable,
        }));
        assert_eq!(newer(&cached, &first, shown("a"), 0).await, gone);
        assert_eq!(*known(&cached), "spring");
        secret.becomes("summer");
        assert_eq!(newer(&cached, &first, shown("a"), 0).await, gone);
        assert_eq!(newer(&cached, &first, shown("b"), 0).await, gone);
        let summer = Ok(Some("summer".to_owned()));
        assert_eq!(newer(&cached, &first, shown("a"), 1).await, summer);
    }

    /// A made-up value must not prevent the fetch for a good one, not even if both come from the
    /// same asker.
    #[tokio::test]
    async fn a_fetch_in_vain_keeps_back_nobody_else_and_three_keep_back_their_asker_alone() {
        let secret = Rotated::new("spring");
        let cached = one(&secret).await;
        let first = seen(&cached);
        let by_another = |value| Shown {
            by: Asker("another"),
            value,
        };
        assert_eq!(newer(&cached, &first, shown("junk"), 0).await, Ok(None));
        secret.becomes("summer");
        assert_eq!(newer(&cached, &first, shown("junk"), 1).await, Ok(None));
        let summer = Ok(Some("summer".to_owned()));
        assert_eq!(newer(&cached, &first, shown("good"), 1).await, summer);

        let second = seen(&cached);
        for (junk, seconds) in [("1", 20), ("2", 21), ("3", 22)] {
            assert_eq!(
                newer(&cached, &second, shown(junk), seconds).await,
                Ok(None)
            );
        }
        secret.becomes("autumn");
        assert_eq!(newer(&cached, &second, shown("good"), 29).await, Ok(None));
        let autumn = Ok(Some("autumn".to_owned()));
        assert_eq!(
            newer(&cached, &second, by_another("good"), 29).await,
            autumn
        );

        let third = seen(&cached);
        for (junk, seconds) in [("1", 40), ("2", 41), ("3", 42)] {
            assert_eq!(newer(&cached, &third, shown(junk), seconds).await, Ok(None));
        }
        // The first of the three is 10 seconds ago, and no longer counts.
        secret.becomes("winter");
        let winter = Ok(Some("winter".to_owned()));
        assert_eq!(newer(&cached, &third, shown("good"), 50).await, winter);
    }

    /// The hourly fetch has no asker.
    #[tokio::test]
    async fn an_hourly_look_that_finds_nothing_new_keeps_back_nobody() {
        let secret = Rotated::new("spring");
        let cached = one(&secret).await;
        let first = seen(&cached);
        cached.refresh(WITHIN, &at(3_600)).await;
        assert!(Arc::ptr_eq(&first.value, &known(&cached)));
        secret.becomes("summer");
        let summer = Ok(Some("summer".to_owned()));
        assert_eq!(newer(&cached, &first, shown("a"), 3_600).await, summer);
    }

    #[tokio::test]
    async fn many_who_wait_make_one_fetch() {
        let secret = Rotated::new("spring");
        let cached = one(&secret).await;
        let first = seen(&cached);
        secret.becomes("summer");
        let invocation = at(0);
        let waiting = (0..50).map(|_| cached.newer_than(&first, shown("a"), &invocation));
        let newer: Vec<_> = join_all(waiting).await;
        let newer: Vec<_> = newer.into_iter().map(|one| one.unwrap().unwrap()).collect();
        assert!(
            newer
                .iter()
                .all(|one| Arc::ptr_eq(&one.value, &newer[0].value))
        );
        assert_eq!(*newer[0].value, "summer");
    }

    #[tokio::test]
    async fn a_secret_that_was_taken_out_is_forgotten_within_an_hour() {
        let secret = Rotated::new("spring");
        let cached = one(&secret).await;
        secret.becomes("summer");
        cached.refresh(WITHIN, &at(3_599)).await;
        assert_eq!(*known(&cached), "spring");
        cached.refresh(WITHIN, &at(3_600)).await;
        assert_eq!(*known(&cached), "summer");
        // If the secret can't be read, or is invalid, the known one stays.
        secret.becomes("{");
        cached.refresh(WITHIN, &at(9_000)).await;
        secret.is_gone();
        cached.refresh(WITHIN, &at(9_010)).await;
        assert_eq!(*known(&cached), "summer");
        secret.becomes("autumn");
        cached.refresh(WITHIN, &at(9_020)).await;
        assert_eq!(*known(&cached), "autumn");
    }

    #[tokio::test]
    async fn a_secret_that_can_not_be_fetched_for_a_day_is_used_no_more() {
        const DAY: i64 = 86_400;
        let secret = Rotated::new("spring");
        let cached = one(&secret).await;
        secret.is_gone();
        for hour in 1..24 {
            cached.refresh(WITHIN, &at(hour * 3_600)).await;
        }
        assert_eq!(*cached.usable(now(DAY - 1)).unwrap(), "spring");
        cached.refresh(WITHIN, &at(DAY)).await;
        assert_eq!(cached.usable(now(DAY)), Err(NoSecrets::TooOld));
        let tried = cached.tries(shown("a"), &at(DAY)).next().await;
        assert_eq!(tried, Err(NoSecrets::TooOld));
        // The secret can be read again, and is good for another day.
        secret.becomes("summer");
        cached.refresh(WITHIN, &at(DAY + 10)).await;
        assert_eq!(*cached.usable(now(2 * DAY + 9)).unwrap(), "summer");
        assert_eq!(cached.usable(now(2 * DAY + 10)), Err(NoSecrets::TooOld));
    }

    /// All secrets that are tried when `shown("a")` fits none of them, and how that ends.
    async fn tried(cached: &Cached<String>, seconds: i64) -> (Vec<String>, Result<(), NoSecrets>) {
        let invocation = at(seconds);
        let mut tries = cached.tries(shown("a"), &invocation);
        let mut tried = Vec::new();
        loop {
            match tries.next().await {
                Ok(Some(secrets)) => tried.push(secrets.to_string()),
                Ok(None) => return (tried, Ok(())),
                Err(error) => return (tried, Err(error)),
            }
        }
    }

    #[tokio::test]
    async fn what_is_known_is_tried_first_and_then_once_what_is_newer() {
        let secret = Rotated::new("spring");
        let cached = one(&secret).await;
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        secret.becomes("summer");
        // A caller for whom the first secrets are enough causes no fetch.
        let first = cached.tries(shown("a"), &at(0)).next().await.unwrap();
        assert_eq!(*first.unwrap(), "spring");
        assert_eq!(*known(&cached), "spring");
        let both = (words(&["spring", "summer"]), Ok(()));
        assert_eq!(tried(&cached, 0).await, both);
        // For ten seconds after a fetch in vain, there is no other.
        let last = (words(&["summer"]), Ok(()));
        assert_eq!(tried(&cached, 0).await, last);
        secret.becomes("autumn");
        assert_eq!(tried(&cached, 9).await, last);
        secret.is_gone();
        let gone = NoSecrets::Invalid(InvalidSecret {
            variable: "FIRST",
            reason: SecretError::Unavailable,
        });
        let failed = (words(&["summer"]), Err(gone));
        assert_eq!(tried(&cached, 10).await, failed);
    }

    #[tokio::test]
    async fn several_secrets_become_one_value_and_are_fetched_together() {
        let (first, second) = (Rotated::new("spring"), Rotated::new("summer"));
        let cached = two(first.source("FIRST"), second.source("SECOND"))
            .await
            .unwrap();
        let seen = seen(&cached);
        assert_eq!(*seen.value, ["spring", "summer"]);
        first.becomes("autumn");
        second.becomes("winter");
        let newer = cached
            .newer_than(&seen, shown("a"), &at(0))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(*newer.value, ["autumn", "winter"]);
        // If one of the two is invalid, the known value stays.
        first.becomes("spring");
        second.becomes("{");
        let malformed = InvalidSecret {
            variable: "SECOND",
            reason: SecretError::Malformed,
        };
        let refused = cached.newer_than(&newer, shown("a"), &at(10)).await;
        assert_eq!(refused.err(), Some(NoSecrets::Invalid(malformed)));
        assert_eq!(*known(&cached), ["autumn", "winter"]);
    }

    #[tokio::test]
    async fn the_first_secret_that_is_wrong_is_named() {
        let (good, bad, gone) = (Rotated::new("spring"), Rotated::new("{"), Rotated::new(""));
        gone.is_gone();
        for (first, second, variable, reason) in [
            (&bad, &gone, "FIRST", SecretError::Malformed),
            (&gone, &bad, "FIRST", SecretError::Unavailable),
            (&good, &gone, "SECOND", SecretError::Unavailable),
            (&good, &bad, "SECOND", SecretError::Malformed),
        ] {
            let loaded = two(first.source("FIRST"), second.source("SECOND")).await;
            assert_eq!(loaded.unwrap_err(), InvalidSecret { variable, reason });
        }
    }

    /// Whether the ring has the key of [`OLD`].
    fn is_old(text: &str) -> bool {
        let ring = sealing_keys(&SecretString::from(text)).expect(text);
        ring.shares_a_key_with(&sealing_keys(&SecretString::from(OLD)).unwrap())
    }

    #[test]
    fn a_ring_has_its_keys_in_a_list_or_the_one_that_aws_made() {
        let digits = "01".repeat(32);
        let other = "02".repeat(32);
        assert!(is_old(OLD));
        assert!(is_old(
            &OLD.replace(r#"["#, "")
                .replace(']', "")
                .replace("keys", "key")
        ));
        assert!(is_old(&format!(r#"{{"key":"{digits}"}}"#)));
        assert!(is_old(&format!(r#"{{"keys":["{digits}"]}}"#)));
        assert!(is_old(&format!(r#"{{"keys":["{other}","{digits}"]}}"#)));
        assert!(!is_old(&format!(r#"{{"key":"{other}"}}"#)));
        assert!(is_old(&OLD.replace(']', &format!(r#","{other}"]"#))));
    }

    #[test]
    fn a_ring_of_another_form_is_refused() {
        let digits = "01".repeat(32);
        let malformed = SecretError::Malformed;
        let ring = SecretError::Ring;
        for (text, reason) in [
            (r#"{"keys":[]}"#, ring(InvalidSealingKeys::Missing)),
            (r#"{"keys":["short"]}"#, ring(InvalidSealingKeys::Malformed)),
            (r#"{"key":""}"#, ring(InvalidSealingKeys::Malformed)),
            (
                &OLD.replace(']', r#","AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"]"#),
                ring(InvalidSealingKeys::Repeated),
            ),
            (
                &OLD.replace(']', &format!(r#","{digits}"]"#)),
                ring(InvalidSealingKeys::Repeated),
            ),
            ("{}", SecretError::KeysOrKey),
            (
                &OLD.replace('}', &format!(r#","key":"{digits}"}}"#)),
                SecretError::KeysOrKey,
            ),
            (r#"{"keys":"marked"}"#, malformed),
            (r#"{"key":["marked"]}"#, malformed),
            (r#"{"key":"marked","key":"marked"}"#, malformed),
            ("[]", malformed),
            ("", malformed),
        ] {
            let refused = sealing_keys(&SecretString::from(text)).unwrap_err();
            assert_eq!(refused, reason, "{text}");
            let said = format!("{refused} {refused:?}");
            assert!(!said.contains("marked") && !said.contains("01"), "{said}");
        }
    }

    #[tokio::test]
    async fn nothing_of_a_secret_is_shown() {
        let inline = Reference::Inline(SecretString::from("marked"));
        let text = SecretText {
            variable: "FIRST",
            text: Ok(SecretString::from("marked")),
        };
        let source = Source {
            variable: "FIRST",
            reference: inline,
        };
        let cached = two(source.clone(), source).await.unwrap();
        for shown in [format!("{text:?}"), format!("{cached:?}")] {
            assert!(
                shown.contains("FIRST") && !shown.contains("marked"),
                "{shown}"
            );
        }
    }
}
