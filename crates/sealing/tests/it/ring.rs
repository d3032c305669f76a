//! Tests of the ring of keys: which values open, with which key and for which purpose, and every
//! way in which a value is refused. The form of a sealed value is pinned: two versions of the
//! bridge open each other's values, and records stay in user pools for years.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit::{Exhausted, Repeating, sealing_key, sealing_keys};
use sealing::{
    InvalidSealingKeys, OpenError, SealError, SealingKeys, SystemRandomness, claimed_header,
};

const PURPOSE: &[u8] = b"a purpose";
const HEADER: [u8; 3] = *b"abc";

fn hexadecimal(byte: u8) -> String {
    format!("{byte:02x}").repeat(32)
}

fn invalid(keys: &[&str]) -> InvalidSealingKeys {
    SealingKeys::new(keys.iter().copied()).unwrap_err()
}

fn seal(ring: &SealingKeys) -> String {
    ring.seal(PURPOSE, &HEADER, b"text", &SystemRandomness)
        .unwrap()
}

fn refused<const H: usize>(ring: &SealingKeys, purpose: &[u8], sealed: &str) -> OpenError {
    ring.open::<H>(purpose, sealed).unwrap_err()
}

#[test]
fn pass_header_and_plaintext_come_back() {
    let ring = sealing_keys(&[1]);
    let opened = ring.open::<3>(PURPOSE, &seal(&ring)).unwrap();
    assert_eq!(opened.header, HEADER);
    assert_eq!(opened.plaintext.as_slice(), b"text");
}

#[test]
fn pass_nothing_can_be_sealed_without_a_header() {
    let ring = sealing_keys(&[1]);
    let sealed = ring.seal(PURPOSE, &[], b"", &SystemRandomness).unwrap();
    assert_eq!(ring.open::<0>(PURPOSE, &sealed).unwrap().plaintext.len(), 0);
}

#[test]
fn pass_the_form_is_what_it_was() {
    let sealed = sealing_keys(&[1])
        .seal(PURPOSE, &HEADER, b"text", &Repeating(7))
        .unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
    assert_eq!(bytes.len(), 1 + 4 + 3 + 12 + 4 + 16);
    assert_eq!(
        (bytes[0], &bytes[5..8], &bytes[8..20]),
        (1, &HEADER[..], &[7; 12][..])
    );
    // Computed with another implementation: the Python package `cryptography`.
    assert_eq!(
        sealed,
        "AeBhwiNhYmMHBwcHBwcHBwcHBwdGIWYrU5EbhxC-2QdfcXnOnnsdrg"
    );
}

#[test]
fn pass_two_seals_of_one_text_differ() {
    let ring = sealing_keys(&[1]);
    assert_ne!(seal(&ring), seal(&ring));
}

#[test]
fn pass_every_key_of_the_ring_opens_and_a_removed_one_does_not() {
    let sealed = seal(&sealing_keys(&[1]));
    for keys in [&[1][..], &[2, 1], &[3, 2, 1]] {
        assert!(
            sealing_keys(keys).open::<3>(PURPOSE, &sealed).is_ok(),
            "{keys:?}"
        );
    }
    assert_eq!(
        refused::<3>(&sealing_keys(&[3, 2]), PURPOSE, &sealed),
        OpenError::UnknownKey
    );
}

#[test]
fn pass_the_first_key_seals() {
    let sealed = seal(&sealing_keys(&[2, 1]));
    assert!(sealing_keys(&[2]).open::<3>(PURPOSE, &sealed).is_ok());
    assert_eq!(
        refused::<3>(&sealing_keys(&[1]), PURPOSE, &sealed),
        OpenError::UnknownKey
    );
}

#[test]
fn fail_another_purpose_or_another_size_of_header() {
    let ring = sealing_keys(&[1]);
    let sealed = seal(&ring);
    assert_eq!(refused::<3>(&ring, b"another", &sealed), OpenError::Forged);
    assert_eq!(refused::<2>(&ring, PURPOSE, &sealed), OpenError::Forged);
    assert_eq!(refused::<4>(&ring, PURPOSE, &sealed), OpenError::Forged);
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
            let expected = match at {
                0 => OpenError::OtherVersion,
                1..=4 => OpenError::UnknownKey,
                _ => OpenError::Forged,
            };
            assert_eq!(refused::<3>(&ring, PURPOSE, &text), expected, "byte {at}");
        }
    }
}

#[test]
fn fail_what_is_no_sealed_value() {
    let ring = sealing_keys(&[1]);
    let short = URL_SAFE_NO_PAD.encode([1; 19]);
    let padded = seal(&ring) + "=";
    for text in ["", "x", "????", &short, &padded] {
        let refusal = refused::<3>(&ring, PURPOSE, text);
        assert_eq!(refusal, OpenError::Malformed, "{text}");
    }
    let zeros = refused::<3>(&ring, PURPOSE, &"A".repeat(40));
    assert_eq!(zeros, OpenError::OtherVersion);
}

#[test]
fn fail_without_randomness() {
    let refusal = sealing_keys(&[1]).seal(PURPOSE, &HEADER, b"text", &Exhausted);
    assert_eq!(refusal, Err(SealError));
}

#[test]
fn pass_a_key_has_two_spellings() {
    for byte in [0x00, 0x0a, 0xa0, 0xff] {
        let sealed = seal(&sealing_keys(&[byte]));
        let same = SealingKeys::new([hexadecimal(byte).as_str()]).unwrap();
        assert!(same.open::<3>(PURPOSE, &sealed).is_ok(), "{byte}");
        assert!(same.shares_a_key_with(&sealing_keys(&[byte])), "{byte}");
    }
}

#[test]
fn fail_no_key() {
    assert_eq!(invalid(&[]), InvalidSealingKeys::Missing);
}

#[test]
fn fail_keys_of_another_form() {
    let whole = sealing_key(1);
    let digits = hexadecimal(0xab);
    let without = |text: &str, first: usize| text.chars().skip(first).collect::<String>();
    for text in [
        "",
        "AAAA",
        "not base64url!",
        &without(&whole, 1),
        &format!("{whole}="),
        &format!("{whole}A"),
        &URL_SAFE_NO_PAD.encode([1; 31]),
        &URL_SAFE_NO_PAD.encode([1; 33]),
        // A last character whose trailing bits are not zero.
        &whole.replace('E', "F"),
        &without(&digits, 2),
        &without(&digits, 1),
        &format!("{digits}ab"),
        &digits.to_uppercase(),
        &digits.replacen('a', "g", 1),
        &format!(" {}", without(&digits, 1)),
        // 64 characters, but of base64url: 48 bytes.
        &URL_SAFE_NO_PAD.encode([0x69; 48]),
    ] {
        assert_eq!(invalid(&[text]), InvalidSealingKeys::Malformed, "{text}");
        assert_eq!(
            invalid(&[&sealing_key(2), text]),
            InvalidSealingKeys::Malformed
        );
    }
}

#[test]
fn fail_a_key_that_is_there_twice() {
    for keys in [&[1, 1][..], &[1, 2, 1], &[1, 2, 2]] {
        let keys: Vec<_> = keys.iter().copied().map(sealing_key).collect();
        let ring = SealingKeys::new(keys.iter().map(String::as_str));
        assert_eq!(ring.unwrap_err(), InvalidSealingKeys::Repeated);
    }
    let two_spellings = [sealing_key(1), hexadecimal(1)];
    let two_spellings = two_spellings.each_ref().map(String::as_str);
    assert_eq!(invalid(&two_spellings), InvalidSealingKeys::Repeated);
}

/// The ids have 4 bytes. If the numbers from 0 on are taken as keys, these two are the first with
/// one id.
#[test]
fn fail_two_keys_with_one_id() {
    let numbered = |number: u64| {
        let mut bytes = [0; 32];
        bytes[24..].copy_from_slice(&number.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    };
    let (first, second) = (numbered(15_559), numbered(46_824));
    let rings = [&first, &second].map(|key| SealingKeys::new([key.as_str()]).unwrap());
    assert!(rings[0].shares_a_key_with(&rings[1]));
    assert_eq!(invalid(&[&first, &second]), InvalidSealingKeys::Repeated);
}

#[test]
fn pass_rings_are_asked_whether_they_share_a_key() {
    for (one, other, shares) in [
        (&[1][..], &[1][..], true),
        (&[1, 2], &[3, 2], true),
        (&[1, 2], &[2, 3], true),
        (&[1, 2], &[3, 4], false),
    ] {
        let (one, other) = (sealing_keys(one), sealing_keys(other));
        assert_eq!(one.shares_a_key_with(&other), shares);
        assert_eq!(other.shares_a_key_with(&one), shares);
    }
}

#[test]
fn pass_a_claimed_header_is_read_without_a_key() {
    assert_eq!(claimed_header(&seal(&sealing_keys(&[1]))), Some(HEADER));
    assert_eq!(claimed_header::<3>("AAAAAAAAAAAAAA"), None);
    assert_eq!(claimed_header::<3>(""), None);
}

#[test]
fn pass_nothing_of_it_is_shown() {
    let ring = sealing_keys(&[1]);
    let opened = ring.open::<3>(PURPOSE, &seal(&ring)).unwrap();
    assert_eq!(format!("{opened:?} {ring:?}"), "Opened(…) SealingKeys(1)");
}
