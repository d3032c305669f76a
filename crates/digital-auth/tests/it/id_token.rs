//! Tests of the ID token's checks, one after the other: a good token, and for each rule a token
//! that breaks only this rule and gets exactly its error.
//! The last tests are properties: no single byte of a good token can be changed, and no input makes
//! the check panic.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use digital_auth::id_token::{
    Expected, IdTokenError, SigningAlgorithm, UnverifiedIdToken, VerifiedIdToken, parse_algorithm,
};
use digital_auth::published_keys::PublishedKeys;
use four_attributes::AssuranceRule;
use four_attributes::AuthenticationTime;
use keys::{Algorithm, LocalKey, SigningKey as _};
use openidconnect::IssuerUrl;
use p256::pkcs8::EncodePrivateKey as _;
use proptest::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::signed::{
    ACCESS_TOKEN, ACR, CLIENT_ID, SUBJECT, at_hash, claims, es256, header, id_token, jwk_set,
    nonce, other_es256, public_jwk, rs256, sign, unsigned,
};
use kit::start;

pub(crate) const ISSUER: &str = "https://service.example/api/realms/main";

/// How a token is verified. The default is what most tests use.
pub(crate) struct Check {
    pub(crate) keys: Value,
    pub(crate) algorithms: Vec<&'static str>,
    pub(crate) assurance: AssuranceRule,
    pub(crate) authentication_time: AuthenticationTime,
    pub(crate) authenticated_after: Option<DateTime<Utc>>,
    pub(crate) now: DateTime<Utc>,
}

impl Default for Check {
    fn default() -> Self {
        Self {
            keys: jwk_set(&[rs256(), es256()]),
            algorithms: vec!["ES256"],
            assurance: AssuranceRule::OneOf(vec!["aal2".to_owned(), ACR.to_owned()]),
            authentication_time: AuthenticationTime::Optional,
            authenticated_after: None,
            now: start(),
        }
    }
}

impl Check {
    pub(crate) fn of(&self, token: &str) -> Result<VerifiedIdToken, IdTokenError> {
        self.with_keys(&self.keys.to_string(), token)
    }

    /// With this key set as text, so that it can be one that a `Value` can't represent.
    pub(crate) fn with_keys(
        &self,
        keys: &str,
        token: &str,
    ) -> Result<VerifiedIdToken, IdTokenError> {
        let keys = PublishedKeys::read(keys.as_bytes()).unwrap();
        let algorithms: Vec<SigningAlgorithm> = self
            .algorithms
            .iter()
            .map(|name| parse_algorithm(name).unwrap())
            .collect();
        let expected = Expected {
            issuer: &IssuerUrl::new(ISSUER.to_owned()).unwrap(),
            client_id: CLIENT_ID,
            nonce: &nonce(),
            access_token: &SecretString::from(ACCESS_TOKEN),
            algorithms: &algorithms,
            assurance: &self.assurance,
            authentication_time: self.authentication_time,
            authenticated_after: self.authenticated_after,
        };
        let token = SecretString::from(token);
        UnverifiedIdToken::read(&token, &expected, &())?.verify(&keys, self.now)
    }

    pub(crate) fn of_claims(&self, claims: &Value) -> Result<VerifiedIdToken, IdTokenError> {
        self.of(&id_token(es256(), claims))
    }
}

pub(crate) fn good() -> Value {
    claims(ISSUER)
}

pub(crate) fn with(claim: &str, value: Value) -> Result<VerifiedIdToken, IdTokenError> {
    let mut claims = good();
    claims[claim] = value;
    Check::default().of_claims(&claims)
}

fn without(claim: &str) -> Result<VerifiedIdToken, IdTokenError> {
    let mut claims = good();
    claims.as_object_mut().unwrap().remove(claim).unwrap();
    Check::default().of_claims(&claims)
}

fn seconds_from_now(seconds: i64) -> Value {
    json!(start().timestamp() + seconds)
}

pub(crate) fn with_header(key: &LocalKey, header: &Value) -> Result<VerifiedIdToken, IdTokenError> {
    Check::default().of(&sign(key, header, good().to_string().as_bytes()))
}

#[test]
fn pass_a_good_token_says_who_when_and_how() {
    let verified = Check::default().of_claims(&good()).unwrap();

    assert_eq!(verified.subject.expose(), SUBJECT);
    assert_eq!(verified.issued_at, start());
    assert_eq!(verified.auth_time, Some(start() - TimeDelta::seconds(5)));
    assert_eq!(verified.acr.as_deref(), Some(ACR));
    assert!(!format!("{verified:?}").contains(SUBJECT));
}

#[test]
fn pass_a_token_with_the_fewest_claims() {
    let now = start().timestamp();
    let claims = json!({
        "iss": ISSUER, "sub": "s", "aud": CLIENT_ID, "exp": now + 1, "iat": now,
        "nonce": nonce().expose_base64url(),
    });
    let check = Check {
        assurance: AssuranceRule::Any,
        ..Check::default()
    };

    let verified = check.of_claims(&claims).unwrap();

    assert_eq!((verified.auth_time, verified.acr), (None, None));
}

#[test]
fn pass_a_token_that_another_implementation_signed() {
    let jwk: Value = serde_json::from_str(es256().private_jwk().expose_secret()).unwrap();
    let scalar = URL_SAFE_NO_PAD.decode(jwk["d"].as_str().unwrap()).unwrap();
    let key = p256::SecretKey::from_slice(&scalar).unwrap();
    let key = jsonwebtoken::EncodingKey::from_ec_der(key.to_pkcs8_der().unwrap().as_bytes());
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::ES256);
    header.kid = Some(es256().key_id().as_str().to_owned());

    let token = jsonwebtoken::encode(&header, &good(), &key).unwrap();

    assert!(Check::default().of(&token).is_ok());
}

#[test]
fn pass_rs256_where_it_is_configured_and_fail_where_it_is_not() {
    let token = id_token(rs256(), &good());
    let mut check = Check::default();
    assert_eq!(check.of(&token), Err(IdTokenError::Algorithm));

    check.algorithms = vec!["RS256"];
    assert!(check.of(&token).is_ok());
    assert_eq!(
        check.of(&id_token(es256(), &good())),
        Err(IdTokenError::Algorithm)
    );

    check.algorithms = vec!["ES256", "RS256"];
    assert!(check.of(&token).is_ok());
    assert!(check.of(&id_token(es256(), &good())).is_ok());

    assert_eq!(parse_algorithm("HS256"), None);
    assert_eq!(parse_algorithm("none"), None);
}

#[test]
fn fail_issuer() {
    for issuer in [
        "https://other.example/api/realms/main",
        "https://service.example/api/realms/main/",
        "https://service.example/api/realms/other",
        "https://service.example",
        "https://SERVICE.example/api/realms/main",
        "http://service.example/api/realms/main",
    ] {
        assert_eq!(
            with("iss", json!(issuer)),
            Err(IdTokenError::Issuer),
            "{issuer}"
        );
    }
    assert_eq!(without("iss"), Err(IdTokenError::Issuer));
}

#[test]
fn pass_the_audience_as_string_or_as_array_of_one_and_fail_any_other() {
    assert!(with("aud", json!(CLIENT_ID)).is_ok());
    assert!(with("aud", json!([CLIENT_ID])).is_ok());
    for audience in [
        json!("RP00000002"),
        json!("rp00000001"),
        json!(""),
        json!([]),
        json!(["RP00000002"]),
        json!([CLIENT_ID, "RP00000002"]),
        json!(["RP00000002", CLIENT_ID]),
    ] {
        assert_eq!(
            with("aud", audience.clone()),
            Err(IdTokenError::Audience),
            "{audience}"
        );
    }
    assert_eq!(without("aud"), Err(IdTokenError::Audience));
}

#[test]
fn pass_without_authorized_party_and_fail_with_another() {
    assert!(without("azp").is_ok());
    assert!(with("azp", json!(CLIENT_ID)).is_ok());
    for party in ["RP00000002", ""] {
        assert_eq!(
            with("azp", json!(party)),
            Err(IdTokenError::AuthorizedParty)
        );
    }
}

#[test]
fn pass_an_expiry_within_60_s_of_skew_and_fail_beyond() {
    for seconds in [1, 0, -1, -59] {
        assert!(with("exp", seconds_from_now(seconds)).is_ok(), "{seconds}");
    }
    for seconds in [-60, -61, -3_600] {
        assert_eq!(
            with("exp", seconds_from_now(seconds)),
            Err(IdTokenError::Expired),
            "{seconds}"
        );
    }
    assert_eq!(with("exp", json!(0)), Err(IdTokenError::Expired));
    assert_eq!(without("exp"), Err(IdTokenError::Expired));
}

#[test]
fn pass_a_time_of_issue_within_60_s_and_fail_beyond() {
    for seconds in [0, 60, -60] {
        assert!(with("iat", seconds_from_now(seconds)).is_ok(), "{seconds}");
    }
    for seconds in [61, -61, 86_400, -86_400] {
        assert_eq!(
            with("iat", seconds_from_now(seconds)),
            Err(IdTokenError::IssuedAt),
            "{seconds}"
        );
    }
    assert_eq!(without("iat"), Err(IdTokenError::IssuedAt));
}

/// RFC 7519 §4.1.5: `nbf`, if present, says from when the token is valid.
#[test]
fn pass_a_token_that_counts_already_and_fail_one_that_does_not_yet() {
    for seconds in [-86_400, 0, 60] {
        assert!(with("nbf", seconds_from_now(seconds)).is_ok(), "{seconds}");
    }
    assert!(with("nbf", json!(0)).is_ok());
    for ahead in [
        seconds_from_now(61),
        seconds_from_now(86_400),
        json!(start().timestamp_millis()),
    ] {
        assert_eq!(with("nbf", ahead), Err(IdTokenError::NotYetValid));
    }
    for malformed in [json!(null), json!("0"), json!([])] {
        assert_eq!(with("nbf", malformed), Err(IdTokenError::Malformed));
    }
}

#[test]
fn fail_nonce() {
    let nonce = nonce().expose_base64url();
    for other in [
        String::new(),
        "another".to_owned(),
        nonce[1..].to_owned(),
        format!("{nonce}="),
        nonce.to_uppercase(),
    ] {
        assert_eq!(
            with("nonce", json!(other)),
            Err(IdTokenError::Nonce),
            "{other}"
        );
    }
    assert_eq!(without("nonce"), Err(IdTokenError::Nonce));
}

#[test]
fn pass_each_accepted_assurance_and_fail_any_other_or_none() {
    for accepted in ["aal2", ACR] {
        assert_eq!(
            with("acr", json!(accepted)).unwrap().acr.as_deref(),
            Some(accepted)
        );
    }
    for other in ["", "0", "aal1", "AAL3", "aal3 crl", "aal2,aal3"] {
        assert_eq!(
            with("acr", json!(other)),
            Err(IdTokenError::Assurance),
            "{other}"
        );
    }
    assert_eq!(without("acr"), Err(IdTokenError::Assurance));
}

#[test]
fn pass_any_assurance_where_that_is_asked_for_and_fail_every_one_where_none_is_accepted() {
    let mut check = Check {
        assurance: AssuranceRule::Any,
        ..Check::default()
    };
    assert!(check.of_claims(&good()).is_ok());
    let with_acr_of = |length| {
        let mut claims = good();
        claims["acr"] = json!("a".repeat(length));
        claims
    };
    assert!(check.of_claims(&with_acr_of(255)).is_ok());
    let too_long = check.of_claims(&with_acr_of(256));
    assert_eq!(too_long, Err(IdTokenError::Assurance));
    check.assurance = AssuranceRule::OneOf(Vec::new());
    assert_eq!(check.of_claims(&good()), Err(IdTokenError::Assurance));
}

#[test]
fn pass_an_authentication_as_recent_as_asked_and_fail_an_older_one() {
    let check = Check {
        authenticated_after: Some(start()),
        ..Check::default()
    };
    let at = |seconds| {
        let mut claims = good();
        claims["auth_time"] = seconds_from_now(seconds);
        check.of_claims(&claims)
    };
    for seconds in [0, 30, 60, -60] {
        assert!(at(seconds).is_ok(), "{seconds}");
    }
    for seconds in [-61, -3_600] {
        assert_eq!(
            at(seconds),
            Err(IdTokenError::AuthenticationTooOld),
            "{seconds}"
        );
    }
    let mut claims = good();
    claims.as_object_mut().unwrap().remove("auth_time");
    assert_eq!(
        check.of_claims(&claims),
        Err(IdTokenError::AuthenticationTooOld)
    );
}

#[test]
fn pass_any_authentication_time_where_none_is_asked_for() {
    assert!(with("auth_time", json!(1)).is_ok());
    assert!(with("auth_time", seconds_from_now(60)).is_ok());
    assert_eq!(without("auth_time").unwrap().auth_time, None);
}

#[test]
fn fail_no_authentication_time_where_it_is_required() {
    let check = Check {
        authentication_time: AuthenticationTime::Required,
        ..Check::default()
    };
    assert!(check.of_claims(&good()).is_ok());
    let mut claims = good();
    claims.as_object_mut().unwrap().remove("auth_time");
    let refused = check.of_claims(&claims);
    assert_eq!(refused, Err(IdTokenError::AuthenticationTimeMissing));
}

/// Such a time is refused whether or not a new authentication is asked for.
#[test]
fn fail_a_time_of_authentication_that_lies_ahead_or_is_none() {
    // The last time has milliseconds instead of seconds.
    for time in [
        seconds_from_now(61),
        seconds_from_now(3_600),
        json!(0),
        json!(0.5),
        json!(-1),
        json!(start().timestamp_millis()),
    ] {
        for authenticated_after in [None, Some(start())] {
            let check = Check {
                authenticated_after,
                ..Check::default()
            };
            let mut claims = good();
            claims["auth_time"] = time.clone();
            assert_eq!(
                check.of_claims(&claims),
                Err(IdTokenError::AuthenticationTime),
                "{time}"
            );
        }
    }
}

#[test]
fn pass_without_at_hash_and_fail_with_another() {
    assert!(without("at_hash").is_ok());
    let right = at_hash(ACCESS_TOKEN);
    for other in [
        at_hash("another-access-token"),
        String::new(),
        right[..20].to_owned(),
        format!("{right}="),
    ] {
        assert_eq!(
            with("at_hash", json!(other)),
            Err(IdTokenError::AccessTokenHash),
            "{other}"
        );
    }
}

#[test]
fn pass_at_hash_of_an_rs256_token_and_fail_another() {
    let check = Check {
        algorithms: vec!["RS256"],
        ..Check::default()
    };
    assert!(check.of(&id_token(rs256(), &good())).is_ok());
    let mut claims = good();
    claims["at_hash"] = json!(at_hash("another-access-token"));
    assert_eq!(
        check.of(&id_token(rs256(), &claims)),
        Err(IdTokenError::AccessTokenHash)
    );
}

#[test]
fn pass_a_subject_of_1_to_255_bytes_and_fail_another() {
    for subject in ["s".to_owned(), "s".repeat(255)] {
        assert_eq!(
            with("sub", json!(subject)).unwrap().subject.expose(),
            subject
        );
    }
    for subject in [String::new(), "s".repeat(256), "日".repeat(86)] {
        assert_eq!(with("sub", json!(subject)), Err(IdTokenError::Subject));
    }
    assert_eq!(without("sub"), Err(IdTokenError::Subject));
}

#[test]
fn fail_a_token_without_signature_or_with_a_shared_secret() {
    let payload = good().to_string();
    for none in ["none", "None", "NONE", "nOnE"] {
        let header = json!({"alg": none, "kid": es256().key_id().as_str(), "typ": "JWT"});
        let token = format!("{}.", unsigned(&header, payload.as_bytes()));
        let error = Check::default().of(&token).unwrap_err();
        // Only `none` is an algorithm (RFC 7518 §3.1). The other names are unknown.
        let expected = if none == "none" {
            IdTokenError::Algorithm
        } else {
            IdTokenError::Malformed
        };
        assert_eq!(error, expected, "{none}");
    }

    let public_key = public_jwk(es256()).to_string();
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    header.kid = Some(es256().key_id().as_str().to_owned());
    for secret in [public_key.as_str(), CLIENT_ID, "", ISSUER] {
        let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
        let token = jsonwebtoken::encode(&header, &good(), &key).unwrap();
        assert_eq!(Check::default().of(&token), Err(IdTokenError::Algorithm));
    }
}

#[test]
fn fail_an_algorithm_that_was_never_configured() {
    for algorithm in ["HS256", "HS512", "RS512", "ES384", "PS256", "EdDSA"] {
        let mut header = header(es256());
        header["alg"] = json!(algorithm);
        assert_eq!(
            with_header(es256(), &header),
            Err(IdTokenError::Algorithm),
            "{algorithm}"
        );
    }
}

#[test]
fn fail_a_key_of_another_kind_than_the_algorithm() {
    let mut header = header(es256());
    header["kid"] = json!(rs256().key_id().as_str());
    assert_eq!(with_header(es256(), &header), Err(IdTokenError::UnknownKey));
}

#[test]
fn fail_a_key_that_is_not_in_the_set() {
    assert_eq!(
        Check::default().of(&id_token(other_es256(), &good())),
        Err(IdTokenError::UnknownKey)
    );
    let empty = Check {
        keys: json!({"keys": []}),
        ..Check::default()
    };
    assert_eq!(
        empty.of(&id_token(es256(), &good())),
        Err(IdTokenError::UnknownKey)
    );
}

#[test]
fn fail_a_key_of_the_set_that_is_not_for_signatures() {
    let mut check = Check::default();
    let token = id_token(es256(), &good());
    check.keys = json!({"keys": [public_jwk(es256())]});
    assert!(check.of(&token).is_ok());
    check.keys["keys"][0]["use"] = json!("enc");
    // A key for encryption and for ES256 at once contradicts itself.
    assert_eq!(check.of(&token), Err(IdTokenError::UnusableKey));
    check.keys["keys"][0]["alg"] = json!("ECDH-ES");
    assert_eq!(check.of(&token), Err(IdTokenError::UnknownKey));
}

#[test]
fn fail_another_key_under_a_known_key_id() {
    let token = sign(
        other_es256(),
        &header(es256()),
        good().to_string().as_bytes(),
    );
    assert_eq!(Check::default().of(&token), Err(IdTokenError::Signature));
}

#[test]
fn fail_a_key_that_the_token_brings_itself() {
    let mut header = header(other_es256());
    header["jwk"] = public_jwk(other_es256());
    header["jku"] = json!("https://attacker.example/keys");
    assert_eq!(
        with_header(other_es256(), &header),
        Err(IdTokenError::UnknownKey)
    );
    header["kid"] = json!(es256().key_id().as_str());
    assert_eq!(
        with_header(other_es256(), &header),
        Err(IdTokenError::Signature)
    );
}

#[test]
fn pass_without_key_id_where_one_key_fits_and_fail_where_two_do() {
    let token = sign(
        es256(),
        &json!({"alg": "ES256", "typ": "JWT"}),
        good().to_string().as_bytes(),
    );
    let mut check = Check::default();
    assert!(check.of(&token).is_ok());
    check.keys = jwk_set(&[es256(), other_es256()]);
    assert_eq!(check.of(&token), Err(IdTokenError::UnknownKey));
}

#[test]
fn fail_every_damaged_signature() {
    let token = id_token(es256(), &good());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let with_signature = |signature: &[u8]| {
        Check::default().of(&format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    };
    assert!(with_signature(&signature).is_ok());
    for index in 0..signature.len() {
        let mut damaged = signature.clone();
        damaged[index] ^= 1;
        assert_eq!(
            with_signature(&damaged),
            Err(IdTokenError::Signature),
            "{index}"
        );
    }
    let zero = [0; 64];
    for damaged in [
        &signature[..63],
        &[&signature[..], &[0]].concat(),
        &zero,
        &[],
    ] {
        assert_eq!(with_signature(damaged), Err(IdTokenError::Signature));
    }
}

#[test]
fn fail_a_signature_spelled_in_another_way() {
    let token = id_token(es256(), &good());
    // 64 bytes are 86 characters, and the last four bits are unused (RFC 4648 §3.5).
    let (rest, last) = token.split_at(token.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = alphabet.find(last).unwrap();
    assert_eq!(value % 16, 0);
    for unread in 1..16 {
        let other = &alphabet[value + unread..=value + unread];
        assert_eq!(
            Check::default().of(&format!("{rest}{other}")),
            Err(IdTokenError::Malformed)
        );
    }
}

#[test]
fn fail_another_payload_under_a_good_signature() {
    let token = id_token(es256(), &good());
    let mut claims = good();
    claims["sub"] = json!("somebody-else");
    let parts: Vec<&str> = token.split('.').collect();
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    assert_eq!(
        Check::default().of(&format!("{}.{payload}.{}", parts[0], parts[2])),
        Err(IdTokenError::Signature)
    );
}

#[test]
fn pass_the_header_without_type_and_fail_one_that_is_not_understood() {
    let mut untyped = header(es256());
    untyped.as_object_mut().unwrap().remove("typ");
    assert!(with_header(es256(), &untyped).is_ok());
    for (member, value) in [
        ("typ", json!("at+jwt")),
        ("typ", json!("logout+jwt")),
        ("typ", json!("")),
        ("typ", json!(1)),
        ("cty", json!("JWT")),
        ("cty", json!("json")),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("kid", json!(1)),
        ("alg", json!(1)),
        ("alg", json!("")),
    ] {
        let mut header = header(es256());
        header[member] = value.clone();
        assert_eq!(
            with_header(es256(), &header),
            Err(IdTokenError::Malformed),
            "{member} {value}"
        );
    }
    let mut without_algorithm = header(es256());
    without_algorithm.as_object_mut().unwrap().remove("alg");
    assert_eq!(
        with_header(es256(), &without_algorithm),
        Err(IdTokenError::Malformed)
    );
}

#[test]
fn fail_a_payload_that_is_no_object_of_claims() {
    for payload in ["", "null", "[]", "\"text\"", "1", "{", "{}x", "\u{feff}{}"] {
        let token = sign(es256(), &header(es256()), payload.as_bytes());
        assert_eq!(
            Check::default().of(&token),
            Err(IdTokenError::Malformed),
            "{payload:?}"
        );
    }
    let token = sign(es256(), &header(es256()), b"\xff\xfe");
    assert_eq!(Check::default().of(&token), Err(IdTokenError::Malformed));
}

#[test]
fn fail_claims_of_another_type() {
    for (claim, value) in [
        ("iss", json!(1)),
        ("iss", json!("not a URL")),
        ("iss", Value::Null),
        ("sub", json!(7)),
        ("sub", Value::Null),
        ("sub", json!(["s"])),
        ("aud", json!(7)),
        ("aud", Value::Null),
        ("aud", json!([7])),
        ("aud", json!({CLIENT_ID: true})),
        ("exp", json!("never")),
        ("exp", json!(true)),
        ("exp", json!(1e300)),
        ("exp", Value::Null),
        ("iat", json!({})),
        ("iat", Value::Null),
        ("nonce", json!(1)),
        ("acr", json!(3)),
        ("acr", json!([ACR])),
        ("auth_time", json!("yesterday")),
        ("azp", json!([CLIENT_ID])),
        ("at_hash", json!(1)),
    ] {
        assert_eq!(
            with(claim, value.clone()),
            Err(IdTokenError::Malformed),
            "{claim} {value}"
        );
    }
}

#[test]
fn fail_a_claim_that_comes_twice() {
    for claim in ["iss", "sub", "aud", "exp", "nonce", "acr"] {
        let claims = good();
        let twice = format!(
            "{{\"{claim}\":{},{}",
            claims[claim],
            &claims.to_string()[1..]
        );
        let token = sign(es256(), &header(es256()), twice.as_bytes());
        assert_eq!(
            Check::default().of(&token),
            Err(IdTokenError::Malformed),
            "{claim}"
        );
    }
}

#[test]
fn fail_what_has_not_three_parts() {
    let token = id_token(es256(), &good());
    let (message, _) = token.rsplit_once('.').unwrap();
    let huge = "a".repeat(200_000);
    for text in [
        "",
        ".",
        "..",
        "...",
        message,
        &format!("{token}."),
        &format!("{token}.e30"),
        &format!("{token}.a.b"),
        &format!(".{token}"),
        &format!(" {token}"),
        &format!("{token}\n"),
        &format!("{token}="),
        &huge,
        &format!("{huge}.{huge}.{huge}"),
    ] {
        assert_eq!(
            Check::default().of(text),
            Err(IdTokenError::Malformed),
            "{}",
            &text[..text.len().min(40)]
        );
    }
}

#[test]
fn pass_a_huge_token_is_only_slow_and_fail_when_it_lies() {
    let mut claims = good();
    claims["padding"] = json!("a".repeat(150_000));
    assert!(Check::default().of_claims(&claims).is_ok());
    claims["nonce"] = json!("a".repeat(150_000));
    assert_eq!(
        Check::default().of_claims(&claims),
        Err(IdTokenError::Nonce)
    );
}

#[test]
fn fail_the_first_check_counts() {
    let mut claims = good();
    claims["nonce"] = json!("another");
    claims["exp"] = json!(0);
    assert_eq!(
        Check::default().of_claims(&claims),
        Err(IdTokenError::Expired)
    );
    claims["aud"] = json!("another");
    assert_eq!(
        Check::default().of_claims(&claims),
        Err(IdTokenError::Audience)
    );
}

/// At first every claim is wrong. Then one claim after the other is corrected, and the next step
/// refuses the token.
#[test]
fn fail_step_by_step_in_the_order_of_the_specification() {
    let check = Check {
        authenticated_after: Some(start() - TimeDelta::minutes(5)),
        ..Check::default()
    };
    let mut right = good();
    right["nbf"] = right["iat"].clone();
    let mut claims = json!({
        "iss": "https://other.example",
        "sub": "",
        "aud": "another",
        "azp": "another",
        "exp": 0,
        "iat": 0,
        "nbf": start().timestamp() + 3_600,
        "auth_time": 1,
        "nonce": "another",
        "acr": "another",
        "at_hash": "another",
    });
    let mut claim_is_right = |claim: &str| {
        claims[claim] = right[claim].clone();
        claims.clone()
    };
    let refused = |key: &LocalKey, claims: &Value, error: IdTokenError| {
        assert_eq!(check.of(&id_token(key, claims)), Err(error));
    };

    // Steps 2 to 5 come first, although the token's algorithm isn't accepted either.
    refused(rs256(), &claim_is_right("jti"), IdTokenError::Issuer);
    refused(rs256(), &claim_is_right("iss"), IdTokenError::Audience);
    let claims = claim_is_right("aud");
    refused(rs256(), &claims, IdTokenError::AuthorizedParty);
    // Steps 6 to 8.
    let claims = claim_is_right("azp");
    refused(rs256(), &claims, IdTokenError::Algorithm);
    refused(other_es256(), &claims, IdTokenError::UnknownKey);
    let forged = sign(
        other_es256(),
        &header(es256()),
        claims.to_string().as_bytes(),
    );
    assert_eq!(check.of(&forged), Err(IdTokenError::Signature));
    // Steps 9 to 13, §3.1.3.8 and §2.
    refused(es256(), &claims, IdTokenError::Expired);
    for (claim, error) in [
        ("exp", IdTokenError::IssuedAt),
        ("iat", IdTokenError::NotYetValid),
        ("nbf", IdTokenError::Nonce),
        ("nonce", IdTokenError::Assurance),
        ("acr", IdTokenError::AuthenticationTooOld),
        ("auth_time", IdTokenError::AccessTokenHash),
        ("at_hash", IdTokenError::Subject),
    ] {
        refused(es256(), &claim_is_right(claim), error);
    }
    assert!(check.of_claims(&claim_is_right("sub")).is_ok());
}

#[test]
fn fail_no_signature_and_a_shared_secret_also_where_they_are_configured() {
    let secret = b"a secret that everybody knows of";
    let symmetric = json!({
        "kty": "oct", "kid": es256().key_id().as_str(), "alg": "HS256", "use": "sig",
        "k": URL_SAFE_NO_PAD.encode(secret),
    });
    let set = json!({"keys": [symmetric]}).to_string();
    let keys = PublishedKeys::read(set.as_bytes()).unwrap();
    let expected = Expected {
        issuer: &IssuerUrl::new(ISSUER.to_owned()).unwrap(),
        client_id: CLIENT_ID,
        nonce: &nonce(),
        access_token: &SecretString::from(ACCESS_TOKEN),
        algorithms: &[SigningAlgorithm::HmacSha256, SigningAlgorithm::None],
        assurance: &AssuranceRule::Any,
        authentication_time: AuthenticationTime::Optional,
        authenticated_after: None,
    };
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    header.kid = Some(es256().key_id().as_str().to_owned());
    let key = jsonwebtoken::EncodingKey::from_secret(secret);
    let shared = jsonwebtoken::encode(&header, &good(), &key).unwrap();
    let none = json!({"alg": "none"});
    let none = format!("{}.", unsigned(&none, good().to_string().as_bytes()));
    for token in [shared, none] {
        let read = UnverifiedIdToken::read(&SecretString::from(token), &expected, &())
            .and_then(|read| read.verify(&keys, start()));
        assert_eq!(read, Err(IdTokenError::Algorithm));
    }
}

#[test]
fn pass_a_key_that_leaves_its_algorithm_open_and_fail_one_that_is_for_another() {
    let key_with = |changes: &[(&str, Option<Value>)]| {
        let mut key = public_jwk(es256());
        let members = key.as_object_mut().unwrap();
        for (member, value) in changes {
            members.remove(*member);
            members.extend(value.clone().map(|value| ((*member).to_owned(), value)));
        }
        let check = Check {
            keys: json!({"keys": [key]}),
            ..Check::default()
        };
        check.of_claims(&good())
    };
    for optional in ["alg", "use"] {
        assert!(key_with(&[(optional, None)]).is_ok(), "{optional}");
    }
    for (changes, expected) in [
        (
            vec![("use", Some(json!("enc"))), ("alg", None)],
            IdTokenError::UnknownKey,
        ),
        (
            vec![("alg", Some(json!("ECDH-ES"))), ("use", None)],
            IdTokenError::UnknownKey,
        ),
        (
            vec![("kty", Some(json!("OKP"))), ("alg", None), ("crv", None)],
            IdTokenError::UnknownKey,
        ),
        (
            vec![("kid", Some(json!("another")))],
            IdTokenError::UnknownKey,
        ),
        (vec![("kid", None)], IdTokenError::UnknownKey),
        // A key that contradicts itself is unusable, and not unknown.
        (
            vec![("alg", Some(json!("ES384")))],
            IdTokenError::UnusableKey,
        ),
        (
            vec![("alg", Some(json!("RSA-OAEP")))],
            IdTokenError::UnusableKey,
        ),
        (vec![("use", Some(json!("enc")))], IdTokenError::UnusableKey),
        (vec![("kty", Some(json!("OKP")))], IdTokenError::UnusableKey),
    ] {
        assert_eq!(key_with(&changes), Err(expected), "{changes:?}");
    }
}

/// The service may publish two keys under one `kid` while one replaces the other.
#[test]
fn pass_two_keys_of_one_key_id_and_fail_a_third_that_is_not_published() {
    let key_id = json!(es256().key_id().as_str());
    let mut twin = public_jwk(other_es256());
    twin["kid"] = key_id.clone();
    let third = LocalKey::generate(Algorithm::Es256).unwrap();
    let header = header(es256());
    for keys in [
        json!([public_jwk(es256()), twin]),
        json!([twin, public_jwk(es256())]),
    ] {
        let check = Check {
            keys: json!({ "keys": keys }),
            ..Check::default()
        };
        let by = |key: &LocalKey| check.of(&sign(key, &header, good().to_string().as_bytes()));
        assert!(by(es256()).is_ok());
        assert!(by(other_es256()).is_ok());
        assert_eq!(by(&third), Err(IdTokenError::Signature));
        // `at_hash` is still checked, whichever key signed.
        let mut claims = good();
        claims["at_hash"] = json!("another");
        let token = sign(other_es256(), &header, claims.to_string().as_bytes());
        assert_eq!(check.of(&token), Err(IdTokenError::AccessTokenHash));
    }
}

#[test]
fn fail_no_refusal_shows_what_the_token_said() {
    let mut claims = good();
    claims["aud"] = json!("marked");
    let error = Check::default().of_claims(&claims).unwrap_err();
    assert!(!format!("{error:?} {error}").contains("marked"));
}

/// One good token for all of a property's cases.
fn good_token() -> &'static str {
    static TOKEN: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    TOKEN.get_or_init(|| id_token(es256(), &good()))
}

proptest! {
    #[test]
    fn fail_any_one_byte_of_a_good_token_is_another(
        position in any::<prop::sample::Index>(),
        byte in 0x20_u8..0x7f,
    ) {
        let mut bytes = good_token().as_bytes().to_vec();
        let index = position.index(bytes.len());
        prop_assume!(bytes[index] != byte);
        bytes[index] = byte;
        let token = String::from_utf8(bytes).unwrap();
        prop_assert!(Check::default().of(&token).is_err());
    }

    #[test]
    fn fail_arbitrary_text_is_no_token_and_does_no_harm(text in any::<String>()) {
        prop_assert_eq!(Check::default().of(&text), Err(IdTokenError::Malformed));
    }

    #[test]
    fn fail_arbitrary_parts_are_no_token_and_do_no_harm(
        header in any::<Vec<u8>>(),
        payload in any::<Vec<u8>>(),
        signature in any::<Vec<u8>>(),
    ) {
        let [header, payload, signature] =
            [header, payload, signature].map(|part| URL_SAFE_NO_PAD.encode(part));
        let token = format!("{header}.{payload}.{signature}");
        prop_assert!(Check::default().of(&token).is_err());
    }

    #[test]
    fn fail_arbitrary_claims_signed_by_the_service_do_no_harm(payload in any::<Vec<u8>>()) {
        let token = sign(es256(), &header(es256()), &payload);
        prop_assert!(Check::default().of(&token).is_err());
    }
}
