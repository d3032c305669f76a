//! Random values for the stand-ins: states, codes, sessions, identifiers.
//! They come from the system's generator, because no test needs to predict them. A stand-in can't
//! go on without randomness, so it treats [`Unspecified`] as an internal error.

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Builder;

/// `N` random bytes.
///
/// # Errors
///
/// [`Unspecified`] without randomness.
pub fn bytes<const N: usize>() -> Result<[u8; N], Unspecified> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes)?;
    Ok(bytes)
}

/// `length` random bytes as base64url without padding.
///
/// # Errors
///
/// [`Unspecified`] without randomness.
pub fn base64url(length: usize) -> Result<String, Unspecified> {
    let mut bytes = vec![0; length];
    rand::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// A random UUID (RFC 9562 §5.4, version 4).
///
/// # Errors
///
/// [`Unspecified`] without randomness.
pub fn uuid() -> Result<String, Unspecified> {
    let uuid = Builder::from_random_bytes(bytes()?).into_uuid();
    Ok(uuid.to_string())
}

#[cfg(test)]
mod tests {
    use uuid::{Uuid, Variant};

    use super::*;

    #[test]
    fn a_uuid_has_version_4_and_the_variant_of_rfc_9562() {
        for _ in 0..64 {
            let text = uuid().unwrap();
            let parts: Vec<_> = text.split('-').map(str::len).collect();
            assert_eq!(parts, [8, 4, 4, 4, 12]);
            let uuid = Uuid::try_parse(&text).unwrap();
            assert_eq!(
                (uuid.get_version_num(), uuid.get_variant()),
                (4, Variant::RFC4122)
            );
        }
    }
}
