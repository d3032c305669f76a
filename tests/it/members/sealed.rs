//! What travels through browsers and apps: tickets, cookies and codes. None is good in another's
//! place, or in another browser.

use login_kit::{Laptop, RelyingParty, UserAgent, failure_page, parameter};
use member_flow::TICKET;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{HANAKO, Member, TARO, laptop, record, refused, to_callback};

const LOGIN: &str = "__Host-login-";
pub(super) const VERIFY: &str = "__Host-verify-";

/// The one cookie of the bridge in a browser: its name without the prefix, and its value.
pub(super) fn pending(browser: &UserAgent, bridge: &Url, prefix: &str) -> (String, String) {
    let cookies = browser.cookies(bridge).into_iter();
    let mut ours = cookies.filter(|cookie| cookie.name.starts_with(prefix));
    let (cookie, None) = (ours.next().unwrap(), ours.next()) else {
        panic!("several");
    };
    let short = cookie.name.strip_prefix(prefix).unwrap();
    (short.to_owned(), cookie.value)
}

pub(super) fn hold(browser: &UserAgent, bridge: &Url, name: &str, value: &str) {
    let line = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax");
    assert!(browser.take_cookie(bridge, &line));
}

/// Requests a URL of the bridge that has to end on a page of it.
pub(super) async fn refused_on_page(browser: &UserAgent, url: &Url) -> (u16, String) {
    let journey = browser.follow(url, "text/html", |url| {
        url.host_str() == Some("app.localhost")
    });
    failure_page(&journey.await.unwrap().end)
}

/// A login up to the bridge's `/callback`, which isn't requested yet.
async fn login(laptop: &Laptop, browser: &UserAgent) -> Url {
    let (_, start) = laptop.begin().unwrap();
    let page = laptop.test_card_page(browser, &start).await.unwrap();
    to_callback(laptop, browser, page, "adult").await
}

pub(super) fn ticket_of(begun: &demo::member_app::Begun) -> String {
    kit::parameter(&begun.url, TICKET).unwrap()
}

/// Whatever a verification has, in the place of a login's cookie, and the other way round: under
/// the name of its own, under the other's, and under both.
#[tokio::test]
async fn a_ticket_or_a_cookie_in_the_place_of_another_opens_nothing() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let browser = &hanako.browser;
    let of_login = login(&laptop, browser).await;
    let begun = hanako.begin().await;
    let of_verification = hanako.callback(&begun, "adult").await;
    let (login, login_cookie) = pending(browser, &of_login, LOGIN);
    let (verify, verify_cookie) = pending(browser, &of_login, VERIFY);
    let ticket = ticket_of(&begun);
    let foreign = (400, "foreign_login".to_owned());
    let altered = (400, "altered_login".to_owned());
    let missing = (400, "no_pending_login".to_owned());
    for (callback, cookies, refusal) in [
        // The ticket, and the cookie of the verification, in the place of the login's cookie.
        (&of_login, vec![(LOGIN, &login, &ticket)], &foreign),
        (&of_login, vec![(LOGIN, &login, &verify_cookie)], &foreign),
        // The ticket, and the cookie of the login, in the place of the verification's.
        (&of_verification, vec![(VERIFY, &verify, &ticket)], &altered),
        (
            &of_verification,
            vec![(VERIFY, &verify, &login_cookie)],
            &foreign,
        ),
        // The same cookie under the name of the other kind.
        (&of_login, vec![(VERIFY, &login, &login_cookie)], &foreign),
        (
            &of_verification,
            vec![(LOGIN, &verify, &verify_cookie)],
            &foreign,
        ),
        // Renamed for the other's state.
        (&of_login, vec![(VERIFY, &login, &verify_cookie)], &altered),
        (
            &of_verification,
            vec![(LOGIN, &verify, &login_cookie)],
            &altered,
        ),
        // Under its own name, for the other's state.
        (&of_login, vec![(VERIFY, &verify, &verify_cookie)], &missing),
        (
            &of_verification,
            vec![(LOGIN, &login, &login_cookie)],
            &missing,
        ),
        // Both for one state.
        (
            &of_login,
            vec![
                (LOGIN, &login, &login_cookie),
                (VERIFY, &login, &verify_cookie),
            ],
            &altered,
        ),
        (
            &of_verification,
            vec![
                (VERIFY, &verify, &verify_cookie),
                (LOGIN, &verify, &login_cookie),
            ],
            &altered,
        ),
    ] {
        let what: Vec<_> = cookies
            .iter()
            .map(|(prefix, short, _)| (prefix, short))
            .collect();
        browser.delete_all_cookies();
        for (prefix, short, value) in &cookies {
            hold(browser, &of_login, &format!("{prefix}{short}"), value);
        }
        let page = refused_on_page(browser, callback).await;
        assert_eq!(page, *refusal, "{what:?} at {}", callback.path());
    }
    // A cookie is no ticket.
    for cookie in [&login_cookie, &verify_cookie] {
        let mut url = begun.url.clone();
        url.query_pairs_mut().clear().append_pair(TICKET, cookie);
        let page = refused_on_page(browser, &url).await;
        assert_eq!(page, (400, "ticket_invalid".to_owned()));
    }
    // With their own cookies, both go on.
    browser.delete_all_cookies();
    hold(
        browser,
        &of_login,
        &format!("{LOGIN}{login}"),
        &login_cookie,
    );
    hold(
        browser,
        &of_login,
        &format!("{VERIFY}{verify}"),
        &verify_cookie,
    );
    for callback in [&of_login, &of_verification] {
        let page = browser.get(callback, "text/html").await.unwrap();
        assert_eq!(page.status, 302, "{}", page.text());
    }
    laptop.stop().await;
}

/// The two kinds of codes: one is for Amazon Cognito, the other for the app of a member.
#[tokio::test]
async fn a_code_of_a_login_verifies_nobody_and_a_code_of_a_verification_is_no_login() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let begun = hanako.begin().await;
    let code = hanako.code(&begun, "adult").await;
    let client = RelyingParty::new(&laptop);
    let of_login = client.code().await;

    let answer = hanako.complete(&begun, &of_login.as_str().into()).await;
    refused(&answer, 400, "code_foreign");
    let tokens = client.token_request(code.expose_secret()).send().await;
    assert_eq!(tokens.status, 400, "{}", tokens.body);
    assert_eq!(tokens.text("error").unwrap(), "invalid_grant");
    // Neither spent the other.
    assert_eq!(client.token_request(&of_login).send().await.status, 200);
    assert_eq!(hanako.complete(&begun, &code).await.status, 200);
    laptop.stop().await;
}

/// CSRF: the answer to somebody else's verification in this browser.
#[tokio::test]
async fn an_answer_counts_only_in_the_browser_that_began() {
    let laptop = laptop().await;
    let (hanako, taro) = (
        Member::signed_in(&laptop, HANAKO).await,
        Member::signed_in(&laptop, TARO).await,
    );
    let (of_hanako, of_taro) = (hanako.begin().await, taro.begin().await);
    let attackers = taro.callback(&of_taro, "leap-day").await;
    // A browser that didn't begin, and one that began something else.
    let missing = (400, "no_pending_login".to_owned());
    assert_eq!(refused_on_page(&hanako.browser, &attackers).await, missing);
    let own = hanako.callback(&of_hanako, "adult").await;
    assert_eq!(refused_on_page(&hanako.browser, &attackers).await, missing);
    // Its own answer still counts, once.
    let at_app = |url: &Url| url.host_str() == Some("app.localhost");
    let own_answer = hanako
        .browser
        .follow(&own, "text/html", at_app)
        .await
        .unwrap()
        .end;
    assert_eq!(
        parameter(&own_answer, "state"),
        Some(of_hanako.state.clone())
    );
    assert_eq!(refused_on_page(&hanako.browser, &own).await, missing);

    // The attacker's answer at the return URL, in the victim's browser: the app sees that the state
    // is another. Even an app that doesn't look verifies nobody.
    let answer = taro
        .browser
        .follow(&attackers, "text/html", at_app)
        .await
        .unwrap()
        .end;
    assert_eq!(parameter(&answer, "state"), Some(of_taro.state.clone()));
    assert_ne!(of_taro.state, of_hanako.state);
    let code: SecretString = parameter(&answer, "verification_code").unwrap().into();
    refused(
        &hanako.complete(&of_hanako, &code).await,
        403,
        "verification_of_another_member",
    );
    assert_eq!(record(&laptop, HANAKO), None);
    assert_eq!(taro.complete(&of_taro, &code).await.status, 200);
    laptop.stop().await;
}
