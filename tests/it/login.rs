//! Whole logins: every test person, twice, two at once, with and without a cookie, and with other
//! configurations. Browser, service and Amazon Cognito are as strict as the real ones, and the
//! function is the built one.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use cognito_simulator::Variation;
use demo::laptop::{COGNITO_CLIENT_ID, SERVICE_CLIENT_ID};
use digital_auth::Provider;
use digital_auth::authorization::{AuthorizationRequest as ServiceRequest, OneTimeValues};
use federation::pending_login::{ClientRequest, ClientState, PendingLogin};
use federation::variables;
use four_attributes::AttributeSet;
use keys::{Algorithm, SystemRandomness};
use login_kit::{
    Answer, Arrival, AuthorizationRequest, Failed, Laptop, Outcome, Place, RelyingParty, SignedIn,
    UserAgent, browser, failure_page, laptop, laptop_with, logged_failures, parameter, variables,
};
use loopback::clock::SimClock;
use sealing::SealingKeys;
use sealing::sealed::{Audience, Seal};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};
use service_simulator::fault::Fault;
use service_simulator::persona::{Persona, personas};
use service_simulator::{Endpoint, RecordedRequest};
use url::Url;
use user_pool::attribute;

const FOUR: [&str; 4] = ["name", "address", "birthdate", "gender"];

fn signed_in(outcome: Outcome) -> SignedIn {
    match outcome {
        Outcome::SignedIn(signed_in) => *signed_in,
        Outcome::Failed(failed) => panic!("not signed in: {failed:?}"),
    }
}

fn failed(outcome: Outcome) -> Failed {
    match outcome {
        Outcome::Failed(failed) => failed,
        Outcome::SignedIn(_) => panic!("signed in"),
    }
}

fn username(persona: &Persona) -> String {
    format!("MynaApp_{}", persona.subject(SERVICE_CLIENT_ID))
}

/// One of the four claims as a text, if it is present.
fn text_claim(claims: &Map<String, Value>, claim: &str) -> Option<String> {
    let value = claims.get(claim)?;
    Some(value.as_str().expect("a string").to_owned())
}

/// Asserts that the user and the app's ID token have exactly the persona's attributes, and that no
/// other token has any.
fn assert_holds(laptop: &Laptop, persona: &Persona, signed_in: &SignedIn) {
    let users = laptop.cognito.users();
    let user = &users[&username(persona)];
    let expected: BTreeSet<_> = persona
        .claims
        .keys()
        .copied()
        .chain(["sub", "identities"])
        .chain([attribute::RECORD, attribute::VERIFIED_AT])
        .collect();
    let held: BTreeSet<_> = user.keys().map(String::as_str).collect();
    assert_eq!(held, expected, "{}", persona.id);
    for claim in FOUR {
        let expected = persona.claims.get(claim).cloned();
        assert_eq!(user.get(claim).cloned(), expected, "{} {claim}", persona.id);
        let told = text_claim(&signed_in.id_token, claim);
        assert_eq!(told, expected, "{} {claim}", persona.id);
        for claims in [&signed_in.access_token, &signed_in.userinfo] {
            assert_eq!(claims.get(claim), None);
        }
    }
    assert_eq!(signed_in.id_token["sub"], user["sub"].as_str());
}

async fn every_persona_signs_in(algorithm: Algorithm) {
    let laptop = laptop_with(|options| options.assertion_algorithm = algorithm).await;
    let personas = personas(SimClock::default().now());
    for persona in &personas {
        let outcome = laptop.login(&browser(), &persona.id, None).await.unwrap();
        assert_holds(&laptop, persona, &signed_in(outcome));
    }
    assert_eq!(laptop.cognito.users().len(), personas.len());
    let assertions = token_requests(&laptop)
        .iter()
        .map(|request| {
            let assertion = request.form_value("client_assertion").unwrap();
            jsonwebtoken::decode_header(assertion).unwrap().alg
        })
        .collect::<Vec<_>>();
    let expected = match algorithm {
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
    };
    assert_eq!(assertions, vec![expected; personas.len()]);
    assert_eq!(logged_failures(&laptop), Vec::<String>::new());
    laptop.stop().await;
}

fn requests(laptop: &Laptop, endpoint: Endpoint) -> Vec<RecordedRequest> {
    let mut requests = laptop.service.requests();
    requests.retain(|request| request.endpoint == endpoint);
    requests
}

fn token_requests(laptop: &Laptop) -> Vec<RecordedRequest> {
    requests(laptop, Endpoint::Token)
}

#[tokio::test]
async fn every_persona_signs_in_with_es256_assertions_and_cognito_holds_what_it_must() {
    every_persona_signs_in(Algorithm::Es256).await;
}

#[tokio::test]
async fn every_persona_signs_in_with_rs256_assertions_and_cognito_holds_what_it_must() {
    every_persona_signs_in(Algorithm::Rs256).await;
}

#[tokio::test]
async fn a_client_in_cognitos_place_signs_in() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let tokens = client.token_request(&client.code().await).send().await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    let claims = client.verified(&tokens.text("id_token").unwrap()).await;
    assert_eq!(claims["name"], "山田　太郎");
    let userinfo = client.userinfo(&tokens.text("access_token").unwrap()).await;
    assert_eq!(userinfo.json()["birthdate"], "1985-03-15");
    laptop.stop().await;
}

#[tokio::test]
async fn a_second_login_is_the_same_user_and_writes_the_attributes_again() {
    let laptop = laptop().await;
    let writes = || {
        let steps = laptop.journal.steps();
        let writes = steps
            .iter()
            .filter(|step| step.request == "user pool: write the mapped attributes");
        writes.count()
    };
    let persona = &personas(laptop.clock.now())[0];
    let first = signed_in(laptop.login(&browser(), &persona.id, None).await.unwrap());
    let unchanged = signed_in(laptop.login(&browser(), &persona.id, None).await.unwrap());
    assert_holds(&laptop, persona, &unchanged);
    assert_eq!(writes(), 2);
    assert_eq!(unchanged.id_token["sub"], first.id_token["sub"]);

    // The person has married and moved.
    let moved = [
        ("name", "佐藤　太郎"),
        ("address", "北海道札幌市中央区北３条西６丁目"),
    ];
    for (claim, value) in moved {
        laptop
            .service
            .change_attribute(&persona.id, claim, json!(value))
            .unwrap();
    }
    let changed = signed_in(laptop.login(&browser(), &persona.id, None).await.unwrap());
    let mut expected = persona.clone();
    expected
        .claims
        .extend(moved.map(|(claim, value)| (claim, value.to_owned())));
    assert_holds(&laptop, &expected, &changed);
    assert_eq!(changed.id_token["sub"], first.id_token["sub"]);
    assert_eq!(laptop.cognito.users().len(), 1);
    laptop.stop().await;
}

#[tokio::test]
async fn two_logins_in_one_browser_cross_and_each_keeps_its_own_person() {
    let laptop = laptop().await;
    let tab_a = browser();
    let tab_b = tab_a.new_tab();
    let at_app = |url: &Url| url.host_str() == Some("app.localhost");

    let (app_a, start_a) = laptop.begin().unwrap();
    let page_a = laptop.test_card_page(&tab_a, &start_a).await.unwrap();
    let (app_b, start_b) = laptop.begin().unwrap();
    let page_b = laptop.test_card_page(&tab_b, &start_b).await.unwrap();

    let people = personas(laptop.clock.now());
    let person = |id| people.iter().find(|persona| persona.id == id).unwrap();
    let (adult, latin) = (person("adult"), person("latin-name"));
    let back_b = laptop.choose(&tab_b, page_b, &latin.id, None, at_app);
    let outcome_b = laptop.finish(&app_b, back_b.await.unwrap()).await.unwrap();
    assert_holds(&laptop, latin, &signed_in(outcome_b));
    let back_a = laptop.choose(&tab_a, page_a, &adult.id, None, at_app);
    // This also checks the app's state and nonce: neither tab has those of the other.
    let outcome_a = laptop.finish(&app_a, back_a.await.unwrap()).await.unwrap();
    assert_holds(&laptop, adult, &signed_in(outcome_a));

    let bridge = Url::parse(&RelyingParty::new(&laptop).issuer()).unwrap();
    assert_eq!(tab_a.cookies(&bridge), [], "both pending logins are over");
    laptop.stop().await;
}

#[tokio::test]
async fn cognitos_state_of_2600_characters_comes_back_and_one_that_cannot_fit_is_told_to_the_app() {
    let laptop = laptop().await;
    let with_state = |state_length| Variation {
        state_length,
        ..Variation::default()
    };
    for fits in [64, 700, 2_600] {
        laptop.cognito.vary(with_state(fits)).unwrap();
        let outcome = laptop.login(&browser(), "adult", None).await.unwrap();
        signed_in(outcome);
    }
    for too_long in [4_500, 6_000] {
        laptop.cognito.vary(with_state(too_long)).unwrap();
        let before = laptop.service.requests().len();
        let failed = failed(laptop.login(&browser(), "adult", None).await.unwrap());
        // Amazon Cognito can only tell the app if the bridge returns Cognito's state.
        assert_eq!(failed.place, Place::App, "{failed:?}");
        assert_eq!(failed.error.as_deref(), Some("invalid_request"));
        assert_eq!(failed.class.as_deref(), Some("state_too_long"));
        assert_eq!(laptop.service.requests().len(), before);
    }
    assert_eq!(logged_failures(&laptop), ["state_too_long"; 2]);
    laptop.stop().await;
}

#[tokio::test]
async fn a_state_that_cannot_fit_comes_back_byte_for_byte() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    for (length, expected) in [(2_600, None), (4_500, Some("invalid_request"))] {
        let state = format!("{}.%区 +&=", "x".repeat(length));
        let request = client.authorization_request().with("state", &state);
        let arrival = client.sign_in(&browser(), &request, "adult", None).await;
        assert_eq!(parameter(&arrival, "state"), Some(state));
        assert_eq!(parameter(&arrival, "error").as_deref(), expected);
        assert_eq!(parameter(&arrival, "code").is_some(), expected.is_none());
    }
    laptop.stop().await;
}

#[tokio::test]
async fn a_cancelled_login_is_told_to_the_app_and_the_next_one_succeeds() {
    let laptop = laptop().await;
    let browser = browser();
    for fault in [
        Fault::Cancel,
        Fault::CancelWithoutDescription,
        Fault::CallbackWithoutCode,
    ] {
        let failed = failed(laptop.login(&browser, "adult", Some(fault)).await.unwrap());
        assert_eq!(failed.place, Place::App);
        assert_eq!(failed.error.as_deref(), Some("access_denied"));
        assert_eq!(failed.class.as_deref(), Some("cancelled"));
        signed_in(laptop.login(&browser, "adult", None).await.unwrap());
    }
    assert_eq!(logged_failures(&laptop), ["cancelled"; 3]);
    laptop.stop().await;
}

/// A form of another site comes without the cookies of pending logins (`SameSite=Lax`).
#[tokio::test]
async fn forms_of_another_site_leave_no_more_cookies_than_queries_do() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let state = "s".repeat(2_600);
    let request = client.authorization_request().with("state", &state);
    let another_site = Url::parse(&laptop.service.endpoints().issuer).unwrap();
    let at_service = |url: &Url| url.host_str() == another_site.host_str();
    let browser = browser();
    for _ in 0..4 {
        browser.get(&another_site, "text/html").await.unwrap();
        let posted = request.post(&browser).await;
        let next = posted.redirect_target().unwrap().unwrap();
        let journey = browser.follow(&next, "text/html", at_service).await;
        assert!(journey.unwrap().arrived_at().is_some());
        let cookies = browser.cookie_header(&request.url());
        assert!((1..4_900).contains(&cookies.len()), "{}", cookies.len());
    }
    laptop.stop().await;
}

/// The only cookie of the bridge in this browser.
fn only_cookie(client: &RelyingParty<'_>, browser: &UserAgent) -> (Url, String, String) {
    let bridge = Url::parse(&client.issuer()).unwrap();
    let mut cookies = browser.cookies(&bridge);
    let cookie = cookies.pop().expect("a pending login");
    assert_eq!(cookies, []);
    (bridge, cookie.name, cookie.value)
}

/// The value with one bit of one decoded byte flipped.
fn altered(value: &str, position: usize) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(value).unwrap();
    bytes[position] ^= 1;
    URL_SAFE_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn a_callback_without_the_right_cookie_ends_on_a_page_that_says_which_reason_it_was() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();

    let same = browser();
    let callback = client.to_callback(&same, &request).await;
    let arrival = client.from_callback(&same, &callback).await;
    assert!(parameter(&arrival, "code").is_some(), "the twin succeeds");

    let begun = browser();
    let callback = client.to_callback(&begun, &request).await;
    let elsewhere = client.from_callback(&browser(), &callback).await;
    assert_eq!(
        failure_page(&elsewhere),
        (400, "no_pending_login".to_owned())
    );
    let arrival = client.from_callback(&begun, &callback).await;
    assert!(
        parameter(&arrival, "code").is_some(),
        "what another browser did has ended nothing here"
    );

    let without = browser();
    let callback = client.to_callback(&without, &request).await;
    let (bridge, name, _) = only_cookie(&client, &without);
    assert!(without.delete_cookie(&bridge, &name));
    let arrival = client.from_callback(&without, &callback).await;
    assert_eq!(failure_page(&arrival), (400, "no_pending_login".to_owned()));

    // These bytes are in the version, the key id, the audience and the tag. A value with an unknown
    // version or key id counts as another bridge's.
    for (from_end, position, class) in [
        (false, 0, "foreign_login"),
        (false, 1, "foreign_login"),
        (false, 5, "altered_login"),
        (true, 1, "altered_login"),
    ] {
        let browser = browser();
        let callback = client.to_callback(&browser, &request).await;
        let (bridge, name, value) = only_cookie(&client, &browser);
        let length = URL_SAFE_NO_PAD.decode(&value).unwrap().len();
        let position = if from_end {
            length - position
        } else {
            position
        };
        let value = altered(&value, position);
        assert!(browser.replace_cookie_value(&bridge, &name, &value));
        let arrival = client.from_callback(&browser, &callback).await;
        assert_eq!(
            failure_page(&arrival),
            (400, class.to_owned()),
            "byte {position}"
        );
        assert_eq!(browser.cookies(&bridge), [], "the cookie is of no use");
    }
    assert_eq!(
        laptop.service.count(Endpoint::Token),
        0,
        "nobody asked for tokens"
    );
    laptop.stop().await;
}

#[tokio::test]
async fn the_page_speaks_the_browsers_language_first_and_names_the_request_in_the_log() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    for (language, first) in [("ja", "<html lang=\"ja\">"), ("en", "<html lang=\"en\">")] {
        let callback = client
            .to_callback(&browser(), &client.authorization_request())
            .await;
        let other = UserAgent::new(language).unwrap();
        let Arrival::Page(page) = client.from_callback(&other, &callback).await else {
            panic!("not on a page");
        };
        let text = page.text();
        assert!(text.contains(first));
        assert!(text.contains("ログインできませんでした"));
        assert!(text.contains("You could not be signed in"));
        let logged = login_kit::logged(&laptop, "failure");
        let support_id = logged.last().unwrap()["support_id"].as_str().unwrap();
        assert!(text.contains(&format!("<code>{support_id}</code>")));
    }
    laptop.stop().await;
}

/// Makes a login that began some time ago. Gives the service's address to which the browser would
/// go; the browser has the cookie.
fn begun_before(
    laptop: &Laptop,
    client: &RelyingParty<'_>,
    browser: &UserAgent,
    age: TimeDelta,
) -> Url {
    let endpoints = laptop.service.endpoints();
    let provider = Provider::given(
        &endpoints.issuer,
        &endpoints.authorization_endpoint,
        &endpoints.token_endpoint,
        &endpoints.userinfo_endpoint,
        &endpoints.jwks_uri,
    );
    let one_time = OneTimeValues::new(&SystemRandomness).unwrap();
    let keys = SealingKeys::new([laptop.configuration.sealing_key().expose_secret()]).unwrap();
    let seal = Seal {
        keys: &keys,
        audience: Audience::new(&client.issuer(), COGNITO_CLIENT_ID),
        now: laptop.clock.now() - age,
    };
    let pending = PendingLogin {
        one_time: one_time.clone(),
        redirect_uri: client.redirect_uri(),
        client_state: ClientState::new("the-clients-state"),
        client_request: ClientRequest {
            nonce: None,
            code_challenge: None,
            authenticated_after: None,
        },
    };
    let lines = pending
        .begin(seal, std::iter::empty(), &SystemRandomness)
        .unwrap();
    let bridge = Url::parse(&client.issuer()).unwrap();
    assert_eq!(lines.len(), 1);
    assert!(browser.take_cookie(&bridge, &lines[0]));
    ServiceRequest {
        client_id: SERVICE_CLIENT_ID,
        redirect_uri: &format!("{}/callback", client.issuer()),
        attributes: AttributeSet::all(),
        acr_values: Some("aal3 crl"),
    }
    .url(&provider.unwrap(), &one_time)
}

#[tokio::test]
async fn a_login_of_less_than_five_minutes_succeeds_and_a_slower_one_ends_on_its_own_page() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let at_client = |url: &Url| url.path() == "/oauth2/idpresponse";
    for (seconds, in_time) in [(0, true), (280, true), (301, false), (14 * 60, false)] {
        let browser = browser();
        let start = begun_before(&laptop, &client, &browser, TimeDelta::seconds(seconds));
        let page = browser.follow(&start, "application/json", at_client).await;
        let arrival = laptop
            .choose(&browser, page.unwrap().end, "adult", None, at_client)
            .await
            .unwrap();
        if in_time {
            let code = parameter(&arrival, "code").expect("a code");
            let tokens = client.token_request(&code).send().await;
            assert_eq!(tokens.status, 200, "{tokens:?}");
        } else {
            assert_eq!(failure_page(&arrival), (400, "login_expired".to_owned()));
            let bridge = Url::parse(&client.issuer()).unwrap();
            assert_eq!(browser.cookies(&bridge), []);
        }
    }
    laptop.stop().await;
}

#[tokio::test]
async fn a_reloaded_callback_ends_on_a_page_and_a_replayed_one_gets_no_second_tokens() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let (browser, thief) = (browser(), browser());
    let callback = client
        .to_callback(&browser, &client.authorization_request())
        .await;
    thief.copy_cookies_from(&browser);

    let first = client.from_callback(&browser, &callback).await;
    let reloaded = client.from_callback(&browser, &callback).await;
    assert_eq!(
        failure_page(&reloaded),
        (400, "no_pending_login".to_owned())
    );
    let code = parameter(&first, "code").unwrap();
    let tokens = client.token_request(&code).send().await;
    assert_eq!(tokens.status, 200, "{tokens:?}");

    let replayed = client.from_callback(&thief, &callback).await;
    let code = parameter(&replayed, "code").unwrap();
    let refused = client.token_request(&code).send().await;
    assert_eq!(
        (refused.status, refused.text("error").as_deref()),
        (400, Some("invalid_grant"))
    );
    assert_eq!(refused.class().as_deref(), Some("service_refused_code"));
    laptop.stop().await;
}

#[tokio::test]
async fn only_the_attributes_that_are_configured_are_asked_for_and_handed_on() {
    for (configured, scope, handed_on) in [
        ("birthdate", "openid birthdate", vec!["birthdate"]),
        ("gender name", "openid name gender", vec!["gender", "name"]),
        ("", "openid", vec![]),
    ] {
        let laptop = laptop_with(|options| {
            options.environment = variables([(variables::ATTRIBUTES, Some(configured))]);
        })
        .await;
        let mut persona = personas(laptop.clock.now()).remove(0);
        persona.claims.retain(|claim, _| handed_on.contains(claim));
        let outcome = laptop.login(&browser(), &persona.id, None).await.unwrap();
        assert_holds(&laptop, &persona, &signed_in(outcome));
        let asked = requests(&laptop, Endpoint::Authorization);
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].query_value("scope"), Some(scope));

        // The client can ask for neither more nor fewer scopes.
        let client = RelyingParty::new(&laptop);
        for other in ["openid name address", "openid name birthdate gender"] {
            let request = client.authorization_request().with("scope", other);
            let arrival = client.sign_in(&browser(), &request, "adult", None).await;
            let error = parameter(&arrival, "error");
            assert_eq!(error.as_deref(), Some("invalid_scope"), "{other}");
        }
        let request = client.authorization_request().with("scope", scope);
        let arrival = client.sign_in(&browser(), &request, "adult", None).await;
        let code = parameter(&arrival, "code").expect("a code");
        let tokens = client.token_request(&code).send().await;
        let claims = client.verified(&tokens.text("id_token").unwrap()).await;
        let given: Vec<_> = FOUR
            .into_iter()
            .filter(|claim| claims.contains_key(*claim))
            .collect();
        let expected: BTreeSet<_> = handed_on.iter().copied().collect();
        assert_eq!(given.iter().copied().collect::<BTreeSet<_>>(), expected);
        laptop.stop().await;
    }
}

#[tokio::test]
async fn before_there_is_a_client_id_the_keys_are_served_and_a_login_says_that_it_is_not_connected()
{
    for (client_id, connected) in [("", false), (SERVICE_CLIENT_ID, true)] {
        let laptop = laptop_with(|options| {
            options.environment = variables([(variables::SERVICE_CLIENT_ID, Some(client_id))]);
        })
        .await;
        let client = RelyingParty::new(&laptop);
        let keys = client.document("/client-jwks.json").await;
        assert_eq!(keys.status, 200);
        assert_eq!(keys.json(), laptop.configuration.client_jwks().unwrap());
        assert_eq!(keys.json()["keys"][0]["d"], Value::Null);

        let outcome = laptop.login(&browser(), "adult", None).await.unwrap();
        if connected {
            signed_in(outcome);
        } else {
            let failed = failed(outcome);
            assert_eq!(failed.place, Place::BridgePage);
            assert_eq!(failed.class.as_deref(), Some("not_connected"));
            let page = client
                .authorize(&browser(), &client.authorization_request())
                .await;
            assert_eq!(page.status, 403);
            assert!(page.text().contains("/client-jwks.json"));
        }
        laptop.stop().await;
    }
}

#[tokio::test]
async fn a_subject_that_cognito_cannot_take_becomes_a_hash_that_stays_the_same() {
    let laptop = laptop().await;
    let subject = personas(laptop.clock.now())[0].subject(SERVICE_CLIENT_ID);
    let long: String = subject.chars().cycle().take(200).collect();
    for (fault, subject) in [
        (Fault::IdTokenLongSubject, long),
        (Fault::IdTokenSubjectWithSpace, format!("a {subject}")),
    ] {
        let before = laptop.cognito.users().len();
        let first = laptop
            .login(&browser(), "adult", Some(fault))
            .await
            .unwrap();
        let second = laptop
            .login(&browser(), "adult", Some(fault))
            .await
            .unwrap();
        let hex: String = digest(&SHA256, subject.as_bytes())
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let users = laptop.cognito.users();
        let user = &users[&format!("MynaApp_sha256-{hex}")];
        assert_eq!(users.len(), before + 1);
        for outcome in [first, second] {
            assert_eq!(signed_in(outcome).id_token["sub"], user["sub"].as_str());
        }
    }
    laptop.stop().await;
}

#[tokio::test]
async fn only_an_accepted_acr_signs_in() {
    let (normal, other, none) = (
        None,
        Some(Fault::IdTokenWrongAssurance),
        Some(Fault::IdTokenMissingAssurance),
    );
    // The service says `aal3`. The faults say `aal1`, or nothing.
    for (accepted, cases) in [
        (
            Some("aal3"),
            vec![(normal, true), (other, false), (none, false)],
        ),
        (
            Some("aal3 crl, aal1"),
            vec![(normal, false), (other, true), (none, false)],
        ),
        (
            Some("any"),
            vec![(normal, true), (other, true), (none, true)],
        ),
        (None, vec![(normal, true), (other, true), (none, true)]),
    ] {
        let laptop = laptop_with(|options| {
            options.environment = variables([(variables::ACCEPTED_ACR, accepted)]);
        })
        .await;
        for (fault, passes) in cases {
            let outcome = laptop.login(&browser(), "adult", fault).await.unwrap();
            if passes {
                signed_in(outcome);
            } else {
                let failed = failed(outcome);
                assert_eq!(failed.error.as_deref(), Some("invalid_grant"));
                assert_eq!(failed.class.as_deref(), Some("assurance_not_accepted"));
            }
        }
        laptop.stop().await;
    }
}

async fn tokens(
    client: &RelyingParty<'_>,
    request: &AuthorizationRequest,
    fault: Option<Fault>,
) -> Answer {
    let arrival = client.sign_in(&browser(), request, "adult", fault).await;
    let code = parameter(&arrival, "code").expect("a code");
    client.token_request(&code).send().await
}

#[tokio::test]
async fn a_new_authentication_that_the_client_asks_for_has_to_show_in_auth_time() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let (old, unknown) = (
        Some(Fault::IdTokenOldAuthentication),
        Some(Fault::IdTokenMissingAuthenticationTime),
    );
    // An old authentication is one from an hour ago.
    for (name, value, fault, passes) in [
        ("prompt", "login", None, true),
        ("prompt", "login", old, false),
        ("prompt", "login", unknown, false),
        ("prompt", "consent", old, true),
        ("max_age", "60", None, true),
        ("max_age", "60", old, false),
        ("max_age", "60", unknown, false),
        ("max_age", "0", None, true),
        ("max_age", "0", old, false),
        ("max_age", "3500", old, false),
        ("max_age", "7200", old, true),
        ("unknown", "1", old, true),
        ("unknown", "1", unknown, true),
    ] {
        let request = client.authorization_request().with(name, value);
        let answer = tokens(&client, &request, fault).await;
        let case = format!("{name}={value} {fault:?}");
        if passes {
            assert_eq!(answer.status, 200, "{case} {answer:?}");
            let claims = client.verified(&answer.text("id_token").unwrap()).await;
            assert_eq!(claims.contains_key("auth_time"), fault != unknown, "{case}");
        } else {
            assert_eq!(
                (answer.status, answer.text("error").as_deref()),
                (400, Some("invalid_grant")),
                "{case}"
            );
            assert_eq!(answer.class().as_deref(), Some("authentication_too_old"));
        }
    }
    // The service documents neither parameter, so the bridge doesn't send them.
    for request in requests(&laptop, Endpoint::Authorization) {
        for name in ["prompt", "max_age", "unknown"] {
            assert_eq!(request.query_value(name), None);
        }
    }
    laptop.stop().await;
}
