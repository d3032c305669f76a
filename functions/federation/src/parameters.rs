//! The parameters of a query or of a form: each at most once (RFC 6749 §3.1 and §3.2), and UTF-8.
//! Their values are not shown: a code or a secret may be among them.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroize as _;

/// Parameters by name. An empty value counts as absent (RFC 6749 §3.1).
#[derive(Default)]
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Parses `application/x-www-form-urlencoded`. `None` if a name comes twice, or if something isn't UTF-8 or badly
    /// percent-encoded: what two readers could read in two ways is not read at all.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        if !is_well_encoded(text) {
            return None;
        }
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(text) {
            // The decoder puts this character where bytes are not UTF-8.
            if name.contains('\u{FFFD}') || value.contains('\u{FFFD}') {
                return None;
            }
            if parameters
                .0
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return None;
            }
        }
        Some(parameters)
    }

    /// The value of a parameter, unless it is missing or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

/// Whether every `%` begins two hexadecimal digits.
fn is_well_encoded(text: &[u8]) -> bool {
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        if *byte == b'%'
            && !(rest.next().is_some_and(u8::is_ascii_hexdigit)
                && rest.next().is_some_and(u8::is_ascii_hexdigit))
        {
            return false;
        }
    }
    true
}

impl fmt::Debug for Parameters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Parameters(…)")
    }
}

impl Drop for Parameters {
    fn drop(&mut self) {
        for value in self.0.values_mut() {
            value.zeroize();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_comes_once_and_is_utf8() {
        let parameters = Parameters::parse(b"a=1&b=x%20y+z&c=&%E5%8C%BA=1").unwrap();
        assert_eq!(parameters.get("a"), Some("1"));
        assert_eq!(parameters.get("b"), Some("x y z"));
        assert_eq!(parameters.get("c"), None);
        assert_eq!(parameters.get("区"), Some("1"));
        for bad in ["a=1&a=2", "a&a", "a=%", "a=%4", "a=%zz", "a=%FF", "%FF=a"] {
            assert!(Parameters::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
