//! Where a verification may send a browser: to the URLs that are configured for the app client,
//! byte for byte, at each of the three places at which it is decided.

use demo::laptop::{MEMBER_CLIENT_ID, MEMBER_RETURN_URL};
use digital_auth::authorization::OneTimeValues;
use federation::pending_verification::PendingVerification;
use keys::SystemRandomness;
use login_kit::{Arrival, failure_page};
use member_flow::{Begun, TICKET, Ticket};
use serde_json::json;
use url::Url;

use super::{HANAKO, Member, Seals, refused};

/// What an attacker would have in the place of the return URL.
fn others() -> Vec<String> {
    let right = MEMBER_RETURN_URL;
    let authority = right.strip_prefix("http://").unwrap();
    let (host, path) = authority.split_once('/').unwrap();
    let mut others: Vec<String> = [
        "/", "/..", "?", "?a=b", "#", "#a", "%2f", "%00", " ", ";", "\\",
    ]
    .map(|end| format!("{right}{end}"))
    .into();
    others.extend(
        [
            "",
            "/",
            "//evil.example",
            "/verified",
            "https://evil.example/verified",
            "javascript:alert(1)",
            "data:text/html,x",
        ]
        .map(str::to_owned),
    );
    others.extend([
        // A prefix only, and the other way round.
        right.strip_suffix('d').unwrap().to_owned(),
        format!("http://{host}.evil.example/{path}"),
        format!("http://evil{host}/{path}"),
        format!("http://{host}"),
        format!("http://{host}/{path}/../evil"),
        format!("http://{host}/./{path}"),
        // A user name.
        format!("http://{host}@evil.example/{path}"),
        format!("http://evil.example@{host}/{path}"),
        format!("http://{host}:80@evil.example/{path}"),
        format!("http://evil.example\\@{host}/{path}"),
        // Another port, scheme and case.
        format!("http://{host}:80/{path}"),
        format!("http://{host}:8080/{path}"),
        format!("https://{host}/{path}"),
        right.replace("http", "HTTP"),
        right.replace("app", "APP"),
        right.replace("verified", "Verified"),
        // Encoded.
        right.replace("verified", "%76erified"),
        right.replace("localhost", "localhos%74"),
        right.replace("http://", "http:%2F%2F"),
        format!(" {right}"),
        format!("\t{right}"),
        format!("{right}\n"),
        format!("{right} {right}"),
        right.replace("app", "ａｐｐ"),
    ]);
    others
}

#[tokio::test]
async fn no_return_url_but_a_configured_one_is_taken_when_a_member_begins() {
    let (_, laptop) = Seals::on_laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let asking = |return_url: &str| {
        json!({
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
            "state": "state",
            "return_url": return_url,
        })
    };
    for other in others() {
        let begun = hanako
            .call("POST", "/verifications", Some(&asking(&other)))
            .await;
        refused(&begun, 400, "return_url_not_allowed");
        assert!(!begun.body.to_string().contains("evil"), "{other}");
    }
    let begun = hanako
        .call("POST", "/verifications", Some(&asking(MEMBER_RETURN_URL)))
        .await;
    assert_eq!(begun.status, 201);
    laptop.stop().await;
}

/// A ticket and a cookie that were sealed before the configuration changed: the seal is right, and
/// the URL, or the app client, is none any more.
#[tokio::test]
async fn a_url_or_an_app_that_is_configured_no_more_ends_at_verify_and_at_the_callback() {
    let (seals, laptop) = Seals::on_laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let bridge = hanako.begin().await.url;
    let ticket = |client_id: &str, return_url: &str| {
        let now = laptop.clock.now();
        Ticket {
            begun: Begun::new(hanako.sub(), client_id.to_owned(), [1; 32], now),
            return_url: return_url.to_owned(),
            state: "state".to_owned(),
        }
    };
    let mut gone: Vec<_> = others()
        .iter()
        .map(|url| ticket(MEMBER_CLIENT_ID, url))
        .collect();
    gone.push(ticket("1example23456789", MEMBER_RETURN_URL));
    gone.push(ticket("", MEMBER_RETURN_URL));
    let at = |path: &str, name: &str, value: &str| -> Url {
        let mut url = bridge.join(path).unwrap();
        url.query_pairs_mut().append_pair(name, value);
        url
    };
    let seal = || seals.seconds_ago(&laptop, 0);
    let browser = &hanako.browser;
    // The callback of the service, with a code, in the browser with this ticket's cookie.
    let callback = async |ticket: &Ticket| {
        browser.delete_all_cookies();
        let one_time = OneTimeValues::new(&SystemRandomness).unwrap();
        let state = one_time.state.expose_base64url();
        let pending = PendingVerification {
            one_time,
            ticket: ticket.clone(),
        };
        let lines = pending
            .begin(seal(), std::iter::empty(), &SystemRandomness)
            .unwrap();
        assert!(browser.take_cookie(&bridge, &lines[0]));
        let mut url = at("/callback", "state", &state);
        url.query_pairs_mut().append_pair("code", "code");
        browser.get(&url, "text/html").await.unwrap()
    };
    for ticket in gone {
        let url = &ticket.return_url;
        let sealed = ticket.seal(seal(), &SystemRandomness).unwrap();
        let page = browser
            .get(&at("/verify", TICKET, &sealed), "text/html")
            .await
            .unwrap();
        assert_eq!(page.header("location"), None, "{url}");
        let refused = (400, "return_url_not_allowed".to_owned());
        assert_eq!(failure_page(&Arrival::Page(page)), refused, "{url}");

        let page = callback(&ticket).await;
        assert_eq!(page.header("location"), None, "{url}");
        let refused = (400, "foreign_login".to_owned());
        assert_eq!(failure_page(&Arrival::Page(page)), refused, "{url}");
    }
    // With the configured URL, both go on.
    let ticket = ticket(MEMBER_CLIENT_ID, MEMBER_RETURN_URL);
    let sealed = ticket.seal(seal(), &SystemRandomness).unwrap();
    let page = browser
        .get(&at("/verify", TICKET, &sealed), "text/html")
        .await
        .unwrap();
    assert_eq!(page.status, 302);
    let page = callback(&ticket).await;
    let location = page.header("location").unwrap();
    assert!(location.starts_with(&format!("{MEMBER_RETURN_URL}?verification_code=")));
    laptop.stop().await;
}
