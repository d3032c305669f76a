//! The configuration of the bridge: reads the environment variables into one typed value.
//! The error at start names every variable that is wrong or missing, and never a value. In a
//! deployed function the variables hold no secrets, but references to AWS KMS and AWS Secrets
//! Manager.

use digital_auth::provider::secure_url;
use function_kit::reference::Reference;
use function_kit::secrets::SecretError;
use function_kit::settings::{self, ConfigError, Reader, provider_name, secret_reference};
use function_kit::telemetry::Telemetry;
use member_flow::apps::MemberApps;
use relying_party::service::{LONGEST_CLIENT_ID, ServiceSettings, key_references};

use crate::logins::LoginSettings;
use crate::members::MemberSettings;
use crate::variables::{
    self, ASSERTION_KEYS, CALLBACK_ISS, CLIENT_ID, CLIENT_SECRETS, FRONT_DOOR_SECRETS,
    ID_TOKEN_KEYS, MEMBER_APPS, MEMBER_KEYS, PROVIDER_NAME, RECORD_KEYS, REDIRECT_URIS,
    SEALING_KEYS,
};

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The service, and our client there.
    pub service: ServiceSettings,
    /// Where the secret of the front door is, if there is one.
    pub front_door_secrets: Option<Reference>,
    /// Logins with the card; `None` if only members are verified.
    pub logins: Option<LoginSettings>,
    /// The verification of members; `None` if members aren't verified.
    pub members: Option<MemberSettings>,
    /// Whether the service's answer to an authorization request has to have `iss`.
    pub callback_issuer: CallbackIssuer,
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
        settings::read(lookup, variables::ALL, Self::read_all)
    }

    fn read_all(reader: &mut Reader<'_>) -> Option<Self> {
        // Every variable is read before the first `?`, so that the error names every problem.
        let service = ServiceSettings::read(reader);
        let logins = logins(reader);
        let front_door_secrets = reader.checked_if_set(FRONT_DOOR_SECRETS, secret_reference);
        refuse_shared_keys(reader);
        let members = members(reader);
        let callback_issuer = reader.checked(CALLBACK_ISS, callback_issuer);
        let telemetry = Telemetry::read(reader);
        Some(Self {
            service: service?,
            front_door_secrets: front_door_secrets?,
            logins: logins?,
            members: members?,
            callback_issuer: callback_issuer?,
            telemetry: telemetry?,
        })
    }
}

/// Whether an answer to an authorization request needs `iss` (RFC 9207 §2.4). If it is there, it
/// has to be right.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallbackIssuer {
    /// It may be missing: the service doesn't document it.
    Optional,
    /// Without it, the answer is refused.
    Required,
}

fn callback_issuer(value: &str) -> Result<CallbackIssuer, String> {
    match value {
        "optional" => Ok(CallbackIssuer::Optional),
        "required" => Ok(CallbackIssuer::Required),
        _ => Err("must be `optional` or `required`".to_owned()),
    }
}

/// Logins: all variables, or none. `PROVIDER_NAME` and `RECORD_KEYS` are set for every function, so
/// these two alone don't say that there are logins. A bridge has to be there for something: where
/// no members are verified, the variables of logins are missing.
fn logins(reader: &mut Reader<'_>) -> Option<Option<LoginSettings>> {
    let is_set = |reader: &Reader<'_>, variables: &[&str]| {
        let mut variables = variables.iter();
        variables.any(|variable| reader.optional(variable).is_some())
    };
    let of_logins = [
        CLIENT_ID,
        CLIENT_SECRETS,
        REDIRECT_URIS,
        SEALING_KEYS,
        ID_TOKEN_KEYS,
    ];
    if !is_set(reader, &of_logins) && is_set(reader, &[MEMBER_APPS, MEMBER_KEYS]) {
        return Some(None);
    }
    let client_id = reader.checked(CLIENT_ID, client_id);
    let client_secrets = reader.checked(CLIENT_SECRETS, secret_reference);
    let redirect_uris = reader.checked(REDIRECT_URIS, redirect_uris);
    let provider_name = reader.checked(PROVIDER_NAME, provider_name);
    let sealing_keys = reader.checked(SEALING_KEYS, secret_reference);
    let record_keys = reader.checked(RECORD_KEYS, secret_reference);
    let id_token_keys = reader.checked(ID_TOKEN_KEYS, key_references);
    Some(Some(LoginSettings {
        client_id: client_id?,
        client_secrets: client_secrets?,
        redirect_uris: redirect_uris?,
        provider_name: provider_name?,
        sealing_keys: sealing_keys?,
        record_keys: record_keys?,
        id_token_keys: id_token_keys?,
    }))
}

fn client_id(value: &str) -> Result<String, String> {
    let is_visible = value.bytes().all(|byte| byte.is_ascii_graphic());
    if is_visible && value.len() <= LONGEST_CLIENT_ID {
        Ok(value.to_owned())
    } else {
        Err(format!(
            "must be 1 to {LONGEST_CLIENT_ID} visible ASCII characters"
        ))
    }
}

fn redirect_uris(value: &str) -> Result<Vec<String>, String> {
    let uris: Vec<_> = value.split_whitespace().map(str::to_owned).collect();
    for uri in &uris {
        secure_url(uri).map_err(|error| format!("holds an address that {error}"))?;
        if uri.len() > 512 {
            return Err("has a URL of more than 512 characters".to_owned());
        }
    }
    Ok(uris)
}

/// The verification of members: both variables, or neither.
fn members(reader: &mut Reader<'_>) -> Option<Option<MemberSettings>> {
    let apps = reader.checked_if_set(MEMBER_APPS, MemberApps::read);
    let keys = reader.checked_if_set(MEMBER_KEYS, secret_reference);
    match (apps?, keys?) {
        (None, None) => Some(None),
        (Some(apps), Some(keys)) => Some(Some(MemberSettings { apps, keys })),
        (None, Some(_)) => {
            reader.problem(MEMBER_APPS, format!("is missing: {MEMBER_KEYS} is set"));
            None
        }
        (Some(_), None) => {
            reader.problem(MEMBER_KEYS, format!("is missing: {MEMBER_APPS} is set"));
            None
        }
    }
}

/// Refuses a key with two roles: a key that signs client assertions could sign the ID tokens for
/// Cognito, too. Two different references to the same key are only noticed at start, when both keys
/// have been read.
fn refuse_shared_keys(reader: &mut Reader<'_>) {
    let id_token_keys = reader.optional(ID_TOKEN_KEYS).unwrap_or_default();
    let assertion_keys = reader.optional(ASSERTION_KEYS).unwrap_or_default();
    let is_shared = |one| id_token_keys.split_whitespace().any(|other| other == one);
    if assertion_keys.split_whitespace().any(is_shared) {
        reader.problem(
            ASSERTION_KEYS,
            SecretError::SharedKey(ID_TOKEN_KEYS).to_string(),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use four_attributes::{AssuranceRule, AttributeSet};
    use function_kit::settings::Problem;
    use relying_party::service::LONGEST_REDIRECT_URI;

    use super::*;
    use crate::endpoint::Endpoint;
    use crate::variables::{
        ACCEPTED_ACR, ATTRIBUTES, GRANTED_SCOPE, ISSUER, LOG_LEVEL, METRICS_NAMESPACE,
        REQUIRE_AUTH_TIME, SERVICE, SERVICE_AUTHORIZATION_ENDPOINT, SERVICE_CLIENT_ID,
        SERVICE_ID_TOKEN_ALGORITHMS, SERVICE_ISSUER, SERVICE_JWKS_URI, SERVICE_TOKEN_ENDPOINT,
        SERVICE_USERINFO_ENDPOINT, STACK_NAME,
    };

    fn sandbox<'a>() -> BTreeMap<&'static str, &'a str> {
        BTreeMap::from([
            (ISSUER, "https://bridge.example"),
            (CLIENT_ID, "cognito"),
            (
                CLIENT_SECRETS,
                "arn:aws:secretsmanager:ap-northeast-1:1:secret:client",
            ),
            (
                REDIRECT_URIS,
                "https://p.auth.ap-northeast-1.amazoncognito.com/oauth2/idpresponse",
            ),
            (PROVIDER_NAME, "MynaApp"),
            (
                SEALING_KEYS,
                "arn:aws:secretsmanager:ap-northeast-1:1:secret:seal",
            ),
            (
                RECORD_KEYS,
                "arn:aws:secretsmanager:ap-northeast-1:1:secret:record",
            ),
            (
                ID_TOKEN_KEYS,
                "arn:aws:kms:ap-northeast-1:1:key/a arn:aws:kms:ap-northeast-1:1:key/b",
            ),
            (ASSERTION_KEYS, "arn:aws:kms:ap-northeast-1:1:key/c"),
            (SERVICE, "sandbox"),
            (ATTRIBUTES, "name birthdate"),
        ])
    }

    fn read(variables: &BTreeMap<&'static str, &str>) -> Result<Config, ConfigError> {
        Config::read(&|name| variables.get(name).map(|value| (*value).to_owned()))
    }

    fn problem(variables: &BTreeMap<&'static str, &str>) -> &'static str {
        let ConfigError(problems) = read(variables).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].variable
    }

    #[test]
    fn pass_a_sandbox_without_a_client_id_yet() {
        let config = read(&sandbox()).unwrap();
        assert_eq!(config.service.client_id, None);
        assert_eq!(config.service.assurance, AssuranceRule::Any);
        assert_eq!(config.service.acr_values.as_deref(), Some("aal3 crl"));
        assert_eq!(config.logins.unwrap().id_token_keys.len(), 2);
    }

    #[test]
    fn pass_no_attribute_if_the_list_says_so_and_not_if_it_is_missing() {
        let mut variables = sandbox();
        for none in ["", "none"] {
            variables.insert(ATTRIBUTES, none);
            let asked = read(&variables).unwrap().service.attributes;
            assert_eq!(asked, AttributeSet::default(), "{none:?}");
        }
        variables.remove(ATTRIBUTES);
        assert_eq!(problem(&variables), ATTRIBUTES);
    }

    #[test]
    fn fail_names_every_variable_at_once() {
        let ConfigError(problems) = read(&BTreeMap::from([(LOG_LEVEL, "loud")])).unwrap_err();
        let named: Vec<_> = problems.iter().map(|problem| problem.variable).collect();
        let expected = [
            ISSUER,
            ASSERTION_KEYS,
            SERVICE,
            ATTRIBUTES,
            CLIENT_ID,
            CLIENT_SECRETS,
            REDIRECT_URIS,
            PROVIDER_NAME,
            SEALING_KEYS,
            RECORD_KEYS,
            ID_TOKEN_KEYS,
            LOG_LEVEL,
        ];
        assert_eq!(named, expected);
    }

    #[test]
    fn fail_production_without_accepted_values_and_pass_with_them_or_any_by_name() {
        let mut variables = sandbox();
        variables.insert(SERVICE, "production");
        assert_eq!(problem(&variables), ACCEPTED_ACR);
        variables.insert(ACCEPTED_ACR, "any");
        assert_eq!(
            read(&variables).unwrap().service.assurance,
            AssuranceRule::Any
        );
        variables.insert(ACCEPTED_ACR, "aal3 crl, aal3");
        let both = AssuranceRule::OneOf(vec!["aal3 crl".to_owned(), "aal3".to_owned()]);
        assert_eq!(read(&variables).unwrap().service.assurance, both);
    }

    #[test]
    fn fail_production_as_custom_without_accepted_values() {
        let mut variables = sandbox();
        variables.insert(SERVICE, "custom");
        let base = "https://auth-and-sign.go.jp/api/realms/main";
        for variable in [
            SERVICE_ISSUER,
            SERVICE_AUTHORIZATION_ENDPOINT,
            SERVICE_TOKEN_ENDPOINT,
            SERVICE_USERINFO_ENDPOINT,
            SERVICE_JWKS_URI,
        ] {
            variables.insert(variable, base);
        }
        assert_eq!(problem(&variables), ACCEPTED_ACR);
        variables.insert(ACCEPTED_ACR, "aal3");
        assert!(read(&variables).is_ok());
        variables.remove(ACCEPTED_ACR);
        variables.insert(SERVICE_ISSUER, "https://another.example/realms/main");
        assert!(read(&variables).is_ok());
    }

    /// A key with two roles would sign both, and be in both JWK Sets. A key that is only published
    /// is refused, too.
    #[test]
    fn fail_a_key_in_two_roles() {
        let mut variables = sandbox();
        for (id_token_keys, assertion_keys, is_shared) in [
            ("arn:aws:kms:r:1:key/a", "arn:aws:kms:r:1:key/a", true),
            (
                "arn:aws:kms:r:1:key/a arn:aws:kms:r:1:key/b",
                "arn:aws:kms:r:1:key/c  arn:aws:kms:r:1:key/b",
                true,
            ),
            ("file:/keys/a", "file:/keys/a", true),
            (r#"{"d":"a"}"#, r#"{"d":"a"}"#, true),
            ("arn:aws:kms:r:1:key/a", "arn:aws:kms:r:1:key/ab", false),
        ] {
            variables.insert(ID_TOKEN_KEYS, id_token_keys);
            variables.insert(ASSERTION_KEYS, assertion_keys);
            let expected = Problem {
                variable: ASSERTION_KEYS,
                reason: "has a key that ID_TOKEN_KEYS has, too: each needs its own keys".to_owned(),
            };
            let problems = read(&variables).err().map(|ConfigError(problems)| problems);
            assert_eq!(problems, is_shared.then(|| vec![expected]));
        }
    }

    #[test]
    fn fail_custom_without_its_addresses() {
        let mut variables = sandbox();
        variables.insert(SERVICE, "custom");
        assert_eq!(read(&variables).unwrap_err().0.len(), 5);
    }

    #[test]
    fn pass_the_longest_redirect_uri_of_the_service_and_fail_one_character_more() {
        let labels = "a.".repeat(114);
        for (host, fits) in [
            (format!("{labels}example.jp"), true),
            (format!("{labels}examples.jp"), false),
        ] {
            let issuer = format!("https://{host}");
            let callback = Endpoint::Callback.url(&issuer).len();
            assert_eq!(callback <= LONGEST_REDIRECT_URI, fits, "{callback}");
            let mut variables = sandbox();
            variables.insert(ISSUER, &issuer);
            assert_eq!(read(&variables).is_ok(), fits);
        }
    }

    #[test]
    fn members_are_verified_with_both_settings_or_not_at_all() {
        let (apps, keys) = ("shop:https://shop.example/verified", "file:/keys");
        let mut variables = sandbox();
        assert!(read(&variables).unwrap().members.is_none());
        variables.insert(MEMBER_APPS, apps);
        assert_eq!(problem(&variables), MEMBER_KEYS);
        variables.insert(MEMBER_KEYS, keys);
        let members = read(&variables).unwrap().members.unwrap();
        assert!(members.apps.allow("shop", "https://shop.example/verified"));
        variables.remove(MEMBER_APPS);
        assert_eq!(problem(&variables), MEMBER_APPS);
        variables.insert(MEMBER_APPS, "shop:http://shop.example/verified");
        assert_eq!(problem(&variables), MEMBER_APPS);
    }

    /// What every function has doesn't say that there are logins.
    #[test]
    fn logins_have_all_their_settings_or_only_members_are_verified() {
        let of_logins = [
            CLIENT_ID,
            CLIENT_SECRETS,
            REDIRECT_URIS,
            SEALING_KEYS,
            ID_TOKEN_KEYS,
        ];
        let mut variables = sandbox();
        variables.insert(MEMBER_APPS, "shop:https://shop.example/verified");
        variables.insert(MEMBER_KEYS, "file:/keys");
        for missing in of_logins.into_iter().chain([PROVIDER_NAME, RECORD_KEYS]) {
            let mut variables = variables.clone();
            variables.remove(missing);
            assert_eq!(problem(&variables), missing);
        }
        variables.retain(|name, _| !of_logins.contains(name));
        assert!(read(&variables).unwrap().logins.is_none());
        for of_all in [PROVIDER_NAME, RECORD_KEYS] {
            variables.remove(of_all);
            assert!(read(&variables).unwrap().logins.is_none());
        }
        // Nothing would be left to do.
        for of_members in [MEMBER_APPS, MEMBER_KEYS] {
            variables.remove(of_members);
        }
        let ConfigError(problems) = read(&variables).unwrap_err();
        assert_eq!(problems.len(), of_logins.len() + 2, "{problems:?}");
    }

    #[test]
    fn fail_a_wrong_value_by_its_name_and_without_the_value() {
        for (variable, value) in [
            (ISSUER, "https://bridge.example/"),
            (ISSUER, "http://bridge.example"),
            (ISSUER, "https://bridge.example/login"),
            (ISSUER, "https:bridge.example"),
            (ISSUER, "https://Bridge.example"),
            (REDIRECT_URIS, "https://a.example:443/cb"),
            (REDIRECT_URIS, "https://a.example/区"),
            (CLIENT_ID, "a b"),
            (CLIENT_SECRETS, "marked-secret"),
            (CLIENT_SECRETS, "arn:aws:kms:ap-northeast-1:1:key/a"),
            (FRONT_DOOR_SECRETS, "marked-secret"),
            (FRONT_DOOR_SECRETS, "arn:aws:kms:ap-northeast-1:1:key/a"),
            (REDIRECT_URIS, "https://a.example/cb http://a.example/cb"),
            (PROVIDER_NAME, "marked_name"),
            (SEALING_KEYS, "marked-secret"),
            (RECORD_KEYS, "marked-secret"),
            (RECORD_KEYS, "arn:aws:kms:ap-northeast-1:1:key/a"),
            (ID_TOKEN_KEYS, "marked-secret"),
            (SERVICE, "staging"),
            (SERVICE_CLIENT_ID, "RP 1"),
            (SERVICE_ID_TOKEN_ALGORITHMS, "HS256"),
            (ATTRIBUTES, "name name"),
            (ATTRIBUTES, "email"),
            (ATTRIBUTES, "none name"),
            (ACCEPTED_ACR, "a,,b"),
            (CALLBACK_ISS, "yes"),
            (REQUIRE_AUTH_TIME, "required"),
            (GRANTED_SCOPE, "yes"),
            (LOG_LEVEL, "trace"),
            (METRICS_NAMESPACE, ":marked"),
            (STACK_NAME, "marked stack"),
        ] {
            let mut variables = sandbox();
            variables.insert(variable, value);
            assert_eq!(problem(&variables), variable, "{value}");
            assert!(!read(&variables).unwrap_err().to_string().contains("marked"));
        }
    }
}
