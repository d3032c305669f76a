//! The authorization request, with which the browser is sent to the service.
//! `state`, `nonce` and the PKCE verifier are new for every login. Each has 256 random bits and is
//! sent as base64url, because a `;` in `state` broke in practice (contract S2).
//! Only parameters that the service documents are sent.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use four_attributes::AttributeSet;
use keys::{NoRandomness, Randomness};
use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::Zeroize as _;

use crate::provider::Provider;

/// 256 random bits: a `state`, a `nonce` or a PKCE verifier (see [`OneTimeValues`]).
///
/// It doesn't implement `Serialize`, so that it can't get into JSON or a log by accident. A type
/// that is sealed opts in for its field with `#[serde(with = "Secret256")]`. The field is
/// serialized as 32 bytes.
#[derive(Clone, Deserialize, Eq, Serialize)]
#[serde(remote = "Self")]
pub struct Secret256([u8; 32]);

/// Compares in constant time, so that the time taken reveals nothing about the values.
impl PartialEq for Secret256 {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Secret256 {
    /// New random bits.
    ///
    /// # Errors
    ///
    /// If the randomness fails.
    pub fn new(randomness: &dyn Randomness) -> Result<Self, NoRandomness> {
        let mut bytes = [0; 32];
        randomness.fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The secret of these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be hashed.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// As it goes over the wire: base64url without padding, 43 characters (RFC 7636 §4.1 recommends
    /// this very form).
    #[must_use]
    pub fn expose_base64url(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl Drop for Secret256 {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret256 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret256(…)")
    }
}

/// The one-time values of a login. Like [`Secret256`], they are serialized only where a field opts
/// in with `#[serde(with = "OneTimeValues")]`. The sealed form has the fields in this order, so
/// their order must not change.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(remote = "Self")]
pub struct OneTimeValues {
    /// Ties the answer to the request (RFC 6749 §10.12).
    #[serde(with = "Secret256")]
    pub state: Secret256,
    /// Ties the ID token to the request (OIDC Core §15.5.2).
    #[serde(with = "Secret256")]
    pub nonce: Secret256,
    /// Ties the code to the client that asked for it (RFC 7636).
    #[serde(with = "Secret256")]
    pub code_verifier: Secret256,
}

impl OneTimeValues {
    /// Three new values.
    ///
    /// # Errors
    ///
    /// If the randomness fails.
    pub fn new(randomness: &dyn Randomness) -> Result<Self, NoRandomness> {
        Ok(Self {
            state: Secret256::new(randomness)?,
            nonce: Secret256::new(randomness)?,
            code_verifier: Secret256::new(randomness)?,
        })
    }
}

/// The parameters of an authorization request that are the same in every login of a client.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest<'a> {
    /// The client id that the Digital Agency gave.
    pub client_id: &'a str,
    /// Where the service sends the browser back, as registered.
    pub redirect_uri: &'a str,
    /// The attributes to ask for. Each has a scope; the scope `openid` is added.
    pub attributes: AttributeSet,
    /// `acr_values`, or none to leave it out.
    pub acr_values: Option<&'a str>,
}

impl AuthorizationRequest<'_> {
    /// The URL that the browser is sent to (contract S2).
    #[must_use]
    pub fn url(&self, provider: &Provider, one_time: &OneTimeValues) -> Url {
        let code_verifier = PkceCodeVerifier::new(one_time.code_verifier.expose_base64url());
        let code_challenge = PkceCodeChallenge::from_code_verifier_sha256(&code_verifier);
        let mut url = provider.authorization_endpoint().clone();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("scope", &scope(self.attributes))
                .append_pair("client_id", self.client_id)
                .append_pair("redirect_uri", self.redirect_uri)
                .append_pair("state", &one_time.state.expose_base64url())
                .append_pair("nonce", &one_time.nonce.expose_base64url())
                .append_pair("code_challenge", code_challenge.as_str())
                .append_pair("code_challenge_method", code_challenge.method().as_str());
            if let Some(acr_values) = self.acr_values {
                query.append_pair("acr_values", acr_values);
            }
        }
        url
    }
}

/// `openid` and the scope of each attribute, separated by spaces.
#[must_use]
pub fn scope(attributes: AttributeSet) -> String {
    let mut scope = String::from("openid");
    for attribute in attributes.iter() {
        scope.push(' ');
        scope.push_str(attribute.scope());
    }
    scope
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The verifier of RFC 7636 Appendix B, and its challenge.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn secret(text: &str) -> Secret256 {
        Secret256::from_bytes(URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap())
    }

    #[test]
    fn the_request_says_what_the_service_documents_and_nothing_else() {
        let one_time = OneTimeValues {
            state: Secret256::from_bytes([1; 32]),
            nonce: Secret256::from_bytes([2; 32]),
            code_verifier: secret(VERIFIER),
        };
        let request = AuthorizationRequest {
            client_id: "RP00000001",
            redirect_uri: "https://bridge.example/callback",
            attributes: AttributeSet::all(),
            acr_values: Some("aal3 crl"),
        };
        let url = request.url(&Provider::sandbox().unwrap(), &one_time);
        let query: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        let expected = [
            ("response_type", "code"),
            ("scope", "openid name address birthdate gender"),
            ("client_id", "RP00000001"),
            ("redirect_uri", "https://bridge.example/callback"),
            ("state", &one_time.state.expose_base64url()),
            ("nonce", &one_time.nonce.expose_base64url()),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("acr_values", "aal3 crl"),
        ];
        assert_eq!(
            query,
            expected
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into()
        );
        assert_eq!(one_time.state.expose_base64url().len(), 43);
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(
            format!("{:?}", Secret256::from_bytes([7; 32])),
            "Secret256(…)"
        );
    }
}
