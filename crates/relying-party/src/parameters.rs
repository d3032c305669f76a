//! The parameters of a query or of a form: each at most once (RFC 6749 §3.1 and §3.2), and in
//! UTF-8.
//! `Debug` doesn't show their values, because a code or a secret may be among them.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::{Zeroize as _, Zeroizing};

/// Parameters by name. An empty value counts as absent (RFC 6749 §3.1).
#[derive(Default)]
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Parses `application/x-www-form-urlencoded`. `None` if a name comes twice, if the text isn't
    /// UTF-8, or if it is badly percent-encoded: a text that two readers could read in two ways is
    /// refused.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        if !is_well_encoded(text) {
            return None;
        }
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(text) {
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

    /// The parameters with these names, as a query. Those that are missing or empty are left out.
    #[must_use]
    pub fn to_query(&self, names: &[&str]) -> String {
        let there = names
            .iter()
            .filter_map(|name| Some((name, self.get(name)?)));
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(there).finish()
    }
}

/// Whether every `%` begins two hexadecimal digits, and what they stand for is UTF-8.
fn is_well_encoded(text: &[u8]) -> bool {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        if *byte == b'%' {
            let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
                return false;
            };
            // Two digits make a byte.
            decoded.push(u8::try_from(high * 16 + low).unwrap_or_default());
        } else {
            decoded.push(*byte);
        }
    }
    std::str::from_utf8(&decoded).is_ok()
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
        let bad = [
            "a=1&a=2",
            "a&a",
            "a=%",
            "a=%4",
            "a=%zz",
            "a=%+1",
            "a=%FF",
            "%FF=a",
            "a=%E5&b=%8C%BA",
        ];
        for bad in bad {
            assert!(Parameters::parse(bad.as_bytes()).is_none(), "{bad}");
        }
        assert!(Parameters::parse(b"a=\xFF").is_none());
        // The replacement character, which decoders put in place of invalid bytes, is accepted if
        // the client really sent it.
        let replacement = Parameters::parse("a=%EF%BF%BD\u{FFFD}".as_bytes()).unwrap();
        assert_eq!(replacement.get("a"), Some("\u{FFFD}\u{FFFD}"));
    }
}
