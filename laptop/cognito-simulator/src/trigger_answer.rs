//! What a trigger's answer leads to: a result, or a failure that ends the sign-in. The journal
//! shows only names and sizes of it.

use loopback::journal::Parameter;

/// Why a trigger ends the sign-in or the token request.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum TriggerFailure {
    #[error("{trigger} failed with error {message}.")]
    Failed {
        trigger: &'static str,
        /// Printable ASCII without `"` and `\`.
        message: String,
    },
    #[error(
        "{trigger} invocation failed due to error Socket timeout while invoking Lambda function."
    )]
    TimedOut { trigger: &'static str },
    #[error("Unrecognizable lambda output")]
    Unrecognizable,
}

/// A response of a trigger after it was read: its result, and what the journal shows of it.
pub(crate) type Understood<T> = Result<(T, Vec<Parameter>), TriggerFailure>;

/// What the journal shows of values: their names and sizes.
pub(crate) fn sizes<'a>(
    values: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> impl Iterator<Item = Parameter> {
    values.into_iter().map(|(name, value)| Parameter {
        name: name.clone(),
        value: format!("{} bytes", value.len()),
    })
}

/// What the journal shows of names: one parameter called `of`, or nothing if there are no names.
pub(crate) fn names<'a>(
    of: &str,
    names: impl IntoIterator<Item = &'a String>,
) -> Option<Parameter> {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    (!names.is_empty()).then(|| Parameter {
        name: of.to_owned(),
        value: names.join(" "),
    })
}
