//! Shows that the emulator still doesn't support what `limits.rs` replaces in the stack. There is a
//! test for each limit, with the text of template.yaml itself where possible. A test that fails
//! means that the list can get shorter.

use std::fs;
use std::path::Path;
use std::time::Duration;

use aws_sdk_cloudformation::error::DisplayErrorContext;
use aws_sdk_cloudformation::types::{Capability, Parameter, StackStatus};

use crate::aws::{Aws, given};
use crate::limits::{CONDITIONS, OBSERVABILITY, SECRETS, TEMPLATE, entry};

fn built(file: &str) -> String {
    fs::read_to_string(Path::new(&given("BUILT_STACK")).join(file)).unwrap()
}

/// Deploys a template unchanged, and gives the reason for which the deployment failed, or
/// `nothing`.
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
    for _ in 0..1_800 {
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
    for name in CONDITIONS {
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
async fn a_reference_to_another_resource_is_no_change() {
    let template = "Parameters:\n  Order:\n    Type: String\n\
                    Conditions:\n  IsOther:\n    Fn::Equals: [Ref: Order, other]\n\
                    Resources:\n  One:\n    Type: AWS::SNS::Topic\n  \
                    Other:\n    Type: AWS::SNS::Topic\n  Named:\n    Type: AWS::SNS::Topic\n    \
                    Properties:\n      DisplayName:\n        Fn::If:\n        - IsOther\n        \
                    - Fn::GetAtt: [Other, TopicName]\n        - Fn::GetAtt: [One, TopicName]\n";
    assert_eq!(
        refused("limit-change", template, &["Order"]).await,
        "nothing"
    );
    let stacks = Aws::new().stacks;
    let other = Parameter::builder().parameter_key("Order");
    let change_set = stacks.create_change_set().stack_name("limit-change");
    let change_set = change_set.change_set_name("other").template_body(template);
    let change_set = change_set.parameters(other.parameter_value("other").build());
    change_set.send().await.unwrap();
    let made = stacks.describe_change_set().stack_name("limit-change");
    let made = made.change_set_name("other").send().await.unwrap();
    let reason = made.status_reason.unwrap();
    assert!(reason.contains("didn't contain changes"), "{reason}");
}

#[tokio::test]
async fn a_secret_is_made_of_characters_that_its_options_exclude() {
    let aws = Aws::new();
    for name in SECRETS {
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
