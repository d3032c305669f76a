//! Tests of local keys: which JWKs are read, which are refused and why, and what `Debug` shows.
//! Each refused JWK is one change away from a JWK that is read.

use keys::{Algorithm, InvalidKey, LocalKey, SigningKey as _};
use proptest::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::rfc::{RFC_7515_A2_JWK, RFC_7515_A3_JWK};
use kit::keys::verifies;

const RSA: &str = RFC_7515_A2_JWK;
const EC: &str = RFC_7515_A3_JWK;

const PRIVATE_MEMBERS: [&str; 6] = ["d", "p", "q", "dp", "dq", "qi"];

fn read(jwk: &str) -> Result<LocalKey, InvalidKey> {
    LocalKey::from_jwk(&SecretString::from(jwk))
}

/// The result of reading `jwk` after `change`.
fn changed(
    jwk: &str,
    change: impl FnOnce(&mut serde_json::Map<String, Value>),
) -> Result<(), InvalidKey> {
    let mut members = serde_json::from_str(jwk).unwrap();
    change(&mut members);
    read(&Value::Object(members).to_string()).map(|_| ())
}

/// The result of reading `jwk` with `member` set to `value`.
fn with(jwk: &str, member: &str, value: impl Into<Value>) -> Result<(), InvalidKey> {
    changed(jwk, |members| {
        members.insert(member.to_owned(), value.into());
    })
}

/// The result of reading `jwk` without `member`.
fn without(jwk: &str, member: &str) -> Result<(), InvalidKey> {
    changed(jwk, |members| {
        members.remove(member).unwrap();
    })
}

fn member(jwk: &str, name: &str) -> String {
    let members: Value = serde_json::from_str(jwk).unwrap();
    members[name].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_generated_key_survives_being_written_and_read() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
        let made = LocalKey::generate(algorithm).unwrap();
        let read = LocalKey::from_jwk(&made.private_jwk()).unwrap();

        let signature = read.sign(b"message").await.unwrap();

        assert_eq!(made.algorithm(), algorithm);
        assert_eq!(made.public_jwk(), read.public_jwk());
        assert_eq!(
            made.private_jwk().expose_secret(),
            read.private_jwk().expose_secret()
        );
        assert!(verifies(&made, b"message", &signature));
    }
}

#[test]
fn two_generated_keys_differ() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
        let one = LocalKey::generate(algorithm).unwrap();
        let other = LocalKey::generate(algorithm).unwrap();

        assert_ne!(one.key_id(), other.key_id());
    }
}

#[tokio::test]
async fn a_signature_is_for_its_message_and_its_key_only() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
        let key = LocalKey::generate(algorithm).unwrap();
        let other = LocalKey::generate(algorithm).unwrap();

        let mut signature = key.sign(b"message").await.unwrap();

        assert!(verifies(&key, b"message", &signature));
        assert!(!verifies(&key, b"massage", &signature));
        assert!(!verifies(&other, b"message", &signature));
        signature[10] ^= 1;
        assert!(!verifies(&key, b"message", &signature));
    }
}

#[test]
fn a_private_jwk_is_written_with_all_its_members() {
    let rsa: Value =
        serde_json::from_str(read(RSA).unwrap().private_jwk().expose_secret()).unwrap();
    let ec: Value = serde_json::from_str(read(EC).unwrap().private_jwk().expose_secret()).unwrap();

    for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
        assert_eq!(rsa[name], member(RSA, name), "{name}");
    }
    for name in ["crv", "x", "y", "d"] {
        assert_eq!(ec[name], member(EC, name), "{name}");
    }
    for jwk in [rsa, ec] {
        assert_eq!(jwk["use"], "sig");
        assert_eq!(jwk["kid"].as_str().unwrap().len(), 43);
    }
}

#[test]
fn members_that_say_nothing_else_are_welcome() {
    for (jwk, alg) in [(RSA, "RS256"), (EC, "ES256")] {
        let kid = read(jwk).unwrap().key_id().as_str().to_owned();

        assert_eq!(with(jwk, "alg", alg), Ok(()));
        assert_eq!(with(jwk, "use", "sig"), Ok(()));
        assert_eq!(with(jwk, "key_ops", json!(["verify", "sign"])), Ok(()));
        assert_eq!(with(jwk, "kid", kid), Ok(()));
        assert_eq!(with(jwk, "unknown", json!({"to": "us"})), Ok(()));
    }
}

#[test]
fn a_key_for_another_purpose_is_refused() {
    for (jwk, other) in [
        (RSA, "PS256"),
        (RSA, "ES256"),
        (EC, "RS256"),
        (EC, "ES384"),
        (EC, ""),
    ] {
        assert_eq!(
            with(jwk, "alg", other),
            Err(InvalidKey::WrongAlgorithm),
            "{other}"
        );
    }
    for jwk in [RSA, EC] {
        assert_eq!(with(jwk, "use", "enc"), Err(InvalidKey::NotForSigning));
        assert_eq!(
            with(jwk, "key_ops", json!(["verify"])),
            Err(InvalidKey::NotForSigning)
        );
        assert_eq!(
            with(jwk, "key_ops", json!([])),
            Err(InvalidKey::NotForSigning)
        );
    }
}

#[test]
fn a_key_id_that_is_not_the_thumbprint_is_refused() {
    for jwk in [RSA, EC] {
        assert_eq!(with(jwk, "kid", "2011-04-29"), Err(InvalidKey::WrongKeyId));
        assert_eq!(with(jwk, "kid", ""), Err(InvalidKey::WrongKeyId));
    }
}

#[test]
fn a_public_jwk_is_refused() {
    for jwk in [RSA, EC] {
        let public = changed(jwk, |members| {
            members.retain(|name, _| !PRIVATE_MEMBERS.contains(&name.as_str()));
        });

        assert_eq!(public, Err(InvalidKey::NotPrivate));
        assert_eq!(with(jwk, "d", Value::Null), Err(InvalidKey::NotPrivate));
    }
}

#[test]
fn a_kind_of_key_that_cannot_make_our_signatures_is_refused() {
    for kty in ["oct", "OKP", "rsa", "ec", ""] {
        assert_eq!(
            with(RSA, "kty", kty),
            Err(InvalidKey::UnsupportedKeyType),
            "{kty}"
        );
    }
    for crv in ["P-384", "P-521", "secp256k1", "p-256", ""] {
        assert_eq!(
            with(EC, "crv", crv),
            Err(InvalidKey::UnsupportedCurve),
            "{crv}"
        );
    }
    assert_eq!(without(EC, "crv"), Err(InvalidKey::UnsupportedCurve));
    assert_eq!(
        with(RSA, "oth", json!([])),
        Err(InvalidKey::UnsupportedPrimes)
    );
}

#[test]
fn a_missing_member_is_named() {
    for name in ["n", "e", "p", "q", "dp", "dq", "qi"] {
        assert_eq!(without(RSA, name), Err(InvalidKey::MissingMember(name)));
    }
    for name in ["x", "y"] {
        assert_eq!(without(EC, name), Err(InvalidKey::MissingMember(name)));
    }
}

#[test]
fn a_malformed_member_is_named() {
    for (jwk, names) in [
        (RSA, &["n", "e", "d", "p", "q", "dp", "dq", "qi"][..]),
        (EC, &["x", "y", "d"][..]),
    ] {
        for name in names {
            let good = member(jwk, name);
            for wrong in [
                String::new(),
                format!("{good}="),
                format!("+{}", &good[1..]),
                format!(" {good}"),
                "A".repeat(684),
            ] {
                assert_eq!(
                    with(jwk, name, wrong.clone()),
                    Err(InvalidKey::MalformedMember(name)),
                    "{wrong}"
                );
            }
        }
    }
    // 31 and 33 bytes: a coordinate has exactly 32, leading zeros included.
    for name in ["x", "y", "d"] {
        for length in [31, 33] {
            use base64::Engine as _;
            let wrong = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(vec![1; length]);
            assert_eq!(
                with(EC, name, wrong),
                Err(InvalidKey::MalformedMember(name))
            );
        }
    }
}

#[test]
fn a_small_or_large_rsa_key_is_refused() {
    use base64::Engine as _;
    let modulus =
        |bytes| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(vec![0xFF; bytes]);

    assert_eq!(with(RSA, "n", modulus(128)), Err(InvalidKey::KeySize));
    assert_eq!(with(RSA, "n", modulus(255)), Err(InvalidKey::KeySize));
    assert_eq!(
        with(RSA, "n", modulus(513)),
        Err(InvalidKey::MalformedMember("n"))
    );
    assert_eq!(with(RSA, "e", "Aw"), Err(InvalidKey::PublicExponent));
}

#[test]
fn halves_that_do_not_belong_together_are_refused() {
    let rsa = LocalKey::generate(Algorithm::Rs256).unwrap().private_jwk();
    let ec = LocalKey::generate(Algorithm::Es256).unwrap().private_jwk();

    for name in ["n", "d", "p", "q", "dp", "dq", "qi"] {
        let foreign = member(rsa.expose_secret(), name);
        assert_eq!(
            with(RSA, name, foreign),
            Err(InvalidKey::Inconsistent),
            "{name}"
        );
    }
    for name in ["x", "y", "d"] {
        let foreign = member(ec.expose_secret(), name);
        assert_eq!(
            with(EC, name, foreign),
            Err(InvalidKey::Inconsistent),
            "{name}"
        );
    }
    assert_eq!(
        with(EC, "d", "A".repeat(43)),
        Err(InvalidKey::Inconsistent),
        "zero"
    );
}

#[test]
fn what_is_no_jwk_is_refused() {
    for text in [
        "",
        " ",
        "null",
        "{}",
        "[]",
        r#"["RSA"]"#,
        r#""RSA""#,
        r#"{"kty":1}"#,
        r#"{"kty":"RSA","kty":"RSA"}"#,
        r#"{"kty":"RSA","n":["AQAB"]}"#,
        r#"{"keys":[]}"#,
    ] {
        assert_eq!(read(text).unwrap_err(), InvalidKey::NotAJwk, "{text}");
    }
    assert_eq!(
        read(&RSA[..RSA.len() - 1]).unwrap_err(),
        InvalidKey::NotAJwk
    );
    assert_eq!(
        read(&format!("{RSA}{RSA}")).unwrap_err(),
        InvalidKey::NotAJwk
    );
}

#[test]
fn the_values_of_a_jwk_without_their_names_are_refused() {
    let names = [
        "kty", "use", "key_ops", "alg", "kid", "n", "e", "p", "q", "dp", "dq", "qi", "oth", "crv",
        "x", "y", "d",
    ];
    let members: Value = serde_json::from_str(EC).unwrap();
    let values: Vec<&Value> = names.iter().map(|name| &members[name]).collect();

    assert_eq!(
        read(&json!(values).to_string()).unwrap_err(),
        InvalidKey::NotAJwk
    );
}

#[test]
fn debug_shows_key_id_and_algorithm_and_nothing_else() {
    for jwk in [RSA, EC] {
        let key = read(jwk).unwrap();

        let shown = format!("{key:?}");

        let kid = key.key_id().as_str();
        let algorithm = match key.algorithm() {
            Algorithm::Rs256 => "Rs256",
            Algorithm::Es256 => "Es256",
        };
        assert_eq!(
            shown,
            format!(r#"LocalKey {{ key_id: "{kid}", algorithm: {algorithm}, .. }}"#)
        );
    }
}

/// Any JSON, so that every member meets every type.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        "[A-Za-z0-9_-]{0,700}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop::collection::vec(inner, 0..4).prop_map(Value::from)
    })
}

fn any_member() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "kty", "use", "key_ops", "alg", "kid", "n", "e", "d", "p", "q", "dp", "dq", "qi", "oth",
        "crv", "x", "y",
    ])
}

proptest! {
    #[test]
    fn text_that_is_no_jwk_never_panics(text in ".{0,200}") {
        prop_assert!(read(&text).is_err());
    }

    #[test]
    fn a_jwk_with_a_member_replaced_is_read_as_the_same_key_or_refused(
        rsa in any::<bool>(),
        name in any_member(),
        value in any_json(),
    ) {
        let jwk = if rsa { RSA } else { EC };
        let mut members: serde_json::Map<String, Value> = serde_json::from_str(jwk).unwrap();
        members.insert(name.to_owned(), value);

        if let Ok(key) = read(&Value::Object(members).to_string()) {
            let original = read(jwk).unwrap();
            prop_assert_eq!(key.public_jwk(), original.public_jwk());
        }
    }
}
