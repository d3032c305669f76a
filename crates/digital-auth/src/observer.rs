//! Where the time of a login goes, told to whoever wants to know: one word for each thing that is waited for. And whose login
//! it is, as soon as the service has said so: one that fails has a person, too.

use std::fmt;
use std::time::Duration;

use crate::id_token::Subject;

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

/// Is told how long each step took, however it ended: also if it failed, or was given up; and of whom.
pub trait Observer: fmt::Debug + Sync {
    /// A step has ended, after this time.
    fn took(&self, step: Step, time: Duration);

    /// The service has signed for whom it is. Nothing else of the ID token is sure yet.
    fn identified(&self, _subject: &Subject) {}
}

/// Nobody wants to know.
impl Observer for () {
    fn took(&self, _step: Step, _time: Duration) {}
}
