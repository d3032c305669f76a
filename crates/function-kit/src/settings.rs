//! Reads the environment of a function into one typed value. All problems are reported at once, at
//! start, and never with a value. Where the function is deployed, no variable holds a secret, but a
//! reference to one.

use std::fmt;

use four_attributes::{AssuranceRule, AttributeSet, AuthenticationTime, SANDBOX_ISSUER};
use http_client::secure_url;

use crate::failure::Bilingual;
use crate::reference::Reference;

/// A variable of the environment, with its documentation. Texts may hold code in backquotes.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// The name.
    pub name: &'static str,
    /// What the variable means.
    pub meaning: Bilingual,
    /// What its value looks like.
    pub form: Bilingual,
    /// What applies if it isn't set.
    pub if_unset: IfUnset,
    /// An example of a value.
    pub example: &'static str,
}

/// What applies if a variable isn't set, or is empty (unless its form takes that).
#[derive(Clone, Copy, Debug)]
pub enum IfUnset {
    /// The function doesn't start.
    Refused,
    /// The same as if it had this value.
    Value(&'static str),
    /// Something else, as this text says. The code that reads the variable sees to it.
    Said(Bilingual),
}

/// Declares the variables that a module reads: a constant with the name of each, and `VARIABLES`
/// for all of them. The comment of a variable is its meaning in English, and `ja` is the same in
/// Japanese.
///
/// ```
/// use function_kit::failure::Bilingual;
/// use function_kit::settings::IfUnset;
///
/// function_kit::variables! {
///     /// How much is logged
///     LOG_LEVEL {
///         ja: "ログの詳しさ",
///         form: Bilingual { en: "`info`, `debug`", ja: "`info`、`debug`" },
///         if_unset: IfUnset::Value("info"),
///         example: "debug",
///     }
/// }
///
/// assert_eq!(LOG_LEVEL, "LOG_LEVEL");
/// assert_eq!(VARIABLES[0].meaning.en, "How much is logged");
/// ```
#[macro_export]
macro_rules! variables {
    ($(
        $(#[doc = $meaning:literal])+
        $name:ident {
            ja: $ja:literal,
            form: $form:expr,
            if_unset: $if_unset:expr,
            example: $example:literal,
        }
    )+) => {
        $($(#[doc = $meaning])+ pub const $name: &str = stringify!($name);)+
        /// All that are declared here.
        pub const VARIABLES: &[$crate::settings::Variable] = &[$(
            $crate::settings::Variable {
                name: stringify!($name),
                meaning: $crate::failure::Bilingual {
                    en: concat!($($meaning),+).trim_ascii_start(),
                    ja: $ja,
                },
                form: $form,
                if_unset: $if_unset,
                example: $example,
            },
        )+];
    };
}

/// Forms that several variables have.
pub mod form {
    use crate::failure::Bilingual;

    /// The form that [`secret_reference`](super::secret_reference) takes.
    pub const SECRET: Bilingual = Bilingual {
        en: "a reference to a secret (one)",
        ja: "シークレットへの参照（1つ）",
    };

    /// References to keys.
    pub const KEYS: Bilingual = Bilingual {
        en: "references to keys, separated by spaces",
        ja: "鍵への参照。空白区切り",
    };

    /// The form that [`service_address`](super::service_address) takes.
    pub const ADDRESS: Bilingual = Bilingual {
        en: "an `https` URL",
        ja: "`https` の URL",
    };

    /// The form that [`provider_name`](super::provider_name) takes.
    pub const PROVIDER_NAME: Bilingual = Bilingual {
        en: "3 to 32 characters, without `_` and white space",
        ja: "3〜32文字。`_` と空白は使えない",
    };

    /// The form that [`yes_or_no`](super::yes_or_no) takes.
    pub const YES_OR_NO: Bilingual = Bilingual {
        en: "`yes`, `no`",
        ja: "`yes`、`no`",
    };
}

/// One problem with a variable.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// The variable.
    pub variable: &'static str,
    /// What is wrong with it, without its value.
    pub reason: String,
}

/// All problems of a configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConfigError(pub Vec<Problem>);

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the configuration is not usable:")?;
        for problem in &self.0 {
            write!(formatter, " {} {};", problem.variable, problem.reason)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Reads a whole configuration. `read` asks for every variable before it returns `None`, so that
/// every problem is reported. `variables` are all of them, as the modules that read them declare
/// them.
///
/// # Errors
///
/// [`ConfigError`] if there was a problem with any of them.
pub fn read<T>(
    lookup: &dyn Fn(&str) -> Option<String>,
    variables: &'static [&'static [Variable]],
    read: impl FnOnce(&mut Reader<'_>) -> Option<T>,
) -> Result<T, ConfigError> {
    let mut reader = Reader {
        lookup,
        variables,
        problems: Vec::new(),
    };
    match read(&mut reader) {
        Some(config) if reader.problems.is_empty() => Ok(config),
        _ => Err(ConfigError(reader.problems)),
    }
}

/// Reads variables, and collects the problems. White space at both ends of a value doesn't count,
/// and an empty value is a missing one.
pub struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    variables: &'static [&'static [Variable]],
    problems: Vec<Problem>,
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Reader({:?})", self.problems)
    }
}

impl Reader<'_> {
    /// Notes a problem with a variable. `reason` goes into the log: it must not show the value.
    pub fn problem(&mut self, variable: &'static str, reason: impl Into<String>) {
        self.problems.push(Problem {
            variable,
            reason: reason.into(),
        });
    }

    /// A value that may be missing.
    #[must_use]
    pub fn optional(&self, variable: &str) -> Option<String> {
        (self.lookup)(variable)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    /// The value of a variable, checked. If the variable isn't set, its default is checked; if it
    /// has no default, that is a problem. `None` if there is a problem.
    pub fn checked<T>(
        &mut self,
        variable: &'static str,
        check: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        if let Some(value) = self.optional(variable) {
            return self.check(variable, &value, check);
        }
        let mut known = self.variables.iter().copied().flatten();
        let known = known.find(|known| known.name == variable);
        match known.map(|known| known.if_unset) {
            Some(IfUnset::Value(value)) => self.check(variable, value, check),
            Some(IfUnset::Refused | IfUnset::Said(_)) | None => {
                self.problem(variable, "is missing");
                None
            }
        }
    }

    /// The value of a variable, checked. `Some(None)` if the variable isn't set, and `None` if
    /// there is a problem.
    pub fn checked_if_set<T>(
        &mut self,
        variable: &'static str,
        check: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        match self.optional(variable) {
            Some(value) => self.check(variable, &value, check).map(Some),
            None => Some(None),
        }
    }

    /// As [`checked`](Self::checked), but an empty value is a value, too.
    pub fn checked_or_empty<T>(
        &mut self,
        variable: &'static str,
        check: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match (self.lookup)(variable) {
            Some(value) => self.check(variable, value.trim(), check),
            None => self.checked(variable, check),
        }
    }

    /// Checks a value. The error of `check` is noted as a problem.
    pub fn check<T>(
        &mut self,
        variable: &'static str,
        value: &str,
        check: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        check(value)
            .map_err(|reason| self.problem(variable, reason))
            .ok()
    }
}

/// A reference to a secret: AWS Secrets Manager, a file, or the variable itself.
///
/// # Errors
///
/// What is wrong, without the value.
pub fn secret_reference(value: &str) -> Result<Reference, String> {
    match Reference::parse(value) {
        Some(Reference::Kms(_)) => Err("is a secret, which AWS KMS can't hold".to_owned()),
        Some(reference) => Ok(reference),
        None => Err("must be an ARN of AWS Secrets Manager, file:PATH, or JSON".to_owned()),
    }
}

/// The longest address of the service, in bytes.
const LONGEST_ADDRESS: usize = 255;

/// An address of the service, as every function takes it: absolute, `https` (or `http` on this
/// machine), in a URL's normal form, without query and fragment, 255 characters at most.
///
/// # Errors
///
/// What is wrong, without the value.
pub fn service_address(value: &str) -> Result<String, String> {
    secure_url(value).map_err(|error| error.to_string())?;
    if value.len() > LONGEST_ADDRESS {
        return Err(format!("must have {LONGEST_ADDRESS} characters at most"));
    }
    Ok(value.to_owned())
}

/// The bridge's name in the user pool: 3 to 32 characters, no `_`, no white space (AWS,
/// CreateIdentityProvider; in a username, `_` ends the provider's name).
///
/// # Errors
///
/// What is wrong, without the value.
pub fn provider_name(value: &str) -> Result<String, String> {
    let fits = (3..=32).contains(&value.chars().count())
        && !value.contains('_')
        && !value.contains(|character: char| character.is_whitespace() || character.is_control());
    if fits {
        Ok(value.to_owned())
    } else {
        Err(
            "must be a provider's name in the user pool: 3 to 32 characters without `_` and white \
             space"
                .to_owned(),
        )
    }
}

/// The issuers of the service whose records are accepted, separated by spaces: more than one if the
/// service has changed its issuer. An issuer that comes twice counts once. The sandbox must be the
/// only one: its people are made up, and no other issuer may be accepted beside it.
///
/// # Errors
///
/// What is wrong, without the value.
pub fn service_issuers(value: &str) -> Result<Vec<String>, String> {
    let mut issuers = Vec::new();
    for word in value.split_whitespace() {
        let issuer = service_address(word)?;
        if !issuers.contains(&issuer) {
            issuers.push(issuer);
        }
    }
    if issuers.len() > 1 && issuers.iter().any(|issuer| issuer == SANDBOX_ISSUER) {
        return Err("lists the sandbox with another issuer: its people are fictitious".to_owned());
    }
    Ok(issuers)
}

/// Attributes: any of the four, separated by spaces. `none`, or an empty text, is an empty list.
///
/// # Errors
///
/// What is wrong, without the value.
pub fn attributes(value: &str) -> Result<AttributeSet, String> {
    // There is a word for the empty list, too: not everything that sets environments can set an
    // empty value.
    let value = if value == "none" { "" } else { value };
    value.parse().map_err(|_| {
        "must list any of `name address birthdate gender`, each once, separated by spaces"
            .to_owned()
    })
}

/// The values of `acr` that are accepted: `any`, or a list separated by commas, since a value may
/// have spaces.
///
/// # Errors
///
/// What is wrong, without the value.
pub fn accepted_acr(value: &str) -> Result<AssuranceRule, String> {
    if value == "any" {
        return Ok(AssuranceRule::Any);
    }
    let accepted: Vec<_> = value.split(',').map(|one| one.trim().to_owned()).collect();
    if accepted.iter().any(String::is_empty) {
        return Err("has an empty value in its list".to_owned());
    }
    Ok(AssuranceRule::OneOf(accepted))
}

/// Whether the time of authentication (`auth_time`) is required: `yes` or `no`.
///
/// # Errors
///
/// What is wrong, without the value.
pub fn authentication_time(value: &str) -> Result<AuthenticationTime, String> {
    let is_required = yes_or_no(value)?;
    Ok(if is_required {
        AuthenticationTime::Required
    } else {
        AuthenticationTime::Optional
    })
}

/// `yes` or `no`.
///
/// # Errors
///
/// What is wrong, without the value.
pub fn yes_or_no(value: &str) -> Result<bool, String> {
    match value {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("must be `yes` or `no`".to_owned()),
    }
}

/// The identifier of a resource server: 1 to 256 of `!`, `#` to `[`, `]` to `~` (AWS,
/// CreateResourceServer).
///
/// # Errors
///
/// What is wrong, without the value.
pub fn resource_server(value: &str) -> Result<String, String> {
    let fits = (1..=256).contains(&value.len())
        && value
            .bytes()
            .all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E));
    if fits {
        Ok(value.to_owned())
    } else {
        Err(
            "must be the identifier of a resource server: 1 to 256 visible ASCII characters \
             without `\"` and `\\`"
                .to_owned(),
        )
    }
}

/// The name of a custom attribute in a user pool (AWS, SchemaAttributeType).
///
/// # Errors
///
/// What is wrong, without the value.
pub fn custom_attribute(value: &str) -> Result<String, String> {
    let name = value.strip_prefix("custom:").unwrap_or_default();
    let fits = (1..=20).contains(&name.chars().count()) && !name.contains(char::is_whitespace);
    if fits {
        Ok(value.to_owned())
    } else {
        Err("must be `custom:` and a name of 1 to 20 characters".to_owned())
    }
}

/// How much is logged: `error`, `warn`, `info` or `debug`.
///
/// # Errors
///
/// What is wrong, without the value.
pub fn level(value: &str) -> Result<tracing::Level, String> {
    match value {
        "error" => Ok(tracing::Level::ERROR),
        "warn" => Ok(tracing::Level::WARN),
        "info" => Ok(tracing::Level::INFO),
        "debug" => Ok(tracing::Level::DEBUG),
        _ => Err("must be `error`, `warn`, `info` or `debug`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use four_attributes::PRODUCTION_ISSUER;

    use super::*;

    #[test]
    fn a_provider_has_a_name_that_a_user_pool_takes() {
        let (longest, too_long) = ("名".repeat(32), "n".repeat(33));
        for name in ["MynaApp", "myna-app", "abc", "マイナ", &longest] {
            assert_eq!(provider_name(name).as_deref(), Ok(name));
        }
        for name in [
            "",
            "ab",
            &too_long,
            "Myna_App",
            "Myna App",
            "Myna　App",
            "Myna\tApp",
            "Myna\0App",
        ] {
            assert!(provider_name(name).is_err(), "{name:?}");
        }
    }

    const TEXT: Bilingual = Bilingual {
        en: "text",
        ja: "文字列",
    };

    const NAME: &str = "NAME";
    const KEYS: &str = "KEYS";
    const LEVEL: &str = "LEVEL";
    const LIST: &str = "LIST";

    const VARIABLES: &[Variable] = &[
        declared(NAME, IfUnset::Refused),
        declared(KEYS, IfUnset::Refused),
        declared(LEVEL, IfUnset::Value("info")),
        declared(LIST, IfUnset::Said(TEXT)),
    ];

    const fn declared(name: &'static str, if_unset: IfUnset) -> Variable {
        Variable {
            name,
            meaning: TEXT,
            form: TEXT,
            if_unset,
            example: "text",
        }
    }

    fn all(reader: &mut Reader<'_>) -> Option<(String, Reference, tracing::Level)> {
        let name = reader.checked(NAME, |name| Ok(name.to_owned()));
        let keys = reader.checked(KEYS, secret_reference);
        let level = reader.checked(LEVEL, level);
        Some((name?, keys?, level?))
    }

    fn read_of<T>(
        variables: &[(&str, &str)],
        all: impl FnOnce(&mut Reader<'_>) -> Option<T>,
    ) -> Result<T, ConfigError> {
        let variables: BTreeMap<_, _> = variables.iter().copied().collect();
        let value = |name: &str| variables.get(name).map(|&value| value.to_owned());
        read(&value, &[VARIABLES], all)
    }

    fn read_all(
        variables: &[(&str, &str)],
    ) -> Result<(String, Reference, tracing::Level), ConfigError> {
        read_of(variables, all)
    }

    #[test]
    fn what_is_not_set_holds_as_it_is_declared() {
        let none = |_: &str| Err::<(), _>("is wrong".to_owned());
        // A variable that isn't set isn't checked, and one that isn't declared is missing.
        let read = read_of(&[], |reader| reader.checked_if_set(LIST, none));
        assert_eq!(read, Ok(None));
        let read = read_of(&[(LIST, " ")], |reader| reader.checked_if_set(LIST, none));
        assert_eq!(read, Ok(None));
        for variable in [NAME, LIST, "OTHER"] {
            let read = read_of(&[], |reader| reader.checked(variable, none));
            assert_eq!(read.unwrap_err().0[0].reason, "is missing", "{variable}");
        }
        // An empty list is a list.
        let length = |value: &str| Ok(value.len());
        for (value, expected) in [("", 0), (" ", 0), ("ab ", 2)] {
            let read = read_of(&[(LEVEL, value)], |reader| {
                reader.checked_or_empty(LEVEL, length)
            });
            assert_eq!(read, Ok(expected), "{value:?}");
        }
        let read = read_of(&[], |reader| reader.checked_or_empty(LEVEL, length));
        assert_eq!(read, Ok("info".len()));
        let read = read_of(&[], |reader| reader.checked_or_empty(NAME, length));
        assert_eq!(read.unwrap_err().0[0].reason, "is missing");
    }

    fn problems(variables: &[(&str, &str)]) -> Vec<&'static str> {
        let ConfigError(problems) = read_all(variables).unwrap_err();
        problems.iter().map(|problem| problem.variable).collect()
    }

    #[test]
    fn pass_a_whole_configuration_without_the_white_space_around_its_values() {
        let (name, keys, level) = read_all(&[(NAME, " bridge\n"), (KEYS, "file:/k")]).unwrap();
        assert_eq!((name.as_str(), level), ("bridge", tracing::Level::INFO));
        assert!(matches!(keys, Reference::File(path) if path.as_os_str() == "/k"));
        let (_, _, level) =
            read_all(&[(NAME, "bridge"), (KEYS, "file:/k"), (LEVEL, "debug")]).unwrap();
        assert_eq!(level, tracing::Level::DEBUG);
    }

    #[test]
    fn fail_with_every_problem_at_once_and_with_no_value() {
        assert_eq!(problems(&[]), [NAME, KEYS]);
        assert_eq!(
            problems(&[(NAME, "  "), (KEYS, "marked"), (LEVEL, "marked")]),
            [NAME, KEYS, LEVEL]
        );
        let error = read_all(&[(KEYS, "marked"), (LEVEL, "marked")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the configuration is not usable: NAME is missing; \
             KEYS must be an ARN of AWS Secrets Manager, file:PATH, or JSON; \
             LEVEL must be `error`, `warn`, `info` or `debug`;"
        );
    }

    #[test]
    fn fail_a_problem_that_was_noted_although_there_is_a_value() {
        let noted = read_of(&[], |reader| {
            reader.problem(NAME, "is wrong");
            Some(())
        });
        assert_eq!(noted.unwrap_err().0.len(), 1);
    }

    #[test]
    fn pass_an_address_that_every_function_takes_and_fail_any_other() {
        let path = "x".repeat(LONGEST_ADDRESS - "https://a.example/".len());
        let longest = format!("https://a.example/{path}");
        for good in [
            "https://service.example/api/realms/main",
            "http://service.localhost:1/x",
            &longest,
        ] {
            assert_eq!(service_address(good).as_deref(), Ok(good));
        }
        for bad in [
            "http://service.example",
            "https://Service.example",
            "https://service.example:443",
            "https://service.example/?a",
            "https://サービス.example",
            "service.example",
            &format!("{longest}x"),
        ] {
            assert!(service_address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn pass_lists_and_words_in_the_one_form_that_every_function_takes() {
        assert_eq!(
            attributes("name gender").unwrap().to_string(),
            "name gender"
        );
        for none in ["", "none"] {
            assert_eq!(attributes(none), Ok(AttributeSet::default()));
        }
        assert!(
            ["name,gender", "name name", "none name", "Name"]
                .iter()
                .all(|bad| attributes(bad).is_err())
        );

        assert_eq!(accepted_acr("any"), Ok(AssuranceRule::Any));
        let both = vec!["aal3 crl".to_owned(), "aal3".to_owned()];
        assert_eq!(
            accepted_acr("aal3 crl, aal3"),
            Ok(AssuranceRule::OneOf(both))
        );
        assert!(
            ["", ",", "a,,b", "a,"]
                .iter()
                .all(|bad| accepted_acr(bad).is_err())
        );

        assert_eq!((yes_or_no("yes"), yes_or_no("no")), (Ok(true), Ok(false)));
        assert!(
            ["", "Yes", "true", "1"]
                .iter()
                .all(|bad| yes_or_no(bad).is_err())
        );
    }

    #[test]
    fn fail_a_key_of_kms_for_a_secret() {
        let kms = "arn:aws:kms:ap-northeast-1:1:key/a";
        assert_eq!(problems(&[(NAME, "bridge"), (KEYS, kms)]), [KEYS]);
    }

    #[test]
    fn the_sandbox_is_believed_alone_or_not_at_all() {
        let twice = format!("{PRODUCTION_ISSUER} {PRODUCTION_ISSUER}  https://former.example");
        let both = service_issuers(&twice).unwrap();
        assert_eq!(both, [PRODUCTION_ISSUER, "https://former.example"]);
        assert_eq!(
            service_issuers(&format!("{SANDBOX_ISSUER} {SANDBOX_ISSUER}")).unwrap(),
            [SANDBOX_ISSUER]
        );
        for mixed in [
            format!("{PRODUCTION_ISSUER} {SANDBOX_ISSUER}"),
            format!("{SANDBOX_ISSUER} {PRODUCTION_ISSUER}"),
        ] {
            assert!(service_issuers(&mixed).is_err());
        }
    }
}
