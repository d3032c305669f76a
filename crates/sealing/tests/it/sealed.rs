//! Tests of sealed values: until when, for whom and for what they open, and how their members are
//! read.
//! The form must not change, because two versions of the bridge answer side by side during a
//! deployment.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use kit::{Repeating, sealing_keys};
use sealing::sealed::{Audience, OpenError, Purpose, Seal, claimed_expiry, read, write};
use sealing::{Randomness, SealingKeys, SystemRandomness};
use serde::{Deserialize, Serialize as _};
use zeroize::Zeroizing;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn ours() -> Audience {
    Audience::new("https://bridge.example", "cognito")
}

fn seal_with(ring: &SealingKeys, randomness: &dyn Randomness) -> String {
    let seal = Seal {
        keys: ring,
        audience: ours(),
        now: now(),
    };
    let expires_at = now() + TimeDelta::seconds(60);
    seal.seal(Purpose::Code, expires_at, b"text", randomness)
        .unwrap()
}

fn seal(ring: &SealingKeys) -> String {
    seal_with(ring, &SystemRandomness)
}

fn open(
    keys: &SealingKeys,
    purpose: Purpose,
    audience: Audience,
    sealed: &str,
    now: DateTime<Utc>,
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let seal = Seal {
        keys,
        audience,
        now,
    };
    seal.open(purpose, sealed)
}

#[test]
fn pass_the_form_is_what_it_was() {
    // Computed with another implementation: the Python package `cryptography`.
    assert_eq!(
        seal_with(&sealing_keys(&[1]), &Repeating(7)),
        "AeBhwiPYV8utaGTcLAAAAABrSdI8BwcHBwcHBwcHBwcH9kFmj6RS6lfwnHuOlAdvv0cwHL0"
    );
}

#[test]
fn pass_opens_until_it_expires() {
    let ring = sealing_keys(&[1]);
    let sealed = seal(&ring);
    let last = now() + TimeDelta::seconds(59);
    assert_eq!(
        open(&ring, Purpose::Code, ours(), &sealed, last)
            .unwrap()
            .as_slice(),
        b"text"
    );
    let over = now() + TimeDelta::seconds(60);
    assert_eq!(
        open(&ring, Purpose::Code, ours(), &sealed, over),
        Err(OpenError::Expired)
    );
    assert_eq!(claimed_expiry(&sealed), Some(over.timestamp()));
}

#[test]
fn pass_a_rotated_key_still_opens_and_a_removed_one_does_not() {
    let sealed = seal(&sealing_keys(&[1]));
    let open_with = |keys: &[u8]| open(&sealing_keys(keys), Purpose::Code, ours(), &sealed, now());
    assert!(open_with(&[2, 1]).is_ok());
    let removed = open_with(&[2]);
    assert_eq!(removed, Err(OpenError::UnknownKey));
}

#[test]
fn fail_other_purpose_other_audience() {
    let ring = sealing_keys(&[1]);
    let sealed = seal(&ring);
    let other_purpose = open(&ring, Purpose::AccessToken, ours(), &sealed, now());
    assert_eq!(other_purpose, Err(OpenError::Forged));
    let other = Audience::new("https://bridge.example", "another");
    assert_eq!(
        open(&ring, Purpose::Code, other, &sealed, now()),
        Err(OpenError::Foreign)
    );
}

#[test]
fn fail_every_changed_bit() {
    let ring = sealing_keys(&[1]);
    let sealed = URL_SAFE_NO_PAD.decode(seal(&ring)).unwrap();
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut changed = sealed.clone();
            changed[at] ^= 1 << bit;
            let text = URL_SAFE_NO_PAD.encode(&changed);
            let refused = open(&ring, Purpose::Code, ours(), &text, now()).unwrap_err();
            let expected = match at {
                0 => OpenError::OtherVersion,
                1..=4 => OpenError::UnknownKey,
                _ => OpenError::Forged,
            };
            assert_eq!(refused, expected, "byte {at}");
        }
    }
}

#[test]
fn fail_what_is_no_sealed_value() {
    let ring = sealing_keys(&[1]);
    let cut: String = seal(&ring).chars().take(30).collect();
    for text in ["", "x", "????", &cut] {
        let refused = open(&ring, Purpose::Code, ours(), text, now());
        assert_eq!(refused, Err(OpenError::Malformed), "{text}");
    }
    // A value with another version in its first byte may be from another version of the bridge, and
    // the error says so.
    let zeros = open(&ring, Purpose::Code, ours(), &"A".repeat(40), now());
    assert_eq!(zeros, Err(OpenError::OtherVersion));
}

fn read_members(inside: &[u8]) -> Result<(u8, &str), OpenError> {
    read(1, inside, |inside| Deserialize::deserialize(inside))
}

#[test]
fn pass_members_are_read_back_with_their_version_and_without() {
    let members = (7_u8, "text");
    let written = write(1, |inside| members.serialize(inside)).unwrap();
    assert_eq!(written.as_slice(), b"\x07\x04text\x01");
    assert_eq!(read_members(&written), Ok(members));
    assert_eq!(read_members(b"\x07\x04text"), Ok(members));
}

#[test]
fn fail_members_of_another_version_and_every_other_length() {
    for other in [
        &b"\x07\x04text\x02"[..],
        b"\x07\x04text\x00",
        b"\x07\x04text\x01\x01",
        b"\x07\x04text\x01\x00",
        b"\x07\x04tex",
        b"\x07",
        b"",
        b"\x07\x04tex\xff\x01",
    ] {
        let refused = read_members(other);
        assert_eq!(refused, Err(OpenError::OtherVersion), "{other:?}");
    }
}
