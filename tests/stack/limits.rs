//! What the emulator can't take in a stack, in one place, each with its reason and with what is done instead: it is taken out of
//! a copy of what `sam build` wrote, and made through the API where there is one, from the very properties of template.yaml.
//! A test for each shows that the emulator still can't, so that this list gets shorter when it can.

use std::fs;
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;
use std::sync::Once;

use aws_sdk_cognitoidentityprovider::types::IdentityProviderTypeType;
use serde_json::Value;

use crate::deployment::Deployment;

/// Something that the emulator can't take.
struct Limit {
    /// Where it is, below the folder that `sam build` wrote.
    file: &'static str,
    section: &'static str,
    names: &'static [&'static str],
    instead: Instead,
    reason: &'static str,
}

/// What stands in its place.
enum Instead {
    /// A resource that does nothing and keeps the properties as its metadata, where CloudFormation resolves them.
    Placeholder,
    /// What the condition comes to with the parameters of these tests.
    Condition(&'static str),
    /// The same characters, one by one.
    SpeltOut,
}

const TEMPLATE: &str = "template.yaml";
const OBSERVABILITY: &str = "Observability/template.yaml";

const LIMITS: [Limit; 6] = [
    Limit {
        file: TEMPLATE,
        section: "Resources",
        names: &["IdentityProvider"],
        instead: Instead::Placeholder,
        reason: "it has no AWS::Cognito::UserPoolIdentityProvider; made by CreateIdentityProvider and UpdateIdentityProvider",
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
        names: &["ServiceUnreachableAlarm"],
        instead: Instead::Placeholder,
        reason: "its alarms know no metric math; not made",
    },
    Limit {
        file: TEMPLATE,
        section: "Conditions",
        names: &["HasAge2"],
        instead: Instead::Condition("Fn::Equals: [given, given]"),
        reason: "its conditions know no Fn::Split; here two ages are given",
    },
    Limit {
        file: TEMPLATE,
        section: "Conditions",
        names: &[
            "HasAge3", "HasAge4", "HasAge5", "HasAge6", "HasAge7", "HasAge8",
        ],
        instead: Instead::Condition("Fn::Equals: [given, missing]"),
        reason: "its conditions know no Fn::Split; here two ages are given",
    },
    Limit {
        file: TEMPLATE,
        section: "Resources",
        names: &["ClientSecrets", "SealingKeys", "RecordKeys"],
        instead: Instead::SpeltOut,
        reason: "GenerateSecretString leaves out what ExcludeCharacters has and knows no other option",
    },
];

/// Takes it out of a copy of what `sam build` wrote, and says so.
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

/// The list has been said.
static SAID: Once = Once::new();

/// Says what isn't in the stack as it is in template.yaml, past the harness, which shows what a test prints only if it fails.
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
            Self::Condition(is) => format!("  {name}:\n    {is}\n"),
            Self::SpeltOut => spelt_out(entry),
        }
    }
}

/// Where an entry of a section is: from its name to the next entry's. `sam build` writes two spaces for each level.
fn entry(text: &str, section: &str, name: &str) -> Range<usize> {
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

/// The same resource, but of a type that does nothing, with its properties as metadata.
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

/// The same secret, with every character that its options exclude in `ExcludeCharacters`.
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

/// Makes what the stack lacks, as CloudFormation would: after each deployment, and only what changed in the template's own text.
/// A secret is read when the text that refers to it is new, and not when only the secret is.
pub(crate) async fn create(deployment: &Deployment) {
    let properties = properties(deployment, "IdentityProvider").await;
    let mut made = deployment.identity_provider.lock().await;
    if made.as_ref() == Some(&properties) {
        return;
    }
    let text = |name: &str| properties[name].as_str().unwrap().to_owned();
    let user_pools = &deployment.aws.user_pools;
    let (pool, name) = (text("UserPoolId"), text("ProviderName"));
    let mapping = pairs(&properties["AttributeMapping"]);
    let mut details = pairs(&properties["ProviderDetails"]);
    for (_, value) in &mut details {
        *value = resolved(deployment, value).await;
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

/// The properties that a placeholder keeps, resolved by the emulator's CloudFormation.
async fn properties(deployment: &Deployment, logical_id: &str) -> Value {
    let resource = deployment.aws.stacks.describe_stack_resource();
    let resource = resource.stack_name(&deployment.name);
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

/// A text of a template with its dynamic reference to a secret resolved:
/// `{{resolve:secretsmanager:ARN:SecretString:KEY:STAGE:VERSION}}`.
async fn resolved(deployment: &Deployment, text: &str) -> String {
    let Some(reference) = text.strip_prefix("{{resolve:secretsmanager:") else {
        return text.to_owned();
    };
    let reference = reference.strip_suffix("}}").unwrap();
    let (arn, rest) = reference.split_once(":SecretString:").unwrap();
    let [key, stage, version] = rest.split(':').collect::<Vec<_>>()[..] else {
        panic!("{text} isn't complete");
    };
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let secret = deployment.aws.secrets.get_secret_value().secret_id(arn);
    let secret = secret.set_version_id(given(version));
    let secret = secret.set_version_stage(given(stage)).send().await.unwrap();
    let secret: Value = serde_json::from_str(&secret.secret_string.unwrap()).unwrap();
    secret[key].as_str().unwrap().to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_sdk_cloudformation::error::DisplayErrorContext;
    use aws_sdk_cloudformation::types::{Capability, Parameter, StackStatus};

    use super::*;
    use crate::aws::{Aws, given};

    fn built(file: &str) -> String {
        fs::read_to_string(Path::new(&given("BUILT_STACK")).join(file)).unwrap()
    }

    /// Deploys a template as it is, and gives what kept it from being deployed.
    async fn refused(name: &str, template: &str, parameters: &[&str]) -> String {
        let stacks = Aws::new().stacks;
        let parameters = parameters.iter().map(|name| {
            let given = Parameter::builder().parameter_key(*name);
            given.parameter_value("given").build()
        });
        let create = stacks
            .create_stack()
            .stack_name(name)
            .template_body(template);
        let create = create.capabilities(Capability::CapabilityIam);
        let create = create.set_parameters(Some(parameters.collect()));
        if let Err(refused) = create.send().await {
            return DisplayErrorContext(refused).to_string();
        }
        for _ in 0..100 {
            let stack = stacks.describe_stacks().stack_name(name).send().await;
            let stack = stack.unwrap().stacks.unwrap().remove(0);
            match stack.stack_status.unwrap() {
                StackStatus::CreateComplete => return "nothing".to_owned(),
                StackStatus::RollbackComplete | StackStatus::CreateFailed => {
                    let events = stacks.describe_stack_events().stack_name(name).send().await;
                    let events = events.unwrap().stack_events.unwrap().into_iter();
                    let reasons = events.filter_map(|event| event.resource_status_reason);
                    return reasons.collect::<Vec<_>>().join("\n");
                }
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        panic!("{name} comes to no end");
    }

    #[tokio::test]
    async fn an_identity_provider_and_a_branding_are_unknown_in_a_stack() {
        for (stack, kind) in [
            ("limit-provider", "AWS::Cognito::UserPoolIdentityProvider"),
            ("limit-branding", "AWS::Cognito::ManagedLoginBranding"),
        ] {
            assert!(built(TEMPLATE).contains(&format!("    Type: {kind}\n")));
            let template = format!("Resources:\n  Limit:\n    Type: {kind}\n");
            let reason = refused(stack, &template, &[]).await;
            assert!(
                reason.contains("Unrecognized resource types"),
                "{kind}: {reason}"
            );
        }
    }

    #[tokio::test]
    async fn a_branding_is_unknown_to_the_api_too() {
        let user_pools = Aws::new().user_pools;
        let create = user_pools
            .create_managed_login_branding()
            .user_pool_id("ap-northeast-1_0");
        let create = create.client_id("0").use_cognito_provided_values(true);
        let refused = DisplayErrorContext(create.send().await.unwrap_err()).to_string();
        assert!(refused.contains("Unknown Cognito IDP action"), "{refused}");
    }

    #[tokio::test]
    async fn an_alarm_takes_no_metric_math() {
        let template = built(OBSERVABILITY);
        let parameters = &template[template.find("\nParameters:\n").unwrap()..];
        let parameters: Vec<_> = parameters
            .lines()
            .skip(2)
            .take_while(|line| line.starts_with(' '))
            .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
            .filter(|name| !name.starts_with(' '))
            .collect();
        let reason = refused("limit-alarm", &template, &parameters).await;
        assert!(
            reason.contains("(metric math) is not supported"),
            "{reason}"
        );
    }

    #[tokio::test]
    async fn a_condition_splits_nothing() {
        for name in LIMITS
            .iter()
            .filter(|limit| limit.section == "Conditions")
            .flat_map(|limit| limit.names)
        {
            let template = built(TEMPLATE);
            let condition = &template[entry(&template, "Conditions", name)];
            let template = format!(
                "Parameters:\n  Ages:\n    Type: String\n    Default: 18,20\nConditions:\n{condition}\
                 Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n"
            );
            let reason = refused(&format!("limit-{name}"), &template, &[]).await;
            assert!(
                reason.contains("Fn::Select cannot select"),
                "{name}: {reason}"
            );
        }
    }

    #[tokio::test]
    async fn a_secret_is_made_of_characters_that_its_options_exclude() {
        let aws = Aws::new();
        for name in ["ClientSecrets", "SealingKeys", "RecordKeys"] {
            let template = built(TEMPLATE);
            let secret = template[entry(&template, "Resources", name)]
                .replace("    Condition: MakesRecordKeys\n", "");
            let template = format!(
                "Resources:\n{secret}Outputs:\n  Arn:\n    Value:\n      Fn::GetAtt: [{name}, Id]\n"
            );
            let stack = format!("limit-{name}");
            assert_eq!(refused(&stack, &template, &[]).await, "nothing");
            let stacks = aws.stacks.describe_stacks().stack_name(stack).send().await;
            let outputs = stacks.unwrap().stacks.unwrap().remove(0).outputs.unwrap();
            let secret = aws.secret(outputs[0].output_value.as_ref().unwrap()).await;
            let made = secret
                .as_object()
                .unwrap()
                .values()
                .next()
                .unwrap()
                .as_str()
                .unwrap();
            assert!(
                made.contains(|one: char| one.is_ascii_punctuation()),
                "{name}"
            );
        }
    }

    #[test]
    fn a_resource_is_taken_out_with_nothing_of_its_neighbours() {
        let text = "Conditions:\n  One:\n    Fn::Equals: [a, b]\nResources:\n  One:\n    Type: A\n    Metadata:\n      B: c\n    \
                    Properties:\n      Own:\n      - Type: x\n    Condition: Y\n  Two:\n    Type: B\nOutputs:\n  One:\n    Value: d\n";
        let one = &text[entry(text, "Resources", "One")];
        assert!(one.starts_with("  One:\n    Type: A\n") && one.ends_with("    Condition: Y\n"));
        assert_eq!(
            placeholder(one),
            "  One:\n    Type: AWS::CloudFormation::WaitConditionHandle\n    Metadata:\n      Own:\n      - Type: x\n    Condition: Y\n"
        );
        assert_eq!(
            &text[entry(text, "Resources", "Two")],
            "  Two:\n    Type: B\n"
        );
    }
}
