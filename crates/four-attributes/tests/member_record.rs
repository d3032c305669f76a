//! Tests of the record of a member's verification: what it keeps, and for whom it counts.
//! What it has in common with the record of a sign-in is tested there.
//! The form is pinned, because records stay in user pools for years.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use four_attributes::{
    Expected, FourAttributes, Gender, Holder, MAXIMUM_RECORD_BYTES, MemberRecord, RecordRefusal,
    SealRecordError, VerificationId, VerifiedAt, VerifiedPerson, VerifiedRecord,
};
use kit::{Exhausted, Repeating, sealing_keys};
use sealing::{SealError, SystemRandomness};

const ISSUER: &str = "https://service.example/realms/main";
const SUBJECT: &str = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed";
const HOLDER: Holder<'static> = Holder {
    user_pool_id: "ap-northeast-1_EXAMPLE",
    sub: "3f2a7c1e-5b1d-4c7e-9a55-0d6f3f1b2a10",
};

/// [`record`], sealed for [`HOLDER`] with the key of all ones and the nonce of all sevens. It was
/// computed with another implementation: postcard by its specification, and AES-GCM-SIV of the
/// Python package `cryptography`.
const GOLDEN: &str = "AeBhwiMHBwcHBwcHBwcHBwd3l8LhEG1qWb-3ef5FQjB6z2ZGnG84gjha9-1bCiBbUS5434Q776WUnh2R2sC7TWHVvUeo_v9X7RRDfibOykpxuSGRlF9QlzEW4kBfi-3sWNYl7n6PEGqjKSRx9wb2Ge7tRoSZ3qnrvrWfR0GjWIGNwbtcMdO4qgZzJMRJeW5JyYkO0ENk7_0ahrNwIJM512lItOLetjXVgyfSeVweEBhoLDc3mWXAMw2_7rY22evwmvr9KLgNYpdqbxMkeTL0mlDBPYF7O97tH6_zTtaPqROmStKWtGxd2BDRab-PI1eQ9bgI4QSaBjEKI8uAv4ijmA";

fn time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn record() -> MemberRecord {
    MemberRecord {
        id: VerificationId::from_bytes([5; 16]),
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

fn seal(record: &MemberRecord) -> String {
    let sealed = record.seal(HOLDER, &sealing_keys(&[1]), &SystemRandomness);
    sealed.unwrap()
}

fn open(sealed: &str, holder: Holder<'_>) -> Result<MemberRecord, RecordRefusal> {
    MemberRecord::open(sealed, &sealing_keys(&[1]), holder, &[ISSUER], time())
}

#[test]
fn the_form_never_changes() {
    let sealed = record().seal(HOLDER, &sealing_keys(&[1]), &Repeating(7));
    assert_eq!(
        sealed.unwrap(),
        GOLDEN,
        "another form: what lies in user pools must still open, so this needs another version"
    );
    assert_eq!(open(GOLDEN, HOLDER), Ok(record()));
    let id = MemberRecord::id_of(GOLDEN, &sealing_keys(&[1]), HOLDER);
    assert_eq!(id, Ok(record().id));
}

#[test]
fn a_record_counts_for_its_holder_alone() {
    for other in [
        Holder {
            sub: "7d5f7c1e-5b1d-4c7e-9a55-0d6f3f1b2a10",
            ..HOLDER
        },
        Holder {
            user_pool_id: "ap-northeast-1_ANOTHER",
            ..HOLDER
        },
        // Upper and lower case are told apart, and the border between the two parts counts.
        Holder {
            sub: "3F2A7C1E-5B1D-4C7E-9A55-0D6F3F1B2A10",
            ..HOLDER
        },
        Holder {
            user_pool_id: "ap-northeast-1_EXAMPLE3",
            sub: "f2a7c1e-5b1d-4c7e-9a55-0d6f3f1b2a10",
        },
        Holder { sub: "", ..HOLDER },
    ] {
        assert_eq!(open(GOLDEN, other), Err(RecordRefusal::Unlinked));
        let id = MemberRecord::id_of(GOLDEN, &sealing_keys(&[1]), other);
        assert_eq!(id, Err(RecordRefusal::Unlinked));
    }
}

#[test]
fn the_records_of_the_two_kinds_do_not_open_as_each_other() {
    let of_a_sign_in = VerifiedRecord {
        provider_name: HOLDER.user_pool_id.to_owned(),
        person: record().person,
    };
    let keys = sealing_keys(&[1]);
    let sealed = of_a_sign_in.seal(&keys, &SystemRandomness).unwrap();
    assert_eq!(open(&sealed, HOLDER), Err(RecordRefusal::Forged));
    let expected = Expected {
        issuers: &[ISSUER],
        provider_name: HOLDER.user_pool_id,
        subjects: &[SUBJECT],
        not_after: time(),
    };
    let opened = VerifiedRecord::open(GOLDEN, &keys, &expected);
    assert_eq!(opened, Err(RecordRefusal::Forged));
}

#[test]
fn every_changed_bit_is_refused() {
    let bytes = URL_SAFE_NO_PAD.decode(GOLDEN).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let refusal = match at {
            0 => RecordRefusal::Malformed,
            1..=4 => RecordRefusal::UnknownKey,
            _ => RecordRefusal::Forged,
        };
        let opened = open(&URL_SAFE_NO_PAD.encode(changed), HOLDER);
        assert_eq!(opened, Err(refusal), "byte {at}");
    }
    assert_eq!(open("", HOLDER), Err(RecordRefusal::Malformed));
    let long = GOLDEN.repeat(2_048 / GOLDEN.len() + 1);
    assert_eq!(open(&long, HOLDER), Err(RecordRefusal::Malformed));
}

#[test]
fn the_first_reason_counts() {
    let keys = sealing_keys(&[1]);
    let nobody = Holder { sub: "", ..HOLDER };
    let open = |issuers: &[&str], holder, not_after| {
        MemberRecord::open(GOLDEN, &keys, holder, issuers, not_after)
    };
    let before = time() - TimeDelta::seconds(1);
    for (opened, refusal) in [
        (open(&["another"], nobody, before), RecordRefusal::Malformed),
        (
            open(&["another"], nobody, time()),
            RecordRefusal::OtherIssuer,
        ),
        (open(&[ISSUER], nobody, time()), RecordRefusal::Unlinked),
    ] {
        assert_eq!(opened, Err(refusal));
    }
    let other_key = MemberRecord::open(GOLDEN, &sealing_keys(&[2]), HOLDER, &[ISSUER], time());
    assert_eq!(other_key, Err(RecordRefusal::UnknownKey));
}

#[test]
fn what_another_version_or_a_defect_sealed_is_told_apart() {
    let sealed = |plaintext: &[u8]| {
        let purpose = b"digital-auth member record";
        let sealed = sealing_keys(&[1]).seal(purpose, &[], plaintext, &SystemRandomness);
        sealed.unwrap()
    };
    let plaintext = sealing_keys(&[1])
        .open::<0>(b"digital-auth member record", GOLDEN)
        .unwrap()
        .plaintext;
    assert_eq!(open(&sealed(&plaintext), HOLDER), Ok(record()));
    for version in [0, 2, 255] {
        let other = [&[version], &plaintext[1..]].concat();
        assert_eq!(
            open(&sealed(&other), HOLDER),
            Err(RecordRefusal::OtherVersion)
        );
    }
    let longer = [&plaintext[..], &[0]].concat();
    for wrong in [&b""[..], &plaintext[..plaintext.len() - 1], &longer] {
        assert_eq!(open(&sealed(wrong), HOLDER), Err(RecordRefusal::Malformed));
    }
}

#[test]
fn the_longest_of_everything_fits_and_more_is_refused() {
    let holder = Holder {
        user_pool_id: "ap-northeast-1_AbCdEfGhIj",
        ..HOLDER
    };
    let with_subject = |length: usize| MemberRecord {
        person: VerifiedPerson {
            issuer: format!("https://{}.example", "i".repeat(44)),
            subject: "s".repeat(length),
            attributes: FourAttributes {
                name: Some("\u{2A6DF}".repeat(100).parse().unwrap()),
                address: Some("\u{2A6DF}".repeat(200).parse().unwrap()),
                birth_date: Some("1985-03-15".parse().unwrap()),
                gender: Some(Gender::Female),
            },
            verified_at: VerifiedAt::IssuedAt(time()),
            acr: Some("a".repeat(40)),
        },
        ..record()
    };
    let keys = sealing_keys(&[1]);
    let longest = with_subject(95);
    let sealed = longest.seal(holder, &keys, &SystemRandomness).unwrap();
    assert!(sealed.len() <= MAXIMUM_RECORD_BYTES, "{}", sealed.len());
    let issuer = longest.person.issuer.as_str();
    let opened = MemberRecord::open(&sealed, &keys, holder, &[issuer], time());
    assert_eq!(opened, Ok(longest.clone()));
    let too_long = with_subject(300).seal(holder, &keys, &SystemRandomness);
    assert_eq!(too_long, Err(SealRecordError::TooLong));
}

#[test]
fn without_randomness_there_is_no_record_and_no_id() {
    let sealed = record().seal(HOLDER, &sealing_keys(&[1]), &Exhausted);
    assert_eq!(sealed, Err(SealRecordError::Seal(SealError)));
    assert!(VerificationId::new(&Exhausted).is_err());
    let ids = [(); 2].map(|()| VerificationId::new(&SystemRandomness).unwrap());
    assert_ne!(ids[0], ids[1]);
    assert_eq!(VerificationId::from_bytes(ids[0].bytes()), ids[0]);
}

#[test]
fn nothing_personal_is_shown() {
    let shown = format!(
        "{:?} {HOLDER:?} {:?}",
        record(),
        open(&seal(&record()), HOLDER)
    );
    assert!(shown.contains(ISSUER) && shown.contains("ap-northeast-1_EXAMPLE"));
    for personal in [
        "1b9d6bcd", "3f2a7c1e", "山田", "東京", "1985", "aal3", "[5, 5",
    ] {
        assert!(!shown.contains(personal), "{personal}");
    }
}
