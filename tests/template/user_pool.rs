//! The user pool, its identity provider and its app client: what a verified login needs, and what
//! can't be changed in a user pool later.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use user_pool::scope::{OLDEST, RESOURCE_SERVER, Scope, VERIFY};

use crate::accepted::values;
use crate::cloudformation::STACK;
use crate::cloudformation::{Stack, list, text};
use crate::expected::{self, Given, chosen, function_arn, named, set};
use crate::settings::{logins, pre_token_generation};
use crate::translated::{in_every_combination, template};

/// The attributes of the user pool to which the bridge's claims are mapped.
const MAPPED: &[&str] = &[
    "name",
    "address",
    "birthdate",
    "gender",
    "custom:verified_record",
    "custom:verified_at",
];

/// Runs a check on every stack in which people sign in with the card.
fn with_logins(check: impl Fn(&Stack, &Given)) {
    in_every_combination(|stack, given| {
        if expected::has_logins(given) {
            check(stack, given);
        }
    });
}

/// The user pool: nobody can sign up, nobody has a password, and nobody needs anything but the
/// card.
fn user_pool(given: &Given) -> Value {
    let attribute = |name: &str, least: &str, most: &str| {
        json!({
            "Name": name,
            "AttributeDataType": "String",
            // Every sign-in writes it again.
            "Mutable": true,
            "StringAttributeConstraints": { "MinLength": least, "MaxLength": most },
        })
    };
    // No standard attribute is required.
    let standard = |name, least, most| {
        let mut standard = attribute(name, least, most);
        standard["Required"] = false.into();
        standard
    };
    let mut pool = json!({
        "UserPoolName": STACK,
        "UserPoolTier": "ESSENTIALS",
        "DeletionProtection": "ACTIVE",
        "UsernameConfiguration": { "CaseSensitive": true },
        "AdminCreateUserConfig": { "AllowAdminCreateUserOnly": true },
        "AccountRecoverySetting": {
            "RecoveryMechanisms": [{ "Name": "admin_only", "Priority": 1 }],
        },
        "Schema": [
            standard("name", "0", "2048"),
            standard("address", "0", "2048"),
            // The form of OpenID Connect, which Amazon Cognito requires.
            standard("birthdate", "10", "10"),
            standard("gender", "0", "2048"),
            attribute("verified_record", "0", "2048"),
            attribute("verified_at", "0", "20"),
        ],
        "LambdaConfig": {
            "PreTokenGenerationConfig": {
                "LambdaArn": function_arn("PreTokenGenerationFunction"),
                "LambdaVersion": "V2_0",
            },
        },
    });
    if expected::has_logins(given) {
        pool["LambdaConfig"]["InboundFederation"] = json!({
            "LambdaArn": function_arn("InboundFederationFunction"),
            "LambdaVersion": "V1_0",
        });
    }
    if expected::has_members(given) {
        let schema = pool["Schema"].as_array_mut();
        schema
            .unwrap()
            .push(attribute("member_record", "0", "2048"));
    }
    pool
}

#[test]
fn the_provider_is_the_bridge() {
    with_logins(|stack, given| {
        let environment = stack.environment("FederationFunction");
        let provider = stack.properties("IdentityProvider");
        let issuer = expected::issuer(given);
        let scopes = [&["openid"], &expected::attributes(given)[..]].concat();
        // A dynamic reference has the secret, SecretString, the JSON key, the stage and the
        // version.
        let version = chosen(given, "ClientSecretVersionId");
        let secret = &environment["CLIENT_SECRETS"];
        let reference =
            format!("{{{{resolve:secretsmanager:{secret}:SecretString:current::{version}}}}}");
        let details = json!({
            "client_id": environment["CLIENT_ID"],
            "client_secret": reference,
            "attributes_request_method": "GET",
            "oidc_issuer": issuer,
            // Exactly the scopes that the bridge accepts.
            "authorize_scopes": scopes.join(" "),
            "authorize_url": format!("{issuer}/authorize"),
            "token_url": format!("{issuer}/token"),
            "attributes_url": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/jwks.json"),
        });
        assert_eq!(provider["ProviderDetails"], details);
        assert_eq!(provider["ProviderName"], environment["PROVIDER_NAME"]);
        assert_eq!(provider["ProviderType"], "OIDC");
        assert!(provider.get("IdpIdentifiers").is_none());
    });
}

/// The app client: people sign in with the card and in no other way, and the client reads nothing
/// of the user pool.
fn client(given: &Given) -> Value {
    let mut client = json!({
        "UserPoolId": expected::user_pool(given),
        "ClientName": STACK,
        "GenerateSecret": chosen(given, "AppClientType") == "confidential",
        "SupportedIdentityProviders": [chosen(given, "ProviderName")],
        "AllowedOAuthFlowsUserPoolClient": true,
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": expected::values(given, "AppScopes"),
        "CallbackURLs": expected::values(given, "AppCallbackUrls"),
        "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
        "EnableTokenRevocation": true,
        "PreventUserExistenceErrors": "ENABLED",
        "AccessTokenValidity": 60,
        "IdTokenValidity": 60,
        "RefreshTokenValidity": 30,
        "TokenValidityUnits": {
            "AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "days",
        },
        "ReadAttributes": ["locale"],
        "WriteAttributes": MAPPED,
    });
    if set(given, "AppLogoutUrls").is_some() {
        client["LogoutURLs"] = expected::values(given, "AppLogoutUrls").into();
    }
    client
}

#[test]
fn amazon_cognito_is_sent_back_to_its_own_domain() {
    with_logins(|stack, given| {
        let host = expected::login_host(given);
        let expected = [format!("https://{host}/oauth2/idpresponse")];
        assert_eq!(logins(stack).unwrap().redirect_uris, expected);
        match stack.resources.get("LoginDomain") {
            Some(domain) => {
                let mut expected = json!({
                    "UserPoolId": expected::user_pool(given),
                    "Domain": chosen(given, "DomainPrefix"),
                    "ManagedLoginVersion": 2,
                });
                if let Some(custom) = set(given, "CognitoDomain") {
                    let certificate = chosen(given, "CognitoCertificateArn");
                    expected["Domain"] = custom.into();
                    expected["CustomDomainConfig"] = json!({ "CertificateArn": certificate });
                }
                assert_eq!(domain["Properties"], expected);
            }
            None => assert!(set(given, "ExistingUserPoolId").is_some()),
        }
        // Managed login shows no pages for a client without branding.
        let branding = json!({
            "UserPoolId": expected::user_pool(given),
            "ClientId": named("AppClient"),
            "UseCognitoProvidedValues": true,
        });
        assert_eq!(*stack.properties("LoginBranding"), branding);
    });
}

#[test]
fn the_user_pool_is_made_for_verified_people() {
    in_every_combination(|stack, given| {
        let existing = given.get("ExistingUserPoolId");
        assert_eq!(stack.resources.contains_key("UserPool"), existing.is_none());
        let pool_id = existing.map_or("ap-northeast-1_EXAMPLE", String::as_str);
        for (id, resource) in &stack.resources {
            if let Some(pool) = resource["Properties"].get("UserPoolId") {
                assert_eq!(pool, pool_id, "{id}");
            }
        }
        let Some(resource) = stack.resources.get("UserPool") else {
            return;
        };
        assert_eq!(resource["DeletionPolicy"], "Retain");
        assert_eq!(resource["UpdateReplacePolicy"], "Retain");
        assert_eq!(resource["Properties"], user_pool(given));
    });
}

#[test]
fn everything_mapped_can_be_written_and_nothing_of_it_read() {
    with_logins(|stack, given| {
        let provider = stack.properties("IdentityProvider");
        let mapping = json!({
            "username": "sub",
            "name": "name",
            "address": "formatted_address",
            "birthdate": "birthdate",
            "gender": "gender",
            "custom:verified_record": "verified_record",
            "custom:verified_at": "verified_at",
        });
        assert_eq!(provider["AttributeMapping"], mapping);
        let tokens = pre_token_generation(stack);
        assert_eq!(mapping[&tokens.record_attribute], "verified_record");
        assert_eq!(mapping[&tokens.verified_at_attribute], "verified_at");
        assert_eq!(*stack.properties("AppClient"), client(given));
    });
}

/// Whoever could write it could put a withdrawn record back, and whoever could read it would have
/// the record.
#[test]
fn the_record_of_a_member_is_mapped_read_and_written_by_no_one_else() {
    in_every_combination(|stack, _| {
        let attribute = pre_token_generation(stack).member_record_attribute;
        let others = stack.resources.iter().filter(|(id, _)| {
            // The pool has the attribute, and these functions its name.
            let known = [
                "UserPool",
                "PreTokenGenerationFunction",
                "VerificationFunction",
            ];
            !known.contains(&id.as_str())
        });
        for (id, resource) in others {
            let text = resource["Properties"].to_string();
            assert!(!text.contains(&attribute), "{id}");
        }
    });
}

#[test]
fn the_resource_server_has_a_scope_for_every_claim() {
    in_every_combination(|stack, given| {
        let server = stack.properties("ResourceServer");
        let tokens = pre_token_generation(stack);
        let mut server = server.clone();
        let scopes = server["Scopes"].take();
        let mut scopes = scopes.as_array().unwrap().clone();
        scopes.sort_by_key(|scope| text(&scope["ScopeName"]));
        let mut expected: Vec<_> = Scope::all(&tokens.ages)
            .map(|scope| {
                json!({ "ScopeName": scope.name(), "ScopeDescription": scope.description() })
            })
            .collect();
        if expected::has_members(given) {
            let description = "to be verified with the card";
            let verify = json!({ "ScopeName": VERIFY, "ScopeDescription": description });
            expected.push(verify);
        }
        expected.sort_by_key(|scope| text(&scope["ScopeName"]));
        assert_eq!(scopes, expected);
        let expected = json!({
            "UserPoolId": expected::user_pool(given),
            "Identifier": tokens.resource_server,
            "Name": "What the card proves",
            "Scopes": null,
        });
        assert_eq!(server, expected);
        let ages = expected::values(given, "Ages").len();
        assert_eq!(tokens.ages.len(), ages);
    });
}

/// A template can't count a list, so each position has a condition of its own.
#[test]
fn every_age_has_a_scope_however_many_there_are() {
    let ages = ["6", "13", "16", "18", "20", "25", "65", "150"];
    for count in 1..=ages.len() {
        let ages = &ages[..count];
        let joined = ages.join(",");
        let given = crate::combinations::parameters(&[&[("Ages", &joined)]]);
        let stack = template().stack(STACK, &given).ok().unwrap();
        let scopes = stack.properties("ResourceServer")["Scopes"].clone();
        let names = scopes.as_array().unwrap().iter();
        let names: Vec<_> = names
            .filter_map(|scope| {
                let name = scope["ScopeName"].as_str()?;
                name.strip_prefix("age_over_").map(str::to_owned)
            })
            .collect();
        assert_eq!(names, ages);
    }
}

#[test]
fn an_app_gets_no_scope_but_ours() {
    let template = template();
    for scope in [
        "aws.cognito.signin.user.admin",
        "profile",
        "email",
        "openid,aws.cognito.signin.user.admin",
        "digital-auth/age_over_151",
    ] {
        let mut given = crate::combinations::parameters(&[]);
        given.insert("AppScopes".to_owned(), scope.to_owned());
        let refused = template.stack("myna", &given).err();
        let expected = crate::cloudformation::Refused::Parameter("AppScopes".to_owned());
        assert_eq!(refused, Some(expected), "{scope}");
    }
}

/// All scopes, with every age, and `openid`.
#[test]
fn an_app_may_have_every_scope_of_ours() {
    let template = template();
    let ages: Vec<u8> = (1..=OLDEST).collect();
    let ours = Scope::all(&ages).map(|scope| scope.of_server(RESOURCE_SERVER));
    let every: BTreeSet<_> = ours.chain(["openid".to_owned()]).collect();
    for scope in &every {
        assert!(template.takes("AppScopes", scope), "{scope}");
    }
    for scope in values(&template, "AppScopes") {
        assert!(every.contains(&scope), "{scope}");
    }
    for age in 0..=u8::MAX {
        let is_known = ages.contains(&age);
        assert_eq!(template.takes("Ages", &age.to_string()), is_known, "{age}");
    }
}

#[test]
fn what_a_user_pool_needs_is_made_before_its_client() {
    let template = template();
    let resource = &template.section("Resources")["AppClient"];
    let first = resource.get("DependsOn").map(|after| list(Some(after)));
    assert_eq!(
        first,
        Some(vec![
            "IdentityProvider".to_owned(),
            "ResourceServer".to_owned()
        ])
    );
    assert!(matches!(
        resource["Properties"]["UserPoolId"],
        Value::Object(_)
    ));
}
