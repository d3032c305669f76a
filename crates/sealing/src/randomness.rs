//! Randomness as a parameter: whoever needs an unguessable value takes a `Randomness`, so that
//! tests can say what comes and see what happens when nothing comes. Outside tests there is
//! one source, AWS-LC's generator, which the operating system seeds.

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
#[error("no random bytes could be had")]
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[derive(Debug)]
    struct Counting;

    impl Randomness for Counting {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
            for (byte, value) in buffer.iter_mut().zip(0..) {
                *byte = value;
            }
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
    fn every_byte_that_the_source_gave_is_in_the_text() {
        assert_eq!(random_base64url::<6>(&Counting), Ok("AAECAwQF".to_owned()));
    }

    #[test]
    fn a_source_that_fails_gives_no_text() {
        assert_eq!(random_base64url::<32>(&Exhausted), Err(NoRandomness));
    }

    #[test]
    fn the_system_gives_256_bits_that_differ_every_time() {
        let texts: HashSet<String> = (0..64)
            .map(|_| random_base64url::<32>(&SystemRandomness).unwrap())
            .collect();

        assert_eq!(texts.len(), 64);
        assert!(texts.iter().all(|text| text.len() == 43));
    }
}
