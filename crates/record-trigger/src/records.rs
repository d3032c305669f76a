//! Opens verified records for the triggers of Amazon Cognito: with the ring of `RECORD_KEYS`, and
//! only if the record belongs to the user. Otherwise the record is refused with a class. Only a
//! forged record is tampering: it has a log event and a metric of its own, too.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use four_attributes::{
    Expected, Holder, MemberRecord, RecordRefusal, VerifiedPerson, VerifiedRecord,
};
use function_kit::check;
use function_kit::failure::Bilingual;
use function_kit::invocation::Invocation;
use function_kit::metrics::Count;
use function_kit::secrets::{
    Asker, Cached, InvalidSecret, Make, SecretReader, Shown, Source, sealing_keys,
};
use function_kit::settings::{
    IfUnset, Reader, form, provider_name, secret_reference, service_issuers,
};
use http_client::NoRootCertificates;
use sealing::SealingKeys;

use crate::Class;

function_kit::variables! {
    /// The keys that seal the verified records; the same as in the bridge
    RECORD_KEYS {
        ja: "検証済みの記録の暗号化鍵。ブリッジと同じもの",
        form: form::SECRET,
        if_unset: IfUnset::Refused,
        example: "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:record-keys-…",
    }
    /// The service's issuer, which has to be the same as in the record. If the service has changed
    /// its issuer, several can be set
    SERVICE_ISSUER {
        ja: "サービスの発行者。記録にある発行者と同じでなければならない。\
            サービスが発行者を変えたときは、複数書ける",
        form: Bilingual {
            en: "URLs in the form that the bridge takes (normal form, up to 255 characters each), \
                separated by spaces; they are only compared byte for byte, and never called",
            ja: "ブリッジと同じ形式の URL（正規形、それぞれ255文字まで）。空白区切り。\
                1バイトずつ比べるだけで、呼び出さない",
        },
        if_unset: IfUnset::Refused,
        example: "https://sb-auth-and-sign.go.jp/api/realms/main",
    }
    /// The bridge's name in the user pool; the same as in the bridge
    PROVIDER_NAME {
        ja: "ユーザープールでのブリッジの名前。ブリッジと同じもの",
        form: form::PROVIDER_NAME,
        if_unset: IfUnset::Refused,
        example: "MynaApp",
    }
    /// The attributes that the bridge asks for; the same as in the bridge. Other attributes are
    /// left alone in the user pool, and no claim is made from them, even if a record has them
    ATTRIBUTES {
        ja: "ブリッジが求める属性。ブリッジと同じもの。ほかの属性は、ユーザープールでは変更せず、\
            記録にあってもクレームにしない",
        form: Bilingual { en: "as in the bridge", ja: "ブリッジと同じ" },
        if_unset: IfUnset::Value("name address birthdate gender"),
        example: "name birthdate",
    }
}

/// The asker for records at our own provider. Everybody who can write the attribute can show one.
const RECORD: Asker = Asker("record");
/// The asker for records of members. No app client can write one, so fetches in vain for records of
/// sign-ins don't prevent those for members.
const MEMBER_RECORD: Asker = Asker("member record");
/// The asker for a claim with the record's name from another provider. Fetches in vain for such
/// claims don't prevent fetches for our users.
const ANOTHERS: Asker = Asker("another provider's record");
/// How long an event waits for keys that are read again because an hour has passed.
const REFRESH: Duration = Duration::from_secs(1);
/// How far ahead of our clock a verification may be: as far as the bridge lets the service's clock
/// be ahead of its own (60 s), and as far as the clocks of two functions may differ (60 s).
pub const SKEW: TimeDelta = TimeDelta::seconds(120);

/// The settings of records, which both triggers read from the same variables.
#[derive(Clone, Debug)]
pub struct RecordSettings {
    /// The reference to the keys of the records, and the variable that holds it.
    pub keys: Source,
    /// The service's issuers: the current one, and former ones.
    pub service_issuers: Vec<String>,
    /// The bridge's name in the user pool.
    pub provider_name: String,
}

impl RecordSettings {
    /// Reads all three variables before it returns `None`, so that every problem is reported.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let reference = reader.checked(RECORD_KEYS, secret_reference);
        let service_issuers = reader.checked(SERVICE_ISSUER, service_issuers);
        let provider_name = reader.checked(PROVIDER_NAME, provider_name);
        Some(Self {
            keys: Source {
                variable: RECORD_KEYS,
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
    /// Fetches the keys with which the bridge seals records.
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

    /// Opens the record of a sign-in, which has to belong to one of `subjects`. If its key is
    /// unknown, the keys are fetched again, once: they may have been rotated.
    ///
    /// # Errors
    ///
    /// The class with which the record is refused, or [`Class::SecretsUnavailable`]. The log event
    /// and the metric of a forged record are written before this returns.
    pub async fn open(
        &self,
        record: &str,
        subjects: &[&str],
        invocation: &Invocation<'_>,
    ) -> Result<VerifiedPerson, Class> {
        let attempt = self.attempt(RECORD, record, subjects, invocation);
        let opened = attempt.await?.map(|record| record.person);
        told(opened, invocation)
    }

    /// Opens the record of a member's verification, which has to belong to `holder`. The rest is as
    /// for the record of a sign-in.
    ///
    /// # Errors
    ///
    /// As of [`open`](Self::open).
    pub async fn open_member(
        &self,
        record: &str,
        holder: Holder<'_>,
        invocation: &Invocation<'_>,
    ) -> Result<VerifiedPerson, Class> {
        let issuers = self.issuers();
        let not_after = invocation.now + SKEW;
        let attempt = self.tried(MEMBER_RECORD, record, invocation, |keys| {
            MemberRecord::open(record, keys, holder, &issuers, not_after)
        });
        let opened = attempt.await?.map(|record| record.person);
        told(opened, invocation)
    }

    /// Whether the bridge sealed this record, whoever it belongs to. A forged record is not
    /// reported as tampering: another provider may use the name of the claim for something else.
    ///
    /// # Errors
    ///
    /// [`Class::SecretsUnavailable`].
    pub async fn have_sealed(
        &self,
        record: &str,
        invocation: &Invocation<'_>,
    ) -> Result<bool, Class> {
        let attempt = self.attempt(ANOTHERS, record, &[], invocation);
        Ok(match attempt.await? {
            Ok(_)
            | Err(
                RecordRefusal::OtherVersion | RecordRefusal::OtherIssuer | RecordRefusal::Unlinked,
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
        invocation: &Invocation<'_>,
    ) -> Result<Result<VerifiedRecord, RecordRefusal>, Class> {
        let issuers = self.issuers();
        let expected = Expected {
            issuers: &issuers,
            provider_name: &self.provider_name,
            subjects,
            not_after: invocation.now + SKEW,
        };
        let open = |keys: &SealingKeys| VerifiedRecord::open(record, keys, &expected);
        self.tried(by, record, invocation, open).await
    }

    fn issuers(&self) -> Vec<&str> {
        self.issuers.iter().map(String::as_str).collect()
    }

    /// Opens `record` with the known keys, and with newer ones if its key is unknown.
    async fn tried<T>(
        &self,
        by: Asker,
        record: &str,
        invocation: &Invocation<'_>,
        open: impl Fn(&SealingKeys) -> Result<T, RecordRefusal>,
    ) -> Result<Result<T, RecordRefusal>, Class> {
        // At most once an hour, and not for long: Amazon Cognito waits five seconds for the whole
        // event.
        self.keys.refresh(REFRESH, invocation).await;
        let shown = Shown { by, value: record };
        let mut tries = self.keys.tries(shown, invocation);
        while let Some(keys) = tries.next().await? {
            match open(&keys) {
                Err(RecordRefusal::UnknownKey) => {}
                opened => return Ok(opened),
            }
        }
        Ok(Err(RecordRefusal::UnknownKey))
    }
}

/// Reports a forged record, and tells which refusals are ruled out.
fn told<T>(opened: Result<T, RecordRefusal>, invocation: &Invocation<'_>) -> Result<T, Class> {
    if opened.as_ref().is_err_and(|refusal| refusal.is_tampering()) {
        let (support_id, request_id) = (invocation.support_id(), invocation.request_id);
        let support_id = support_id.as_str();
        tracing::error!(event = "tampering", support_id, request_id);
        invocation.measurements.count(Count::Tampering);
    }
    check::none_of(&RecordRefusal::ALL, opened, Class::from)
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
