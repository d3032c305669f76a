//! Tests of how a trigger opens records: with a ring of keys that is rotated while the process
//! lives, and by a clock that isn't the bridge's. If the keys can't be read, a record is neither
//! accepted nor refused. The tests set the time.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use four_attributes::{
    FourAttributes, Holder, MemberRecord, VerificationId, VerifiedAt, VerifiedPerson,
    VerifiedRecord,
};
use function_kit::invocation::Invocation;
use function_kit::metrics::Measurements;
use function_kit::reference::Reference;
use function_kit::secrets::{SecretReader, Source};
use http_client::Deadline;
use kit::{log, sealing_keys, sealing_keys_json, start};
use record_trigger::Class;
use record_trigger::records::{RecordSettings, Records};
use sealing::SystemRandomness;

fn at(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

fn ring(path: &Path, numbers: &[u8]) {
    std::fs::write(path, sealing_keys_json(numbers)).unwrap();
}

fn person() -> VerifiedPerson {
    VerifiedPerson {
        issuer: "https://service.example".to_owned(),
        subject: "subject".to_owned(),
        attributes: FourAttributes::default(),
        verified_at: VerifiedAt::Authentication(start()),
        acr: None,
    }
}

fn record(number: u8) -> String {
    let record = VerifiedRecord {
        provider_name: "MynaApp".to_owned(),
        person: person(),
    };
    record
        .seal(&sealing_keys(&[number]), &SystemRandomness)
        .unwrap()
}

const HOLDER: Holder<'static> = Holder {
    user_pool_id: "ap-northeast-1_EXAMPLE",
    sub: "57f4ea38",
};

fn member_record(number: u8) -> String {
    let record = MemberRecord {
        id: VerificationId::from_bytes([1; 16]),
        person: person(),
    };
    record
        .seal(HOLDER, &sealing_keys(&[number]), &SystemRandomness)
        .unwrap()
}

/// A [`Records`] with the ring in this file.
async fn records(path: &Path) -> Records {
    let settings = RecordSettings {
        keys: Source {
            variable: "RECORD_KEYS",
            reference: Reference::File(path.to_owned()),
        },
        service_issuers: vec!["https://service.example".to_owned()],
        provider_name: "MynaApp".to_owned(),
    };
    let records = Records::load(SecretReader::new(None), &settings, start());
    records.await.unwrap()
}

/// Opens, `seconds` after the start, a record that was verified at the start and sealed with the
/// key `number`.
async fn open(records: &Records, number: u8, seconds: i64) -> Result<(), Class> {
    let (measurements, record) = (Measurements::default(), record(number));
    let invocation = invocation(&measurements, seconds);
    let opened = records.open(&record, &["subject"], &invocation);
    opened.await.map(|_| ())
}

/// As [`open`], for the record of a member, whom `holder` says.
async fn open_member(
    records: &Records,
    number: u8,
    seconds: i64,
    holder: Holder<'_>,
) -> Result<(), Class> {
    let (measurements, record) = (Measurements::default(), member_record(number));
    let invocation = invocation(&measurements, seconds);
    let opened = records.open_member(&record, holder, &invocation);
    opened.await.map(|_| ())
}

fn invocation(measurements: &Measurements, seconds: i64) -> Invocation<'_> {
    Invocation {
        request_id: "a",
        now: at(seconds),
        begun: tokio::time::Instant::now(),
        deadline: Deadline::after(Duration::from_secs(60)),
        measurements,
    }
}

/// Anybody can show records of sign-ins with unknown keys. That must not keep the keys from being
/// fetched for a member's record, which no user can write.
#[tokio::test]
async fn a_members_record_opens_for_its_holder_also_beside_unknown_records_of_sign_ins() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("records");
    ring(&path, &[1]);
    let records = records(&path).await;
    let another = Holder {
        sub: "another",
        ..HOLDER
    };
    assert_eq!(open_member(&records, 1, -120, HOLDER).await, Ok(()));
    let ahead = open_member(&records, 1, -121, HOLDER).await;
    assert_eq!(ahead, Err(Class::RecordMalformed));
    let copied = open_member(&records, 1, 0, another).await;
    assert_eq!(copied, Err(Class::RecordUnlinked));
    for unknown in [7, 8, 9] {
        let refused = open(&records, unknown, 0).await;
        assert_eq!(refused, Err(Class::RecordUnknownKey));
    }
    ring(&path, &[2, 1]);
    assert_eq!(open(&records, 2, 1).await, Err(Class::RecordUnknownKey));
    assert_eq!(open_member(&records, 2, 1, HOLDER).await, Ok(()));
    assert_eq!(open_member(&records, 1, 1, HOLDER).await, Ok(()));
}

#[tokio::test]
async fn a_record_of_a_verification_that_has_yet_to_come_is_malformed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("records");
    ring(&path, &[1]);
    let records = records(&path).await;
    // The bridge lets the service's clock be a minute ahead of its own, and the trigger's clock may
    // differ from the bridge's by a minute.
    assert_eq!(open(&records, 1, -120).await, Ok(()));
    let ahead = open(&records, 1, -121).await;
    assert_eq!(ahead, Err(Class::RecordMalformed));
}

/// In one process that never stops: a record of a new key opens after one fetch, and a record of a
/// removed key no longer opens after an hour.
#[tokio::test]
async fn the_keys_of_the_records_are_rotated_while_the_process_lives() {
    let (_log, _guard) = log();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("records");
    ring(&path, &[1]);
    let records = records(&path).await;
    let open = async |number: u8, seconds: i64| open(&records, number, seconds).await;
    assert_eq!(open(1, 0).await, Ok(()));
    assert_eq!(open(2, 0).await, Err(Class::RecordUnknownKey));
    // The new key is put in front. It is found also a moment after another user's record with an
    // unknown key. The old key still opens.
    assert_eq!(open(7, 9).await, Err(Class::RecordUnknownKey));
    ring(&path, &[2, 1]);
    assert_eq!(open(2, 10).await, Ok(()));
    assert_eq!(open(1, 11).await, Ok(()));
    // The old key is removed. For an hour nothing is fetched; after that, its records no longer
    // open.
    ring(&path, &[2]);
    assert_eq!(open(1, 10 + 3_599).await, Ok(()));
    assert_eq!(open(1, 10 + 3_600).await, Err(Class::RecordUnknownKey));
    assert_eq!(open(2, 10 + 3_600).await, Ok(()));
    // If the ring can't be read, a record with an unknown key is not refused: the key may be a new
    // one.
    std::fs::remove_file(&path).unwrap();
    for seconds in [7_000, 7_005] {
        assert_eq!(open(3, seconds).await, Err(Class::SecretsUnavailable));
        assert_eq!(open(2, seconds).await, Ok(()));
    }
    // Keys that are known are used for a day at most.
    assert_eq!(open(2, 3_610 + 86_399).await, Ok(()));
    assert_eq!(
        open(2, 3_610 + 86_400).await,
        Err(Class::SecretsUnavailable)
    );
}
