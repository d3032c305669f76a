//! The list of everything that the emulator doesn't support in a stack, each with its reason and
//! its replacement. Such a resource is replaced in a copy of the output of `sam build`. If the
//! emulator's API can make it, the tests then make it with that, from the properties in
//! template.yaml.
//! `emulator.rs` has a test for each limit that shows that it still exists, so that the list gets
//! shorter as the emulator improves.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;
use std::sync::Once;

use aws_sdk_cognitoidentityprovider::types::IdentityProviderTypeType;
use serde_json::Value;

use crate::aws::{Aws, emulator};

/// Something that the emulator doesn't support.
struct Limit {
    /// The file in the output folder of `sam build`.
    file: &'static str,
    section: &'static str,
    names: &'static [&'static str],
    instead: Instead,
    reason: &'static str,
}

/// The replacement.
enum Instead {
    /// A resource that does nothing and has the properties as its metadata, where CloudFormation
    /// resolves them.
    Placeholder,
    /// The value that the condition has with the parameters of these tests.
    Condition,
    /// The same set of excluded characters, listed one by one.
    SpeltOut,
    /// One more variable: the user pool's keys are read at the emulator.
    KeySet,
}

/// The template in the output of `sam build`.
pub(crate) const TEMPLATE: &str = "template.yaml";
/// The template of the nested stack in the output of `sam build`.
pub(crate) const OBSERVABILITY: &str = "Observability/template.yaml";

/// The conditions that split a list.
pub(crate) const CONDITIONS: [&str; 14] = [
    "HasAge2",
    "HasAge3",
    "HasAge4",
    "HasAge5",
    "HasAge6",
    "HasAge7",
    "HasAge8",
    "HasMemberApp2",
    "HasMemberApp3",
    "HasMemberApp4",
    "HasMemberApp5",
    "HasMemberApp6",
    "HasMemberApp7",
    "HasMemberApp8",
];
/// The alarms that use more than one metric, or more than one statistic of a metric.
pub(crate) const ALARMS: [&str; 7] = [
    "ServiceUnreachableAlarm",
    "ApiErrorsAlarm",
    "LoginsRefusedAlarm",
    "LoginsNoneAlarm",
    "RecordsRefusedAlarm",
    "VerificationsFailedAlarm",
    "MembersApiErrorsAlarm",
];
/// The secrets whose values CloudFormation generates.
pub(crate) const SECRETS: [&str; 4] = ["ClientSecrets", "SealingKeys", "RecordKeys", "MemberKeys"];

const LIMITS: [Limit; 6] = [
    Limit {
        file: TEMPLATE,
        section: "Resources",
        names: &["IdentityProvider"],
        instead: Instead::Placeholder,
        reason: "it has no AWS::Cognito::UserPoolIdentityProvider; made by CreateIdentityProvider \
            and UpdateIdentityProvider",
    },
    Limit {
        file: TEMPLATE,
        section: "Resources",
        names: &["LoginBranding"],
        instead: Instead::Placeholder,
        reason: "it has no AWS::Cognito::ManagedLoginBranding and no API for it either; not made",
    },
    Limit {
        file: OBSERVABILITY,
        section: "Resources",
        names: &ALARMS,
        instead: Instead::Placeholder,
        reason: "its alarms know no metric math; not made",
    },
    Limit {
        file: TEMPLATE,
        section: "Conditions",
        names: &CONDITIONS,
        instead: Instead::Condition,
        reason: "its conditions know no Fn::Split; here two ages and one app of members are given",
    },
    Limit {
        file: TEMPLATE,
        section: "Resources",
        names: &SECRETS,
        instead: Instead::SpeltOut,
        reason: "GenerateSecretString leaves out what ExcludeCharacters has and knows no other \
            option",
    },
    Limit {
        file: TEMPLATE,
        section: "Resources",
        names: &["VerificationFunction"],
        instead: Instead::KeySet,
        reason: "it serves the keys of its user pools at an address of its own, without TLS; \
            USER_POOL_JWKS_URI has this address",
    },
];

/// Takes it out: replaces everything in the list within a copy of the output of `sam build`, and
/// prints the list.
pub(crate) fn apply(folder: &Path) {
    for limit in &LIMITS {
        let file = folder.join(limit.file);
        let mut text = fs::read_to_string(&file).unwrap();
        for name in limit.names {
            let place = entry(&text, limit.section, name);
            let changed = limit.instead.of(name, &text[place.clone()]);
            text.replace_range(place, &changed);
        }
        fs::write(&file, text).unwrap();
    }
    SAID.call_once(say);
}

/// The list was printed.
static SAID: Once = Once::new();

/// Prints what is replaced in the stack. It writes to standard error directly, since the harness
/// shows what a test prints only if the test fails.
fn say() {
    let mut stderr = std::io::stderr();
    for limit in &LIMITS {
        let names = limit.names.join(", ");
        writeln!(
            stderr,
            "not in the stack as it is: {names}: {}",
            limit.reason
        )
        .unwrap();
    }
}

impl Instead {
    fn of(&self, name: &str, entry: &str) -> String {
        match self {
            Self::Placeholder => placeholder(entry),
            Self::Condition => {
                format!("  {name}:\n    Fn::Equals: [{name}, {}]\n", CONDITIONS[0])
            }
            Self::SpeltOut => spelt_out(entry),
            Self::KeySet => with_key_set(entry),
        }
    }
}

/// The place of an entry in a section: from its name to the next entry. `sam build` indents each
/// level by two spaces.
pub(crate) fn entry(text: &str, section: &str, name: &str) -> Range<usize> {
    let begins = |head: &str, from: usize| {
        let found = text[from..].find(&format!("\n{head}:\n"));
        from + found.unwrap_or_else(|| panic!("no {section} {name}")) + 1
    };
    let start = begins(&format!("  {name}"), begins(section, 0));
    let inside = |line: &str| line.starts_with("   ") || line.starts_with("  - ");
    let mut end = start;
    for (index, line) in text[start..].split_inclusive('\n').enumerate() {
        if index > 0 && !inside(line) {
            break;
        }
        end += line.len();
    }
    start..end
}

/// The resource with another type, which does nothing, and with its properties as metadata.
fn placeholder(entry: &str) -> String {
    let mut kept = String::new();
    let mut own_metadata = false;
    for line in entry.split_inclusive('\n') {
        let is_key = line.starts_with("    ") && !line[4..].starts_with([' ', '-']);
        own_metadata = if is_key {
            line.trim() == "Metadata:"
        } else {
            own_metadata
        };
        match line.trim() {
            _ if own_metadata => {}
            "Properties:" if is_key => kept.push_str("    Metadata:\n"),
            text if is_key && text.starts_with("Type:") => {
                kept.push_str("    Type: AWS::CloudFormation::WaitConditionHandle\n");
            }
            _ => kept.push_str(line),
        }
    }
    kept
}

/// The secret, with every character that its options exclude listed in `ExcludeCharacters`.
fn spelt_out(entry: &str) -> String {
    let key = "        ExcludeCharacters: ";
    let has = |option: &str| entry.contains(&format!("        {option}: true\n"));
    let given = entry.lines().find_map(|line| line.strip_prefix(key));
    let mut excluded = given.unwrap_or_default().to_owned();
    let mut exclude = |option: &str, is: fn(&char) -> bool| {
        if has(option) {
            excluded.extend(('!'..='~').filter(is));
        }
    };
    exclude("ExcludePunctuation", char::is_ascii_punctuation);
    exclude("ExcludeUppercase", char::is_ascii_uppercase);
    let line = format!("{key}'{}'\n", excluded.replace('\'', "''"));
    let lines = entry
        .split_inclusive('\n')
        .filter(|line| !line.starts_with(key));
    let mut changed = String::new();
    for kept in lines {
        changed.push_str(kept);
        if kept.trim() == "GenerateSecretString:" {
            changed.push_str(&line);
        }
    }
    changed
}

/// The function, told where the emulator serves the keys of a user pool that was there before.
fn with_key_set(entry: &str) -> String {
    let key = "          USER_POOL_ISSUER:\n";
    let at = entry.find(key).expect("the user pool's issuer");
    let uri = format!(
        "{}/${{ExistingUserPoolId}}/.well-known/jwks.json",
        emulator()
    );
    let line = format!("          USER_POOL_JWKS_URI:\n            Fn::Sub: {uri}\n");
    [&entry[..at], &line, &entry[at..]].concat()
}

/// Changes a parameter, so that the emulator sees a change in every deployment. Its change sets
/// miss two kinds of changes: a reference to another resource (another order of keys), and a
/// placeholder's resolved properties (another version of a secret).
pub(crate) fn show_a_change(parameters: &mut BTreeMap<String, String>) {
    let days = parameters.get("LogRetentionDays").map(String::as_str);
    let others = if days == Some("7") { "14" } else { "7" };
    parameters.insert("LogRetentionDays".to_owned(), others.to_owned());
}

/// Makes what the stack lacks after a deployment, or updates it if the template's own text has
/// changed, as CloudFormation would. A secret is read again only if the text that refers to it is
/// new.
///
/// `made` has the properties from which it was made before, in the stack with this name.
pub(crate) async fn create(aws: &Aws, stack: &str, made: &mut Option<Value>) {
    let properties = properties(aws, stack, "IdentityProvider").await;
    if made.as_ref() == Some(&properties) {
        return;
    }
    let text = |name: &str| properties[name].as_str().unwrap().to_owned();
    let user_pools = &aws.user_pools;
    let (pool, name) = (text("UserPoolId"), text("ProviderName"));
    let mapping = pairs(&properties["AttributeMapping"]);
    let mut details = pairs(&properties["ProviderDetails"]);
    for (_, value) in &mut details {
        *value = resolved(aws, value).await;
    }
    let (details, mapping) = (details.into_iter().collect(), mapping.into_iter().collect());
    if made.is_none() {
        let create = user_pools.create_identity_provider().user_pool_id(pool);
        let create = create.provider_name(name);
        let create = create.provider_type(IdentityProviderTypeType::from(&*text("ProviderType")));
        let create = create.set_provider_details(Some(details));
        create
            .set_attribute_mapping(Some(mapping))
            .send()
            .await
            .unwrap();
    } else {
        let update = user_pools.update_identity_provider().user_pool_id(pool);
        let update = update
            .provider_name(name)
            .set_provider_details(Some(details));
        update
            .set_attribute_mapping(Some(mapping))
            .send()
            .await
            .unwrap();
    }
    *made = Some(properties);
}

/// The properties that a placeholder has as metadata, resolved by the emulator's CloudFormation.
async fn properties(aws: &Aws, stack: &str, logical_id: &str) -> Value {
    let resource = aws.stacks.describe_stack_resource();
    let resource = resource.stack_name(stack);
    let resource = resource
        .logical_resource_id(logical_id)
        .send()
        .await
        .unwrap();
    let metadata = resource.stack_resource_detail.unwrap().metadata.unwrap();
    serde_json::from_str(&metadata).unwrap()
}

fn pairs(object: &Value) -> Vec<(String, String)> {
    let object = object.as_object().unwrap().iter();
    object
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect()
}

/// Resolves a template text that is a dynamic reference to a secret:
/// `{{resolve:secretsmanager:ARN:SecretString:KEY:STAGE:VERSION}}`. Any other text stays.
async fn resolved(aws: &Aws, text: &str) -> String {
    let Some(reference) = text.strip_prefix("{{resolve:secretsmanager:") else {
        return text.to_owned();
    };
    let reference = reference.strip_suffix("}}").unwrap();
    let (arn, rest) = reference.split_once(":SecretString:").unwrap();
    let [key, stage, version] = rest.split(':').collect::<Vec<_>>()[..] else {
        panic!("{text} isn't complete");
    };
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let secret = aws.secrets.get_secret_value().secret_id(arn);
    let secret = secret.set_version_id(given(version));
    let secret = secret.set_version_stage(given(stage)).send().await.unwrap();
    let secret: Value = serde_json::from_str(&secret.secret_string.unwrap()).unwrap();
    secret[key].as_str().unwrap().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_taken_out_with_nothing_of_its_neighbours() {
        let text = "Conditions:\n  One:\n    Fn::Equals: [a, b]\n\
                    Resources:\n  One:\n    Type: A\n    Metadata:\n      B: c\n    \
                    Properties:\n      Own:\n      - Type: x\n    Condition: Y\n  \
                    Two:\n    Type: B\n\
                    Outputs:\n  One:\n    Value: d\n";
        let one = &text[entry(text, "Resources", "One")];
        assert!(one.starts_with("  One:\n    Type: A\n") && one.ends_with("    Condition: Y\n"));
        assert_eq!(
            placeholder(one),
            "  One:\n    Type: AWS::CloudFormation::WaitConditionHandle\n    \
             Metadata:\n      Own:\n      - Type: x\n    Condition: Y\n"
        );
        assert_eq!(
            &text[entry(text, "Resources", "Two")],
            "  Two:\n    Type: B\n"
        );
    }
}
