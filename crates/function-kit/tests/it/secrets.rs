//! Secrets in AWS Secrets Manager that come late, not at all, or for nobody who still waits. What
//! isn't known is never taken for an answer.
//! AWS is a stand-in that answers after a while; the time that passes meanwhile is the test's.

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

/// How long an event waits, and a stand-in that takes longer.
const WITHIN: Duration = Duration::from_secs(1);
const LATE: Duration = Duration::from_millis(1_200);

/// What is cached of the one secret that AWS Secrets Manager holds.
async fn cached(aws: &SecretsManager) -> Cached<String> {
    let source = Source {
        variable: "FIRST",
        reference: Reference::SecretsManager(SECRET.to_owned()),
    };
    let make: Make<_, 1> = |[first]| first.parse(|text| Ok(text.expose_secret().to_owned()));
    let reader = SecretReader::new(Some(aws.client()));
    Cached::load(reader, [source], make, start()).await.unwrap()
}

/// Of no interest to this test.
fn unmeasured() -> &'static Measurements {
    Box::leak(Box::default())
}

/// A call at this time, which may take more than any of this does.
fn call(now: DateTime<Utc>, measurements: &Measurements) -> Invocation<'_> {
    Invocation {
        request_id: "a",
        now,
        begun: tokio::time::Instant::now(),
        deadline: Deadline::after(Duration::from_secs(60)),
        measurements,
    }
}

/// What somebody shows.
const SHOWN: Shown<'_> = Shown {
    by: Asker("somebody"),
    value: "a",
};

/// What is newer than the secrets that are known, for what [`SHOWN`] doesn't fit.
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
    // It isn't asked again so soon just because an hour has passed.
    for seconds in [3_600, 3_609] {
        cached
            .refresh(WITHIN, &call(at(seconds), unmeasured()))
            .await;
    }
    assert_eq!((aws.asked(), told(&log).len()), (2, 1));
    // The next event tries again.
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
    // Whoever needs newer ones looks for them, and then nobody of that kind does for a second.
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

    // Somebody else has fetched them meanwhile.
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
    // Not even those that are a day old are waited for beyond it.
    cached.refresh(10 * WITHIN, &short(at(86_400))).await;
    assert_eq!(began.elapsed(), 2 * WITHIN);
    assert_eq!(cached.usable(at(86_400)), Err(NoSecrets::TooOld));
}

/// Lambda, or a deadline around it all, ends an event while its secrets are on their way.
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

/// Where AWS always answers late, a process goes on for a day, and then waits for as long as it
/// takes.
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
