//! What a page of another origin needs of Cognito's endpoints so that browsers let it call them
//! (CORS): the answers to preflights, and the header with which the page may read an answer. Errors
//! have to be readable too, since the libraries act on them.

use http::{HeaderMap, Method, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use super::app::{cognito_for, free_origin};

/// The headers of Amplify's requests to the user pool's API that a page may send only after a
/// preflight.
const OF_AMPLIFY: &str = "amz-sdk-invocation-id,amz-sdk-request,cache-control,content-type,\
    x-amz-target,x-amz-user-agent";

#[tokio::test]
async fn pages_of_other_origins_may_read_what_apps_call() {
    let origin = free_origin();
    let cognito = cognito_for(&origin, &[]).await;
    let http = Client::builder().redirect(Policy::none()).build().unwrap();
    let domain = cognito.text("domain");
    let user_pool_api = format!("{domain}/");
    let token = cognito.text("token_endpoint");
    let userinfo = cognito.text("userinfo_endpoint");
    let revocation = cognito.text("revocation_endpoint");

    for (url, method, headers) in [
        (token, "POST", "x-amz-user-agent"),
        (userinfo, "GET", "authorization"),
        (&user_pool_api, "POST", OF_AMPLIFY),
    ] {
        let preflight = http
            .request(Method::OPTIONS, url)
            .header("Access-Control-Request-Method", method)
            .header("Access-Control-Request-Headers", headers);
        let (status, answer) = sent(preflight, &origin).await;
        assert!(status.is_success(), "{url}");
        assert!(is_readable(&answer, &origin), "{url}: {answer:?}");
        // The methods need no permission, and `*` doesn't stand for authorization.
        let allowed = answer["access-control-allow-headers"].to_str().unwrap();
        let allowed: Vec<_> = allowed.split(',').map(str::trim).collect();
        for header in headers.split(',') {
            assert!(allowed.contains(&header), "{url} {header}: {allowed:?}");
        }
    }

    let issuer = cognito.text("issuer");
    let client_id = cognito.text("client_id");
    let client = ("client_id", client_id);
    let unknown = ("refresh_token", "unknown");
    let refresh = json!({ "ClientId": client_id, "RefreshToken": "unknown" });
    let get = |url: &str| http.get(url);
    let form = |url: &str, form: &[(&str, &str)]| http.post(url).form(form);
    let operation = |name: &str, body: &Value| {
        let target = format!("AWSCognitoIdentityProviderService.{name}");
        let request = http.post(&user_pool_api).header("X-Amz-Target", target);
        let request = request.header("Content-Type", "application/x-amz-json-1.1");
        request.body(body.to_string())
    };
    for (request, expected) in [
        (
            get(&format!("{issuer}/.well-known/openid-configuration")),
            200,
        ),
        (get(cognito.text("jwks_uri")), 200),
        (
            form(token, &[("grant_type", "refresh_token"), unknown, client]),
            400,
        ),
        (form(token, &[]), 400),
        (get(userinfo).bearer_auth("unknown"), 401),
        (form(revocation, &[("token", "unknown"), client]), 200),
        (form(revocation, &[client]), 400),
        (form(revocation, &[]), 401),
        (operation("GetTokensFromRefreshToken", &refresh), 400),
        (operation("Unknown", &json!({})), 400),
    ] {
        let told = format!("{request:?}");
        let (status, answer) = sent(request, &origin).await;
        assert_eq!(status, expected, "{told}");
        assert!(is_readable(&answer, &origin), "{told}: {answer:?}");
    }

    // Browsers show these as pages. No page of another origin can read them.
    for url in [
        cognito.text("authorization_endpoint"),
        cognito.text("logout_endpoint"),
        &format!("{domain}/login"),
    ] {
        let (status, answer) = sent(get(url), &origin).await;
        assert_eq!(status, 400, "{url}");
        assert!(!is_readable(&answer, &origin), "{url}: {answer:?}");
    }
}

/// Sends the request as a page of this origin does.
async fn sent(request: RequestBuilder, origin: &str) -> (StatusCode, HeaderMap) {
    let answer = request.header("Origin", origin).send().await.unwrap();
    (answer.status(), answer.headers().clone())
}

/// Whether a page of this origin may read the answer.
fn is_readable(answer: &HeaderMap, origin: &str) -> bool {
    let allowed = answer.get("access-control-allow-origin");
    allowed.is_some_and(|allowed| allowed == "*" || allowed == origin)
}
