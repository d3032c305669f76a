//! Decides which claims the tokens of one request get.
//! What decides is the scope that the app asked for, and not the provider through which the user
//! signed in. If the app asked for a scope of the resource server, the attributes that the bridge
//! asks for come from a record that opens and belongs to this user, or are left out. If the app
//! asked for no such scope, these attributes are held back only from the tokens of the bridge's
//! users, and of users who still have a record.
//!
//! A user can have two records: that of a sign-in with the card, and that of a member's
//! verification. Users without an identity at the bridge sign in by other means, and their sign-ins
//! don't depend on this project.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use four_attributes::{Attribute, Holder, VerifiedPerson};
use function_kit::check::{self, ensure};
use function_kit::failure::{self, Concern, Report};
use function_kit::invocation::Invocation;
use function_kit::metrics::{Count, Metrics, Refused, Step};
use function_kit::once::OncePerPeriod;
use http_client::Clock;
use record_trigger::records::Records;
use record_trigger::trigger::{Trigger, in_time};
use record_trigger::{AtTokens, Class, Leaves};
use secrecy::ExposeSecret;
use serde_json::Value;
use user_pool::attribute::{IDENTITIES, SUB};

use crate::claims::Claims;
use crate::config::Config;
use crate::event::{RecordNames, TokenRequest, answered};
use crate::identities::Identities;
use crate::scopes::Grants;
use crate::users::{Attributes, Users};

/// The trigger, made once at start.
pub struct Generation {
    /// The configuration.
    pub config: Config,
    /// Opens verified records.
    pub records: Records,
    /// The user pool.
    pub users: Users,
    /// The users whose refused record was counted in this period.
    pub counted: OncePerPeriod,
    /// The source of the current time.
    pub clock: Arc<dyn Clock>,
    /// Where metrics go.
    pub metrics: Metrics,
}

impl fmt::Debug for Generation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Generation")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Trigger for Generation {
    const STEP: Step = Step::PreTokenGeneration;

    /// A refused record is no failure: the tokens come without the claims that the record would
    /// have given. If the trigger can't decide about a user of the card, that is a failure, and
    /// there are no tokens. All other users get theirs without claims of this project.
    async fn handle(&self, event: Value, invocation: &Invocation<'_>) -> Result<Value, Class> {
        (invocation.measurements).count(Count::PreTokenGenerationInvoked);
        let config = &self.config;
        let names = RecordNames {
            record: &config.record_attribute,
            member_record: &config.member_record_attribute,
        };
        let Some(request) = TokenRequest::read(&event, names)? else {
            return Ok(event);
        };
        let added = (config.sdk_scopes).added(request.client_id, &request.scopes);
        let scopes: Vec<&str> = (request.scopes.iter().copied())
            .chain(added.iter().map(String::as_str))
            .collect();
        let grants = Grants::of(&scopes, &config.resource_server, &config.ages);
        // The user pool may still hold attributes from the card of a user who was linked once, and
        // isn't any more. Such a user is recognized by the record.
        let has_record = request.record.is_some() || request.member_record.is_some();
        if grants.is_none() && !self.is_ours(&request) && !has_record {
            return Ok(event);
        }
        let grants = grants.unwrap_or_default();
        let decided = if grants.is_empty() {
            let identities = request.identities.as_ref();
            Decided {
                claims: Claims::default(),
                source: self.source(&request, identities, request.record),
            }
        } else {
            self.decided(&request, &grants, invocation).await?
        };
        let hidden = self.hidden(&grants, decided.source);
        answered(event, decided.claims, added, &hidden)
    }

    fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

/// How long the tokens of a user wait for this trigger at most, if the user doesn't sign in with
/// the card.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the tokens of a user get.
struct Decided {
    claims: Claims,
    source: Source,
}

/// Where the four attributes that the user pool has of a user may come from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Source {
    /// From the card alone: the user signed up with it, and has no identity at another provider.
    CardAlone,
    /// From the card or from elsewhere.
    CardToo,
    /// Not from the card.
    Elsewhere,
}

/// A user whose app asked for claims, as far as they are known: from the event, and from the user
/// pool if the event lacks something.
struct User<'a> {
    subjects: &'a [&'a str],
    record: Option<&'a str>,
    member_record: Option<&'a str>,
    holder: Holder<'a>,
}

impl Generation {
    /// The names of the claims that the ID token doesn't show unless they are granted: the
    /// attributes of the user pool that hold the records and their time, and of the four attributes
    ///
    /// - all of them, if the card is their only source,
    /// - otherwise those that the bridge asks for, because their values in the pool may be the
    ///   card's, and those whose scope was granted, because they come from a record or are left
    ///   out,
    /// - none of them, if none comes from the card and none was granted.
    ///
    /// Any other attribute has another source, and is left alone, as in the user pool.
    fn hidden(&self, grants: &Grants, source: Source) -> Vec<&str> {
        let config = &self.config;
        let granted = grants.attributes();
        let asked_for = config.policy.attributes;
        let is_hidden = |attribute: &Attribute| match source {
            Source::CardAlone => true,
            Source::Elsewhere if granted.is_empty() => false,
            Source::CardToo | Source::Elsewhere => {
                asked_for.contains(*attribute) || granted.contains(*attribute)
            }
        };
        let attributes = Attribute::ALL.into_iter().filter(is_hidden);
        let mut hidden: Vec<&str> = attributes.map(Attribute::claim).collect();
        hidden.extend([
            &*config.record_attribute,
            &*config.verified_at_attribute,
            &*config.member_record_attribute,
        ]);
        hidden
    }

    /// What a user gets whose app asked for claims. The sign-in of a user who doesn't use the card
    /// doesn't wait long, and never fails, because something that only this project needs can't be
    /// had: then its claims are left out.
    async fn decided(
        &self,
        request: &TokenRequest<'_>,
        grants: &Grants,
        invocation: &Invocation<'_>,
    ) -> Result<Decided, Class> {
        if self.is_ours(request) {
            return in_time(self.claims(request, grants, invocation), invocation).await;
        }
        let patient = Invocation {
            deadline: invocation.deadline.at_most(PATIENCE),
            ..*invocation
        };
        let deciding = in_time(self.claims(request, grants, &patient), &patient);
        match deciding.await {
            Err(class @ (Class::UserUnavailable | Class::SecretsUnavailable | Class::TooSlow)) => {
                let left_out = Report {
                    event: "claims_left_out",
                    metric: Refused::Record,
                    concern: Concern::Unproven,
                };
                failure::tell_as(left_out, class, invocation);
                Ok(Decided {
                    claims: Claims::default(),
                    source: self.source(request, request.identities.as_ref(), request.record),
                })
            }
            decided => decided,
        }
    }

    /// The claims of a user whose app asked for some, and where the user's attributes may come
    /// from.
    async fn claims(
        &self,
        request: &TokenRequest<'_>,
        grants: &Grants,
        invocation: &Invocation<'_>,
    ) -> Result<Decided, Class> {
        let config = &self.config;
        let asked = self.asked(request, invocation).await?;
        let asked_for = |name| asked.as_ref()?.get(name).map(ExposeSecret::expose_secret);
        let known;
        let identities = match &request.identities {
            Some(identities) => identities,
            None => {
                let attribute = asked_for(IDENTITIES).unwrap_or_default();
                known = Identities::read(&attribute.into())?;
                &known
            }
        };
        let user = User {
            subjects: &identities.subjects(&config.records.provider_name),
            record: (request.record).or_else(|| asked_for(&config.record_attribute)),
            member_record: (request.member_record)
                .or_else(|| asked_for(&config.member_record_attribute)),
            holder: Holder {
                user_pool_id: request.user_pool_id,
                // A record of nobody belongs to nobody.
                sub: (request.sub).or_else(|| asked_for(SUB)).unwrap_or_default(),
            },
        };
        let source = self.source(request, Some(identities), user.record);
        let now = invocation.now;
        let opened = self.opened(&user, invocation).await?;
        let counting = self.counting(opened, now);
        let has_history = !identities.is_empty() || user.member_record.is_some();
        let mut claims = Claims::default();
        for class in counting.refused {
            let AtTokens::Refused { leaves, concern } = class.at_tokens() else {
                return Err(class);
            };
            refused(class, concern, invocation);
            if counting.person.is_some() {
                continue;
            }
            if has_history && self.is_evidence(concern, request, now) {
                (invocation.measurements).count_if(Count::RecordAccepted, false);
            }
            if leaves == Leaves::NotVerified {
                claims = Claims::of_an_outdated_record(grants);
            }
        }
        if let Some(person) = counting.person {
            invocation.measurements.count(Count::RecordAccepted);
            tracing::info!(event = "claims_granted", request_id = invocation.request_id);
            claims = Claims::of(&person, grants, now);
        }
        Ok(Decided { claims, source })
    }

    /// The user's attributes in the user pool, if the event lacks some that may be needed. Where
    /// an event shows the record of a member, which no app client can read, it hides nothing.
    async fn asked(
        &self,
        request: &TokenRequest<'_>,
        invocation: &Invocation<'_>,
    ) -> Result<Option<Attributes>, Class> {
        let (pool, name) = (request.user_pool_id, request.user_name);
        let is_ours = self.is_ours(request);
        let lacks_record = request.record.is_none() && is_ours;
        let lacks_identities = request.identities.is_none() && request.member_record.is_none();
        // A user whose identities are all at other providers needs no record of a sign-in.
        if !lacks_record && !lacks_identities {
            return Ok(None);
        }
        let asking = async {
            if is_ours {
                self.users.attributes(pool, name).await
            } else {
                (self
                    .users
                    .attributes_if_it_can_be(pool, name, invocation.now))
                .await
            }
        };
        let asking = invocation.measurements.timed(Step::GetUser, asking);
        asking.await.map(Some).map_err(|_| Class::UserUnavailable)
    }

    /// The user's records, opened or refused: that of a sign-in, and that of a verification.
    ///
    /// # Errors
    ///
    /// The class of a failure, if it isn't known whether a record opens.
    async fn opened(
        &self,
        user: &User<'_>,
        invocation: &Invocation<'_>,
    ) -> Result<Vec<Result<VerifiedPerson, Class>>, Class> {
        let mut opened = Vec::with_capacity(2);
        if let Some(record) = user.record {
            check::held(Class::RecordMissing);
            let opening = self.records.open(record, user.subjects, invocation);
            opened.push(opening.await);
        } else if !user.subjects.is_empty() && user.member_record.is_none() {
            opened.push(Err(Class::RecordMissing));
        }
        if let Some(record) = user.member_record {
            let opening = self.records.open_member(record, user.holder, invocation);
            opened.push(opening.await);
        }
        let mut failures = opened.iter().filter_map(|opened| opened.as_ref().err());
        let failure = failures.find(|class| matches!(class.at_tokens(), AtTokens::Ends));
        match failure {
            Some(class) => Err(*class),
            None => Ok(opened),
        }
    }

    /// Which of a user's records counts. If both are good and of the same person, the newer one
    /// does. If they are of different people, neither does.
    fn counting(&self, opened: Vec<Result<VerifiedPerson, Class>>, now: DateTime<Utc>) -> Counting {
        if let [Ok(one), Ok(other)] = opened.as_slice()
            && let Err(class) = ensure(one.subject == other.subject, Class::RecordConflict)
        {
            return Counting {
                person: None,
                refused: vec![class],
            };
        }
        let mut counting = Counting::default();
        for opened in opened {
            match opened.and_then(|person| self.config.policy.apply(person, now)) {
                Ok(person) => {
                    let known = counting.person.as_ref();
                    let is_newer = known
                        .is_none_or(|known| person.verified_at.time() > known.verified_at.time());
                    if is_newer {
                        counting.person = Some(person);
                    }
                }
                Err(class) => counting.refused.push(class),
            }
        }
        counting
    }

    /// Whether the user has an identity at the bridge, as far as the event says. If the event
    /// carries no identities, the user's name decides.
    fn is_ours(&self, request: &TokenRequest<'_>) -> bool {
        let provider = &self.config.records.provider_name;
        match &request.identities {
            Some(identities) => !identities.subjects(provider).is_empty(),
            None => request.is_named_by(provider),
        }
    }

    /// Where the user's attributes may come from. The card is their only source if the user signed
    /// up with it, and has no identity at another provider. If the identities aren't known, the
    /// user's name decides, and whether there is a `record` of a sign-in.
    fn source(
        &self,
        request: &TokenRequest<'_>,
        identities: Option<&Identities>,
        record: Option<&str>,
    ) -> Source {
        let provider = &self.config.records.provider_name;
        let subjects = identities.map(|identities| identities.subjects(provider));
        let is_of_the_card_alone = match (identities, &subjects) {
            (Some(identities), Some(subjects)) => {
                let mut subjects = subjects.iter();
                identities.are_all_at(provider)
                    && subjects.any(|subject| request.is_name_of(provider, subject))
            }
            _ => request.is_named_by(provider),
        };
        if is_of_the_card_alone {
            Source::CardAlone
        } else if record.is_some() || subjects.is_some_and(|subjects| !subjects.is_empty()) {
            Source::CardToo
        } else {
            Source::Elsewhere
        }
    }

    /// Whether a refused record counts in the share of accepted records. Each user counts once in a
    /// period, however often the record is shown, so that one user can't decide the share. A user
    /// without any identity, and for whom no member's record was ever made, must not count: anybody
    /// can sign up any number of such users.
    fn is_evidence(
        &self,
        concern: Concern,
        request: &TokenRequest<'_>,
        now: DateTime<Utc>,
    ) -> bool {
        concern != Concern::Nobody && self.counted.counts(request.user_name, now)
    }
}

/// Which of a user's records counts, and why the others don't.
#[derive(Default)]
struct Counting {
    person: Option<VerifiedPerson>,
    refused: Vec<Class>,
}

/// Logs and counts a refused record.
fn refused(class: Class, concern: Concern, invocation: &Invocation<'_>) {
    let as_refused = Report {
        event: "record_refused",
        metric: Refused::Record,
        concern,
    };
    failure::tell_as(as_refused, class, invocation);
}
