//! Shows that the emulator still doesn't support what `limits.rs` replaces in the stack. There is a
//! test for each limit, with the text of template.yaml itself where possible. A test that fails
//! means that the list can get shorter.

use std::fs;
use std::path::Path;
use std::time::Duration;

use aws_sdk_cloudformation::error::DisplayErrorContext;
use aws_sdk_cloudformation::types::{Capability, Parameter, StackStatus};
use http::Method;

use crate::aws::{Aws, emulator, given};
use crate::limits::{ALARMS, CONDITIONS, OBSERVABILITY, SECRETS, TEMPLATE, entry};

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
    // The emulator takes no template that is as long as the whole one.
    let resources = template.find("\nResources:\n").unwrap();
    let alarm = &template[entry(&template, "Resources", ALARMS[0])];
    let template = format!(
        "{}\nResources:\n  AlarmTopic:\n    Type: AWS::SNS::Topic\n{alarm}",
        &template[..resources]
    );
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
            "Parameters:\n  Ages:\n    Type: String\n    Default: 18,20\n  MemberApps:\n    \
             Type: String\n    Default: a:https://app.example/\nConditions:\n{condition}\
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

/// An API that a stack makes answers as if it had no CORS configuration.
#[tokio::test]
async fn an_api_of_a_stack_has_no_cors() {
    let template = "Resources:\n  Api:\n    Type: AWS::ApiGatewayV2::Api\n    Properties:\n      \
                    Name: limit\n      ProtocolType: HTTP\n      CorsConfiguration:\n        \
                    AllowOrigins: ['https://app.example']\n        AllowMethods: [GET]\n\
                    Outputs:\n  Id:\n    Value:\n      Ref: Api\n";
    assert_eq!(refused("limit-cors", template, &[]).await, "nothing");
    let stacks = Aws::new().stacks.describe_stacks();
    let stacks = stacks.stack_name("limit-cors").send().await.unwrap();
    let outputs = stacks.stacks.unwrap().remove(0).outputs.unwrap();
    let id = outputs[0].output_value.as_ref().unwrap();
    let url = format!("{}/_aws/execute-api/{id}/$default/", emulator());
    let preflight = reqwest::Client::new().request(Method::OPTIONS, url);
    let preflight = preflight
        .header("origin", "https://app.example")
        .header("access-control-request-method", "GET");
    assert_eq!(preflight.send().await.unwrap().status(), 403);
}

/// The issuer of a user pool is at `amazonaws.com`. Whoever reads its keys there doesn't reach the
/// emulator.
#[tokio::test]
async fn the_keys_of_a_user_pool_are_not_served_by_tls() {
    let function = built(TEMPLATE);
    let function = &function[entry(&function, "Resources", "VerificationFunction")];
    assert!(!function.contains("USER_POOL_JWKS_URI"));
    let by_tls = emulator().replacen("http:", "https:", 1);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let refused = http.get(by_tls).send().await.unwrap_err();
    assert!(refused.is_connect(), "{refused:?}");
}

#[tokio::test]
async fn a_secret_is_made_of_characters_that_its_options_exclude() {
    let aws = Aws::new();
    for name in SECRETS {
        let template = built(TEMPLATE);
        let secret = template[entry(&template, "Resources", name)]
            .replace("    Condition: MakesRecordKeys\n", "")
            .replace("    Condition: HasMembers\n", "");
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
