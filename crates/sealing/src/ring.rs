//! The ring of sealing keys: the first seals, any of them opens, so that rotation makes no earlier value worthless.
//! Encrypted and authenticated with AES-256-GCM-SIV (RFC 8452: a repeated nonce wouldn't give the key away).
//!
//! Form: base64url of `version (1) ‖ key id (4) ‖ header ‖ nonce (12) ‖ ciphertext and tag (16)`.
//! All before the nonce, and the purpose, is authenticated with the plaintext; the header can be read by everybody.

use std::collections::BTreeSet;
use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::randomness::{NoRandomness, Randomness};

const VERSION: u8 = 1;
const KEY_BYTES: usize = 32;
const KEY_ID_BYTES: usize = 4;

/// Why a value doesn't open.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum OpenError {
    /// Not in the form of a sealed value.
    #[error("the value is malformed")]
    Malformed,
    /// In a form that isn't known here, as far as it says so itself.
    #[error("the value has another version")]
    OtherVersion,
    /// Sealed with a key that isn't in the ring.
    #[error("the value was sealed with an unknown key")]
    UnknownKey,
    /// Changed, or sealed for another purpose.
    #[error("the value was altered")]
    Forged,
}

/// Why a value can't be sealed.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the value could not be sealed")]
pub struct SealError;

impl From<NoRandomness> for SealError {
    fn from(_: NoRandomness) -> Self {
        Self
    }
}

/// Why keys are no ring. The messages go on where something has been named: `SEALING_KEYS has no key`.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum InvalidSealingKeys {
    /// There is none.
    #[error("has no key")]
    Missing,
    /// One of them isn't written as a key is.
    #[error("has a key that is neither 64 lower-case hexadecimal digits nor base64url of 32 bytes")]
    Malformed,
    /// Two of them have the same id: they are the same key, perhaps in two spellings.
    #[error("has the same key twice")]
    Repeated,
}

/// What was in a sealed value. `Debug` shows nothing of it; the plaintext is wiped from memory when dropped.
pub struct Opened<const H: usize> {
    /// The header as it was given when sealing.
    pub header: [u8; H],
    /// The plaintext.
    pub plaintext: Zeroizing<Vec<u8>>,
}

impl<const H: usize> fmt::Debug for Opened<H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Opened(…)")
    }
}

struct SealingKey {
    id: [u8; KEY_ID_BYTES],
    key: LessSafeKey,
}

/// The ring of keys: the first seals, all of them open.
pub struct SealingKeys {
    keys: Vec<SealingKey>,
}

impl fmt::Debug for SealingKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SealingKeys({})", self.keys.len())
    }
}

impl SealingKeys {
    /// The ring of these keys, the one that seals first, none of them twice. Each is 32 random bytes: 64 lower-case
    /// hexadecimal digits, or base64url of 43 characters.
    ///
    /// # Errors
    ///
    /// [`InvalidSealingKeys`].
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidSealingKeys> {
        let keys = keys
            .into_iter()
            .map(sealing_key)
            .collect::<Result<Vec<_>, _>>()?;
        // Of two keys with one id only the first would ever open anything, and what the second sealed would look forged.
        let ids: BTreeSet<_> = keys.iter().map(|key| key.id).collect();
        if keys.is_empty() {
            Err(InvalidSealingKeys::Missing)
        } else if ids.len() < keys.len() {
            Err(InvalidSealingKeys::Repeated)
        } else {
            Ok(Self { keys })
        }
    }

    /// Whether a key of this ring has the id of one of the other: it is the same key.
    #[must_use]
    pub fn shares_a_key_with(&self, other: &Self) -> bool {
        let mut keys = self.keys.iter();
        keys.any(|key| other.keys.iter().any(|others| key.id == others.id))
    }

    /// Seals `plaintext`. `purpose` is a printable text of its own for each kind of value; `header` is authenticated,
    /// and readable by everybody.
    ///
    /// # Errors
    ///
    /// [`SealError`] without randomness.
    pub fn seal<const H: usize>(
        &self,
        purpose: &[u8],
        header: &[u8; H],
        plaintext: &[u8],
        randomness: &dyn Randomness,
    ) -> Result<String, SealError> {
        let sealing = self.keys.first().ok_or(SealError)?;
        let mut nonce = [0; NONCE_LEN];
        randomness.fill(&mut nonce)?;
        let front = 1 + KEY_ID_BYTES + H + NONCE_LEN;
        // Of the right size at once: a buffer that grew would leave copies of the plaintext behind.
        let mut sealed = Vec::with_capacity(front + plaintext.len() + AES_256_GCM_SIV.tag_len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&sealing.id);
        sealed.extend_from_slice(header);
        let aad = Aad::from([purpose, sealed.as_slice()].concat());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let in_place = sealed.get_mut(front..).ok_or(SealError)?;
        let tag = sealing
            .key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, in_place)
            .map_err(|_| SealError)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Opens a value that was sealed for this purpose, with a header of `H` bytes. How long `sealed` may be is for
    /// the caller to bound.
    ///
    /// # Errors
    ///
    /// [`OpenError`], in the order: malformed, other version, unknown key, forged.
    pub fn open<const H: usize>(
        &self,
        purpose: &[u8],
        sealed: &str,
    ) -> Result<Opened<H>, OpenError> {
        // Deciphered in place: so this buffer has to be wiped too.
        let mut sealed = URL_SAFE_NO_PAD
            .decode(sealed)
            .map(Zeroizing::new)
            .map_err(|_| OpenError::Malformed)?;
        let front = Front::<H>::read(&sealed)?;
        let (authenticated, rest) = sealed
            .split_at_mut_checked(Front::<H>::BYTES)
            .ok_or(OpenError::Malformed)?;
        let (nonce, ciphertext) = rest
            .split_first_chunk_mut::<NONCE_LEN>()
            .ok_or(OpenError::Malformed)?;
        let key = self
            .keys
            .iter()
            .find(|key| key.id == front.key_id)
            .ok_or(OpenError::UnknownKey)?;
        let aad = Aad::from([purpose, authenticated].concat());
        let plaintext = key
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), aad, ciphertext)
            .map_err(|_| OpenError::Forged)?;
        Ok(Opened {
            header: front.header,
            plaintext: Zeroizing::new(plaintext.to_vec()),
        })
    }
}

/// The header that a sealed value claims to have. **Not authenticated**: for putting one's own values in order, and
/// for no decision about what they hold.
#[must_use]
pub fn claimed_header<const H: usize>(sealed: &str) -> Option<[u8; H]> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    Front::read(&sealed).ok().map(|front| front.header)
}

/// What stands before the nonce.
struct Front<const H: usize> {
    key_id: [u8; KEY_ID_BYTES],
    header: [u8; H],
}

impl<const H: usize> Front<H> {
    const BYTES: usize = 1 + KEY_ID_BYTES + H;

    fn read(bytes: &[u8]) -> Result<Self, OpenError> {
        let (version, rest) = bytes.split_first().ok_or(OpenError::Malformed)?;
        let (key_id, rest) = rest.split_first_chunk().ok_or(OpenError::Malformed)?;
        let header = rest.first_chunk().ok_or(OpenError::Malformed)?;
        if *version != VERSION {
            return Err(OpenError::OtherVersion);
        }
        Ok(Self {
            key_id: *key_id,
            header: *header,
        })
    }
}

/// The bytes of a key: which of the two spellings it is, its length says. Each has one form: no capital digits, no padding,
/// no left-over bits.
fn key_bytes(text: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    let written = if text.len() == 2 * KEY_BYTES {
        base16ct::lower::decode(text, &mut *bytes).ok()?.len()
    } else {
        URL_SAFE_NO_PAD.decode_slice(text, &mut *bytes).ok()?
    };
    (written == KEY_BYTES).then_some(bytes)
}

fn sealing_key(text: &str) -> Result<SealingKey, InvalidSealingKeys> {
    let bytes = key_bytes(text).ok_or(InvalidSealingKeys::Malformed)?;
    let key =
        UnboundKey::new(&AES_256_GCM_SIV, &*bytes).map_err(|_| InvalidSealingKeys::Malformed)?;
    // The id is a hash, so that a ring needs no names: 4 bytes of it tell a handful of keys apart and give nothing away.
    let hashed = Zeroizing::new([b"digital-auth sealing key id".as_slice(), &*bytes].concat());
    let hash = digest(&SHA256, &hashed);
    let id = *hash
        .as_ref()
        .first_chunk()
        .ok_or(InvalidSealingKeys::Malformed)?;
    Ok(SealingKey {
        id,
        key: LessSafeKey::new(key),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::randomness::SystemRandomness;

    const PURPOSE: &[u8] = b"a purpose";
    const HEADER: [u8; 3] = *b"abc";

    fn key(byte: u8) -> String {
        URL_SAFE_NO_PAD.encode([byte; 32])
    }

    fn hexadecimal(byte: u8) -> String {
        format!("{byte:02x}").repeat(32)
    }

    fn invalid(keys: &[&str]) -> InvalidSealingKeys {
        SealingKeys::new(keys.iter().copied()).unwrap_err()
    }

    fn ring(keys: &[u8]) -> SealingKeys {
        let keys: Vec<_> = keys.iter().copied().map(key).collect();
        SealingKeys::new(keys.iter().map(String::as_str)).unwrap()
    }

    fn seal(ring: &SealingKeys) -> String {
        ring.seal(PURPOSE, &HEADER, b"text", &SystemRandomness)
            .unwrap()
    }

    fn refused<const H: usize>(ring: &SealingKeys, purpose: &[u8], sealed: &str) -> OpenError {
        ring.open::<H>(purpose, sealed).unwrap_err()
    }

    #[derive(Debug)]
    struct Sevens;

    impl Randomness for Sevens {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
            buffer.fill(7);
            Ok(())
        }
    }

    #[derive(Debug)]
    struct Exhausted;

    impl Randomness for Exhausted {
        fn fill(&self, _buffer: &mut [u8]) -> Result<(), NoRandomness> {
            Err(NoRandomness)
        }
    }

    #[test]
    fn pass_header_and_plaintext_come_back() {
        let ring = ring(&[1]);
        let opened = ring.open::<3>(PURPOSE, &seal(&ring)).unwrap();
        assert_eq!(opened.header, HEADER);
        assert_eq!(opened.plaintext.as_slice(), b"text");
    }

    #[test]
    fn pass_nothing_can_be_sealed_without_a_header() {
        let ring = ring(&[1]);
        let sealed = ring.seal(PURPOSE, &[], b"", &SystemRandomness).unwrap();
        assert_eq!(ring.open::<0>(PURPOSE, &sealed).unwrap().plaintext.len(), 0);
    }

    #[test]
    fn pass_the_form_is_what_it_was() {
        let sealed = ring(&[1]).seal(PURPOSE, &HEADER, b"text", &Sevens).unwrap();
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
        let ring = ring(&[1]);
        assert_ne!(seal(&ring), seal(&ring));
    }

    #[test]
    fn pass_every_key_of_the_ring_opens_and_a_removed_one_does_not() {
        let sealed = seal(&ring(&[1]));
        for keys in [&[1][..], &[2, 1], &[3, 2, 1]] {
            assert!(ring(keys).open::<3>(PURPOSE, &sealed).is_ok(), "{keys:?}");
        }
        assert_eq!(
            refused::<3>(&ring(&[3, 2]), PURPOSE, &sealed),
            OpenError::UnknownKey
        );
    }

    #[test]
    fn pass_the_first_key_seals() {
        let sealed = seal(&ring(&[2, 1]));
        assert!(ring(&[2]).open::<3>(PURPOSE, &sealed).is_ok());
        assert_eq!(
            refused::<3>(&ring(&[1]), PURPOSE, &sealed),
            OpenError::UnknownKey
        );
    }

    #[test]
    fn fail_another_purpose_or_another_size_of_header() {
        let ring = ring(&[1]);
        let sealed = seal(&ring);
        assert_eq!(refused::<3>(&ring, b"another", &sealed), OpenError::Forged);
        assert_eq!(refused::<2>(&ring, PURPOSE, &sealed), OpenError::Forged);
        assert_eq!(refused::<4>(&ring, PURPOSE, &sealed), OpenError::Forged);
    }

    #[test]
    fn fail_every_changed_bit() {
        let ring = ring(&[1]);
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
        let ring = ring(&[1]);
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
        let refusal = ring(&[1]).seal(PURPOSE, &HEADER, b"text", &Exhausted);
        assert_eq!(refusal, Err(SealError));
    }

    #[test]
    fn pass_a_key_has_two_spellings() {
        for byte in [0x00, 0x0a, 0xa0, 0xff] {
            let sealed = seal(&ring(&[byte]));
            let same = SealingKeys::new([hexadecimal(byte).as_str()]).unwrap();
            assert!(same.open::<3>(PURPOSE, &sealed).is_ok(), "{byte}");
            assert!(same.shares_a_key_with(&ring(&[byte])), "{byte}");
        }
    }

    #[test]
    fn fail_no_key() {
        assert_eq!(invalid(&[]), InvalidSealingKeys::Missing);
    }

    #[test]
    fn fail_keys_of_another_form() {
        let whole = key(1);
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
            // A last character with bits that no byte has.
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
            assert_eq!(invalid(&[&key(2), text]), InvalidSealingKeys::Malformed);
        }
    }

    #[test]
    fn fail_a_key_that_is_there_twice() {
        for keys in [&[1, 1][..], &[1, 2, 1], &[1, 2, 2]] {
            let keys: Vec<_> = keys.iter().copied().map(key).collect();
            let ring = SealingKeys::new(keys.iter().map(String::as_str));
            assert_eq!(ring.unwrap_err(), InvalidSealingKeys::Repeated);
        }
        let two_spellings = [key(1), hexadecimal(1)];
        let two_spellings = two_spellings.each_ref().map(String::as_str);
        assert_eq!(invalid(&two_spellings), InvalidSealingKeys::Repeated);
    }

    /// The ids have 4 bytes: of all keys that are a number, counted from 0, these are the first two with one id.
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
            let (one, other) = (ring(one), ring(other));
            assert_eq!(one.shares_a_key_with(&other), shares);
            assert_eq!(other.shares_a_key_with(&one), shares);
        }
    }

    #[test]
    fn pass_a_claimed_header_is_read_without_a_key() {
        assert_eq!(claimed_header(&seal(&ring(&[1]))), Some(HEADER));
        assert_eq!(claimed_header::<3>("AAAAAAAAAAAAAA"), None);
        assert_eq!(claimed_header::<3>(""), None);
    }

    #[test]
    fn pass_nothing_of_it_is_shown() {
        let ring = ring(&[1]);
        let opened = ring.open::<3>(PURPOSE, &seal(&ring)).unwrap();
        assert_eq!(format!("{opened:?} {ring:?}"), "Opened(…) SealingKeys(1)");
    }
}
