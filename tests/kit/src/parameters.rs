//! The parameters of a request: made whole, then changed in one place.

use url::form_urlencoded;

/// Names and values, in order; a name may come twice.
#[derive(Clone, Debug)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// These.
    #[must_use]
    pub fn of<const N: usize>(parameters: [(&str, &str); N]) -> Self {
        let owned = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self(owned.into())
    }

    /// With this value for a parameter, in the place of any that it has.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let Some(place) = self.0.iter().position(|(known, _)| known == name) else {
            return self.and(name, value);
        };
        self = self.without(name);
        self.0.insert(place, (name.to_owned(), value.to_owned()));
        self
    }

    /// Without a parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    /// With one more parameter, also if there is one of this name.
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

    /// As a query or a form.
    #[must_use]
    pub fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
    }
}
