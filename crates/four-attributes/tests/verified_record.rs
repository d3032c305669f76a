//! Tests of the verified record: what it keeps, and when it is refused. Every sign-in of a user
//! relies on that.
//! The first tests are examples, each with one reason to fail. The last ones are properties of all
//! records and of all changes to one.
//! The form of a sealed record is pinned, because records stay in user pools for years.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that can't go on fails"
)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use four_attributes::{
    BirthDate, Expected, FourAttributes, Gender, MAXIMUM_RECORD_BYTES, Name, RecordRefusal,
    SealRecordError, VerifiedAt, VerifiedPerson, VerifiedRecord,
};
use kit::{Exhausted, Repeating, sealing_keys};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use sealing::{SealError, SystemRandomness};

const ISSUER: &str = "https://service.example/realms/main";
const PROVIDER_NAME: &str = "DigitalAuth";
const SUBJECT: &str = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed";

/// [`record`], sealed with the key of all ones and the nonce of all sevens. It was computed with
/// another implementation: postcard by its specification, and AES-GCM-SIV of the Python package
/// `cryptography`.
const GOLDEN: &str = "AeBhwiMHBwcHBwcHBwcHBwc7vEFxHvigC0zIsgOlS-ZtA2AeTtNoA5u0JwYimgfHxRKczqAWaMG_-5YRwrmADzaWAXnOoLurYB7kZnYFdxPOxJrmACG4YOerz9pi51_9Y2qn7v6HCDw-g4EjaFeL61ctgL1TWsnECbdDE5AIs-lwRCdjFbAh4uZLFLzgdoWMKz_U17hbmtiQBoKPIzJMeyZjNSt11wm6VBCmnFrDKIHXX4pyoj9_6rJ0hFuiLfUPIIZZY3EcIGimGCWYGddowhIkmJi7nxPY9rWF6Q";

fn time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn record() -> VerifiedRecord {
    VerifiedRecord {
        provider_name: PROVIDER_NAME.to_owned(),
        person: VerifiedPerson {
            issuer: ISSUER.to_owned(),
            subject: SUBJECT.to_owned(),
            attributes: FourAttributes {
                name: Some("山田　太郎".parse().unwrap()),
                address: Some("東京都千代田区永田町１丁目７番１号".parse().unwrap()),
                birth_date: Some("19850300".parse().unwrap()),
                gender: Some(Gender::NotApplicable),
            },
            verified_at: VerifiedAt::Authentication(time()),
            acr: Some("aal3 crl".to_owned()),
        },
    }
}

/// [`record`], of a person who was changed so.
fn record_of(change: impl FnOnce(&mut VerifiedPerson)) -> VerifiedRecord {
    let mut record = record();
    change(&mut record.person);
    record
}

fn expected() -> Expected<'static> {
    Expected {
        issuers: &[ISSUER],
        provider_name: PROVIDER_NAME,
        subjects: &[SUBJECT],
        not_after: time(),
    }
}

fn seal(record: &VerifiedRecord) -> String {
    record.seal(&sealing_keys(&[1]), &SystemRandomness).unwrap()
}

fn open(sealed: &str, expected: &Expected<'_>) -> Result<VerifiedRecord, RecordRefusal> {
    VerifiedRecord::open(sealed, &sealing_keys(&[1]), expected)
}

/// Seals the record, and opens it for the user whom it belongs to.
fn opened(record: &VerifiedRecord) -> Result<VerifiedRecord, RecordRefusal> {
    let expected = Expected {
        issuers: &[&record.person.issuer],
        provider_name: &record.provider_name,
        subjects: &[&record.person.subject],
        not_after: record.person.verified_at.time(),
    };
    open(&seal(record), &expected)
}

#[test]
fn pass_all_of_it_comes_back() {
    assert_eq!(open(&seal(&record()), &expected()), Ok(record()));
}

#[test]
fn pass_what_was_not_asked_for_and_not_given_stays_absent() {
    let record = record_of(|person| {
        person.attributes = FourAttributes::default();
        person.acr = None;
    });
    assert_eq!(opened(&record), Ok(record));
}

#[test]
fn pass_every_gender_and_every_birth_date_in_part_survives() {
    for gender in [
        Gender::Male,
        Gender::Female,
        Gender::Other,
        Gender::NotApplicable,
    ] {
        for birth_date in ["1985-03-15", "1985-03-00", "1985-00-00", "2004-02-29"] {
            let record = record_of(|person| {
                person.attributes.gender = Some(gender);
                person.attributes.birth_date = Some(birth_date.parse().unwrap());
            });
            assert_eq!(opened(&record), Ok(record), "{birth_date}");
        }
    }
}

#[test]
fn pass_both_times_of_verification_are_told_apart_and_kept_in_whole_seconds() {
    let finer = time() + TimeDelta::milliseconds(999);
    for (given, kept) in [
        (
            VerifiedAt::Authentication(finer),
            VerifiedAt::Authentication(time()),
        ),
        (VerifiedAt::IssuedAt(finer), VerifiedAt::IssuedAt(time())),
    ] {
        let record = record_of(|person| person.verified_at = given);
        let opened = opened(&record).unwrap().person;
        assert_eq!(opened.verified_at, kept);
        assert_eq!(opened.verified_at.time(), time());
    }
}

#[test]
fn pass_the_form_never_changes() {
    assert_eq!(
        record().seal(&sealing_keys(&[1]), &Repeating(7)).unwrap(),
        GOLDEN,
        "another form: what lies in user pools must still open, so this needs another version"
    );
    assert_eq!(open(GOLDEN, &expected()), Ok(record()));
}

#[test]
fn pass_two_seals_of_one_record_differ() {
    assert_ne!(seal(&record()), seal(&record()));
}

/// A person with the longest of everything, whose name and address are of this character.
fn longest_person(character: &str) -> VerifiedPerson {
    let issuer = format!("https://{}.example", "i".repeat(44));
    assert_eq!(issuer.len(), 60);
    VerifiedPerson {
        issuer,
        subject: "s".repeat(95),
        attributes: FourAttributes {
            name: Some(character.repeat(100).parse().unwrap()),
            address: Some(character.repeat(200).parse().unwrap()),
            birth_date: Some("1985-03-15".parse().unwrap()),
            gender: Some(Gender::Female),
        },
        verified_at: VerifiedAt::IssuedAt(time()),
        acr: Some("a".repeat(40)),
    }
}

#[test]
fn pass_the_longest_of_everything_fits() {
    for character in ["山", "\u{20BB7}", "\u{2A6DF}"] {
        let record = VerifiedRecord {
            provider_name: "p".repeat(32),
            person: longest_person(character),
        };
        let length = seal(&record).len();
        assert!(length <= MAXIMUM_RECORD_BYTES, "{length}");
        assert_eq!(opened(&record), Ok(record));
    }
}

#[test]
fn pass_up_to_2047_bytes_and_fail_with_one_more() {
    // Found by trying, so that this test doesn't depend on how the form uses its bytes.
    let of = |length: usize| record_of(|person| person.subject = "s".repeat(length));
    let longest = (0..2_048)
        .rev()
        .find(|length| {
            of(*length)
                .seal(&sealing_keys(&[1]), &SystemRandomness)
                .is_ok()
        })
        .unwrap();
    assert_eq!(seal(&of(longest)).len(), 2_047);
    assert_eq!(opened(&of(longest)), Ok(of(longest)));
    for length in [longest + 1, longest + 2, 5_000] {
        assert_eq!(
            of(length).seal(&sealing_keys(&[1]), &SystemRandomness),
            Err(SealRecordError::TooLong)
        );
    }
}

#[test]
fn fail_without_randomness() {
    assert_eq!(
        record().seal(&sealing_keys(&[1]), &Exhausted),
        Err(SealRecordError::Seal(SealError))
    );
}

#[test]
fn pass_every_earlier_record_opens_after_two_rotations() {
    for keys in [&[1][..], &[2, 1], &[3, 2, 1]] {
        let opened = VerifiedRecord::open(&seal(&record()), &sealing_keys(keys), &expected());
        assert_eq!(opened, Ok(record()), "{keys:?}");
    }
    let second = record()
        .seal(&sealing_keys(&[2, 1]), &SystemRandomness)
        .unwrap();
    assert_eq!(
        VerifiedRecord::open(&second, &sealing_keys(&[3, 2, 1]), &expected()),
        Ok(record())
    );
}

#[test]
fn fail_with_a_key_that_was_removed() {
    assert_eq!(
        VerifiedRecord::open(&seal(&record()), &sealing_keys(&[3, 2]), &expected()),
        Err(RecordRefusal::UnknownKey)
    );
}

#[test]
fn fail_with_a_sealed_value_of_another_purpose() {
    let another = sealing_keys(&[1])
        .seal(
            b"digital-auth federation access token",
            &[0; 16],
            b"{}",
            &SystemRandomness,
        )
        .unwrap();
    assert_eq!(open(&another, &expected()), Err(RecordRefusal::Forged));
}

#[test]
fn fail_with_another_users_record() {
    let of_another = Expected {
        subjects: &["7d5f", "8e6a"],
        ..expected()
    };
    assert_eq!(
        open(&seal(&record()), &of_another),
        Err(RecordRefusal::Unlinked)
    );
}

#[test]
fn pass_with_any_of_the_users_subjects_and_fail_with_none() {
    let sealed = seal(&record());
    let any = Expected {
        subjects: &["7d5f", SUBJECT],
        ..expected()
    };
    assert_eq!(open(&sealed, &any), Ok(record()));
    let none = Expected {
        subjects: &[],
        ..expected()
    };
    assert_eq!(open(&sealed, &none), Err(RecordRefusal::Unlinked));
}

#[test]
fn fail_with_a_subject_that_is_not_exactly_the_same() {
    let sealed = seal(&record());
    let upper = SUBJECT.to_uppercase();
    let longer = format!("{SUBJECT}0");
    for subject in [&upper, &longer, "", "1b9d"] {
        let almost = Expected {
            subjects: &[subject],
            ..expected()
        };
        assert_eq!(open(&sealed, &almost), Err(RecordRefusal::Unlinked));
    }
}

#[test]
fn fail_with_a_record_that_came_through_another_provider() {
    for provider_name in ["Another", "digitalauth", ""] {
        let another = Expected {
            provider_name,
            ..expected()
        };
        assert_eq!(
            open(&seal(&record()), &another),
            Err(RecordRefusal::Unlinked)
        );
    }
}

#[test]
fn fail_with_a_record_of_another_environment() {
    let sandbox = "https://sb-auth-and-sign.go.jp/api/realms/main";
    let record = record_of(|person| person.issuer = sandbox.to_owned());
    let production = Expected {
        issuers: &["https://auth-and-sign.go.jp/api/realms/main"],
        ..expected()
    };
    assert_eq!(
        open(&seal(&record), &production),
        Err(RecordRefusal::OtherIssuer)
    );
}

/// Only a defect of the software that sealed the record can cause a future time. Without this check
/// the record would count until then, and as long after it as any other record.
#[test]
fn fail_a_verification_that_has_yet_to_come() {
    for verified_at in [VerifiedAt::Authentication, VerifiedAt::IssuedAt] {
        let record = record_of(|person| person.verified_at = verified_at(time()));
        let sealed = seal(&record);
        let until = |not_after| Expected {
            not_after,
            ..expected()
        };
        let second = TimeDelta::seconds(1);
        assert_eq!(open(&sealed, &until(time() + second)), Ok(record.clone()));
        assert_eq!(open(&sealed, &until(time())), Ok(record));
        let within = time() - TimeDelta::milliseconds(1);
        for refused in [within, time() - second, DateTime::<Utc>::MIN_UTC] {
            let opened = open(&sealed, &until(refused));
            assert_eq!(opened, Err(RecordRefusal::Malformed));
        }
        // A time in milliseconds that was sealed as if it were seconds.
        let in_milliseconds = DateTime::from_timestamp(time().timestamp_millis(), 0).unwrap();
        let milliseconds = record_of(|person| person.verified_at = verified_at(in_milliseconds));
        let opened = open(&seal(&milliseconds), &until(time() + second));
        assert_eq!(opened, Err(RecordRefusal::Malformed));
    }
}

#[test]
fn the_first_reason_counts() {
    let sealed = seal(&record());
    let nobody = Expected {
        issuers: &["another"],
        provider_name: "another",
        subjects: &[],
        not_after: time(),
    };
    let yet_to_come = Expected {
        not_after: time() - TimeDelta::seconds(1),
        ..nobody
    };
    let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
    let changed = |positions: &[usize]| {
        let mut bytes = bytes.clone();
        for at in positions {
            bytes[*at] ^= 1;
        }
        URL_SAFE_NO_PAD.encode(bytes)
    };
    let last = bytes.len() - 1;
    let too_long = sealed.repeat(2_048 / sealed.len() + 1);
    for (sealed, expected, refusal) in [
        (changed(&[0, 1, last]), nobody, RecordRefusal::Malformed),
        (too_long, nobody, RecordRefusal::Malformed),
        (changed(&[1, last]), nobody, RecordRefusal::UnknownKey),
        (changed(&[last]), nobody, RecordRefusal::Forged),
        (sealed_plaintext(b"\x01"), nobody, RecordRefusal::Malformed),
        (sealed.clone(), yet_to_come, RecordRefusal::Malformed),
        (sealed.clone(), nobody, RecordRefusal::OtherIssuer),
        (
            sealed.clone(),
            Expected {
                issuers: &[ISSUER],
                ..nobody
            },
            RecordRefusal::Unlinked,
        ),
    ] {
        assert_eq!(open(&sealed, &expected), Err(refusal));
    }
}

#[test]
fn only_what_was_altered_is_tampering() {
    for (refusal, is_tampering) in [
        (RecordRefusal::Malformed, false),
        (RecordRefusal::UnknownKey, false),
        (RecordRefusal::Forged, true),
        (RecordRefusal::OtherIssuer, false),
        (RecordRefusal::Unlinked, false),
    ] {
        assert_eq!(refusal.is_tampering(), is_tampering, "{refusal:?}");
    }
}

#[test]
fn fail_every_other_byte_at_every_place() {
    let sealed = seal(&record());
    let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
    for at in 0..bytes.len() {
        let expected_refusal = match at {
            0 => RecordRefusal::Malformed,
            1..=4 => RecordRefusal::UnknownKey,
            _ => RecordRefusal::Forged,
        };
        for byte in (0..=255).filter(|byte| *byte != bytes[at]) {
            let mut changed = bytes.clone();
            changed[at] = byte;
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(
                open(&changed, &expected()),
                Err(expected_refusal),
                "{byte} at {at}"
            );
        }
    }
}

#[test]
fn fail_every_other_character_at_every_place() {
    let sealed = seal(&record());
    for at in 0..sealed.len() {
        let (front, rest) = sealed.split_at(at);
        let (character, back) = rest.split_at(1);
        for other in (0..128_u8).map(char::from) {
            if character.starts_with(other) {
                continue;
            }
            let changed = format!("{front}{other}{back}");
            assert!(open(&changed, &expected()).is_err(), "{other:?} at {at}");
        }
    }
}

#[test]
fn fail_shorter_and_longer() {
    let sealed = seal(&record());
    for at in 0..sealed.len() {
        assert!(open(&sealed[..at], &expected()).is_err(), "up to {at}");
        if at > 0 {
            assert!(open(&sealed[at..], &expected()).is_err(), "from {at}");
        }
    }
    for more in ["A", "AA", "AAAA", "=", "==", " ", "\n", "\0", "　"] {
        for changed in [format!("{sealed}{more}"), format!("{more}{sealed}")] {
            assert!(open(&changed, &expected()).is_err(), "{more:?}");
        }
    }
    assert!(open(&sealed.repeat(2), &expected()).is_err());
}

#[test]
fn fail_with_what_is_no_record_at_all() {
    let long = "A".repeat(1_000_000);
    for text in [
        "",
        " ",
        "null",
        "山田　太郎",
        "{}",
        &long,
        &"A".repeat(2_047),
    ] {
        assert_eq!(
            open(text, &expected()),
            Err(RecordRefusal::Malformed),
            "{}",
            text.len()
        );
    }
}

/// Seals any plaintext as if it were a record's.
fn sealed_plaintext(plaintext: &[u8]) -> String {
    sealing_keys(&[1])
        .seal(
            b"digital-auth verified record",
            &[],
            plaintext,
            &SystemRandomness,
        )
        .unwrap()
}

/// The plaintext of a record. Tests change it to get what software with the key could seal by
/// mistake.
fn plaintext() -> Vec<u8> {
    let opened = sealing_keys(&[1]).open::<0>(b"digital-auth verified record", GOLDEN);
    opened.unwrap().plaintext.to_vec()
}

#[test]
fn fail_with_another_version_or_with_more_or_less_than_a_record() {
    let known = plaintext();
    assert!(open(&sealed_plaintext(&known), &expected()).is_ok());
    for version in [0, 2, 255] {
        let mut other = known.clone();
        other[0] = version;
        assert_eq!(
            open(&sealed_plaintext(&other), &expected()),
            Err(RecordRefusal::OtherVersion)
        );
    }
    for end in 0..known.len() {
        assert_eq!(
            open(&sealed_plaintext(&known[..end]), &expected()),
            Err(RecordRefusal::Malformed)
        );
    }
    assert_eq!(
        open(
            &sealed_plaintext(&[&known[..], b"\0"].concat()),
            &expected()
        ),
        Err(RecordRefusal::Malformed)
    );
}

/// The plaintext with one text replaced by another one of the same length.
fn with(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut plaintext = plaintext();
    let at = plaintext
        .windows(from.len())
        .position(|window| window == from.as_bytes())
        .unwrap();
    plaintext[at..at + to.len()].copy_from_slice(to.as_bytes());
    plaintext
}

#[test]
fn fail_with_attributes_that_no_type_takes() {
    for (from, to) in [
        ("山田　太郎", "山\u{202E}田太郎"),
        ("山田　太郎", "　　　　　"),
        ("東京都", "東\n\n\n都"),
        ("1985-03-00", "1985-13-00"),
        ("1985-03-00", "1985-00-15"),
        ("1985-03-00", "1985/03/00"),
    ] {
        assert_eq!(
            open(&sealed_plaintext(&with(from, to)), &expected()),
            Err(RecordRefusal::Malformed),
            "{to:?}"
        );
    }
    // The gender is stored as one character after its length.
    assert_eq!(
        open(
            &sealed_plaintext(&with("\u{1}\u{1}9", "\u{1}\u{1}4")),
            &expected()
        ),
        Err(RecordRefusal::Malformed)
    );
}

#[test]
fn pass_nothing_personal_is_shown() {
    let expected_by = expected();
    let shown = format!(
        "{:?} {:?} {expected_by:?}",
        record(),
        open(GOLDEN, &expected())
    );
    assert!(shown.contains(ISSUER) && shown.contains(PROVIDER_NAME));
    for personal in ["1b9d6bcd", "山田", "東京", "1985", "aal3"] {
        assert!(!shown.contains(personal), "{personal}");
    }
    for refusal in [
        RecordRefusal::Malformed,
        RecordRefusal::UnknownKey,
        RecordRefusal::Forged,
        RecordRefusal::OtherIssuer,
        RecordRefusal::Unlinked,
    ] {
        assert!(refusal.to_string().starts_with("the verified record "));
    }
}

/// A text of up to `most` characters, as names and addresses may be.
fn text(most: usize) -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => select(vec!['山', '田', '　', '１', '髙', '\u{20BB7}', '\u{E0100}', 'A', '-', '"']),
        1 => any::<char>().prop_filter("one that a name takes", |character| {
            // The tests of texts check which characters these are.
            format!("町{character}").parse::<Name>().is_ok()
        }),
    ];
    vec(character, 0..most).prop_map(|rest| {
        let mut text = "町".to_owned();
        text.extend(rest);
        text
    })
}

fn birth_date() -> impl Strategy<Value = BirthDate> {
    (1800..=9999_u16, 0..=12_u8, 0..=31_u8).prop_filter_map("a date", |(year, month, day)| {
        format!("{year:04}{month:02}{day:02}").parse().ok()
    })
}

fn attributes() -> impl Strategy<Value = FourAttributes> {
    let gender = select(vec![
        Gender::Male,
        Gender::Female,
        Gender::Other,
        Gender::NotApplicable,
    ]);
    (
        option::of(text(100)),
        option::of(text(200)),
        option::of(birth_date()),
        option::of(gender),
    )
        .prop_map(|(name, address, birth_date, gender)| FourAttributes {
            name: name.map(|name| name.parse().unwrap()),
            address: address.map(|address| address.parse().unwrap()),
            birth_date,
            gender,
        })
}

fn verified_at() -> impl Strategy<Value = VerifiedAt> {
    let seconds = prop_oneof![
        0..=10_000_000_000_i64,
        DateTime::<Utc>::MIN_UTC.timestamp()..=DateTime::<Utc>::MAX_UTC.timestamp(),
    ];
    (seconds, any::<bool>()).prop_map(|(seconds, is_authentication)| {
        let time = DateTime::from_timestamp(seconds, 0).unwrap();
        if is_authentication {
            VerifiedAt::Authentication(time)
        } else {
            VerifiedAt::IssuedAt(time)
        }
    })
}

fn any_record() -> impl Strategy<Value = VerifiedRecord> {
    (
        "https://[a-z./]{1,52}",
        "[!-~]{1,95}",
        "[!-^`-~]{3,32}",
        attributes(),
        verified_at(),
        option::of("[ -~]{0,40}"),
    )
        .prop_map(
            |(issuer, subject, provider_name, attributes, verified_at, acr)| VerifiedRecord {
                provider_name,
                person: VerifiedPerson {
                    issuer,
                    subject,
                    attributes,
                    verified_at,
                    acr,
                },
            },
        )
}

proptest! {
    /// Every record within the service's limits fits, comes back as it was, and is plain text when
    /// sealed.
    #[test]
    fn every_record_comes_back(record in any_record()) {
        let sealed = seal(&record);
        prop_assert!(sealed.len() <= MAXIMUM_RECORD_BYTES);
        prop_assert!(
            sealed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
        prop_assert_eq!(opened(&record), Ok(record));
    }

    /// A sealed text in which one character was changed, added or removed is refused.
    #[test]
    fn no_changed_record_opens(
        record in any_record(), at in any::<Index>(), other in any::<char>(),
    ) {
        let sealed = seal(&record);
        let at = at.index(sealed.len());
        let (front, back) = sealed.split_at(at);
        let expected = Expected {
            issuers: &[&record.person.issuer],
            provider_name: &record.provider_name,
            subjects: &[&record.person.subject],
            not_after: DateTime::<Utc>::MAX_UTC,
        };
        let without = format!("{front}{}", &back[1..]);
        prop_assert!(open(&without, &expected).is_err());
        let more = format!("{front}{other}{back}");
        prop_assert!(open(&more, &expected).is_err());
        if !back.starts_with(other) {
            let changed = format!("{front}{other}{}", &back[1..]);
            prop_assert!(open(&changed, &expected).is_err());
        }
    }

    /// A sealed value in which one byte was changed before base64url is refused.
    #[test]
    fn no_changed_byte_opens(record in any_record(), at in any::<Index>(), change in 1..=255_u8) {
        let mut bytes = URL_SAFE_NO_PAD.decode(seal(&record)).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        let expected = Expected {
            issuers: &[&record.person.issuer],
            provider_name: &record.provider_name,
            subjects: &[&record.person.subject],
            not_after: DateTime::<Utc>::MAX_UTC,
        };
        let refusal = match at {
            0 => RecordRefusal::Malformed,
            1..=4 => RecordRefusal::UnknownKey,
            _ => RecordRefusal::Forged,
        };
        prop_assert_eq!(open(&URL_SAFE_NO_PAD.encode(bytes), &expected), Err(refusal));
    }

    /// The record of one user never counts for another.
    #[test]
    fn no_record_counts_for_another_user(
        record in any_record(), others in vec("[!-~]{1,95}", 0..4),
    ) {
        let others: Vec<_> = others
            .iter()
            .map(String::as_str)
            .filter(|other| *other != record.person.subject)
            .collect();
        let expected = Expected {
            issuers: &[&record.person.issuer],
            provider_name: &record.provider_name,
            subjects: &others,
            not_after: DateTime::<Utc>::MAX_UTC,
        };
        prop_assert_eq!(open(&seal(&record), &expected), Err(RecordRefusal::Unlinked));
    }

    /// Whatever else an attribute may hold is refused, and nothing panics.
    #[test]
    fn nothing_else_is_a_record(text in any::<String>(), bytes in vec(any::<u8>(), 0..1_600)) {
        prop_assert!(open(&text, &expected()).is_err());
        prop_assert!(open(&URL_SAFE_NO_PAD.encode(&bytes), &expected()).is_err());
        let sealed = sealed_plaintext(&[&[1], &bytes[..]].concat());
        prop_assert!(open(&sealed, &expected()).is_err());
    }
}
