//! The parameters of a query or of a form, as they came, in their order.
//! A name that comes twice has no value that could be trusted (RFC 6749 §3.1).
//! Values go into the journal masked.

use loopback::journal::{Parameter, mask};

/// Decoded names and values.
#[derive(Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Decodes `application/x-www-form-urlencoded`.
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The value of a name that comes exactly once.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(known, _)| known == name);
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value.as_str())
    }

    /// Whether a name comes more than once.
    pub(crate) fn has_duplicates(&self) -> bool {
        self.0
            .iter()
            .enumerate()
            .any(|(position, (name, _))| self.0.iter().take(position).any(|(seen, _)| seen == name))
    }

    /// Every pair, with those of `more` after them.
    pub(crate) fn encode_with(&self, more: &[(&str, &str)]) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.0)
            .extend_pairs(more)
            .finish()
    }

    /// Every pair, with another value of this name, which comes last.
    pub(crate) fn encode_but(&self, name: &str, value: &str) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.0.iter().filter(|(known, _)| known != name))
            .append_pair(name, value)
            .finish()
    }

    /// For the journal.
    pub(crate) fn journal(&self) -> Vec<Parameter> {
        self.0
            .iter()
            .map(|(name, value)| journal_parameter(name, value))
            .collect()
    }
}

/// A parameter for the journal. `login_hint` says who somebody is, so it is hidden like a secret.
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
