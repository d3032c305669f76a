//! Rights and protection: a role for each function with the rights that it needs, the callers of
//! each function, limits, retention, and encryption.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::api::of_api;
use crate::cloudformation::{ACCOUNT, REGION, Stack, list, text};
use crate::expected::{
    self, API, Given, MEMBERS_API, chosen, function_arn, has_logins, has_members,
};
use crate::settings::functions;
use crate::translated::{in_every_combination, template};

/// The actions of AWS X-Ray that support no resources. They are the only ones with `*`.
const TRACES: [&str; 2] = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"];

/// The rights in a function's role: for each action, its resources and its condition (`Value::Null`
/// if there is none).
type Rights = BTreeMap<String, Vec<(BTreeSet<String>, Value)>>;

/// All rights in a function's role, from its own and from attached policies.
fn rights(stack: &Stack, function: &str) -> Rights {
    let role = text(&stack.properties(function)["Role"]);
    let (role_id, resource) = stack
        .of_type("AWS::IAM::Role")
        .find(|(id, _)| role.ends_with(&format!("-{id}")))
        .unwrap_or_else(|| panic!("{function} has no role of its own"));
    // This test can't see managed policies, and a boundary would reduce the rights.
    let has: Vec<_> = resource.as_object().unwrap().keys().collect();
    assert_eq!(has, ["AssumeRolePolicyDocument", "Policies"], "{role_id}");
    let trusted = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "lambda.amazonaws.com" },
            "Action": "sts:AssumeRole",
        }],
    });
    assert_eq!(resource["AssumeRolePolicyDocument"], trusted, "{role_id}");
    let own = resource["Policies"].as_array().unwrap().iter();
    let mut documents: Vec<_> = own.map(|policy| &policy["PolicyDocument"]).collect();
    for (_, policy) in stack.of_type("AWS::IAM::Policy") {
        if list(policy.get("Roles"))
            .iter()
            .any(|role| role.ends_with(&format!("-{role_id}")))
        {
            documents.push(&policy["PolicyDocument"]);
        }
    }
    let mut rights = Rights::new();
    for document in &documents {
        // Without this version, IAM would use an older policy language.
        assert_eq!(document["Version"], "2012-10-17", "{role_id}");
    }
    for statement in documents
        .into_iter()
        .flat_map(|document| document["Statement"].as_array().unwrap())
    {
        assert_eq!(statement["Effect"], "Allow");
        assert!(statement.get("NotAction").is_none() && statement.get("NotResource").is_none());
        for action in list(statement.get("Action")) {
            let condition = statement.get("Condition").cloned().unwrap_or_default();
            let on = (set(list(statement.get("Resource"))), condition);
            rights.entry(action).or_default().push(on);
        }
    }
    rights
}

fn set(values: impl IntoIterator<Item = impl Into<String>>) -> BTreeSet<String> {
    values.into_iter().map(Into::into).collect()
}

/// The condition of a right.
fn condition(action: &str) -> Value {
    let equal = match action {
        // Only digests, with one of the two algorithms.
        "kms:Sign" => json!({
            "kms:MessageType": "DIGEST",
            "kms:SigningAlgorithm": ["ECDSA_SHA_256", "RSASSA_PKCS1_V1_5_SHA_256"],
        }),
        "kms:GenerateMac" => json!({ "kms:MacAlgorithm": "HMAC_SHA_256" }),
        // Amazon DynamoDB opens the table's key in the name of the function.
        "kms:Decrypt" => json!({ "kms:ViaService": format!("dynamodb.{REGION}.amazonaws.com") }),
        _ => return Value::Null,
    };
    json!({ "StringEquals": equal })
}

/// What `verification` may do, besides writing its log and traces.
fn of_verification(
    stack: &Stack,
    given: &Given,
    pool: &str,
) -> Vec<(&'static str, BTreeSet<String>)> {
    let environment = stack.environment("VerificationFunction");
    let assertion_keys = set(environment["ASSERTION_KEYS"].split(' '));
    let secrets = ["MEMBER_KEYS", "RECORD_KEYS"].map(|name| &environment[name]);
    let mut own = vec![
        ("kms:GetPublicKey", assertion_keys.clone()),
        ("kms:Sign", assertion_keys),
        ("kms:GenerateMac", set([&environment["PERSON_KEY"]])),
        (
            "kms:Decrypt",
            set([expected::member_key(given, "MemberTableKey")]),
        ),
        ("secretsmanager:GetSecretValue", set(secrets)),
    ];
    own.extend(
        [
            "cognito-idp:AdminGetUser",
            "cognito-idp:AdminUpdateUserAttributes",
            "cognito-idp:ListUsers",
        ]
        .map(|action| (action, set([pool]))),
    );
    // The transactions need the rights of what they contain (crate `member-table`).
    own.extend(
        [
            "dynamodb:ConditionCheckItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
        ]
        .map(|action| (action, set([expected::member_table(given)]))),
    );
    own
}

#[test]
fn a_function_may_do_what_it_needs_and_nothing_else() {
    in_every_combination(|stack, given| {
        let environment = stack.environment("FederationFunction");
        let mut keys = set(environment["ASSERTION_KEYS"].split(' '));
        let record_keys = set([&environment["RECORD_KEYS"]]);
        let mut bridge_secrets = BTreeSet::new();
        let optional = [
            "CLIENT_SECRETS",
            "SEALING_KEYS",
            "FRONT_DOOR_SECRETS",
            "MEMBER_KEYS",
        ];
        bridge_secrets.extend(
            optional
                .iter()
                .filter_map(|name| environment.get(*name))
                .cloned(),
        );
        if has_logins(given) {
            keys.extend(set(environment["ID_TOKEN_KEYS"].split(' ')));
            bridge_secrets.extend(record_keys.clone());
        }
        let pool = given
            .get("ExistingUserPoolId")
            .map_or("ap-northeast-1_EXAMPLE", String::as_str);
        let pool = format!("arn:aws:cognito-idp:ap-northeast-1:{ACCOUNT}:userpool/{pool}");
        let verification = has_members(given).then(|| {
            let own = of_verification(stack, given, &pool);
            ("VerificationFunction", own)
        });
        let others = [
            (
                "FederationFunction",
                vec![
                    ("kms:GetPublicKey", keys.clone()),
                    ("kms:Sign", keys),
                    ("secretsmanager:GetSecretValue", bridge_secrets),
                ],
            ),
            (
                "InboundFederationFunction",
                vec![("secretsmanager:GetSecretValue", record_keys.clone())],
            ),
            (
                "PreTokenGenerationFunction",
                vec![
                    ("cognito-idp:AdminGetUser", set([&pool])),
                    ("secretsmanager:GetSecretValue", record_keys),
                ],
            ),
        ];
        let is_there = |function: &str| stack.resources.contains_key(function);
        let others = others
            .into_iter()
            .filter(|(function, _)| is_there(function));
        for (function, own) in others.chain(verification) {
            // Each action is granted once.
            let granted = |(action, resources): (&str, BTreeSet<String>)| {
                let on = (resources, condition(action));
                (action.to_owned(), vec![on])
            };
            let mut expected: Rights = own.into_iter().map(granted).collect();
            expected.extend(TRACES.map(|action| granted((action, set(["*"])))));
            let log = function.replace("Function", "Logs");
            let log = format!("arn:aws:logs:ap-northeast-1:{ACCOUNT}:log-group:myna-{log}:*");
            for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
                expected.extend([granted((action, set([&log])))]);
            }
            assert_eq!(rights(stack, function), expected, "{function}");
        }
    });
}

/// Amazon Cognito believes whoever can sign with these keys.
#[test]
fn only_the_bridge_signs_id_tokens() {
    in_every_combination(|stack, _| {
        let environment = stack.environment("FederationFunction");
        let Some(keys) = environment.get("ID_TOKEN_KEYS") else {
            return;
        };
        let keys = set(keys.split(' '));
        for function in functions(stack).filter(|function| *function != "FederationFunction") {
            let rights = rights(stack, function);
            let signs = rights.get("kms:Sign").into_iter().flatten();
            for (resources, _) in signs {
                assert!(resources.is_disjoint(&keys), "{function}");
            }
        }
    });
}

#[test]
fn no_identity_policy_has_a_wildcard_but_for_traces() {
    in_every_combination(|stack, _| {
        for (action, resources) in functions(stack).flat_map(|function| rights(stack, function)) {
            assert!(!action.contains('*'), "{action}");
            for resource in resources.into_iter().flat_map(|(resources, _)| resources) {
                // Lambda names the streams of the function's own log group.
                let wild = resource.trim_end_matches("Logs:*").contains('*');
                assert!(
                    !wild || TRACES.contains(&action.as_str()),
                    "{action} on {resource}"
                );
            }
        }
        // There are no other roles.
        let roles = stack.of_type("AWS::IAM::Role").count();
        assert_eq!(roles, functions(stack).count());
        assert_eq!(stack.of_type("AWS::IAM::Policy").count(), 1);
        for kind in [
            "AWS::IAM::ManagedPolicy",
            "AWS::IAM::RolePolicy",
            "AWS::IAM::User",
            "AWS::IAM::Group",
        ] {
            assert_eq!(stack.of_type(kind).count(), 0, "{kind}");
        }
    });
}

#[test]
fn a_function_is_called_by_its_caller_alone() {
    in_every_combination(|stack, given| {
        let permissions: BTreeMap<_, _> = stack.of_type("AWS::Lambda::Permission").collect();
        let pool = expected::user_pool(given);
        let of_cognito = |function: &str| {
            json!({
                "Action": "lambda:InvokeFunction",
                "FunctionName": function_arn(function),
                "Principal": "cognito-idp.amazonaws.com",
                "SourceAccount": ACCOUNT,
                "SourceArn": format!("arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{pool}"),
            })
        };
        // The ARN of an API contains the account.
        let of_the_api = |function: &str, api: &str| {
            json!({
                "Action": "lambda:InvokeFunction",
                "FunctionName": function_arn(function),
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/*"),
            })
        };
        let bridge = of_the_api("FederationFunction", API);
        let members = of_the_api("VerificationFunction", MEMBERS_API);
        let (inbound, tokens) = (
            of_cognito("InboundFederationFunction"),
            of_cognito("PreTokenGenerationFunction"),
        );
        let mut expected = BTreeMap::from([
            ("ApiMayInvokeFederation", &bridge),
            ("CognitoMayInvokePreTokenGeneration", &tokens),
        ]);
        if has_logins(given) {
            expected.insert("CognitoMayInvokeInboundFederation", &inbound);
        }
        if has_members(given) {
            expected.insert("MembersApiMayInvokeVerification", &members);
        }
        assert_eq!(permissions, expected);
        assert_eq!(stack.of_type("AWS::Lambda::Url").count(), 0);
    });
}

#[test]
fn a_flood_on_one_route_leaves_the_others_alone() {
    let template = template();
    let condition = |id: &str| template.section("Resources")[id].get("Condition");
    in_every_combination(|stack, given| {
        let routes = || of_api(stack, "Route", API);
        let keys: BTreeSet<_> = routes()
            .map(|(_, route)| text(&route["RouteKey"]))
            .collect();
        let stage = stack.properties("ApiStage");
        let limits = stage["RouteSettings"].as_object().unwrap();
        // The settings of a route are only limits. Above all, they don't trace requests.
        for limit in limits.values().chain([&stage["DefaultRouteSettings"]]) {
            let has: Vec<_> = limit.as_object().unwrap().keys().collect();
            assert_eq!(has, ["ThrottlingBurstLimit", "ThrottlingRateLimit"]);
        }
        let logins = ["LoginsPerSecond", "LoginsBurst"].map(|name| chosen(given, name).to_owned());
        let [cognito, others] = [["500", "500"], ["5", "10"]].map(|limit| limit.map(str::to_owned));
        let specific = keys.iter().filter(|key| *key != "$default");
        assert!(
            limits.keys().eq(specific),
            "each has its limit, and no other"
        );
        for route in &keys {
            let limit = if route == "$default" {
                &stage["DefaultRouteSettings"]
            } else {
                &limits[route]
            };
            let expected = match route.as_str() {
                // Requests of browsers.
                "ANY /authorize" | "ANY /callback" | "ANY /verify" => &logins,
                // Requests of Amazon Cognito. It shares the limit with anybody who floods these
                // paths.
                "ANY /token" | "ANY /userinfo" | "ANY /jwks.json" => &cognito,
                _ => &others,
            };
            let limit =
                ["ThrottlingRateLimit", "ThrottlingBurstLimit"].map(|name| text(&limit[name]));
            assert_eq!(limit, *expected, "{route}");
        }
        // API Gateway refuses limits for a route that doesn't exist yet. A route that isn't always
        // there is referred to in the metadata.
        let resource = &stack.resources["ApiStage"];
        let after = set(list(resource.get("DependsOn")));
        let referred = resource["Metadata"]["After"].as_array().unwrap().iter();
        let referred: BTreeSet<_> = referred
            .map(|one| {
                let one = &one["Fn::If"];
                let route = text(&one[1]["Ref"]);
                // The reference is there where the route is.
                assert_eq!(Some(&one[0]), condition(&route));
                assert_eq!(one[2], "");
                route
            })
            .collect();
        assert!(after.is_disjoint(&referred));
        let ordered: BTreeSet<_> = after.union(&referred).cloned().collect();
        assert!(set(routes().map(|(id, _)| id)).is_subset(&ordered));
        // What is always there needs no reference.
        assert!(after.iter().all(|id| condition(id).is_none()));
    });
}

#[test]
fn the_api_answers_under_the_registered_name_alone() {
    in_every_combination(|stack, given| {
        let domain = given.get("BridgeDomain");
        assert_eq!(
            stack.properties("Api")["DisableExecuteApiEndpoint"],
            domain.is_some()
        );
        assert_eq!(stack.resources.contains_key("ApiMapping"), domain.is_some());
    });
}

/// The function reads the secret in its own Region, and CloudFront reads a copy.
#[test]
fn behind_cloudfront_there_is_a_secret_for_both() {
    in_every_combination(|stack, given| {
        let secret = stack.resources.get("FrontDoorSecrets");
        assert_eq!(secret.is_some(), given.contains_key("OriginDomain"));
        if let Some(secret) = secret {
            let copies = &secret["Properties"]["ReplicaRegions"];
            assert_eq!(*copies, json!([{ "Region": "us-east-1" }]));
        }
    });
}

#[test]
fn the_access_log_is_json_and_holds_nothing_that_was_sent() {
    in_every_combination(|stack, _| {
        let format = text(&stack.properties("ApiStage")["AccessLogSettings"]["Format"]);
        assert!(!format.contains('\n'), "one line");
        let filled = format.replace("$context.status", "200");
        let parsed: Value =
            serde_json::from_str(&filled).unwrap_or_else(|error| panic!("{error}: {format}"));
        let fields = parsed.as_object().unwrap();
        let named = fields.iter().filter_map(|(name, value)| {
            let variable = value.as_str()?.strip_prefix("$context.")?;
            Some((name.as_str(), variable))
        });
        let expected = [
            ("api_request_id", "requestId"),
            ("error", "error.responseType"),
            ("integration_latency", "integration.latency"),
            ("integration_status", "integration.status"),
            ("latency", "responseLatency"),
            ("protocol", "protocol"),
            ("request_id", "integration.requestId"),
            ("response_length", "responseLength"),
            ("route", "routeKey"),
            ("source_ip", "identity.sourceIp"),
            ("time", "requestTimeEpoch"),
        ];
        assert_eq!(named.collect::<BTreeMap<_, _>>(), expected.into());
        assert_eq!(fields["stack"], "myna");
        assert_eq!(fields["status"], 200);
        assert_eq!(fields.len(), expected.len() + 2);
    });
}

#[test]
fn logs_end_and_what_has_to_outlive_the_stack_stays() {
    in_every_combination(|stack, given| {
        let groups: BTreeMap<_, _> = stack.of_type("AWS::Logs::LogGroup").collect();
        let group = |name: &str| {
            json!({
                "LogGroupName": name, "RetentionInDays": chosen(given, "LogRetentionDays"),
            })
        };
        // A log group whose name begins like this needs no entry in the account's resource policy
        // for logs.
        let api = group("/aws/vendedlogs/digital-auth/myna/api");
        let federation = group("/digital-auth/myna/federation");
        let inbound = group("/digital-auth/myna/inbound-federation");
        let tokens = group("/digital-auth/myna/pre-token-generation");
        let verification = group("/digital-auth/myna/verification");
        let mut expected = BTreeMap::from([
            ("ApiLogs", &api),
            ("FederationLogs", &federation),
            ("PreTokenGenerationLogs", &tokens),
        ]);
        if has_logins(given) {
            expected.insert("InboundFederationLogs", &inbound);
        }
        if has_members(given) {
            expected.insert("VerificationLogs", &verification);
        }
        assert_eq!(groups, expected);
        // If a first deployment fails, its resources are still empty and can be deleted. These
        // protect themselves against deletion.
        let protected = ["MemberTable", "UserPool"];
        let others = ["MemberTableKey", "PersonKey", "RecordKeys"];
        for (id, resource) in &stack.resources {
            let is_protected = protected.contains(&id.as_str());
            let outlives = is_protected || id.starts_with("Made") || others.contains(&id.as_str());
            let kept = if is_protected {
                "Retain"
            } else {
                "RetainExceptOnCreate"
            };
            let policy = |policy: &str| resource.get(policy).map(text);
            assert_eq!(
                policy("DeletionPolicy"),
                outlives.then(|| kept.to_owned()),
                "{id}"
            );
            assert_eq!(
                policy("UpdateReplacePolicy"),
                outlives.then(|| "Retain".to_owned()),
                "{id}"
            );
        }
    });
}

#[test]
fn a_key_has_one_use_and_belongs_to_this_account() {
    // If the policy gave fewer rights to IAM, nobody could use or delete the key.
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "ByIamOfThisAccount",
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
            "Action": "kms:*",
            "Resource": "*",
        }],
    });
    in_every_combination(|stack, given| {
        let signing = stack.of_type("AWS::KMS::Key");
        for (id, key) in signing.filter(|(id, _)| id.starts_with("Made")) {
            let slot = id.trim_start_matches("Made");
            let algorithm = format!("{slot}Algorithm");
            let is_rsa = slot.starts_with("IdToken") || chosen(given, &algorithm) == "RS256";
            let (kind, number) = slot.split_at(slot.len() - 1);
            let (signs, alias) = match kind {
                "AssertionKey" => ("client assertions", "assertion"),
                _ => ("ID tokens", "id-token"),
            };
            let expected = json!({
                "Description": format!("myna: signs {signs} ({number})"),
                "KeySpec": if is_rsa { "RSA_2048" } else { "ECC_NIST_P256" },
                "KeyUsage": "SIGN_VERIFY",
                "PendingWindowInDays": 30,
                "KeyPolicy": policy,
            });
            assert_eq!(*key, expected, "{id}");
            let alias = format!("alias/myna-{alias}-{number}");
            let of_slot = stack.properties(&format!("{slot}Alias"));
            assert_eq!(of_slot["AliasName"], alias);
        }
        // The key of the persons can't change, and the table's key does every year.
        let mut encrypts = json!({
            "Description": "myna: encrypts the table of members",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "PendingWindowInDays": 30,
            "KeyPolicy": policy,
        });
        let mut stands_for = encrypts.clone();
        encrypts["EnableKeyRotation"] = true.into();
        stands_for["Description"] = "myna: stands for the persons in the table of members".into();
        stands_for["KeySpec"] = "HMAC_256".into();
        stands_for["KeyUsage"] = "GENERATE_VERIFY_MAC".into();
        let is_made = has_members(given) && expected::set(given, "ExistingMemberTable").is_none();
        for (id, expected, alias) in [
            ("MemberTableKey", &encrypts, "alias/myna-member-table"),
            ("PersonKey", &stands_for, "alias/myna-person"),
        ] {
            assert_eq!(stack.resources.contains_key(id), is_made);
            if is_made {
                assert_eq!(stack.properties(id), expected);
                let of_key = stack.properties(&format!("{id}Alias"));
                assert_eq!(of_key["AliasName"], alias);
            }
        }
        let kinds = ["AWS::KMS::Key", "AWS::KMS::Alias"].map(|kind| stack.of_type(kind).count());
        assert_eq!(kinds[0], kinds[1]);
    });
    // All keys have the same id here, so the target of an alias is read from the template.
    for (alias, resource) in template().section("Resources") {
        if resource["Type"] == "AWS::KMS::Alias" {
            let name = alias.trim_end_matches("Alias");
            let key = match name {
                "MemberTableKey" | "PersonKey" => name.to_owned(),
                slot => format!("Made{slot}"),
            };
            assert_eq!(resource["Properties"]["TargetKeyId"], json!({ "Ref": key }));
        }
    }
}

#[test]
fn secrets_are_made_by_nobody_in_the_form_that_the_functions_read() {
    in_every_combination(|stack, _| {
        // A value of 64 characters. Without punctuation, it has only letters and digits.
        let shown = json!({
            "SecretStringTemplate": "{}",
            "GenerateStringKey": "current",
            "PasswordLength": 64,
            "ExcludePunctuation": true,
        });
        // A value of 64 hexadecimal digits, which are 32 bytes.
        let key = json!({
            "SecretStringTemplate": "{}",
            "GenerateStringKey": "key",
            "PasswordLength": 64,
            "ExcludeUppercase": true,
            "ExcludePunctuation": true,
            "ExcludeCharacters": "ghijklmnopqrstuvwxyz",
            // Otherwise Secrets Manager would force a character of each kind into the value.
            "RequireEachIncludedType": false,
        });
        for (id, secret) in stack.of_type("AWS::SecretsManager::Secret") {
            // A given value would be in the template. With a KMS key of somebody else, no function
            // could read the secret.
            let known = [
                "Description",
                "GenerateSecretString",
                "Name",
                "ReplicaRegions",
            ];
            for property in secret.as_object().unwrap().keys() {
                assert!(known.contains(&property.as_str()), "{id}: {property}");
            }
            let is_shown = ["ClientSecrets", "FrontDoorSecrets"].contains(&id);
            let expected = if is_shown { &shown } else { &key };
            assert_eq!(secret["GenerateSecretString"], *expected, "{id}");
            let is_elsewhere = secret.get("ReplicaRegions").is_some();
            assert_eq!(is_elsewhere, id == "FrontDoorSecrets");
        }
    });
}
