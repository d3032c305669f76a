//! Tests of checks: one that passes is logged with the failure that it rules out, and one that
//! fails returns that failure.

use std::io;
use std::sync::{Arc, Mutex};

use tracing::subscriber::with_default;

use function_kit::check::{ensure, none_of, present};
use function_kit::failure::{Bilingual, Concern, Kind};

/// Texts that no test looks at.
const WORDS: Bilingual = Bilingual { en: "-", ja: "-" };

function_kit::classes! {
    /// It is too short.
    Internal = "too_short" {
        ja: "-",
        concern: Concern::Client,
        kind: Kind::Request,
        advice: WORDS,
    }
    /// It is too long.
    TooLong = "too_long" {
        ja: "-",
        concern: Concern::Client,
        kind: Kind::Request,
        advice: WORDS,
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The result, and the names of the checks that were logged.
fn told<T>(checks: impl FnOnce() -> T) -> (T, Vec<String>) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(move || writer.clone())
        .finish();
    let result = with_default(subscriber, checks);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let name = |line| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["event"], "check");
        event["check"].as_str().unwrap().to_owned()
    };
    (result, log.lines().map(name).collect())
}

#[test]
fn a_check_is_the_failure_or_one_event_with_its_class() {
    let (held, checks) = told(|| ensure(true, Class::Internal));
    assert_eq!((held, checks), (Ok(()), vec!["too_short".to_owned()]));
    let (failed, checks) = told(|| ensure(false, Class::Internal));
    assert_eq!((failed, checks), (Err(Class::Internal), Vec::new()));
    let (there, checks) = told(|| present(Some(1), Class::TooLong));
    assert_eq!((there, checks), (Ok(1), vec!["too_long".to_owned()]));
    let (absent, checks) = told(|| present(None::<u8>, Class::TooLong));
    assert_eq!((absent, checks), (Err(Class::TooLong), Vec::new()));
}

#[test]
fn one_step_rules_out_each_class_once_or_none() {
    let class = |length: i8| match length {
        ..0 => Class::Internal,
        0.. => Class::TooLong,
    };
    let (opened, checks) = told(|| none_of(&[-2, -1, 1], Ok("a"), class));
    assert_eq!(opened, Ok("a"));
    assert_eq!(checks, ["too_short", "too_long"]);
    let (failed, checks) = told(|| none_of(&[-2, -1, 1], Err::<(), _>(1), class));
    assert_eq!((failed, checks), (Err(Class::TooLong), Vec::new()));
}
