//! When the person authenticated at the service: not before the ticket was made, within a minute.
//! Whoever is still signed in at the service must not verify a member by that.

use chrono::{DateTime, TimeDelta, Utc};
use demo::laptop::MEMBER_RETURN_URL;
use demo::member_app::Begun;
use federation::variables::REQUIRE_AUTH_TIME;
use login_kit::{Arrival, Laptop, parameter, variables};
use loopback::clock::SimClock;
use secrecy::SecretString;
use service_simulator::fault::Fault;
use url::Url;

use super::{HANAKO, Member, laptop, laptop_changed, record, refused, table};

/// The time of this machine, by which the functions go.
fn now() -> DateTime<Utc> {
    SimClock::default().now()
}

/// Sets the clock of the stand-ins, which stands still.
fn set(clock: &SimClock, time: DateTime<Utc>) {
    clock.advance(time - clock.now());
}

/// The code after a card that was shown at this time. All that comes after it happens now.
async fn code_of_a_card_shown_at(
    member: &Member<'_>,
    begun: &Begun,
    time: DateTime<Utc>,
) -> SecretString {
    let Member {
        laptop, browser, ..
    } = member;
    let journey = browser.follow(&begun.url, "application/json", |_| false);
    let page = journey.await.unwrap().end;
    set(&laptop.clock, time);
    let at_app = |url: &Url| {
        set(&laptop.clock, now());
        url.as_str().starts_with(MEMBER_RETURN_URL)
    };
    let end = laptop.choose(browser, page, "adult", None, at_app).await;
    let Arrival::At(url) = end.unwrap() else {
        panic!("not back at the app");
    };
    parameter(&Arrival::At(url), "verification_code")
        .unwrap()
        .into()
}

async fn with_a_stopped_clock() -> Laptop {
    let stopped = |laptop: &mut login_kit::LaptopOptions| {
        laptop.clock = SimClock::default().stopped();
    };
    laptop_changed(stopped, |_| {}).await
}

#[tokio::test]
async fn an_authentication_more_than_a_minute_before_the_ticket_is_too_old() {
    let laptop = with_a_stopped_clock().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    for seconds in [61, 62, 3_600] {
        let before = now();
        let begun = hanako.begin().await;
        let shown = before - TimeDelta::seconds(seconds);
        let code = code_of_a_card_shown_at(&hanako, &begun, shown).await;
        let answer = hanako.complete(&begun, &code).await;
        refused(&answer, 400, "authentication_too_old");
        assert!(answer.continuation().is_none(), "{answer:?}");
        assert_eq!(record(&laptop, HANAKO), None);
        assert!(table::entries(&laptop).await.is_empty());
        // The code is spent: the member begins again.
        let again = hanako.complete(&begun, &code).await;
        refused(&again, 400, "service_refused_code");
    }
    laptop.stop().await;
}

#[tokio::test]
async fn an_authentication_within_a_minute_before_the_ticket_counts() {
    let laptop = with_a_stopped_clock().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    for seconds in [59, 30, 0] {
        let begun = hanako.begin().await;
        let shown = now() - TimeDelta::seconds(seconds);
        let code = code_of_a_card_shown_at(&hanako, &begun, shown).await;
        let answer = hanako.complete(&begun, &code).await;
        assert_eq!(answer.status, 200, "{seconds}: {answer:?}");
        let verified_at = answer.body["verified_at"].as_i64().unwrap();
        let off = verified_at - shown.timestamp();
        assert!(off.abs() <= 1, "{seconds}: {off}");
    }
    laptop.stop().await;
}

/// The service answers from the session that a browser has.
#[tokio::test]
async fn an_authentication_of_an_hour_ago_is_too_old() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let begun = hanako.begin().await;
    let old = Some(Fault::IdTokenOldAuthentication);
    let code = hanako.code_despite(old, &begun, "adult").await;
    let answer = hanako.complete(&begun, &code).await;
    refused(&answer, 400, "authentication_too_old");
    assert_eq!(record(&laptop, HANAKO), None);
    assert_eq!(hanako.verify("adult").await.status, 200);
    laptop.stop().await;
}

#[tokio::test]
async fn a_service_that_does_not_say_when_is_believed_unless_that_is_required() {
    let missing = Some(Fault::IdTokenMissingAuthenticationTime);
    for required in ["no", "yes"] {
        let environment = variables([(REQUIRE_AUTH_TIME, Some(required))]);
        let laptop = laptop_changed(|laptop| laptop.environment = environment, |_| {}).await;
        let hanako = Member::signed_in(&laptop, HANAKO).await;
        let begun = hanako.begin().await;
        let code = hanako.code_despite(missing, &begun, "adult").await;
        let answer = hanako.complete(&begun, &code).await;
        if required == "yes" {
            refused(&answer, 400, "auth_time_missing");
            assert!(answer.continuation().is_none(), "{answer:?}");
            assert_eq!(record(&laptop, HANAKO), None);
            assert!(table::entries(&laptop).await.is_empty());
        } else {
            assert_eq!(answer.status, 200, "{answer:?}");
            assert_eq!(answer.body["state"], "verified");
            assert_eq!(answer.body.get("verified_at"), None);
            assert_eq!(hanako.state().await, answer.body);
        }
        laptop.stop().await;
    }
}
