//! Tests of `/verify` and of `/callback` for the verification of a member: a ticket leads to the
//! service, and the service's answer to the app, with a code that holds who began. Whatever doesn't
//! belong together ends on a page, and nobody is sent to a URL that isn't configured.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use digital_auth::Clock as _;
use federation::variables;
use keys::SystemRandomness;
use kit::{Parameters, sealing_keys, sealing_keys_json};
use member_flow::{Begun, Ticket, VerificationCode, audience};
use sealing::SealingKeys;
use sealing::sealed::{Audience, Purpose, Seal, Travels};

use crate::bridge::{Answer, Browser, Call, RunningBridge, altered, support_id};
use crate::support::{CLIENT_ID, ISSUER, authorization_request, parameters, token_request};

const APP: &str = "1example23456789";
const RETURN_URL: &str = "https://shop.example/verified?kept=1";
const STATE: &str = "marked a&b=%区";
/// The number of the key that the two functions of members share.
const KEY: u8 = 201;

fn apps() -> String {
    format!("{APP}:{RETURN_URL} other:https://other.example/")
}

/// A bridge at which members are verified.
async fn bridge() -> RunningBridge {
    let (apps, keys) = (apps(), sealing_keys_json(&[KEY]));
    RunningBridge::with(&[
        (variables::MEMBER_APPS, &apps),
        (variables::MEMBER_KEYS, &keys),
    ])
    .await
}

fn ticket_of(bridge: &RunningBridge, change: impl FnOnce(&mut Ticket)) -> Ticket {
    let (sub, client_id) = ("marked-sub".to_owned(), APP.to_owned());
    let mut ticket = Ticket {
        begun: Begun::new(sub, client_id, [9; 32], bridge.clock.now()),
        return_url: RETURN_URL.to_owned(),
        state: STATE.to_owned(),
    };
    change(&mut ticket);
    ticket
}

fn seal_with<'a>(keys: &'a SealingKeys, bridge: &RunningBridge, audience: Audience) -> Seal<'a> {
    let now = bridge.clock.now();
    Seal {
        keys,
        audience,
        now,
    }
}

/// The sealed ticket, as the function `verification` makes it.
fn sealed(bridge: &RunningBridge, ticket: &Ticket) -> String {
    let keys = sealing_keys(&[KEY]);
    let seal = seal_with(&keys, bridge, audience(ISSUER));
    ticket.seal(seal, &SystemRandomness).unwrap()
}

fn ticket(bridge: &RunningBridge) -> String {
    sealed(bridge, &ticket_of(bridge, |_| {}))
}

/// A verification that the service has answered.
struct Answered {
    bridge: RunningBridge,
    browser: Browser,
    form: Parameters,
}

impl Answered {
    async fn new() -> Self {
        Self::at(bridge().await).await
    }

    async fn at(bridge: RunningBridge) -> Self {
        let mut browser = Browser::default();
        let answer = Call::verify(&ticket(&bridge)).send(&bridge).await;
        browser.take(&answer);
        let asked = parameters(answer.location());
        let form = bridge.service.answer(&asked);
        Self {
            bridge,
            browser,
            form,
        }
    }

    async fn send(&self, form: &Parameters) -> Answer {
        let call = Call::callback(form).browser(&self.browser);
        call.send(&self.bridge).await
    }
}

/// Asserts that the browser goes back to the app with this class, and with nothing else.
fn is_told_to_the_app(answer: &Answer, class: &str) {
    let location = answer.location();
    assert!(
        location.starts_with(&format!("{RETURN_URL}&")),
        "{location}"
    );
    let expected = BTreeMap::from(
        [
            ("kept", "1"),
            ("verification_error", class),
            ("verification_support_id", &support_id()),
            ("state", STATE),
            ("iss", ISSUER),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    assert_eq!(parameters(location), expected);
    assert_eq!(answer.body, "");
}

#[tokio::test]
async fn pass_the_browser_of_a_member_goes_to_the_service_as_at_a_login() {
    let bridge = bridge().await;
    let answer = Call::verify(&ticket(&bridge)).send(&bridge).await;
    let mut browser = Browser::default();
    let login = bridge.begin(&mut browser, &authorization_request()).await;
    let endpoint = format!("{}/auth?", bridge.service.address());
    assert!(answer.location().starts_with(&endpoint));
    let verification = parameters(answer.location());
    // The same registered redirect URI, the same attributes; and values of its own.
    for name in login.keys().chain(verification.keys()) {
        let is_of_its_own = ["state", "nonce", "code_challenge"].contains(&name.as_str());
        assert_eq!(login[name] != verification[name], is_of_its_own, "{name}");
    }
    assert_eq!(answer.cookies.len(), 1);
    assert!(answer.cookies[0].starts_with("__Host-verify-"));
    // A ticket may be opened again, as a reload does: each time is a verification of its own.
    let again = Call::verify(&ticket(&bridge)).send(&bridge).await;
    assert_ne!(parameters(again.location())["state"], verification["state"]);
}

#[tokio::test]
async fn pass_the_app_gets_a_code_of_the_member_who_began_and_the_cookie_ends() {
    let verification = Answered::new().await;
    let begun_at = verification.bridge.clock.now();
    verification.bridge.clock.advance(TimeDelta::seconds(200));
    let answer = verification.send(&verification.form).await;
    let sent = parameters(answer.location());
    let names: Vec<_> = sent.keys().map(String::as_str).collect();
    assert_eq!(names, ["iss", "kept", "state", "verification_code"]);
    assert_eq!((&*sent["state"], &*sent["iss"]), (STATE, ISSUER));
    answer.ends_cookie(verification.browser.only());
    // The code is of the member, and for one minute.
    let keys = sealing_keys(&[KEY]);
    let seal = seal_with(&keys, &verification.bridge, audience(ISSUER));
    let code = VerificationCode::open(&sent["verification_code"], seal).unwrap();
    assert_eq!(
        (&*code.begun.sub, &*code.begun.client_id),
        ("marked-sub", APP)
    );
    assert_eq!(
        (code.begun.code_challenge, code.begun.at()),
        ([9; 32], begun_at)
    );
    let late = Seal {
        now: seal.now + TimeDelta::seconds(60),
        ..seal
    };
    assert!(VerificationCode::open(&sent["verification_code"], late).is_err());
    // The bridge asks the service for nothing: the code is for the other function.
    assert_eq!(verification.bridge.service.take_calls(), [""; 0]);
    // Cognito's client can't use it.
    let form = token_request(&sent["verification_code"]);
    let refused = Call::token(&form).send(&verification.bridge).await;
    refused.is_error(400, "invalid_grant", "code_foreign");
}

#[tokio::test]
async fn fail_what_the_service_answers_reaches_the_app_as_a_class() {
    for (change, class) in [
        (&[("error", "access_denied")][..], "cancelled"),
        (&[("error", "server_error")], "service_server_error"),
        (&[("error", "marked")], "service_unknown_error"),
        (&[("code", "")], "cancelled"),
        (&[("code", "not a code")], "malformed_callback"),
        (&[("iss", "https://another.example")], "issuer_mismatch"),
    ] {
        let verification = Answered::new().await;
        let mut form = verification.form.clone();
        if change[0].0 == "error" {
            form = form.without("code");
        }
        for (name, value) in change {
            form = form.with(name, value);
        }
        let answer = verification.send(&form).await;
        is_told_to_the_app(&answer, class);
        answer.ends_cookie(verification.browser.only());
    }
}

#[tokio::test]
async fn fail_a_ticket_that_is_none_of_this_stack() {
    let bridge = bridge().await;
    let good = ticket_of(&bridge, |_| {});
    let other_keys = sealing_keys(&[KEY + 1]);
    let sealing = sealing_keys(&[1]);
    let keys = sealing_keys(&[KEY]);
    let of = |seal: Seal<'_>| good.seal(seal, &SystemRandomness).unwrap();
    let other_ring = of(seal_with(&other_keys, &bridge, audience(ISSUER)));
    let other_bridge = of(seal_with(
        &keys,
        &bridge,
        audience("https://another.example"),
    ));
    // Sealed with the bridge's own keys, for the bridge's own client.
    let of_the_bridge = of(seal_with(
        &sealing,
        &bridge,
        Audience::new(ISSUER, CLIENT_ID),
    ));
    let for_a_login = seal_with(&keys, &bridge, audience(ISSUER));
    let until = bridge.clock.now() + TimeDelta::seconds(60);
    let inside = for_a_login.open(Ticket::PURPOSE, &sealed(&bridge, &good));
    let other_purpose = for_a_login
        .seal(
            Purpose::VerificationCode,
            until,
            &inside.unwrap(),
            &SystemRandomness,
        )
        .unwrap();
    for ticket in [
        "",
        "x",
        "????",
        &other_ring,
        &other_bridge,
        &of_the_bridge,
        &other_purpose,
        &altered(&sealed(&bridge, &good), 60),
    ] {
        let answer = Call::verify(ticket).send(&bridge).await;
        answer.is_page_of_a_verification(400, "ticket_invalid");
        assert!(answer.cookies.is_empty());
    }
    let twice = format!("ticket={0}&ticket={0}", ticket(&bridge));
    let answer = Call::new("GET", "/verify")
        .query(&twice)
        .send(&bridge)
        .await;
    answer.is_page_of_a_verification(400, "ticket_invalid");
    let late = ticket(&bridge);
    bridge.clock.advance(TimeDelta::seconds(300));
    let answer = Call::verify(&late).send(&bridge).await;
    answer.is_page_of_a_verification(400, "ticket_expired");
    assert!(answer.cookies.is_empty());
}

#[tokio::test]
async fn fail_a_return_url_that_is_not_of_this_app_client() {
    let bridge = bridge().await;
    for change in [
        (|ticket: &mut Ticket| ticket.return_url.push('/')) as fn(&mut Ticket),
        |ticket| "https://other.example/".clone_into(&mut ticket.return_url),
        |ticket| "https://evil.example/".clone_into(&mut ticket.return_url),
        |ticket| "other".clone_into(&mut ticket.begun.client_id),
        |ticket| "unknown".clone_into(&mut ticket.begun.client_id),
    ] {
        let ticket = ticket_of(&bridge, change);
        let answer = Call::verify(&sealed(&bridge, &ticket)).send(&bridge).await;
        answer.is_page_of_a_verification(400, "return_url_not_allowed");
        assert!(answer.cookies.is_empty());
    }
}

/// The URL is checked again when the browser comes back.
#[tokio::test]
async fn fail_a_return_url_that_was_taken_out_meanwhile() {
    let Answered {
        bridge,
        browser,
        form,
    } = Answered::new().await;
    let changed = [(variables::MEMBER_APPS, "other:https://other.example/")];
    let bridge = bridge.restarted_with(&changed).await;
    let answer = Call::callback(&form).browser(&browser).send(&bridge).await;
    answer.is_page_of_a_verification(400, "foreign_login");
    answer.ends_cookie(browser.only());
}

#[tokio::test]
async fn fail_where_no_members_are_verified() {
    let with = Answered::new().await;
    let good = ticket(&with.bridge);
    let without = RunningBridge::new().await;
    let answer = Call::verify(&good).send(&without).await;
    answer.is_page(404, "not_found");
    let call = Call::callback(&with.form).browser(&with.browser);
    let answer = call.send(&without).await;
    answer.is_page_of_a_verification(400, "foreign_login");
    let unconnected = [(variables::SERVICE_CLIENT_ID, "")];
    let unconnected = with.bridge.restarted_with(&unconnected).await;
    let answer = Call::verify(&good).send(&unconnected).await;
    answer.is_page_of_a_verification(403, "not_connected");
}

/// The cookie alone says what the service's answer is for, and a login's cookie is none of a
/// verification.
#[tokio::test]
async fn fail_a_ticket_in_the_logins_cookie_and_the_other_way_round() {
    let verification = Answered::new().await;
    let bridge = &verification.bridge;
    let name = verification.browser.only();
    let value = &verification.browser.0[name];
    let send = async |cookies: &[(&str, &str)]| {
        let cookies = cookies.iter();
        let cookies = cookies.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let browser = Browser(cookies.collect());
        Call::callback(&verification.form)
            .browser(&browser)
            .send(bridge)
            .await
    };
    // The verification's value in the login's cookie of the same state.
    let of_a_login = name.replace("verify", "login");
    let answer = send(&[(&of_a_login, value)]).await;
    answer.is_page(400, "foreign_login");
    // A ticket there.
    let answer = send(&[(&of_a_login, &ticket(bridge))]).await;
    answer.is_page(400, "foreign_login");
    // A login's value in the verification's cookie of the same state.
    let mut browser = Browser::default();
    bridge.begin(&mut browser, &authorization_request()).await;
    let answer = send(&[(name, &browser.0[browser.only()])]).await;
    answer.is_page_of_a_verification(400, "foreign_login");
    // A ticket there, and the cookie of another verification.
    let answer = send(&[(name, &ticket(bridge))]).await;
    answer.is_page_of_a_verification(400, "altered_login");
    let mut browser = Browser::default();
    browser.take(&Call::verify(&ticket(bridge)).send(bridge).await);
    let answer = send(&[(name, &browser.0[browser.only()])]).await;
    answer.is_page_of_a_verification(400, "altered_login");
    // Both cookies of one state.
    let answer = send(&[(name, value), (&of_a_login, value)]).await;
    answer.is_neutral_page(400, "altered_login");
    assert!(answer.cookies.is_empty());
    // Nothing of that has ended the verification.
    let answer = verification.send(&verification.form).await;
    assert!(parameters(answer.location()).contains_key("verification_code"));
}

#[tokio::test]
async fn fail_too_slow_in_another_browser_and_twice() {
    let verification = Answered::new().await;
    let answer = Call::callback(&verification.form)
        .send(&verification.bridge)
        .await;
    answer.is_neutral_page(400, "no_pending_login");
    verification.bridge.clock.advance(TimeDelta::seconds(300));
    let answer = verification.send(&verification.form).await;
    answer.is_page_of_a_verification(400, "login_expired");
    answer.ends_cookie(verification.browser.only());
}

#[tokio::test]
async fn pass_a_head_request_begins_nothing_and_ends_nothing() {
    let verification = Answered::new().await;
    let bridge = &verification.bridge;
    let mut call = Call::verify(&ticket(bridge));
    call.event["requestContext"]["http"]["method"] = "HEAD".into();
    let answer = call.send(bridge).await;
    assert!(answer.cookies.is_empty() && answer.status == 302);
    let mut call = Call::callback(&verification.form).browser(&verification.browser);
    call.event["requestContext"]["http"]["method"] = "HEAD".into();
    let answer = call.send(bridge).await;
    assert!(answer.cookies.is_empty() && answer.status == 302);
    call.event["requestContext"]["http"]["method"] = "POST".into();
    let answer = Call::new("POST", "/verify").send(bridge).await;
    answer.is_page_of_a_verification(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), "GET, HEAD");
}

/// How many logins finish is told by logins alone.
#[tokio::test]
async fn pass_a_verification_counts_in_no_share_of_logins() {
    let verification = Answered::new().await;
    let form = verification.form.clone();
    let failed = form.without("code").with("error", "server_error");
    verification.send(&failed).await;
    let lines = verification.bridge.metrics.lines();
    assert!(!lines.is_empty());
    for line in lines {
        for metric in ["LoginStarted", "LoginFinished"] {
            assert!(line.get(metric).is_none(), "{line}");
        }
    }
}

#[tokio::test]
async fn pass_while_the_keys_of_members_are_rotated() {
    let verification = Answered::new().await;
    let rotated = [(variables::MEMBER_KEYS, sealing_keys_json(&[KEY + 1, KEY]))];
    let rotated = rotated.each_ref().map(|(name, keys)| (*name, &**keys));
    let Answered {
        bridge,
        browser,
        form,
    } = verification;
    let bridge = bridge.restarted_with(&rotated).await;
    let answer = Call::callback(&form).browser(&browser).send(&bridge).await;
    assert!(parameters(answer.location()).contains_key("verification_code"));
    let removed = [(variables::MEMBER_KEYS, sealing_keys_json(&[KEY + 1]))];
    let removed = removed.each_ref().map(|(name, keys)| (*name, &**keys));
    let bridge = bridge.restarted_with(&removed).await;
    let answer = Call::callback(&form).browser(&browser).send(&bridge).await;
    answer.is_page_of_a_verification(400, "foreign_login");
}

/// A bridge at which only members are verified: nothing of logins is configured.
async fn without_logins() -> RunningBridge {
    let (apps, keys) = (apps(), sealing_keys_json(&[KEY]));
    let of_logins = [
        variables::CLIENT_ID,
        variables::CLIENT_SECRETS,
        variables::REDIRECT_URIS,
        variables::PROVIDER_NAME,
        variables::SEALING_KEYS,
        variables::RECORD_KEYS,
        variables::ID_TOKEN_KEYS,
    ];
    let mut changes = of_logins.map(|variable| (variable, "")).to_vec();
    changes.extend([
        (variables::MEMBER_APPS, &*apps),
        (variables::MEMBER_KEYS, &keys),
    ]);
    RunningBridge::with(&changes).await
}

#[tokio::test]
async fn pass_a_member_where_nobody_signs_in_with_the_card() {
    let answered = Answered::at(without_logins().await).await;
    let answer = answered.send(&answered.form).await;
    let told = parameters(answer.location());
    assert!(answer.location().starts_with(&format!("{RETURN_URL}&")));
    assert!(told.contains_key("verification_code"), "{told:?}");
    let keys = Call::new("GET", "/client-jwks.json");
    assert_eq!(keys.send(&answered.bridge).await.status, 200);
}

/// Nothing is told apart from a path that never was there.
#[tokio::test]
async fn fail_every_endpoint_of_logins_where_nobody_signs_in_with_the_card() {
    let bridge = without_logins().await;
    for path in [
        "/authorize",
        "/token",
        "/userinfo",
        "/jwks.json",
        "/.well-known/openid-configuration",
        "/nothing",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = Call::new(method, path).send(&bridge).await;
            answer.is_page_of_a_verification(404, "not_found");
        }
    }
    let asked = Call::authorize(&authorization_request());
    let answer = asked.send(&bridge).await;
    answer.is_page_of_a_verification(404, "not_found");
    let asked = Call::token(&token_request("code")).send(&bridge).await;
    asked.is_page_of_a_verification(404, "not_found");
}

/// A login that began before logins were taken away ends on a page.
#[tokio::test]
async fn fail_a_login_that_began_before_logins_were_taken_away() {
    let bridge = RunningBridge::new().await;
    let mut browser = Browser::default();
    let asked = bridge.begin(&mut browser, &authorization_request()).await;
    let form = bridge.service.answer(&asked);
    let bridge = without_logins().await;
    let callback = Call::callback(&form).browser(&browser);
    let answer = callback.send(&bridge).await;
    answer.is_page_of_a_verification(400, "foreign_login");
    answer.ends_cookie(browser.only());
}
