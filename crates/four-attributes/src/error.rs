//! Why the service's attributes are refused.
//! An error names the attribute and the rule, and never carries the value:
//! it ends up in logs, and the value is personal information.

use crate::attribute::Attribute;

/// Why attributes can't be taken from userinfo.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AttributeError {
    /// An attribute that was asked for, and that everybody has, is not there.
    #[error("the attribute `{0}` is missing")]
    Missing(Attribute),
    /// An attribute is there, but not in a form that is known.
    #[error("the attribute `{attribute}` is malformed: {reason}")]
    Malformed {
        /// Which attribute.
        attribute: Attribute,
        /// Which rule it breaks.
        reason: MalformedReason,
    },
}

/// The rule that a malformed attribute breaks.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum MalformedReason {
    /// Not a JSON string; for the address, neither that nor an object whose `formatted` is one.
    #[error("wrong JSON type")]
    WrongType,
    /// An empty text, or one in which nothing can be seen: only white space and characters without
    /// a shape.
    #[error("empty")]
    Empty,
    /// A control character, a line break, a control or mark of the writing direction, or a tag.
    #[error("control character")]
    ControlCharacter,
    /// A code point that is no character and never will be.
    #[error("noncharacter")]
    Noncharacter,
    /// Longer than Cognito takes.
    #[error("too long")]
    TooLong,
    /// Neither eight digits nor `YYYY-MM-DD`.
    #[error("not in the format of a date")]
    NotADate,
    /// In the form of a date, but not in the calendar.
    #[error("a date that does not exist")]
    NoSuchDate,
    /// A year in which no living person can have been born.
    #[error("year out of range")]
    YearOutOfRange,
    /// The month is unknown, but a day is given.
    #[error("day without month")]
    DayWithoutMonth,
    /// Not one of the codes of a gender.
    #[error("unknown code")]
    UnknownCode,
}
