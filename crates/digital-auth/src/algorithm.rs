//! The algorithms of the service's signatures.

/// A signature algorithm of JWS.
pub use openidconnect::core::CoreJwsSigningAlgorithm as SigningAlgorithm;

/// The algorithm of this name, if it may be configured for the service: `ES256` or `RS256`
/// (contract S5).
#[must_use]
pub fn parse_algorithm(name: &str) -> Option<SigningAlgorithm> {
    match name {
        "ES256" => Some(SigningAlgorithm::EcdsaP256Sha256),
        "RS256" => Some(SigningAlgorithm::RsaSsaPkcs1V15Sha256),
        _ => None,
    }
}
