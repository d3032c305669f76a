//! Measures how long something takes, also if it fails or is given up. A call that was given up is
//! the most interesting of all, so its duration must not be missing.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

/// A measurement that runs until it is dropped, and then reports its duration.
#[must_use = "it ends when it is dropped"]
pub struct Timing<F: FnMut(Duration)> {
    begun: Instant,
    tell: F,
}

impl<F: FnMut(Duration)> Timing<F> {
    /// Begins now; `tell` is called once, at the end.
    pub fn begin(tell: F) -> Self {
        Self {
            begun: Instant::now(),
            tell,
        }
    }
}

impl<F: FnMut(Duration)> Drop for Timing<F> {
    fn drop(&mut self) {
        (self.tell)(self.begun.elapsed());
    }
}

impl<F: FnMut(Duration)> fmt::Debug for Timing<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Timing({:?})", self.begun)
    }
}

/// Runs `work`, and reports its duration to `tell`: from the first poll until the work is done or
/// dropped.
pub async fn timed<T>(tell: impl FnMut(Duration), work: impl Future<Output = T>) -> T {
    let _timing = Timing::begin(tell);
    work.await
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::Deadline;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn what_is_done_is_told_of_once() {
        let told = RefCell::new(Vec::new());
        let working = timed(|time| told.borrow_mut().push(time), async {
            tokio::time::sleep(SECOND).await;
            7
        });
        // A future does nothing until it is polled, so this second is not measured.
        tokio::time::sleep(SECOND).await;
        assert_eq!(working.await, 7);
        assert_eq!(*told.borrow(), [SECOND]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_given_up_is_told_of_too() {
        let told = RefCell::new(Vec::new());
        let endless = timed(
            |time| told.borrow_mut().push(time),
            std::future::pending::<()>(),
        );
        let given_up = Deadline::after(2 * SECOND).bound(endless).await;
        assert!(given_up.is_err());
        let told = told.borrow();
        // The runtime's timers count in milliseconds.
        assert!(
            told.len() == 1 && told[0] >= 2 * SECOND && told[0] < 3 * SECOND,
            "{told:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_began_is_not_told_of() {
        let told = RefCell::new(Vec::new());
        drop(timed(|time| told.borrow_mut().push(time), async {}));
        assert_eq!(*told.borrow(), []);
    }
}
