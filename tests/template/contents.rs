//! Tests that the templates make resources only of the kinds that are listed here. No other test
//! would check a resource of another kind.

use std::collections::BTreeMap;

use crate::cloudformation::Template;
use crate::translated::{edge, observability, template};

/// The kinds of resources in the stack, and how many of each are declared.
const STACK: &[(&str, usize)] = &[
    ("AWS::ApiGatewayV2::Api", 2),
    ("AWS::ApiGatewayV2::ApiMapping", 1),
    ("AWS::ApiGatewayV2::Authorizer", 1),
    ("AWS::ApiGatewayV2::DomainName", 1),
    ("AWS::ApiGatewayV2::Integration", 2),
    ("AWS::ApiGatewayV2::Route", 13),
    ("AWS::ApiGatewayV2::Stage", 2),
    ("AWS::CloudFormation::Stack", 1),
    ("AWS::Cognito::ManagedLoginBranding", 1),
    ("AWS::Cognito::UserPool", 1),
    ("AWS::Cognito::UserPoolClient", 1),
    ("AWS::Cognito::UserPoolDomain", 1),
    ("AWS::Cognito::UserPoolIdentityProvider", 1),
    ("AWS::Cognito::UserPoolResourceServer", 1),
    ("AWS::DynamoDB::Table", 1),
    ("AWS::IAM::Policy", 1),
    ("AWS::IAM::Role", 4),
    ("AWS::KMS::Alias", 6),
    ("AWS::KMS::Key", 6),
    ("AWS::Lambda::Function", 4),
    ("AWS::Lambda::Permission", 4),
    ("AWS::Logs::LogGroup", 5),
    ("AWS::Route53::RecordSet", 3),
    ("AWS::SecretsManager::Secret", 5),
];

/// The kinds in the template of the observability.
const OBSERVABILITY: &[(&str, usize)] = &[
    ("AWS::CloudWatch::Alarm", 29),
    ("AWS::CloudWatch::Dashboard", 1),
    ("AWS::Events::Rule", 2),
    ("AWS::Logs::MetricFilter", 1),
    ("AWS::SNS::Subscription", 1),
    ("AWS::SNS::Topic", 1),
    ("AWS::SNS::TopicPolicy", 1),
];

/// The kinds in the template of CloudFront in front.
const EDGE: &[(&str, usize)] = &[
    ("AWS::CloudFront::CachePolicy", 1),
    ("AWS::CloudFront::Distribution", 1),
    ("AWS::CloudWatch::Alarm", 2),
    ("AWS::Logs::LogGroup", 1),
    ("AWS::Route53::RecordSet", 2),
    ("AWS::SNS::Subscription", 1),
    ("AWS::SNS::Topic", 1),
    ("AWS::SNS::TopicPolicy", 1),
    ("AWS::WAFv2::LoggingConfiguration", 1),
    ("AWS::WAFv2::WebACL", 1),
];

#[test]
fn nothing_is_made_that_no_test_looks_at() {
    for (template, expected) in [
        (template(), STACK.iter().copied().collect()),
        (observability(), OBSERVABILITY.iter().copied().collect()),
        (edge(), EDGE.iter().copied().collect()),
    ] {
        let mut kinds = BTreeMap::new();
        for resource in template.section("Resources").values() {
            *kinds.entry(resource["Type"].as_str().unwrap()).or_insert(0) += 1;
        }
        assert_eq!(kinds, expected);
    }
}

/// No output is exported: an exported value can't be changed while another stack imports it, and no
/// other stack can export a value under the same name.
#[test]
fn what_is_told_is_told_to_people_alone() {
    for template in [template(), observability(), edge()] {
        only_has(&template, "Outputs", &["Condition", "Description", "Value"]);
        only_has(
            &template,
            "Resources",
            &[
                "Condition",
                "DeletionPolicy",
                "DependsOn",
                "Metadata",
                "Properties",
                "Type",
                "UpdateReplacePolicy",
            ],
        );
    }
}

/// The templates have no macro. A macro could change a template in any way, and
/// CAPABILITY_AUTO_EXPAND would allow it.
#[test]
fn nobody_else_has_a_hand_in_a_template() {
    for template in [template(), observability(), edge()] {
        let known = [
            "AWSTemplateFormatVersion",
            "Conditions",
            "Description",
            "Mappings",
            "Metadata",
            "Outputs",
            "Parameters",
            "Resources",
            "Rules",
        ];
        for section in template.json.as_object().unwrap().keys() {
            assert!(known.contains(&section.as_str()), "{section}");
        }
    }
}

fn only_has(template: &Template, section: &str, known: &[&str]) {
    for (id, declared) in template.section(section) {
        for attribute in declared.as_object().unwrap().keys() {
            assert!(known.contains(&attribute.as_str()), "{id}.{attribute}");
        }
    }
}
