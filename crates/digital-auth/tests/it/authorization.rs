//! Tests of the authorization request: it has exactly the parameters that the service documents, in
//! every configuration.
//! The three one-time values keep to the service's alphabet and lengths, whatever their bits are.
//! No two logins share a value.

use std::collections::HashSet;

use digital_auth::Provider;
use digital_auth::authorization::{AuthorizationRequest, OneTimeValues, Secret256, scope};
use four_attributes::{Attribute, AttributeSet};
use keys::{NoRandomness, SystemRandomness};
use kit::{Exhausted, parameter};
use proptest::prelude::*;
use url::Url;

fn one_time(bytes: [[u8; 32]; 3]) -> OneTimeValues {
    let [state, nonce, code_verifier] = bytes.map(Secret256::from_bytes);
    OneTimeValues {
        state,
        nonce,
        code_verifier,
    }
}

fn url(attributes: AttributeSet, acr_values: Option<&str>, one_time: &OneTimeValues) -> Url {
    AuthorizationRequest {
        client_id: "RP00000001",
        redirect_uri: "https://bridge.example/callback",
        attributes,
        acr_values,
    }
    .url(&Provider::production().unwrap(), one_time)
}

/// Every subset of the four attributes, with the scope that asks for it.
fn every_subset() -> Vec<(AttributeSet, String)> {
    (0..16_u8)
        .map(|bits| {
            let chosen = Attribute::ALL
                .into_iter()
                .enumerate()
                .filter(|(index, _)| bits & (1 << index) != 0)
                .map(|(_, attribute)| attribute);
            let set: AttributeSet = chosen.clone().collect();
            let scope = chosen.fold("openid".to_owned(), |scope, attribute| {
                format!("{scope} {}", attribute.claim())
            });
            (set, scope)
        })
        .collect()
}

#[test]
fn pass_each_subset_of_the_attributes_has_its_scope_and_the_same_parameters() {
    let one_time = one_time([[1; 32], [2; 32], [3; 32]]);
    for (attributes, expected) in every_subset() {
        for acr_values in [None, Some("aal3 crl")] {
            let url = url(attributes, acr_values, &one_time);
            assert_eq!(
                url.as_str().split('?').next(),
                Some("https://auth-and-sign.go.jp/api/realms/main/protocol/openid-connect/auth")
            );
            assert_eq!(url.fragment(), None);
            let names: Vec<_> = url
                .query_pairs()
                .map(|(name, _)| name.into_owned())
                .collect();
            let mut known = vec![
                "response_type",
                "scope",
                "client_id",
                "redirect_uri",
                "state",
                "nonce",
                "code_challenge",
                "code_challenge_method",
            ];
            known.extend(acr_values.map(|_| "acr_values"));
            assert_eq!(names, known);
            assert_eq!(parameter(&url, "response_type").unwrap(), "code");
            assert_eq!(parameter(&url, "scope").unwrap(), expected);
            assert_eq!(scope(attributes), expected);
            assert_eq!(parameter(&url, "code_challenge_method").unwrap(), "S256");
            assert_eq!(parameter(&url, "acr_values").as_deref(), acr_values);
            assert!(url.as_str().len() < 1_024, "{}", url.as_str().len());
        }
    }
}

#[test]
fn pass_what_is_configured_arrives_byte_for_byte() {
    let redirect_uri = "https://bridge.example/callback?a=b&c=%20;+";
    let url = AuthorizationRequest {
        client_id: "a b&c=d",
        redirect_uri,
        attributes: AttributeSet::default(),
        acr_values: Some("urn:x&scope=sign"),
    }
    .url(
        &Provider::sandbox().unwrap(),
        &one_time([[1; 32], [2; 32], [3; 32]]),
    );
    assert_eq!(parameter(&url, "redirect_uri").unwrap(), redirect_uri);
    assert_eq!(parameter(&url, "client_id").unwrap(), "a b&c=d");
    assert_eq!(parameter(&url, "acr_values").unwrap(), "urn:x&scope=sign");
    assert_eq!(parameter(&url, "scope").unwrap(), "openid");
}

#[test]
fn pass_the_verifier_itself_is_not_in_the_url() {
    let one_time = one_time([[1; 32], [2; 32], [3; 32]]);
    let url = url(AttributeSet::all(), None, &one_time);
    assert!(
        !url.as_str()
            .contains(&one_time.code_verifier.expose_base64url())
    );
    assert!(url.as_str().contains(&one_time.state.expose_base64url()));
}

#[test]
fn pass_the_secrets_of_a_thousand_logins_are_all_different() {
    let mut seen = HashSet::new();
    for _ in 0..1_000 {
        let one_time = OneTimeValues::new(&SystemRandomness).unwrap();
        for secret in [one_time.state, one_time.nonce, one_time.code_verifier] {
            assert!(seen.insert(*secret.expose_bytes()));
        }
    }
}

#[test]
fn fail_without_randomness_there_is_no_login() {
    assert_eq!(OneTimeValues::new(&Exhausted), Err(NoRandomness));
}

proptest! {
    #[test]
    fn pass_state_nonce_and_challenge_keep_to_the_services_limits(bytes: [[u8; 32]; 3]) {
        let one_time = one_time(bytes);
        let url = url(AttributeSet::all(), Some("aal3 crl"), &one_time);
        for (name, limit) in [("state", 255), ("nonce", 255), ("code_challenge", 128)] {
            let value = parameter(&url, name).unwrap();
            prop_assert!((1..=limit).contains(&value.len()));
            prop_assert!(
                value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
            );
        }
        prop_assert_eq!(parameter(&url, "state").unwrap(), one_time.state.expose_base64url());
        prop_assert_eq!(parameter(&url, "nonce").unwrap(), one_time.nonce.expose_base64url());
    }
}
