//! What a function checks, written once: if it doesn't hold, that is the failure; if it does, one log event says which failure
//! is ruled out, for those who want to see a login step by step (`LOG_LEVEL=debug`). So a check is called like its failure,
//! and never tells a value.
//!
//! What is checked only if it is there, or only if the configuration asks for it, holds where it isn't or doesn't.

use crate::failure::Class;

/// A check, and the failure if it doesn't hold.
///
/// # Errors
///
/// `failure`.
pub fn ensure<C: Class>(holds: bool, failure: C) -> Result<(), C> {
    present(holds.then_some(()), failure)
}

/// As [`ensure`], of something that has to be there.
///
/// # Errors
///
/// `failure`.
pub fn present<T, C: Class>(value: Option<T>, failure: C) -> Result<T, C> {
    let value = value.ok_or(failure)?;
    held(failure);
    Ok(value)
}

/// As [`ensure`], of what is one step and can fail in several ways, such as opening what is sealed: `failures` are those ways,
/// and `class` says what each is called. Where none of them came about, all are ruled out, each name once.
///
/// # Errors
///
/// The class of the failure.
pub fn none_of<T, E: Copy, C: Class + PartialEq>(
    failures: &[E],
    outcome: Result<T, E>,
    class: impl Fn(E) -> C,
) -> Result<T, C> {
    let value = outcome.map_err(&class)?;
    for (position, failure) in failures.iter().enumerate() {
        let ruled_out = class(*failure);
        let mut earlier = failures.iter().take(position);
        if !earlier.any(|earlier| class(*earlier) == ruled_out) {
            held(ruled_out);
        }
    }
    Ok(value)
}

/// Says that a check held which was made elsewhere: this failure is ruled out.
pub fn held(ruled_out: impl Class) {
    tracing::debug!(event = "check", check = ruled_out.name());
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;

    use super::*;
    use crate::failure::{Bilingual, Concern, Kind};

    /// A class of nothing in particular.
    const WORDS: Bilingual = Bilingual { en: "-", ja: "-" };

    crate::classes! {
        columns {
            /// Whether it is about a length.
            is_of_length: bool,
        }

        /// It is too short.
        Internal = "too_short" {
            ja: "-",
            concern: Concern::Client,
            kind: Kind::Request,
            is_of_length: true,
            advice: WORDS,
        }
        /// It is too long.
        TooLong = "too_long" {
            ja: "-",
            concern: Concern::Client,
            kind: Kind::Request,
            is_of_length: true,
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

    /// The result, and the names of the checks that were told.
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
}
