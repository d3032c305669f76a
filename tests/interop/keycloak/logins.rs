//! Whole logins with Keycloak in the service's place. The built function, configured as for the
//! service, is between Amazon Cognito's stand-in and Keycloak.
//! Each login ends either with the person's attributes at the app, or with one class of failure.

use std::time::Duration;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use demo::laptop::{APP_CALLBACK, AppLogin};
use federation::variables;
use keys::{Algorithm, LocalKey, SigningKey as _};
use login_kit::{
    Arrival, Failed, Form, Laptop, LaptopOptions, Outcome, Place, SignedIn, UserAgent, browser,
    functions, logged_failures, parameter,
};
use loopback::clock::SimClock;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use service_simulator::RegisteredClient;
use service_simulator::persona::{Persona, personas};
use url::Url;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use super::person::{arrive, sign_in};
use super::{Consent, PEOPLE, Realm};

const FOUR: [&str; 4] = ["name", "address", "birthdate", "gender"];

/// Starts a laptop with Keycloak in the service's place. `realm` changes the realm, `change` the
/// options.
async fn laptop_with(
    realm: impl FnOnce(&mut Value),
    change: impl FnOnce(&mut LaptopOptions),
) -> Laptop<Realm> {
    registered(realm, change, |_| {}).await
}

/// As [`laptop_with`]. `registration` also changes what Keycloak knows of the bridge.
async fn registered(
    realm: impl FnOnce(&mut Value),
    change: impl FnOnce(&mut LaptopOptions),
    registration: impl FnOnce(&mut RegisteredClient),
) -> Laptop<Realm> {
    let mut realm = Realm::new().await.with(realm);
    let mut options = LaptopOptions::new(functions());
    change(&mut options);
    let laptop = Laptop::start_around(options, async |mut client| {
        registration(&mut client);
        realm.register(&client).await;
        let endpoints = realm.endpoints();
        Ok((realm, endpoints))
    });
    laptop.await.expect("free ports are free")
}

async fn laptop() -> Laptop<Realm> {
    laptop_with(|_| {}, |_| {}).await
}

fn at_app(url: &Url) -> bool {
    url.as_str().starts_with(APP_CALLBACK)
}

/// Starts a login of the app, and goes to Keycloak's first page.
async fn at_keycloak(laptop: &Laptop<Realm>, browser: &UserAgent) -> (AppLogin, Arrival) {
    let (app, start) = laptop.begin().unwrap();
    (app, arrive(browser, &start, at_app).await)
}

async fn login_in(
    laptop: &Laptop<Realm>,
    browser: &UserAgent,
    person: &str,
    consent: Consent,
) -> Outcome {
    let (app, arrival) = at_keycloak(laptop, browser).await;
    let arrival = sign_in(browser, arrival, person, consent, at_app).await;
    laptop.finish(&app, arrival).await.unwrap()
}

async fn login(laptop: &Laptop<Realm>, person: &str) -> Outcome {
    login_in(laptop, &browser(), person, Consent::Given).await
}

fn signed_in(outcome: Outcome) -> SignedIn {
    match outcome {
        Outcome::SignedIn(signed_in) => *signed_in,
        Outcome::Failed(failed) => panic!("not signed in: {failed:?}"),
    }
}

/// Asserts that the app got this error with this class, and that the function logged the class
/// once.
fn assert_fails(laptop: &Laptop<Realm>, outcome: Outcome, error: &str, class: &str) {
    let Outcome::Failed(failed) = outcome else {
        panic!("signed in");
    };
    let Failed { place, .. } = failed;
    assert_eq!(
        (place, failed.error.as_deref(), failed.class.as_deref()),
        (Place::App, Some(error), Some(class)),
        "{failed:?}"
    );
    assert_eq!(logged_failures(laptop), [class]);
}

fn persona(id: &str) -> Persona {
    let people = personas(SimClock::default().now());
    people.into_iter().find(|person| person.id == id).unwrap()
}

/// Asserts that the app's ID token has exactly those of the four attributes that the persona has,
/// and that no other token has any.
fn assert_holds(person: &Persona, signed_in: &SignedIn) {
    for claim in FOUR {
        let expected = person.claims.get(claim).map(String::as_str);
        let told = signed_in
            .id_token
            .get(claim)
            .map(|value| value.as_str().expect("text"));
        assert_eq!(told, expected, "{} {claim}", person.id);
        for claims in [&signed_in.access_token, &signed_in.userinfo] {
            assert_eq!(claims.get(claim), None, "{} {claim}", person.id);
        }
    }
}

#[tokio::test]
async fn issuer_and_endpoints_are_those_of_the_contract() {
    let laptop = laptop().await;
    let expected = laptop.service.endpoints();
    let url = format!("{}/.well-known/openid-configuration", expected.issuer);
    let metadata: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    for (name, expected) in [
        ("issuer", &expected.issuer),
        ("authorization_endpoint", &expected.authorization_endpoint),
        ("token_endpoint", &expected.token_endpoint),
        ("userinfo_endpoint", &expected.userinfo_endpoint),
        ("jwks_uri", &expected.jwks_uri),
    ] {
        assert_eq!(metadata[name], **expected, "{name}");
    }
    laptop.stop_around().await;
}

async fn every_person_signs_in(algorithm: Algorithm) {
    let laptop = laptop_with(|_| {}, |options| options.assertion_algorithm = algorithm).await;
    for id in PEOPLE {
        assert_holds(&persona(id), &signed_in(login(&laptop, id).await));
    }
    assert_eq!(logged_failures(&laptop), Vec::<String>::new());

    // The subject that reached the user pool is the pairwise one, and not the user's id in
    // Keycloak.
    let known = laptop.service.admin.user_ids().await;
    let users = laptop.cognito.users();
    assert_eq!((users.len(), known.len()), (PEOPLE.len(), PEOPLE.len()));
    for username in users.keys() {
        let subject = username.strip_prefix("MynaApp_").unwrap();
        assert_eq!(subject.len(), Hyphenated::LENGTH);
        assert!(Uuid::try_parse(subject).is_ok());
        assert!(!known.iter().any(|id| id == subject));
    }
    laptop.stop_around().await;
}

#[tokio::test]
async fn people_sign_in_with_es256_assertions() {
    every_person_signs_in(Algorithm::Es256).await;
}

#[tokio::test]
async fn people_sign_in_with_rs256_assertions() {
    every_person_signs_in(Algorithm::Rs256).await;
}

#[tokio::test]
async fn an_assertion_of_a_key_that_is_not_registered_is_refused() {
    let mut laptop = laptop().await;
    let foreign = LocalKey::generate(Algorithm::Es256).unwrap();
    let issuer = demo::laptop::bridge_issuer(laptop.bridge.address().port());
    let client = RegisteredClient {
        client_id: demo::laptop::SERVICE_CLIENT_ID.to_owned(),
        redirect_uris: vec![format!("{issuer}/callback")],
        jwks: json!({ "keys": [foreign.public_jwk()] }),
    };
    laptop.service.register(&client).await;
    let outcome = login(&laptop, "adult").await;
    assert_fails(&laptop, outcome, "server_error", "service_refused_client");
    laptop.stop_around().await;
}

#[tokio::test]
async fn a_person_who_refuses_consent_has_cancelled() {
    let laptop = laptop().await;
    let outcome = login_in(&laptop, &browser(), "adult", Consent::Refused).await;
    assert_fails(&laptop, outcome, "access_denied", "cancelled");
    // The cancelled login has no effect on the next one.
    signed_in(login(&laptop, "adult").await);
    laptop.stop_around().await;
}

/// Keycloak's login page expires after one second.
fn impatient(realm: &mut Value) {
    realm["accessCodeLifespanLogin"] = json!(1);
}

/// Longer than the login page of [`impatient`] lives.
const TOO_LONG: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_login_page_that_waited_too_long_begins_anew_and_comes_to_its_end() {
    let laptop = laptop_with(impatient, |_| {}).await;
    let browser = browser();
    let (app, arrival) = at_keycloak(&laptop, &browser).await;
    tokio::time::sleep(TOO_LONG).await;
    let arrival = sign_in(&browser, arrival, "adult", Consent::Given, at_app).await;
    let outcome = laptop.finish(&app, arrival).await.unwrap();
    assert_holds(&persona("adult"), &signed_in(outcome));
    laptop.stop_around().await;
}

#[tokio::test]
async fn a_login_page_whose_browser_forgot_everything_stays_at_keycloak() {
    let laptop = laptop_with(impatient, |_| {}).await;
    let browser = browser();
    let (_, arrival) = at_keycloak(&laptop, &browser).await;
    tokio::time::sleep(TOO_LONG).await;
    browser.delete_all_cookies();
    let arrival = sign_in(&browser, arrival, "adult", Consent::Given, at_app).await;
    let Arrival::Page(page) = arrival else {
        panic!("somebody was told");
    };
    // Neither the app nor the function learns of it.
    assert_eq!(page.status, 400);
    assert!(
        page.url
            .as_str()
            .starts_with(&laptop.service.endpoints().issuer)
    );
    assert_eq!(logged_failures(&laptop), Vec::<String>::new());
    laptop.stop_around().await;
}

#[tokio::test]
async fn two_tabs_come_to_their_ends() {
    let laptop = laptop().await;
    let browser = browser();
    let (app, first) = at_keycloak(&laptop, &browser).await;
    signed_in(login_in(&laptop, &browser, "adult", Consent::Given).await);
    let arrival = sign_in(&browser, first, "adult", Consent::Given, at_app).await;
    signed_in(laptop.finish(&app, arrival).await.unwrap());
    laptop.stop_around().await;
}

#[tokio::test]
async fn a_login_page_that_keycloak_forgot_while_another_tab_signed_in_is_told_as_expired() {
    // Keycloak forgets a login after this many seconds.
    let lifespan = 6;
    let forgetful = |realm: &mut Value| {
        for name in [
            "accessCodeLifespan",
            "accessCodeLifespanLogin",
            "accessCodeLifespanUserAction",
        ] {
            realm[name] = json!(lifespan);
        }
    };
    let laptop = laptop_with(forgetful, |_| {}).await;
    let browser = browser();
    let (app, forgotten) = at_keycloak(&laptop, &browser).await;
    tokio::time::sleep(Duration::from_secs(lifespan + 2)).await;
    signed_in(login_in(&laptop, &browser, "adult", Consent::Given).await);
    let at_callback = |url: &Url| url.path() == "/callback";
    let arrival = sign_in(&browser, forgotten, "adult", Consent::Given, at_callback).await;
    let told = |name| parameter(&arrival, name);
    assert_eq!(told("error").as_deref(), Some("temporarily_unavailable"));
    assert_eq!(
        told("error_description").as_deref(),
        Some("authentication_expired")
    );
    let Arrival::At(callback) = &arrival else {
        panic!("not at the callback");
    };
    let arrival = arrive(&browser, callback, at_app).await;
    let outcome = laptop.finish(&app, arrival).await.unwrap();
    assert_fails(&laptop, outcome, "access_denied", "service_login_expired");
    laptop.stop_around().await;
}

#[tokio::test]
async fn a_code_that_waited_too_long_is_refused() {
    let laptop = laptop_with(|realm| realm["accessCodeLifespan"] = json!(1), |_| {}).await;
    let browser = browser();
    let (app, arrival) = at_keycloak(&laptop, &browser).await;
    let at_callback = |url: &Url| url.path() == "/callback";
    let arrival = sign_in(&browser, arrival, "adult", Consent::Given, at_callback).await;
    let Arrival::At(callback) = arrival else {
        panic!("not at the callback");
    };
    tokio::time::sleep(Duration::from_secs(3)).await;
    let arrival = arrive(&browser, &callback, at_app).await;
    let outcome = laptop.finish(&app, arrival).await.unwrap();
    assert_fails(&laptop, outcome, "invalid_grant", "service_refused_code");
    laptop.stop_around().await;
}

#[tokio::test]
async fn rotated_realm_keys_are_fetched_by_a_function_that_knows_the_old_ones() {
    let laptop = laptop().await;
    signed_in(login(&laptop, "adult").await);
    laptop.service.admin.rotate_es256().await;
    assert_holds(&persona("adult"), &signed_in(login(&laptop, "adult").await));
    assert_eq!(logged_failures(&laptop), Vec::<String>::new());
    laptop.stop_around().await;
}

/// A coordinate of a P-256 key, with all of its bytes.
fn coordinate(jwk: &Value, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap()
}

/// Gives the realm an ES256 key whose coordinate `x` (0) or `y` (1) begins with a zero byte. One
/// key in 256 has such a coordinate.
fn realm_key(realm: &mut Value, which: usize) {
    let key = loop {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        // An uncompressed point: the byte 4, and two numbers of 32 bytes.
        if key.public_key().as_ref()[1 + 32 * which] == 0 {
            break key;
        }
    };
    let public: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
    let own = realm["components"]["org.keycloak.keys.KeyProvider"]
        .as_array_mut()
        .unwrap();
    let own = own
        .iter_mut()
        .find(|provider| provider["name"] == "es256")
        .unwrap();
    own["config"]["ecdsaPrivateKey"] = json!([STANDARD.encode(key.to_pkcs8v1().unwrap())]);
    own["config"]["ecdsaPublicKey"] = json!([STANDARD.encode(public.as_ref())]);
}

/// An assertion key of the bridge with such a coordinate.
fn assertion_key(name: &str) -> LocalKey {
    loop {
        let key = LocalKey::generate(Algorithm::Es256).unwrap();
        if coordinate(&json!(key.public_jwk()), name)[0] == 0 {
            break key;
        }
    }
}

#[tokio::test]
async fn people_sign_in_with_keys_whose_coordinates_begin_with_zero_on_both_sides() {
    for (which, name) in ["x", "y"].into_iter().enumerate() {
        let key = assertion_key(name);
        let laptop = registered(
            |realm| realm_key(realm, which),
            |options| {
                let own = key.private_jwk().expose_secret().to_owned();
                options
                    .environment
                    .insert(variables::ASSERTION_KEYS.to_owned(), Some(own));
            },
            |client| client.jwks = json!({ "keys": [key.public_jwk()] }),
        )
        .await;
        let url = laptop.service.endpoints().jwks_uri;
        let published: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        let mut published = published["keys"].as_array().unwrap().iter();
        let published = published.find(|key| key["alg"] == "ES256").unwrap();
        // This version of Keycloak writes the leading zero. Other versions left it out.
        assert_eq!(coordinate(published, name)[0], 0, "{name}");
        assert_holds(&persona("adult"), &signed_in(login(&laptop, "adult").await));
        assert_eq!(logged_failures(&laptop), Vec::<String>::new());
        laptop.stop_around().await;
    }
}

/// The protocol mappers of the four attributes' client scopes.
fn mappers(realm: &mut Value) -> impl Iterator<Item = &mut Value> {
    let scopes = realm["clientScopes"].as_array_mut().unwrap().iter_mut();
    scopes
        .filter(|scope| FOUR.iter().any(|name| scope["name"] == *name))
        .map(|scope| &mut scope["protocolMappers"][0])
}

#[tokio::test]
async fn an_id_token_may_carry_the_attributes_in_the_services_form() {
    let laptop = laptop_with(
        |realm| {
            for mapper in mappers(realm) {
                mapper["config"]["id.token.claim"] = json!("true");
            }
        },
        |_| {},
    )
    .await;
    for id in PEOPLE {
        assert_holds(&persona(id), &signed_in(login(&laptop, id).await));
    }
    laptop.stop_around().await;
}

#[tokio::test]
async fn an_address_of_keycloaks_own_form_arrives_as_text() {
    let laptop = laptop_with(
        |realm| {
            let address = mappers(realm)
                .find(|mapper| mapper["name"] == "address")
                .unwrap();
            address["protocolMapper"] = json!("oidc-address-mapper");
            address["config"] = json!({
                "user.attribute.formatted": "address",
                "id.token.claim": "false",
                "access.token.claim": "false",
                "userinfo.token.claim": "true",
            });
        },
        |_| {},
    )
    .await;
    assert_holds(&persona("adult"), &signed_in(login(&laptop, "adult").await));
    laptop.stop_around().await;
}

#[tokio::test]
async fn a_second_login_in_the_same_browser_asks_the_person_again() {
    let laptop = laptop().await;
    let browser = browser();
    signed_in(login_in(&laptop, &browser, "adult", Consent::Given).await);
    let (app, arrival) = at_keycloak(&laptop, &browser).await;
    let Arrival::Page(page) = &arrival else {
        panic!("signed in without being asked");
    };
    assert!(Form::all(page).iter().any(|form| form.has("password")));
    let arrival = sign_in(&browser, arrival, "adult", Consent::Given, at_app).await;
    signed_in(laptop.finish(&app, arrival).await.unwrap());
    laptop.stop_around().await;
}
