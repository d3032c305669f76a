//! Randomness as a parameter: code that needs unguessable values takes a `Randomness`. So a test
//! can choose the bytes, or let the source fail. Outside tests there is one source: AWS-LC's
//! generator, which the operating system seeds.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;
use zeroize::Zeroizing;

/// A source of bytes that nobody can guess.
pub trait Randomness: fmt::Debug + Send + Sync {
    /// Fills the whole of `buffer`.
    ///
    /// # Errors
    /// [`NoRandomness`] if the source fails; `buffer` must not be used then.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The source of random bytes failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no random bytes could be generated")]
pub struct NoRandomness;

/// The generator of AWS-LC.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        aws_lc_rs::rand::fill(buffer).map_err(|_unspecified| NoRandomness)
    }
}

/// `N` random bytes as unpadded base64url: 43 characters for 32 bytes, 22 for 16.
///
/// # Errors
/// [`NoRandomness`] if the source fails.
pub fn random_base64url<const N: usize>(
    randomness: &dyn Randomness,
) -> Result<String, NoRandomness> {
    let mut bytes = Zeroizing::new([0; N]);
    randomness.fill(&mut *bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes.as_slice()))
}
