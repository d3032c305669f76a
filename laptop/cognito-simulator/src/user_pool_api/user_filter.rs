//! `Filter` of `ListUsers`: `attribute = "value"`, or `attribute ^= "value"` for values that begin
//! so. A quotation mark or a backslash in the value has a backslash before it. The attribute may be
//! in quotation marks, too, as in AWS's examples.

use std::iter::Peekable;
use std::str::Chars;

use crate::user_pool::User;

/// The most characters of a filter.
const LONGEST: usize = 256;
/// What AWS can search for.
const SEARCHABLE: [&str; 10] = [
    "username",
    "email",
    "phone_number",
    "name",
    "given_name",
    "family_name",
    "preferred_username",
    "cognito:user_status",
    "status",
    "sub",
];

/// A filter that was understood. Its value is personal, so there is no `Debug`.
pub(super) enum UserFilter {
    /// The empty filter.
    All,
    /// Users whose attribute is this value, or begins with it.
    With {
        attribute: &'static str,
        value: String,
        is_prefix: bool,
    },
}

/// Why a filter isn't understood. The words are AWS's own where they were seen.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum WrongFilter {
    #[error("Error while parsing filter.")]
    Syntax,
    #[error("Invalid search attribute: {0}")]
    Attribute(String),
    #[error(
        "Value at 'filter' failed to satisfy constraint: Member must have length less than or \
         equal to 256"
    )]
    TooLong,
}

impl UserFilter {
    pub(super) fn parse(filter: &str) -> Result<Self, WrongFilter> {
        if filter.chars().count() > LONGEST {
            return Err(WrongFilter::TooLong);
        }
        if filter.is_empty() {
            return Ok(Self::All);
        }
        let mut rest = filter.chars().peekable();
        skip_spaces(&mut rest);
        let attribute = match rest.peek() {
            Some('"') => quoted(&mut rest),
            _ => Some(bare(&mut rest)),
        };
        let attribute = attribute.filter(|name| !name.is_empty());
        let attribute = attribute.ok_or(WrongFilter::Syntax)?;
        skip_spaces(&mut rest);
        let is_prefix = rest.next_if_eq(&'^').is_some();
        if rest.next() != Some('=') {
            return Err(WrongFilter::Syntax);
        }
        skip_spaces(&mut rest);
        let value = quoted(&mut rest).ok_or(WrongFilter::Syntax)?;
        skip_spaces(&mut rest);
        if rest.next().is_some() {
            return Err(WrongFilter::Syntax);
        }
        let mut searchable = SEARCHABLE.into_iter();
        match searchable.find(|name| *name == attribute) {
            Some(attribute) => Ok(Self::With {
                attribute,
                value,
                is_prefix,
            }),
            None => Err(WrongFilter::Attribute(attribute)),
        }
    }

    /// Whether the filter finds this user. Only the user's status is compared without regard to
    /// case.
    pub(super) fn finds(&self, user: &User) -> bool {
        let Self::With {
            attribute,
            value,
            is_prefix,
        } = self
        else {
            return true;
        };
        let compare = |known: &str, value: &str| match is_prefix {
            true => known.starts_with(value),
            false => known == value,
        };
        match *attribute {
            "username" => compare(&user.username, value),
            "sub" => compare(&user.sub, value),
            "status" => compare(if user.disabled { "Disabled" } else { "Enabled" }, value),
            "cognito:user_status" => {
                let (known, value) = (user.status().to_lowercase(), value.to_lowercase());
                compare(&known, &value)
            }
            name => (user.attributes.get(name)).is_some_and(|known| compare(known, value)),
        }
    }
}

fn skip_spaces(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| c.is_ascii_whitespace()).is_some() {}
}

/// A name without quotation marks.
fn bare(rest: &mut Peekable<Chars<'_>>) -> String {
    let is_of_a_name = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.' | '-');
    std::iter::from_fn(|| rest.next_if(is_of_a_name)).collect()
}

/// A text in quotation marks.
fn quoted(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    rest.next_if_eq(&'"')?;
    let mut text = String::new();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\\' => text.push(rest.next_if(|c| matches!(c, '"' | '\\'))?),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(filter: &str) -> Result<(&'static str, String, bool), WrongFilter> {
        match UserFilter::parse(filter)? {
            UserFilter::All => panic!("{filter}"),
            UserFilter::With {
                attribute,
                value,
                is_prefix,
            } => Ok((attribute, value, is_prefix)),
        }
    }

    #[test]
    fn a_filter_has_an_attribute_a_comparison_and_a_value_in_quotation_marks() {
        assert!(matches!(UserFilter::parse(""), Ok(UserFilter::All)));
        for (filter, attribute, value, is_prefix) in [
            (r#"sub = "a""#, "sub", "a", false),
            (r#"  sub="a"  "#, "sub", "a", false),
            (r#""email"^="testuser""#, "email", "testuser", true),
            (r#"username = """#, "username", "", false),
            (r#"name = "a \"b\" \\""#, "name", r#"a "b" \"#, false),
            (r#"family_name ^= "山""#, "family_name", "山", true),
            (
                r#"cognito:user_status = "x""#,
                "cognito:user_status",
                "x",
                false,
            ),
        ] {
            let expected = Ok((attribute, value.to_owned(), is_prefix));
            assert_eq!(parsed(filter), expected, "{filter}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for filter in [
            "foo",
            "sub",
            "sub = a",
            "sub = 'a'",
            r#"sub = "a"#,
            r#"sub == "a""#,
            r#"sub ^ = "a""#,
            r#"sub "a""#,
            r#"= "a""#,
            r#""" = "a""#,
            r#"sub = "a" and name = "b""#,
            r#"sub = "a" or username = "b""#,
            r#"sub = "a"b""#,
            r#"name = "a\n""#,
            r#"name = "a\"#,
            " ",
        ] {
            assert_eq!(parsed(filter), Err(WrongFilter::Syntax), "{filter}");
        }
        for attribute in ["custom:member_record", "locale", "Sub"] {
            let refused = parsed(&format!(r#"{attribute} = "a""#));
            let expected = WrongFilter::Attribute(attribute.to_owned());
            assert_eq!(refused, Err(expected));
        }
        let long = |length: usize| format!("sub = \"{}\"", "a".repeat(length - 8));
        assert!(parsed(&long(LONGEST)).is_ok());
        assert_eq!(parsed(&long(LONGEST + 1)), Err(WrongFilter::TooLong));
    }
}
