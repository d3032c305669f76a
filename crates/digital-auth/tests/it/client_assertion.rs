//! Tests of the client assertion: another implementation reads it with nothing but the public key.
//! Header and claims are exactly those that the service documents.
//! A `jti` never comes twice.

use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;

use digital_auth::client_assertion::{ClientAssertionError, SERVICE_MAX_SECONDS, client_assertion};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, Validation, decode};
use keys::{
    Algorithm, KeyId, LocalKey, NoRandomness, PublicJwk, SigningError, SigningKey, SystemRandomness,
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::signed::{CLIENT_ID, es256, public_jwk, ready, rs256};
use kit::{Exhausted, start};

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
                "iat": now - 11,
                "exp": now + 48,
            })
        );
    }
}

/// By its own clock, the service refuses an assertion that was issued in the future or more than
/// 60 s ago, and one that has expired or expires more than 60 s ahead.
#[test]
fn pass_the_service_takes_it_with_our_clock_40_s_behind_to_10_s_ahead_and_5_s_on_the_way() {
    let (_, claims) = read(es256(), &assertion(es256()));
    let seconds = |name: &str| claims[name].as_i64().unwrap();
    let accepts = |now: i64| {
        (seconds("iat")..=seconds("iat") + SERVICE_MAX_SECONDS).contains(&now)
            && (seconds("exp") - SERVICE_MAX_SECONDS..seconds("exp")).contains(&now)
    };
    for ahead in -40..=10 {
        for on_the_way in 0..=5 {
            let at_the_service = start().timestamp() - ahead + on_the_way;
            assert!(
                accepts(at_the_service),
                "{ahead} s ahead, {on_the_way} s later"
            );
        }
    }
    // Neither of the two limits is used up.
    let lifetime = seconds("exp") - seconds("iat");
    assert!(lifetime < SERVICE_MAX_SECONDS, "{lifetime}");
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

/// A key that is unavailable for signing.
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
