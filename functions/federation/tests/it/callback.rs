//! Tests of `/callback`: state and cookie have to belong together, or there is no login. Every
//! error of the service reaches the client as a class, and none of the browser's text does.
//! The cookie of a login ends whenever it is known which login it is.

use crate::bridge::{Browser, Call, RunningBridge, altered, support_id};
use crate::support::{REDIRECT_URI, authorization_request, parameters};
use chrono::TimeDelta;
use federation::variables;
use kit::{Parameters, sealing_keys_json};

const STATE: &str = "marked-client-state";
const OTHER_REDIRECT_URI: &str = "https://other.example/oauth2/idpresponse";

/// A login that the service has answered.
struct Answered {
    bridge: RunningBridge,
    browser: Browser,
    form: Parameters,
}

impl Answered {
    async fn new() -> Self {
        Self::at(RunningBridge::new().await).await
    }

    async fn at(bridge: RunningBridge) -> Self {
        let mut browser = Browser::default();
        let asked = bridge.begin(&mut browser, &authorization_request()).await;
        let form = bridge.service.answer(&asked);
        Self {
            bridge,
            browser,
            form,
        }
    }

    async fn send(&self, form: &Parameters) -> crate::bridge::Answer {
        Call::callback(form)
            .browser(&self.browser)
            .send(&self.bridge)
            .await
    }
}

#[tokio::test]
async fn pass_the_client_gets_a_code_and_its_state_and_the_cookie_ends() {
    let login = Answered::new().await;
    let answer = login.send(&login.form).await;
    let sent = parameters(answer.location());
    assert!(
        answer
            .location()
            .starts_with(&format!("{REDIRECT_URI}?code="))
    );
    assert_eq!(sent.len(), 2);
    assert_eq!(sent["state"], STATE);
    answer.ends_cookie(login.browser.only());
    assert_eq!(answer.body, "");
    // The keys are fetched meanwhile; no token request is made before the client asks.
    assert_eq!(login.bridge.service.take_calls(), ["/certs"]);
}

#[tokio::test]
async fn pass_without_what_the_service_may_leave_out() {
    for absent in ["iss", "session_state"] {
        let login = Answered::new().await;
        let form = login.form.clone().without(absent).and("unknown", "x");
        assert!(
            parameters(login.send(&form).await.location()).contains_key("code"),
            "{absent}"
        );
    }
}

#[tokio::test]
async fn fail_a_state_that_is_none_of_ours() {
    let login = Answered::new().await;
    let good = login.form.get("state").to_owned();
    let padded = format!("{good}=");
    let longer = format!("{good}AAAA");
    for state in [
        "",
        "x",
        &good[..42],
        &padded,
        &longer,
        &"A".repeat(4_000),
        "あ",
        "%",
    ] {
        let answer = login.send(&login.form.clone().with("state", state)).await;
        answer.is_page(400, "malformed_callback");
        assert!(answer.cookies.is_empty());
    }
    login
        .send(&login.form.clone().without("state"))
        .await
        .is_page(400, "malformed_callback");
    for name in ["state", "code", "iss", "error", "x"] {
        let twice = login.form.clone().and(name, "1").and(name, "2");
        login.send(&twice).await.is_page(400, "malformed_callback");
    }
    let query = format!("{}&x=%ff", login.form.encode());
    let call = Call::new("GET", "/callback")
        .query(&query)
        .browser(&login.browser);
    call.send(&login.bridge)
        .await
        .is_page(400, "malformed_callback");
    // None of these requests has ended the login.
    assert!(parameters(login.send(&login.form).await.location()).contains_key("code"));
}

#[tokio::test]
async fn fail_without_the_browser_in_which_it_began() {
    let login = Answered::new().await;
    let answer = Call::callback(&login.form).send(&login.bridge).await;
    answer.is_page(400, "no_pending_login");
    assert!(answer.cookies.is_empty());
    // A state of the right form, but of no login.
    let other = login.form.clone().with("state", &"A".repeat(43));
    login.send(&other).await.is_page(400, "no_pending_login");
}

#[tokio::test]
async fn fail_when_it_is_used_a_second_time() {
    let login = Answered::new().await;
    let mut browser = login.browser.clone();
    browser.take(&login.send(&login.form).await);
    let again = Call::callback(&login.form)
        .browser(&browser)
        .send(&login.bridge)
        .await;
    again.is_page(400, "no_pending_login");
}

#[tokio::test]
async fn fail_after_five_minutes_and_say_so_for_fifteen() {
    let login = Answered::new().await;
    login.bridge.clock.advance(TimeDelta::seconds(299));
    assert!(parameters(login.send(&login.form).await.location()).contains_key("code"));
    for seconds in [1, 9 * 60] {
        login.bridge.clock.advance(TimeDelta::seconds(seconds));
        let answer = login.send(&login.form).await;
        answer.is_page(400, "login_expired");
        answer.ends_cookie(login.browser.only());
    }
}

#[tokio::test]
async fn fail_a_cookie_with_any_changed_character() {
    let login = Answered::new().await;
    let name = login.browser.only().to_owned();
    let value = login.browser.0[&name].clone();
    // 1.33 characters a byte: version, key id, audience, expiry, nonce, ciphertext, tag.
    for (at, class) in [
        // Another version of the bridge may have written it.
        (0, "foreign_login"),
        (3, "foreign_login"),
        (9, "altered_login"),
        (20, "altered_login"),
        (32, "altered_login"),
        (60, "altered_login"),
        (value.len() - 2, "altered_login"),
    ] {
        let mut browser = login.browser.clone();
        browser.0.insert(name.clone(), altered(&value, at));
        let answer = Call::callback(&login.form)
            .browser(&browser)
            .send(&login.bridge)
            .await;
        answer.is_page(400, class);
        answer.ends_cookie(&name);
    }
    for junk in ["", "x", &value[..40], "not base64url!"] {
        let mut browser = login.browser.clone();
        browser.0.insert(name.clone(), junk.to_owned());
        let answer = Call::callback(&login.form)
            .browser(&browser)
            .send(&login.bridge)
            .await;
        answer.is_page(400, "altered_login");
    }
    assert!(parameters(login.send(&login.form).await.location()).contains_key("code"));
}

#[tokio::test]
async fn fail_the_cookie_of_another_login_under_this_ones_name() {
    let login = Answered::new().await;
    let mut other = Browser::default();
    login
        .bridge
        .begin(&mut other, &authorization_request())
        .await;
    let swapped = other.0[other.only()].clone();
    let browser = Browser([(login.browser.only().to_owned(), swapped)].into());
    let answer = Call::callback(&login.form)
        .browser(&browser)
        .send(&login.bridge)
        .await;
    answer.is_page(400, "altered_login");
    // With only the other login's cookie, there is no cookie of this login.
    let answer = Call::callback(&login.form)
        .browser(&other)
        .send(&login.bridge)
        .await;
    answer.is_page(400, "no_pending_login");
}

#[tokio::test]
async fn fail_a_login_of_another_configuration() {
    for change in [
        (variables::SEALING_KEYS, sealing_keys_json(&[2]).as_str()),
        (variables::ISSUER, "https://other.example"),
        (variables::CLIENT_ID, "other"),
        (variables::REDIRECT_URIS, OTHER_REDIRECT_URI),
    ] {
        let mut login = Answered::new().await;
        login.bridge = login.bridge.restarted_with(&[change]).await;
        let answer = login.send(&login.form).await;
        answer.is_page(400, "foreign_login");
        answer.ends_cookie(login.browser.only());
    }
}

#[tokio::test]
async fn pass_a_login_that_was_begun_before_a_restart() {
    let both = format!("{REDIRECT_URI} {OTHER_REDIRECT_URI}");
    for change in [
        (variables::LOG_LEVEL, "debug"),
        (variables::REDIRECT_URIS, both.as_str()),
    ] {
        let mut login = Answered::new().await;
        login.bridge = login.bridge.restarted_with(&[change]).await;
        assert!(parameters(login.send(&login.form).await.location()).contains_key("code"));
    }
}

#[tokio::test]
async fn pass_a_second_tab_is_not_touched() {
    let bridge = RunningBridge::new().await;
    let mut browser = Browser::default();
    let first = bridge
        .begin(&mut browser, &authorization_request().with("state", "one"))
        .await;
    let second = bridge
        .begin(&mut browser, &authorization_request().with("state", "two"))
        .await;
    let (first, second) = (
        bridge.service.answer(&first),
        bridge.service.answer(&second),
    );
    for (form, state, left) in [(second, "two", 1), (first, "one", 0)] {
        let answer = Call::callback(&form).browser(&browser).send(&bridge).await;
        assert_eq!(parameters(answer.location())["state"], state);
        browser.take(&answer);
        assert_eq!(browser.0.len(), left);
    }
}

#[tokio::test]
async fn fail_another_issuer() {
    let login = Answered::new().await;
    let ours = login.bridge.service.issuer();
    let slash = format!("{ours}/");
    for iss in ["https://evil.example", &slash, "x"] {
        let answer = login.send(&login.form.clone().with("iss", iss)).await;
        answer.is_redirect("server_error", "issuer_mismatch", Some(STATE));
        answer.ends_cookie(login.browser.only());
        // RFC 9207 §2.4: an error from another issuer isn't believed either.
        let error = login
            .form
            .clone()
            .with("iss", iss)
            .and("error", "access_denied");
        login
            .send(&error)
            .await
            .is_redirect("server_error", "issuer_mismatch", Some(STATE));
    }
    assert!(parameters(login.send(&login.form).await.location()).contains_key("code"));
}

/// One OAuth error stands for two things: an outage, and a login page that timed out. Only
/// Keycloak's own description tells them apart.
#[tokio::test]
async fn fail_with_a_login_page_that_timed_out_and_not_with_an_outage() {
    let expired = ("access_denied", "service_login_expired");
    let away = ("temporarily_unavailable", "service_temporarily_unavailable");
    for (error, description, (told, class)) in [
        ("temporarily_unavailable", "authentication_expired", expired),
        ("temporarily_unavailable", "Authentication_Expired", away),
        ("temporarily_unavailable", "authentication_expired ", away),
        (
            "temporarily_unavailable",
            "not authentication_expired",
            away,
        ),
        ("temporarily_unavailable", "", away),
        (
            "server_error",
            "authentication_expired",
            ("server_error", "service_server_error"),
        ),
        (
            "access_denied",
            "authentication_expired",
            ("access_denied", "cancelled"),
        ),
    ] {
        let login = Answered::new().await;
        let form = login.form.clone().without("code").and("error", error);
        let form = form.and("error_description", description);
        login
            .send(&form)
            .await
            .is_redirect(told, class, Some(STATE));
    }
}

#[tokio::test]
async fn fail_with_every_error_of_the_service_and_never_with_its_words() {
    for (error, told, class) in [
        ("access_denied", "access_denied", "cancelled"),
        ("login_required", "login_required", "service_login_required"),
        (
            "interaction_required",
            "interaction_required",
            "service_interaction_required",
        ),
        (
            "consent_required",
            "interaction_required",
            "service_interaction_required",
        ),
        (
            "account_selection_required",
            "interaction_required",
            "service_interaction_required",
        ),
        ("invalid_request", "server_error", "service_invalid_request"),
        ("invalid_scope", "server_error", "service_invalid_scope"),
        (
            "unauthorized_client",
            "server_error",
            "service_unauthorized_client",
        ),
        ("server_error", "server_error", "service_server_error"),
        (
            "temporarily_unavailable",
            "temporarily_unavailable",
            "service_temporarily_unavailable",
        ),
        (
            "unsupported_response_type",
            "server_error",
            "service_unknown_error",
        ),
        ("ACCESS_DENIED", "server_error", "service_unknown_error"),
        (
            "\r\nset-cookie: x=1",
            "server_error",
            "service_unknown_error",
        ),
        ("<script>", "server_error", "service_unknown_error"),
    ] {
        let login = Answered::new().await;
        let plain = login.form.clone().without("code").and("error", error);
        for form in [
            plain.clone(),
            plain.clone().without("iss").without("session_state"),
            plain
                .clone()
                .and("error_description", "hostile \r\n<script>&state=evil"),
            plain.clone().and("error_uri", "https://evil.example"),
            // An error counts, even if a code comes with it.
            plain.clone().and("code", "x"),
        ] {
            let answer = login.send(&form).await;
            answer.is_redirect(told, class, Some(STATE));
            answer.ends_cookie(login.browser.only());
        }
    }
}

/// Also with `CALLBACK_ISS=required`: this is no answer with a code or an error, so it needs no
/// `iss`.
#[tokio::test]
async fn fail_without_a_code_as_cancelled() {
    let strict = RunningBridge::with(&[(variables::CALLBACK_ISS, "required")]).await;
    for login in [Answered::new().await, Answered::at(strict).await] {
        let cancelled = login.form.clone().without("code");
        for form in [
            cancelled.clone(),
            cancelled.clone().without("iss"),
            login.form.clone().with("code", ""),
        ] {
            let answer = login.send(&form).await;
            answer.is_redirect("access_denied", "cancelled", Some(STATE));
            answer.ends_cookie(login.browser.only());
        }
        let of_another = cancelled.with("iss", "https://evil.example");
        let answer = login.send(&of_another).await;
        answer.is_redirect("server_error", "issuer_mismatch", Some(STATE));
    }
}

#[tokio::test]
async fn fail_an_answer_that_does_not_say_whose_it_is_where_it_has_to() {
    let login =
        Answered::at(RunningBridge::with(&[(variables::CALLBACK_ISS, "required")]).await).await;
    let answer = login.form.clone().without("iss");
    for form in [
        answer.clone(),
        answer.clone().without("code").and("error", "access_denied"),
        answer.and("error", "server_error"),
    ] {
        let answer = login.send(&form).await;
        answer.is_redirect("server_error", "issuer_mismatch", Some(STATE));
    }
    assert!(parameters(login.send(&login.form).await.location()).contains_key("code"));
}

#[tokio::test]
async fn fail_a_code_that_is_none_and_pass_the_longest() {
    let login = Answered::new().await;
    for code in [
        "c".repeat(2_049).as_str(),
        "a b",
        "a\r\nb",
        "コード",
        "\u{7f}",
    ] {
        let answer = login.send(&login.form.clone().with("code", code)).await;
        answer.is_redirect("invalid_request", "malformed_callback", Some(STATE));
    }
    let longest = login.form.clone().with("code", &"c".repeat(2_048));
    assert!(parameters(login.send(&longest).await.location()).contains_key("code"));
}

#[tokio::test]
async fn fail_on_a_page_in_the_browsers_language() {
    let login = Answered::new().await;
    for (header, lang) in [
        ("ja", "ja"),
        ("en-GB,en;q=0.9", "en"),
        ("de", "ja"),
        ("en;q=0.2, ja;q=0.3", "ja"),
        (",;q=,,en;q=nan", "ja"),
        ("en;q=-1", "ja"),
        (&"x,".repeat(4_000), "ja"),
    ] {
        let call = Call::callback(&login.form).header("accept-language", header);
        let answer = call.send(&login.bridge).await;
        answer.is_page(400, "no_pending_login");
        assert!(
            answer.body.contains(&format!(r#"<html lang="{lang}">"#)),
            "{header}"
        );
        assert!(answer.body.contains(&support_id()));
    }
}

/// Nothing of a request is on a page.
#[tokio::test]
async fn fail_on_a_page_without_the_requests_words() {
    let login = Answered::new().await;
    let hostile = Parameters::of([
        ("state", "<b>hostile</b>"),
        ("error_description", "<b>hostile</b>"),
    ]);
    let answer = Call::callback(&hostile)
        .header("accept-language", "<b>hostile</b>")
        .send(&login.bridge)
        .await;
    answer.is_page(400, "malformed_callback");
    assert!(!answer.body.contains("hostile"));
}

#[tokio::test]
async fn fail_another_method() {
    let login = Answered::new().await;
    for method in ["POST", "DELETE"] {
        let mut call = Call::callback(&login.form).browser(&login.browser);
        call.event["requestContext"]["http"]["method"] = method.into();
        let answer = call.send(&login.bridge).await;
        answer.is_page(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), "GET, HEAD");
    }
}
