//! The configuration of the trigger: from the environment into one typed value.

use function_kit::settings::{self, ConfigError, Reader};
use function_kit::telemetry::Telemetry;
use function_kit::verified::RecordSettings;

function_kit::variables! {
    RECORD_KEYS = "RECORD_KEYS", "reference to {\"keys\":[\"…\"]} or {\"key\":\"…\"}: the keys of the verified records, as the bridge has them";
    SERVICE_ISSUER = "SERVICE_ISSUER", "the issuer of the Digital Authentication App service, as the bridge has it";
    PROVIDER_NAME = "PROVIDER_NAME", "the bridge's name in the user pool, as the bridge has it";
    BIRTHDATE_GONE = "BIRTHDATE_GONE", "`leave` (default) or `clear`: what becomes of a birth date in the user pool that doesn't come any more";
    LOG_LEVEL = "LOG_LEVEL", "`error`, `warn`, `info` (default) or `debug`";
    METRICS_NAMESPACE = "METRICS_NAMESPACE", "the CloudWatch namespace of the metrics; `digital-auth` by default";
    STACK_NAME = "STACK_NAME", "the stack's name, the metrics' dimension `Stack`; without it there is no such dimension";
}

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Whose records are believed.
    pub records: RecordSettings,
    /// What becomes of a birth date that is gone.
    pub birth_date_that_is_gone: BirthDateThatIsGone,
    /// How the operator is told.
    pub telemetry: Telemetry,
}

/// What becomes of a birth date in the user pool that doesn't come any more: it isn't asked for, or is known in part only.
/// It is not known whether Amazon Cognito takes an empty one, and a refused value fails the sign-in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BirthDateThatIsGone {
    /// It stays. The tokens don't show it: what they show comes from the record.
    Leave,
    /// It is cleared.
    Clear,
}

impl Config {
    /// Reads the configuration with `lookup`, which gives the value of a variable.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names every variable that is missing or wrong.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        settings::read(lookup, read)
    }
}

fn read(reader: &mut Reader<'_>) -> Option<Config> {
    // Everything is read before anything is given up, so that every problem is named.
    let records = RecordSettings::read(reader, RECORD_KEYS, SERVICE_ISSUER, PROVIDER_NAME);
    let gone = reader.checked_or(BIRTHDATE_GONE, "leave", birth_date_that_is_gone);
    let telemetry = Telemetry::read(reader, LOG_LEVEL, METRICS_NAMESPACE, STACK_NAME);
    Some(Config {
        records: records?,
        birth_date_that_is_gone: gone?,
        telemetry: telemetry?,
    })
}

fn birth_date_that_is_gone(value: &str) -> Result<BirthDateThatIsGone, String> {
    match value {
        "leave" => Ok(BirthDateThatIsGone::Leave),
        "clear" => Ok(BirthDateThatIsGone::Clear),
        _ => Err("must be `leave` or `clear`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_with(changed: &[(&str, &str)]) -> Result<Config, Vec<&'static str>> {
        let usual = [
            ("RECORD_KEYS", r#"{"keys":[]}"#),
            ("SERVICE_ISSUER", "https://service.example/api/realms/main"),
            ("PROVIDER_NAME", "MynaApp"),
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
    fn a_birth_date_that_is_gone_stays_unless_it_is_to_be_cleared() {
        let gone = |changed: &[(&str, &str)]| read_with(changed).unwrap().birth_date_that_is_gone;
        assert_eq!(gone(&[]), BirthDateThatIsGone::Leave);
        assert_eq!(
            gone(&[(BIRTHDATE_GONE, "leave")]),
            BirthDateThatIsGone::Leave
        );
        assert_eq!(
            gone(&[(BIRTHDATE_GONE, "clear")]),
            BirthDateThatIsGone::Clear
        );
        assert_eq!(
            read_with(&[(BIRTHDATE_GONE, "")])
                .unwrap()
                .birth_date_that_is_gone,
            BirthDateThatIsGone::Leave
        );
        assert_eq!(
            read_with(&[(BIRTHDATE_GONE, "yes")]).unwrap_err(),
            [BIRTHDATE_GONE]
        );
    }

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let named = Config::read(&|_| None).unwrap_err().0;
        let named: Vec<_> = named.iter().map(|problem| problem.variable).collect();
        assert_eq!(named, [RECORD_KEYS, SERVICE_ISSUER, PROVIDER_NAME]);
    }
}
