//! Reports what happens in a login to an [`Observer`]: how long each [`Step`] took, which checks
//! passed, and whose login it is.
//!
//! A check that passed is reported as the failure that it rules out. The subject is reported as
//! soon as the service's signature is verified, so that a login that fails later can be attributed
//! to a person.

use std::fmt;
use std::time::Duration;

use crate::error::LoginError;
use crate::subject::Subject;

/// The steps that the end of a login waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// The client assertion is signed.
    ClientAssertion,
    /// The service's token endpoint answers.
    Token,
    /// The service's keys are fetched. Not reported if they are already known.
    KeySet,
    /// The service's userinfo endpoint answers.
    Userinfo,
}

/// Receives the time of each step, the checks that passed, and the subject of a login.
pub trait Observer: fmt::Debug + Sync {
    /// A step has ended after this time: it succeeded, failed or was given up.
    fn took(&self, step: Step, time: Duration);

    /// The ID token's signature is verified, and this is its subject. The later checks of the ID
    /// token are still to come.
    fn identified(&self, _subject: &Subject) {}

    /// A check passed: the login can't fail in this way any more. A check of an optional value
    /// passes if the value is missing, and a check that the configuration doesn't ask for always
    /// passes. No check is reported twice in one login.
    fn held(&self, _ruled_out: &LoginError) {}
}

/// Ignores everything.
impl Observer for () {
    fn took(&self, _step: Step, _time: Duration) {}
}

/// Makes a check: returns `failure` if it doesn't hold. If it holds, reports to the observer that
/// the failure is ruled out.
pub(crate) fn ensure<E: Into<LoginError>>(
    observer: &dyn Observer,
    holds: bool,
    failure: E,
) -> Result<(), E> {
    present(observer, holds.then_some(()), failure)
}

/// Like [`ensure`], for a value that must be present.
pub(crate) fn present<T, E: Into<LoginError>>(
    observer: &dyn Observer,
    value: Option<T>,
    failure: E,
) -> Result<T, E> {
    let Some(value) = value else {
        return Err(failure);
    };
    observer.held(&failure.into());
    Ok(value)
}
