//! `POST /verifications/complete`: the member who began comes with the code that the browser
//! brought back from the card, and with the verifier that never left the app. The function makes
//! the exchange with the service, and takes the pass through.
//!
//! The service's code can be used once. So whatever can't be reached after the exchange leaves a
//! continuation, with which the same member goes on.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, TimeDelta, Utc};
use digital_auth::Deadline;
use four_attributes::{MemberRecord, SealRecordError, VerificationId, VerifiedAt};
use function_kit::check::{ensure, none_of, present};
use function_kit::invocation::Invocation;
use function_kit::metrics::Count;
use function_kit::secrets::{Asker, Shown};
use http::StatusCode;
use member_flow::{Begun, VerificationCode};
use member_table::ServiceSubject;
use relying_party::Class;
use relying_party::at_service::{AtService, login_failure};
use relying_party::http_api::{Request, Response};
use relying_party::person::verified_person;
use sealing::sealed::OpenError;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::access_token::Caller;
use crate::continuation::Continuation;
use crate::pass::{self, Stopped};
use crate::users::User;
use crate::verification::Verification;

/// Who shows codes and continuations here: members of the pool.
const MEMBER: Asker = Asker("member");
/// How long the exchange with the service may take.
const EXCHANGE: std::time::Duration = std::time::Duration::from_secs(8);
/// How far the service's clock may be behind that of the ticket.
const SKEW: TimeDelta = TimeDelta::seconds(60);

/// Why a verification isn't complete.
#[derive(Debug)]
pub struct Incomplete {
    /// Why it stopped.
    pub why: Stopped,
    /// What it goes on with, in the place of the code that is spent.
    pub continuation: Option<SecretString>,
    /// How often it had to stop before.
    pub stops: u8,
}

impl From<Stopped> for Incomplete {
    fn from(why: Stopped) -> Self {
        Self {
            why,
            continuation: None,
            stops: 0,
        }
    }
}

impl From<Class> for Incomplete {
    fn from(class: Class) -> Self {
        Stopped::from(class).into()
    }
}

/// Completes a verification.
///
/// # Errors
///
/// [`Incomplete`].
pub async fn complete(
    verification: &Verification,
    caller: &Caller,
    request: &Request,
    invocation: &Invocation<'_>,
) -> Result<Response, Incomplete> {
    let malformed = Class::VerificationMalformed;
    let body: Body = request.json(malformed)?;
    let verifier = &body.code_verifier;
    let (mut continuation, user) = match (&body.code, &body.continuation) {
        (Some(code), None) => {
            let code = opened_code(verification, code, invocation).await?;
            belongs(&code.begun, caller, verifier)?;
            exchanged(verification, code, caller, invocation).await?
        }
        (None, Some(continuation)) => {
            let continuation = opened_continuation(verification, continuation, invocation).await?;
            belongs(&continuation.begun, caller, verifier)?;
            let user = user(verification, caller).await;
            let user = user
                .map_err(|class| stopped(verification, class.into(), &continuation, invocation))?;
            (continuation, user)
        }
        _ => return Err(malformed.into()),
    };
    let finishing = finish(verification, &user, &mut continuation, invocation);
    finishing.await.map_err(|why| {
        if why.class == Class::PersonAlreadyVerified {
            invocation.measurements.count(Count::SecondAccountRefused);
        }
        stopped(verification, why, &continuation, invocation)
    })
}

/// The body of the request: a code, or in its place a continuation.
#[derive(Deserialize)]
struct Body {
    code: Option<SecretString>,
    continuation: Option<SecretString>,
    /// RFC 7636 §4.1: 43 to 128 characters.
    code_verifier: SecretString,
}

/// The code and the continuation are of the member, the app client and the browser that began.
fn belongs(begun: &Begun, caller: &Caller, verifier: &SecretString) -> Result<(), Class> {
    let is_the_member = begun.sub == caller.sub;
    ensure(is_the_member, Class::VerificationOfAnotherMember)?;
    let is_the_app = begun.client_id == caller.client_id;
    ensure(is_the_app, Class::VerificationOfAnotherApp)?;
    let verifier = verifier.expose_secret().as_bytes();
    let fits = (43..=128).contains(&verifier.len());
    let hash = digest(&SHA256, verifier);
    let fits = fits && verify_slices_are_equal(hash.as_ref(), &begun.code_challenge).is_ok();
    ensure(fits, Class::CodeVerifierMismatch)
}

async fn opened_code(
    verification: &Verification,
    code: &SecretString,
    invocation: &Invocation<'_>,
) -> Result<VerificationCode, Class> {
    let shown = Shown {
        by: MEMBER,
        value: code.expose_secret(),
    };
    let opened = verification.open(shown, invocation).await;
    none_of(&OpenError::OF_A_SEAL, opened, |error| match error {
        OpenError::SecretsUnavailable => Class::SecretsUnavailable,
        OpenError::Malformed => Class::CodeMalformed,
        OpenError::UnknownKey | OpenError::Foreign | OpenError::OtherVersion => Class::CodeForeign,
        OpenError::Forged => Class::CodeForged,
        OpenError::Expired => Class::CodeExpired,
    })
}

async fn opened_continuation(
    verification: &Verification,
    continuation: &SecretString,
    invocation: &Invocation<'_>,
) -> Result<Continuation, Class> {
    let shown = Shown {
        by: MEMBER,
        value: continuation.expose_secret(),
    };
    let opened = verification.open(shown, invocation).await;
    none_of(&OpenError::OF_A_SEAL, opened, |error| match error {
        OpenError::SecretsUnavailable => Class::SecretsUnavailable,
        OpenError::Expired => Class::ContinuationExpired,
        OpenError::Malformed
        | OpenError::UnknownKey
        | OpenError::Forged
        | OpenError::Foreign
        | OpenError::OtherVersion => Class::ContinuationInvalid,
    })
}

/// Exchanges the service's code. What it brings is sealed for the member at once, so that it can go
/// on from here. The member is looked up meanwhile.
async fn exchanged(
    verification: &Verification,
    code: VerificationCode,
    caller: &Caller,
    invocation: &Invocation<'_>,
) -> Result<(Continuation, User), Incomplete> {
    let service = verification.service();
    let service = service.ok_or(Class::NotConnected)?;
    let at_service = AtService::new(invocation.measurements);
    let now = invocation.now;
    let deadline: Deadline = invocation.deadline.at_most(EXCHANGE);
    // How recent the authentication has to be is decided below: without a time, it can't be.
    let exchanging = service.finish_login(code.exchange, None, now, deadline, &at_service);
    let (login, user) = tokio::join!(exchanging, user(verification, caller));
    let login = login.map_err(|error| login_failure(&error))?;
    let issuer = verification.config().service.provider.issuer().as_str();
    let person = verified_person(&login, issuer);
    let is_recent = match person.verified_at {
        VerifiedAt::Authentication(at) => code.begun.at() - at <= SKEW,
        VerifiedAt::IssuedAt(_) => true,
    };
    ensure(is_recent, Class::AuthenticationTooOld)?;
    let randomness = verification.randomness();
    let id = VerificationId::new(randomness).map_err(|_| Class::Internal)?;
    let record = MemberRecord { id, person };
    let keys = verification.record_keys(now)?;
    let record = record.seal(verification.holder(&caller.sub), &keys, randomness);
    let record = record.map_err(|error| match error {
        SealRecordError::TooLong => Class::RecordTooLong,
        SealRecordError::Seal(_) => Class::Internal,
    })?;
    let continuation = Continuation {
        begun: code.begun,
        id,
        record,
        is_alone: false,
        stops: 0,
    };
    match user {
        Ok(user) => Ok((continuation, user)),
        Err(class) => Err(stopped(
            verification,
            class.into(),
            &continuation,
            invocation,
        )),
    }
}

/// The one enabled user that the token names: by name and by `sub`. What is written later addresses
/// the name.
async fn user(verification: &Verification, caller: &Caller) -> Result<User, Class> {
    let user = verification.users().named(&caller.username).await?;
    let is_the_one = user.is_enabled && user.sub == caller.sub;
    ensure(is_the_one, Class::MemberGone)?;
    Ok(user)
}

/// Takes the pass through, from a record that opens. What needn't be looked up again is noted in
/// the continuation.
async fn finish(
    verification: &Verification,
    user: &User,
    continuation: &mut Continuation,
    invocation: &Invocation<'_>,
) -> Result<Response, Stopped> {
    let of_the_pass = User {
        record: Some(continuation.record.as_str().into()),
        username: user.username.clone(),
        sub: user.sub.clone(),
        is_enabled: user.is_enabled,
        subjects: user.subjects.clone(),
    };
    let record = verification.record(&of_the_pass, invocation).await?;
    let record = present(record, Class::ContinuationInvalid)?;
    let person = &record.person;
    let subject = ServiceSubject {
        issuer: &person.issuer,
        subject: &person.subject,
    };
    if !continuation.is_alone {
        pass::only_one_account(verification, user, subject.subject).await?;
        continuation.is_alone = true;
    }
    let began = continuation.begun.at();
    let pass = (continuation.id, continuation.record.as_str(), began);
    let since = pass::through(verification, user, pass, subject, invocation).await?;
    invocation.measurements.count(Count::VerificationCompleted);
    tracing::info!(event = "verification_completed");
    Ok(verified(&record, since))
}

/// What an app learns of a verification.
pub(crate) fn verified(record: &MemberRecord, since: DateTime<Utc>) -> Response {
    let verified_at = match record.person.verified_at {
        VerifiedAt::Authentication(time) => Some(time.timestamp()),
        VerifiedAt::IssuedAt(_) => None,
    };
    let mut body = json!({ "state": "verified", "since": since.timestamp() });
    if let Some(members) = body.as_object_mut() {
        members.extend(verified_at.map(|at| ("verified_at".to_owned(), at.into())));
        let acr = record.person.acr.as_deref();
        members.extend(acr.map(|acr| ("verification_acr".to_owned(), acr.into())));
    }
    Response::json(StatusCode::OK, body.to_string())
}

/// How a verification goes on that had to stop: with a continuation, if it is worth another try.
fn stopped(
    verification: &Verification,
    why: Stopped,
    continuation: &Continuation,
    invocation: &Invocation<'_>,
) -> Incomplete {
    let status = why.class.status();
    if status != StatusCode::TOO_MANY_REQUESTS && !status.is_server_error() {
        return why.into();
    }
    let stops = continuation.stops;
    let next = Continuation {
        stops: stops.saturating_add(1),
        ..continuation.clone()
    };
    let randomness = verification.randomness();
    let sealed = verification.sealed(invocation.now, |seal| next.seal(seal, randomness));
    Incomplete {
        why,
        continuation: sealed.ok().and_then(Result::ok).map(SecretString::from),
        stops,
    }
}
