//! Tests of what is published: the JWK Set, which holds every key of the ring and nothing private,
//! and JWTs, which can be verified with that set alone.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use keys::{
    Algorithm, InvalidKey, KeyId, KeyRing, LocalKey, PublicJwk, SigningError, SigningKey, sign_jwt,
};
use proptest::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::rfc::{RFC_7515_A2_JWK, RFC_7515_A3_JWK};
use kit::keys::{decode, public_jwk};

fn generate(algorithm: Algorithm) -> Arc<dyn SigningKey> {
    Arc::new(LocalKey::generate(algorithm).unwrap())
}

#[test]
fn a_public_jwk_has_exactly_the_members_of_its_kind() {
    let rsa = LocalKey::from_jwk(&SecretString::from(RFC_7515_A2_JWK)).unwrap();
    let ec = LocalKey::from_jwk(&SecretString::from(RFC_7515_A3_JWK)).unwrap();
    let given: Value = serde_json::from_str(RFC_7515_A2_JWK).unwrap();

    assert_eq!(
        public_jwk(&rsa),
        json!({
            "kty": "RSA", "kid": rsa.key_id().as_str(), "use": "sig", "alg": "RS256",
            "n": given["n"], "e": "AQAB",
        })
    );
    assert_eq!(
        public_jwk(&ec),
        json!({
            "kty": "EC", "kid": ec.key_id().as_str(), "use": "sig", "alg": "ES256",
            "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        })
    );
}

#[test]
fn the_first_key_signs_and_all_are_published() {
    let keys = vec![
        generate(Algorithm::Es256),
        generate(Algorithm::Rs256),
        generate(Algorithm::Es256),
    ];
    let expected: Vec<Value> = keys.iter().map(|key| public_jwk(key.as_ref())).collect();
    let first = keys[0].key_id().clone();

    let ring = KeyRing::new(keys).unwrap();

    assert_eq!(ring.signer().key_id(), &first);
    let published: Value = serde_json::from_str(ring.jwk_set()).unwrap();
    assert_eq!(published, json!({ "keys": expected }));
}

#[test]
fn the_same_key_twice_is_refused() {
    let key = LocalKey::generate(Algorithm::Es256).unwrap();
    let again: Arc<dyn SigningKey> = Arc::new(LocalKey::from_jwk(&key.private_jwk()).unwrap());
    let key: Arc<dyn SigningKey> = Arc::new(key);

    assert_eq!(
        KeyRing::new(vec![key, generate(Algorithm::Es256), again]).unwrap_err(),
        InvalidKey::DuplicateKey
    );
}

proptest! {
    // Generating RSA keys takes time.
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn a_jwk_set_never_holds_a_private_member(
        algorithms in prop::collection::vec(
            prop_oneof![Just(Algorithm::Rs256), Just(Algorithm::Es256)], 1..4),
    ) {
        let local: Vec<LocalKey> = algorithms
            .iter()
            .map(|algorithm| LocalKey::generate(*algorithm).unwrap())
            .collect();
        let secrets: Vec<Value> = local
            .iter()
            .map(|key| serde_json::from_str(key.private_jwk().expose_secret()).unwrap())
            .collect();
        let ring = KeyRing::new(
            local.into_iter().map(|key| Arc::new(key) as Arc<dyn SigningKey>).collect(),
        ).unwrap();

        let published: Value = serde_json::from_str(ring.jwk_set()).unwrap();
        let shown = format!("{} {ring:?}", ring.jwk_set());

        for jwk in published["keys"].as_array().unwrap() {
            let mut names: Vec<&str> =
                jwk.as_object().unwrap().keys().map(String::as_str).collect();
            names.sort_unstable();
            if jwk["kty"] == "RSA" {
                prop_assert_eq!(names, ["alg", "e", "kid", "kty", "n", "use"]);
            } else {
                prop_assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
            }
        }
        for secret in secrets {
            for name in ["d", "p", "q", "dp", "dq", "qi"] {
                if let Some(value) = secret[name].as_str() {
                    prop_assert!(!shown.contains(value), "{}", name);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_jwt_says_algorithm_key_and_type_and_verifies() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
        let key = LocalKey::generate(algorithm).unwrap();
        let claims = json!({ "iss": "https://bridge.example", "name": "山田 太郎" });

        let jwt = sign_jwt(&key, &claims).await.unwrap();

        let (header, decoded) = decode(&key, &jwt).unwrap();
        assert_eq!(
            header,
            json!({ "alg": algorithm.as_str(), "kid": key.key_id().as_str(), "typ": "JWT" })
        );
        assert_eq!(decoded, claims);
    }
}

#[tokio::test]
async fn a_jwt_with_a_changed_byte_does_not_verify() {
    let key = LocalKey::generate(Algorithm::Es256).unwrap();
    let jwt = sign_jwt(&key, &json!({ "sub": "alice" })).await.unwrap();
    let other = sign_jwt(&key, &json!({ "sub": "mallory" })).await.unwrap();
    let (kept, _) = jwt.rsplit_once('.').unwrap();
    let (_, foreign) = other.rsplit_once('.').unwrap();

    assert!(decode(&key, &jwt).is_ok());
    let error = decode(&key, &format!("{kept}.{foreign}")).unwrap_err();
    assert_eq!(
        error.kind(),
        &jsonwebtoken::errors::ErrorKind::InvalidSignature
    );
}

#[tokio::test]
async fn claims_that_are_no_json_are_told_from_a_failed_signature() {
    let key = LocalKey::generate(Algorithm::Es256).unwrap();
    // In JSON, the name of a member is a string.
    let claims = std::collections::HashMap::from([((1, 2), 3)]);

    assert_eq!(sign_jwt(&key, &claims).await, Err(SigningError::Claims));
}

/// A key in a KMS that can't be reached.
#[derive(Debug)]
struct Away(LocalKey);

impl SigningKey for Away {
    fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }
    fn key_id(&self) -> &KeyId {
        self.0.key_id()
    }
    fn public_jwk(&self) -> &PublicJwk {
        self.0.public_jwk()
    }
    fn sign<'a>(
        &'a self,
        _message: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, SigningError>> + Send + 'a>> {
        Box::pin(std::future::ready(Err(SigningError::Unavailable)))
    }
}

#[tokio::test]
async fn without_a_signature_there_is_no_jwt() {
    let key = Away(LocalKey::generate(Algorithm::Es256).unwrap());

    assert_eq!(
        sign_jwt(&key, &json!({})).await,
        Err(SigningError::Unavailable)
    );
}

#[test]
fn signing_can_be_awaited_on_any_thread() {
    fn is_send<T: Send>(_: T) {}
    let key = LocalKey::generate(Algorithm::Es256).unwrap();

    is_send(sign_jwt(&key, &json!({})));
}
