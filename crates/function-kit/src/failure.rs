//! Reports a failure to the operator: one log event and one metric, in one place for all functions.
//! Neither contains anything of the request.

use lambda_runtime::Diagnostic;

use crate::invocation::Invocation;
use crate::metrics::Refused;

pub use crate::class::{Bilingual, Class, Concern, Kind};

/// Reports a failure: one log event (`event="failure"`) and one metric (`Failure`, by `Class` and
/// by `Concern`).
pub fn tell(class: impl Class, invocation: &Invocation<'_>) {
    let report = Report {
        event: "failure",
        metric: Refused::Failure,
        concern: class.concern(),
    };
    tell_as(report, class, invocation);
}

/// As [`tell`], for a call that ends with an error of AWS Lambda. The error is class and support
/// id, and nothing else, since the caller of the function may show it.
pub fn tell_lambda(class: impl Class, invocation: &Invocation<'_>) -> Diagnostic {
    tell(class, invocation);
    Diagnostic {
        error_type: class.name().to_owned(),
        error_message: format!("{} {}", class.name(), invocation.support_id().as_str()),
    }
}

/// How a class is reported.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// `event` of the log event.
    pub event: &'static str,
    /// The metric.
    pub metric: Refused,
    /// Who has to act on it in this case.
    pub concern: Concern,
}

/// As [`tell`], for something that isn't a failure: a refused record, for example.
pub fn tell_as(report: Report, class: impl Class, invocation: &Invocation<'_>) {
    let (event, name) = (report.event, class.name());
    let (support_id, request_id) = (invocation.support_id(), invocation.request_id);
    let support_id = support_id.as_str();
    match report.concern {
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
        .refused(report.metric, name, report.concern);
}
