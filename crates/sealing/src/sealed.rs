//! Values that travel: what a function has to remember, carried by the browser, an app or Amazon
//! Cognito instead of stored in a database.
//! Every value has its purpose, its audience and its expiry. The [ring](crate::SealingKeys)
//! encrypts.
//!
//! Form: base64url of
//! `version (1) ‖ key id (4) ‖ audience (8) ‖ expiry (8) ‖ nonce (12) ‖ ciphertext and tag`.
//! Everything before the ciphertext is authenticated with it, and so is the purpose.
//!
//! The content has a version of its own ([`write()`], [`read()`]), because two versions of a
//! function answer side by side during a deployment. **A new form is read by one version before the
//! next one writes it.**

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use postcard::de_flavors::Slice;
use postcard::ser_flavors::{AllocVec, Flavor as _};
use serde::Serialize as _;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::randomness::Randomness;
use crate::ring::{self, SealError, SealingKeys, claimed_header};

const AUDIENCE_BYTES: usize = 8;
const HEADER_BYTES: usize = AUDIENCE_BYTES + 8;

/// What a value is sealed for. A value that was sealed for one purpose doesn't open for another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// The pending login, in the browser's cookie between `/authorize` and `/callback`.
    PendingLogin,
    /// The code that Amazon Cognito gets.
    Code,
    /// The access token that Amazon Cognito gets.
    AccessToken,
    /// The ticket with which a member begins a verification.
    Ticket,
    /// The pending verification of a member, in the browser's cookie between `/verify` and
    /// `/callback`.
    PendingVerification,
    /// The code that the app of a member gets.
    VerificationCode,
    /// With what a verification goes on whose code is spent.
    Continuation,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::PendingLogin => b"digital-auth federation pending login",
            Self::Code => b"digital-auth federation code",
            Self::AccessToken => b"digital-auth federation access token",
            Self::Ticket => b"digital-auth member ticket",
            Self::PendingVerification => b"digital-auth member pending verification",
            Self::VerificationCode => b"digital-auth member code",
            Self::Continuation => b"digital-auth member continuation",
        }
    }
}

/// For whom a value is sealed: a bridge and its client.
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
    #[error("the value is for another audience")]
    Foreign,
    /// The value has expired.
    #[error("the value has expired")]
    Expired,
    /// In an unknown form: another version of the function sealed it.
    #[error("the value has another version")]
    OtherVersion,
    /// It isn't known whether the value opens: the known keys are too old, or newer ones are needed
    /// and can't be read.
    #[error("the keys that may open the value can't be read")]
    SecretsUnavailable,
}

impl OpenError {
    /// The errors that opening a sealed value can give, in the order in which they are checked.
    pub const OF_A_SEAL: [Self; 6] = [
        Self::Malformed,
        Self::OtherVersion,
        Self::UnknownKey,
        Self::Forged,
        Self::Foreign,
        Self::Expired,
    ];
}

impl From<ring::OpenError> for OpenError {
    fn from(error: ring::OpenError) -> Self {
        match error {
            ring::OpenError::Malformed => Self::Malformed,
            ring::OpenError::OtherVersion => Self::OtherVersion,
            ring::OpenError::UnknownKey => Self::UnknownKey,
            ring::OpenError::Forged => Self::Forged,
        }
    }
}

/// Seals and opens the values of one request: with these keys, for this bridge and its client, at
/// this time.
#[derive(Clone, Copy, Debug)]
pub struct Seal<'a> {
    /// The ring of keys.
    pub keys: &'a SealingKeys,
    /// This bridge and its client.
    pub audience: Audience,
    /// The time of the request.
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
    /// expired. The header is authenticated, too, so audience and expiry can be trusted once the
    /// value was opened.
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

/// What others carry for a function, sealed. The type determines the purpose, so
/// that a value of one type can't be opened as another.
pub trait Travels: Sized {
    /// The purpose for which these values are sealed.
    const PURPOSE: Purpose;

    /// Reads the content of an opened value.
    ///
    /// # Errors
    ///
    /// [`OpenError::OtherVersion`] if the form is unknown. The value opened, so another version of
    /// the function wrote it.
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

/// Writes the content of a sealed value: its `members`, and after them the version of their form.
/// The version comes last because of the time before there was a version: values of that time end
/// after the members, and bridges of that time ignore what follows the members.
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

/// Reads the `members` that [`write()`] wrote with this version, or that were written before there
/// was a version. Not one byte may be left over.
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

/// The expiry that a sealed value claims, in seconds since 1970. **Not authenticated**: use it only
/// to choose which of a browser's own cookies ends first.
#[must_use]
pub fn claimed_expiry(sealed: &str) -> Option<i64> {
    let header = claimed_header(sealed)?;
    Header::read(&header).map(|header| header.expires_at)
}

/// The header of a sealed value, which is authenticated and not encrypted.
struct Header {
    audience: Audience,
    expires_at: i64,
}

impl Header {
    fn read(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let (audience, expires_at) = bytes.split_first_chunk()?;
        Some(Self {
            audience: Audience(*audience),
            expires_at: i64::from_be_bytes(*expires_at.first_chunk()?),
        })
    }

    fn bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let (audience, expires_at) = bytes.split_at_mut(AUDIENCE_BYTES);
        audience.copy_from_slice(&self.audience.0);
        expires_at.copy_from_slice(&self.expires_at.to_be_bytes());
        bytes
    }
}
