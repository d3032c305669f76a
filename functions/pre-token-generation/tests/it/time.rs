//! Tests of ages at the moment at which tokens are issued, by the date in Japan; and of how long a
//! verification counts.

use chrono::{DateTime, TimeDelta, Utc};
use http_client::Clock as _;
use kit::{TestClock, start};
use serde_json::json;

use crate::{claims, event, generation, record};

/// The birth date of a person who turns `years` at this moment, the beginning of a day in Japan.
fn born(years: i32, midnight: DateTime<Utc>) -> String {
    use chrono::Datelike as _;
    let day = four_attributes::japan_date(midnight);
    format!(
        "{:04}-{:02}-{:02}",
        day.year() - years,
        day.month(),
        day.day()
    )
}

#[tokio::test]
async fn who_turns_20_at_midnight_in_japan_is_20_at_the_first_refresh_after_it() {
    let clock = TestClock::new();
    // 00:00 in Japan is 15:00 the day before, UTC.
    let midnight = (start().date_naive() + TimeDelta::days(2))
        .and_hms_opt(15, 0, 0)
        .unwrap()
        .and_utc();
    clock.advance(midnight - clock.now() - TimeDelta::seconds(1));
    let generation = generation(&clock, "http://127.0.0.1:9", "none").await;
    let record = record(&born(20, midnight), start());
    let refresh = || {
        event(
            &[
                "openid",
                "digital-auth/age_over_18",
                "digital-auth/age_over_20",
            ],
            Some(&record),
        )
    };
    let before = claims(&generation, refresh()).await;
    assert_eq!(before, json!({ "age_over_18": true, "age_over_20": false }));
    clock.advance(TimeDelta::seconds(1));
    let after = claims(&generation, refresh()).await;
    assert_eq!(after, json!({ "age_over_18": true, "age_over_20": true }));
}

#[tokio::test]
async fn an_age_that_depends_on_an_unknown_day_is_absent_and_not_false() {
    let clock = TestClock::new();
    let generation = generation(&clock, "http://127.0.0.1:9", "none").await;
    let this_year = born(20, clock.now()).split('-').next().unwrap().to_owned();
    let record = record(&format!("{this_year}-00-00"), start());
    let scopes = [
        "openid",
        "digital-auth/age_over_18",
        "digital-auth/age_over_20",
        "digital-auth/birthdate",
    ];
    assert_eq!(
        claims(&generation, event(&scopes, Some(&record))).await,
        json!({ "age_over_18": true })
    );
}

#[tokio::test]
async fn a_verification_counts_up_to_its_last_second_and_then_only_says_that_it_is_old() {
    let clock = TestClock::new();
    let verified_at = clock.now();
    let generation = generation(&clock, "http://127.0.0.1:9", "12h").await;
    let record = record("1990-02-28", verified_at);
    let scopes = [
        "openid",
        "digital-auth/verified",
        "digital-auth/age_over_20",
    ];
    clock.advance(TimeDelta::hours(12));
    let counted = claims(&generation, event(&scopes, Some(&record))).await;
    let expected = json!({
        "age_over_20": true, "identity_verified": true, "verified_at": verified_at.timestamp(),
    });
    assert_eq!(counted, expected);
    clock.advance(TimeDelta::seconds(1));
    let old = claims(&generation, event(&scopes, Some(&record))).await;
    assert_eq!(old, json!({ "identity_verified": false }));
    let scopes = ["openid", "digital-auth/age_over_20"];
    assert_eq!(
        claims(&generation, event(&scopes, Some(&record))).await,
        json!({})
    );
}
