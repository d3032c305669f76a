//! The user pool, its provider and its client: what a verified login needs, and what a user pool can't change later.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cloudformation::{list, text};
use crate::settings::{bridge, pre_token_generation};
use crate::{in_every_combination, template};

/// What the bridge's claims become in the user pool.
const MAPPED: [&str; 6] = [
    "name",
    "address",
    "birthdate",
    "gender",
    "custom:verified_record",
    "custom:verified_at",
];

#[test]
fn the_provider_is_the_bridge() {
    in_every_combination(|stack, given| {
        let environment = stack.environment("FederationFunction");
        let provider = stack.properties("IdentityProvider");
        let details = &provider["ProviderDetails"];
        let issuer = &environment["ISSUER"];
        let expected_issuer = match given.get("BridgeDomain") {
            Some(domain) => format!("https://{domain}"),
            None => "https://api1234567.execute-api.ap-northeast-1.amazonaws.com".to_owned(),
        };
        assert_eq!(*issuer, expected_issuer);
        assert_eq!(details["oidc_issuer"], *issuer);
        for (endpoint, path) in [
            ("authorize_url", "/authorize"),
            ("token_url", "/token"),
            ("attributes_url", "/userinfo"),
            ("jwks_uri", "/jwks.json"),
        ] {
            assert_eq!(details[endpoint], format!("{issuer}{path}"));
        }
        assert_eq!(details["client_id"], environment["CLIENT_ID"]);
        assert_eq!(details["attributes_request_method"], "GET");
        assert_eq!(provider["ProviderName"], environment["PROVIDER_NAME"]);
        assert_eq!(provider["ProviderType"], "OIDC");
        let scopes = format!("openid {}", environment["ATTRIBUTES"].replace("none", ""));
        assert_eq!(
            details["authorize_scopes"],
            scopes.trim(),
            "exactly what the bridge takes"
        );
        // The form of a dynamic reference: secret, SecretString, JSON key, stage, version.
        let version = given
            .get("ClientSecretVersionId")
            .map_or("", String::as_str);
        let secret = &environment["CLIENT_SECRETS"];
        let reference =
            format!("{{{{resolve:secretsmanager:{secret}:SecretString:current::{version}}}}}");
        assert_eq!(details["client_secret"], reference);
    });
}

#[test]
fn amazon_cognito_is_sent_back_to_its_own_domain() {
    in_every_combination(|stack, given| {
        let host = match (
            given.get("ExistingUserPoolDomain"),
            given.get("CognitoDomain"),
        ) {
            (Some(existing), _) => existing.clone(),
            (None, Some(domain)) => domain.clone(),
            (None, None) => format!(
                "{}.auth.ap-northeast-1.amazoncognito.com",
                given["DomainPrefix"]
            ),
        };
        let expected = [format!("https://{host}/oauth2/idpresponse")];
        assert_eq!(bridge(stack).redirect_uris, expected);
        assert!(stack.outputs["LoginUrl"].starts_with(&format!("https://{host}/login?")));
        match stack.resources.get("LoginDomain") {
            Some(domain) => {
                let properties = &domain["Properties"];
                let name = text(&properties["Domain"]);
                assert!(host == name || host.starts_with(&format!("{name}.auth.")));
                assert_eq!(properties["ManagedLoginVersion"], 2);
                let custom = properties.get("CustomDomainConfig").is_some();
                assert_eq!(custom, given.contains_key("CognitoDomain"));
            }
            None => assert!(given.contains_key("ExistingUserPoolId")),
        }
        // Managed login shows nothing to a client without branding.
        assert!(stack.resources.contains_key("LoginBranding"));
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
        assert_eq!(stack.outputs["UserPoolId"], pool_id);
        let Some(resource) = stack.resources.get("UserPool") else {
            return;
        };
        assert_eq!(resource["DeletionPolicy"], "Retain");
        assert_eq!(resource["UpdateReplacePolicy"], "Retain");
        let pool = &resource["Properties"];
        assert_eq!(pool["UserPoolTier"], "ESSENTIALS");
        assert_eq!(pool["DeletionProtection"], "ACTIVE");
        assert_eq!(pool["UsernameConfiguration"]["CaseSensitive"], true);
        assert_eq!(
            pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"],
            true
        );
        let triggers = &pool["LambdaConfig"];
        assert_eq!(triggers.as_object().unwrap().len(), 2);
        for (trigger, version, function) in [
            ("InboundFederation", "V1_0", "InboundFederationFunction"),
            (
                "PreTokenGenerationConfig",
                "V2_0",
                "PreTokenGenerationFunction",
            ),
        ] {
            assert_eq!(triggers[trigger]["LambdaVersion"], version);
            let arn = text(&triggers[trigger]["LambdaArn"]);
            assert!(arn.ends_with(&format!("-{function}")), "{arn}");
        }
        let schema = pool["Schema"].as_array().unwrap();
        for mapped in MAPPED {
            let name = mapped.trim_start_matches("custom:");
            let attribute = schema.iter().find(|one| one["Name"] == name);
            let attribute = attribute.unwrap_or_else(|| panic!("{mapped} isn't in the schema"));
            assert_eq!(
                attribute["Mutable"], true,
                "{mapped} is written again at every sign-in"
            );
            assert!(
                attribute
                    .get("Required")
                    .is_none_or(|required| *required == false)
            );
            let most: usize = text(&attribute["StringAttributeConstraints"]["MaxLength"])
                .parse()
                .unwrap();
            match name {
                "birthdate" => assert_eq!(most, 10),
                "verified_at" => assert_eq!(most, 20),
                _ => assert_eq!(most, 2048, "{mapped}"),
            }
        }
        assert_eq!(schema.len(), MAPPED.len());
    });
}

#[test]
fn everything_mapped_can_be_written_and_nothing_of_it_read() {
    in_every_combination(|stack, given| {
        let provider = stack.properties("IdentityProvider");
        let mapping = provider["AttributeMapping"].as_object().unwrap();
        let mapped: BTreeSet<_> = mapping.keys().map(String::as_str).collect();
        let mut expected = BTreeSet::from(MAPPED);
        expected.insert("username");
        assert_eq!(mapped, expected);
        assert_eq!(mapping["username"], "sub");
        let tokens = pre_token_generation(stack);
        assert_eq!(mapping[&tokens.record_attribute], "verified_record");
        assert_eq!(mapping[&tokens.verified_at_attribute], "verified_at");
        assert_eq!(mapping["address"], "formatted_address");

        let client = stack.properties("AppClient");
        let written: BTreeSet<_> = list(client.get("WriteAttributes")).into_iter().collect();
        assert_eq!(written, MAPPED.map(str::to_owned).into());
        assert_eq!(list(client.get("ReadAttributes")), ["locale"]);
        assert_eq!(
            list(client.get("ExplicitAuthFlows")),
            ["ALLOW_REFRESH_TOKEN_AUTH"]
        );
        assert_eq!(list(client.get("AllowedOAuthFlows")), ["code"]);
        assert_eq!(client["AllowedOAuthFlowsUserPoolClient"], true);
        assert_eq!(client["EnableTokenRevocation"], true);
        assert_eq!(client["PreventUserExistenceErrors"], "ENABLED");
        assert_eq!(
            list(client.get("SupportedIdentityProviders")),
            [text(&provider["ProviderName"])]
        );
        let scopes = given.get("AppScopes").map_or("openid", String::as_str);
        assert_eq!(
            list(client.get("AllowedOAuthScopes")).join(","),
            scopes,
            "openid alone by default"
        );
        let is_public = given
            .get("AppClientType")
            .is_some_and(|kind| kind == "public");
        assert_eq!(client["GenerateSecret"], !is_public);
        let logout = given
            .get("AppLogoutUrls")
            .map(|urls| urls.split(',').count());
        assert_eq!(
            client.get("LogoutURLs").map(|urls| list(Some(urls)).len()),
            logout
        );
    });
}

#[test]
fn the_resource_server_has_a_scope_for_every_claim() {
    in_every_combination(|stack, given| {
        let server = stack.properties("ResourceServer");
        let tokens = pre_token_generation(stack);
        assert_eq!(server["Identifier"], tokens.resource_server);
        let scopes = server["Scopes"].as_array().unwrap();
        let named: Vec<_> = scopes
            .iter()
            .map(|scope| text(&scope["ScopeName"]))
            .collect();
        let mut expected: Vec<_> = [
            "name",
            "address",
            "birthdate",
            "gender",
            "prefecture",
            "verified",
        ]
        .map(str::to_owned)
        .into();
        expected.extend(tokens.ages.iter().map(|age| format!("age_over_{age}")));
        assert_eq!(named, expected);
        let ages = given
            .get("Ages")
            .map_or("18,20", String::as_str)
            .split(',')
            .count();
        assert_eq!(tokens.ages.len(), ages);
    });
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
