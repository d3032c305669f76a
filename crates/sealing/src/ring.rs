//! The ring of sealing keys: the first key seals, every key of the ring opens. So values that were
//! sealed before a rotation still open after it. The algorithm is AES-256-GCM-SIV (RFC 8452): with
//! it, a repeated nonce doesn't give the key away.
//!
//! Form: base64url of `version (1) ‖ key id (4) ‖ header ‖ nonce (12) ‖ ciphertext and tag (16)`.
//! Everything before the nonce, and the purpose, is authenticated together with the plaintext. The
//! header is not encrypted.

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

/// Why a sealed value can't be opened.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum OpenError {
    /// Not in the form of a sealed value.
    #[error("the value is malformed")]
    Malformed,
    /// The version byte is one that this code doesn't know. At this point it isn't authenticated
    /// yet.
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

/// Why keys can't form a ring. Each message continues a sentence that begins with a name:
/// `SEALING_KEYS has no key`.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum InvalidSealingKeys {
    /// There is no key.
    #[error("has no key")]
    Missing,
    /// A key has neither of the two forms that [`SealingKeys::new`] takes.
    #[error("has a key that is neither 64 lower-case hexadecimal digits nor base64url of 32 bytes")]
    Malformed,
    /// Two keys have the same id. They are the same key, perhaps in two spellings; by chance, two
    /// different keys can share an id, too.
    #[error("has the same key twice")]
    Repeated,
}

/// The content of an opened value. `Debug` shows none of it; the plaintext is wiped from memory
/// when dropped.
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
    /// Makes a ring of `keys`. The first key is the one that seals. No key may come twice. Each key
    /// is 32 random bytes: 64 lower-case hexadecimal digits, or base64url of 43 characters.
    ///
    /// # Errors
    ///
    /// [`InvalidSealingKeys`].
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidSealingKeys> {
        let keys = keys
            .into_iter()
            .map(sealing_key)
            .collect::<Result<Vec<_>, _>>()?;
        // To open a value, the first key with its key id is taken. Of two keys with one id, the
        // second would never be tried, and what it sealed would look forged.
        let ids: BTreeSet<_> = keys.iter().map(|key| key.id).collect();
        if keys.is_empty() {
            Err(InvalidSealingKeys::Missing)
        } else if ids.len() < keys.len() {
            Err(InvalidSealingKeys::Repeated)
        } else {
            Ok(Self { keys })
        }
    }

    /// Whether the two rings have a key in common. Keys are compared by their ids.
    #[must_use]
    pub fn shares_a_key_with(&self, other: &Self) -> bool {
        let mut keys = self.keys.iter();
        keys.any(|key| other.keys.iter().any(|others| key.id == others.id))
    }

    /// Seals `plaintext`. `purpose` is a printable text that no other kind of value has. `header`
    /// is authenticated, but not encrypted: everybody can read it.
    ///
    /// # Errors
    ///
    /// [`SealError`] if there is no randomness.
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
        // The buffer has its final size from the start: one that grew would leave copies of the
        // plaintext in memory.
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

    /// Opens a value that was sealed for `purpose`, with a header of `H` bytes. The length of
    /// `sealed` has no limit here: the caller has to set one.
    ///
    /// # Errors
    ///
    /// [`OpenError`], in the order: malformed, other version, unknown key, forged. If the version
    /// is another one, the bytes after the header are not looked at.
    pub fn open<const H: usize>(
        &self,
        purpose: &[u8],
        sealed: &str,
    ) -> Result<Opened<H>, OpenError> {
        // Decryption happens in place: so this buffer holds the plaintext, and has to be wiped too.
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

/// The header that a sealed value claims to have. **It is not authenticated**: use it to sort
/// values (by their expiry, for example), never to decide whether a value can be trusted.
#[must_use]
pub fn claimed_header<const H: usize>(sealed: &str) -> Option<[u8; H]> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    Front::read(&sealed).ok().map(|front| front.header)
}

/// The bytes of a key of 32 bytes: 64 lower-case hexadecimal digits, or base64url of 43 characters.
/// `None` if the text has neither of these forms.
///
/// The length of `text` tells which of the two spellings it is. In each spelling, a key has exactly
/// one text: no upper-case digits, no padding, no trailing bits that aren't zero.
#[must_use]
pub fn key_bytes(text: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    let written = if text.len() == 2 * KEY_BYTES {
        base16ct::lower::decode(text, &mut *bytes).ok()?.len()
    } else {
        URL_SAFE_NO_PAD.decode_slice(text, &mut *bytes).ok()?
    };
    (written == KEY_BYTES).then_some(bytes)
}

/// The part of a sealed value before the nonce.
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

fn sealing_key(text: &str) -> Result<SealingKey, InvalidSealingKeys> {
    let bytes = key_bytes(text).ok_or(InvalidSealingKeys::Malformed)?;
    let key =
        UnboundKey::new(&AES_256_GCM_SIV, &*bytes).map_err(|_| InvalidSealingKeys::Malformed)?;
    // The id is the beginning of a hash of the key, so keys need no names. 4 bytes are enough to
    // tell the few keys of a ring apart, and reveal nothing of a key.
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
