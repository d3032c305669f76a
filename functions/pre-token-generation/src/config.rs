//! The configuration of the trigger: reads the environment variables into one typed value.

use chrono::TimeDelta;
use function_kit::settings::{
    self, ConfigError, Reader, accepted_acr, attributes, authentication_time, custom_attribute,
    resource_server,
};
use function_kit::telemetry::Telemetry;
use record_trigger::records::RecordSettings;
use user_pool::scope::OLDEST;

use crate::policy::Policy;
use crate::sdk_scopes::SdkScopes;
use crate::variables::{
    self, ACCEPTED_ACR, AGES, ATTRIBUTES, MAX_VERIFICATION_AGE, MEMBER_RECORD_ATTRIBUTE,
    RECORD_ATTRIBUTE, REQUIRE_AUTH_TIME, RESOURCE_SERVER, SDK_SCOPES, VERIFIED_AT_ATTRIBUTE,
};

/// The longest time for which a verification may count, if its time is limited at all: longer than
/// anybody lives.
const LONGEST: TimeDelta = TimeDelta::days(99_999);

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which records are accepted, and where the keys are that open them.
    pub records: RecordSettings,
    /// The resource server's identifier.
    pub resource_server: String,
    /// The ages for which there are scopes (`age_over_…`).
    pub ages: Vec<u8>,
    /// What a sign-in through the API is granted, for each app client.
    pub sdk_scopes: SdkScopes,
    /// What a record has to meet.
    pub policy: Policy,
    /// The name of the user pool's attribute with the record of a sign-in with the card.
    pub record_attribute: String,
    /// The name of the user pool's attribute with the record of a member's verification.
    pub member_record_attribute: String,
    /// The name of the user pool's attribute with the time of verification.
    pub verified_at_attribute: String,
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
    let resource_server = reader.checked(RESOURCE_SERVER, resource_server);
    let ages = reader.checked(AGES, ages);
    let max_verification_age = reader.checked(MAX_VERIFICATION_AGE, max_verification_age);
    let attributes = reader.checked_or_empty(ATTRIBUTES, attributes);
    let assurance = reader.checked(ACCEPTED_ACR, accepted_acr);
    let authentication_time = reader.checked(REQUIRE_AUTH_TIME, authentication_time);
    let sdk_scopes = match (&resource_server, &ages) {
        (Some(server), Some(ages)) => {
            reader.checked_or_empty(SDK_SCOPES, |value| SdkScopes::read(value, server, ages))
        }
        _ => None,
    };
    let record_attribute = reader.checked(RECORD_ATTRIBUTE, custom_attribute);
    let member_record_attribute = reader.checked(MEMBER_RECORD_ATTRIBUTE, custom_attribute);
    let verified_at_attribute = reader.checked(VERIFIED_AT_ATTRIBUTE, custom_attribute);
    let telemetry = Telemetry::read(reader);
    Some(Config {
        records: records?,
        resource_server: resource_server?,
        ages: ages?,
        sdk_scopes: sdk_scopes?,
        policy: Policy {
            max_verification_age: max_verification_age?,
            attributes: attributes?,
            assurance: assurance?,
            authentication_time: authentication_time?,
        },
        record_attribute: record_attribute?,
        member_record_attribute: member_record_attribute?,
        verified_at_attribute: verified_at_attribute?,
        telemetry: telemetry?,
    })
}

fn ages(value: &str) -> Result<Vec<u8>, String> {
    let wrong = || format!("must list ages from 1 to {OLDEST}, each once, separated by spaces");
    let mut ages = Vec::new();
    for word in value.split_whitespace() {
        let age: u8 = word.parse().map_err(|_| wrong())?;
        // `+20` and `020` parse as numbers, too, but no scope has such a name.
        let is_plain = word == age.to_string();
        if !is_plain || !(1..=OLDEST).contains(&age) || ages.contains(&age) {
            return Err(wrong());
        }
        ages.push(age);
    }
    Ok(ages)
}

fn max_verification_age(value: &str) -> Result<Option<TimeDelta>, String> {
    if value == "none" {
        return Ok(None);
    }
    let of_unit = |unit: char, seconds: i64| {
        let number = value.strip_suffix(unit)?;
        // `parse` would accept a sign, too.
        let is_plain = number.bytes().all(|byte| byte.is_ascii_digit());
        let number: i64 = number.parse().ok().filter(|_| is_plain)?;
        TimeDelta::try_seconds(number.checked_mul(seconds)?)
    };
    of_unit('d', 24 * 60 * 60)
        .or_else(|| of_unit('h', 60 * 60))
        .or_else(|| of_unit('m', 60))
        .filter(|age| *age > TimeDelta::zero() && *age <= LONGEST)
        .map(Some)
        .ok_or_else(|| {
            "must be a number of days, hours or minutes, such as `365d`, `12h` or `30m`, or `none`"
                .to_owned()
        })
}

#[cfg(test)]
mod tests {
    use four_attributes::{AssuranceRule, AttributeSet};

    use four_attributes::AuthenticationTime;

    use super::*;
    use crate::variables::{LOG_LEVEL, PROVIDER_NAME, RECORD_KEYS, SERVICE_ISSUER};

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
    fn what_is_left_out_has_its_default() {
        let config = read_with(&[]).unwrap();
        assert_eq!(config.resource_server, "digital-auth");
        assert_eq!(config.ages, user_pool::scope::AGES);
        assert_eq!(
            config.policy.max_verification_age,
            Some(TimeDelta::days(365))
        );
        assert_eq!(config.sdk_scopes, SdkScopes::default());
        assert_eq!(config.policy.attributes, AttributeSet::all());
        assert_eq!(config.policy.assurance, AssuranceRule::Any);
        assert_eq!(
            config.policy.authentication_time,
            AuthenticationTime::Optional
        );
        assert_eq!(config.record_attribute, "custom:verified_record");
        assert_eq!(config.member_record_attribute, "custom:member_record");
        assert_eq!(config.verified_at_attribute, "custom:verified_at");
        assert_eq!(config.telemetry.metrics_namespace, "digital-auth");
        assert_eq!(config.telemetry.stack_name, None);
    }

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let named = Config::read(&|_| None).unwrap_err().0;
        let named: Vec<_> = named.iter().map(|problem| problem.variable).collect();
        assert_eq!(named, [RECORD_KEYS, SERVICE_ISSUER, PROVIDER_NAME]);
    }

    #[test]
    fn a_verification_counts_for_days_hours_minutes_or_for_ever() {
        for (text, age) in [
            ("1d", Some(TimeDelta::days(1))),
            ("99999d", Some(TimeDelta::days(99_999))),
            ("99999999m", Some(TimeDelta::minutes(99_999_999))),
            ("12h", Some(TimeDelta::hours(12))),
            ("30m", Some(TimeDelta::minutes(30))),
            ("none", None),
        ] {
            let config = read_with(&[(MAX_VERIFICATION_AGE, text)]).unwrap();
            assert_eq!(config.policy.max_verification_age, age, "{text}");
        }
        for text in [
            "365",
            "d",
            "0d",
            "-1d",
            "+1d",
            "1.5d",
            "1w",
            "1s",
            "100000d",
            "2399977h",
            "None",
            "9999999999999999999d",
        ] {
            let refused = read_with(&[(MAX_VERIFICATION_AGE, text)]).unwrap_err();
            assert_eq!(refused, [MAX_VERIFICATION_AGE], "{text}");
        }
    }

    #[test]
    fn ages_are_those_that_a_scope_can_be_called_after() {
        assert_eq!(
            read_with(&[(AGES, "65 16 150")]).unwrap().ages,
            [65, 16, 150]
        );
        for text in [
            "0", "151", "256", "-1", "+20", "020", "20 20", "twenty", "20,18",
        ] {
            assert_eq!(read_with(&[(AGES, text)]).unwrap_err(), [AGES], "{text}");
        }
    }

    #[test]
    fn a_policy_is_read_as_the_bridge_reads_it() {
        let config = read_with(&[
            (ATTRIBUTES, "birthdate"),
            (ACCEPTED_ACR, "aal3 crl, aal3"),
            (REQUIRE_AUTH_TIME, "yes"),
            (
                SERVICE_ISSUER,
                " https://new.example  https://old.example/realms/main https://new.example ",
            ),
        ]);
        let config = config.unwrap();
        let both = AssuranceRule::OneOf(vec!["aal3 crl".to_owned(), "aal3".to_owned()]);
        assert_eq!(config.policy.assurance, both);
        assert_eq!(config.policy.attributes.to_string(), "birthdate");
        assert_eq!(
            config.policy.authentication_time,
            AuthenticationTime::Required
        );
        assert_eq!(
            config.records.service_issuers,
            ["https://new.example", "https://old.example/realms/main"]
        );
        for none in ["", "none"] {
            let config = read_with(&[(ATTRIBUTES, none)]).unwrap();
            assert!(config.policy.attributes.is_empty(), "{none:?}");
        }
    }

    #[test]
    fn names_are_those_that_a_user_pool_can_have() {
        for (variable, text) in [
            (PROVIDER_NAME, "My"),
            (PROVIDER_NAME, "Myna_App"),
            (PROVIDER_NAME, "Myna App"),
            (SERVICE_ISSUER, "service.example"),
            (SERVICE_ISSUER, "https://service.example/ x"),
            (ATTRIBUTES, "name,gender"),
            (ACCEPTED_ACR, "aal3,,aal2"),
            (REQUIRE_AUTH_TIME, "required"),
            (RESOURCE_SERVER, "digital auth"),
            (RECORD_ATTRIBUTE, "verified_record"),
            (RECORD_ATTRIBUTE, "custom:"),
            (RECORD_ATTRIBUTE, "custom:a_name_of_21_characte"),
            (VERIFIED_AT_ATTRIBUTE, "custom:at time"),
            (RECORD_KEYS, "arn:aws:kms:ap-northeast-1:1:key/a"),
            (LOG_LEVEL, "loud"),
        ] {
            assert_eq!(
                read_with(&[(variable, text)]).unwrap_err(),
                [variable],
                "{text}"
            );
        }
    }
}
