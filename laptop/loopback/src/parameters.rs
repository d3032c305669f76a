//! The parameters of a query or of a form (`application/x-www-form-urlencoded`), in the order in
//! which they came.
//! All of them are kept, and each caller decides how strict it is: whether it asks for the first
//! value or the only one, whether a name may come twice, and whether everything has to be clean
//! form encoding.

use std::collections::HashSet;

/// Decoded names and values. They may hold codes and secrets, so there is no `Debug`.
#[derive(Clone)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
    well_formed: bool,
}

impl Parameters {
    /// Decodes a query or a body. Input that isn't well formed is decoded as a browser does it
    /// (WHATWG URL §5.1).
    #[must_use]
    pub fn parse(raw: &[u8]) -> Self {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(raw).into_owned().collect();
        Self {
            well_formed: is_form_encoded(raw) && !has_replacement(&pairs),
            pairs,
        }
    }

    /// The parameters of a form that wasn't sent: none, and not well formed.
    #[must_use]
    pub fn missing() -> Self {
        Self {
            pairs: Vec::new(),
            well_formed: false,
        }
    }

    /// Names and values, in order.
    #[must_use]
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// Whether there are no parameters.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Whether that name is there, even without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// All values of that name, in order.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let pairs = self.pairs.iter().filter(move |(known, _)| known == name);
        pairs.map(|(_, value)| value.as_str())
    }

    /// The first value of that name. An empty value counts as none (RFC 6749 §3.1).
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&str> {
        self.values(name).next().filter(|value| !value.is_empty())
    }

    /// The value of a name that comes exactly once, even if the value is empty. `None` if the name
    /// comes more than once, because then none of its values can be trusted (RFC 6749 §3.1).
    #[must_use]
    pub fn only(&self, name: &str) -> Option<&str> {
        let mut values = self.values(name);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// Whether that name comes at most once.
    #[must_use]
    pub fn is_single(&self, name: &str) -> bool {
        self.values(name).nth(1).is_none()
    }

    /// Whether no name comes twice (RFC 6749 §3.1).
    #[must_use]
    pub fn are_unique(&self) -> bool {
        let mut names = HashSet::new();
        self.pairs.iter().all(|(name, _)| names.insert(name))
    }

    /// Whether there are no other names than these.
    #[must_use]
    pub fn are_among(&self, names: &[&str]) -> bool {
        let mut pairs = self.pairs.iter();
        pairs.all(|(name, _)| names.contains(&name.as_str()))
    }

    /// Whether the input was clean form encoding: printable ASCII, every `%` followed by two
    /// hexadecimal digits, and UTF-8 after decoding.
    #[must_use]
    pub fn are_well_formed(&self) -> bool {
        self.well_formed
    }

    /// All pairs, followed by those of `more`, in form encoding.
    #[must_use]
    pub fn encode_with(&self, more: &[(&str, &str)]) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.pairs)
            .extend_pairs(more)
            .finish()
    }

    /// All pairs without those of this name, followed by this name with this value, in form
    /// encoding.
    #[must_use]
    pub fn encode_but(&self, name: &str, value: &str) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.pairs.iter().filter(|(known, _)| known != name))
            .append_pair(name, value)
            .finish()
    }
}

fn is_form_encoded(raw: &[u8]) -> bool {
    let mut bytes = raw.iter();
    while let Some(byte) = bytes.next() {
        let valid = match byte {
            b'%' => {
                bytes.next().is_some_and(u8::is_ascii_hexdigit)
                    && bytes.next().is_some_and(u8::is_ascii_hexdigit)
            }
            other => other.is_ascii_graphic(),
        };
        if !valid {
            return false;
        }
    }
    true
}

/// Whether decoding replaced bytes that aren't UTF-8. U+FFFD that was really sent counts too: no
/// parameter of a stand-in may contain it anyway.
fn has_replacement(pairs: &[(String, String)]) -> bool {
    let replaced = |text: &str| text.contains(char::REPLACEMENT_CHARACTER);
    pairs
        .iter()
        .any(|(name, value)| replaced(name) || replaced(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_clean_form_encoding_is_a_parameter_list() {
        for good in ["", "a=b", "a=%E3%81%82+b&c=", "state=%3B"] {
            assert!(
                Parameters::parse(good.as_bytes()).are_well_formed(),
                "{good}"
            );
        }
        for bad in ["a=%", "a=%4", "a=%zz", "a=%ff", "a=\u{e9}", "a=b c", "a=\n"] {
            assert!(
                !Parameters::parse(bad.as_bytes()).are_well_formed(),
                "{bad}"
            );
        }
        assert!(!Parameters::missing().are_well_formed());
    }

    #[test]
    fn a_parameter_without_a_value_is_none() {
        let parameters = Parameters::parse(b"a=&b=1&b=2");
        assert_eq!(parameters.first("a"), None);
        assert!(parameters.has("a"));
        assert_eq!(parameters.first("b"), Some("1"));
        assert!(!parameters.are_unique());
        assert!(parameters.is_single("a"));
    }

    #[test]
    fn the_only_value_may_be_empty_but_not_one_of_two() {
        let parameters = Parameters::parse(b"a=&b=1&b=1");
        assert_eq!(parameters.only("a"), Some(""));
        assert_eq!(parameters.only("b"), None);
        assert_eq!(parameters.only("c"), None);
    }

    #[test]
    fn what_came_goes_on_with_more_or_with_another_value() {
        let parameters = Parameters::parse(b"a=1&lang=ja&b=x+y&lang=ja");
        assert_eq!(
            parameters.encode_with(&[("c", "&")]),
            "a=1&lang=ja&b=x+y&lang=ja&c=%26"
        );
        assert_eq!(parameters.encode_but("lang", "en"), "a=1&b=x+y&lang=en");
    }
}
