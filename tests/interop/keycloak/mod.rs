//! Keycloak in the service's place: the software that the service is built on, as strict as it is by itself.
//! Each test has the realm `main` for itself, made anew from `realm.json`.
//! What Keycloak does otherwise than the service's stand-in is a table in `comparison.rs`.

use serde_json::{Map, Value, json};
use simulators::persona::{Persona, personas};
use simulators::service::{Endpoints, RegisteredClient};
use tokio::sync::{Mutex, MutexGuard};

mod admin;

use admin::Admin;

/// The password of every test person.
const PASSWORD: &str = "password";

/// There is one server with one realm `main`: one test after the other.
static TURN: Mutex<()> = Mutex::const_new(());

/// The realm `main`, for one test.
pub(crate) struct Realm {
    admin: Admin,
    representation: Value,
    _turn: MutexGuard<'static, ()>,
}

impl Realm {
    /// The realm of `realm.json`, with the test persons `adult` and `gender-absent`. It isn't at the server yet.
    pub(crate) async fn new() -> Self {
        let turn = TURN.lock().await;
        let mut representation: Value = serde_json::from_str(include_str!("realm.json")).unwrap();
        let people = personas(simulators::clock::SimClock::default().now());
        let people = people
            .iter()
            .filter(|person| ["adult", "gender-absent"].contains(&&*person.id));
        representation["users"] = people.map(user).collect();
        Self {
            admin: Admin::new(),
            representation,
            _turn: turn,
        }
    }

    /// Registers the relying party and makes the realm.
    pub(crate) async fn register(&mut self, client: &RegisteredClient) {
        let registration = &mut self.representation["clients"][0];
        assert_eq!(registration["clientId"], client.client_id);
        registration["redirectUris"] = json!(client.redirect_uris);
        registration["attributes"]["jwks.string"] = json!(client.jwks.to_string());
        self.admin.replace_realm(&self.representation).await;
    }

    /// Where its endpoints are.
    pub(crate) fn endpoints(&self) -> Endpoints {
        Endpoints::new("service.localhost", self.admin.address())
    }
}

/// A test person as a user of the realm; the attributes are in the service's form.
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

#[tokio::test]
async fn issuer_and_endpoints_are_those_of_the_contract() {
    let mut realm = Realm::new().await;
    let client = RegisteredClient {
        client_id: "RP00000001".to_owned(),
        redirect_uris: vec!["http://bridge.localhost/callback".to_owned()],
        jwks: json!({ "keys": [] }),
    };
    realm.register(&client).await;
    let expected = realm.endpoints();
    let url = expected.token_endpoint.replace(
        "/protocol/openid-connect/token",
        "/.well-known/openid-configuration",
    );
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
}
