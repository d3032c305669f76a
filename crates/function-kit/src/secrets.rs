//! Secrets: kept in memory, and fetched again when they may have been rotated: for a seal of an unknown key or a client
//! secret that doesn't match, once, and then not for 10 seconds; and once an hour, so that what was taken out of them
//! doesn't live on in a process that is always busy. What could not be fetched for a day isn't used any more.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use http_client::{Deadline, HttpClient};
use sealing::{InvalidSealingKeys, SealingKeys};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use thiserror::Error;

use crate::aws::{Connections, sdk_config};
use crate::metrics::{Measurements, Step};
use crate::reference::Reference;

/// After a fetch, none for this long.
const PAUSE: TimeDelta = TimeDelta::seconds(10);

/// How old they may be when an event comes, before they are fetched again.
const REFRESH_AFTER: TimeDelta = TimeDelta::hours(1);

/// How old they may be to be used, if they can't be fetched again.
const MAX_AGE: TimeDelta = TimeDelta::hours(24);

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

    /// A reader for these references: with a client of AWS Secrets Manager only if one of them needs it.
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

/// What is made of the texts of `N` secrets, and how to fetch them again. They are always fetched together, side by side.
pub struct Cached<T, const N: usize = 1> {
    reader: SecretReader,
    sources: [Source; N],
    make: Make<T, N>,
    known: Mutex<Known<T>>,
    /// The last fetch, if there was one after the first; held while fetching, so that it happens once for all who wait.
    last: tokio::sync::Mutex<Option<Fetch>>,
}

/// When secrets were fetched again, and how that ended.
struct Fetch {
    at: DateTime<Utc>,
    end: Result<(), NoSecrets>,
}

impl Fetch {
    fn is_recent(&self, now: DateTime<Utc>) -> bool {
        now >= self.at && now - self.at < PAUSE
    }
}

/// What became of the wish for newer secrets.
enum Fetched<T> {
    /// There are newer ones, fetched now or by somebody else meanwhile.
    Newer(Arc<T>),
    /// They could not be fetched.
    Failed(NoSecrets),
    /// It is too early for another fetch: this is how the last one ended.
    TooEarly(Result<(), NoSecrets>),
}

/// What is known now.
struct Known<T> {
    value: Arc<T>,
    fetched_at: DateTime<Utc>,
}

impl<T> Clone for Known<T> {
    fn clone(&self) -> Self {
        Self {
            value: Arc::clone(&self.value),
            fetched_at: self.fetched_at,
        }
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
        let value = make(texts(&reader, &sources).await)?;
        Ok(Self {
            reader,
            sources,
            make,
            known: Mutex::new(Known {
                value: Arc::new(value),
                fetched_at: now,
            }),
            last: tokio::sync::Mutex::default(),
        })
    }

    /// The secrets as they are known now, if they are less than a day old.
    ///
    /// # Errors
    ///
    /// [`NoSecrets::TooOld`].
    pub fn usable(&self, now: DateTime<Utc>) -> Result<Arc<T>, NoSecrets> {
        let known = self.known();
        if now - known.fetched_at < MAX_AGE {
            Ok(known.value)
        } else {
            Err(NoSecrets::TooOld)
        }
    }

    fn known(&self) -> Known<T> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }

    /// Fetches the secrets again if they are an hour old, and waits `within` for that at most. If it fails, or takes
    /// longer, those that are known stay in use until they are a day old: an hour is no reason to refuse logins. It is
    /// logged, and tried again after 10 seconds.
    ///
    /// Those that are a day old are waited for until the fetch itself gives up, since nothing can be done without them.
    pub async fn refresh(&self, now: DateTime<Utc>, within: Duration, measurements: &Measurements) {
        let known = self.known();
        let age = now - known.fetched_at;
        if age < REFRESH_AFTER {
            return;
        }
        let fetching = self.fetch(&known.value, now, measurements);
        let fetched = if age < MAX_AGE {
            let bounded = Deadline::after(within).bound(fetching).await;
            bounded.unwrap_or(Fetched::Failed(NoSecrets::CutShort))
        } else {
            fetching.await
        };
        if let Fetched::Failed(error) = fetched {
            let variable = match error {
                NoSecrets::Invalid(invalid) => Some(invalid.variable),
                NoSecrets::CutShort | NoSecrets::TooOld => None,
            };
            tracing::warn!(event = "secrets_not_refreshed", variable, reason = %error);
        }
    }

    /// The secrets after `seen` turned out not to be enough: fetched again, or those that somebody else fetched meanwhile.
    /// `None` if a fetch within the last 10 seconds gave `seen`: then there is nothing newer.
    ///
    /// # Errors
    ///
    /// If they can't be fetched, or could not be within the last 10 seconds: then nobody knows whether there are newer
    /// ones, and nothing follows from `seen` not being enough.
    pub async fn newer_than(
        &self,
        seen: &Arc<T>,
        now: DateTime<Utc>,
        measurements: &Measurements,
    ) -> Result<Option<Arc<T>>, NoSecrets> {
        match self.fetch(seen, now, measurements).await {
            Fetched::Newer(value) => Ok(Some(value)),
            Fetched::Failed(error) => Err(error),
            Fetched::TooEarly(end) => end.map(|()| None),
        }
    }

    async fn fetch(
        &self,
        seen: &Arc<T>,
        now: DateTime<Utc>,
        measurements: &Measurements,
    ) -> Fetched<T> {
        let mut last = self.last.lock().await;
        let current = self.known().value;
        if !Arc::ptr_eq(&current, seen) {
            return Fetched::Newer(current);
        }
        if let Some(fetch) = last.as_ref().filter(|fetch| fetch.is_recent(now)) {
            return Fetched::TooEarly(fetch.end);
        }
        // This stays if whoever waits for the texts gives up, and this future is dropped.
        *last = Some(Fetch {
            at: now,
            end: Err(NoSecrets::CutShort),
        });
        // In a box: the SDK's future is large, and every request would carry it along for the one that needs it.
        let reading = Box::pin(texts(&self.reader, &self.sources));
        let texts = measurements.timed(Step::Secrets, reading).await;
        let made = (self.make)(texts).map_err(NoSecrets::from);
        *last = Some(Fetch {
            at: now,
            end: made.as_ref().map(|_| ()).map_err(|error| *error),
        });
        match made {
            Ok(value) => {
                let value = Arc::new(value);
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                *known = Known {
                    value: Arc::clone(&value),
                    fetched_at: now,
                };
                Fetched::Newer(value)
            }
            Err(error) => Fetched::Failed(error),
        }
    }

    /// Tries with the secrets as they are known, and once more with newer ones if what went wrong may come of a rotation:
    /// a value that was sealed with an unknown key, for example.
    ///
    /// # Errors
    ///
    /// If those that are known are too old, or newer ones are needed and can't be had; inside, what `attempt` said last.
    pub async fn attempt<V, E>(
        &self,
        now: DateTime<Utc>,
        attempt: impl Fn(&T) -> Result<V, E>,
        may_be_rotated: impl Fn(&E) -> bool,
        measurements: &Measurements,
    ) -> Result<Result<V, E>, NoSecrets> {
        let current = self.usable(now)?;
        match attempt(&current) {
            Err(error) if may_be_rotated(&error) => {
                let newer = self.newer_than(&current, now, measurements).await?;
                Ok(newer.map_or(Err(error), |newer| attempt(&newer)))
            }
            done => Ok(done),
        }
    }
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

/// The ring of a secret of the form `{"keys":["…"]}`: 32 bytes each, in hexadecimal digits or base64url, none twice; the
/// first seals, all open. Or of the form `{"key":"…"}`, with the one key that AWS Secrets Manager made itself
/// (`GenerateSecretString`).
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

    use tempfile::TempDir;

    use super::*;

    /// Of no interest to this test.
    fn unmeasured() -> &'static Measurements {
        Box::leak(Box::default())
    }

    const OLD: &str = r#"{"keys":["AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"]}"#;

    const WITHIN: Duration = Duration::from_secs(1);

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

    #[tokio::test]
    async fn a_rotated_secret_is_fetched_once_and_then_not_for_ten_seconds() {
        let secret = Rotated::new("spring");
        let cached = one(&secret).await;
        let first = cached.usable(now(0)).unwrap();
        assert_eq!(*first, "spring");

        secret.becomes("summer");
        let second = cached
            .newer_than(&first, now(0), unmeasured())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(*second, "summer");
        // Whoever still holds the first value gets the second without a fetch.
        secret.becomes("autumn");
        let same = cached
            .newer_than(&first, now(1), unmeasured())
            .await
            .unwrap()
            .unwrap();
        assert!(Arc::ptr_eq(&second, &same));
        assert!(
            cached
                .newer_than(&second, now(9), unmeasured())
                .await
                .unwrap()
                .is_none()
        );
        let third = cached
            .newer_than(&second, now(10), unmeasured())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(*third, "autumn");

        secret.is_gone();
        let gone = NoSecrets::Invalid(InvalidSecret {
            variable: "FIRST",
            reason: SecretError::Unavailable,
        });
        assert_eq!(
            cached.newer_than(&third, now(20), unmeasured()).await,
            Err(gone)
        );
        assert_eq!(*known(&cached), "autumn");
        // Whether there is a newer one isn't known within the next ten seconds either.
        secret.becomes("winter");
        assert_eq!(
            cached.newer_than(&third, now(29), unmeasured()).await,
            Err(gone)
        );
        let fourth = cached
            .newer_than(&third, now(30), unmeasured())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(*fourth, "winter");
        assert!(
            cached
                .newer_than(&fourth, now(39), unmeasured())
                .await
                .unwrap()
                .is_none()
        );
    }

    #[tokio::test]
    async fn many_who_wait_make_one_fetch() {
        let secret = Rotated::new("spring");
        let cached = one(&secret).await;
        let first = cached.usable(now(0)).unwrap();
        secret.becomes("summer");
        let waiting = (0..50).map(|_| cached.newer_than(&first, now(0), unmeasured()));
        let newer: Vec<_> = join_all(waiting).await;
        let newer: Vec<_> = newer.into_iter().map(|one| one.unwrap().unwrap()).collect();
        assert!(newer.iter().all(|one| Arc::ptr_eq(one, &newer[0])));
        assert_eq!(*newer[0], "summer");
    }

    #[tokio::test]
    async fn a_secret_that_was_taken_out_is_forgotten_within_an_hour() {
        let secret = Rotated::new("spring");
        let cached = one(&secret).await;
        secret.becomes("summer");
        cached.refresh(now(3_599), WITHIN, unmeasured()).await;
        assert_eq!(*known(&cached), "spring");
        cached.refresh(now(3_600), WITHIN, unmeasured()).await;
        assert_eq!(*known(&cached), "summer");
        // Where it can't be had, or makes no sense, the known one stays.
        secret.becomes("{");
        cached.refresh(now(9_000), WITHIN, unmeasured()).await;
        secret.is_gone();
        cached.refresh(now(9_010), WITHIN, unmeasured()).await;
        assert_eq!(*known(&cached), "summer");
        secret.becomes("autumn");
        cached.refresh(now(9_020), WITHIN, unmeasured()).await;
        assert_eq!(*known(&cached), "autumn");
    }

    #[tokio::test]
    async fn a_secret_that_can_not_be_fetched_for_a_day_is_used_no_more() {
        const DAY: i64 = 86_400;
        let secret = Rotated::new("spring");
        let cached = one(&secret).await;
        secret.is_gone();
        for hour in 1..24 {
            cached
                .refresh(now(hour * 3_600), WITHIN, unmeasured())
                .await;
        }
        assert_eq!(*cached.usable(now(DAY - 1)).unwrap(), "spring");
        cached.refresh(now(DAY), WITHIN, unmeasured()).await;
        assert_eq!(cached.usable(now(DAY)), Err(NoSecrets::TooOld));
        let spring = |known: &String| (known == "spring").then_some(()).ok_or(());
        let tried = cached
            .attempt(now(DAY), spring, |()| true, unmeasured())
            .await;
        assert_eq!(tried, Err(NoSecrets::TooOld));
        // It is there again, and good for another day.
        secret.becomes("summer");
        cached.refresh(now(DAY + 10), WITHIN, unmeasured()).await;
        assert_eq!(*cached.usable(now(2 * DAY + 9)).unwrap(), "summer");
        assert_eq!(cached.usable(now(2 * DAY + 10)), Err(NoSecrets::TooOld));
    }

    #[tokio::test]
    async fn what_may_come_of_a_rotation_is_tried_once_more_with_newer_secrets() {
        let secret = Rotated::new("spring");
        let cached = one(&secret).await;
        let is = |wanted: &'static str| {
            move |known: &String| (known == wanted).then_some(()).ok_or(known.clone())
        };
        let always = |_: &String| true;
        assert_eq!(
            cached
                .attempt(now(0), is("spring"), always, unmeasured())
                .await,
            Ok(Ok(()))
        );
        secret.becomes("summer");
        let last = Ok(Err("spring".to_owned()));
        assert_eq!(
            cached
                .attempt(now(0), is("summer"), |_| false, unmeasured())
                .await,
            last
        );
        assert_eq!(
            cached
                .attempt(now(0), is("summer"), always, unmeasured())
                .await,
            Ok(Ok(()))
        );
        // Not for ten seconds.
        secret.becomes("autumn");
        let last = Ok(Err("summer".to_owned()));
        assert_eq!(
            cached
                .attempt(now(9), is("autumn"), always, unmeasured())
                .await,
            last
        );
        secret.is_gone();
        let gone = NoSecrets::Invalid(InvalidSecret {
            variable: "FIRST",
            reason: SecretError::Unavailable,
        });
        let tried = cached
            .attempt(now(10), is("autumn"), always, unmeasured())
            .await;
        assert_eq!(tried, Err(gone));
    }

    #[tokio::test]
    async fn several_secrets_become_one_value_and_are_fetched_together() {
        let (first, second) = (Rotated::new("spring"), Rotated::new("summer"));
        let cached = two(first.source("FIRST"), second.source("SECOND"))
            .await
            .unwrap();
        let seen = cached.usable(now(0)).unwrap();
        assert_eq!(*seen, ["spring", "summer"]);
        first.becomes("autumn");
        second.becomes("winter");
        let newer = cached
            .newer_than(&seen, now(0), unmeasured())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(*newer, ["autumn", "winter"]);
        // Half a new value is none.
        first.becomes("spring");
        second.becomes("{");
        let malformed = InvalidSecret {
            variable: "SECOND",
            reason: SecretError::Malformed,
        };
        let refused = cached.newer_than(&newer, now(10), unmeasured()).await;
        assert_eq!(refused, Err(NoSecrets::Invalid(malformed)));
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
