//! Decides which claims the tokens of one request get.
//! What decides is the scope that the app asked for, and not the provider through which the user
//! signed in. If the app asked for a scope of the resource server, the attributes that the bridge
//! asks for come from a record that opens and belongs to this user, or are left out. If the app
//! asked for no such scope, these attributes are held back only from the tokens of the bridge's
//! users, and of users who still have a record.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use four_attributes::Attribute;
use function_kit::check::present;
use function_kit::failure::Concern;
use function_kit::failure::{self, Report};
use function_kit::invocation::Invocation;
use function_kit::metrics::{Count, Metrics, Refused, Step};
use function_kit::once::OncePerPeriod;
use http_client::Clock;
use record_trigger::records::Records;
use record_trigger::trigger::{Trigger, in_time};
use record_trigger::{AtTokens, Class, Leaves};
use secrecy::ExposeSecret;
use serde_json::Value;
use user_pool::attribute::IDENTITIES;

use crate::claims::Claims;
use crate::config::Config;
use crate::event::{TokenRequest, answered};
use crate::identities::Identities;
use crate::scopes::Grants;
use crate::users::Users;

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
    /// have given. If the trigger can't decide, that is a failure, and there are no tokens.
    async fn handle(&self, event: Value, invocation: &Invocation<'_>) -> Result<Value, Class> {
        (invocation.measurements).count(Count::PreTokenGenerationInvoked);
        let config = &self.config;
        let Some(request) = TokenRequest::read(&event, &config.record_attribute)? else {
            return Ok(event);
        };
        let grants = Grants::of(&request.scopes, &config.resource_server, &config.ages);
        // The user pool may still hold attributes from the card of a user who was linked once, and
        // isn't any more. Such a user is recognized by the record.
        if grants.is_none() && !self.is_ours(&request) && request.record.is_none() {
            return Ok(event);
        }
        let grants = grants.unwrap_or_default();
        let (claims, is_of_the_card_alone) = if grants.is_empty() {
            let identities = request.identities.as_ref();
            (
                Claims::default(),
                self.is_of_the_card_alone(&request, identities),
            )
        } else {
            in_time(self.claims(&request, &grants, invocation), invocation).await?
        };
        let hidden = self.hidden(&grants, is_of_the_card_alone);
        answered(event, claims, &hidden)
    }

    fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

impl Generation {
    /// The names of the claims that the ID token doesn't show unless they are granted: the two
    /// attributes of the user pool that hold the record and its time, and of the four attributes
    ///
    /// - those that the bridge asks for, because their values in the pool may be the card's,
    /// - those whose scope was granted, because they come from a record or are left out,
    /// - all of them, if the card is the only source of the user's attributes.
    ///
    /// Any other attribute has another source, and is left alone, as in the user pool.
    fn hidden(&self, grants: &Grants, is_of_the_card_alone: bool) -> Vec<&str> {
        let config = &self.config;
        let granted = grants.attributes();
        let is_hidden = |attribute: &Attribute| {
            is_of_the_card_alone
                || config.policy.attributes.contains(*attribute)
                || granted.contains(*attribute)
        };
        let attributes = Attribute::ALL.into_iter().filter(is_hidden);
        let mut hidden: Vec<&str> = attributes.map(Attribute::claim).collect();
        hidden.extend([&*config.record_attribute, &*config.verified_at_attribute]);
        hidden
    }

    /// The claims of a user whose app asked for scopes of the resource server, and whether the card
    /// is the only source of the user's attributes.
    async fn claims(
        &self,
        request: &TokenRequest<'_>,
        grants: &Grants,
        invocation: &Invocation<'_>,
    ) -> Result<(Claims, bool), Class> {
        let name = &self.config.record_attribute;
        // A user whose identities are all at other providers needs no record.
        let lacks_record = request.record.is_none() && self.is_ours(request);
        let asked = if request.identities.is_none() || lacks_record {
            let asking = (self.users).attributes(request.user_pool_id, request.user_name);
            let asking = invocation.measurements.timed(Step::GetUser, asking);
            Some(asking.await.map_err(|_| Class::UserUnavailable)?)
        } else {
            None
        };
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
        let is_of_the_card_alone = self.is_of_the_card_alone(request, Some(identities));
        let subjects = identities.subjects(&self.config.records.provider_name);
        let now = invocation.now;
        let not_before = self.config.max_verification_age.map(|age| now - age);
        let record = request.record.or_else(|| asked_for(name));
        if record.is_none() && subjects.is_empty() {
            return Ok((Claims::default(), is_of_the_card_alone));
        }
        let opened = match present(record, Class::RecordMissing) {
            Ok(record) => {
                let opening = (self.records).open(record, &subjects, not_before, invocation);
                let opened = opening.await;
                opened.and_then(|record| self.config.policy.apply(record))
            }
            Err(missing) => Err(missing),
        };
        let claims = match opened {
            Ok(record) => {
                invocation.measurements.count(Count::RecordAccepted);
                tracing::info!(event = "claims_granted", request_id = invocation.request_id);
                Claims::of(&record, grants, now)
            }
            Err(class) => match class.at_tokens() {
                AtTokens::Refused { leaves, concern } => {
                    refused(class, concern, invocation);
                    if self.is_evidence(concern, request, identities, now) {
                        (invocation.measurements).count_if(Count::RecordAccepted, false);
                    }
                    match leaves {
                        Leaves::NotVerified => Claims::of_an_outdated_record(grants),
                        Leaves::Nothing => Claims::default(),
                    }
                }
                AtTokens::Ends | AtTokens::Never => return Err(class),
            },
        };
        Ok((claims, is_of_the_card_alone))
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

    /// Whether the card is the only source of the user's attributes: the user signed up with it,
    /// and has no identity at another provider. If the identities aren't known, the user's name
    /// decides.
    fn is_of_the_card_alone(
        &self,
        request: &TokenRequest<'_>,
        identities: Option<&Identities>,
    ) -> bool {
        let provider = &self.config.records.provider_name;
        match identities {
            None => request.is_named_by(provider),
            Some(identities) => {
                let mut subjects = identities.subjects(provider).into_iter();
                identities.are_all_at(provider)
                    && subjects.any(|subject| request.is_name_of(provider, subject))
            }
        }
    }

    /// Whether a refused record counts in the share of accepted records. Each user counts once in a
    /// period, however often the record is shown, so that one user can't decide the share. A user
    /// without any identity doesn't count: anybody can sign up any number of such users, and no
    /// record was ever made for them.
    fn is_evidence(
        &self,
        concern: Concern,
        request: &TokenRequest<'_>,
        identities: &Identities,
        now: DateTime<Utc>,
    ) -> bool {
        concern != Concern::Nobody
            && !identities.is_empty()
            && self.counted.counts(request.user_name, now)
    }
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
