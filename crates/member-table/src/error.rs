//! Why the table didn't answer. What DynamoDB says becomes one of a few classes, by its code alone;
//! nothing of a request or of an item is in an error.

use std::fmt;

use aws_failure::AwsFailure;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;
use thiserror::Error;

/// The codes of errors by which DynamoDB says that there are too many requests.
const THROTTLED: [&str; 5] = [
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
];

/// The codes of errors by which DynamoDB says that another request has the item now.
const CONTENDED: [&str; 2] = [
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Why the table didn't answer. Nothing is known then of whether the last write took effect: the
/// operation has to be repeated, with the same verification.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum TableError {
    /// Other requests wrote the same entries all the time. It works in a moment.
    #[error("other requests write the same entries")]
    Busy,
    /// There are too many requests for the table, or for the account.
    #[error("the table has too many requests")]
    Throttled,
    /// DynamoDB didn't answer in time, or can't now: connection, 5xx, no credentials. Or there is
    /// no randomness. It may work later.
    #[error("the table can't be reached now")]
    Unavailable,
    /// DynamoDB refused: access denied, no such table, a malformed request. An operator has to fix
    /// it.
    #[error("the use of the table was refused")]
    Refused,
    /// An entry in the table isn't in the form that this version writes. An operator has to look at
    /// it.
    #[error("an entry of the table is malformed")]
    Malformed,
}

impl TableError {
    /// Whether another attempt may succeed.
    pub(crate) const fn may_pass(self) -> bool {
        match self {
            Self::Busy | Self::Throttled | Self::Unavailable => true,
            Self::Refused | Self::Malformed => false,
        }
    }

    /// The class of a failed `GetItem`.
    pub(crate) fn of<E: ProvideErrorMetadata>(
        operation: &str,
        error: &SdkError<E, HttpResponse>,
    ) -> Self {
        classified(operation, error, None)
    }

    /// The class of a failed `TransactGetItems`.
    pub(crate) fn of_read(error: &SdkError<TransactGetItemsError, HttpResponse>) -> Self {
        let reasons = match error.as_service_error() {
            Some(TransactGetItemsError::TransactionCanceledException(canceled)) => {
                Some(canceled.cancellation_reasons())
            }
            _ => None,
        };
        classified("TransactGetItems", error, reasons)
    }

    /// The class of a failed `TransactWriteItems`.
    pub(crate) fn of_write(error: &SdkError<TransactWriteItemsError, HttpResponse>) -> Self {
        let reasons = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                Some(canceled.cancellation_reasons())
            }
            _ => None,
        };
        classified("TransactWriteItems", error, reasons)
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
            Self::Malformed => "malformed",
        }
    }
}

/// Classifies a failed call. Unless others just had the entries, which is no failure, the operator
/// is told the code.
fn classified<E: ProvideErrorMetadata>(
    operation: &str,
    error: &SdkError<E, HttpResponse>,
    reasons: Option<&[CancellationReason]>,
) -> TableError {
    let failure = AwsFailure::of(error);
    let class = match reasons {
        Some(reasons) => canceled(reasons),
        None if THROTTLED.contains(&failure.code()) => TableError::Throttled,
        None if CONTENDED.contains(&failure.code()) => TableError::Busy,
        None if failure.is_refusal() => TableError::Refused,
        None => TableError::Unavailable,
    };
    if class != TableError::Busy {
        failure.log(
            "dynamodb_call_failed",
            operation,
            &class.class() as &dyn fmt::Display,
        );
    }
    class
}

/// The class of a canceled transaction, which has a reason for each of its items. The gravest
/// counts: what an operator has to fix, then throttling, then a condition that doesn't hold any
/// more or another transaction.
fn canceled(reasons: &[CancellationReason]) -> TableError {
    let mut class = TableError::Unavailable;
    for reason in reasons {
        match reason.code().unwrap_or("None") {
            "None" => {}
            "ConditionalCheckFailed" | "TransactionConflict" => {
                if class == TableError::Unavailable {
                    class = TableError::Busy;
                }
            }
            "ProvisionedThroughputExceeded" | "ThrottlingError" => class = TableError::Throttled,
            // Access denied, validation and others.
            _ => return TableError::Refused,
        }
    }
    class
}

#[cfg(test)]
mod tests {
    use TableError::{Busy, Refused, Throttled, Unavailable};

    use super::*;

    #[test]
    fn the_gravest_reason_of_a_canceled_transaction_counts() {
        for (codes, class) in [
            (["None", "ConditionalCheckFailed"], Busy),
            (["ConditionalCheckFailed", "ConditionalCheckFailed"], Busy),
            (["TransactionConflict", "None"], Busy),
            (["TransactionConflict", "ConditionalCheckFailed"], Busy),
            (["ThrottlingError", "None"], Throttled),
            (["ThrottlingError", "TransactionConflict"], Throttled),
            (
                ["ConditionalCheckFailed", "ProvisionedThroughputExceeded"],
                Throttled,
            ),
            (["ThrottlingError", "ValidationError"], Refused),
            (["AccessDenied", "TransactionConflict"], Refused),
            (["None", "ItemCollectionSizeLimitExceeded"], Refused),
            (["None", "SomethingNew"], Refused),
            (["None", "None"], Unavailable),
        ] {
            let mut reasons = codes.map(|code| CancellationReason::builder().code(code).build());
            assert_eq!(canceled(&reasons), class, "{codes:?}");
            reasons.reverse();
            assert_eq!(canceled(&reasons), class, "{codes:?} reversed");
        }
        assert_eq!(canceled(&[]), Unavailable);
        assert_eq!(
            canceled(&[CancellationReason::builder().build()]),
            Unavailable
        );
    }

    #[test]
    fn what_an_operator_has_to_fix_isnt_tried_again() {
        for (class, may_pass) in [
            (Busy, true),
            (Throttled, true),
            (Unavailable, true),
            (Refused, false),
            (TableError::Malformed, false),
        ] {
            assert_eq!(class.may_pass(), may_pass, "{class}");
        }
    }
}
