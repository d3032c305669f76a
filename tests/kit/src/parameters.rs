//! The parameters of a request. A test starts from a complete set and changes one of them.

use url::form_urlencoded;

/// Names and values, in order. A name may occur more than once.
#[derive(Clone, Debug)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The parameters with these names and values.
    #[must_use]
    pub fn of<const N: usize>(parameters: [(&str, &str); N]) -> Self {
        let owned = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self(owned.into())
    }

    /// Sets a parameter. The new value takes the place of the first one of this name, and any
    /// others of this name are removed.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let Some(place) = self.0.iter().position(|(known, _)| known == name) else {
            return self.and(name, value);
        };
        self = self.without(name);
        self.0.insert(place, (name.to_owned(), value.to_owned()));
        self
    }

    /// Removes every parameter of this name.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    /// Adds a parameter at the end, even if one of this name exists.
    #[must_use]
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The first value of a parameter.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.unwrap().1.as_str()
    }

    /// Names and values, in order.
    #[must_use]
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The parameters encoded as a query or a form.
    #[must_use]
    pub fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
    }
}
