//! What every sample does: the steps, each with a new browser and at an empty user pool.

use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::time::sleep;
use url::Url;

use super::running::{Running, Sample, Visit};
use crate::cognito::name_of;

/// A step: its name, and what it does.
type Step = (
    &'static str,
    for<'a> fn(&'a Visit<'a>) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
);

macro_rules! steps {
    ($($name:ident)*) => {
        &[$((stringify!($name), |visit| Box::pin($name(visit)))),*]
    };
}

/// The specification, in the order in which it is tested.
const STEPS: &[Step] = steps! {
    an_adult_signs_in
    a_minor_is_told_no
    an_age_that_is_not_known_is_no_no
    a_token_for_another_login_is_refused
    a_refresh_brings_new_tokens_and_keeps_the_person
    the_api_takes_right_access_tokens_and_nothing_else
    a_cancel_is_told_apart_from_a_failure
    the_person_confirms_to_be_there_now
    another_person_does_not_pass_as_the_first
    a_callback_of_no_login_ends_on_a_page
    a_log_out_ends_both_sessions
    no_secret_gets_out
};

/// Starts the sample, and goes through all steps. One that fails doesn't keep the others from being
/// tested.
pub(super) async fn meets_the_specification(sample: Sample) {
    let name = sample.name;
    let begun = Instant::now();
    let running = Arc::new(Running::start(sample).await);
    tell(name, "it starts", "ok", begun);
    let mut failed = Vec::new();
    for (step, does) in STEPS {
        let begun = Instant::now();
        let running = Arc::clone(&running);
        // A task of its own can panic alone.
        let done = tokio::spawn(async move {
            let visit = Visit::begin(&running).await;
            does(&visit).await;
            visit.browser.close().await;
        });
        let is_met = done.await.is_ok();
        tell(name, step, if is_met { "ok" } else { "FAILED" }, begun);
        if !is_met {
            failed.push(*step);
        }
    }
    assert!(failed.is_empty(), "{name} fails: {failed:?}");
}

/// Tells how a step ended, at once: the harness would keep what a test prints until it fails.
fn tell(sample: &str, step: &str, outcome: &str, begun: Instant) {
    let seconds = begun.elapsed().as_secs_f32();
    let line = format!("{sample}: {step} ... {outcome}, {seconds:.1} s\n");
    let _nobody_reads_it = io::stderr().write_all(line.as_bytes());
}

async fn an_adult_signs_in(visit: &Visit<'_>) {
    visit.opens().await;
    visit.picture("signed-out").await;
    visit.signs_in().await;
    visit.picture("signed-in").await;
    let name = visit.text("#signed-in").await;
    assert!(name.contains(&name_of("adult")), "{name}");
    assert_eq!(visit.data("#age", "answer").await, "yes");
    let tokens = visit
        .running
        .cognito
        .sign_in(json!({ "person": "adult" }))
        .await;
    assert_eq!(visit.text("#sub").await, claims(&tokens, "id_token")["sub"]);
    assert!(
        !visit.browser.has("#now").await,
        "nobody confirmed anything"
    );
    assert_eq!(visit.browser.at().await.query(), None);
    assert_eq!(visit.browser.errors().await, [""; 0]);
}

async fn a_minor_is_told_no(visit: &Visit<'_>) {
    visit.person_is("turns-18").await;
    visit.signs_in().await;
    assert_eq!(visit.data("#age", "answer").await, "no");
}

/// The person takes the scopes out of the URL. The age is as unknown as with a birth date that is
/// known in part.
async fn an_age_that_is_not_known_is_no_no(visit: &Visit<'_>) {
    let mut asked = visit.asks_cognito().await;
    let scope = asked.insert(
        "scope".to_owned(),
        "openid digital-auth/verified".to_owned(),
    );
    assert_eq!(
        scope.unwrap(),
        "openid digital-auth/name digital-auth/age_over_20 digital-auth/verified"
    );
    visit.goes_on_with(&asked).await;
    visit.is_shown("#signed-in").await;
    assert_eq!(visit.data("#age", "answer").await, "unknown");
    let text = visit.browser.text().await;
    for made_up in ["undefined", "null", "None", &name_of("adult")] {
        assert!(!text.contains(made_up), "{text}");
    }
    let answer = visit.calls_the_api().await;
    assert!(
        answer.contains("200") && answer.contains("null"),
        "{answer}"
    );
}

async fn a_token_for_another_login_is_refused(visit: &Visit<'_>) {
    let mut asked = visit.asks_cognito().await;
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert!(asked["state"].len() >= 16 && asked["code_challenge"].len() == 43);
    // The ID token has this nonce, and not that of the login.
    let nonce = asked.insert("nonce".to_owned(), "another".to_owned());
    assert!(nonce.unwrap().len() >= 16);
    visit.goes_on_with(&asked).await;
    assert_eq!(visit.data("#message", "kind").await, "failed");
    assert!(!visit.browser.has("#signed-in").await);
    visit.opens().await;
    assert!(!visit.browser.has("#signed-in").await);
}

async fn a_refresh_brings_new_tokens_and_keeps_the_person(visit: &Visit<'_>) {
    visit.tokens_are_of(-120).await;
    visit.signs_in().await;
    let sub = visit.text("#sub").await;
    let mut issued = visit.issued_after(0).await;
    // Twice: the answer to the first has no refresh token, so the one of the sign-in stays.
    for offset in [-60, 0] {
        visit.tokens_are_of(offset).await;
        visit.browser.press("#refresh").await;
        issued = visit.issued_after(issued).await;
        assert_eq!(visit.text("#sub").await, sub);
        assert_eq!(visit.data("#age", "answer").await, "yes");
    }
    visit.opens().await;
    assert_eq!(visit.issued_after(0).await, issued);
}

async fn the_api_takes_right_access_tokens_and_nothing_else(visit: &Visit<'_>) {
    let (running, cognito) = (visit.running, &visit.running.cognito);
    visit.signs_in().await;
    let answer = visit.calls_the_api().await;
    assert!(
        answer.contains("200") && answer.contains("true"),
        "{answer}"
    );

    let all = "openid digital-auth/age_over_20";
    for (person, scopes, expected) in [
        ("adult", all, json!(true)),
        ("turns-18", all, json!(false)),
        ("adult", "openid digital-auth/verified", Value::Null),
    ] {
        let tokens = cognito
            .sign_in(json!({ "person": person, "scopes": scopes }))
            .await;
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        let (status, body) = running.api(Some(&bearer)).await;
        assert_eq!(status, 200, "{person} {scopes}: {body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body, json!({ "age_over_20": expected }));
    }

    let minor = cognito.sign_in(json!({ "person": "turns-18" })).await;
    visit.tokens_are_of(-7_200).await;
    let expired = cognito.sign_in(json!({})).await;
    visit.tokens_are_of(0).await;
    let access_token = minor["access_token"].as_str().unwrap();
    for (what, token) in [
        ("nothing", ""),
        ("no token", "garbage"),
        ("the form of a token", "a.b.c"),
        ("an ID token", minor["id_token"].as_str().unwrap()),
        (
            "an expired token",
            expired["access_token"].as_str().unwrap(),
        ),
        ("a changed token", &grown_up(access_token)),
        (
            "a token without a signature",
            &unsigned(&grown_up(access_token)),
        ),
    ] {
        let (status, body) = running.api(Some(&format!("Bearer {token}"))).await;
        assert_eq!(status, 401, "{what}: {body}");
    }
    let (status, body) = running.api(None).await;
    assert_eq!(status, 401, "{body}");
    let (status, body) = running.api(Some(&format!("Basic {access_token}"))).await;
    assert_eq!(status, 401, "{body}");
}

async fn a_cancel_is_told_apart_from_a_failure(visit: &Visit<'_>) {
    for (answer, kind) in [
        ("cancel", "cancelled"),
        ("cancel-without-description", "cancelled"),
        // The service's page was open too long. This, too, is `access_denied`.
        ("error-authentication-expired", "failed"),
        ("token-500", "failed"),
        ("id-token-wrong-nonce", "failed"),
    ] {
        visit.service_answers(answer).await;
        visit.requests().await;
        assert_eq!(visit.fails_to_sign_in().await, kind, "{answer}");
        if kind == "failed" {
            let requests = visit.requests().await;
            let callback = requests.iter().find(|url| visit.is_callback(url)).unwrap();
            let told = parameter(callback, "error_description").unwrap();
            let support_id = told.rsplit(' ').next().unwrap();
            let message = visit.text("#message").await;
            assert!(message.contains(support_id), "{told}: {message}");
        }
    }
    visit.service_answers("normal").await;
    visit.signs_in().await;
    assert!(!visit.browser.has("#message").await, "the failure is over");
}

async fn the_person_confirms_to_be_there_now(visit: &Visit<'_>) {
    visit.signs_in().await;
    let sub = visit.text("#sub").await;
    visit.requests().await;
    assert_eq!(visit.confirms().await, "yes");
    assert_eq!(visit.text("#sub").await, sub);
    let requests = visit.requests().await;
    let asked = requests.iter().filter_map(|url| parameter(url, "prompt"));
    assert!(
        asked.into_iter().any(|prompt| prompt == "login"),
        "{requests:?}"
    );
}

async fn another_person_does_not_pass_as_the_first(visit: &Visit<'_>) {
    visit.signs_in().await;
    visit.person_is("leap-day").await;
    assert_eq!(visit.confirms().await, "no");
}

async fn a_callback_of_no_login_ends_on_a_page(visit: &Visit<'_>) {
    let callback = visit.running.cognito.text("callback");
    let refused = async |url: &str| {
        visit.browser.go(url).await;
        visit.is_shown("#message[data-kind]").await;
        let status = visit.browser.status().await;
        assert!(status.as_u64().unwrap() < 500, "{url}: {status}");
        assert!(visit.browser.has("#sign-in").await, "{url}");
        for other in ["#signed-in", "#injected"] {
            assert!(!visit.browser.has(other).await, "{url}");
        }
        visit.opens().await;
        assert!(!visit.browser.has("#signed-in").await, "{url}");
    };
    let markup = "%3Cb%20id%3Dinjected%3Ex%3C%2Fb%3E";
    for query in [
        "",
        "?code=00000000-0000-4000-8000-000000000000&state=another",
        "?code=00000000-0000-4000-8000-000000000000",
        &format!("?error=server_error&error_description={markup}%20ABCD-2345&state=another"),
        &format!("?error={markup}&error_description={markup}"),
    ] {
        refused(&format!("{callback}{query}")).await;
    }
    // A login that was begun in this browser, and another one's answer to it.
    let before = visit.requests().await.len();
    assert!(before > 0);
    visit.signs_in().await;
    let requests = visit.requests().await;
    let used = requests.iter().find(|url| visit.is_callback(url)).unwrap();
    visit.logs_out().await;
    refused(used.as_str()).await;
}

async fn a_log_out_ends_both_sessions(visit: &Visit<'_>) {
    visit.signs_in().await;
    visit.requests().await;
    visit.logs_out().await;
    let home = format!("{}/", visit.running.origin);
    assert_eq!(visit.browser.at().await.as_str(), home);
    let (cognito, requests) = (&visit.running.cognito, visit.browser.requests().await);
    let logout = cognito.text("logout_endpoint");
    let sent = requests
        .iter()
        .find(|one| one.url.as_str().starts_with(logout));
    let mut parameters: Vec<_> = sent.unwrap().url.query_pairs().into_owned().collect();
    parameters.sort();
    let expected = [
        ("client_id", cognito.text("client_id")),
        ("logout_uri", &home),
    ];
    assert_eq!(
        parameters,
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    // A page that keeps the refresh token itself revokes it.
    let revocation = cognito.text("revocation_endpoint");
    let revoked = requests
        .iter()
        .any(|one| one.method == "POST" && one.url.as_str() == revocation);
    assert!(revoked || visit.running.sample.has_a_server, "{requests:?}");
    visit.opens().await;
    assert!(!visit.browser.has("#signed-in").await);
}

async fn no_secret_gets_out(visit: &Visit<'_>) {
    visit.requests().await;
    visit.signs_in().await;
    visit.calls_the_api().await;
    let issued = visit.issued_after(0).await;
    sleep(Duration::from_millis(1_100)).await;
    visit.browser.press("#refresh").await;
    visit.issued_after(issued).await;
    visit.confirms().await;

    // What scripts can read. Tokens are JWTs, whose first letters are those of `{"`.
    let has_a_server = visit.running.sample.has_a_server;
    let mut readable = vec!["JSON.stringify(localStorage)"];
    if has_a_server {
        readable.extend([
            "JSON.stringify(sessionStorage)",
            "document.cookie",
            "document.documentElement.outerHTML",
        ]);
    }
    let secrets = ["eyJ", "verifier", "nonce"];
    for place in readable {
        let text = visit.browser.run(&format!("return {place}")).await;
        let text = text.as_str().unwrap();
        for secret in &secrets[..if place.contains("HTML") { 1 } else { 3 }] {
            assert!(!text.contains(secret), "{place}: {text}");
        }
    }
    let mut cookies = visit.browser.cookies().await;
    // Ports don't separate cookies: Cognito's own is there, too.
    cookies.retain(|cookie| cookie.name() != "cognito");
    assert_eq!(cookies.is_empty(), !has_a_server);
    for cookie in cookies {
        let name = cookie.name();
        assert_eq!(cookie.http_only(), Some(true), "{name}");
        let same_site = cookie.same_site().unwrap();
        assert!(same_site.is_lax() || same_site.is_strict(), "{name}");
    }

    visit.logs_out().await;
    let requests = visit.requests().await;
    let secret = visit.running.cognito.secret();
    let mut never = vec!["eyJ"];
    never.extend(has_a_server.then_some(secret));
    let callbacks = requests.iter().filter(|url| visit.is_callback(url));
    let codes: Vec<_> = callbacks.filter_map(|url| parameter(url, "code")).collect();
    assert_eq!(codes.len(), 2, "{requests:?}");
    for url in &requests {
        // What Cognito and the service put into their own URLs is no matter of the sample. The
        // `state` of Auth.js is encrypted, and looks like a token.
        let is_ours = url.as_str().starts_with(&visit.running.origin);
        let mut values = url.query_pairs().filter(|(name, _)| name != "state");
        let has_secret = values.any(|(_, value)| never.iter().any(|one| value.contains(one)));
        assert!(!(is_ours && has_secret), "{url}");
        let has_code = codes.iter().any(|code| url.as_str().contains(code));
        assert!(!has_code || visit.is_callback(url), "{url}");
    }
    let written = visit.running.written();
    never.extend(codes.iter().map(String::as_str));
    for secret in never {
        assert!(!written.contains(secret), "{secret}: {written}");
    }
}

/// The claims of one of the tokens.
fn claims(tokens: &Value, token: &str) -> Value {
    payload(tokens[token].as_str().unwrap())
}

fn payload(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// The token of somebody who is under 20, with the answer that they would like.
fn grown_up(token: &str) -> String {
    let mut claims = payload(token);
    claims["age_over_20"] = json!(true);
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    let parts: Vec<_> = token.split('.').collect();
    [parts[0], &claims, parts[2]].join(".")
}

/// The token with a header that says that nobody signed it.
fn unsigned(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let claims = token.split('.').nth(1).unwrap();
    format!("{header}.{claims}.")
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    let found = url.query_pairs().find(|(other, _)| other == name);
    found.map(|(_, value)| value.into_owned())
}
