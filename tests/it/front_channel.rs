//! Tests the table of everything that passes through the browser, and that the person can therefore
//! edit. The documentation says of each parameter what confirms it. These tests edit parameters:
//! the login is refused, or the signed answer shows the change.

use std::collections::BTreeSet;

use federation::variables;
use login_kit::{Laptop, Outcome, RelyingParty, SignedIn, browser, laptop, laptop_with, variables};
use loopback::user_agent::Arrival;
use markdown::Document;
use service_simulator::Endpoint;
use service_simulator::fault::Fault;
use url::Url;

/// The document in both languages, with the heading of the table and the names of the hops, in the
/// same order.
const DOCUMENTS: [(&str, &str, [&str; 6]); 2] = [
    (
        include_str!("../../docs/architecture.md"),
        "ブラウザーを通るもの",
        [
            "アプリ → Cognito",
            "Cognito → ブリッジ",
            "ブリッジ → サービス",
            "サービス → ブリッジ",
            "ブリッジ → Cognito",
            "Cognito → アプリ",
        ],
    ),
    (
        include_str!("../../docs/architecture.en.md"),
        "What passes through the browser",
        [
            "app → Cognito",
            "Cognito → bridge",
            "bridge → service",
            "service → bridge",
            "bridge → Cognito",
            "Cognito → app",
        ],
    ),
];

/// The parameters of each hop, as a document lists them.
fn documented((document, heading, ways): (&str, &str, [&str; 6])) -> [BTreeSet<String>; 6] {
    let mut found = [const { BTreeSet::new() }; 6];
    for row in Document::read(document).section(heading).table().rows {
        let [way, parameters, confirmed] = &row[..] else {
            panic!("three cells: {row:?}");
        };
        assert!(!confirmed.plain.is_empty(), "{row:?}");
        let place = ways.iter().position(|known| *known == way.plain);
        for name in &parameters.codes {
            let is_new = found[place.expect(&way.plain)].insert(name.clone());
            assert!(is_new, "twice: {row:?}");
        }
    }
    found
}

/// The parameters that a module of the bridge reads from a request.
fn read_by(source: &str) -> BTreeSet<String> {
    let reads = source.split("arameters.get(\"").skip(1);
    let reads = reads.chain(source.split("\n        .get(\"").skip(1));
    reads
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

fn names_of(url: &Url) -> BTreeSet<String> {
    url.query_pairs()
        .map(|(name, _)| name.into_owned())
        .collect()
}

/// The names of the parameters in redirects to an address, of a login that succeeds and of one that
/// is cancelled.
async fn on_the_way_to(laptop: &Laptop, part: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for fault in [None, Some(Fault::Cancel)] {
        let (_, start) = laptop.begin().unwrap();
        let at = |url: &Url| url.as_str().contains(part);
        let browser = browser();
        let arrival = laptop.test_card_page(&browser, &start).await.unwrap();
        let arrival = laptop.choose(&browser, arrival, "adult", fault, at).await;
        let Arrival::At(url) = arrival.unwrap() else {
            panic!("on a page")
        };
        all.extend(names_of(&url));
    }
    all
}

#[tokio::test]
async fn the_table_has_every_parameter_of_every_way_and_no_other() {
    let laptop = laptop().await;
    let (_, start) = laptop.begin().unwrap();
    let authorize = include_str!("../../functions/federation/src/authorize.rs");
    let callback = include_str!("../../functions/federation/src/callback.rs");
    let to_service = {
        let client = RelyingParty::new(&laptop);
        let (browser, request) = (browser(), client.authorization_request());
        let page = client.authorize(&browser, &request).await;
        names_of(&page.redirect_target().unwrap().unwrap())
    };
    let from_cognito = {
        let mut start = start.clone();
        let others = [
            ("prompt", "login"),
            ("login_hint", "a"),
            ("lang", "ja"),
            ("max_age", "1"),
        ];
        start.query_pairs_mut().extend_pairs(others);
        let at_bridge = |url: &Url| url.host_str() == Some("bridge.localhost");
        let journey = browser().follow(&start, "text/html", at_bridge).await;
        let Arrival::At(url) = journey.unwrap().end else {
            panic!("on a page")
        };
        names_of(&url)
    };
    assert!(from_cognito.contains("login_hint"), "{from_cognito:?}");
    let from_service = on_the_way_to(&laptop, "/callback?").await;
    let to_cognito = on_the_way_to(&laptop, "/oauth2/idpresponse?").await;
    let to_app = on_the_way_to(&laptop, demo::laptop::APP_CALLBACK).await;
    for document in DOCUMENTS {
        let documented = documented(document);
        let [app, bridge, service, back, cognito, back_at_app] = &documented;
        // Parameters that an app may send to Amazon Cognito and that this app doesn't send.
        let mut asked = names_of(&start);
        let others = ["idp_identifier", "lang", "login_hint", "max_age", "prompt"];
        asked.extend(others.map(str::to_owned));
        assert_eq!(*app, asked);
        let mut arrives = read_by(authorize);
        arrives.extend(from_cognito.clone());
        assert_eq!(*bridge, arrives);
        assert_eq!(*service, to_service);
        let mut answered = read_by(callback);
        answered.extend(from_service.clone());
        assert_eq!(*back, answered);
        assert_eq!(*cognito, to_cognito);
        assert_eq!(*back_at_app, to_app);
    }
    laptop.stop().await;
}

/// Signs in, with the authorization request edited between the bridge and the service.
async fn edited(laptop: &Laptop, edit: impl Fn(&str, &str) -> Option<String>) -> Outcome {
    let (app, start) = laptop.begin().unwrap();
    let browser = browser();
    let at_service = |url: &Url| url.host_str() == Some("service.localhost");
    let journey = browser.follow(&start, "application/json", at_service).await;
    let Arrival::At(url) = journey.unwrap().end else {
        panic!("on a page")
    };
    let mut changed = url.clone();
    changed.query_pairs_mut().clear().extend_pairs(
        url.query_pairs()
            .filter_map(|(name, value)| Some((name.clone(), edit(&name, &value)?))),
    );
    let arrival = laptop.test_card_page(&browser, &changed).await.unwrap();
    let at_app = |url: &Url| url.as_str().starts_with(demo::laptop::APP_CALLBACK);
    let arrival = laptop
        .choose(&browser, arrival, "adult", None, at_app)
        .await;
    laptop.finish(&app, arrival.unwrap()).await.unwrap()
}

fn class_of(outcome: Outcome) -> Option<String> {
    match outcome {
        Outcome::SignedIn(_) => None,
        Outcome::Failed(failed) => Some(failed.class.expect("a class of the bridge")),
    }
}

#[tokio::test]
async fn a_scope_that_somebody_takes_out_of_their_request_ends_the_login() {
    for granted_scope in ["required", "optional"] {
        let laptop = laptop_with(|options| {
            options.environment = variables([(variables::GRANTED_SCOPE, Some(granted_scope))]);
        })
        .await;
        for taken_out in ["name", "address", "birthdate", "gender"] {
            let outcome = edited(&laptop, |name, value| {
                let scopes = value.split(' ').filter(|scope| *scope != taken_out);
                Some(match name {
                    "scope" => scopes.collect::<Vec<_>>().join(" "),
                    _ => value.to_owned(),
                })
            });
            let class = class_of(outcome.await);
            assert_eq!(class.as_deref(), Some("scope_not_granted"), "{taken_out}");
        }
        // Reordered scopes are still complete.
        let outcome = edited(&laptop, |name, value| {
            let scopes = value.split(' ').rev();
            Some(match name {
                "scope" => scopes.collect::<Vec<_>>().join(" "),
                _ => value.to_owned(),
            })
        });
        assert_eq!(class_of(outcome.await), None);
        laptop.stop().await;
    }
}

/// The service's stand-in grants a weaker authentication if the request asks for one. `acr` shows
/// it.
#[tokio::test]
async fn an_assurance_that_somebody_lowers_in_their_request_is_not_accepted() {
    for (accepted, class) in [
        (Some("aal3"), Some("assurance_not_accepted")),
        (Some("any"), None),
    ] {
        let laptop = laptop_with(|options| {
            options.environment = variables([(variables::ACCEPTED_ACR, accepted)]);
        })
        .await;
        for lowered in ["aal1", "aal2 crl", "AAL3"] {
            let outcome = edited(&laptop, |name, value| {
                Some(if name == "acr_values" { lowered } else { value }.to_owned())
            });
            let outcome = outcome.await;
            if let Outcome::SignedIn(signed_in) = &outcome {
                let granted = lowered.split(' ').next();
                assert_eq!(signed_in.id_token["verification_acr"].as_str(), granted);
            }
            assert_eq!(class_of(outcome).as_deref(), class, "{lowered}");
        }
        // The bridge's own values in another order, or no values.
        for kept in [Some("crl aal3"), None] {
            let outcome = edited(&laptop, |name, value| match name {
                "acr_values" => kept.map(str::to_owned),
                _ => Some(value.to_owned()),
            });
            assert_eq!(class_of(outcome.await), None, "{kept:?}");
        }
        laptop.stop().await;
    }
}

#[tokio::test]
async fn an_answer_without_scope_is_a_matter_of_the_configuration() {
    for (granted_scope, class) in [
        (None, Some("scope_not_confirmed")),
        (Some("required"), Some("scope_not_confirmed")),
        (Some("optional"), None),
    ] {
        let laptop = laptop_with(|options| {
            options.environment = variables([(variables::GRANTED_SCOPE, granted_scope)]);
        })
        .await;
        let fault = Some(Fault::TokenWithoutScope);
        let outcome = laptop.login(&browser(), "adult", fault).await.unwrap();
        assert_eq!(class_of(outcome).as_deref(), class, "{granted_scope:?}");
        laptop.stop().await;
    }
}

/// The recipe of docs/claims, written in Rust. The tests in a browser run the recipe itself; this
/// one checks that the documents still contain the text from which it was translated.
fn is_the_person_now(signed_in: &SignedIn, begun: i64) -> bool {
    const RECIPE: &str = "const isThePersonNow = (claims, begun, sub) =>
     claims.sub === sub &&
     claims.identity_verified === true &&
     typeof claims.verified_at === \"number\" &&
     claims.verified_at >= begun - 60;";
    for document in [
        include_str!("../../docs/claims.md"),
        include_str!("../../docs/claims.en.md"),
    ] {
        assert!(document.contains(RECIPE));
    }
    let claims = &signed_in.id_token;
    claims
        .get("identity_verified")
        .and_then(serde_json::Value::as_bool)
        == Some(true)
        && claims
            .get("verified_at")
            .and_then(serde_json::Value::as_i64)
            .is_some_and(|verified_at| verified_at >= begun - 60)
}

/// A login that the app begins with `prompt=login`, unless the person has removed it from the URL.
async fn anew(laptop: &Laptop, is_stripped: bool, fault: Option<Fault>) -> Outcome {
    let (app, mut start) = laptop.begin().unwrap();
    if !is_stripped {
        start.query_pairs_mut().append_pair("prompt", "login");
    }
    let browser = browser();
    let arrival = laptop.test_card_page(&browser, &start).await.unwrap();
    let at_app = |url: &Url| url.as_str().starts_with(demo::laptop::APP_CALLBACK);
    let arrival = laptop
        .choose(&browser, arrival, "adult", fault, at_app)
        .await;
    laptop.finish(&app, arrival.unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_login_whose_prompt_was_stripped_fails_the_recipe() {
    let laptop = laptop().await;
    let (old, unknown) = (
        Fault::IdTokenOldAuthentication,
        Fault::IdTokenMissingAuthenticationTime,
    );
    let begun = laptop.clock.now().timestamp();
    let signed_in = |outcome| match outcome {
        Outcome::SignedIn(signed_in) => *signed_in,
        Outcome::Failed(failed) => panic!("{failed:?}"),
    };
    for is_stripped in [false, true] {
        let now = signed_in(anew(&laptop, is_stripped, None).await);
        assert!(is_the_person_now(&now, begun));
        // The same tokens don't prove a login that began later.
        assert!(!is_the_person_now(&now, begun + 3_600));
    }
    for fault in [old, unknown] {
        let class = class_of(anew(&laptop, false, Some(fault)).await);
        assert_eq!(class.as_deref(), Some("authentication_too_old"));
        let stripped = signed_in(anew(&laptop, true, Some(fault)).await);
        assert_eq!(stripped.id_token["identity_verified"], true);
        assert_eq!(stripped.id_token.contains_key("verified_at"), fault == old);
        assert!(!is_the_person_now(&stripped, begun), "{fault}");
        // A refresh of these tokens doesn't change that.
        let refreshed = laptop.refresh(&stripped).await.unwrap();
        assert!(!is_the_person_now(&refreshed, begun), "{fault}");
    }
    // The service documents no `prompt`, so the bridge doesn't send any.
    let requests = laptop.service.requests();
    let asked = requests
        .iter()
        .filter(|request| request.endpoint == Endpoint::Authorization);
    let asked: Vec<_> = asked.map(|request| request.query_value("prompt")).collect();
    assert_eq!(asked, vec![None; 6]);
    laptop.stop().await;
}

#[tokio::test]
async fn a_login_without_auth_time_is_refused_where_it_is_required() {
    let laptop = laptop_with(|options| {
        options.environment = variables([(variables::REQUIRE_AUTH_TIME, Some("yes"))]);
    })
    .await;
    let fault = Some(Fault::IdTokenMissingAuthenticationTime);
    let outcome = laptop.login(&browser(), "adult", fault).await.unwrap();
    assert_eq!(class_of(outcome).as_deref(), Some("auth_time_missing"));
    let outcome = laptop.login(&browser(), "adult", None).await.unwrap();
    assert_eq!(class_of(outcome), None);
    laptop.stop().await;
}
