//! Tests of the form of an ID token: claims that are checked must have exactly the form that the
//! specifications give them.
//! Other claims may have any form: the service may write the attributes in its own form, and no
//! login depends on it. The last tests are properties: openidconnect's own verifier agrees wherever
//! it can read a token.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use digital_auth::id_token::{IdTokenError, VerifiedIdToken};
use keys::SigningKey as _;
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet};
use openidconnect::{ClientId, IssuerUrl, Nonce};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::id_token::{Check, ISSUER, good, with, with_header};
use crate::signed::{ACR, CLIENT_ID, SUBJECT, es256, header, id_token, nonce, ready, sign};
use kit::start;

/// The claims that are checked.
const CHECKED: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "auth_time",
    "nonce",
    "acr",
    "azp",
    "at_hash",
];

/// Good claims, including all that are checked.
fn complete() -> Value {
    let mut claims = good();
    claims["nbf"] = claims["iat"].clone();
    claims
}

/// A token whose payload is this text, signed by the service.
fn payload(text: &[u8]) -> Result<VerifiedIdToken, IdTokenError> {
    Check::default().of(&sign(es256(), &header(es256()), text))
}

/// A good payload with these members before the others, as they are written here.
fn payload_with(members: &str) -> Result<VerifiedIdToken, IdTokenError> {
    payload(format!("{{{members},{}", &good().to_string()[1..]).as_bytes())
}

/// A good token whose header is this text.
fn header_text(text: &str) -> Result<VerifiedIdToken, IdTokenError> {
    encoded(
        &URL_SAFE_NO_PAD.encode(text),
        &URL_SAFE_NO_PAD.encode(good().to_string()),
    )
}

/// A token with header and payload in this spelling, and a good signature of exactly that.
fn encoded(header: &str, payload: &str) -> Result<VerifiedIdToken, IdTokenError> {
    let message = format!("{header}.{payload}");
    let signature = ready(es256().sign(message.as_bytes())).unwrap();
    Check::default().of(&format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

#[test]
fn pass_attributes_in_any_form_and_none_of_them_is_used() {
    let without_attributes = Check::default().of_claims(&good()).unwrap();
    for (claim, value) in [
        // The service's own form, which a simple mapper of Keycloak writes.
        ("address", json!("東京都千代田区永田町１丁目７番１号")),
        ("birthdate", json!("19850315")),
        ("gender", json!("1")),
        ("name", json!("山田　太郎")),
        // The form of OpenID Connect.
        ("address", json!({"formatted": "東京都千代田区永田町1-7-1"})),
        ("birthdate", json!("1985-03-15")),
        ("gender", json!("male")),
        ("name#ja-Hani-JP", json!("山田　太郎")),
        // Any other form.
        ("address", json!(1_000_014)),
        ("address", json!(["東京都", "千代田区"])),
        ("address", json!({"formatted": {"lines": [null]}})),
        ("address", Value::Null),
        ("birthdate", json!(19_850_315)),
        ("birthdate", json!(1985.25)),
        ("gender", json!({"code": 1})),
        ("gender", json!(false)),
        ("name", Value::Null),
        ("name", json!(["山田", "太郎"])),
        ("name", json!("\u{0}\n")),
        ("name#not a language", json!(1)),
        ("email", json!("no address")),
        ("email_verified", json!("yes")),
        ("phone_number_verified", json!(1)),
        ("picture", json!("no URL")),
        ("locale", json!(81)),
        ("updated_at", json!("yesterday")),
        // Other claims of an ID token that aren't checked.
        ("amr", json!("card")),
        ("c_hash", json!(7)),
        ("s_hash", Value::Null),
        ("jti", json!({})),
        ("sid", json!([])),
        ("typ", json!(1)),
        // Claims that Keycloak adds, and unknown ones.
        (
            "realm_access",
            json!({"roles": ["offline_access", {"deep": [[[1]]]}]}),
        ),
        ("ISS", json!("https://other.example")),
        (" sub", json!("somebody-else")),
        ("", json!("")),
        ("https://service.example/claims", json!([{}, [], null, 1e9])),
    ] {
        assert_eq!(
            with(claim, value.clone()).as_ref(),
            Ok(&without_attributes),
            "{claim} {value}"
        );
    }
}

#[test]
fn pass_attributes_twice_and_attributes_within_attributes_and_none_is_used() {
    let other = json!({"iss": "https://other.example", "sub": "somebody-else", "exp": 0});
    let verified = with("address", other).unwrap();
    assert_eq!(verified.subject.expose(), SUBJECT);
    assert!(payload_with(r#""address":{"formatted":"a","formatted":"b"}"#).is_ok());
}

/// A claim nested as deeply as an answer of the service can be is skipped without a growing stack.
#[test]
fn pass_a_claim_nested_without_measure() {
    let depth = 90_000;
    let arrays = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(payload_with(&format!(r#""deep":{arrays}"#)).is_ok());
    let objects = format!("{}1{}", r#"{"a":"#.repeat(depth / 3), "}".repeat(depth / 3));
    assert!(payload_with(&format!(r#""deep":{objects}"#)).is_ok());
    assert_eq!(
        payload_with(&format!(r#""deep":{}"#, "[".repeat(depth))),
        Err(IdTokenError::Malformed)
    );
}

#[test]
fn fail_a_checked_claim_nested_without_measure() {
    let deep = format!("{}{}", "[".repeat(90_000), "]".repeat(90_000));
    for claim in CHECKED {
        let mut claims = complete();
        claims.as_object_mut().unwrap().remove(*claim).unwrap();
        let rest = &claims.to_string()[1..];
        assert_eq!(
            payload(format!(r#"{{"{claim}":{deep},{rest}"#).as_bytes()),
            Err(IdTokenError::Malformed),
            "{claim}"
        );
    }
}

#[test]
fn fail_a_checked_claim_that_is_null() {
    for claim in CHECKED {
        assert_eq!(
            with(claim, Value::Null),
            Err(IdTokenError::Malformed),
            "{claim}"
        );
    }
}

/// RFC 7519 §4: names are unique, even those that aren't used. Escapes don't make another name.
#[test]
fn fail_any_claim_that_comes_twice() {
    let claims = complete();
    assert!(payload(claims.to_string().as_bytes()).is_ok());
    for claim in CHECKED {
        let twice = format!(
            r#"{{"{claim}":{},{}"#,
            claims[claim],
            &claims.to_string()[1..]
        );
        let twice = payload(twice.as_bytes());
        assert_eq!(twice, Err(IdTokenError::Malformed), "{claim}");
    }
    for members in [
        r#""jti":"an-id""#,
        r#""address":"a","address":"a""#,
        r#""address":"a","address":null"#,
        r#""unknown":1,"other":2,"unknown":3"#,
        r#""\u0073ub":"somebody-else""#,
        r#""unknow\u006e":1,"unknown":1"#,
        r#""":1,"":1"#,
    ] {
        assert_eq!(
            payload_with(members),
            Err(IdTokenError::Malformed),
            "{members}"
        );
    }
}

/// RFC 7515 §4: the names in the header are unique, too.
#[test]
fn fail_any_member_of_the_header_that_comes_twice() {
    let kid = es256().key_id().as_str();
    let good = format!(r#""alg":"ES256","kid":"{kid}","typ":"JWT""#);
    assert!(header_text(&format!("{{{good}}}")).is_ok());
    for member in [
        r#""alg":"ES256""#,
        r#""alg":"none""#,
        r#""\u0061lg":"ES256""#,
        &format!(r#""kid":"{kid}""#),
        r#""typ":"JWT""#,
        r#""x5t":"a","x5t":"a""#,
    ] {
        for text in [
            format!("{{{good},{member}}}"),
            format!("{{{member},{good}}}"),
        ] {
            assert_eq!(header_text(&text), Err(IdTokenError::Malformed), "{text}");
        }
    }
}

#[test]
fn pass_members_of_the_header_that_are_not_understood() {
    for (member, value) in [
        ("x5t", json!("a-thumbprint")),
        ("x5t#S256", json!(1)),
        ("x5c", json!([{}])),
        ("jwk", json!("no key")),
        ("unknown", json!({"deep": [[[Value::Null]]]})),
        ("CRIT", json!(["exp"])),
    ] {
        let mut header = header(es256());
        header[member] = value;
        assert!(with_header(es256(), &header).is_ok(), "{member}");
    }
}

/// RFC 7515 §4.1.11: a token with a critical extension that isn't supported is refused. None is
/// supported here.
#[test]
fn fail_every_critical_extension_and_every_header_of_another_form() {
    for (member, value) in [
        ("crit", json!(["b64"])),
        ("crit", json!(["alg"])),
        ("crit", json!("exp")),
        ("crit", json!({})),
        ("crit", json!(false)),
        ("crit", Value::Null),
        ("cty", Value::Null),
        ("cty", json!("")),
        ("kid", Value::Null),
        ("kid", json!([es256().key_id().as_str()])),
        ("typ", Value::Null),
        ("typ", json!(["JWT"])),
        ("alg", Value::Null),
        ("alg", json!(["ES256"])),
        ("alg", json!({"ES256": null})),
        ("alg", json!("es256")),
        ("alg", json!("ES256 ")),
        ("alg", json!("A128GCM")),
        ("alg", json!("RSA-OAEP")),
    ] {
        let mut header = header(es256());
        header[member] = value.clone();
        assert_eq!(
            with_header(es256(), &header),
            Err(IdTokenError::Malformed),
            "{member} {value}"
        );
    }
    for text in ["", "null", "[]", r#"["ES256"]"#, "\"ES256\"", "{}", "{"] {
        assert_eq!(header_text(text), Err(IdTokenError::Malformed), "{text:?}");
    }
}

/// RFC 7515 §4.1.9: `typ` is a media type, compared without case, and its `application/` may be
/// left out.
#[test]
fn pass_every_spelling_of_the_type_and_fail_every_other_type() {
    let typed = |typ: &str| {
        let mut header = header(es256());
        header["typ"] = json!(typ);
        with_header(es256(), &header)
    };
    for typ in ["JWT", "jwt", "application/jwt", "Application/JWT", "JOSE"] {
        assert!(typed(typ).is_ok(), "{typ}");
    }
    for typ in [
        "JWE",
        "JOSE+JSON",
        "id_token+jwt",
        "dpop+jwt",
        "application/at+jwt",
        "text/jwt",
        "JWT;a=b",
        "JWT ",
        "application/",
        "/jwt",
    ] {
        assert_eq!(typed(typ), Err(IdTokenError::Malformed), "{typ}");
    }
}

/// RFC 7519 §4.1.3: a string or an array of strings.
#[test]
fn fail_an_audience_of_another_form_also_where_the_client_is_in_it() {
    assert!(with("aud", json!([CLIENT_ID, CLIENT_ID])).is_ok());
    for audience in [
        json!([CLIENT_ID, 7]),
        json!([CLIENT_ID, null]),
        json!([[CLIENT_ID]]),
        json!([{"aud": CLIENT_ID}]),
        json!({"0": CLIENT_ID}),
        json!(true),
    ] {
        assert_eq!(
            with("aud", audience.clone()),
            Err(IdTokenError::Malformed),
            "{audience}"
        );
    }
    for audience in [json!(["", CLIENT_ID]), json!([""])] {
        assert_eq!(with("aud", audience), Err(IdTokenError::Audience));
    }
}

/// RFC 7519 §2: a NumericDate may have a fraction. It counts.
#[test]
fn pass_fractions_of_a_second_and_reckon_with_them() {
    let now = start().timestamp();
    let written = |claim: &str, number: &str| {
        let mut claims = good();
        claims.as_object_mut().unwrap().remove(claim).unwrap();
        let rest = &claims.to_string()[1..];
        payload(format!(r#"{{"{claim}":{number},{rest}"#).as_bytes())
    };
    assert!(written("exp", &format!("{}.5", now - 60)).is_ok());
    assert!(written("exp", &format!("{}.0", now - 59)).is_ok());
    assert_eq!(
        written("exp", &format!("{}.5", now - 61)),
        Err(IdTokenError::Expired)
    );
    assert_eq!(
        written("exp", &format!("{}.0", now - 60)),
        Err(IdTokenError::Expired)
    );
    assert_eq!(
        written("iat", &format!("{}.5", now + 60)),
        Err(IdTokenError::IssuedAt)
    );
    assert_eq!(
        written("iat", &format!("{}.5", now - 61)),
        Err(IdTokenError::IssuedAt)
    );
    let verified = written("iat", &format!("{}.25", now - 1)).unwrap();
    assert_eq!(verified.issued_at, start() - TimeDelta::milliseconds(750));
    let verified = written("auth_time", &format!("{}.5", now - 5)).unwrap();
    let auth_time = start() - TimeDelta::milliseconds(4_500);
    assert_eq!(verified.auth_time, Some(auth_time));
    assert!(written("auth_time", &format!("{}.0", now + 60)).is_ok());
    for impossible in [format!("{}.5", now + 60), "-0.5".to_owned()] {
        assert_eq!(
            written("auth_time", &impossible),
            Err(IdTokenError::AuthenticationTime)
        );
    }
    // Other spellings of whole seconds.
    for number in [
        format!("{now}.000"),
        format!("{now}e0"),
        format!("{now}0E-1"),
    ] {
        assert_eq!(written("iat", &number).unwrap().issued_at, start());
    }
}

#[test]
fn fail_times_that_are_no_numbers_or_no_times() {
    let now = start().timestamp();
    for claim in ["exp", "iat", "auth_time"] {
        for value in [
            json!(now.to_string()),
            json!(start().to_rfc3339()),
            json!(true),
            json!([now]),
            json!({"seconds": now}),
            json!({"$serde_json::private::Number": now.to_string()}),
            json!(i64::MAX),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(1e300),
            json!(-1e300),
            json!(8_210_266_876_800_i64),
            json!(8_210_266_876_800.5),
            json!(-8_334_601_228_801_i64),
        ] {
            assert_eq!(
                with(claim, value.clone()),
                Err(IdTokenError::Malformed),
                "{claim} {value}"
            );
        }
        for text in ["1e999", "0x10", "01", "+1", ".5", "1.", "NaN", "Infinity"] {
            assert_eq!(
                payload(
                    good()
                        .to_string()
                        .replace(
                            &format!(r#""{claim}":{}"#, good()[claim]),
                            &format!(r#""{claim}":{text}"#)
                        )
                        .as_bytes()
                ),
                Err(IdTokenError::Malformed),
                "{claim} {text}"
            );
        }
    }
}

/// RFC 7515 §2: base64url without the trailing `=`, and without line breaks or other characters.
/// Each of these tokens is signed in its own spelling, so that only the spelling is wrong.
#[test]
fn fail_header_and_payload_in_any_other_base64() {
    let kid = es256().key_id().as_str();
    // With the pads below, the lengths have every remainder modulo three. Some characters are
    // encoded differently in the two alphabets.
    let header = format!(r#"{{"alg":"ES256","kid":"{kid}","a":"??>>~~"}}"#);
    let payload = format!("{{\"a\":\"~~~???>>>\",{}", &good().to_string()[1..]);
    let good = |text: &str| URL_SAFE_NO_PAD.encode(text);
    for pad in ["", " ", "  "] {
        let (header, payload) = (format!("{header}{pad}"), format!("{payload}{pad}"));
        assert!(encoded(&good(&header), &good(&payload)).is_ok());
        let others = |text: &str| {
            let plain = good(text);
            let (half, rest) = plain.split_at(40);
            let mut others = vec![
                URL_SAFE.encode(text),
                STANDARD.encode(text),
                format!("{plain}="),
                format!("{plain}\n"),
                format!("{half}\n{rest}"),
                format!("{half} {rest}"),
                format!("{half}={rest}"),
                format!("{half}%{rest}"),
            ];
            // Unused bits that aren't zero.
            if !text.len().is_multiple_of(3) {
                let (rest, last) = plain.split_at(plain.len() - 1);
                let next = char::from(last.as_bytes()[0] + 1);
                others.push(format!("{rest}{next}"));
            }
            others.retain(|other| *other != plain);
            others
        };
        for other in others(&header) {
            let refused = encoded(&other, &good(&payload));
            assert_eq!(refused, Err(IdTokenError::Malformed), "{other}");
        }
        for other in others(&payload) {
            let refused = encoded(&good(&header), &other);
            assert_eq!(refused, Err(IdTokenError::Malformed), "{other}");
        }
    }
}

#[test]
fn fail_what_is_not_utf_8_or_not_json_also_where_it_is_not_used() {
    for unused in [
        &b"\"a\":\"\xff\""[..],
        b"\"\xff\":1",
        b"\"a\":\"\xed\xa0\x80\"",
        b"\"a\":'b'",
        b"\"a\":01",
        b"\"a\":\"\x01\"",
        b"\"a\":[1,]",
        b"\"a\":{\"b\"}",
        b"a:1",
    ] {
        let text = [b"{", unused, b",", &good().to_string().as_bytes()[1..]].concat();
        assert_eq!(payload(&text), Err(IdTokenError::Malformed));
    }
    let good = good().to_string();
    assert!(payload(format!(" \n{good}\t").as_bytes()).is_ok());
    for text in [
        format!("{good}{good}"),
        format!("[{good}]"),
        format!("{good},"),
    ] {
        assert_eq!(payload(text.as_bytes()), Err(IdTokenError::Malformed));
    }
    // An array, which serde would read as the members in their order.
    let values: Vec<Value> = CHECKED
        .iter()
        .map(|claim| complete()[*claim].clone())
        .collect();
    let array = json!(values).to_string();
    assert_eq!(payload(array.as_bytes()), Err(IdTokenError::Malformed));
}

/// Whether openidconnect accepts a token, with its own parser of all standard claims, and its own
/// order of checks.
fn openidconnect_accepts(token: &str) -> bool {
    let keys: CoreJsonWebKeySet = serde_json::from_value(Check::default().keys).unwrap();
    let skew = TimeDelta::seconds(60);
    let verifier = CoreIdTokenVerifier::new_public_client(
        ClientId::new(CLIENT_ID.to_owned()),
        IssuerUrl::new(ISSUER.to_owned()).unwrap(),
        keys,
    )
    .set_allowed_algs([openidconnect::core::CoreJwsSigningAlgorithm::EcdsaP256Sha256])
    .set_time_fn(move || start() - skew)
    .set_issue_time_verifier_fn(move |time| match (time - start()).abs() <= skew {
        true => Ok(()),
        false => Err("iat".to_owned()),
    })
    .set_auth_time_verifier_fn(move |time| {
        match time.is_none_or(|time| time.timestamp() > 0 && time - start() <= skew) {
            true => Ok(()),
            false => Err("auth_time".to_owned()),
        }
    })
    .set_auth_context_verifier_fn(|acr| match acr.is_some_and(|acr| acr.as_str() == ACR) {
        true => Ok(()),
        false => Err("acr".to_owned()),
    });
    let nonce = Nonce::new(nonce().expose_base64url());
    token
        .parse::<CoreIdToken>()
        .is_ok_and(|token| token.claims(&verifier, &nonce).is_ok())
}

/// A value for a claim, right for some of them. It is never `null`, which openidconnect treats
/// differently.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(ISSUER)),
        Just(json!(CLIENT_ID)),
        Just(json!(ACR)),
        Just(json!(nonce().expose_base64url())),
        Just(json!(SUBJECT)),
        (-70_i64..70).prop_map(|seconds| json!(start().timestamp() + seconds)),
        (-70.0_f64..70.0).prop_map(|seconds| json!(start().timestamp() as f64 + seconds)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<u64>().prop_map(|number| json!(number)),
        proptest::num::f64::NORMAL.prop_map(|number| json!(number)),
        any::<bool>().prop_map(|truth| json!(truth)),
        "[ -~]{0,8}".prop_map(|text| json!(text)),
    ];
    prop_oneof![
        3 => leaf.clone(),
        1 => prop::collection::vec(leaf.clone(), 0..3).prop_map(|values| json!(values)),
        1 => leaf.prop_map(|value| json!({"a": value})),
    ]
}

proptest! {
    /// What only our verifier checks (`azp`, `at_hash`, the length of `sub`) has its good value
    /// here.
    #[test]
    fn pass_and_fail_what_openidconnect_passes_and_fails(
        changes in prop::collection::vec(
            (
                prop::sample::select(
                    &["iss", "aud", "exp", "iat", "auth_time", "nonce", "acr"][..],
                ),
                prop::option::of(value()),
            ),
            0..3,
        ),
        header_change in prop::option::weighted(
            0.2,
            (
                prop::sample::select(&["typ", "cty", "crit", "kid", "alg", "other"][..]),
                prop::option::of(value()),
            ),
        ),
    ) {
        let (mut claims, mut header) = (good(), header(es256()));
        let change = |object: &mut Value, name: &str, value: Option<Value>| {
            let members = object.as_object_mut().unwrap();
            members.remove(name);
            members.extend(value.map(|value| (name.to_owned(), value)));
        };
        for (name, value) in changes {
            change(&mut claims, name, value);
        }
        if let Some((name, value)) = header_change {
            change(&mut header, name, value);
        }
        let token = sign(es256(), &header, claims.to_string().as_bytes());
        prop_assert_eq!(
            Check::default().of(&token).is_ok(),
            openidconnect_accepts(&token),
            "{} {}", header, claims
        );
    }

    #[test]
    fn pass_whatever_the_other_claims_are(
        others in prop::collection::vec(("[a-zA-Z_#]{1,12}", value()), 0..6),
    ) {
        let mut claims = good();
        let members = claims.as_object_mut().unwrap();
        for (name, value) in others {
            if !CHECKED.contains(&name.as_str()) {
                members.insert(name, value);
            }
        }
        prop_assert_eq!(
            Check::default().of(&id_token(es256(), &claims)),
            Check::default().of_claims(&good())
        );
    }
}
