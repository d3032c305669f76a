//! A client of Keycloak's administration: its REST API, as far as the tests need it
//! (https://www.keycloak.org/docs-api/latest/rest-api/).
//! The administrator's access token is valid for a minute, so each call requests a new one.

use std::net::SocketAddr;

use reqwest::Method;
use serde_json::Value;

use crate::given;

/// The administrator's client, with which the server was started.
const CLIENT_ID: &str = "interop";

/// The administrator.
pub(super) struct Admin {
    address: SocketAddr,
    secret: String,
}

impl Admin {
    /// The administrator of the server that `cargo xtask interop` started.
    pub(super) fn new() -> Self {
        Self {
            address: given("KEYCLOAK_ADDRESS").parse().unwrap(),
            secret: given("KEYCLOAK_ADMIN_SECRET"),
        }
    }

    /// The address of the server.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    async fn token(&self) -> String {
        let url = format!(
            "http://{}/api/realms/master/protocol/openid-connect/token",
            self.address
        );
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", CLIENT_ID),
            ("client_secret", &self.secret),
        ];
        let answer = reqwest::Client::new().post(url).form(&form).send().await;
        let answer: Value = answer.unwrap().json().await.unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// Sends a request to a path below `/admin/realms`, and gives the status and the JSON of the
    /// answer.
    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let url = format!("http://{}/api/admin/realms{path}", self.address);
        let request = reqwest::Client::new()
            .request(method, url)
            .bearer_auth(self.token().await);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    /// Deletes the realm and makes it again.
    pub(super) async fn replace_realm(&self, realm: &Value) {
        let name = realm["realm"].as_str().unwrap();
        let (status, answer) = self.ask(Method::DELETE, &format!("/{name}"), None).await;
        assert!([204, 404].contains(&status), "{status} {answer}");
        let (status, answer) = self.ask(Method::POST, "", Some(realm)).await;
        assert_eq!(status, 201, "{answer}");
    }

    /// The ids of the realm's users in Keycloak.
    pub(super) async fn user_ids(&self) -> Vec<String> {
        let (status, users) = self.ask(Method::GET, "/main/users", None).await;
        assert_eq!(status, 200, "{users}");
        let users = users.as_array().unwrap().iter();
        users
            .map(|user| user["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Makes a new key for ES256, and deletes the old one, which is then no longer published.
    pub(super) async fn rotate_es256(&self) {
        let keys = "/main/components?type=org.keycloak.keys.KeyProvider&name=es256";
        let (status, old) = self.ask(Method::GET, keys, None).await;
        assert_eq!(status, 200, "{old}");
        let old = &old[0];
        let mut new = old.clone();
        new.as_object_mut().unwrap().remove("id");
        new["name"] = "es256-new".into();
        new["config"]["priority"][0] = "200".into();
        let (status, answer) = self.ask(Method::POST, "/main/components", Some(&new)).await;
        assert_eq!(status, 201, "{answer}");
        let old = format!("/main/components/{}", old["id"].as_str().unwrap());
        let (status, answer) = self.ask(Method::DELETE, &old, None).await;
        assert_eq!(status, 204, "{answer}");
    }
}
