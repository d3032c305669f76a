//! What becomes of a failure for the operator: one log event and one metric, in one place for all functions.
//! The bridge has a closed list of classes, the triggers have one together: one class for each reason. Nothing of a request
//! is in any of them.

use lambda_runtime::Diagnostic;

use crate::invocation::Invocation;
use crate::metrics::Refused;

/// Who has to do something about a failure; the log level follows from it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Concern {
    /// Nobody: the person chose so, or was too slow. Logged as information.
    Nobody,
    /// What anybody with a browser can cause: one alone shows nothing. Worth a look when it happens often, or to everybody.
    /// Logged as a warning.
    Unproven,
    /// Whoever wrote or attacked the client. Worth a look when it happens often. Logged as a warning.
    Client,
    /// The service, or the operator together with the Digital Agency. Logged as an error.
    Service,
    /// The operator. Logged as an error.
    Operator,
}

impl Concern {
    /// All of them: the less proven, and the less to do, the earlier.
    pub const ALL: &'static [Self] = &[
        Self::Nobody,
        Self::Unproven,
        Self::Client,
        Self::Service,
        Self::Operator,
    ];

    /// Its name, as the metrics have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Unproven => "unproven",
            Self::Client => "client",
            Self::Service => "service",
            Self::Operator => "operator",
        }
    }
}

/// Why something failed: one of a closed list. [`classes!`](crate::classes) makes one.
pub trait Class: Copy + std::fmt::Debug {
    /// A defect of the function itself, which no other class tells.
    const INTERNAL: Self;

    /// The class's name: lower case and underscores, for logs, metrics and messages.
    fn name(self) -> &'static str;

    /// Who has to do something about it.
    fn concern(self) -> Concern;
}

/// Tells the operator of a failure: one log event (`event="failure"`) and one metric (`Failure`, by `Class` and by
/// `Concern`).
pub fn tell(class: impl Class, invocation: &Invocation<'_>) {
    let told = Told {
        event: "failure",
        metric: Refused::Failure,
        concern: class.concern(),
    };
    tell_as(told, class, invocation);
}

/// As [`tell`], of a call that ends with an error of AWS Lambda: class and support id, and nothing else, since whoever called
/// the function may show it.
pub fn tell_lambda(class: impl Class, invocation: &Invocation<'_>) -> Diagnostic {
    tell(class, invocation);
    Diagnostic {
        error_type: class.name().to_owned(),
        error_message: format!("{} {}", class.name(), invocation.support_id().as_str()),
    }
}

/// How a class is told.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// `event` of the log event.
    pub event: &'static str,
    /// The metric.
    pub metric: Refused,
    /// Whom it concerns here.
    pub concern: Concern,
}

/// As [`tell`], of something that isn't a failure.
pub fn tell_as(told: Told, class: impl Class, invocation: &Invocation<'_>) {
    let (event, name) = (told.event, class.name());
    let (support_id, request_id) = (invocation.support_id(), invocation.request_id);
    let support_id = support_id.as_str();
    match told.concern {
        Concern::Nobody => tracing::info!(event, class = name, support_id, request_id),
        Concern::Unproven | Concern::Client => {
            tracing::warn!(event, class = name, support_id, request_id);
        }
        Concern::Service | Concern::Operator => {
            tracing::error!(event, class = name, support_id, request_id);
        }
    }
    invocation
        .measurements
        .refused(told.metric, name, told.concern);
}

/// Makes a closed list of classes: an enum `Class` that is a [`Class`], with `Class::ALL` in the order in
/// which they stand. `Internal` (`internal`, of concern to the operator) is always the first.
///
/// ```
/// function_kit::classes! {
///     /// The record was changed.
///     RecordForged = "record_forged", Client;
/// }
///
/// assert_eq!(Class::ALL, [Class::Internal, Class::RecordForged]);
/// ```
#[macro_export]
macro_rules! classes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $concern:ident;)+) => {
        /// Why something failed.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Class {
            /// A defect of the function.
            Internal,
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Class {
            /// Every class.
            pub const ALL: &'static [Self] = &[Self::Internal, $(Self::$variant,)+];
        }

        impl $crate::failure::Class for Class {
            const INTERNAL: Self = Self::Internal;

            fn name(self) -> &'static str {
                match self {
                    Self::Internal => "internal",
                    $(Self::$variant => $name,)+
                }
            }

            fn concern(self) -> $crate::failure::Concern {
                match self {
                    Self::Internal => $crate::failure::Concern::Operator,
                    $(Self::$variant => $crate::failure::Concern::$concern,)+
                }
            }
        }
    };
}
