//! Libraries of apps without a server: an app on a phone or a PC, and a program that verifies
//! tokens. The test talks to them in lines of JSON.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use login_kit::Arrival;
use serde_json::{Value, json};

use super::node;
use super::person::Person;
use crate::cognito::{Cognito, SCOPES};
use crate::software::Software;

/// The app's callback and logout URL, in a scheme of its own.
const CALLBACK: &str = "myapp://callback";
const LOGGED_OUT: &str = "myapp://logged-out";

/// The app with AppAuth. It begins a login when it starts.
struct Native(Software);

impl Native {
    fn start(cognito: &Cognito, callback: &str) -> Self {
        let mut app = node("--import");
        app.args(["tsx", "appauth.mjs"])
            .envs(cognito.environment())
            .env("CALLBACK", callback)
            .env("LOGOUT_URL", LOGGED_OUT);
        Self(Software::start("AppAuth", &mut app))
    }

    async fn does(&mut self, what: &str) -> Value {
        self.0.ask(&json!({ "do": what })).await
    }

    /// The browser goes where the app sends it, and comes back to the app at a URL that begins like
    /// this.
    async fn comes_back(person: &Person, sent: &Value, beginning: &str) -> String {
        let url = sent["open"].as_str().unwrap();
        let back = |url: &url::Url| url.as_str().starts_with(beginning);
        match person.go(url, back).await.end {
            Arrival::At(url) => url.into(),
            Arrival::Page(page) => panic!("{}: {}", page.url, page.text()),
        }
    }

    async fn signs_in(&mut self, sent: &Value) -> Value {
        let arrived = Self::comes_back(&Person::new(), sent, CALLBACK).await;
        self.0.ask(&json!({ "arrived": arrived })).await
    }
}

#[tokio::test]
async fn appauth_js() {
    let registered = ["--callback", CALLBACK, "--logout-url", LOGGED_OUT];
    let public = ["--client", "public"];
    let cognito = Cognito::start(registered.into_iter().chain(public)).await;
    cognito.shows_no_pages().await;
    assert_eq!(cognito.secret(), "");

    let mut app = Native::start(&cognito, CALLBACK);
    let sent = app.0.json().await;
    let signed_in = app.signs_in(&sent).await;
    let me = &signed_in["me"];
    cognito.issued_claims(&me["claims"], "adult", true);
    assert_eq!(me["has_refresh_token"], true);

    let refreshed = app.does("refresh").await;
    let refreshed = &refreshed["me"];
    cognito.issued_claims(&refreshed["claims"], "adult", true);
    let token = |me: &Value| me["access_token"].as_str().unwrap().to_owned();
    assert_ne!(token(me), token(refreshed));
    assert_eq!(cognito.userinfo(&token(refreshed)).await, 200);

    let sent = app.does("logout").await;
    let arrived = Native::comes_back(&Person::new(), &sent, LOGGED_OUT).await;
    assert_eq!(arrived, LOGGED_OUT);
    assert_eq!(
        app.does("me").await,
        json!({ "me": { "signed_in": false } })
    );
    for token in [token(me), token(refreshed)] {
        assert_eq!(cognito.userinfo(&token).await, 401, "it is revoked");
    }

    // An ID token of two hours ago, which was valid for one hour.
    cognito
        .put("clock", json!({ "offset_seconds": -7_200 }))
        .await;
    let sent = app.does("login").await;
    let refused = app.signs_in(&sent).await["error"].to_string();
    assert!(refused.contains("exp"), "{refused}");
    cognito.put("clock", json!({ "offset_seconds": 0 })).await;

    cognito.put("answer", json!({ "id": "cancel" })).await;
    let sent = app.does("login").await;
    assert_eq!(
        app.signs_in(&sent).await,
        json!({ "error": "access_denied" })
    );
    cognito.put("answer", json!({ "id": "normal" })).await;

    let other = "myapp://other";
    let sent = Native::start(&cognito, other).0.json().await;
    let start = sent["open"].as_str().unwrap();
    cognito
        .refuses_callback(&Person::new(), start, other, CALLBACK)
        .await;
}

#[tokio::test]
async fn aws_jwt_verify() {
    let cognito = Cognito::start(["--callback", "https://app.example/callback", "--https"]).await;
    let start = |trust: &[(&str, &str)]| {
        let mut verifier = node("aws-jwt-verify.mjs");
        Software::start("aws-jwt-verify", verifier.envs(trust.iter().copied()))
    };
    let mut verifier = start(&[("NODE_EXTRA_CA_CERTS", cognito.text("certificate"))]);
    let question = |token: &Value, audience: Value| {
        json!({
            "issuer": cognito.text("issuer"),
            "jwks_uri": cognito.text("jwks_uri"),
            "audience": audience,
            "token": token,
        })
    };
    let ours = json!(cognito.text("client_id"));
    let wish = json!({ "person": "turns-18", "scopes": SCOPES, "nonce": "n-0S6_WzA2Mj" });
    let tokens = cognito.sign_in(wish.clone()).await;

    let id_token = &tokens["id_token"];
    let verified = verifier.ask(&question(id_token, ours.clone())).await;
    cognito.issued_claims(&verified["claims"], "turns-18", false);
    assert_eq!(verified["claims"]["nonce"], "n-0S6_WzA2Mj");

    let refused = |why: &str| json!({ "refused": why });
    let forged = question(&grown_up(id_token), ours.clone());
    assert_eq!(
        verifier.ask(&forged).await,
        refused("JwtInvalidSignatureError")
    );
    let of_others = question(id_token, json!("another-app"));
    assert_eq!(
        verifier.ask(&of_others).await,
        refused("JwtInvalidAudienceError")
    );

    // An access token has no audience. Whoever takes it checks client_id.
    let access_token = &tokens["access_token"];
    let verified = verifier.ask(&question(access_token, Value::Null)).await;
    assert_eq!(verified["claims"]["client_id"], ours);
    assert_eq!(verified["claims"]["scope"], SCOPES);
    let as_id_token = question(access_token, ours.clone());
    assert_eq!(
        verifier.ask(&as_id_token).await,
        refused("JwtInvalidAudienceError")
    );

    // Tokens of two hours ago, which were valid for one hour.
    cognito
        .put("clock", json!({ "offset_seconds": -7_200 }))
        .await;
    let expired = cognito.sign_in(wish).await;
    let expired = question(&expired["id_token"], ours.clone());
    assert_eq!(verifier.ask(&expired).await, refused("JwtExpiredError"));

    // Who doesn't trust the certificate has no keys.
    let question = question(id_token, ours);
    assert_eq!(start(&[]).ask(&question).await, refused("FetchError"));
}

/// The ID token, changed so that the person is 20 or older.
fn grown_up(id_token: &Value) -> Value {
    let token = id_token.as_str().unwrap();
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else {
        panic!("no JWT");
    };
    let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
    let mut claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["age_over_20"] = json!(true);
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    json!(format!("{header}.{claims}.{signature}"))
}
