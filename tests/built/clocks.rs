//! Two clocks never agree. A login works while the bridge's is from 40 s behind the service's to 10
//! s ahead of it; beyond that the service refuses our client assertion, and what the bridge logs
//! names the clock.

use login_kit::{FunctionClock, Outcome, browser, logged, logged_failures};

use crate::laptop_by;

/// So many seconds our clock is ahead of the service's, at the edges and between them.
const GOOD: [i64; 7] = [-40, -20, -1, 0, 1, 5, 10];

/// Beyond the edges: where the assertion is over, and where it isn't there yet, however long it is
/// on its way.
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
