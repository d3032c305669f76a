//! Tests with Keycloak in the service's place. The service is built on Keycloak, which is
//! configured here as strictly as it allows by itself.
//! Each test has the realm `main` for itself, made from `realm.json`. The table in `comparison.rs`
//! has the differences between Keycloak and the service's stand-in.

use keys::Algorithm;
use login_kit::{browser, parameter};
use loopback::clock::SimClock;
use serde_json::{Map, Value, json};
use service_simulator::persona::{Persona, personas};
use service_simulator::{Endpoints, RegisteredClient};
use tokio::sync::{Mutex, MutexGuard, OnceCell};
use url::Url;

mod admin;
mod comparison;
mod logins;
mod person;
mod requests;

use admin::Admin;
use person::{Consent, PASSWORD, arrive, sign_in};
use requests::{Client, REDIRECT_URI, ask_for_claims, ask_for_tokens};

/// The test persons that Keycloak knows.
const PEOPLE: [&str; 2] = ["adult", "gender-absent"];

/// Makes tests wait for each other, since there is one server with one realm `main`.
static TURN: Mutex<()> = Mutex::const_new(());

/// Java compiles code only after it has run for a while, so the first login would take longer than
/// the function waits. One login warms Keycloak up.
static WARM: OnceCell<()> = OnceCell::const_new();

/// The realm `main`, for one test.
struct Realm {
    admin: Admin,
    representation: Value,
    _turn: MutexGuard<'static, ()>,
}

impl Realm {
    /// The realm of `realm.json`, with the test persons. [`Realm::register`] sends it to the
    /// server.
    async fn new() -> Self {
        let turn = TURN.lock().await;
        let mut realm = Self {
            admin: Admin::new(),
            representation: serde_json::from_str(include_str!("realm.json")).unwrap(),
            _turn: turn,
        };
        let people = personas(SimClock::default().now());
        let people = people.iter().filter(|person| PEOPLE.contains(&&*person.id));
        realm.representation["users"] = people.map(user).collect();
        WARM.get_or_init(|| realm.warm_up()).await;
        realm
    }

    /// Signs in once, without the function.
    async fn warm_up(&self) {
        let client = Client::new(Algorithm::Es256);
        let mut realm = self.representation.clone();
        register(&mut realm, &client.registered());
        self.admin.replace_realm(&realm).await;
        let endpoints = self.endpoints();
        let start = Client::url(&endpoints, &Client::authorization_request());
        let at_client = |url: &Url| url.as_str().starts_with(REDIRECT_URI);
        let browser = browser();
        let arrival = arrive(&browser, &start, at_client).await;
        let arrival = sign_in(&browser, arrival, PEOPLE[0], Consent::Given, at_client).await;
        let code = parameter(&arrival, "code").expect("a code");
        let form = client.token_request(&endpoints, &code).await;
        let answer = ask_for_tokens(&endpoints, &form).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let access_token = answer.text("access_token").unwrap();
        let answer = ask_for_claims(&endpoints, &access_token).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Changes the realm before it is made.
    fn with(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.representation);
        self
    }

    /// Registers the relying party and makes the realm.
    async fn register(&mut self, client: &RegisteredClient) {
        register(&mut self.representation, client);
        self.admin.replace_realm(&self.representation).await;
    }

    /// The endpoints of the realm.
    fn endpoints(&self) -> Endpoints {
        let address = self.admin.address();
        Endpoints::new(&address.ip().to_string(), address)
    }
}

fn register(realm: &mut Value, client: &RegisteredClient) {
    let registration = &mut realm["clients"][0];
    assert_eq!(registration["clientId"], client.client_id);
    registration["redirectUris"] = json!(client.redirect_uris);
    registration["attributes"]["jwks.string"] = json!(client.jwks.to_string());
}

/// A test person as a user of the realm. The attributes are in the service's form.
fn user(person: &Persona) -> Value {
    let attributes: Map<String, Value> = person
        .userinfo
        .iter()
        .map(|(name, value)| (name.clone(), json!([value])))
        .collect();
    json!({
        "username": person.id,
        "enabled": true,
        "attributes": attributes,
        "credentials": [{ "type": "password", "value": PASSWORD, "temporary": false }],
    })
}
