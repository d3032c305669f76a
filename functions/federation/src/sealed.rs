//! Sealed values: what travels through the browser and through Amazon Cognito instead of lying in a
//! database.
//! Every value carries its purpose, whom it is for, and its expiry; the ring of keys is that of the
//! crate `sealing`.
//!
//! Form: base64url of
//! `version (1) ‖ key id (4) ‖ audience (8) ‖ expiry (8) ‖ nonce (12) ‖ ciphertext and tag`.
//! All before the ciphertext, and the purpose, is authenticated with it.
//!
//! What is inside has a version of its own ([`write()`], [`read()`]), since two versions of the
//! bridge answer side by side while one replaces the other. **A new form is read by one version
//! before the next one writes it.**

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use function_kit::secrets::NoSecrets;
use keys::Randomness;
use postcard::de_flavors::Slice;
use postcard::ser_flavors::{AllocVec, Flavor as _};
pub use sealing::{SealError, SealingKeys};
use serde::Serialize as _;
use thiserror::Error;
use zeroize::Zeroizing;

const AUDIENCE_BYTES: usize = 8;
const HEADER_BYTES: usize = AUDIENCE_BYTES + 8;

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
    /// In a form that isn't known here: another version of the bridge sealed it.
    #[error("the value has another version")]
    OtherVersion,
    /// It isn't known whether it opens: our own keys are too old, or newer ones are needed and
    /// can't be had.
    #[error("the keys that may open the value can't be had")]
    SecretsUnavailable,
}

impl From<NoSecrets> for OpenError {
    fn from(_: NoSecrets) -> Self {
        Self::SecretsUnavailable
    }
}

impl OpenError {
    /// Those that the seal itself is asked for, in the order in which they are looked for.
    pub const OF_A_SEAL: [Self; 6] = [
        Self::Malformed,
        Self::OtherVersion,
        Self::UnknownKey,
        Self::Forged,
        Self::Foreign,
        Self::Expired,
    ];
}

impl From<sealing::OpenError> for OpenError {
    fn from(error: sealing::OpenError) -> Self {
        match error {
            sealing::OpenError::Malformed => Self::Malformed,
            sealing::OpenError::OtherVersion => Self::OtherVersion,
            sealing::OpenError::UnknownKey => Self::UnknownKey,
            sealing::OpenError::Forged => Self::Forged,
        }
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
    /// Seals `plaintext` until `expires_at` (whole seconds).
    ///
    /// # Errors
    ///
    /// [`SealError`] without randomness.
    pub fn seal(
        &self,
        purpose: Purpose,
        expires_at: DateTime<Utc>,
        plaintext: &[u8],
        randomness: &dyn Randomness,
    ) -> Result<String, SealError> {
        let header = Header {
            audience: self.audience,
            expires_at: expires_at.timestamp(),
        };
        self.keys
            .seal(purpose.label(), &header.bytes(), plaintext, randomness)
    }

    /// Opens a value.
    ///
    /// # Errors
    ///
    /// [`OpenError`], in the order: malformed, other version, unknown key, forged, foreign,
    /// expired. The header is authenticated together with the rest, so whom a value is for, and
    /// until when, can be trusted once it has opened.
    pub fn open(&self, purpose: Purpose, sealed: &str) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let opened = self.keys.open(purpose.label(), sealed)?;
        let header = Header::read(&opened.header).ok_or(OpenError::Malformed)?;
        if header.audience != self.audience {
            return Err(OpenError::Foreign);
        }
        if self.now.timestamp() >= header.expires_at {
            return Err(OpenError::Expired);
        }
        Ok(opened.plaintext)
    }
}

/// What travels sealed. Its type says what it was sealed for, so that one can't be opened as
/// another.
pub trait Travels: Sized {
    /// What it is sealed for.
    const PURPOSE: Purpose;

    /// What was inside the seal.
    ///
    /// # Errors
    ///
    /// [`OpenError::OtherVersion`]: it opened, so a bridge wrote it, in a form that isn't known
    /// here.
    fn read(inside: &[u8]) -> Result<Self, OpenError>;

    /// Opens a sealed value.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    fn open(sealed: &str, seal: Seal<'_>) -> Result<Self, OpenError> {
        Self::read(&seal.open(Self::PURPOSE, sealed)?)
    }
}

/// What is inside a seal: its `members`, and after them the version of their form. At the end,
/// because what was written before there was a version is read on, and reads no further than the
/// members.
///
/// # Errors
///
/// [`SealError`], in practice never.
pub fn write(
    version: u8,
    members: impl FnOnce(&mut postcard::Serializer<AllocVec>) -> postcard::Result<()>,
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let mut inside = postcard::Serializer {
        output: AllocVec::new(),
    };
    members(&mut inside)
        .and_then(|()| version.serialize(&mut inside))
        .and_then(|()| inside.output.finalize())
        .map(Zeroizing::new)
        .map_err(|_| SealError)
}

/// The `members` of what [`write()`] wrote with this version, or what was written before there was
/// one. Not one byte may be left over.
///
/// # Errors
///
/// [`OpenError::OtherVersion`].
pub fn read<'a, T>(
    version: u8,
    inside: &'a [u8],
    members: impl FnOnce(&mut postcard::Deserializer<'a, Slice<'a>>) -> postcard::Result<T>,
) -> Result<T, OpenError> {
    let mut inside = postcard::Deserializer::from_bytes(inside);
    let members = members(&mut inside).map_err(|_| OpenError::OtherVersion)?;
    match inside.finalize() {
        Ok([]) => Ok(members),
        Ok([written]) if *written == version => Ok(members),
        _ => Err(OpenError::OtherVersion),
    }
}

/// When a sealed value says that it expires, in seconds since 1970. **Not authenticated**: for
/// choosing which of a browser's own cookies goes first, and for nothing else.
#[must_use]
pub fn claimed_expiry(sealed: &str) -> Option<i64> {
    let header = sealing::claimed_header(sealed)?;
    Header::read(&header).map(|header| header.expires_at)
}

/// What everybody may read of a sealed value.
struct Header {
    audience: Audience,
    expires_at: i64,
}

impl Header {
    fn bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let (audience, expires_at) = bytes.split_at_mut(AUDIENCE_BYTES);
        audience.copy_from_slice(&self.audience.0);
        expires_at.copy_from_slice(&self.expires_at.to_be_bytes());
        bytes
    }

    fn read(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let (audience, expires_at) = bytes.split_first_chunk()?;
        Some(Self {
            audience: Audience(*audience),
            expires_at: i64::from_be_bytes(*expires_at.first_chunk()?),
        })
    }
}
