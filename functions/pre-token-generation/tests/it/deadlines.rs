//! Tests of the trigger's deadline. Whatever is slow, and however many things are slow: the answer
//! is there four seconds after Amazon Cognito began to wait, which is in time for Cognito, and its
//! class names what took most of the time. The tests run with tokio's paused time, which passes
//! only while everything waits.

use std::time::Duration;

use chrono::TimeDelta;
use function_kit::invocation::ANSWER;
use function_kit::runtime::Call;
use function_kit::secrets::SecretReader;
use kit::{Reply, SecretsManager, Server, TestClock, sealing_keys_json, start};
use pre_token_generation::generation::Generation;
use record_trigger::trigger;
use serde_json::Value;
use tokio::time::Instant;

use crate::{call, event, generation_with, record};

const SCOPES: [&str; 2] = ["openid", "digital-auth/age_over_20"];
const KEYS: &str = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:records";
/// Longer than any caller waits.
const FOR_EVER: Duration = Duration::from_secs(3_600);

/// The trigger with a user pool that doesn't answer, and with keys that can't be read a second
/// time.
struct Slow {
    generation: Generation,
    _pool: Server,
}

impl Slow {
    /// The trigger, started this many hours ago.
    async fn after(hours: i64) -> Self {
        let (clock, pool) = (TestClock::new(), Server::start(|_| Reply::Silence));
        let aws = SecretsManager::with(KEYS, &sealing_keys_json(&[1]));
        let keys = (KEYS.to_owned(), SecretReader::new(Some(aws.client())));
        let generation = generation_with(&clock, &pool.url(""), "none", keys).await;
        clock.advance(TimeDelta::hours(hours));
        aws.answers_after(FOR_EVER);
        Self {
            generation,
            _pool: pool,
        }
    }

    /// The answer to a call for which Cognito has already waited `waited`, and how long Cognito
    /// waited in all.
    async fn answers(&self, event: Value, waited: Duration) -> (Result<Value, String>, Duration) {
        let begun = Instant::now() - waited;
        let call = Call { begun, ..call() };
        let answer = trigger::answer(&self.generation, Some(event), &call).await;
        (answer.map_err(|error| error.error_type), begun.elapsed())
    }
}

fn is_the_whole_time(took: Duration) {
    let late = took.checked_sub(ANSWER);
    assert!(
        late.is_some_and(|late| late <= Duration::from_millis(2)),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn pass_with_keys_of_an_hour_ago_that_do_not_come() {
    let slow = Slow::after(1).await;
    let record = record("1990-02-28", start());
    let (answer, took) = slow
        .answers(event(&SCOPES, Some(&record)), Duration::ZERO)
        .await;
    assert!(answer.is_ok(), "{answer:?}");
    assert!(took <= Duration::from_millis(1_002), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn fail_in_time_as_that_which_took_the_time() {
    let record = record("1990-02-28", start());
    for (hours, record, waited, class) in [
        (0, None, 0, "user_unavailable"),
        (24, Some(&*record), 0, "secrets_unavailable"),
        // The user pool is asked first.
        (24, None, 0, "user_unavailable"),
        // The start of the process took most of the time.
        (0, None, 3, "too_slow"),
        (24, Some(&*record), 3, "too_slow"),
        (0, None, 1, "user_unavailable"),
    ] {
        let slow = Slow::after(hours).await;
        let waited = Duration::from_secs(waited);
        let (answer, took) = slow.answers(event(&SCOPES, record), waited).await;
        assert_eq!(answer, Err(class.to_owned()));
        is_the_whole_time(took);
    }
}
