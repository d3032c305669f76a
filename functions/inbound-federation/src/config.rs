//! The configuration of the trigger: reads the environment variables into one typed value.

use four_attributes::{Attribute, AttributeSet};
use function_kit::settings::{self, ConfigError, Reader, attributes};
use function_kit::telemetry::Telemetry;
use record_trigger::records::RecordSettings;

use crate::variables::{self, ADDRESS_GONE, ATTRIBUTES, BIRTHDATE_GONE, GENDER_GONE, NAME_GONE};

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which records are accepted, and where the keys are that open them.
    pub records: RecordSettings,
    /// The attributes that the bridge asks for. The trigger leaves all other attributes alone.
    pub attributes: AttributeSet,
    /// The attributes that are cleared in the user pool if a sign-in doesn't bring them. The others
    /// keep their value.
    pub cleared: AttributeSet,
    /// The settings of logs and metrics.
    pub telemetry: Telemetry,
}

impl Config {
    /// Reads the configuration with `lookup`, which gives the value of a variable.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names every variable that is missing or wrong.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        settings::read(lookup, variables::ALL, read)
    }
}

fn read(reader: &mut Reader<'_>) -> Option<Config> {
    // Every variable is read before the first `?`, so that the error names every problem.
    let records = RecordSettings::read(reader);
    let attributes = reader.checked_or_empty(ATTRIBUTES, attributes);
    let cleared = cleared(reader);
    let telemetry = Telemetry::read(reader);
    Some(Config {
        records: records?,
        attributes: attributes?,
        cleared: cleared?,
        telemetry: telemetry?,
    })
}

/// The attributes that are cleared if a sign-in doesn't bring them. A birth date is kept unless the
/// variable says `clear`: it is not known whether Cognito accepts an empty birth date, and a
/// refused value fails the sign-in. Tokens don't show a kept value: their attributes come from the
/// record.
fn cleared(reader: &mut Reader<'_>) -> Option<AttributeSet> {
    let mut read = |attribute: Attribute, variable| {
        let is_cleared = reader.checked(variable, is_cleared)?;
        Some(is_cleared.then_some(attribute))
    };
    let all = [
        read(Attribute::Name, NAME_GONE),
        read(Attribute::Address, ADDRESS_GONE),
        read(Attribute::BirthDate, BIRTHDATE_GONE),
        read(Attribute::Gender, GENDER_GONE),
    ];
    let all: Option<Vec<_>> = all.into_iter().collect();
    Some(all?.into_iter().flatten().collect())
}

fn is_cleared(value: &str) -> Result<bool, String> {
    match value {
        "leave" => Ok(false),
        "clear" => Ok(true),
        _ => Err("must be `leave` or `clear`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variables::{PROVIDER_NAME, RECORD_KEYS, SERVICE_ISSUER};

    fn read_with(changed: &[(&str, &str)]) -> Result<Config, Vec<&'static str>> {
        let usual = [
            (RECORD_KEYS, r#"{"keys":[]}"#),
            (SERVICE_ISSUER, "https://service.example/api/realms/main"),
            (PROVIDER_NAME, "MynaApp"),
        ];
        let value = |name: &str| {
            let all = changed.iter().chain(&usual);
            let mut found = all.filter(|(known, _)| *known == name);
            found.next().map(|(_, value)| (*value).to_owned())
        };
        Config::read(&value).map_err(|ConfigError(problems)| {
            problems.iter().map(|problem| problem.variable).collect()
        })
    }

    #[test]
    fn what_is_gone_is_cleared_but_for_a_birth_date_unless_it_is_said_otherwise() {
        let cleared = |changed: &[(&str, &str)]| read_with(changed).unwrap().cleared.to_string();
        assert_eq!(cleared(&[]), "name address gender");
        assert_eq!(cleared(&[(BIRTHDATE_GONE, "")]), "name address gender");
        assert_eq!(
            cleared(&[
                (NAME_GONE, "clear"),
                (ADDRESS_GONE, "clear"),
                (BIRTHDATE_GONE, "clear"),
                (GENDER_GONE, "clear"),
            ]),
            "name address birthdate gender"
        );
        assert_eq!(cleared(&[(NAME_GONE, "leave")]), "address gender");
        assert_eq!(cleared(&[(ADDRESS_GONE, "leave")]), "name gender");
        assert_eq!(cleared(&[(GENDER_GONE, "leave")]), "name address");
        for variable in [NAME_GONE, ADDRESS_GONE, BIRTHDATE_GONE, GENDER_GONE] {
            assert_eq!(read_with(&[(variable, "yes")]).unwrap_err(), [variable]);
        }
    }

    #[test]
    fn attributes_that_are_not_named_at_all_are_all_four() {
        let attributes = |changed: &[(&str, &str)]| {
            read_with(changed).map(|config| config.attributes.to_string())
        };
        assert_eq!(attributes(&[]).unwrap(), "name address birthdate gender");
        assert_eq!(attributes(&[(ATTRIBUTES, "name")]).unwrap(), "name");
        assert_eq!(attributes(&[(ATTRIBUTES, "none")]).unwrap(), "");
        assert_eq!(attributes(&[(ATTRIBUTES, "")]).unwrap(), "");
        assert_eq!(
            attributes(&[(ATTRIBUTES, "email")]).unwrap_err(),
            [ATTRIBUTES]
        );
    }

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let named = Config::read(&|_| None).unwrap_err().0;
        let named: Vec<_> = named.iter().map(|problem| problem.variable).collect();
        assert_eq!(named, [RECORD_KEYS, SERVICE_ISSUER, PROVIDER_NAME]);
    }
}
