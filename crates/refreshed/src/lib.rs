//! A value that others have to be asked for, and that is kept: fetched once for all who wait for
//! it, and fetched again when it is old, or when somebody shows what may fit a newer one only.
//!
//! The service's public keys are such a value (`digital-auth`), and so are the functions' secrets
//! (`function-kit`); a [`Policy`] says in what they differ. It is a crate of its own because the
//! client of the service knows nothing of Lambda, and secrets have nothing to do with HTTP.
//!
//! Anybody can show what fits no value, so fetches in vain have a limit. It is counted apart for
//! each [`Asker`], and by what was shown: so nobody's made-up value keeps a good one, shown a
//! moment later, from being looked for.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, TimeDelta, Utc};
use http_client::{Deadline, DeadlinePassed};

/// How long a value is good for, and how often it is fetched.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// At this age it is fetched again, before somebody needs it.
    pub refresh_after: TimeDelta,
    /// At this age it isn't used any more.
    pub max_age: TimeDelta,
    /// For how long a fetch in vain keeps others back. So does one that failed, if the value is
    /// only to be refreshed and can still be used.
    pub pause: TimeDelta,
    /// For how long a fetch that failed keeps back its asker, who needs what it should have
    /// brought. With none, the next one tries again.
    pub pause_after_failure: TimeDelta,
    /// How many fetches in vain an asker may cause in `pause`, for different things shown. For one
    /// and the same there is one.
    pub most_in_vain: usize,
}

/// Who shows what the value has to fit. Each has a limit of its own for fetches in vain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Asker(pub &'static str);

/// Something that was shown, and may fit a newer value only.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// By whom.
    pub by: Asker,
    /// What. Only a hash of it is kept.
    pub value: &'a str,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Shown({:?})", self.by)
    }
}

/// A value that is kept, and what is known of the fetches for it. Each call brings the function
/// that fetches it, which is called once at most, only if it has to be, and never beside another
/// one. If the fetched value equals the known one, the known one stays, and counts as fetched just
/// now.
pub struct Refreshed<V, E> {
    policy: Policy,
    known: Mutex<Option<Known<V>>>,
    /// Held while fetching, so that it happens once for all who wait.
    in_vain: tokio::sync::Mutex<InVain<E>>,
}

/// Nothing of the value.
impl<V, E> fmt::Debug for Refreshed<V, E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Refreshed({:?})", self.policy)
    }
}

impl<V: Clone + PartialEq, E: Copy + From<DeadlinePassed>> Refreshed<V, E> {
    /// No value yet: the first [`Self::refresh`] fetches it.
    #[must_use]
    pub fn empty(policy: Policy) -> Self {
        Self {
            policy,
            known: Mutex::default(),
            in_vain: tokio::sync::Mutex::default(),
        }
    }

    /// A value that was fetched just now.
    #[must_use]
    pub fn with(policy: Policy, value: V, now: DateTime<Utc>) -> Self {
        let known = Known {
            value,
            fetched_at: now,
        };
        Self {
            known: Mutex::new(Some(known)),
            ..Self::empty(policy)
        }
    }

    /// The value as it is known now, if it isn't too old to be used.
    #[must_use]
    pub fn usable(&self, now: DateTime<Utc>) -> Option<V> {
        self.younger_than(self.policy.max_age, now)
    }

    /// Fetches the value if there is none, or an old one, and nobody has tried in vain just now.
    /// Afterwards there may still be none that is [usable](Self::usable).
    ///
    /// # Errors
    ///
    /// Why it can't be fetched, or that it took longer than until the deadline. What was known
    /// stays.
    pub async fn refresh<F: Future<Output = Result<V, E>>>(
        &self,
        now: DateTime<Utc>,
        deadline: Deadline,
        fetch: impl FnOnce() -> F,
    ) -> Result<(), E> {
        if self.is_fresh(now) {
            return Ok(());
        }
        let refreshing = async {
            let mut in_vain = self.in_vain.lock().await;
            // Somebody else may have fetched it meanwhile.
            if self.is_fresh(now) {
                return Ok(());
            }
            // What goes on with what is known isn't kept waiting more often than that.
            let after_failure = match self.usable(now) {
                Some(_) => self.policy.pause,
                None => self.policy.pause_after_failure,
            };
            let asked = Asked::by_nobody();
            match in_vain.keeps_back(&asked, now, after_failure, &self.policy) {
                Some(_) => Ok(()),
                None => self
                    .fetch(&mut in_vain, asked, now, fetch)
                    .await
                    .map(|_| ()),
            }
        };
        deadline.bound(refreshing).await?
    }

    /// The value after what was `shown` didn't fit the one that was `seen`: fetched now, or by
    /// somebody else meanwhile. `None` if there is nothing newer, or if a fetch in the pause says
    /// so: one for the same thing shown, or as many as this asker may cause.
    ///
    /// # Errors
    ///
    /// Why it can't be fetched, or could not be a moment ago, or that it took longer than until the
    /// deadline. Then nobody knows whether there is a newer one, and nothing follows from `seen`
    /// not being enough.
    pub async fn newer_than<F: Future<Output = Result<V, E>>>(
        &self,
        seen: &V,
        shown: Shown<'_>,
        now: DateTime<Utc>,
        deadline: Deadline,
        fetch: impl FnOnce() -> F,
    ) -> Result<Option<V>, E> {
        let looking = async {
            let mut in_vain = self.in_vain.lock().await;
            let fetched_meanwhile = self.usable(now).filter(|usable| usable != seen);
            if fetched_meanwhile.is_some() {
                return Ok(fetched_meanwhile);
            }
            let (asked, after_failure) = (Asked::of(shown), self.policy.pause_after_failure);
            match in_vain.keeps_back(&asked, now, after_failure, &self.policy) {
                Some(end) => end.map(|()| None),
                None => self.fetch(&mut in_vain, asked, now, fetch).await,
            }
        };
        deadline.bound(looking).await?
    }

    /// Fetches the value, and gives it if it is another than what was known.
    async fn fetch<F: Future<Output = Result<V, E>>>(
        &self,
        in_vain: &mut InVain<E>,
        asked: Asked,
        now: DateTime<Utc>,
        fetch: impl FnOnce() -> F,
    ) -> Result<Option<V>, E> {
        // This stays if whoever waits gives up, and this future is dropped.
        let this = in_vain.begin(asked, now, DeadlinePassed.into());
        // In a box: what fetches is large, and every request would carry it along for the one that
        // needs it.
        let fetched = match Box::pin(fetch()).await {
            Ok(fetched) => fetched,
            Err(error) => {
                this.end = Err(error);
                return Err(error);
            }
        };
        this.end = Ok(());
        let mut known = self.known();
        if let Some(known) = known.as_mut()
            && known.value == fetched
        {
            known.fetched_at = now;
            return Ok(None);
        }
        in_vain.0.clear();
        *known = Some(Known {
            value: fetched.clone(),
            fetched_at: now,
        });
        Ok(Some(fetched))
    }

    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.younger_than(self.policy.refresh_after, now).is_some()
    }

    fn younger_than(&self, age: TimeDelta, now: DateTime<Utc>) -> Option<V> {
        let known = self.known();
        let young = known.as_ref().filter(|known| now - known.fetched_at < age);
        young.map(|known| known.value.clone())
    }

    fn known(&self) -> MutexGuard<'_, Option<Known<V>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Known<V> {
    value: V,
    fetched_at: DateTime<Utc>,
}

/// Who asks for a newer value, and a hash of what was shown.
#[derive(Eq, PartialEq)]
struct Asked {
    by: Asker,
    hash: [u8; 32],
}

impl Asked {
    fn of(shown: Shown<'_>) -> Self {
        let mut hash = [0; 32];
        // Both have 32 bytes.
        hash.copy_from_slice(digest(&SHA256, shown.value.as_bytes()).as_ref());
        Self { by: shown.by, hash }
    }

    /// Because of the value's age.
    const fn by_nobody() -> Self {
        Self {
            by: Asker("nobody"),
            hash: [0; 32],
        }
    }
}

/// The fetches that brought nothing newer. What brings a newer value ends all of it.
struct InVain<E>(Vec<Fetch<E>>);

impl<E> Default for InVain<E> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// A fetch that brought nothing newer: for whom, when, and whether it came to its end.
struct Fetch<E> {
    asked: Asked,
    at: DateTime<Utc>,
    end: Result<(), E>,
}

impl<E: Copy> InVain<E> {
    /// How the fetch ended that keeps this one from being made, if one does. One that failed does
    /// so for `after_failure`.
    fn keeps_back(
        &mut self,
        asked: &Asked,
        now: DateTime<Utc>,
        after_failure: TimeDelta,
        policy: &Policy,
    ) -> Option<Result<(), E>> {
        // Two who ask may have read the time in another order than they come here.
        let age = |fetch: &Fetch<E>| (now - fetch.at).abs();
        self.0.retain(|fetch| age(fetch) < policy.pause);
        let of_this_asker = || self.0.iter().filter(|fetch| fetch.asked.by == asked.by);
        let failed = of_this_asker().find(|one| one.end.is_err() && age(one) < after_failure);
        let came = || of_this_asker().filter(|fetch| fetch.end.is_ok());
        let same = came().find(|fetch| fetch.asked == *asked);
        let last = came().nth(policy.most_in_vain.saturating_sub(1));
        failed.or(same).or(last).map(|fetch| fetch.end)
    }

    /// A fetch that ends with `cut_short` unless it is said how it ended. Of those that failed,
    /// each asker's last one counts.
    fn begin(&mut self, asked: Asked, at: DateTime<Utc>, cut_short: E) -> &mut Fetch<E> {
        let end = Err(cut_short);
        self.0
            .retain(|fetch| fetch.asked.by != asked.by || fetch.end.is_ok());
        self.0.push_mut(Fetch { asked, at, end })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::{pending, ready};
    use std::time::Duration;

    use super::*;

    /// Why a fetch failed.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    enum Failed {
        Gone,
        Late,
    }

    impl From<DeadlinePassed> for Failed {
        fn from(_: DeadlinePassed) -> Self {
            Self::Late
        }
    }

    type Word = Refreshed<&'static str, Failed>;

    const POLICY: Policy = Policy {
        refresh_after: TimeDelta::hours(1),
        max_age: TimeDelta::hours(24),
        pause: TimeDelta::seconds(10),
        pause_after_failure: TimeDelta::seconds(1),
        most_in_vain: 2,
    };

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(1))
    }

    fn shown(value: &str) -> Shown<'_> {
        Shown {
            by: Asker("one"),
            value,
        }
    }

    /// A value and what it is fetched as, with a count of the fetches.
    struct Source {
        word: Word,
        holds: Cell<Result<&'static str, Failed>>,
        fetches: Cell<usize>,
    }

    impl Source {
        fn new(policy: Policy) -> Self {
            Self {
                word: Refreshed::with(policy, "spring", at(0)),
                holds: Cell::new(Ok("spring")),
                fetches: Cell::new(0),
            }
        }

        fn fetch(&self) -> impl Future<Output = Result<&'static str, Failed>> {
            self.fetches.set(self.fetches.get() + 1);
            ready(self.holds.get())
        }

        async fn refresh(&self, seconds: i64) -> Result<(), Failed> {
            let refreshing = self.word.refresh(at(seconds), soon(), || self.fetch());
            refreshing.await
        }

        async fn newer(
            &self,
            shown: Shown<'_>,
            seconds: i64,
        ) -> Result<Option<&'static str>, Failed> {
            let seen = self.word.usable(at(seconds)).unwrap();
            let fetch = || self.fetch();
            let looking = self
                .word
                .newer_than(&seen, shown, at(seconds), soon(), fetch);
            looking.await
        }
    }

    #[tokio::test]
    async fn a_value_is_fetched_first_when_it_is_needed() {
        let word = Word::empty(POLICY);
        assert_eq!(word.usable(at(0)), None);
        let failed = word.refresh(at(0), soon(), || ready(Err(Failed::Gone)));
        assert_eq!(failed.await, Err(Failed::Gone));
        let fetched = word.refresh(at(1), soon(), || ready(Ok("spring")));
        assert_eq!(fetched.await, Ok(()));
        assert_eq!(word.usable(at(1)), Some("spring"));
    }

    #[tokio::test]
    async fn an_old_value_is_refreshed_and_a_too_old_one_is_not_used() {
        let source = Source::new(POLICY);
        source.holds.set(Err(Failed::Gone));
        assert_eq!(source.refresh(3_599).await, Ok(()));
        assert_eq!(source.fetches.get(), 0);
        assert_eq!(source.refresh(3_600).await, Err(Failed::Gone));
        // What is known goes on, and for ten seconds nobody waits for another.
        assert_eq!(source.refresh(3_609).await, Ok(()));
        assert_eq!(source.fetches.get(), 1);
        assert_eq!(source.refresh(3_610).await, Err(Failed::Gone));
        assert_eq!(source.word.usable(at(86_399)), Some("spring"));
        assert_eq!(source.word.usable(at(86_400)), None);
        // What is too old is needed, and looked for every second.
        for seconds in [86_400, 86_400, 86_401] {
            let _either = source.refresh(seconds).await;
        }
        assert_eq!(source.fetches.get(), 4);
    }

    #[tokio::test]
    async fn the_same_value_again_is_new_for_its_age_alone() {
        let source = Source::new(POLICY);
        assert_eq!(source.refresh(3_600).await, Ok(()));
        assert_eq!(source.word.usable(at(3_600 + 86_399)), Some("spring"));
        assert_eq!(source.newer(shown("a"), 3_600).await, Ok(None));
    }

    #[tokio::test]
    async fn fetches_in_vain_are_counted_by_asker_and_by_what_was_shown() {
        let source = Source::new(POLICY);
        for value in ["a", "a", "b", "c"] {
            assert_eq!(source.newer(shown(value), 0).await, Ok(None));
        }
        assert_eq!(source.fetches.get(), 2);
        let by_another = Shown {
            by: Asker("another"),
            value: "c",
        };
        source.holds.set(Ok("summer"));
        // Who read the time a little earlier may come a little later.
        assert_eq!(source.newer(shown("c"), -1).await, Ok(None));
        assert_eq!(source.newer(by_another, 0).await, Ok(Some("summer")));
        // What brought something newer ends all pauses.
        source.holds.set(Ok("autumn"));
        assert_eq!(source.newer(shown("a"), 0).await, Ok(Some("autumn")));
    }

    #[tokio::test]
    async fn a_failure_is_no_answer_and_counts_for_as_long_as_the_policy_says() {
        for (pause, fetches) in [(1, 2), (0, 3)] {
            let pause_after_failure = TimeDelta::seconds(pause);
            let source = Source::new(Policy {
                pause_after_failure,
                ..POLICY
            });
            source.holds.set(Err(Failed::Gone));
            for (value, seconds) in [("a", 0), ("b", 0), ("a", 1)] {
                let failed = source.newer(shown(value), seconds).await;
                assert_eq!(failed, Err(Failed::Gone));
            }
            assert_eq!(source.fetches.get(), fetches);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_fetch_that_is_given_up_is_one_that_failed() {
        let source = Source::new(POLICY);
        let endless = || pending();
        let word = &source.word;
        let late = word.newer_than(&"spring", shown("a"), at(0), soon(), endless);
        assert_eq!(late.await, Err(Failed::Late));
        source.holds.set(Ok("summer"));
        assert_eq!(source.newer(shown("a"), 0).await, Err(Failed::Late));
        assert_eq!(source.newer(shown("a"), 1).await, Ok(Some("summer")));
        // The same if its future is dropped from outside.
        let much_later = Deadline::after(Duration::from_secs(60));
        let dropped = word.newer_than(&"summer", shown("a"), at(1), much_later, endless);
        assert!(soon().bound(dropped).await.is_err());
        assert_eq!(source.newer(shown("a"), 1).await, Err(Failed::Late));
    }
}
