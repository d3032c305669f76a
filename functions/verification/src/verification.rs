//! What all requests share ([`Verification`]), made once at start. A request changes only caches in
//! it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use digital_auth::{Client, Clock, Deadline};
use four_attributes::{Holder, MemberRecord, RecordRefusal, VerificationId};
use function_kit::invocation::Invocation;
use function_kit::metrics::{Measurements, Metrics};
use function_kit::once::OncePerPeriod;
use function_kit::runtime::Call;
use function_kit::secrets::{Asker, Cached, Shown};
use keys::Randomness;
use member_flow::audience;
use member_table::{MemberTable, PersonHasher};
use relying_party::Class;
use sealing::SealingKeys;
use sealing::sealed::{Audience, OpenError, Seal, Travels};
use secrecy::{ExposeSecret as _, SecretString};

use crate::access_token::AccessTokens;
use crate::config::Config;
use crate::users::{User, Users};

/// How long a request may take. The HTTP API waits for 30 seconds, and the lease of a pass is 60.
pub const ANSWER: Duration = Duration::from_secs(20);
/// How long a request waits for keys that are read again because an hour has passed.
const REFRESH: Duration = Duration::from_secs(1);
/// How far ahead of our clock a verification may be: as in the triggers.
const SKEW: TimeDelta = TimeDelta::seconds(120);

/// Who shows records: the user pool, where no app can write them.
const RECORD: Asker = Asker("member record");

/// The parts of which it is made.
pub struct Parts {
    /// The configuration.
    pub config: Config,
    /// The source of the current time.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub randomness: Arc<dyn Randomness>,
    /// Checks the members' access tokens.
    pub tokens: AccessTokens,
    /// The keys of what travels.
    pub member_keys: Cached<SealingKeys>,
    /// The keys of the records.
    pub record_keys: Cached<SealingKeys>,
    /// The client of the service; `None` as long as there is no client ID.
    pub service: Option<Client>,
    /// The user pool.
    pub users: Users,
    /// The table of persons and members.
    pub table: MemberTable,
    /// Who a person is in the table.
    pub persons: PersonHasher,
    /// Where metrics go.
    pub metrics: Metrics,
}

/// The function.
pub struct Verification {
    parts: Parts,
    audience: Audience,
    counted: OncePerPeriod,
}

impl fmt::Debug for Verification {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Verification")
            .field("config", &self.parts.config)
            .finish_non_exhaustive()
    }
}

impl Verification {
    /// The function of these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let audience = audience(&parts.config.service.issuer);
        Self {
            parts,
            audience,
            counted: OncePerPeriod::default(),
        }
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.parts.config
    }

    /// The source of randomness.
    #[must_use]
    pub fn randomness(&self) -> &dyn Randomness {
        &*self.parts.randomness
    }

    /// Checks the members' access tokens.
    #[must_use]
    pub fn tokens(&self) -> &AccessTokens {
        &self.parts.tokens
    }

    /// The client of the service; `None` as long as there is no client ID.
    #[must_use]
    pub fn service(&self) -> Option<&Client> {
        self.parts.service.as_ref()
    }

    /// The user pool.
    #[must_use]
    pub fn users(&self) -> &Users {
        &self.parts.users
    }

    /// The table of persons and members.
    #[must_use]
    pub fn table(&self) -> &MemberTable {
        &self.parts.table
    }

    /// Who a person is in the table.
    #[must_use]
    pub fn persons(&self) -> &PersonHasher {
        &self.parts.persons
    }

    /// Remembers for which members a failed verification was counted in this period.
    #[must_use]
    pub fn counted(&self) -> &OncePerPeriod {
        &self.counted
    }

    /// Where metrics go.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.parts.metrics
    }

    /// A call of the function.
    #[must_use]
    pub fn invocation<'a>(
        &self,
        call: &Call<'a>,
        measurements: &'a Measurements,
    ) -> Invocation<'a> {
        let usual = Invocation::new(
            call.request_id,
            call.begun,
            &*self.parts.clock,
            measurements,
        );
        Invocation {
            deadline: Deadline::counted_from(call.begun, ANSWER),
            ..usual
        }
    }

    /// A call of the table.
    #[must_use]
    pub fn of_table(&self, invocation: &Invocation<'_>) -> member_table::Call<'_> {
        member_table::Call {
            now: invocation.now,
            deadline: invocation.deadline,
            randomness: self.randomness(),
        }
    }

    /// Reads the keys again that are an hour old, without a long wait.
    pub async fn refresh(&self, invocation: &Invocation<'_>) {
        let members = self.parts.member_keys.refresh(REFRESH, invocation);
        let records = self.parts.record_keys.refresh(REFRESH, invocation);
        tokio::join!(members, records);
    }

    /// Opens a sealed value that a request shows: if its key is unknown, with newer keys.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub async fn open<T: Travels>(
        &self,
        shown: Shown<'_>,
        invocation: &Invocation<'_>,
    ) -> Result<T, OpenError> {
        let opening = (self.parts.member_keys).open(shown, invocation, |keys: &SealingKeys| {
            T::open(shown.value, self.seal(keys, invocation.now))
        });
        opening.await
    }

    /// Seals with the keys as they were last read. `sealing` does it.
    ///
    /// # Errors
    ///
    /// [`Class::SecretsUnavailable`] if the keys are too old to be used.
    pub fn sealed<T>(
        &self,
        now: DateTime<Utc>,
        sealing: impl FnOnce(Seal<'_>) -> T,
    ) -> Result<T, Class> {
        let keys = self.parts.member_keys.usable(now)?;
        Ok(sealing(self.seal(&keys, now)))
    }

    /// The keys of the records as they were last read.
    ///
    /// # Errors
    ///
    /// [`Class::SecretsUnavailable`] if they are too old to be used.
    pub fn record_keys(&self, now: DateTime<Utc>) -> Result<Arc<SealingKeys>, Class> {
        Ok(self.parts.record_keys.usable(now)?)
    }

    /// The record of a user, if it opens and belongs to them.
    ///
    /// # Errors
    ///
    /// [`Class::SecretsUnavailable`]; [`Class::MemberTableRefused`] if a newer version of this
    /// function has sealed the record.
    pub async fn record(
        &self,
        user: &User,
        invocation: &Invocation<'_>,
    ) -> Result<Option<MemberRecord>, Class> {
        let issuers = self.config().record_issuers.iter();
        let issuers: Vec<_> = issuers.map(String::as_str).collect();
        let not_after = invocation.now + SKEW;
        self.opened(user, invocation, |sealed, keys, holder| {
            MemberRecord::open(sealed, keys, holder, &issuers, not_after)
        })
        .await
    }

    /// The verification of which a user has the record, whatever its issuer and its time. `None` if
    /// the user has no record that opens and belongs to them.
    ///
    /// # Errors
    ///
    /// [`Class::SecretsUnavailable`]; [`Class::MemberTableRefused`] if a newer version of this
    /// function has sealed the record.
    pub async fn record_id(
        &self,
        user: &User,
        invocation: &Invocation<'_>,
    ) -> Result<Option<VerificationId>, Class> {
        self.opened(user, invocation, MemberRecord::id_of).await
    }

    /// For whom the records of this user are sealed.
    #[must_use]
    pub fn holder<'a>(&'a self, sub: &'a str) -> Holder<'a> {
        Holder {
            user_pool_id: &self.config().pool.id,
            sub,
        }
    }

    async fn opened<T>(
        &self,
        user: &User,
        invocation: &Invocation<'_>,
        open: impl Fn(&str, &SealingKeys, Holder<'_>) -> Result<T, RecordRefusal>,
    ) -> Result<Option<T>, Class> {
        let Some(record) = user.record.as_ref().map(SecretString::expose_secret) else {
            return Ok(None);
        };
        let shown = Shown {
            by: RECORD,
            value: record,
        };
        let mut tries = self.parts.record_keys.tries(shown, invocation);
        while let Some(keys) = tries.next().await? {
            match open(record, &keys, self.holder(&user.sub)) {
                Err(RecordRefusal::UnknownKey) => {}
                // It counts, but what it says is for a newer version of this function to read.
                Err(RecordRefusal::OtherVersion) => return Err(Class::MemberTableRefused),
                opened => return Ok(opened.ok()),
            }
        }
        Ok(None)
    }

    fn seal<'a>(&self, keys: &'a SealingKeys, now: DateTime<Utc>) -> Seal<'a> {
        Seal {
            keys,
            audience: self.audience,
            now,
        }
    }
}
