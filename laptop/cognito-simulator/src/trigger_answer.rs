//! What a trigger's answer comes to: what it means, or why it ends the sign-in; and what the
//! journal shows of it, which is names and sizes.

use loopback::journal::Parameter;

/// Why a trigger ends what is under way.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum TriggerFailure {
    #[error("{trigger} failed with error {message}.")]
    Failed {
        trigger: &'static str,
        /// Printable ASCII without `"` and `\\`.
        message: String,
    },
    #[error(
        "{trigger} invocation failed due to error Socket timeout while invoking Lambda function."
    )]
    TimedOut { trigger: &'static str },
    #[error("Unrecognizable lambda output")]
    Unrecognizable,
}

/// Understands a response: what it means, and what the journal shows of it.
pub(crate) type Understood<T> = Result<(T, Vec<Parameter>), TriggerFailure>;

/// What the journal shows of values: names and sizes.
pub(crate) fn sizes<'a>(
    values: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> impl Iterator<Item = Parameter> {
    values.into_iter().map(|(name, value)| Parameter {
        name: name.clone(),
        value: format!("{} bytes", value.len()),
    })
}

/// What the journal shows of names.
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
