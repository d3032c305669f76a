//! Secrets: kept in memory, and fetched again when they may have been rotated: for a seal of an
//! unknown key or a client secret that doesn't match; and once an hour, so that what was taken out
//! of them doesn't live on in a process that is always busy. What could not be fetched for a day
//! isn't used any more. How often they are fetched is the rule of [`refreshed`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256, digest};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use http_client::{DeadlinePassed, HttpClient};
pub use refreshed::{Asker, Shown};
use refreshed::{Policy, Refreshed};
use sealing::{InvalidSealingKeys, SealingKeys};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use thiserror::Error;

use crate::aws::{Connections, sdk_config};
use crate::invocation::Invocation;
use crate::metrics::Step;
use crate::reference::Reference;

/// What could not be fetched for an hour stays in use: that is no reason to refuse logins. What
/// could not be fetched for a day doesn't: some of it may have been taken out since.
const POLICY: Policy = Policy {
    refresh_after: TimeDelta::hours(1),
    max_age: TimeDelta::hours(24),
    pause: TimeDelta::seconds(10),
    pause_after_failure: TimeDelta::seconds(1),
    most_in_vain: 3,
};

/// Why there are no secrets.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum SecretError {
    /// The file or AWS Secrets Manager didn't give it.
    #[error("can't be read")]
    Unavailable,
    /// It isn't the JSON that is documented.
    #[error("doesn't have the form that is documented")]
    Malformed,
    /// It has to have either `keys` or `key`.
    #[error("has neither `keys` nor `key`, or both")]
    KeysOrKey,
    /// Its keys are no ring.
    #[error(transparent)]
    Ring(#[from] InvalidSealingKeys),
    /// It has a key that the secret of this other variable has, too.
    #[error("has a key that {0} has, too: each needs keys of its own")]
    SharedKey(&'static str),
}

/// Where secrets are read from.
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
    /// One of them is wrong, or isn't there.
    #[error(transparent)]
    Invalid(#[from] InvalidSecret),
    /// Whoever fetched them gave up waiting.
    #[error("the secrets didn't come in time")]
    CutShort,
    /// They could not be fetched for a day: some of them may have been taken out since.
    #[error("the secrets are older than a day")]
    TooOld,
}

impl From<DeadlinePassed> for NoSecrets {
    fn from(_: DeadlinePassed) -> Self {
        Self::CutShort
    }
}

/// Where one secret is, and the variable that says so.
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
    /// What the text means, as `parse` has it.
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

/// Makes one value of the texts of `N` secrets, in the order of their sources.
pub type Make<T, const N: usize> = fn([SecretText; N]) -> Result<T, InvalidSecret>;

/// What is made of the texts of `N` secrets, and how to fetch them again. They are always fetched
/// together, side by side.
pub struct Cached<T, const N: usize = 1> {
    reader: SecretReader,
    sources: [Source; N],
    make: Make<T, N>,
    made: Refreshed<Made<T>, NoSecrets>,
}

/// What was made of the texts of one fetch.
struct Made<T> {
    value: Arc<T>,
    /// Of all texts.
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

/// Whether it was made of the same texts.
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
    /// The first that can't be had, in the order in which `make` reads them.
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
    /// it fails, or takes longer, those that are known stay in use until they are a day old. It is
    /// logged, and tried again after 10 seconds. Nobody is kept waiting for it more often than
    /// that.
    ///
    /// Those that are a day old are waited for until the call's deadline, since nothing can be done
    /// without them.
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

    /// The secrets with which to try what was `shown`, one after the other.
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

/// The secrets with which to try what was shown: first as they are known, and if that isn't enough,
/// newer ones, since they may have been rotated. Ask for the next ones only if a rotation may be
/// why the last ones weren't enough: they may have to be fetched.
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

/// What didn't fit until now.
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
    /// The next secrets to try with. `None` if there are no newer ones, or if a fetch within the
    /// last 10 seconds says so: one for the same value, or the third for the same asker.
    ///
    /// # Errors
    ///
    /// [`NoSecrets`] if those that are known are too old, or if newer ones can't be fetched in
    /// time, or could not be for this asker within the last second. Then nothing follows from the
    /// known ones not being enough.
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

/// Of all texts, each in its place; one that couldn't be had is like no other.
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
    // One answer comes for each question: what stands in for a missing one is never seen.
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

/// The ring of a secret of the form `{"keys":["…"]}`: 32 bytes each, in hexadecimal digits or
/// base64url, none twice; the first seals, all open. Or of the form `{"key":"…"}`, with the one key
/// that AWS Secrets Manager made itself (`GenerateSecretString`).
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

    /// Of no interest to this test.
    fn unmeasured() -> &'static Measurements {
        Box::leak(Box::default())
    }

    const OLD: &str = r#"{"keys":["AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"]}"#;

    const WITHIN: Duration = Duration::from_secs(1);

    /// A call at a second, which may take more than any of this does.
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

    /// As it is known now, to be held beyond that.
    fn seen<T, const N: usize>(cached: &Cached<T, N>) -> Made<T> {
        cached.known(now(0)).unwrap()
    }

    /// The newer one, if there is one.
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
        // Whoever still holds the first value gets the second without a fetch.
        secret.becomes("autumn");
        let same = cached
            .newer_than(&first, shown("a"), &at(1))
            .await
            .unwrap()
            .unwrap();
        assert!(Arc::ptr_eq(&second.value, &same.value));
        // What brought something newer is no reason to wait.
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

    /// What somebody made up must not keep a good value from being looked for, not even if it comes
    /// by the same way.
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
        // The first of them counts no longer.
        secret.becomes("winter");
        let winter = Ok(Some("winter".to_owned()));
        assert_eq!(newer(&cached, &third, shown("good"), 50).await, winter);
    }

    /// Looking hourly is nobody's wish.
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
        // Where it can't be had, or makes no sense, the known one stays.
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
        // It is there again, and good for another day.
        secret.becomes("summer");
        cached.refresh(WITHIN, &at(DAY + 10)).await;
        assert_eq!(*cached.usable(now(2 * DAY + 9)).unwrap(), "summer");
        assert_eq!(cached.usable(now(2 * DAY + 10)), Err(NoSecrets::TooOld));
    }

    /// All that there is to try with when `shown("a")` fits none of it.
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
        // Whoever is content with the first causes no fetch.
        let first = cached.tries(shown("a"), &at(0)).next().await.unwrap();
        assert_eq!(*first.unwrap(), "spring");
        assert_eq!(*known(&cached), "spring");
        let both = (words(&["spring", "summer"]), Ok(()));
        assert_eq!(tried(&cached, 0).await, both);
        // Not for ten seconds after one in vain.
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
        // Half a new value is none.
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

    /// Whether the ring has the key of [`OLD`], and opens what that sealed.
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
