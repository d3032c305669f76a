//! Tests differences between the clocks of bridge and service. A login works while the bridge's
//! clock is between 40 s behind and 10 s ahead of the service's. Beyond that, the service refuses
//! our client assertion, and the bridge logs how far its clock is off.

use login_kit::{FunctionClock, Outcome, browser, logged, logged_failures};

use crate::laptop_by;

/// Seconds by which the bridge's clock is ahead of the service's: the limits, and values between
/// them.
const GOOD: [i64; 7] = [-40, -20, -1, 0, 1, 5, 10];

/// Values beyond the limits: the assertion has expired, or its `iat` is in the future, however long
/// the request takes.
const BAD: [i64; 4] = [-3_600, -49, 30, 3_600];

#[tokio::test]
async fn a_login_works_with_a_clock_from_40_s_behind_to_10_s_ahead_and_a_wrong_one_is_named() {
    let clock = FunctionClock::ahead(0);
    let laptop = laptop_by(&clock, |_| {}).await;
    for ahead in GOOD {
        clock.set(ahead);
        let outcome = laptop.login(&browser(), "adult", None).await.unwrap();
        assert!(
            matches!(outcome, Outcome::SignedIn(_)),
            "{ahead} s ahead: {outcome:?}"
        );
    }
    assert!(logged(&laptop, "service_clock").is_empty());

    for ahead in BAD {
        clock.set(ahead);
        let outcome = laptop.login(&browser(), "adult", None).await.unwrap();
        assert!(
            matches!(outcome, Outcome::Failed(_)),
            "{ahead} s ahead: {outcome:?}"
        );
        assert_eq!(
            logged_failures(&laptop).pop().unwrap(),
            "service_refused_client"
        );
        let told = logged(&laptop, "service_clock").pop().unwrap();
        let told = told["seconds_ahead"].as_i64().unwrap();
        assert!((told - ahead).abs() <= 5, "{told} s, and it is {ahead} s");
    }
    assert_eq!(logged(&laptop, "service_clock").len(), BAD.len());
    laptop.stop().await;
}
