//! What happens in a login, told to whoever wants to know: where the time goes, one word for each
//! thing that is waited for; which checks hold, each by the failure that it rules out; and whose
//! login it is, as soon as the service has said so, since one that fails has a person, too.

use std::fmt;
use std::time::Duration;

use crate::error::LoginError;
use crate::subject::Subject;

/// What the end of a login waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// The client assertion is signed.
    ClientAssertion,
    /// The service's token endpoint answers.
    Token,
    /// The service's keys are fetched. Nothing is told where they are known.
    KeySet,
    /// The service's userinfo endpoint answers.
    Userinfo,
}

/// Is told how long each step took, however it ended (also if it failed, or was given up), what was
/// checked, and of whom.
pub trait Observer: fmt::Debug + Sync {
    /// A step has ended, after this time.
    fn took(&self, step: Step, time: Duration);

    /// The service has signed for whom it is. Nothing else of the ID token is sure yet.
    fn identified(&self, _subject: &Subject) {}

    /// A check holds: the login doesn't fail by this any more. What is checked only if it is there,
    /// or only if the configuration asks for it, holds where it isn't or doesn't. No check is told
    /// twice of one login.
    fn held(&self, _ruled_out: &LoginError) {}
}

/// Nobody wants to know.
impl Observer for () {
    fn took(&self, _step: Step, _time: Duration) {}
}

/// A check: if it doesn't hold, this is the failure; if it does, the observer is told that the
/// failure is ruled out.
pub(crate) fn ensure<E: Into<LoginError>>(
    observer: &dyn Observer,
    holds: bool,
    failure: E,
) -> Result<(), E> {
    present(observer, holds.then_some(()), failure)
}

/// As [`ensure`], of something that has to be there.
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
