//! Tests of an administrator's operations, by the AWS SDK: users are created, disabled and deleted,
//! their attributes are written, and they are listed. And the faults and the quota of the API.

use std::time::Duration;

use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::types::{AuthFlowType, UserStatusType, UserType};
use chrono::TimeDelta;
use cognito_simulator::{
    ApiFault, AuthFlow, CognitoOptions, EmptyValues, NoSuchOperation, PoolAttribute, ProviderType,
    TriggerAttributes, Variation,
};
use kit::payload;
use loopback::journal::Party;
use serde_json::json;

use crate::sdk::{attribute, refusal, refused, sdk, value};
use crate::triggers::{Triggered, triggered_by};
use crate::user_pool_api::ADMIN;
use crate::world::*;

const POOL: &str = "ap-northeast-1_Example01";
const RECORD: &str = "custom:member_record";
const PASSWORD: &str = "Hanako-no-passw0rd";

/// A pool with an attribute that no app client may read or write, and one that nobody can change.
/// `taro` and `hanako` are in it. They sign in at the app client by the API.
fn members(options: &mut CognitoOptions) {
    options.schema.push(PoolAttribute::new(RECORD));
    options.schema.push(PoolAttribute {
        mutable: false,
        ..PoolAttribute::new("custom:fixed")
    });
    let client = &mut options.app_clients[0];
    client.read_attributes = Some(vec!["name".to_owned()]);
    client.write_attributes = Some(vec!["name".to_owned()]);
    client.explicit_auth_flows = Some(vec![AuthFlow::UserPassword, AuthFlow::RefreshToken]);
    options.users = ["taro", "hanako"]
        .map(|username| cognito_simulator::NewUser {
            username: username.to_owned(),
            password: PASSWORD.into(),
            attributes: [
                ("email".to_owned(), format!("{username}@example.com")),
                ("name".to_owned(), username.to_owned()),
            ]
            .into(),
        })
        .into();
}

async fn listed(client: &Client, filter: &str) -> Vec<String> {
    let call = client.list_users().user_pool_id(POOL).filter(filter);
    usernames(call.send().await.unwrap().users())
}

fn usernames(users: &[UserType]) -> Vec<String> {
    let names = users.iter().map(|user| user.username().unwrap().to_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

async fn signs_in(client: &Client, username: &str, password: &str) -> bool {
    let call = client
        .initiate_auth()
        .auth_flow(AuthFlowType::UserPasswordAuth);
    let call = call
        .client_id("app-client")
        .auth_parameters("USERNAME", username);
    call.auth_parameters("PASSWORD", password)
        .send()
        .await
        .is_ok()
}

/// Writes a record for `taro`.
macro_rules! update {
    ($client:expr, $($attribute:expr),+) => {
        $client
            .admin_update_user_attributes()
            .user_pool_id(POOL)
            .username("taro")
            $(.user_attributes($attribute))+
            .send()
            .await
    };
}

#[tokio::test]
async fn a_user_who_is_created_signs_in_once_the_password_is_permanent() {
    let world = world_with(members).await;
    let client = sdk(&world.cognito);
    let create = || {
        let call = client.admin_create_user().user_pool_id(POOL);
        call.username("Jiro")
            .user_attributes(attribute("name", "Jiro"))
    };
    let created = create().temporary_password("Tempor4ry!").send().await;
    let user = created.unwrap().user.unwrap();
    assert_eq!(user.username(), Some("jiro"), "a pool without case");
    assert!(user.enabled());
    assert_eq!(
        user.user_status(),
        Some(&UserStatusType::ForceChangePassword)
    );
    assert_eq!(value(user.attributes(), "name"), Some("Jiro"));
    assert!(value(user.attributes(), "sub").is_some());
    assert!(!signs_in(&client, "jiro", "Tempor4ry!").await);

    let set = |password: &str, permanent| {
        let call = client.admin_set_user_password().user_pool_id(POOL);
        call.username("jiro")
            .password(password)
            .permanent(permanent)
    };
    let short = "Password did not conform with policy: Password not long enough";
    let short = refused("InvalidPasswordException", short);
    assert_eq!(refusal(set("Sh0rt!", true).send().await), short);
    let temporary = refusal(set("Jiro-no-passw0rd", false).send().await);
    assert_eq!(temporary.1, "InvalidParameterException");
    set("Jiro-no-passw0rd", true).send().await.unwrap();
    assert!(signs_in(&client, "jiro", "Jiro-no-passw0rd").await);
    let got = client.admin_get_user().user_pool_id(POOL).username("jiro");
    let got = got.send().await.unwrap();
    assert_eq!(got.user_status(), Some(&UserStatusType::Confirmed));

    let taken = refused("UsernameExistsException", "User account already exists");
    assert_eq!(refusal(create().send().await), taken);
    for (name, exception) in [
        ("custom:unknown", "InvalidParameterException"),
        ("sub", "InvalidParameterException"),
    ] {
        let call = client
            .admin_create_user()
            .user_pool_id(POOL)
            .username("saburo");
        let refused = refusal(call.user_attributes(attribute(name, "x")).send().await);
        assert_eq!(refused.1, exception, "{name}");
    }
    let weak = create().username("saburo").temporary_password("weak");
    assert_eq!(refusal(weak.send().await).1, "InvalidPasswordException");
    assert!(!world.cognito.users().contains_key("saburo"));
    let resent = create().message_action("RESEND".into());
    assert_eq!(refusal(resent.send().await).1, "InvalidParameterException");
}

#[tokio::test]
async fn a_user_of_the_provider_gets_no_password() {
    let world = world_with(members).await;
    let client = sdk(&world.cognito);
    world
        .cognito
        .add_provider("CompanyIdP", ProviderType::Oidc)
        .unwrap();
    let username = world
        .cognito
        .create_federated_user("CompanyIdP", "jiro", &[].into());
    let set = client.admin_set_user_password().user_pool_id(POOL);
    let set = set
        .username(username.unwrap())
        .password(PASSWORD)
        .permanent(true);
    let message = "a federated user gets no password here";
    let expected = refused("InvalidParameterException", message);
    assert_eq!(refusal(set.send().await), expected);
    assert!(!signs_in(&client, "CompanyIdP_jiro", PASSWORD).await);
}

#[tokio::test]
async fn a_disabled_user_is_listed_as_such_and_a_deleted_one_is_gone() {
    let world = world_with(members).await;
    let client = sdk(&world.cognito);
    let enabled = async || {
        let got = client.admin_get_user().user_pool_id(POOL).username("taro");
        let list = client.list_users().user_pool_id(POOL);
        let list = list.filter(r#"username = "taro""#).send().await.unwrap();
        (
            got.send().await.unwrap().enabled(),
            list.users()[0].enabled(),
        )
    };
    let disable = client.admin_disable_user().user_pool_id(POOL);
    disable.username("taro").send().await.unwrap();
    assert_eq!(enabled().await, (false, false));
    assert!(!signs_in(&client, "taro", PASSWORD).await);
    assert_eq!(listed(&client, r#"status = "Disabled""#).await, ["taro"]);
    assert_eq!(listed(&client, r#"status = "Enabled""#).await, ["hanako"]);
    let enable = client.admin_enable_user().user_pool_id(POOL);
    enable.username("taro").send().await.unwrap();
    assert_eq!(enabled().await, (true, true));
    assert!(signs_in(&client, "taro", PASSWORD).await);

    let delete = || {
        client
            .admin_delete_user()
            .user_pool_id(POOL)
            .username("taro")
    };
    delete().send().await.unwrap();
    assert_eq!(listed(&client, "").await, ["hanako"]);
    let unknown = refused("UserNotFoundException", "User does not exist.");
    assert_eq!(refusal(delete().send().await), unknown);
    let disable = client.admin_disable_user().user_pool_id(POOL);
    assert_eq!(refusal(disable.username("taro").send().await), unknown);
    let password = client.admin_set_user_password().user_pool_id(POOL);
    let password = password.username("taro").password(PASSWORD).permanent(true);
    assert_eq!(refusal(password.send().await), unknown);
    let other = client
        .admin_delete_user()
        .user_pool_id("ap-northeast-1_Other");
    let no_pool = "User pool ap-northeast-1_Other does not exist.";
    let no_pool = refused("ResourceNotFoundException", no_pool);
    assert_eq!(refusal(other.username("hanako").send().await), no_pool);
}

#[tokio::test]
async fn a_disabled_user_of_the_provider_does_not_sign_in() {
    let world = world().await;
    world.succeeds().await;
    world
        .cognito
        .set_enabled("MynaApp_Subject-1", false)
        .unwrap();
    let before = world.attributes();
    world.set_claim("name", json!("changed"));
    world.fails("invalid_request", "User is not enabled").await;
    assert_eq!(world.attributes(), before);
    world
        .cognito
        .set_enabled("MynaApp_Subject-1", true)
        .unwrap();
    let code = world.succeeds().await;
    // A code from before is worth nothing either.
    world
        .cognito
        .set_enabled("MynaApp_Subject-1", false)
        .unwrap();
    let refused = (400, json!({"error": "invalid_grant"}));
    assert_eq!(world.redeem(&[("code", &code)]).await, refused);
}

#[tokio::test]
async fn an_administrator_writes_what_no_app_client_may_and_an_empty_value_deletes() {
    let world = world_with(members).await;
    let client = sdk(&world.cognito);
    update!(
        client,
        attribute(RECORD, "sealed"),
        attribute("email_verified", "true")
    )
    .unwrap();
    let steps = world.journal.steps();
    let step = steps.last().unwrap();
    assert_eq!(step.request, "AdminUpdateUserAttributes");
    let told = step.parameters.iter().find(|told| told.name == RECORD);
    assert_eq!(told.unwrap().value, "6 bytes");
    let user = || world.cognito.users()["taro"].clone();
    assert_eq!(user()[RECORD], "sealed");
    assert_eq!(user()["email_verified"], "true");
    update!(client, attribute(RECORD, "")).unwrap();
    assert!(!user().contains_key(RECORD));

    let before = user();
    for (name, value, message) in [
        (
            "custom:unknown",
            "x",
            "Invalid user attributes: Type for attribute {custom:unknown} could not be determined",
        ),
        (
            "custom:fixed",
            "x",
            "Invalid user attributes: custom:fixed: Attribute cannot be updated.",
        ),
        (
            "sub",
            "x",
            "Invalid user attributes: sub: Attribute cannot be updated.",
        ),
        (
            "birthdate",
            "",
            "Invalid user attributes: birthdate: Attribute value length is out of range.",
        ),
    ] {
        let written = update!(client, attribute(RECORD, "forged"), attribute(name, value));
        let expected = refused("InvalidParameterException", message);
        assert_eq!(refusal(written), expected, "{name}");
    }
    assert_eq!(user(), before, "all or nothing");
    let long = update!(client, attribute(RECORD, &"x".repeat(2049)));
    assert_eq!(refusal(long).1, "InvalidParameterException");
    let clear = Variation {
        empty_values: EmptyValues::Clear,
        ..Variation::default()
    };
    world.cognito.vary(clear).unwrap();
    update!(client, attribute("birthdate", "")).unwrap();

    let nobody = client.admin_update_user_attributes().user_pool_id(POOL);
    let nobody = nobody
        .username("nobody")
        .user_attributes(attribute(RECORD, "x"));
    let unknown = refused("UserNotFoundException", "User does not exist.");
    assert_eq!(refusal(nobody.send().await), unknown);
    let journal = format!("{:?}", world.journal.steps());
    for value in ["sealed", "forged", "\"taro\""] {
        assert!(!journal.contains(value), "{value}");
    }
}

#[tokio::test]
async fn a_filter_finds_one_user_by_sub_or_username_and_escapes_are_read() {
    let world = world_with(members).await;
    let client = sdk(&world.cognito);
    let sub = world.cognito.users()["taro"]["sub"].clone();
    for (filter, expected) in [
        (format!("sub = \"{sub}\""), &["taro"][..]),
        (r#"username = "taro""#.to_owned(), &["taro"]),
        // It is case-sensitive, whatever the pool is.
        (r#"username = "Taro""#.to_owned(), &[]),
        (r#""email"^="hanako@""#.to_owned(), &["hanako"]),
        (
            r#"cognito:user_status = "confirmed""#.to_owned(),
            &["hanako", "taro"],
        ),
        (r#"sub = "no one's""#.to_owned(), &[]),
    ] {
        assert_eq!(listed(&client, &filter).await, expected, "{filter}");
    }
    update!(client, attribute("name", r#"a "b" \c"#)).unwrap();
    let escaped = r#"name = "a \"b\" \\c""#;
    assert_eq!(listed(&client, escaped).await, ["taro"]);

    for (filter, message) in [
        ("foo", "Error while parsing filter."),
        (r#"sub = "a" or sub = "b""#, "Error while parsing filter."),
        (
            r#"custom:member_record = "x""#,
            "Invalid search attribute: custom:member_record",
        ),
    ] {
        let call = client.list_users().user_pool_id(POOL).filter(filter);
        let expected = refused("InvalidParameterException", message);
        assert_eq!(refusal(call.send().await), expected, "{filter}");
    }
    let journal = format!("{:?}", world.journal.steps());
    assert!(!journal.contains(&sub) && !journal.contains("hanako"));
}

#[tokio::test]
async fn users_are_listed_page_by_page_with_the_attributes_that_are_asked_for() {
    let world = world_with(members).await;
    let client = sdk(&world.cognito);
    world.cognito.create_user("jiro", &[].into()).unwrap();
    let mut pages = Vec::new();
    let mut token = None;
    loop {
        let call = client.list_users().user_pool_id(POOL).limit(2);
        let page = call.set_pagination_token(token).send().await.unwrap();
        pages.push(usernames(page.users()));
        token = page.pagination_token.clone();
        if token.is_none() {
            break;
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    let mut all = pages.concat();
    all.sort();
    assert_eq!(all, ["hanako", "jiro", "taro"]);

    let asked = |filter: &str, names: &[&str]| {
        let call = client.list_users().user_pool_id(POOL).filter(filter);
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        call.set_attributes_to_get(Some(names))
    };
    let filter = r#"username = "taro""#;
    let list = asked(filter, &["sub", "email"]).send().await.unwrap();
    let attributes = list.users()[0].attributes();
    let names: Vec<&str> = attributes
        .iter()
        .map(|attribute| attribute.name())
        .collect();
    assert_eq!(names, ["sub", "email"]);
    assert_eq!(
        list.users()[0].user_status(),
        Some(&UserStatusType::Confirmed)
    );
    assert!(list.users()[0].user_create_date().is_some());
    for (names, message) in [
        (
            ["custom:no"],
            "One or more requested attributes do not exist.",
        ),
        ([RECORD], "Input fails to satisfy the constraints."),
    ] {
        let expected = refused("InvalidParameterException", message);
        assert_eq!(refusal(asked(filter, &names).send().await), expected);
    }
    let many = client.list_users().user_pool_id(POOL).limit(61);
    assert_eq!(refusal(many.send().await).1, "InvalidParameterException");
}

#[tokio::test]
async fn a_trigger_sees_an_attribute_that_no_app_client_may_read() {
    for (seen, is_seen) in [
        (TriggerAttributes::All, true),
        (TriggerAttributes::Readable, false),
    ] {
        let Triggered { world, tokens, .. } = triggered_by(|options| {
            members(options);
            options.variation.trigger_attributes = seen;
        })
        .await;
        let client = sdk(&world.cognito);
        update!(client, attribute(RECORD, "sealed")).unwrap();
        let call = client
            .initiate_auth()
            .auth_flow(AuthFlowType::UserPasswordAuth);
        let call = call
            .client_id("app-client")
            .auth_parameters("USERNAME", "taro");
        let answer = call.auth_parameters("PASSWORD", PASSWORD).send().await;
        let result = answer.unwrap().authentication_result.unwrap();
        let event = tokens.events()[0].clone();
        let attributes = &event["request"]["userAttributes"];
        let expected = is_seen.then(|| json!("sealed"));
        assert_eq!(attributes.get(RECORD), expected.as_ref());
        // Nobody else does.
        let bearer = result.access_token().unwrap();
        assert_eq!(payload(result.id_token().unwrap()).get(RECORD), None);
        assert_eq!(payload(bearer)["scope"], ADMIN);
        let user = client.get_user().access_token(bearer).send().await.unwrap();
        assert_eq!(value(user.user_attributes(), RECORD), None);
        let own = client.update_user_attributes().access_token(bearer);
        let own = own
            .user_attributes(attribute(RECORD, "forged"))
            .send()
            .await;
        let not_writable = "A client attempted to write unauthorized attribute";
        assert_eq!(
            refusal(own),
            refused("NotAuthorizedException", not_writable)
        );
        let got = client.admin_get_user().user_pool_id(POOL).username("taro");
        let got = got.send().await.unwrap();
        assert_eq!(value(got.user_attributes(), RECORD), Some("sealed"));
    }
}

#[tokio::test]
async fn a_request_meets_the_fault_that_waits_for_its_operation() {
    let world = world_with(members).await;
    let client = sdk(&world.cognito);
    let break_api = |faults: &[ApiFault]| {
        let operation = "AdminUpdateUserAttributes";
        world.cognito.break_api(operation, faults).unwrap();
    };
    let record = || world.cognito.users()["taro"].get(RECORD).cloned();
    break_api(&[ApiFault::Throttled, ApiFault::InternalError]);
    // Other operations are as ever.
    assert_eq!(listed(&client, "").await, ["hanako", "taro"]);
    let throttled = refused("TooManyRequestsException", "Rate exceeded");
    assert_eq!(refusal(update!(client, attribute(RECORD, "1"))), throttled);
    let (status, exception, _) = refusal(update!(client, attribute(RECORD, "2")));
    assert_eq!((status, &*exception), (500, "InternalErrorException"));
    assert_eq!(record(), None, "nothing took effect");

    break_api(&[ApiFault::AnswerLost]);
    let lost = update!(client, attribute(RECORD, "3")).unwrap_err();
    assert!(lost.as_service_error().is_none(), "{lost:?}");
    assert_eq!(record().unwrap(), "3", "it took effect");
    let steps = world.journal.steps();
    let step = steps.last().unwrap();
    assert_eq!((step.from, step.status), (Party::App, None));

    break_api(&[ApiFault::Slow(Duration::from_millis(300))]);
    let caller = tokio::time::timeout(Duration::from_millis(100), async {
        update!(client, attribute(RECORD, "4"))
    });
    assert!(caller.await.is_err(), "the caller has gone");
    assert_eq!(record().unwrap(), "3");
    tokio::time::timeout(Duration::from_secs(10), async {
        while record().unwrap() != "4" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();

    update!(client, attribute(RECORD, "5")).unwrap();
    break_api(&[ApiFault::Throttled]);
    world.cognito.reset();
    update!(client, attribute(RECORD, "6")).unwrap();
    let unknown = world.cognito.break_api("SignUp", &[ApiFault::Throttled]);
    assert_eq!(unknown, Err(NoSuchOperation));
}

#[tokio::test]
async fn the_api_takes_25_updates_of_users_a_second_and_anything_else_besides() {
    let world = world_with(members).await;
    let client = sdk(&world.cognito);
    let throttled = refused("TooManyRequestsException", "Rate exceeded");
    for number in 0..25 {
        update!(client, attribute(RECORD, &number.to_string())).unwrap();
        world.clock.advance(TimeDelta::milliseconds(10));
    }
    assert_eq!(refusal(update!(client, attribute(RECORD, "26"))), throttled);
    // The operations of the category share the quota.
    let disable = client.admin_disable_user().user_pool_id(POOL);
    assert_eq!(refusal(disable.username("hanako").send().await), throttled);
    assert_eq!(listed(&client, "").await, ["hanako", "taro"]);
    assert!(signs_in(&client, "hanako", PASSWORD).await);
    // 750 ms later, the first one is a second old.
    world.clock.advance(TimeDelta::milliseconds(749));
    assert_eq!(refusal(update!(client, attribute(RECORD, "27"))), throttled);
    world.clock.advance(TimeDelta::milliseconds(1));
    update!(client, attribute(RECORD, "28")).unwrap();
    assert_eq!(refusal(update!(client, attribute(RECORD, "29"))), throttled);
    assert_eq!(world.cognito.users()["taro"][RECORD], "28");
}
