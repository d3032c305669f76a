//! The verified record as the triggers of Amazon Cognito meet it: its ring of keys, who it has to belong to, and why one
//! isn't believed. Only a forged one is tampering, and has an event and a metric of its own; every other has its class.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use four_attributes::{Expected, RecordRefusal, VerifiedRecord};
use http_client::NoRootCertificates;
use sealing::SealingKeys;

use crate::check;
use crate::invocation::Invocation;
use crate::metrics::{Count, Step};
use crate::secrets::{
    Asker, Cached, InvalidSecret, Make, SecretReader, Shown, Source, sealing_keys,
};
use crate::settings::{Reader, secret_reference, service_issuers};

/// Records are shown by whoever can write the attribute.
const RECORD: Asker = Asker("record");
/// What another provider calls a record is shown by whoever is there, and keeps back nobody of ours.
const ANOTHERS: Asker = Asker("another provider's record");
/// How long an event waits for keys that are read again because an hour has passed.
const REFRESH: Duration = Duration::from_secs(1);
/// How far ahead of our clock a verification may be: as far as the bridge lets the service's be ahead of its own (60 s), and
/// as far as the clocks of two functions may differ.
pub const SKEW: TimeDelta = TimeDelta::seconds(120);

crate::classes! {
    /// The event isn't one of this trigger, or lacks what every such event has.
    EventMalformed = "event_malformed", Operator;
    /// The event has a version whose answer couldn't keep attributes out of the tokens.
    EventVersion = "event_version", Operator;
    /// The sign-in is through a provider that has nearly our name, or brings one of our records under another one.
    ProviderMismatch = "provider_mismatch", Operator;
    /// The ID token and userinfo of one sign-in speak of two people.
    SubjectMismatch = "subject_mismatch", Operator;
    /// One of our users has no record.
    RecordMissing = "record_missing", Operator;
    /// The record isn't in the form of one.
    RecordMalformed = "record_malformed", Client;
    /// The record was sealed by another version of the bridge.
    RecordOtherVersion = "record_other_version", Operator;
    /// The record was sealed with a key that isn't in the ring.
    RecordUnknownKey = "record_unknown_key", Operator;
    /// The record was changed, or made by somebody else: tampering.
    RecordForged = "record_forged", Client;
    /// The record is of another environment or issuer.
    RecordOtherIssuer = "record_other_issuer", Operator;
    /// The record is of somebody else, or of another provider.
    RecordUnlinked = "record_unlinked", Client;
    /// The record doesn't say when the person authenticated, and the configuration requires it.
    RecordAuthenticationTimeMissing = "record_auth_time_missing", Nobody;
    /// The record's `acr` is missing, or isn't one that is accepted now.
    RecordAssuranceNotAccepted = "record_acr_not_accepted", Nobody;
    /// The person was verified too long ago.
    RecordTooOld = "record_too_old", Nobody;
    /// The user pool didn't give the record.
    UserUnavailable = "user_unavailable", Operator;
    /// It can't be decided in the time that Amazon Cognito waits.
    TooSlow = "too_slow", Operator;
    /// The keys of the records can't be had.
    SecretsUnavailable = "secrets_unavailable", Operator;
}

impl Class {
    /// Whether a record is refused with this: all is known then, and nothing follows from the record.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::RecordMissing
                | Self::RecordMalformed
                | Self::RecordOtherVersion
                | Self::RecordUnknownKey
                | Self::RecordForged
                | Self::RecordOtherIssuer
                | Self::RecordUnlinked
                | Self::RecordAuthenticationTimeMissing
                | Self::RecordAssuranceNotAccepted
                | Self::RecordTooOld
        )
    }
}

impl From<RecordRefusal> for Class {
    fn from(refusal: RecordRefusal) -> Self {
        match refusal {
            RecordRefusal::Malformed => Self::RecordMalformed,
            RecordRefusal::OtherVersion => Self::RecordOtherVersion,
            RecordRefusal::UnknownKey => Self::RecordUnknownKey,
            RecordRefusal::Forged => Self::RecordForged,
            RecordRefusal::OtherIssuer => Self::RecordOtherIssuer,
            RecordRefusal::Unlinked => Self::RecordUnlinked,
            RecordRefusal::TooOld => Self::RecordTooOld,
        }
    }
}

/// A decision, unless it takes longer than Amazon Cognito waits for it.
///
/// # Errors
///
/// What the decision says. If the time is over, the class is that of what took most of it.
pub async fn in_time<T>(
    decision: impl Future<Output = Result<T, Class>>,
    invocation: &Invocation<'_>,
) -> Result<T, Class> {
    let decided = invocation.deadline.bound(decision).await;
    decided
        .unwrap_or(Err(Class::TooSlow))
        .map_err(|class| match class {
            Class::SecretsUnavailable | Class::UserUnavailable | Class::TooSlow
                if invocation.deadline.has_passed() =>
            {
                let known: [(&[Step], _); 2] = [
                    (&[Step::Secrets], Class::SecretsUnavailable),
                    (&[Step::GetUser], Class::UserUnavailable),
                ];
                invocation.slowest(&known).unwrap_or(Class::TooSlow)
            }
            other => other,
        })
}

/// What both triggers are told of records, by the same variables.
#[derive(Clone, Debug)]
pub struct RecordSettings {
    /// Where the keys of the records are, and the variable that says so.
    pub keys: Source,
    /// The service's issuers: its own, and those that it had before.
    pub service_issuers: Vec<String>,
    /// The bridge's name in the user pool.
    pub provider_name: String,
}

impl RecordSettings {
    /// Reads all three before it gives up, so that every problem is named.
    pub fn read(
        reader: &mut Reader<'_>,
        record_keys: &'static str,
        issuer: &'static str,
        provider: &'static str,
    ) -> Option<Self> {
        let reference = reader.checked(record_keys, secret_reference);
        let service_issuers = reader.checked(issuer, service_issuers);
        let provider_name = reader.checked(provider, provider_name);
        Some(Self {
            keys: Source {
                variable: record_keys,
                reference: reference?,
            },
            service_issuers: service_issuers?,
            provider_name: provider_name?,
        })
    }
}

/// Opens the records of one provider and one service.
#[derive(Debug)]
pub struct Records {
    keys: Cached<SealingKeys>,
    issuers: Vec<String>,
    provider_name: String,
}

impl Records {
    /// Fetches the keys of the records that the bridge seals.
    ///
    /// # Errors
    ///
    /// [`InvalidSecret`].
    pub async fn load(
        reader: SecretReader,
        settings: &RecordSettings,
        now: DateTime<Utc>,
    ) -> Result<Self, InvalidSecret> {
        let make: Make<SealingKeys, 1> = |[keys]| keys.parse(sealing_keys);
        Ok(Self {
            keys: Cached::load(reader, [settings.keys.clone()], make, now).await?,
            issuers: settings.service_issuers.clone(),
            provider_name: settings.provider_name.clone(),
        })
    }

    /// Opens a record that has to belong to one of `subjects`, and be as recent as `not_before` if that is given. If its
    /// key is unknown, the keys are fetched again, once: they may have been rotated.
    ///
    /// # Errors
    ///
    /// Why it isn't believed ([`Class::is_refusal`]), or [`Class::SecretsUnavailable`]. A forged one has told the
    /// operator of itself by then.
    pub async fn open(
        &self,
        record: &str,
        subjects: &[&str],
        not_before: Option<DateTime<Utc>>,
        invocation: &Invocation<'_>,
    ) -> Result<VerifiedRecord, Class> {
        let by = RECORD;
        let attempt = self.attempt(by, record, subjects, not_before, invocation);
        let opened = attempt.await?;
        if opened.as_ref().is_err_and(|refusal| refusal.is_tampering()) {
            let (support_id, request_id) = (invocation.support_id(), invocation.request_id);
            let support_id = support_id.as_str();
            tracing::error!(event = "tampering", support_id, request_id);
            invocation.measurements.count(Count::Tampering);
        }
        check::none_of(&RecordRefusal::ALL, opened, Class::from)
    }

    /// Whether this is one of the bridge's records, whoever it belongs to. Nobody is told if it is forged: another provider
    /// may call something else so.
    ///
    /// # Errors
    ///
    /// [`Class::SecretsUnavailable`].
    pub async fn have_sealed(
        &self,
        record: &str,
        invocation: &Invocation<'_>,
    ) -> Result<bool, Class> {
        let attempt = self.attempt(ANOTHERS, record, &[], None, invocation);
        Ok(match attempt.await? {
            Ok(_)
            | Err(
                RecordRefusal::OtherVersion
                | RecordRefusal::OtherIssuer
                | RecordRefusal::Unlinked
                | RecordRefusal::TooOld,
            ) => true,
            Err(RecordRefusal::Malformed | RecordRefusal::UnknownKey | RecordRefusal::Forged) => {
                false
            }
        })
    }

    async fn attempt(
        &self,
        by: Asker,
        record: &str,
        subjects: &[&str],
        not_before: Option<DateTime<Utc>>,
        invocation: &Invocation<'_>,
    ) -> Result<Result<VerifiedRecord, RecordRefusal>, Class> {
        let issuers: Vec<&str> = self.issuers.iter().map(String::as_str).collect();
        let expected = Expected {
            issuers: &issuers,
            provider_name: &self.provider_name,
            subjects,
            not_before,
            not_after: invocation.now + SKEW,
        };
        // Once an hour, and not for long: Amazon Cognito waits five seconds for the whole.
        self.keys.refresh(REFRESH, invocation).await;
        let attempt = self.keys.attempt(
            Shown { by, value: record },
            |keys| VerifiedRecord::open(record, keys, &expected),
            |refusal| *refusal == RecordRefusal::UnknownKey,
            invocation,
        );
        attempt.await.map_err(|_| Class::SecretsUnavailable)
    }
}

/// Why a trigger can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No secure connection is possible.
    #[error(transparent)]
    NoRootCertificates(#[from] NoRootCertificates),
    /// The keys of the records are missing or malformed.
    #[error(transparent)]
    Secret(#[from] InvalidSecret),
}

/// The bridge's name in the user pool: 3 to 32 characters, no `_`, no white space (AWS, CreateIdentityProvider; `_` ends it
/// in a username).
///
/// # Errors
///
/// What is wrong, without the value.
pub fn provider_name(value: &str) -> Result<String, String> {
    let fits = (3..=32).contains(&value.chars().count())
        && !value.contains('_')
        && !value.contains(|character: char| character.is_whitespace() || character.is_control());
    if fits {
        Ok(value.to_owned())
    } else {
        Err("must be a provider's name in the user pool: 3 to 32 characters without `_` and white space".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use http_client::SystemClock;

    use super::*;
    use crate::metrics::Measurements;

    #[test]
    fn a_provider_has_a_name_that_a_user_pool_takes() {
        let (longest, too_long) = ("名".repeat(32), "n".repeat(33));
        for name in ["MynaApp", "myna-app", "abc", "マイナ", &longest] {
            assert_eq!(provider_name(name).as_deref(), Ok(name));
        }
        for name in [
            "",
            "ab",
            &too_long,
            "Myna_App",
            "Myna App",
            "Myna　App",
            "Myna\tApp",
            "Myna\0App",
        ] {
            assert!(provider_name(name).is_err(), "{name:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_decision_takes_four_seconds_at_most_from_when_somebody_began_to_wait() {
        let (measurements, clock) = (Measurements::default(), SystemClock);
        let since = |begun| Invocation::new("a", begun, &clock, &measurements);
        let begun = tokio::time::Instant::now();
        let call = since(begun);
        assert_eq!(in_time(async { Ok(1) }, &call).await, Ok(1));
        let refused = in_time::<()>(async { Err(Class::RecordForged) }, &call).await;
        assert_eq!(refused, Err(Class::RecordForged));
        let endless = in_time::<()>(std::future::pending(), &call).await;
        assert_eq!(endless, Err(Class::TooSlow));
        let (taken, second) = (begun.elapsed(), Duration::from_secs(1));
        assert!(taken >= 4 * second && taken < 5 * second, "{taken:?}");
        // What was waited for before counts too.
        let late = in_time::<()>(std::future::pending(), &since(begun)).await;
        assert_eq!(late, Err(Class::TooSlow));
        assert!(begun.elapsed() < 5 * second);
    }
}
