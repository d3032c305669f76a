//! Tests a birthday. Ages are counted by the date in Japan at the moment when a token is made,
//! including a refresh.
//! The person signs in on the evening before, and then all clocks are moved past midnight.

use chrono::{DateTime, Datelike as _, Days, NaiveTime, TimeDelta, Utc};
use demo::laptop::{Outcome, SignedIn};
use four_attributes::japan_date;
use login_kit::{FunctionClock, browser};
use loopback::clock::SimClock;
use serde_json::{Map, Value, json};
use service_simulator::ServiceOptions;
use service_simulator::people::People;

use crate::laptop_by;

/// How many seconds before and after midnight the tokens are refreshed.
const MARGIN: i64 = 30;

/// How many seconds are left until the next midnight in Japan (15:00 in UTC).
fn to_midnight(now: DateTime<Utc>) -> i64 {
    let midnight = japan_date(now).and_time(NaiveTime::from_hms_opt(15, 0, 0).unwrap());
    (midnight.and_utc() - now).num_seconds()
}

/// Makes a single person known, who turns 20 tomorrow in Japan.
fn turns_20_tomorrow(service: &mut ServiceOptions) {
    let tomorrow = japan_date(service.clock.now()) + Days::new(1);
    let born = tomorrow.with_year(tomorrow.year() - 20).unwrap();
    let person = json!([{
        "id": "turns-20-tomorrow", "name": "二十　歳男", "address": "広島県広島市中区基町１０番５２号",
        "birthdate": born.format("%Y%m%d").to_string(), "gender": "1",
    }]);
    service.people = People::from_json(person.to_string().as_bytes()).unwrap();
}

/// The age in both tokens, which must be equal.
fn age_over_20(signed_in: &SignedIn) -> Value {
    let of = |claims: &Map<String, Value>| claims["age_over_20"].clone();
    assert_eq!(of(&signed_in.id_token), of(&signed_in.access_token));
    of(&signed_in.id_token)
}

#[tokio::test]
async fn who_turns_20_at_midnight_in_japan_is_20_with_the_first_refresh_of_that_day() {
    let now = SimClock::default().now();
    // Ten minutes before midnight: today's, or tomorrow's if that time has passed.
    let evening = (to_midnight(now) - 600).rem_euclid(24 * 60 * 60);
    let clock = FunctionClock::ahead(evening);
    let laptop = laptop_by(&clock, |options| {
        options.clock.advance(TimeDelta::seconds(evening));
        options.service = turns_20_tomorrow;
    })
    .await;
    let (person, scopes) = ("turns-20-tomorrow", "openid digital-auth/age_over_20");
    let outcome = laptop.login_asking(&browser(), person, None, scopes).await;
    let Outcome::SignedIn(signed_in) = outcome.unwrap() else {
        panic!("not signed in")
    };
    assert_eq!(age_over_20(&signed_in), false);

    let mut moved = evening;
    let mut wait = |seconds| {
        moved += seconds;
        clock.set(moved);
        laptop.clock.advance(TimeDelta::seconds(seconds));
    };
    wait(to_midnight(laptop.clock.now()) - MARGIN);
    let before = laptop.refresh(&signed_in).await.unwrap();
    assert_eq!(age_over_20(&before), false);
    wait(2 * MARGIN);
    let after = laptop.refresh(&signed_in).await.unwrap();
    assert_eq!(age_over_20(&after), true);
    laptop.stop().await;
}
