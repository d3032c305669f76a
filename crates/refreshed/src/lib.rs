//! A cached value that has to be fetched from elsewhere. All callers that wait for it share one
//! fetch. It is fetched again when it is old, or when something is shown that the known value
//! doesn't fit and a newer one may fit: a token signed with an unknown key, for example.
//!
//! The service's public keys are such a value (`digital-auth`), and so are the functions' secrets
//! (`function-kit`). They differ in their [`Policy`]. This is a crate of its own because both use
//! it: the client of the service must know nothing of Lambda, and secrets have nothing to do with
//! HTTP.
//!
//! Anybody can show something that no value ever fits. So there is a limit for fetches in vain,
//! those that bring nothing newer. They are counted separately for each [`Asker`], and by what was
//! shown. So a made-up thing doesn't prevent the fetch for a good one that is shown a moment later.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, TimeDelta, Utc};
use http_client::{Deadline, DeadlinePassed};

/// How long a value is good for, and how often it is fetched.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// At this age the value is fetched again, although it can still be used.
    pub refresh_after: TimeDelta,
    /// At this age the value isn't used any more.
    pub max_age: TimeDelta,
    /// For how long a fetch in vain prevents others. A failed fetch does the same if the value was
    /// only to be refreshed and can still be used.
    pub pause: TimeDelta,
    /// For how long a failed fetch prevents others for the same asker, if the asker can't go on
    /// without the value. If this is zero, the next call fetches again.
    pub pause_after_failure: TimeDelta,
    /// How many fetches in vain an asker may cause within `pause` by showing different things. The
    /// same thing causes one.
    pub most_in_vain: usize,
}

/// Who shows something that the value has to fit: a browser or a client, for example. Each asker
/// has a limit of its own for fetches in vain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Asker(pub &'static str);

/// Something that was shown, that the known value doesn't fit, and that a newer one may fit.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// Who showed it.
    pub by: Asker,
    /// What was shown. Only a hash of it is kept.
    pub value: &'a str,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Shown({:?})", self.by)
    }
}

/// A cached value, and the recent fetches in vain. Each call passes the function that fetches the
/// value. The function is called at most once, only if a fetch is needed, and never while another
/// fetch is running. If the fetched value equals the known one, the known one stays, and counts as
/// fetched just now.
pub struct Refreshed<V, E> {
    policy: Policy,
    known: Mutex<Option<Known<V>>>,
    /// Locked during a fetch, so that all callers that wait share it.
    in_vain: tokio::sync::Mutex<InVain<E>>,
}

/// `Debug` shows nothing of the value.
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

    /// Fetches the value if there is none or an old one ([`Policy::refresh_after`]), unless a
    /// recent fetch was in vain. Afterwards there may still be none that is [usable](Self::usable).
    ///
    /// # Errors
    ///
    /// Why the fetch failed, or that it was not done by the deadline. The known value stays.
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
            // Another caller may have fetched it meanwhile.
            if self.is_fresh(now) {
                return Ok(());
            }
            // While the known value can be used, a failing fetch delays callers only once per
            // `pause`.
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

    /// A newer value, after what was `shown` didn't fit the value that was `seen`. It is fetched
    /// now, or another caller has fetched it meanwhile. `None` if there is nothing newer. Without a
    /// fetch, it is also `None` if within [`Policy::pause`] a fetch for the same thing was in vain,
    /// or as many for this asker as the policy allows.
    ///
    /// # Errors
    ///
    /// Why the fetch failed, now or a moment ago, or that it was not done by the deadline. It is
    /// unknown then whether there is a newer value. So what was shown must not be refused because
    /// it doesn't fit `seen`.
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

    /// Fetches the value, and returns it if it differs from the known one.
    async fn fetch<F: Future<Output = Result<V, E>>>(
        &self,
        in_vain: &mut InVain<E>,
        asked: Asked,
        now: DateTime<Utc>,
        fetch: impl FnOnce() -> F,
    ) -> Result<Option<V>, E> {
        // If the caller gives up and this future is dropped, the entry stays, as a fetch that
        // failed.
        let this = in_vain.begin(asked, now, DeadlinePassed.into());
        // In a box: the future of the fetch is large, and would enlarge that of every request,
        // though few of them fetch.
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

    /// A fetch because of the value's age: nobody asked, and nothing was shown.
    const fn by_nobody() -> Self {
        Self {
            by: Asker("nobody"),
            hash: [0; 32],
        }
    }
}

/// The recent fetches that brought nothing newer. A fetch that brings a newer value empties the
/// list.
struct InVain<E>(Vec<Fetch<E>>);

impl<E> Default for InVain<E> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// A fetch that brought nothing newer: for whom, when, and whether it succeeded.
struct Fetch<E> {
    asked: Asked,
    at: DateTime<Utc>,
    end: Result<(), E>,
}

impl<E: Copy> InVain<E> {
    /// How an earlier fetch ended that prevents this one, if there is one. A failed fetch prevents
    /// others for `after_failure`.
    fn keeps_back(
        &mut self,
        asked: &Asked,
        now: DateTime<Utc>,
        after_failure: TimeDelta,
        policy: &Policy,
    ) -> Option<Result<(), E>> {
        // Callers read the time before they come here, so an earlier fetch may have a later time.
        let age = |fetch: &Fetch<E>| (now - fetch.at).abs();
        self.0.retain(|fetch| age(fetch) < policy.pause);
        let of_this_asker = || self.0.iter().filter(|fetch| fetch.asked.by == asked.by);
        let failed = of_this_asker().find(|one| one.end.is_err() && age(one) < after_failure);
        let came = || of_this_asker().filter(|fetch| fetch.end.is_ok());
        let same = came().find(|fetch| fetch.asked == *asked);
        let last = came().nth(policy.most_in_vain.saturating_sub(1));
        failed.or(same).or(last).map(|fetch| fetch.end)
    }

    /// Notes a fetch that begins now. Until its end is set, it counts as failed with `cut_short`.
    /// Of each asker's failed fetches, only the last one is kept.
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

    /// A value, what the next fetch brings, and the count of the fetches.
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
        // The known value stays in use, and for ten seconds no call fetches another.
        assert_eq!(source.refresh(3_609).await, Ok(()));
        assert_eq!(source.fetches.get(), 1);
        assert_eq!(source.refresh(3_610).await, Err(Failed::Gone));
        assert_eq!(source.word.usable(at(86_399)), Some("spring"));
        assert_eq!(source.word.usable(at(86_400)), None);
        // A value that is too old is missing, so it is fetched every second.
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
        // A caller that read the time a little earlier may come a little later.
        assert_eq!(source.newer(shown("c"), -1).await, Ok(None));
        assert_eq!(source.newer(by_another, 0).await, Ok(Some("summer")));
        // A fetch that brought something newer ends all pauses.
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
