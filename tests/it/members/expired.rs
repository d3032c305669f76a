//! What travels, sealed by the test itself: at another time, with other keys, for others.

use cognito_simulator::ApiFault;
use digital_auth::authorization::OneTimeValues;
use federation::pending_verification::PendingVerification;
use keys::SystemRandomness;
use login_kit::{Arrival, failure_page, parameter};
use member_flow::{Begun, TICKET, Ticket, VerificationCode};
use sealing::sealed::Travels as _;
use serde_json::json;
use url::Url;
use verification::continuation::Continuation;

use super::sealed::{VERIFY, hold, pending, refused_on_page, ticket_of};
use super::{HANAKO, Member, Seals, record, refused};

/// Each value opens until it expires, and not a moment later. Only the time of the seal differs.
#[tokio::test]
async fn an_expired_ticket_cookie_code_or_continuation_is_refused_as_such_and_spends_nothing() {
    let (seals, laptop) = Seals::on_laptop().await;
    let now = || seals.seconds_ago(&laptop, 0);
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let begun = hanako.begin().await;

    let ticket = Ticket::open(&ticket_of(&begun), now()).unwrap();
    let at = |seconds| {
        let sealed = ticket.seal(seals.seconds_ago(&laptop, seconds), &SystemRandomness);
        let mut url = begun.url.clone();
        url.query_pairs_mut()
            .clear()
            .append_pair(TICKET, &sealed.unwrap());
        url
    };
    let late = refused_on_page(&hanako.browser, &at(300)).await;
    assert_eq!(late, (400, "ticket_expired".to_owned()));
    let page = hanako.browser.get(&at(270), "text/html").await.unwrap();
    assert_eq!(page.status, 302, "{}", page.text());
    hanako.browser.delete_all_cookies();

    let callback = hanako.callback(&begun, "adult").await;
    let (short, cookie) = pending(&hanako.browser, &callback, VERIFY);
    let of_cookie = PendingVerification::open(&cookie, now()).unwrap();
    let sealed = of_cookie.begin(
        seals.seconds_ago(&laptop, 300),
        std::iter::empty(),
        &SystemRandomness,
    );
    assert!(hanako.browser.take_cookie(&callback, &sealed.unwrap()[0]));
    assert_eq!(pending(&hanako.browser, &callback, VERIFY).0, short);
    let late = refused_on_page(&hanako.browser, &callback).await;
    assert_eq!(late, (400, "login_expired".to_owned()));
    hold(
        &hanako.browser,
        &callback,
        &format!("{VERIFY}{short}"),
        &cookie,
    );
    let at_app = |url: &Url| url.host_str() == Some("app.localhost");
    let answer = hanako
        .browser
        .follow(&callback, "text/html", at_app)
        .await
        .unwrap()
        .end;
    let code = parameter(&answer, "verification_code").unwrap();

    let of_code = VerificationCode::open(&code, now()).unwrap();
    let late = of_code.seal(seals.seconds_ago(&laptop, 60), &SystemRandomness);
    let late = hanako.complete(&begun, &late.unwrap().into()).await;
    refused(&late, 400, "code_expired");
    let once = [ApiFault::Throttled];
    laptop
        .cognito
        .break_api("AdminUpdateUserAttributes", &once)
        .unwrap();
    let throttled = hanako.complete(&begun, &code.into()).await;
    refused(&throttled, 429, "too_many_requests");

    let continuation = throttled.body["continuation"].as_str().unwrap();
    let continuation = Continuation::open(continuation, now()).unwrap();
    let at = |seconds| {
        let mut answer = throttled.clone();
        let sealed = continuation.seal(seals.seconds_ago(&laptop, seconds), &SystemRandomness);
        answer.body = json!({ "continuation": sealed.unwrap() });
        answer
    };
    refused(
        &hanako.go_on(&begun, &at(600)).await,
        400,
        "continuation_expired",
    );
    assert_eq!(record(&laptop, HANAKO), None);
    assert_eq!(hanako.go_on(&begun, &at(570)).await.status, 200);
    laptop.stop().await;
}

/// Nobody makes a ticket but the function: not for another member, not with another ring.
#[tokio::test]
async fn what_others_sealed_is_refused() {
    let (seals, laptop) = Seals::on_laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let begun = hanako.begin().await;
    let others =
        sealing::SealingKeys::new(["ISEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"]).unwrap();
    let now = seals.seconds_ago(&laptop, 0);
    let other_ring = sealing::sealed::Seal {
        keys: &others,
        ..now
    };
    let other_bridge = sealing::sealed::Seal {
        audience: member_flow::audience("http://other.localhost"),
        ..now
    };
    let of_begun = Begun::new(hanako.sub(), "2member23456789".into(), [1; 32], now.now);
    let ticket = Ticket {
        begun: of_begun,
        return_url: demo::laptop::MEMBER_RETURN_URL.to_owned(),
        state: "state".to_owned(),
    };
    for (what, seal, class) in [
        ("ours", now, None),
        ("another ring", other_ring, Some("ticket_invalid")),
        ("another bridge", other_bridge, Some("ticket_invalid")),
    ] {
        let sealed = ticket.seal(seal, &SystemRandomness).unwrap();
        let mut url = begun.url.clone();
        url.query_pairs_mut().clear().append_pair(TICKET, &sealed);
        let page = hanako.browser.get(&url, "text/html").await.unwrap();
        let Some(class) = class else {
            assert_eq!(page.status, 302, "{what}");
            continue;
        };
        assert_eq!(
            failure_page(&Arrival::Page(page)),
            (400, class.to_owned()),
            "{what}"
        );
    }
    let one_time = OneTimeValues::new(&SystemRandomness).unwrap();
    let exchange = digital_auth::CodeExchange::new("code".to_owned().into(), one_time);
    let code = VerificationCode {
        exchange,
        begun: ticket.begun,
    };
    for (seal, class) in [(other_ring, "code_foreign"), (other_bridge, "code_foreign")] {
        let sealed = code.seal(seal, &SystemRandomness).unwrap();
        refused(&hanako.complete(&begun, &sealed.into()).await, 400, class);
    }
    laptop.stop().await;
}
