//! Parameters of requests and redirects: as the journal shows them, masked where necessary, and as
//! they are added to a URL.

use loopback::journal::{Parameter, mask};
use loopback::parameters::Parameters;

/// All parameters of a request, for the journal.
pub(crate) fn journal_parameters(parameters: &Parameters) -> Vec<Parameter> {
    parameters
        .pairs()
        .iter()
        .map(|(name, value)| journal_parameter(name, value))
        .collect()
}

/// A parameter for the journal. `login_hint` says who a person is, so it is masked like a secret.
pub(crate) fn journal_parameter(name: &str, value: &str) -> Parameter {
    if name == "login_hint" {
        return Parameter {
            name: name.to_owned(),
            value: mask("state", value),
        };
    }
    Parameter::new(name, value)
}

/// Adds parameters to a URL that may have a query already.
pub(crate) fn with_query<'a>(
    url: &str,
    parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{query}")
}
