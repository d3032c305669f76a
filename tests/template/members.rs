//! The verification of members: only with `Members=yes`. Its API admits the access tokens of the
//! apps that are configured, and of no others. Without members, nothing of it is there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use user_pool::scope::{RESOURCE_SERVER, VERIFY};
use verification::router::Operation;

use crate::api::of_api;
use crate::cloudformation::{Stack, text};
use crate::combinations::{MEMBERS, parameters};
use crate::expected::{self, API, Given, MEMBERS_API, chosen, function_arn, named, set};
use crate::settings::verification;
use crate::translated::{in_every_combination, template};

/// The resources that are there only where members are verified.
const OF_MEMBERS: [&str; 19] = [
    "BeginRoute",
    "CompleteRoute",
    "MemberKeys",
    "MemberTable",
    "MemberTableKey",
    "MemberTableKeyAlias",
    "MembersApi",
    "MembersApiMayInvokeVerification",
    "MembersAuthorizer",
    "MembersIntegration",
    "MembersStage",
    "PersonKey",
    "PersonKeyAlias",
    "StateRoute",
    "TakeBackRoute",
    "VerificationFunction",
    "VerificationLogs",
    "VerificationRole",
    "VerifyRoute",
];

fn with_members(check: impl Fn(&Stack, &Given)) {
    in_every_combination(|stack, given| {
        if expected::has_members(given) {
            check(stack, given);
        }
    });
}

#[test]
fn without_members_nothing_of_them_is_there() {
    in_every_combination(|stack, given| {
        if expected::has_members(given) {
            return;
        }
        for (id, resource) in &stack.resources {
            let properties = resource["Properties"].to_string();
            for word in ["ember", "MEMBER", "/verif", r#""verify""#, "SDK_SCOPES"] {
                assert!(!properties.contains(word), "{id}: {word}");
            }
        }
    });
}

/// The resources that a login needs are the same with members, but for what they know of them.
#[test]
fn members_come_beside_the_logins() {
    let template = template();
    let usual = template.stack("myna", &parameters(&[])).ok().unwrap();
    let members = template
        .stack("myna", &parameters(&[MEMBERS]))
        .ok()
        .unwrap();
    let added = members
        .resources
        .keys()
        .filter(|id| !usual.resources.contains_key(*id));
    let changed = usual.resources.iter();
    let changed = changed.filter(|(id, resource)| members.resources[*id] != **resource);
    let changed: BTreeSet<_> = changed.map(|(id, _)| id.as_str()).collect();
    let expected = [
        "ApiStage",
        "FederationFunction",
        "FederationRole",
        "Observability",
        "PreTokenGenerationFunction",
        "ResourceServer",
        "UserPool",
    ];
    assert_eq!(changed, expected.into());
    let added: BTreeSet<_> = added.map(String::as_str).collect();
    assert_eq!(added, OF_MEMBERS.into());
}

#[test]
fn every_operation_has_a_route_that_demands_the_scope() {
    with_members(|stack, _| {
        let routes = of_api(stack, "Route", MEMBERS_API);
        let routes: BTreeMap<_, _> = routes
            .map(|(_, route)| (text(&route["RouteKey"]), route.clone()))
            .collect();
        let expected = Operation::ALL.map(|operation| {
            let (method, path) = operation.route();
            let key = format!("{method} {path}");
            let route = json!({
                "ApiId": MEMBERS_API,
                "RouteKey": key,
                "AuthorizationType": "JWT",
                "AuthorizerId": named("MembersAuthorizer"),
                "AuthorizationScopes": [format!("{RESOURCE_SERVER}/{VERIFY}")],
                "Target": format!("integrations/{}", named("MembersIntegration")),
            });
            (key, route)
        });
        assert_eq!(routes, expected.into());
        let integration = json!({
            "ApiId": MEMBERS_API,
            "IntegrationType": "AWS_PROXY",
            "IntegrationMethod": "POST",
            "IntegrationUri": function_arn("VerificationFunction"),
            "PayloadFormatVersion": "2.0",
            "TimeoutInMillis": 26_000,
        });
        assert_eq!(*stack.properties("MembersIntegration"), integration);
        assert_eq!(of_api(stack, "Integration", MEMBERS_API).count(), 1);
    });
}

/// The audience is made from `MemberApps`, so the authorizer and both functions know the same apps.
#[test]
fn the_authorizer_admits_the_pools_tokens_for_the_apps_of_members() {
    with_members(|stack, given| {
        let pairs = chosen(given, "MemberApps").split(' ');
        let mut clients: Vec<_> = pairs.map(|pair| pair.split_once(':').unwrap().0).collect();
        clients.dedup();
        let authorizer = json!({
            "ApiId": MEMBERS_API,
            "Name": "myna-members",
            "AuthorizerType": "JWT",
            "IdentitySource": ["$request.header.Authorization"],
            "JwtConfiguration": { "Issuer": expected::pool_issuer(given), "Audience": clients },
        });
        assert_eq!(*stack.properties("MembersAuthorizer"), authorizer);
        let verification = verification(stack).unwrap();
        assert_eq!(verification.pool.issuer, expected::pool_issuer(given));
        assert!(clients.iter().all(|client| verification.apps.has(client)));
    });
}

/// A template can't count the pairs, so each position has a condition of its own.
#[test]
fn the_audience_has_each_app_client_once_however_many_pairs_there_are() {
    let template = template();
    let audience = |apps: &str| {
        let given = parameters(&[&[("Members", "yes"), ("MemberApps", apps)]]);
        let stack = template.stack("myna", &given).ok().unwrap();
        stack.properties("MembersAuthorizer")["JwtConfiguration"]["Audience"].clone()
    };
    let clients = ["a", "b", "c", "d", "e", "f", "g", "h"];
    for count in 1..=clients.len() {
        let clients = &clients[..count];
        let apps: Vec<_> = clients
            .iter()
            .map(|client| format!("{client}:https://x/"))
            .collect();
        assert_eq!(audience(&apps.join(" ")), json!(clients));
    }
    let several = (0..8).map(|number| format!("a:https://x/{number}"));
    assert_eq!(
        audience(&several.collect::<Vec<_>>().join(" ")),
        json!(["a"])
    );
    let mixed = "a:https://x/1 a:https://x/2 b:https://x/1 c:x.y://z c:https://x/1 d:https://x/";
    assert_eq!(audience(mixed), json!(["a", "b", "c", "d"]));
}

#[test]
fn scripts_of_the_given_origins_may_call_and_of_no_others() {
    with_members(|stack, given| {
        let api = stack.properties("MembersApi");
        let cors = set(given, "MemberOrigins").map(|_| {
            json!({
                "AllowOrigins": expected::values(given, "MemberOrigins"),
                "AllowMethods": ["GET", "POST", "DELETE"],
                "AllowHeaders": ["authorization", "content-type"],
                "ExposeHeaders": ["retry-after", "www-authenticate"],
                "MaxAge": 600,
            })
        });
        assert_eq!(api.get("CorsConfiguration"), cors.as_ref());
        assert_eq!(api["ProtocolType"], "HTTP");
        assert_eq!(api["Name"], "myna-members");
        let known = ["CorsConfiguration", "Description", "Name", "ProtocolType"];
        let mut has = api.as_object().unwrap().keys();
        assert!(
            has.all(|property| known.contains(&property.as_str())),
            "{api}"
        );
    });
}

#[test]
fn a_flood_on_one_operation_leaves_the_others_and_the_sign_ins_alone() {
    with_members(|stack, given| {
        let limit = |rate: Value, burst: Value| {
            json!({
                "ThrottlingRateLimit": rate,
                "ThrottlingBurstLimit": burst,
            })
        };
        let logins = |name| chosen(given, name).into();
        // Amazon Cognito writes 25 users a second (UserUpdate), and reads 120 (UserRead) for all
        // that an account does, sign-ins among it.
        let settings = json!({
            "POST /verifications": limit(logins("LoginsPerSecond"), logins("LoginsBurst")),
            "POST /verifications/complete": limit(50.into(), 100.into()),
            "GET /verifications/me": limit(25.into(), 50.into()),
            "DELETE /verifications/me": limit(10.into(), 20.into()),
        });
        let stage = json!({
            "ApiId": MEMBERS_API,
            "StageName": "$default",
            "AutoDeploy": true,
            "AccessLogSettings": stack.properties("ApiStage")["AccessLogSettings"],
            "DefaultRouteSettings": limit(5.into(), 10.into()),
            "RouteSettings": settings,
        });
        assert_eq!(*stack.properties("MembersStage"), stage);
        let after = &stack.resources["MembersStage"]["DependsOn"];
        let after: BTreeSet<_> = after.as_array().unwrap().iter().map(text).collect();
        let routes = of_api(stack, "Route", MEMBERS_API);
        assert_eq!(after, routes.map(|(id, _)| id.to_owned()).collect());
        assert_eq!(of_api(stack, "Stage", MEMBERS_API).count(), 1);
    });
}

/// The table has the one key that the crate `member-table` writes, and nothing in it is lost.
#[test]
fn the_table_outlives_the_stack_and_can_be_restored() {
    with_members(|stack, given| {
        if set(given, "ExistingMemberTable").is_some() {
            assert!(!stack.resources.contains_key("MemberTable"));
            return;
        }
        let table = json!({
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{ "AttributeName": member_table::KEY, "KeyType": "HASH" }],
            "AttributeDefinitions": [
                { "AttributeName": member_table::KEY, "AttributeType": "S" },
            ],
            "PointInTimeRecoverySpecification": { "PointInTimeRecoveryEnabled": true },
            "SSESpecification": {
                "SSEEnabled": true,
                "SSEType": "KMS",
                "KMSMasterKeyId": expected::member_key(given, "MemberTableKey"),
            },
            "DeletionProtectionEnabled": true,
        });
        assert_eq!(*stack.properties("MemberTable"), table);
    });
}

/// The bridge lets browsers in at `/verify`, to which the function sends them.
#[test]
fn the_bridge_has_the_route_at_which_a_member_begins() {
    with_members(|stack, given| {
        let route = stack.properties("VerifyRoute");
        assert_eq!(route["ApiId"], API);
        let key = format!("ANY {}", member_flow::VERIFY_PATH);
        assert_eq!(route["RouteKey"], key);
        let verification = verification(stack).unwrap();
        assert_eq!(verification.service.issuer, expected::issuer(given));
    });
}
