//! npm's `oidc-provider` in the service's place: whole logins of the built function, with Amazon
//! Cognito's stand-in in front. The provider accepts only `private_key_jwt` and PKCE with S256, and
//! says why it refuses a request. A browser without a screen fills in its two pages, for login and
//! consent.

use demo::laptop::{APP_CALLBACK, Configuration, SERVICE_CLIENT_ID};
use federation::variables;
use keys::Algorithm;
use login_kit::{
    Answer, Arrival, Failed, Laptop, LaptopOptions, Outcome, Place, RelyingParty, SignedIn,
    UserAgent, browser, day_that_goes_on, functions, logged_failures, parameter, variables,
};
use loopback::clock::SimClock;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};
use service_simulator::persona::{Persona, personas};
use service_simulator::{Endpoints, RegisteredClient};
use url::Url;

use super::Script;

/// The provider, and the bridge's registration there.
struct Provider {
    script: Script,
    endpoints: Endpoints,
    client: RegisteredClient,
}

impl Provider {
    async fn start(client: RegisteredClient) -> Self {
        let mut script = Script::start("provider", []);
        let said = script.next().await;
        let url = |name: &str| said[name].as_str().expect("a URL").to_owned();
        let endpoints = Endpoints {
            issuer: url("issuer"),
            authorization_endpoint: url("authorization_endpoint"),
            token_endpoint: url("token_endpoint"),
            userinfo_endpoint: url("userinfo_endpoint"),
            jwks_uri: url("jwks_uri"),
        };
        let mut provider = Self {
            script,
            endpoints,
            client,
        };
        provider.register(json!({}), json!({})).await;
        provider
    }

    /// Registers the bridge and the stand-in's test persons. `client` changes members of the
    /// client's metadata, `registration` members of the rest.
    async fn register(&mut self, client: Value, registration: Value) {
        let people: Map<_, _> = personas(SimClock::default().now())
            .into_iter()
            .map(|persona| (persona.id.to_owned(), Value::Object(persona.userinfo)))
            .collect();
        let mut all = json!({
            "people": people,
            "client": {
                "client_id": self.client.client_id,
                "redirect_uris": self.client.redirect_uris,
                "jwks": self.client.jwks,
            },
        });
        merge(&mut all["client"], client);
        merge(&mut all, registration);
        self.script.answer("register", all).await;
    }

    /// The token requests that the provider got so far, each with its `outcome`.
    async fn token_requests(&mut self) -> Vec<Value> {
        let requests = self.script.answer("token_requests", json!({})).await;
        requests.as_array().expect("a list").clone()
    }

    /// The outcomes of the token requests.
    async fn outcomes(&mut self) -> Vec<Value> {
        let requests = self.token_requests().await.into_iter();
        requests
            .map(|mut request| request["outcome"].take())
            .collect()
    }
}

fn merge(all: &mut Value, changed: Value) {
    if let (Value::Object(all), Value::Object(changed)) = (all, changed) {
        all.extend(changed);
    }
}

fn granted() -> Value {
    json!({ "granted": true })
}

async fn laptop() -> Laptop<Provider> {
    laptop_with(|_| {}).await
}

async fn laptop_with(change: impl FnOnce(&mut LaptopOptions)) -> Laptop<Provider> {
    day_that_goes_on().await;
    let mut options = LaptopOptions::new(functions());
    change(&mut options);
    let laptop = Laptop::start_around(options, async |client| {
        let provider = Provider::start(client).await;
        let endpoints = provider.endpoints.clone();
        Ok((provider, endpoints))
    });
    laptop.await.expect("free ports are free")
}

/// What a person does on the provider's pages.
#[derive(Clone, Copy)]
enum Person<'a> {
    /// Signs in with this login, and consents.
    Consents(&'a str),
    /// Cancels on the first page.
    CancelsLogin,
    /// Signs in, and cancels on the consent page.
    CancelsConsent(&'a str),
    /// Nothing, because the provider still knows the person.
    IsKnown,
}

/// Follows the browser from `start` through the provider's pages, until `until` or another page.
async fn visit(
    browser: &UserAgent,
    start: &Url,
    person: Person<'_>,
    until: impl Fn(&Url) -> bool,
) -> Arrival {
    let forms: &[(&str, &[(&str, &str)])] = match person {
        Person::Consents(login) => &[
            ("login", &[("login", login), ("answer", "continue")]),
            ("consent", &[("answer", "continue")]),
        ],
        Person::CancelsLogin => &[("login", &[("answer", "cancel")])],
        Person::CancelsConsent(login) => &[
            ("login", &[("login", login), ("answer", "continue")]),
            ("consent", &[("answer", "cancel")]),
        ],
        Person::IsKnown => &[],
    };
    let mut next = start.clone();
    for (title, form) in forms {
        let journey = browser.follow(&next, "text/html", &until).await.unwrap();
        let page = journey.page().expect("a page of the provider");
        assert!(
            page.text().contains(&format!("<title>{title}</title>")),
            "{title}: status {} at {}",
            page.status,
            page.url.path()
        );
        let answer = browser.post_form(&page.url, "text/html", form).await;
        let target = answer.unwrap().redirect_target().unwrap();
        next = target.expect("a redirect");
    }
    browser.follow(&next, "text/html", until).await.unwrap().end
}

/// Signs in, from the app and back to the app.
async fn login(laptop: &Laptop<Provider>, browser: &UserAgent, person: Person<'_>) -> Outcome {
    let (app, start) = laptop.begin().unwrap();
    let at_app = |url: &Url| url.as_str().starts_with(APP_CALLBACK);
    let arrival = visit(browser, &start, person, at_app).await;
    laptop.finish(&app, arrival).await.unwrap()
}

fn signed_in(outcome: Outcome) -> SignedIn {
    match outcome {
        Outcome::SignedIn(signed_in) => *signed_in,
        Outcome::Failed(failed) => panic!("not signed in: {failed:?}"),
    }
}

/// The error that the app got, and the bridge's class in it.
fn failed_at_app(outcome: Outcome) -> (String, String) {
    match outcome {
        Outcome::Failed(Failed {
            place: Place::App,
            error: Some(error),
            class: Some(class),
            ..
        }) => (error, class),
        other => panic!("not failed at the app: {other:?}"),
    }
}

fn refused(error: &str, class: &str) -> (String, String) {
    (error.to_owned(), class.to_owned())
}

fn persona(id: &str) -> Persona {
    let mut personas = personas(SimClock::default().now()).into_iter();
    personas
        .find(|persona| persona.id == id)
        .expect("a persona")
}

/// Asserts that the app's ID token has exactly those of the four claims that the persona must have
/// in Amazon Cognito, and that no other token has any.
fn assert_holds(signed_in: &SignedIn, persona: &Persona) {
    for claim in ["name", "address", "birthdate", "gender"] {
        let expected = persona.claims.get(claim).map(String::as_str);
        let told = signed_in
            .id_token
            .get(claim)
            .map(|value| value.as_str().expect("text"));
        assert_eq!(told, expected, "{claim}");
        for claims in [&signed_in.access_token, &signed_in.userinfo] {
            assert_eq!(claims.get(claim), None, "{claim}");
        }
    }
}

/// The URL at which the browser comes back to the bridge. It isn't requested yet.
async fn to_callback(laptop: &Laptop<Provider>, browser: &UserAgent, person: Person<'_>) -> Url {
    let request = RelyingParty::new(laptop).authorization_request();
    let at_callback = |url: &Url| url.path() == "/callback";
    match visit(browser, &request.url(), person, at_callback).await {
        Arrival::At(url) => url,
        Arrival::Page(page) => panic!("on a page of status {} at {}", page.status, page.url),
    }
}

/// Signs in with a client in Amazon Cognito's place, and gives the code.
async fn code(laptop: &Laptop<Provider>) -> String {
    let browser = browser();
    let callback = to_callback(laptop, &browser, Person::Consents("adult")).await;
    let client = RelyingParty::new(laptop);
    parameter(&client.from_callback(&browser, &callback).await, "code").expect("a code")
}

async fn every_persona_signs_in(algorithm: Algorithm) {
    let mut laptop = laptop_with(|options| options.assertion_algorithm = algorithm).await;
    let personas = personas(SimClock::default().now());
    for persona in &personas {
        let outcome = login(&laptop, &browser(), Person::Consents(&persona.id)).await;
        assert_holds(&signed_in(outcome), persona);
    }
    assert_eq!(laptop.cognito.users().len(), personas.len());
    assert_eq!(logged_failures(&laptop), [""; 0]);

    let requests = laptop.service.token_requests().await;
    assert_eq!(requests.len(), personas.len(), "one exchange for a login");
    let name = match algorithm {
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
    };
    for request in requests {
        assert_eq!(request["outcome"], granted());
        let mut names: Vec<_> = request.as_object().unwrap().keys().collect();
        names.retain(|name| *name != "outcome");
        // The parameters of contract S4, and nothing else.
        assert_eq!(
            names,
            [
                "client_assertion",
                "client_assertion_type",
                "client_id",
                "code",
                "code_verifier",
                "grant_type",
                "redirect_uri"
            ]
        );
        let assertion = request["client_assertion"].as_str().unwrap();
        assert_eq!(jsonwebtoken::decode_header(assertion).unwrap().alg, name);
    }
    laptop.stop_around().await;
}

#[tokio::test]
async fn every_persona_signs_in_with_es256_assertions() {
    every_persona_signs_in(Algorithm::Es256).await;
}

#[tokio::test]
async fn every_persona_signs_in_with_rs256_assertions() {
    every_persona_signs_in(Algorithm::Rs256).await;
}

#[tokio::test]
async fn a_person_who_is_known_to_the_provider_signs_in_again_as_the_same_user() {
    let laptop = laptop().await;
    let browser = browser();
    let first = signed_in(login(&laptop, &browser, Person::Consents("adult")).await);
    let second = signed_in(login(&laptop, &browser, Person::IsKnown).await);
    assert_eq!(first.id_token["sub"], second.id_token["sub"]);
    assert_eq!(laptop.cognito.users().len(), 1);
    laptop.stop_around().await;
}

#[tokio::test]
async fn the_provider_answers_with_iss_and_another_one_is_refused() {
    let laptop = laptop().await;
    let browser = browser();
    let callback = to_callback(&laptop, &browser, Person::Consents("adult")).await;
    let query = kit::parameters(&callback);
    assert_eq!(query["iss"], laptop.service.endpoints.issuer);
    assert_eq!(query.keys().collect::<Vec<_>>(), ["code", "iss", "state"]);

    let mut mixed_up = callback.clone();
    mixed_up
        .query_pairs_mut()
        .clear()
        .append_pair("code", &query["code"])
        .append_pair("state", &query["state"])
        .append_pair("iss", "http://service.localhost/api/realms/another");
    let end = RelyingParty::new(&laptop)
        .from_callback(&browser, &mixed_up)
        .await;
    assert_eq!(parameter(&end, "error").as_deref(), Some("server_error"));
    assert_eq!(logged_failures(&laptop), ["issuer_mismatch"]);
    laptop.stop_around().await;
}

#[tokio::test]
async fn a_person_who_cancels_is_known_to_have_cancelled() {
    let mut laptop = laptop().await;
    for person in [Person::CancelsLogin, Person::CancelsConsent("adult")] {
        let outcome = login(&laptop, &browser(), person).await;
        assert_eq!(
            failed_at_app(outcome),
            refused("access_denied", "cancelled")
        );
    }
    assert_eq!(laptop.service.outcomes().await, [json!(null); 0]);
    laptop.stop_around().await;
}

/// The provider knows another key of the client: first with its own `kid`, then with the `kid` of
/// the bridge's key.
#[tokio::test]
async fn an_assertion_of_another_key_is_refused() {
    let mut laptop = laptop().await;
    let other = Configuration::generate(Algorithm::Es256).unwrap();
    let mut jwks = other.client_jwks().unwrap();
    let kid = laptop.service.client.jwks["keys"][0]["kid"].clone();
    for detail in [
        "no applicable key found in the JSON Web Key Set",
        "signature verification failed",
    ] {
        laptop
            .service
            .register(json!({ "jwks": jwks }), json!({}))
            .await;
        let outcome = login(&laptop, &browser(), Person::Consents("adult")).await;
        assert_eq!(
            failed_at_app(outcome),
            refused("server_error", "service_refused_client")
        );
        let outcomes = laptop.service.outcomes().await;
        assert_eq!(outcomes.len(), 1);
        assert_eq!(outcomes[0]["error"], "invalid_client");
        assert_eq!(outcomes[0]["error_detail"], detail);
        jwks["keys"][0]["kid"] = kid.clone();
    }
    laptop.stop_around().await;
}

/// Somebody who saw the bridge's request sends it once more.
#[tokio::test]
async fn an_assertion_is_taken_once() {
    let mut laptop = laptop().await;
    signed_in(login(&laptop, &browser(), Person::Consents("adult")).await);
    let request = laptop.service.token_requests().await.remove(0);
    let form: Vec<_> = request
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        .collect();
    let again = reqwest::Client::new()
        .post(&laptop.service.endpoints.token_endpoint)
        .form(&form);
    let again = Answer::of(again).await;
    assert_eq!(
        (again.status, again.text("error").as_deref()),
        (401, Some("invalid_client"))
    );
    let outcomes = laptop.service.outcomes().await;
    assert_eq!(outcomes[0], granted());
    assert_eq!(
        outcomes[1]["error_detail"],
        "client assertion tokens must only be used once"
    );
    laptop.stop_around().await;
}

#[tokio::test]
async fn a_code_is_taken_once() {
    let mut laptop = laptop().await;
    let code = code(&laptop).await;
    let client = RelyingParty::new(&laptop);
    let first = client.token_request(&code).send().await;
    assert_eq!(first.status, 200, "{first:?}");
    let second = client.token_request(&code).send().await;
    assert_eq!(second.status, 400);
    assert_eq!(second.text("error").as_deref(), Some("invalid_grant"));
    assert_eq!(second.class().as_deref(), Some("service_refused_code"));
    let outcomes = laptop.service.outcomes().await;
    assert_eq!(outcomes[0], granted());
    assert_eq!(outcomes[1]["error"], "invalid_grant");
    laptop.stop_around().await;
}

/// Shows that the logins above prove something: the provider refuses everything else.
#[tokio::test]
async fn the_provider_takes_no_login_without_pkce_and_no_other_proof_of_the_client() {
    let mut laptop = laptop().await;
    let mut request = Url::parse(&laptop.service.endpoints.authorization_endpoint).unwrap();
    request
        .query_pairs_mut()
        .append_pair("client_id", SERVICE_CLIENT_ID)
        .append_pair("redirect_uri", &laptop.service.client.redirect_uris[0])
        .append_pair("response_type", "code")
        .append_pair("scope", "openid")
        .append_pair("state", "state");
    let at_callback = |url: &Url| url.path() == "/callback";
    for (method, description) in [
        (
            None,
            "Authorization Server policy requires PKCE to be used for this request",
        ),
        (
            Some("plain"),
            "not supported value of code_challenge_method",
        ),
    ] {
        let mut request = request.clone();
        if let Some(method) = method {
            request
                .query_pairs_mut()
                .append_pair("code_challenge", &"c".repeat(43))
                .append_pair("code_challenge_method", method);
        }
        let end = visit(&browser(), &request, Person::IsKnown, at_callback).await;
        assert_eq!(parameter(&end, "error").as_deref(), Some("invalid_request"));
        assert_eq!(
            parameter(&end, "error_description").as_deref(),
            Some(description)
        );
    }

    let secret = laptop.configuration.client_secret().expose_secret();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", SERVICE_CLIENT_ID),
        ("client_secret", secret),
        ("code", "code"),
        ("redirect_uri", &laptop.service.client.redirect_uris[0]),
    ];
    let with_secret = reqwest::Client::new()
        .post(&laptop.service.endpoints.token_endpoint)
        .form(&form);
    let refused = Answer::of(with_secret).await;
    assert_eq!(
        (refused.status, refused.text("error").as_deref()),
        (401, Some("invalid_client"))
    );
    let outcomes = laptop.service.outcomes().await;
    assert_eq!(
        outcomes[0]["error_detail"],
        "the provided authentication mechanism does not match the registered client authentication \
         method"
    );
    laptop.stop_around().await;
}

#[tokio::test]
async fn a_login_after_the_providers_keys_were_rotated_succeeds() {
    let mut laptop = laptop().await;
    signed_in(login(&laptop, &browser(), Person::Consents("adult")).await);
    laptop.service.script.answer("rotate_keys", json!({})).await;
    let outcome = login(&laptop, &browser(), Person::Consents("adult")).await;
    assert_holds(&signed_in(outcome), &persona("adult"));
    assert_eq!(laptop.cognito.users().len(), 1, "the subject is the same");
    laptop.stop_around().await;
}

#[tokio::test]
async fn an_rs256_id_token_is_taken_where_it_is_configured_and_nowhere_else() {
    for (algorithms, expected) in [
        (
            "ES256",
            Some(refused("invalid_grant", "id_token_algorithm")),
        ),
        ("RS256", None),
        ("ES256 RS256", None),
    ] {
        let mut laptop = laptop_with(|options| {
            options.environment =
                variables([(variables::SERVICE_ID_TOKEN_ALGORITHMS, Some(algorithms))]);
        })
        .await;
        let client = json!({ "id_token_signed_response_alg": "RS256" });
        laptop.service.register(client, json!({})).await;
        let outcome = login(&laptop, &browser(), Person::Consents("adult")).await;
        match expected {
            Some(refused) => assert_eq!(failed_at_app(outcome), refused),
            None => assert_holds(&signed_in(outcome), &persona("adult")),
        }
        laptop.stop_around().await;
    }
}

#[tokio::test]
async fn an_assurance_that_is_not_accepted_is_refused() {
    let mut laptop = laptop().await;
    for (acr, class) in [
        (json!("crl"), "assurance_not_accepted"),
        // A claim that is present must have its form (OIDC Core §2). `null` doesn't count as
        // absent.
        (json!(null), "id_token_malformed"),
    ] {
        let registration = json!({ "acr": acr });
        laptop.service.register(json!({}), registration).await;
        let outcome = login(&laptop, &browser(), Person::Consents("adult")).await;
        assert_eq!(failed_at_app(outcome), refused("invalid_grant", class));
    }
    laptop.stop_around().await;
}

/// The bridge doesn't ask the provider for a new authentication, since the service documents no way
/// to do so. Only `auth_time` can show one.
#[tokio::test]
async fn an_authentication_is_as_old_as_auth_time_says() {
    let mut laptop = laptop().await;
    let ten_minutes_ago = json!({ "seconds_since_authentication": 600 });
    laptop.service.register(json!({}), ten_minutes_ago).await;
    let at_client = |url: &Url| url.path() == "/oauth2/idpresponse";
    for (max_age, expected) in [
        (None, None),
        (Some("3600"), None),
        (Some("300"), Some("authentication_too_old")),
    ] {
        let client = RelyingParty::new(&laptop);
        let mut request = client.authorization_request();
        if let Some(seconds) = max_age {
            request = request.with("max_age", seconds);
        }
        let person = Person::Consents("adult");
        let end = visit(&browser(), &request.url(), person, at_client).await;
        let code = parameter(&end, "code").unwrap();
        let answer = client.token_request(&code).send().await;
        assert_eq!(answer.class().as_deref(), expected, "{max_age:?}");
        if expected.is_none() {
            let claims = client.verified(&answer.text("id_token").unwrap()).await;
            let age = claims["iat"].as_i64().unwrap() - claims["auth_time"].as_i64().unwrap();
            assert!((600..660).contains(&age), "{age}");
        }
    }
    laptop.stop_around().await;
}
