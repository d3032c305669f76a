//! How Amazon Cognito calls a Lambda trigger: with the event as JSON, for at most five seconds, and
//! sometimes once more than needed. How many attempts it makes is not known (contract C5); here it
//! is three.
//! The answer is the whole event with its `response` filled in. Any other answer, and any error,
//! ends the sign-in.

use local_lambda::DirectFunction;
use loopback::journal::{Again, Check, Note, Parameter, Party, Step};
use serde_json::{Map, Value};

use crate::options::{RepeatedTriggers, TokenEventVersion};
use crate::shared::Shared;
use crate::trigger_answer::{TriggerFailure, Understood};

/// The most attempts at one call. A function that doesn't answer in time is called again.
const ATTEMPTS: u32 = 3;
/// The most characters of a function's error that go to the app. AWS names no figure.
const MESSAGE_LIMIT: usize = 1_000;
/// The triggers that the stand-in calls.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trigger {
    InboundFederation,
    PreTokenGeneration,
}

impl Trigger {
    /// Its name in Cognito's errors.
    const fn name(self) -> &'static str {
        match self {
            Self::InboundFederation => "InboundFederation",
            Self::PreTokenGeneration => "PreTokenGeneration",
        }
    }
}

/// A call of a trigger: the function, and what its event contains.
pub(crate) struct Question<'a> {
    pub(crate) trigger: Trigger,
    /// `triggerSource`. It is also the name of the hop in the journal.
    pub(crate) source: &'static str,
    pub(crate) function: &'a DirectFunction,
    /// The app client's id.
    pub(crate) client_id: &'a str,
    /// The user. `None` if a machine gets a token.
    pub(crate) user_name: Option<&'a str>,
    pub(crate) request: Value,
    /// `response` as the function gets it.
    pub(crate) response: Value,
    /// What the journal shows of the request: names and sizes.
    pub(crate) shown: Vec<Parameter>,
}

impl Question<'_> {
    fn event(&self, shared: &Shared) -> Map<String, Value> {
        let options = &shared.options;
        let version = match self.trigger {
            Trigger::InboundFederation => "1",
            Trigger::PreTokenGeneration => {
                match options.lambda_config.pre_token_generation_version {
                    TokenEventVersion::V2 => "2",
                    TokenEventVersion::V3 => "3",
                }
            }
        };
        let caller = serde_json::json!({
            "awsSdkVersion": "aws-sdk-unknown-unknown",
            "clientId": self.client_id,
        });
        [
            ("version", Some(version.into())),
            ("triggerSource", Some(self.source.into())),
            ("region", Some(options.region().into())),
            ("userPoolId", Some(options.user_pool_id.clone().into())),
            ("userName", self.user_name.map(Value::from)),
            ("callerContext", Some(caller)),
            ("request", Some(self.request.clone())),
            ("response", Some(self.response.clone())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
    }
}

/// Calls a function, and reads its answer with `understand`.
pub(crate) async fn ask<T>(
    shared: &Shared,
    question: Question<'_>,
    understand: impl Fn(&Map<String, Value>) -> Understood<T>,
) -> Result<T, TriggerFailure> {
    let is_repeated = {
        let mut kept = shared.state();
        kept.trigger_calls += 1;
        match kept.variation.repeated_triggers {
            RepeatedTriggers::EveryThird => kept.trigger_calls.is_multiple_of(3),
            RepeatedTriggers::Always => true,
            RepeatedTriggers::Never => false,
        }
    };
    let event = question.event(shared);
    let mut again = None;
    if is_repeated {
        // Nobody uses this answer, but the function can't know that.
        let _ = call(shared, (&question, again), &event, &understand).await;
        again = Some(Again::Unprompted);
    }
    let mut attempt = 1;
    loop {
        match call(shared, (&question, again), &event, &understand).await {
            Err(TriggerFailure::TimedOut { .. }) if attempt < ATTEMPTS => attempt += 1,
            outcome => return outcome,
        }
        again = Some(Again::TimedOut);
    }
}

/// One call, which is one hop of the journal. If it is made again, the journal says why.
async fn call<T>(
    shared: &Shared,
    (question, again): (&Question<'_>, Option<Again>),
    event: &Map<String, Value>,
    understand: &impl Fn(&Map<String, Value>) -> Understood<T>,
) -> Result<T, TriggerFailure> {
    let trigger = question.trigger.name();
    let (from, to) = (Party::Cognito, Party::Triggers);
    let entry = shared.options.journal.begin(from, to, question.source);
    if let Some(again) = again {
        shared.options.journal.note(entry, Note::Again(again));
    }
    let text = Value::from(event.clone()).to_string();
    let invocation = question.function.invoke_with_checks(text);
    let invoked = tokio::time::timeout(shared.options.trigger_timeout, invocation).await;
    let mut checks = Vec::new();
    let answer = match invoked {
        Err(_) => Err(TriggerFailure::TimedOut { trigger }),
        Ok((answer, reported)) => {
            checks.extend(reported);
            answer.map_err(|failed| TriggerFailure::Failed {
                trigger,
                message: error_description(failed.error_message()),
            })
        }
    };
    checks.push(Check::new(
        "the function answers in time and without an error",
        "Cognito: Lambda triggers",
        answer.is_ok(),
    ));
    let understood = answer.and_then(|answer| {
        let understood = response(event, &answer).and_then(|response| understand(&response));
        checks.push(Check::new(
            "the answer is the whole event, and its response is understood",
            "Cognito: Lambda triggers",
            understood.is_ok(),
        ));
        understood
    });
    let (outcome, answer) = match understood {
        Ok((outcome, shown)) => (Ok(outcome), shown),
        // The error that the app gets. An error of our functions consists of a class and a support
        // id, and has nothing personal.
        Err(failure) => {
            let told = Parameter::new("error", failure.to_string());
            (Err(failure), vec![told])
        }
    };
    let step = Step {
        from,
        to,
        request: question.source.to_owned(),
        parameters: question.shown.clone(),
        checks,
        status: None,
        answer,
    };
    shared.options.journal.end(entry, step);
    outcome
}

/// The `response` of an answer that is the whole event. As far as is known, AWS reads only
/// `response`. It documents that the whole event comes back, so here that is required.
fn response(
    event: &Map<String, Value>,
    answer: &[u8],
) -> Result<Map<String, Value>, TriggerFailure> {
    let answer: Map<String, Value> =
        serde_json::from_slice(answer).map_err(|_| TriggerFailure::Unrecognizable)?;
    if !event.keys().all(|member| answer.contains_key(member)) {
        return Err(TriggerFailure::Unrecognizable);
    }
    match answer.get("response") {
        Some(Value::Object(response)) => Ok(response.clone()),
        _ => Err(TriggerFailure::Unrecognizable),
    }
}

/// The message with the characters that `error_description` can have (RFC 6749 §4.1.2.1). Any other
/// character becomes `?`. AWS doesn't say what it does with such characters; redirects with a line
/// end in them were seen to fail.
fn error_description(message: &str) -> String {
    let is_allowed = |c: char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
    message
        .chars()
        .take(MESSAGE_LIMIT)
        .map(|c| if is_allowed(c) { c } else { '?' })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_whole_event_with_a_response_is_an_answer() {
        let whole = json!({
            "version": "2", "triggerSource": "", "region": "", "userPoolId": "", "userName": "",
            "callerContext": {}, "request": {}, "response": {"x": 1}, "more": "is fine",
        });
        let mut sent = whole.as_object().cloned().unwrap();
        sent.remove("more");
        let response = |answer: &[u8]| response(&sent, answer);
        let understood = response(whole.to_string().as_bytes());
        assert_eq!(understood.ok(), json!({"x": 1}).as_object().cloned());
        assert_eq!(sent.len(), 8);
        for member in sent.keys() {
            let mut part = whole.clone();
            part.as_object_mut().unwrap().remove(member);
            let refused = response(part.to_string().as_bytes());
            assert_eq!(refused, Err(TriggerFailure::Unrecognizable), "{member}");
        }
        for other in [json!(null), json!([]), json!("text")] {
            let mut event = whole.clone();
            event["response"] = other;
            let refused = response(event.to_string().as_bytes());
            assert_eq!(refused, Err(TriggerFailure::Unrecognizable));
        }
        for other in ["", "no json", "[]", "null", "\"text\"", "{} {}"] {
            let refused = response(other.as_bytes());
            assert_eq!(refused, Err(TriggerFailure::Unrecognizable), "{other}");
        }
    }

    #[test]
    fn an_error_for_the_app_is_printable_and_bounded() {
        assert_eq!(
            error_description("record_unlinked ABCD-2345"),
            "record_unlinked ABCD-2345"
        );
        assert_eq!(error_description("a\r\nb\"c\\d山\u{7f}"), "a??b?c?d??");
        assert_eq!(error_description(&"a".repeat(5_000)).len(), MESSAGE_LIMIT);
    }
}
