//! Tests of triggers: the pool calls real functions (the example `trigger`, built once for each run
//! of the tests) in the middle of a sign-in.
//! A test says what a function answers, lets a person sign in, and checks exactly which event,
//! attributes, tokens or error there is. Here too, nothing of a token or an attribute gets into the
//! journal.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use cognito_simulator::{
    CognitoOptions, LambdaConfig, MachineClient, OverriddenAddress, PoolAttribute,
    RepeatedTriggers, ResourceServer, TokenEventVersion, TriggerAttributes, Variation,
};
use kit::{parameters, payload};
use local_lambda::{DirectFunction, FunctionOptions, Profile, Target, build_once};
use loopback::journal::{Again, Hop, Moment, Party, Step};
use serde_json::{Value, json};

use crate::world::*;

/// A trigger that follows the script in a file, and the file.
pub(crate) struct Trigger {
    function: DirectFunction,
    script: tempfile::NamedTempFile,
}

impl Trigger {
    fn new() -> Self {
        let binary = build_once(&Target::example("local-lambda", "trigger", Profile::Dev)).unwrap();
        let script = tempfile::NamedTempFile::new().unwrap();
        let mut options = FunctionOptions::new("trigger", binary);
        let path = script.path().to_str().unwrap().to_owned();
        options.environment = vec![("SCRIPT".to_owned(), path)];
        let trigger = Self {
            function: DirectFunction::new(options),
            script,
        };
        trigger.does(&json!({}));
        trigger
    }

    pub(crate) fn does(&self, script: &Value) {
        std::fs::write(self.script.path(), script.to_string()).unwrap();
    }

    /// The events that it got.
    pub(crate) fn events(&self) -> Vec<Value> {
        let lines = self.function.logs().lines();
        let events = lines.iter().map(|line| serde_json::from_str(line).unwrap());
        events.collect()
    }
}

/// A world whose pool has both triggers, which never get an event twice, and custom scopes.
pub(crate) struct Triggered {
    pub(crate) world: World,
    pub(crate) inbound: Trigger,
    pub(crate) tokens: Trigger,
}

pub(crate) async fn triggered() -> Triggered {
    triggered_with(TokenEventVersion::default()).await
}

async fn triggered_with(version: TokenEventVersion) -> Triggered {
    triggered_by(|options| options.lambda_config.pre_token_generation_version = version).await
}

/// The same world, whose options are changed at last.
pub(crate) async fn triggered_by(change: impl FnOnce(&mut CognitoOptions)) -> Triggered {
    let (inbound, tokens) = (Trigger::new(), Trigger::new());
    let world = world_with(|options| {
        options.lambda_config = LambdaConfig {
            inbound_federation: Some(inbound.function.clone()),
            pre_token_generation: Some(tokens.function.clone()),
            ..LambdaConfig::default()
        };
        options.resource_servers = vec![ResourceServer::new("digital-auth", ["name", "age"])];
        options.machine_clients = vec![MachineClient {
            client_id: "machine".to_owned(),
            client_secret: "secret of a machine".into(),
            allowed_scopes: vec![
                "digital-auth/name".to_owned(),
                "digital-auth/age".to_owned(),
            ],
        }];
        options.app_clients[0].allowed_scopes = ["openid", "profile", "digital-auth/age"]
            .map(str::to_owned)
            .into();
        options.variation.repeated_triggers = RepeatedTriggers::Never;
        change(options);
    })
    .await;
    Triggered {
        world,
        inbound,
        tokens,
    }
}

impl Triggered {
    fn vary(&self, change: impl FnOnce(&mut Variation)) {
        let mut variation = Variation {
            repeated_triggers: RepeatedTriggers::Never,
            ..Variation::default()
        };
        change(&mut variation);
        self.world.cognito.vary(variation).unwrap();
    }

    async fn tokens(&self) -> Value {
        let code = self.world.succeeds().await;
        let (status, tokens) = self.world.redeem(&[("code", &code)]).await;
        assert_eq!(status, 200);
        tokens
    }

    /// The claims of the ID token and of the access token.
    async fn claims(&self) -> (Value, Value) {
        let tokens = self.tokens().await;
        let of = |name: &str| payload(tokens[name].as_str().unwrap());
        (of("id_token"), of("access_token"))
    }

    pub(crate) async fn refresh(&self, token: &str) -> (u16, Value) {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("redirect_uri", ""),
            ("code_verifier", ""),
        ];
        self.world.redeem(&form).await
    }

    /// What the token endpoint answers to a machine that sends this form and, if they are given,
    /// these credentials in the header.
    async fn machine(&self, form: &[(&str, &str)], basic: Option<(&str, &str)>) -> (u16, Value) {
        let request = reqwest::Client::new().post(self.world.cognito.token_url());
        let grant = [("grant_type", "client_credentials")];
        let request = request.form(&[&grant, form].concat());
        let request = match basic {
            Some((id, secret)) => request.basic_auth(id, Some(secret)),
            None => request,
        };
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    fn hops(&self) -> Vec<Step> {
        let steps = self.world.journal.steps().into_iter();
        steps.filter(|step| step.to == Party::Triggers).collect()
    }
}

pub(crate) fn details(details: Value) -> Value {
    json!({"response": {"claimsAndScopeOverrideDetails": details}})
}

// ---- InboundFederation --------------------------------------------------------------------------

#[tokio::test]
async fn the_events_of_a_sign_in_are_exactly_cognitos_and_come_in_their_order() {
    let triggered = triggered().await;
    let world = &triggered.world;
    let expiry = (world.clock.now() + TimeDelta::seconds(300)).timestamp();
    world.script(|script| {
        script.claims["exp"] = json!(expiry);
        script.claims["iat"] = json!(1_770_000_000);
        script.claims["aud"] = json!(["bridge-client"]);
        script.userinfo = json!({"sub": "Subject-1", "verified": true, "at": 5});
    });
    world.succeeds().await;
    let date = chrono::DateTime::from_timestamp(expiry, 0).unwrap();
    let id_token = world.script.lock().unwrap().claims.clone();
    let id_token = sign(&json!({"alg": "RS256", "kid": "one"}), &id_token);
    let inbound = triggered.inbound.events();
    assert_eq!(
        inbound,
        [json!({
            "version": "1",
            "triggerSource": "InboundFederation_ExternalProvider",
            "region": "ap-northeast-1",
            "userPoolId": "ap-northeast-1_Example01",
            "userName": "MynaApp_Subject-1",
            "callerContext": {
                "awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "app-client",
            },
            "request": {
                "providerName": "MynaApp",
                "providerType": "OIDC",
                "attributes": {
                    "tokenResponse": {
                        "access_token": "provider-access-token-0001", "id_token": id_token,
                        "token_type": "Bearer", "expires_in": "300",
                    },
                    "idToken": {
                        "iss": ISSUER, "aud": "[bridge-client]", "sub": "Subject-1",
                        "exp": date.format("%a %b %d %H:%M:%S UTC %Y").to_string(),
                        "iat": "Mon Feb 02 02:40:00 UTC 2026",
                        "name": "山田　太郎", "birthdate": "1985-03-15", "gender": "male",
                        "formatted_address": "東京都千代田区永田町１丁目７番１号",
                        "address": "{\"formatted\":\"東京都千代田区永田町１丁目７番１号\"}",
                    },
                    "userInfo": {"sub": "Subject-1", "verified": "true", "at": "5"},
                },
            },
            "response": {"userAttributesToMap": {}},
        })]
    );

    let attributes = world.attributes();
    let group = "ap-northeast-1_Example01_MynaApp";
    let tokens = triggered.tokens.events();
    assert_eq!(
        tokens,
        [json!({
            "version": "2",
            "triggerSource": "TokenGeneration_HostedAuth",
            "region": "ap-northeast-1",
            "userPoolId": "ap-northeast-1_Example01",
            "userName": "mynaapp_subject-1",
            "callerContext": {
                "awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "app-client",
            },
            "request": {
                "userAttributes": {
                    "sub": attributes["sub"],
                    "identities": attributes["identities"],
                    "cognito:user_status": "EXTERNAL_PROVIDER",
                    "name": "山田　太郎", "birthdate": "1985-03-15", "gender": "male",
                    "address": "東京都千代田区永田町１丁目７番１号",
                },
                "groupConfiguration": {
                    "groupsToOverride": [group], "iamRolesToOverride": [], "preferredRole": null,
                },
                "scopes": ["openid"],
            },
            "response": {"claimsAndScopeOverrideDetails": null},
        })]
    );

    let told: Vec<String> = world
        .journal
        .steps()
        .into_iter()
        .map(|s| s.request)
        .collect();
    let after = |first: &str, second: &str| {
        let place = |name: &str| told.iter().position(|told| told == name).unwrap();
        assert!(place(first) < place(second), "{told:?}");
    };
    after(
        "userinfo of the provider",
        "InboundFederation_ExternalProvider",
    );
    let written = "user pool: write the mapped attributes";
    after("InboundFederation_ExternalProvider", written);
    after(written, "TokenGeneration_HostedAuth");
}

/// A pool that customizes the tokens of machines sends version 3 for users too. The rest of their
/// events stays the same.
#[tokio::test]
async fn version_3_is_sent_for_users_and_for_machines_who_are_nobody() {
    let triggered = triggered_with(TokenEventVersion::V3).await;
    triggered.world.succeeds().await;
    let (status, answer) = triggered
        .machine(&[], Some(("machine", "secret of a machine")))
        .await;
    assert_eq!(status, 200, "{answer}");
    let [user, machine] = &triggered.tokens.events()[..] else {
        panic!("two events");
    };
    assert_eq!(user["version"], "3");
    assert_eq!(user["triggerSource"], "TokenGeneration_HostedAuth");
    assert_eq!(user["userName"], "mynaapp_subject-1");
    assert_eq!(
        *machine,
        json!({
            "version": "3",
            "triggerSource": "TokenGeneration_ClientCredentials",
            "region": "ap-northeast-1",
            "userPoolId": "ap-northeast-1_Example01",
            "callerContext": {
                "awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "machine",
            },
            "request": {
                "userAttributes": null, "groupConfiguration": null,
                "scopes": ["digital-auth/name", "digital-auth/age"],
            },
            "response": {"claimsAndScopeOverrideDetails": null},
        })
    );
}

#[tokio::test]
async fn a_machine_gets_an_access_token_alone_and_in_version_2_the_trigger_is_not_asked() {
    let triggered = triggered().await;
    let credentials = Some(("machine", "secret of a machine"));
    let in_form = [
        ("client_id", "machine"),
        ("client_secret", "secret of a machine"),
    ];
    for (form, basic) in [
        (&[("scope", "digital-auth/age")][..], credentials),
        (&in_form, None),
    ] {
        let (status, answer) = triggered.machine(form, basic).await;
        assert_eq!(status, 200, "{answer}");
        let names: Vec<_> = answer.as_object().unwrap().keys().collect();
        assert_eq!(names, ["access_token", "expires_in", "token_type"]);
        let claims = payload(answer["access_token"].as_str().unwrap());
        assert_eq!(
            (&claims["sub"], &claims["client_id"]),
            (&json!("machine"), &json!("machine"))
        );
        let scope = if basic.is_some() {
            "digital-auth/age"
        } else {
            "digital-auth/name digital-auth/age"
        };
        assert_eq!(claims["scope"], scope);
    }
    assert_eq!(triggered.tokens.events(), [] as [Value; 0]);

    for (form, basic, error) in [
        (&[][..], None, "invalid_client"),
        (&[], Some(("machine", "another")), "invalid_client"),
        (&[], Some(("app-client", "")), "invalid_client"),
        (&in_form[..1], None, "invalid_client"),
        (&in_form, credentials, "invalid_client"),
        (&[("scope", "openid")], credentials, "invalid_scope"),
        (
            &[("scope", "digital-auth/other")],
            credentials,
            "invalid_scope",
        ),
    ] {
        let (status, answer) = triggered.machine(form, basic).await;
        assert_eq!((status, answer), (400, json!({ "error": error })));
    }
}

#[tokio::test]
async fn only_what_the_trigger_chooses_goes_through_the_mapping() {
    let triggered = triggered().await;
    triggered
        .inbound
        .does(&json!({"response": {"userAttributesToMap": {
            "sub": "Subject-1", "name": "山田　花子", "gender": "", "formatted_address": "東京都",
        }}}));
    triggered.world.succeeds().await;
    let attributes = triggered.world.attributes();
    let names: Vec<&str> = attributes.keys().map(String::as_str).collect();
    assert_eq!(names, ["address", "identities", "name", "sub"]);
    assert_eq!(attributes["name"], "山田　花子");
    assert_eq!(attributes["address"], "東京都");

    // An empty map lets all claims through. A claim that the trigger leaves out keeps its old
    // value.
    triggered.inbound.does(&json!({}));
    triggered.world.succeeds().await;
    assert_eq!(triggered.world.attributes()["name"], "山田　太郎");
    triggered.inbound.does(&json!({"response": {}}));
    triggered.world.succeeds().await;
    triggered
        .inbound
        .does(&json!({"response": {"userAttributesToMap": {"sub": "Subject-1"}}}));
    triggered.world.succeeds().await;
    assert_eq!(triggered.world.attributes()["name"], "山田　太郎");
}

#[tokio::test]
async fn without_sub_in_the_map_nobody_is_signed_in_and_nobody_is_created() {
    let triggered = triggered().await;
    for map in [json!({"name": "山田"}), json!({"sub": "", "name": "山田"})] {
        triggered
            .inbound
            .does(&json!({"response": {"userAttributesToMap": map}}));
        let description = "attributes required: [username]";
        triggered.world.fails("invalid_request", description).await;
    }
    assert_eq!(triggered.world.cognito.users(), BTreeMap::new());
    assert_eq!(triggered.tokens.events(), Vec::<Value>::new());
}

#[tokio::test]
async fn a_map_for_another_sub_than_the_id_tokens_signs_nobody_in() {
    let triggered = triggered().await;
    for other in ["Subject-2", "subject-1", "Subject-1 "] {
        let map = json!({"sub": other, "name": "山田"});
        triggered
            .inbound
            .does(&json!({"response": {"userAttributesToMap": map}}));
        let description = "userAttributesToMap must have the sub of the ID token";
        triggered.world.fails("invalid_request", description).await;
    }
    assert_eq!(triggered.world.cognito.users(), BTreeMap::new());
    assert_eq!(triggered.tokens.events(), Vec::<Value>::new());
}

#[tokio::test]
async fn an_error_of_the_trigger_goes_to_the_app_and_ends_the_sign_in() {
    let triggered = triggered().await;
    triggered
        .inbound
        .does(&json!({"fail": "record_unlinked ABCD-2345"}));
    let description = "InboundFederation failed with error record_unlinked ABCD-2345.";
    triggered.world.fails("invalid_request", description).await;
    assert_eq!(triggered.world.cognito.users(), BTreeMap::new());

    triggered.inbound.does(&json!({}));
    triggered.tokens.does(&json!({"fail": "line\nend \"山\""}));
    let description = "PreTokenGeneration failed with error line?end ???.";
    triggered.world.fails("invalid_request", description).await;
    let hops = triggered.hops();
    let failed: Vec<bool> = hops
        .iter()
        .map(|hop| hop.checks.iter().any(|c| !c.passed))
        .collect();
    assert_eq!(failed, [true, false, true]);
}

#[tokio::test]
async fn an_answer_that_is_not_the_whole_event_is_not_understood() {
    let triggered = triggered().await;
    for answer in [
        json!(null),
        json!("text"),
        json!({"response": {"userAttributesToMap": {"sub": "Subject-1"}}}),
    ] {
        triggered.inbound.does(&json!({"answer": answer}));
        let description = "Unrecognizable lambda output";
        triggered.world.fails("invalid_request", description).await;
    }
    for response in [json!(null), json!({"userAttributesToMap": {"sub": 1}})] {
        triggered.inbound.does(&json!({"response": response}));
        let description = "Unrecognizable lambda output";
        triggered.world.fails("invalid_request", description).await;
    }
    assert_eq!(triggered.inbound.events().len(), 5, "none is called again");
    assert_eq!(triggered.world.cognito.users(), BTreeMap::new());
}

/// Why each call of a trigger was made again, in the order of the calls.
fn calls_again(world: &World) -> Vec<Option<Again>> {
    let hops = world.journal.hops(Moment::default(), None);
    let calls = hops.iter().filter(|hop| hop.to == Party::Triggers);
    calls.map(Hop::again).collect()
}

#[tokio::test]
async fn a_trigger_that_takes_too_long_is_asked_three_times_in_all() {
    let trigger = Trigger::new();
    let world = world_with(|options| {
        options.lambda_config.inbound_federation = Some(trigger.function.clone());
        options.trigger_timeout = Duration::from_secs(2);
        options.variation.repeated_triggers = RepeatedTriggers::Never;
    })
    .await;
    trigger.does(&json!({"sleep": 60_000}));
    let description = "InboundFederation invocation failed due to error Socket timeout while \
        invoking Lambda function.";
    world.fails("invalid_request", description).await;
    // The last of the three calls may be about to start.
    let all = async {
        while trigger.events().len() < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let came = tokio::time::timeout(Duration::from_secs(30), all).await;
    trigger.function.stop().await;
    assert_eq!((came, trigger.events().len()), (Ok(()), 3));
    let again = Some(Again::TimedOut);
    assert_eq!(calls_again(&world), [None, again, again]);
}

#[tokio::test]
async fn a_trigger_gets_its_event_twice_now_and_then_and_the_second_answer_counts() {
    let triggered = triggered().await;
    triggered.vary(|variation| variation.repeated_triggers = RepeatedTriggers::Always);
    triggered.world.succeeds().await;
    for events in [triggered.inbound.events(), triggered.tokens.events()] {
        assert_eq!(events.len(), 2);
        assert_eq!(events[0], events[1]);
    }
    let again = Some(Again::Unprompted);
    assert_eq!(calls_again(&triggered.world), [None, again, None, again]);
    // Of six calls, the third and the sixth are made twice.
    let count = || triggered.inbound.events().len() + triggered.tokens.events().len();
    let before = count();
    triggered.vary(|variation| variation.repeated_triggers = RepeatedTriggers::EveryThird);
    for _ in 0..3 {
        triggered.world.succeeds().await;
    }
    assert_eq!(count() - before, 8);
}

// ---- PreTokenGeneration -------------------------------------------------------------------------

#[tokio::test]
async fn the_trigger_changes_claims_scopes_and_groups_of_the_tokens_and_never_userinfo() {
    let triggered = triggered().await;
    triggered.tokens.does(&details(json!({
        "idTokenGeneration": {
            "claimsToAddOrOverride": {"age_over_20": true, "name": "proved", "sub": "forged"},
            "claimsToSuppress": ["birthdate", "gender", "iss"],
        },
        "accessTokenGeneration": {
            "claimsToAddOrOverride": {"age_over_20": true, "list": [1, {"a": "b"}]},
            "claimsToSuppress": [],
            "scopesToAdd": ["digital-auth/more"],
            "scopesToSuppress": [],
        },
    })));
    let tokens = triggered.tokens().await;
    let (id_token, access_token) = (
        payload(tokens["id_token"].as_str().unwrap()),
        payload(tokens["access_token"].as_str().unwrap()),
    );
    assert_eq!(id_token["age_over_20"], true);
    assert_eq!(id_token["name"], "proved");
    assert_eq!(id_token["sub"], triggered.world.attributes()["sub"]);
    assert_eq!(id_token["iss"], triggered.world.cognito.issuer());
    assert!(id_token.get("birthdate").is_none() && id_token.get("gender").is_none());
    assert_eq!(
        id_token["address"]["formatted"],
        "東京都千代田区永田町１丁目７番１号"
    );
    assert_eq!(access_token["age_over_20"], true);
    assert_eq!(access_token["list"], json!([1, {"a": "b"}]));
    assert!(access_token.get("name").is_none());
    assert_eq!(access_token["scope"], "openid digital-auth/more");
    let groups = json!(["ap-northeast-1_Example01_MynaApp"]);
    assert_eq!(id_token["cognito:groups"], groups);
    assert_eq!(access_token["cognito:groups"], groups);

    let access_token = tokens["access_token"].as_str().unwrap();
    let (status, userinfo) = triggered.world.userinfo(access_token).await;
    assert_eq!(status, 200);
    assert_eq!(userinfo["name"], "山田　太郎");
    assert_eq!(userinfo["birthdate"], "1985-03-15");
    assert!(userinfo.get("age_over_20").is_none());
}

#[tokio::test]
async fn groups_come_with_the_event_and_an_empty_override_removes_them() {
    let triggered = triggered().await;
    triggered.world.succeeds().await;
    let cognito = &triggered.world.cognito;
    cognito
        .add_to_group("MynaApp_Subject-1", "members")
        .unwrap();
    let (id_token, access_token) = triggered.claims().await;
    let groups = json!(["ap-northeast-1_Example01_MynaApp", "members"]);
    assert_eq!(id_token["cognito:groups"], groups);
    assert_eq!(access_token["cognito:groups"], groups);
    let event = triggered.tokens.events().pop().unwrap();
    assert_eq!(
        event["request"]["groupConfiguration"]["groupsToOverride"],
        groups
    );

    for empty in [json!(null), json!({})] {
        triggered
            .tokens
            .does(&details(json!({"groupOverrideDetails": empty})));
        let (id_token, access_token) = triggered.claims().await;
        assert!(id_token.get("cognito:groups").is_none());
        assert!(access_token.get("cognito:groups").is_none());
    }
}

#[tokio::test]
async fn the_trigger_sees_the_scopes_that_the_app_gets() {
    let triggered = triggered().await;
    let asked = async |scope: &str| {
        let world = &triggered.world;
        let url = authorize_url(&world.cognito, &[("scope", scope)]);
        let journey = world
            .agent
            .follow(&url, loopback::user_agent::ACCEPT_PAGE, |url| {
                url.host_str() == Some("provider.localhost")
            });
        let journey = journey.await.unwrap();
        let state = parameters(journey.arrived_at().unwrap())["state"].clone();
        let page = world.answer(&[("code", "c"), ("state", &state)]).await;
        assert_eq!(page.status, 302);
        triggered.tokens.events().pop().unwrap()["request"]["scopes"].clone()
    };
    let custom = json!(["openid", "digital-auth/age"]);
    assert_eq!(asked("openid digital-auth/age").await, custom);
    let all = json!(["openid", "profile", "digital-auth/age"]);
    assert_eq!(
        asked("").await,
        all,
        "no scope means all that the client may have"
    );
}

#[tokio::test]
async fn an_overridden_address_is_a_text_or_an_object() {
    let triggered = triggered().await;
    triggered.tokens.does(&details(json!({
        "idTokenGeneration": {"claimsToAddOrOverride": {"address": "東京都"}},
    })));
    assert_eq!(triggered.claims().await.0["address"], "東京都");
    triggered.vary(|variation| variation.overridden_address = OverriddenAddress::Object);
    let formatted = json!({"formatted": "東京都"});
    assert_eq!(triggered.claims().await.0["address"], formatted);
}

#[tokio::test]
async fn what_the_client_cannot_read_can_be_hidden_from_the_trigger() {
    let tokens = Trigger::new();
    let world = world_with(|options| {
        options.lambda_config.pre_token_generation = Some(tokens.function.clone());
        options.schema.push(PoolAttribute::new("custom:record"));
        options.app_clients[0].read_attributes = Some(vec!["locale".to_owned()]);
        let all = ["name", "address", "birthdate", "gender", "custom:record"];
        options.app_clients[0].write_attributes = Some(all.map(str::to_owned).into());
        let mapping = &mut options.provider.attribute_mapping;
        mapping.insert("custom:record".to_owned(), "record".to_owned());
    })
    .await;
    world.set_claim("record", json!("sealed"));
    let seen = || {
        let event = tokens.events().pop().unwrap();
        let attributes = event["request"]["userAttributes"].as_object().cloned();
        attributes
            .unwrap()
            .into_iter()
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
    };
    let code = world.succeeds().await;
    assert_eq!(
        seen(),
        [
            "address",
            "birthdate",
            "cognito:user_status",
            "custom:record",
            "gender",
            "identities",
            "name",
            "sub",
        ]
    );
    // Neither the ID token nor userinfo has any of them.
    let (_, answer) = world.redeem(&[("code", &code)]).await;
    let id_token = payload(answer["id_token"].as_str().unwrap());
    let (_, userinfo) = world
        .userinfo(answer["access_token"].as_str().unwrap())
        .await;
    for name in ["name", "address", "birthdate", "gender", "custom:record"] {
        assert!(
            id_token.get(name).is_none() && userinfo.get(name).is_none(),
            "{name}"
        );
    }
    let variation = Variation {
        trigger_attributes: TriggerAttributes::Readable,
        ..Variation::default()
    };
    world.cognito.vary(variation).unwrap();
    world.succeeds().await;
    assert_eq!(seen(), ["cognito:user_status", "sub"]);
}

#[tokio::test]
async fn identities_are_an_attribute_that_the_client_can_read_or_cannot() {
    for (readable, seen) in [
        (None, true),
        (Some(vec!["locale", "identities"]), true),
        (Some(vec!["locale"]), false),
    ] {
        let tokens = Trigger::new();
        let world = world_with(|options| {
            options.lambda_config.pre_token_generation = Some(tokens.function.clone());
            options.variation.trigger_attributes = TriggerAttributes::Readable;
            let names = readable.map(|names| names.into_iter().map(str::to_owned).collect());
            options.app_clients[0].read_attributes = names;
        })
        .await;
        world.succeeds().await;
        let event = tokens.events().pop().unwrap();
        let attributes = event["request"]["userAttributes"].as_object().unwrap();
        assert_eq!(attributes.contains_key("identities"), seen);
        assert_eq!(attributes["sub"], world.attributes()["sub"]);
    }
}

#[tokio::test]
async fn a_refresh_asks_the_trigger_again() {
    let triggered = triggered().await;
    triggered.tokens.does(&details(json!({
        "idTokenGeneration": {"claimsToAddOrOverride": {"age_over_20": false}},
    })));
    let first = triggered.tokens().await;
    let token = first["refresh_token"].as_str().unwrap();
    let id_token = payload(first["id_token"].as_str().unwrap());
    assert_eq!(id_token["age_over_20"], false);

    triggered.world.clock.advance(TimeDelta::minutes(90));
    triggered.tokens.does(&details(json!({
        "idTokenGeneration": {"claimsToAddOrOverride": {"age_over_20": true}},
    })));
    let (status, second) = triggered.refresh(token).await;
    assert_eq!(status, 200);
    assert!(second.get("refresh_token").is_none(), "the first one stays");
    let refreshed = payload(second["id_token"].as_str().unwrap());
    assert_eq!(refreshed["age_over_20"], true);
    for same in ["sub", "aud", "auth_time", "origin_jti", "cognito:username"] {
        assert_eq!(refreshed[same], id_token[same], "{same}");
    }
    assert!(refreshed["exp"].as_i64() > id_token["exp"].as_i64());
    assert!(refreshed.get("nonce").is_none());
    let access_token = payload(second["access_token"].as_str().unwrap());
    assert_eq!(access_token["scope"], "openid");
    let sources: Vec<Value> = triggered
        .tokens
        .events()
        .into_iter()
        .map(|event| event["triggerSource"].clone())
        .collect();
    let expected = [
        "TokenGeneration_HostedAuth",
        "TokenGeneration_RefreshTokens",
    ];
    assert_eq!(sources, expected);

    triggered
        .tokens
        .does(&json!({"fail": "record_too_old ABCD"}));
    let (status, refused) = triggered.refresh(token).await;
    assert_eq!(status, 400);
    let expected = json!({
        "error": "invalid_request",
        "error_description": "PreTokenGeneration failed with error record_too_old ABCD.",
    });
    assert_eq!(refused, expected);

    triggered.tokens.does(&json!({}));
    let unknown = (400, json!({"error": "invalid_grant"}));
    assert_eq!(triggered.refresh("another").await, unknown);
    triggered.world.clock.advance(TimeDelta::days(30));
    assert_eq!(triggered.refresh(token).await, unknown);
}

// ---- The journal --------------------------------------------------------------------------------

#[tokio::test]
async fn the_journal_tells_each_call_of_a_trigger_by_names_and_sizes() {
    let triggered = triggered().await;
    triggered
        .inbound
        .does(&json!({"response": {"userAttributesToMap": {
            "sub": "Subject-1", "name": "山田　花子",
        }}}));
    triggered.tokens.does(&details(json!({
        "idTokenGeneration": {
            "claimsToAddOrOverride": {"name": "marked-name"}, "claimsToSuppress": ["gender"],
        },
        "accessTokenGeneration": {"claimsToAddOrOverride": {"age_over_20": true}},
    })));
    triggered.world.succeeds().await;
    let hops = triggered.hops();
    let shown = |step: &Step| -> (BTreeMap<String, String>, BTreeMap<String, String>) {
        let pairs = |parameters: &[loopback::journal::Parameter]| {
            let pairs = parameters.iter().map(|p| (p.name.clone(), p.value.clone()));
            pairs.collect()
        };
        (pairs(&step.parameters), pairs(&step.answer))
    };
    let [inbound, tokens] = hops.as_slice() else {
        panic!("{hops:?}")
    };
    assert_eq!(
        (inbound.from, inbound.to),
        (Party::Cognito, Party::Triggers)
    );
    assert_eq!(inbound.request, "InboundFederation_ExternalProvider");
    let (sent, answered) = shown(inbound);
    assert_eq!(
        sent["tokenResponse"],
        "access_token expires_in id_token token_type"
    );
    assert_eq!(sent["userInfo"], "sub");
    let sizes = [("name", "15 bytes"), ("sub", "9 bytes")];
    assert_eq!(
        answered,
        sizes
            .map(|(name, size)| (name.to_owned(), size.to_owned()))
            .into()
    );
    let (sent, answered) = shown(tokens);
    assert_eq!(sent["scopes"], "openid");
    let names = [
        ("accessToken: add", "age_over_20"),
        ("idToken: add", "name"),
        ("idToken: suppress", "gender"),
    ];
    assert_eq!(
        answered,
        names
            .map(|(name, names)| (name.to_owned(), names.to_owned()))
            .into()
    );
    let journal = format!("{:?}", triggered.world.journal.steps());
    for secret in [
        "山田",
        "marked-name",
        "1985-03-15",
        "provider-access-token",
        "東京都",
    ] {
        assert!(!journal.contains(secret), "{secret}");
    }
}
