//! A failed call of an AWS service: the few facts of it that may be logged, and by which a caller
//! tells a refusal from a failure that passes. Messages of AWS are left out, since they can repeat
//! what was asked. Which codes mean what is said by the caller, who knows the service.

use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// A call that failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AwsFailure {
    status: Option<u16>,
    code: String,
    request_id: String,
}

impl AwsFailure {
    /// What is known of an SDK's error.
    #[must_use]
    pub fn of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Self {
        let (status, code) = match error {
            SdkError::ServiceError(service) => (
                Some(service.raw().status().as_u16()),
                service.err().code().unwrap_or_default(),
            ),
            SdkError::TimeoutError(_) => (None, "timeout"),
            SdkError::DispatchFailure(_) => (None, "connection"),
            SdkError::ResponseError(_) => (None, "answer"),
            // Missing credentials, among others.
            _ => (None, "request"),
        };
        let headers = error.raw_response().map(HttpResponse::headers);
        let request_id = headers.and_then(|headers| headers.get("x-amzn-requestid"));
        Self {
            status,
            code: plain(code).to_owned(),
            request_id: plain(request_id.unwrap_or_default()).to_owned(),
        }
    }

    /// The code of the service's error, such as `ThrottlingException`. It is empty if the answer
    /// named none. If there was no answer that could be read, it is `timeout`, `connection`,
    /// `answer` or `request`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Whether the service refused, and named its reason: a status 4xx with a code, other than 429.
    /// The codes that are temporary all the same are known to the caller.
    ///
    /// An answer that was cut short names no reason, and neither does one of a proxy in between.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        let refused = |status| (400..500).contains(&status) && status != 429;
        self.status.is_some_and(refused) && !self.code.is_empty()
    }

    /// Writes one line to the log: the event, the operation, the caller's class of the failure, the
    /// code, and the id by which AWS knows the request.
    pub fn log(&self, event: &str, operation: &str, class: &dyn fmt::Display) {
        tracing::warn!(
            event,
            operation,
            %class,
            code = self.code,
            request_id = self.request_id,
        );
    }
}

/// The text, if it is a short word of letters, digits and hyphens; else nothing. Text of a peer
/// goes into the log only if it looks like a code or an id.
fn plain(text: &str) -> &str {
    let is_plain = text.len() <= 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_plain { text } else { "" }
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;
    use serde_json::json;

    use super::*;

    type Error = SdkError<ErrorMetadata, HttpResponse>;

    /// An error of a service, as the SDK returns it.
    fn answered(status: u16, code: &str) -> AwsFailure {
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        response.headers_mut().insert("x-amzn-requestid", "0f-1e");
        let error = ErrorMetadata::builder()
            .code(code)
            .message("what the service said")
            .build();
        AwsFailure::of(&Error::service_error(error, response))
    }

    #[test]
    fn the_operator_is_told_how_the_service_calls_it_and_not_what_it_said() {
        let (written, _guard) = kit::log();

        answered(400, "DisabledException").log("kms_call_failed", "Sign", &"refused");
        answered(503, "no\nplain word").log("kms_call_failed", "GetPublicKey", &"unavailable");

        let mut lines = written.lines();
        for line in &mut lines {
            let line = line.as_object_mut().unwrap();
            line.retain(|name, _| !["level", "target"].contains(&name.as_str()));
        }
        assert_eq!(
            lines,
            [
                json!({
                    "event": "kms_call_failed", "operation": "Sign", "class": "refused",
                    "code": "DisabledException", "request_id": "0f-1e",
                }),
                json!({
                    "event": "kms_call_failed", "operation": "GetPublicKey",
                    "class": "unavailable", "code": "", "request_id": "0f-1e",
                }),
            ]
        );
    }

    #[test]
    fn only_a_reason_with_a_status_4xx_is_a_refusal() {
        for (status, code, refusal) in [
            (400, "DisabledException", true),
            (499, "Something", true),
            (399, "Something", false),
            (429, "Something", false),
            (500, "Something", false),
            (403, "", false),
        ] {
            assert_eq!(
                answered(status, code).is_refusal(),
                refusal,
                "{status} {code}"
            );
        }
    }

    #[test]
    fn a_call_without_a_readable_answer_is_no_refusal_and_has_a_code() {
        let response = || HttpResponse::new(400.try_into().unwrap(), SdkBody::empty());
        for (error, code) in [
            (Error::timeout_error("late"), "timeout"),
            (
                Error::dispatch_failure(ConnectorError::io("refused".into())),
                "connection",
            ),
            (Error::response_error("cut short", response()), "answer"),
            (Error::construction_failure("no credentials"), "request"),
        ] {
            let failure = AwsFailure::of(&error);
            assert_eq!((failure.code(), failure.is_refusal()), (code, false));
        }
    }

    #[test]
    fn only_a_plain_word_of_a_peer_is_kept() {
        assert_eq!(plain("DisabledException"), "DisabledException");
        assert_eq!(plain("00000000-0000-4000-8000-000000000000").len(), 36);
        assert_eq!(plain("two words"), "");
        assert_eq!(plain("line\nbreak"), "");
        assert_eq!(plain(&"a".repeat(65)), "");
    }
}
