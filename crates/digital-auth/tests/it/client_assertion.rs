//! The client assertion, read by an implementation that others wrote, with nothing but the public key.
//! Header and claims are exactly those of the contract.
//! A `jti` never comes twice.

use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;

use digital_auth::client_assertion::{ClientAssertionError, client_assertion};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, Validation, decode};
use keys::{
    Algorithm, KeyId, LocalKey, NoRandomness, PublicJwk, Randomness, SigningError, SigningKey,
    SystemRandomness,
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::signed::{CLIENT_ID, es256, public_jwk, ready, rs256};
use test_server::start;

const AUDIENCE: &str = "https://service.example/realms/main/protocol/openid-connect/token";

fn assertion(key: &dyn SigningKey) -> String {
    let signing = client_assertion(key, CLIENT_ID, AUDIENCE, &SystemRandomness, start());
    ready(signing).unwrap().expose_secret().to_owned()
}

fn read(key: &LocalKey, assertion: &str) -> (Value, Value) {
    let jwk: Jwk = serde_json::from_value(public_jwk(key)).unwrap();
    let algorithm = match key.algorithm() {
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
    };
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[CLIENT_ID]);
    let token = decode::<Value>(
        assertion,
        &DecodingKey::from_jwk(&jwk).unwrap(),
        &validation,
    )
    .unwrap();
    let header = assertion.split('.').next().unwrap();
    let header =
        base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, header).unwrap();
    (serde_json::from_slice(&header).unwrap(), token.claims)
}

#[test]
fn pass_header_and_claims_are_exactly_those_of_the_contract() {
    for key in [es256(), rs256()] {
        let (header, mut claims) = read(key, &assertion(key));

        assert_eq!(
            header,
            json!({"alg": key.algorithm().as_str(), "kid": key.key_id().as_str(), "typ": "JWT"})
        );
        let jti = claims.as_object_mut().unwrap().remove("jti").unwrap();
        assert_eq!(jti.as_str().unwrap().len(), 43);
        let now = start().timestamp();
        assert_eq!(
            claims,
            json!({
                "iss": CLIENT_ID,
                "sub": CLIENT_ID,
                "aud": AUDIENCE,
                "iat": now,
                "exp": now + 60,
            })
        );
    }
}

#[test]
fn pass_a_jti_is_never_used_twice() {
    let jti: HashSet<String> = (0..1_000)
        .map(|_| {
            let (_, claims) = read(es256(), &assertion(es256()));
            claims["jti"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(jti.len(), 1_000);
}

#[derive(Debug)]
struct Exhausted;

impl Randomness for Exhausted {
    fn fill(&self, _buffer: &mut [u8]) -> Result<(), NoRandomness> {
        Err(NoRandomness)
    }
}

/// A key that doesn't sign now.
#[derive(Debug)]
pub(crate) struct Unavailable;

impl SigningKey for Unavailable {
    fn algorithm(&self) -> Algorithm {
        es256().algorithm()
    }

    fn key_id(&self) -> &KeyId {
        es256().key_id()
    }

    fn public_jwk(&self) -> &PublicJwk {
        es256().public_jwk()
    }

    fn sign<'a>(
        &'a self,
        _message: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, SigningError>> + Send + 'a>> {
        Box::pin(async { Err(SigningError::Unavailable) })
    }
}

#[test]
fn fail_without_randomness_or_without_the_key() {
    let error = ready(client_assertion(
        es256(),
        CLIENT_ID,
        AUDIENCE,
        &Exhausted,
        start(),
    ))
    .unwrap_err();
    assert!(matches!(
        error,
        ClientAssertionError::Randomness(NoRandomness)
    ));

    let error = ready(client_assertion(
        &Unavailable,
        CLIENT_ID,
        AUDIENCE,
        &SystemRandomness,
        start(),
    ))
    .unwrap_err();
    assert!(matches!(
        error,
        ClientAssertionError::Signing(SigningError::Unavailable)
    ));
}
