//! The configuration of the function: reads the environment variables into one typed value.

use four_attributes::SANDBOX_ISSUER;
use function_kit::reference::Reference;
use function_kit::settings::{
    self, ConfigError, Reader, custom_attribute, provider_name, resource_server, secret_reference,
    service_address, service_issuers,
};
use function_kit::telemetry::Telemetry;
use member_flow::apps::MemberApps;
use member_table::{Policy, ReleaseWait};
use relying_party::service::ServiceSettings;
use user_pool::scope::VERIFY;

use crate::variables::{
    self, FORMER_SERVICE_ISSUERS, MEMBER_APPS, MEMBER_KEYS, MEMBER_RECORD_ATTRIBUTE, MEMBER_TABLE,
    MEMBERS_PER_PERSON, PERSON_KEY, PROVIDER_NAME, RECORD_KEYS, RELEASE_WAIT, RESOURCE_SERVER,
    USER_POOL_ID, USER_POOL_ISSUER, USER_POOL_JWKS_URI,
};

/// The longest wait, in days.
const LONGEST_WAIT: u16 = 3_650;

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The service, and our client there.
    pub service: ServiceSettings,
    /// The apps whose members may verify.
    pub apps: MemberApps,
    /// Where the keys of what travels are.
    pub member_keys: Reference,
    /// Where the keys of the records are.
    pub record_keys: Reference,
    /// The service's issuers whose records count: the current one, and former ones.
    pub record_issuers: Vec<String>,
    /// The user pool.
    pub pool: Pool,
    /// The name of the table.
    pub table: String,
    /// Where the key of the persons is.
    pub person_key: Reference,
    /// How many members a person may verify.
    pub policy: Policy,
    /// The settings of logs and metrics.
    pub telemetry: Telemetry,
}

/// The user pool, and the names that were agreed with it.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Its id.
    pub id: String,
    /// `iss` of its tokens.
    pub issuer: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// The scope that every request needs.
    pub scope: String,
    /// The bridge's name in it.
    pub provider_name: String,
    /// The attribute with the record of a member's verification.
    pub record_attribute: String,
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
    let service = ServiceSettings::read(reader);
    let apps = reader.checked(MEMBER_APPS, MemberApps::read);
    let member_keys = reader.checked(MEMBER_KEYS, secret_reference);
    let record_keys = reader.checked(RECORD_KEYS, secret_reference);
    let former_issuers = reader.checked_if_set(FORMER_SERVICE_ISSUERS, former_issuers);
    let id = reader.checked(USER_POOL_ID, pool_id);
    let issuer = reader.checked(USER_POOL_ISSUER, service_address);
    let jwks_uri = reader.checked_if_set(USER_POOL_JWKS_URI, service_address);
    let resource_server = reader.checked(RESOURCE_SERVER, resource_server);
    let provider_name = reader.checked(PROVIDER_NAME, provider_name);
    let record_attribute = reader.checked(MEMBER_RECORD_ATTRIBUTE, custom_attribute);
    let table = reader.checked(MEMBER_TABLE, table);
    let person_key = reader.checked(PERSON_KEY, key_reference);
    let wait = reader.checked(RELEASE_WAIT, wait);
    let policy = reader.checked(MEMBERS_PER_PERSON, |value| policy(value, wait));
    let telemetry = Telemetry::read(reader);
    let (issuer, service) = (issuer?, service?);
    let current = service.provider.issuer().to_string();
    let former = (former_issuers?).unwrap_or_default();
    Some(Config {
        service,
        apps: apps?,
        member_keys: member_keys?,
        record_keys: record_keys?,
        record_issuers: [vec![current], former].concat(),
        pool: Pool {
            id: id?,
            jwks_uri: (jwks_uri?).unwrap_or_else(|| format!("{issuer}/.well-known/jwks.json")),
            issuer,
            scope: format!("{}/{VERIFY}", resource_server?),
            provider_name: provider_name?,
            record_attribute: record_attribute?,
        },
        table: table?,
        person_key: person_key?,
        policy: policy?,
        telemetry: telemetry?,
    })
}

/// The people of the sandbox are fictitious, so none of its records count elsewhere.
fn former_issuers(value: &str) -> Result<Vec<String>, String> {
    let issuers = service_issuers(value)?;
    if issuers.iter().any(|issuer| issuer == SANDBOX_ISSUER) {
        return Err("lists the sandbox: its people are fictitious".to_owned());
    }
    Ok(issuers)
}

/// AWS, UserPoolType: `[\w-]+_[0-9a-zA-Z]+`, 1 to 55 characters.
fn pool_id(value: &str) -> Result<String, String> {
    let is_region = |region: &str| {
        !region.is_empty()
            && (region.bytes()).all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let is_id = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let parts = value.rsplit_once('_');
    if value.len() <= 55 && parts.is_some_and(|(region, id)| is_region(region) && is_id(id)) {
        Ok(value.to_owned())
    } else {
        Err("must be the ID of a user pool, such as `ap-northeast-1_EXAMPLE`".to_owned())
    }
}

/// The name of a table (AWS, CreateTable).
fn table(value: &str) -> Result<String, String> {
    let mut bytes = value.bytes();
    let fits = (3..=255).contains(&value.len())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    if fits {
        Ok(value.to_owned())
    } else {
        Err("must be the name of a table: 3 to 255 letters, digits, `_`, `-` and `.`".to_owned())
    }
}

fn key_reference(value: &str) -> Result<Reference, String> {
    Reference::parse(value).ok_or_else(|| {
        "must be an ARN of AWS KMS or AWS Secrets Manager, file:PATH, or JSON without spaces"
            .to_owned()
    })
}

fn wait(value: &str) -> Result<ReleaseWait, String> {
    let wrong = || {
        format!("must be `none`, a number of days such as `30d` (1 to {LONGEST_WAIT}), or `never`")
    };
    match value {
        "none" => Ok(ReleaseWait::AtOnce),
        "never" => Ok(ReleaseWait::Never),
        days => {
            let number = days.strip_suffix('d').ok_or_else(wrong)?;
            // `parse` would accept a sign, too.
            let is_plain = number.bytes().all(|byte| byte.is_ascii_digit());
            let days = number.parse().ok().filter(|_| is_plain);
            let days = days.filter(|days| (1..=LONGEST_WAIT).contains(days));
            days.map(ReleaseWait::Days).ok_or_else(wrong)
        }
    }
}

fn policy(value: &str, wait: Option<ReleaseWait>) -> Result<Policy, String> {
    match value {
        // If the wait is wrong, that is reported for itself.
        "one" => Ok(Policy::One(wait.unwrap_or(ReleaseWait::Never))),
        "many" => Ok(Policy::Many),
        _ => Err("must be `one` or `many`".to_owned()),
    }
}
