//! Tests of secrets in AWS Secrets Manager that come late, not at all, or when no caller waits any
//! more. A fetch that failed never means that there is nothing newer. AWS is a stand-in that
//! answers after a while; the tests set the time that passes meanwhile.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use function_kit::invocation::Invocation;
use function_kit::metrics::{Measurements, Metrics};
use function_kit::reference::Reference;
use function_kit::secrets::{
    Asker, Cached, InvalidSecret, Make, NoSecrets, SecretError, SecretReader, Shown, Source,
};
use http_client::Deadline;
use kit::{SecretsManager, Written, log, start};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

/// The name of the one secret.
const SECRET: &str = "a";

/// How long an event waits for secrets, and how long the stand-in takes when it is too slow.
const WITHIN: Duration = Duration::from_secs(1);
const LATE: Duration = Duration::from_millis(1_200);

/// A cache of the one secret that AWS Secrets Manager holds.
async fn cached(aws: &SecretsManager) -> Cached<String> {
    let source = Source {
        variable: "FIRST",
        reference: Reference::SecretsManager(SECRET.to_owned()),
    };
    let make: Make<_, 1> = |[first]| first.parse(|text| Ok(text.expose_secret().to_owned()));
    let reader = SecretReader::new(Some(aws.client()));
    Cached::load(reader, [source], make, start()).await.unwrap()
}

/// Measurements that the test doesn't look at.
fn unmeasured() -> &'static Measurements {
    Box::leak(Box::default())
}

/// A call at this time, with a deadline that no test reaches.
fn call(now: DateTime<Utc>, measurements: &Measurements) -> Invocation<'_> {
    Invocation {
        request_id: "a",
        now,
        begun: tokio::time::Instant::now(),
        deadline: Deadline::after(Duration::from_secs(60)),
        measurements,
    }
}

/// What an asker shows.
const SHOWN: Shown<'_> = Shown {
    by: Asker("somebody"),
    value: "a",
};

/// The secrets that are newer than the known ones, which [`SHOWN`] doesn't fit.
async fn newer(
    cached: &Cached<String>,
    invocation: &Invocation<'_>,
) -> Result<Option<Arc<String>>, NoSecrets> {
    let mut tries = cached.tries(SHOWN, invocation);
    tries.next().await?;
    tries.next().await
}

fn at(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

fn told(log: &Written) -> Vec<(Option<String>, String)> {
    let lines = log.lines().into_iter();
    lines
        .filter(|line| line["event"] == "secrets_not_refreshed")
        .map(|line| {
            let text = |name: &str| line[name].as_str().map(str::to_owned);
            (text("variable"), text("reason").unwrap())
        })
        .collect()
}

const GONE: NoSecrets = NoSecrets::Invalid(InvalidSecret {
    variable: "FIRST",
    reason: SecretError::Unavailable,
});

#[tokio::test(start_paused = true)]
async fn a_refresh_that_comes_late_is_told_of_and_tried_again_and_those_that_are_known_stay() {
    let (log, _guard) = log();
    let aws = SecretsManager::with(SECRET, "spring");
    let cached = cached(&aws).await;
    aws.holds(SECRET, "summer");
    aws.answers_after(LATE);
    let began = tokio::time::Instant::now();
    cached.refresh(WITHIN, &call(at(3_600), unmeasured())).await;
    assert_eq!(began.elapsed(), WITHIN, "it isn't waited for");
    assert_eq!(
        told(&log),
        [(None, "the secrets didn't come in time".to_owned())]
    );
    let spring = cached.usable(at(3_600)).unwrap();
    assert_eq!(*spring, "spring");
    // For ten seconds, the hourly fetch is not tried again.
    for seconds in [3_600, 3_609] {
        cached
            .refresh(WITHIN, &call(at(seconds), unmeasured()))
            .await;
    }
    assert_eq!((aws.asked(), told(&log).len()), (2, 1));
    // After that, the next event tries again.
    aws.holds(SECRET, "summer");
    aws.answers_after(Duration::from_millis(900));
    cached.refresh(WITHIN, &call(at(3_610), unmeasured())).await;
    assert_eq!(*cached.usable(at(3_610)).unwrap(), "summer");
    assert_eq!((aws.asked(), told(&log).len()), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_fails_is_told_of_by_its_variable() {
    let (log, _guard) = log();
    let aws = SecretsManager::with(SECRET, "spring");
    let cached = cached(&aws).await;
    aws.forgets(SECRET);
    cached.refresh(WITHIN, &call(at(3_600), unmeasured())).await;
    assert_eq!(
        told(&log),
        [(Some("FIRST".to_owned()), "FIRST can't be read".to_owned())]
    );
    // An asker that needs newer secrets fetches them. After that failed, the same asker fetches
    // none for a second.
    for (seconds, asked) in [(3_605, 3), (3_605, 3), (3_606, 4)] {
        let call = call(at(seconds), unmeasured());
        assert_eq!(newer(&cached, &call).await, Err(GONE));
        assert_eq!(aws.asked(), asked, "{seconds}");
    }
}

/// How long each fetch took, in milliseconds, as the metrics have it.
fn fetches(measurements: Measurements) -> Value {
    let written = Written::default();
    let metrics = Metrics::to("test".to_owned(), Box::new(written.clone()));
    metrics.write(measurements, start());
    let line = written.lines().pop();
    line.map_or(Value::Null, |line| line["SecretsDuration"].clone())
}

#[tokio::test(start_paused = true)]
async fn a_fetch_is_measured_also_if_it_is_given_up_and_nothing_else_is() {
    let (_log, _guard) = log();
    let aws = SecretsManager::with(SECRET, "spring");
    let cached = cached(&aws).await;
    aws.holds(SECRET, "spring");
    aws.answers_after(Duration::from_millis(150));

    let measurements = Measurements::default();
    cached
        .refresh(WITHIN, &call(at(3_599), &measurements))
        .await;
    assert_eq!(fetches(measurements), Value::Null);

    let measurements = Measurements::default();
    cached
        .refresh(WITHIN, &call(at(3_600), &measurements))
        .await;
    assert_eq!(fetches(measurements), 150.0);

    // Another caller has fetched them meanwhile.
    aws.holds(SECRET, "summer");
    aws.answers_after(Duration::from_millis(150));
    let two = [Measurements::default(), Measurements::default()];
    let calls = two.each_ref().map(|measured| call(at(3_601), measured));
    let mut tries = calls.each_ref().map(|call| cached.tries(SHOWN, call));
    for tries in &mut tries {
        assert_eq!(*tries.next().await.unwrap().unwrap(), "spring");
    }
    for tries in &mut tries {
        assert_eq!(*tries.next().await.unwrap().unwrap(), "summer");
    }
    assert_eq!(two.map(fetches), [json!(150.0), Value::Null]);

    aws.holds(SECRET, "spring");
    aws.answers_after(LATE);
    let measurements = Measurements::default();
    cached
        .refresh(WITHIN, &call(at(7_201), &measurements))
        .await;
    assert_eq!(fetches(measurements), 1_000.0);
}

#[tokio::test(start_paused = true)]
async fn who_looks_for_newer_ones_waits_for_them() {
    let (_log, _guard) = log();
    let aws = SecretsManager::with(SECRET, "spring");
    let cached = cached(&aws).await;
    aws.holds(SECRET, "summer");
    aws.answers_after(LATE);
    let newer = newer(&cached, &call(at(0), unmeasured())).await;
    assert_eq!(*newer.unwrap().unwrap(), "summer");
}

/// A call has one deadline, whatever it waits for.
#[tokio::test(start_paused = true)]
async fn who_looks_for_newer_ones_waits_until_the_calls_deadline_at_most() {
    let (_log, _guard) = log();
    let aws = SecretsManager::with(SECRET, "spring");
    let cached = cached(&aws).await;
    aws.holds(SECRET, "summer");
    aws.answers_after(LATE);
    let began = tokio::time::Instant::now();
    let short = |now| Invocation {
        deadline: Deadline::after(WITHIN),
        ..call(now, unmeasured())
    };
    let newer = newer(&cached, &short(at(0))).await;
    assert_eq!(newer, Err(NoSecrets::CutShort));
    assert_eq!(began.elapsed(), WITHIN);
    // Not even for secrets that are a day old does a call wait longer.
    cached.refresh(10 * WITHIN, &short(at(86_400))).await;
    assert_eq!(began.elapsed(), 2 * WITHIN);
    assert_eq!(cached.usable(at(86_400)), Err(NoSecrets::TooOld));
}

/// Lambda, or an outer deadline, ends an event while its secrets are being fetched.
#[tokio::test(start_paused = true)]
async fn a_fetch_that_nobody_waits_for_any_more_is_no_answer() {
    let (_log, _guard) = log();
    let aws = SecretsManager::with(SECRET, "spring");
    let cached = cached(&aws).await;
    aws.holds(SECRET, "summer");
    aws.answers_after(LATE);
    let bound = Deadline::after(WITHIN);
    let first = call(at(0), unmeasured());
    let dropped = bound.bound(newer(&cached, &first)).await;
    assert!(dropped.is_err());
    let next = newer(&cached, &call(at(0), unmeasured())).await;
    assert_eq!(next, Err(NoSecrets::CutShort));
    let later = newer(&cached, &call(at(1), unmeasured())).await;
    assert_eq!(*later.unwrap().unwrap(), "summer");
}

/// If AWS always answers late, a process uses the known secrets for a day, and then waits until the
/// call's deadline.
#[tokio::test(start_paused = true)]
async fn secrets_that_are_a_day_old_are_waited_for() {
    let (_log, _guard) = log();
    const DAY: i64 = 86_400;
    let aws = SecretsManager::with(SECRET, "spring");
    let cached = cached(&aws).await;
    aws.holds(SECRET, "summer");
    aws.answers_after(LATE);
    cached
        .refresh(WITHIN, &call(at(DAY - 11), unmeasured()))
        .await;
    assert_eq!(*cached.usable(at(DAY - 11)).unwrap(), "spring");
    cached.refresh(WITHIN, &call(at(DAY), unmeasured())).await;
    assert_eq!(*cached.usable(at(DAY)).unwrap(), "summer");
}
