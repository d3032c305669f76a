//! Sealed values: what travels through the browser and through Amazon Cognito instead of lying in a database.
//! Encrypted and authenticated with AES-256-GCM-SIV (RFC 8452: a repeated nonce wouldn't give the key away).
//! Every value carries its purpose, whom it is for, and its expiry.
//!
//! Form: base64url of `version (1) ‖ key id (4) ‖ audience (8) ‖ expiry (8) ‖ nonce (12) ‖ ciphertext and tag`.
//! All before the ciphertext, and the purpose, is authenticated with it.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use keys::{NoRandomness, Randomness};
use thiserror::Error;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const KEY_BYTES: usize = 32;
const KEY_ID_BYTES: usize = 4;
const AUDIENCE_BYTES: usize = 8;
const EXPIRY_AT: usize = 1 + KEY_ID_BYTES + AUDIENCE_BYTES;
const HEADER_BYTES: usize = EXPIRY_AT + 8;

/// What a value is sealed for. One that was sealed for one purpose doesn't open for another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// What the browser's cookie holds between `/authorize` and `/callback`.
    PendingLogin,
    /// The code that Amazon Cognito gets.
    Code,
    /// The access token that Amazon Cognito gets.
    AccessToken,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::PendingLogin => b"digital-auth federation pending login",
            Self::Code => b"digital-auth federation code",
            Self::AccessToken => b"digital-auth federation access token",
        }
    }
}

/// Whom sealed values are for: this bridge and its client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Audience([u8; AUDIENCE_BYTES]);

impl Audience {
    /// The audience of a bridge (by its issuer) and its client (by its id).
    #[must_use]
    pub fn new(issuer: &str, client_id: &str) -> Self {
        let mut bytes = [0; AUDIENCE_BYTES];
        let hash = digest(&SHA256, format!("{issuer}\n{client_id}").as_bytes());
        for (to, from) in bytes.iter_mut().zip(hash.as_ref()) {
            *to = *from;
        }
        Self(bytes)
    }
}

/// Why a value doesn't open.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum OpenError {
    /// Not in the form of a sealed value.
    #[error("the value is malformed")]
    Malformed,
    /// Sealed with a key that isn't in the ring.
    #[error("the value was sealed with an unknown key")]
    UnknownKey,
    /// Changed, or sealed for another purpose.
    #[error("the value was altered")]
    Forged,
    /// Sealed for another bridge or client.
    #[error("the value is for somebody else")]
    Foreign,
    /// Its time is over.
    #[error("the value has expired")]
    Expired,
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

/// No ring, or a key that isn't base64url of 32 bytes.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("sealing keys must be one or more, each base64url of 32 bytes")]
pub struct InvalidSealingKeys;

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
    /// The ring of these keys, each base64url of 32 random bytes, the one that seals first.
    ///
    /// # Errors
    ///
    /// [`InvalidSealingKeys`].
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidSealingKeys> {
        let keys = keys
            .into_iter()
            .map(sealing_key)
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            Err(InvalidSealingKeys)
        } else {
            Ok(Self { keys })
        }
    }

    /// Seals `plaintext` until `expires_at` (whole seconds).
    ///
    /// # Errors
    ///
    /// [`SealError`] without randomness.
    pub fn seal(
        &self,
        purpose: Purpose,
        audience: Audience,
        expires_at: DateTime<Utc>,
        plaintext: &[u8],
        randomness: &dyn Randomness,
    ) -> Result<String, SealError> {
        let sealing = self.keys.first().ok_or(SealError)?;
        let mut nonce = [0; NONCE_LEN];
        randomness.fill(&mut nonce)?;
        let mut sealed = Vec::with_capacity(
            HEADER_BYTES + NONCE_LEN + plaintext.len() + AES_256_GCM_SIV.tag_len(),
        );
        sealed.push(VERSION);
        sealed.extend_from_slice(&sealing.id);
        sealed.extend_from_slice(&audience.0);
        sealed.extend_from_slice(&expires_at.timestamp().to_be_bytes());
        let aad = Aad::from([purpose.label(), sealed.as_slice()].concat());
        sealed.extend_from_slice(&nonce);
        let mut ciphertext = plaintext.to_vec();
        sealing
            .key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut ciphertext)
            .map_err(|_| SealError)?;
        sealed.append(&mut ciphertext);
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Opens a value.
    ///
    /// # Errors
    ///
    /// [`OpenError`], in the order: malformed, unknown key, forged, foreign, expired. What is said of a value that
    /// opened is true of it: nobody else can make one that is foreign or expired.
    pub fn open(
        &self,
        purpose: Purpose,
        audience: Audience,
        sealed: &str,
        now: DateTime<Utc>,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let mut sealed = URL_SAFE_NO_PAD
            .decode(sealed)
            .map_err(|_| OpenError::Malformed)?;
        let (header, rest) = sealed
            .split_at_mut_checked(HEADER_BYTES)
            .ok_or(OpenError::Malformed)?;
        let (nonce, ciphertext) = rest
            .split_first_chunk_mut::<NONCE_LEN>()
            .ok_or(OpenError::Malformed)?;
        let header = Header::read(header).ok_or(OpenError::Malformed)?;
        let key = self
            .keys
            .iter()
            .find(|key| key.id == header.key_id)
            .ok_or(OpenError::UnknownKey)?;
        let aad = Aad::from([purpose.label(), header.bytes].concat());
        let plaintext = key
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), aad, ciphertext)
            .map_err(|_| OpenError::Forged)?;
        let plaintext = Zeroizing::new(plaintext.to_vec());
        if header.audience != audience {
            return Err(OpenError::Foreign);
        }
        if now.timestamp() >= header.expires_at {
            return Err(OpenError::Expired);
        }
        Ok(plaintext)
    }
}

/// How one request seals and opens: with these keys, for this bridge and its client, now.
#[derive(Clone, Copy, Debug)]
pub struct Seal<'a> {
    /// The ring.
    pub keys: &'a SealingKeys,
    /// This bridge and its client.
    pub audience: Audience,
    /// Now.
    pub now: DateTime<Utc>,
}

impl Seal<'_> {
    /// As [`SealingKeys::seal`].
    ///
    /// # Errors
    ///
    /// [`SealError`].
    pub fn seal(
        &self,
        purpose: Purpose,
        expires_at: DateTime<Utc>,
        plaintext: &[u8],
        randomness: &dyn Randomness,
    ) -> Result<String, SealError> {
        self.keys
            .seal(purpose, self.audience, expires_at, plaintext, randomness)
    }

    /// As [`SealingKeys::open`].
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open(&self, purpose: Purpose, sealed: &str) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.keys.open(purpose, self.audience, sealed, self.now)
    }
}

/// When a sealed value says that it expires, in seconds since 1970. **Not authenticated**: for choosing which of a
/// browser's own cookies goes first, and for nothing else.
#[must_use]
pub fn claimed_expiry(sealed: &str) -> Option<i64> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    Header::read(sealed.get(..HEADER_BYTES)?).map(|header| header.expires_at)
}

struct Header<'a> {
    bytes: &'a [u8],
    key_id: [u8; KEY_ID_BYTES],
    audience: Audience,
    expires_at: i64,
}

impl<'a> Header<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let (key_id, rest) = rest.split_first_chunk()?;
        let (audience, rest) = rest.split_first_chunk()?;
        let expires_at = i64::from_be_bytes(*rest.first_chunk()?);
        (*version == VERSION).then_some(Self {
            bytes,
            key_id: *key_id,
            audience: Audience(*audience),
            expires_at,
        })
    }
}

fn sealing_key(text: &str) -> Result<SealingKey, InvalidSealingKeys> {
    let bytes = Zeroizing::new(
        URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| InvalidSealingKeys)?,
    );
    if bytes.len() != KEY_BYTES {
        return Err(InvalidSealingKeys);
    }
    let key = UnboundKey::new(&AES_256_GCM_SIV, &bytes).map_err(|_| InvalidSealingKeys)?;
    // The id is a hash, so that a ring needs no names: 4 bytes of it tell a handful of keys apart and give nothing away.
    let hash = digest(
        &SHA256,
        &[b"digital-auth sealing key id".as_slice(), &bytes].concat(),
    );
    let id = *hash.as_ref().first_chunk().ok_or(InvalidSealingKeys)?;
    Ok(SealingKey {
        id,
        key: LessSafeKey::new(key),
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use keys::SystemRandomness;

    use super::*;

    fn ring(keys: &[u8]) -> SealingKeys {
        let keys: Vec<_> = keys
            .iter()
            .map(|byte| URL_SAFE_NO_PAD.encode([*byte; 32]))
            .collect();
        SealingKeys::new(keys.iter().map(String::as_str)).unwrap()
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn ours() -> Audience {
        Audience::new("https://bridge.example", "cognito")
    }

    fn seal(ring: &SealingKeys) -> String {
        let expires_at = now() + TimeDelta::seconds(60);
        ring.seal(
            Purpose::Code,
            ours(),
            expires_at,
            b"text",
            &SystemRandomness,
        )
        .unwrap()
    }

    #[test]
    fn pass_opens_until_it_expires() {
        let ring = ring(&[1]);
        let sealed = seal(&ring);
        let last = now() + TimeDelta::seconds(59);
        assert_eq!(
            ring.open(Purpose::Code, ours(), &sealed, last)
                .unwrap()
                .as_slice(),
            b"text"
        );
        let over = now() + TimeDelta::seconds(60);
        assert_eq!(
            ring.open(Purpose::Code, ours(), &sealed, over),
            Err(OpenError::Expired)
        );
        assert_eq!(claimed_expiry(&sealed), Some(over.timestamp()));
    }

    #[test]
    fn pass_a_rotated_key_still_opens_and_a_removed_one_does_not() {
        let sealed = seal(&ring(&[1]));
        assert!(
            ring(&[2, 1])
                .open(Purpose::Code, ours(), &sealed, now())
                .is_ok()
        );
        let removed = ring(&[2]).open(Purpose::Code, ours(), &sealed, now());
        assert_eq!(removed, Err(OpenError::UnknownKey));
    }

    #[test]
    fn fail_other_purpose_other_audience() {
        let ring = ring(&[1]);
        let sealed = seal(&ring);
        let other_purpose = ring.open(Purpose::AccessToken, ours(), &sealed, now());
        assert_eq!(other_purpose, Err(OpenError::Forged));
        let other = Audience::new("https://bridge.example", "another");
        assert_eq!(
            ring.open(Purpose::Code, other, &sealed, now()),
            Err(OpenError::Foreign)
        );
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
                let refused = ring.open(Purpose::Code, ours(), &text, now()).unwrap_err();
                let expected = match at {
                    0 => OpenError::Malformed,
                    1..=4 => OpenError::UnknownKey,
                    _ => OpenError::Forged,
                };
                assert_eq!(refused, expected, "byte {at}");
            }
        }
    }

    #[test]
    fn fail_what_is_no_sealed_value() {
        let ring = ring(&[1]);
        let cut: String = seal(&ring).chars().take(30).collect();
        for text in ["", "x", "????", &"A".repeat(40), &cut] {
            let refused = ring.open(Purpose::Code, ours(), text, now());
            assert_eq!(refused, Err(OpenError::Malformed), "{text}");
        }
    }

    #[test]
    fn fail_keys_of_another_size() {
        assert!(SealingKeys::new([]).is_err());
        assert!(SealingKeys::new(["AAAA"]).is_err());
        assert!(SealingKeys::new(["not base64url!"]).is_err());
    }
}
