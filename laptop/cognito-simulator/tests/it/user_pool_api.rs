//! Tests of the user pool's API: what users may do for themselves, and what a function with a role
//! may ask.
//! A test calls an operation, with an access token of certain scopes for example, and checks the
//! exact answer or exception. It makes its requests by hand, so that each header that matters is
//! visible.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use cognito_simulator::{CognitoOptions, PoolAttribute, UserFailure};
use kit::parameters;
use loopback::journal::Party;
use serde_json::{Value, json};

use crate::world::*;

pub(crate) const ADMIN: &str = "aws.cognito.signin.user.admin";
pub(crate) const SIGNED: &str = "AWS4-HMAC-SHA256 \
     Credential=AKIDEXAMPLE/20260205/ap-northeast-1/cognito-idp/aws4_request, \
     SignedHeaders=content-type;host;x-amz-date;x-amz-target, \
     Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// An app client that may read only `locale`, which no user has, and write the mapped attributes
/// and the record. Its users may call the API for themselves.
fn careful(options: &mut CognitoOptions) {
    let client = &mut options.app_clients[0];
    client.read_attributes = Some(vec!["locale".to_owned()]);
    let writable = ["name", "address", "birthdate", "gender", "custom:record"];
    client.write_attributes = Some(writable.map(str::to_owned).into());
    client.allowed_scopes = ["openid", "profile", ADMIN].map(str::to_owned).into();
    options.schema.push(PoolAttribute::new("custom:record"));
    options.schema.push(PoolAttribute {
        mutable: false,
        ..PoolAttribute::new("custom:fixed")
    });
}

impl World {
    /// An access token with these scopes.
    async fn access_token(&self, scope: &str) -> String {
        let url = authorize_url(&self.cognito, &[("scope", scope)]);
        let accept = loopback::user_agent::ACCEPT_PAGE;
        let journey = self.agent.follow(&url, accept, |url| {
            url.host_str() == Some("provider.localhost")
        });
        let journey = journey.await.unwrap();
        let state = parameters(journey.arrived_at().unwrap())["state"].clone();
        let page = self.answer(&[("code", "c"), ("state", &state)]).await;
        let code = parameters(&page.redirect_target().unwrap().unwrap())["code"].clone();
        let (_, tokens) = self.redeem(&[("code", &code)]).await;
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn call(
        &self,
        operation: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> (u16, Value) {
        let mut request = reqwest::Client::new()
            .post(self.cognito.user_pool_api_url())
            .header("content-type", "application/x-amz-json-1.1")
            .header(
                "x-amz-target",
                format!("AWSCognitoIdentityProviderService.{operation}"),
            );
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.body(body.to_string()).send().await.unwrap();
        let status = response.status().as_u16();
        let error = response.headers().get("x-amzn-errortype").cloned();
        let answer: Value = response.json().await.unwrap();
        let named = error.map(|name| json!(name.to_str().unwrap()));
        assert_eq!(named.as_ref(), answer.get("__type"));
        (status, answer)
    }

    /// Asserts that the operation is refused with this exception and this message.
    pub(crate) async fn refuses(
        &self,
        operation: &str,
        body: &Value,
        exception: &str,
        message: &str,
    ) {
        let expected = json!({"__type": exception, "message": message});
        assert_eq!(self.call(operation, body, &[]).await, (400, expected));
    }

    pub(crate) async fn admin_get_user(&self, pool: &str, username: &str) -> (u16, Value) {
        let body = json!({"UserPoolId": pool, "Username": username});
        let headers = [
            ("authorization", SIGNED),
            ("x-amz-date", "20260205T065210Z"),
        ];
        self.call("AdminGetUser", &body, &headers).await
    }
}

pub(crate) fn attributes(answer: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let attributes = answer["UserAttributes"].as_array().unwrap().iter();
    attributes
        .map(|attribute| (text(&attribute["Name"]), text(&attribute["Value"])))
        .collect()
}

#[tokio::test]
async fn a_user_reads_what_the_client_may_read_and_writes_what_it_may_write() {
    let world = world_with(careful).await;
    let token = world.access_token(&format!("openid {ADMIN}")).await;
    let body = json!({"AccessToken": token});
    let (status, user) = world.call("GetUser", &body, &[]).await;
    assert_eq!(
        (status, &user["Username"]),
        (200, &json!("mynaapp_subject-1"))
    );
    let names: Vec<String> = attributes(&user).into_keys().collect();
    assert_eq!(names, ["identities", "sub"]);

    let body = json!({"AccessToken": token, "UserAttributes": [
        {"Name": "name", "Value": "forged"},
        {"Name": "birthdate", "Value": "1900-01-01"},
        {"Name": "custom:record", "Value": "another's"},
        {"Name": "gender", "Value": ""},
    ]});
    let written = (200, json!({"CodeDeliveryDetailsList": []}));
    assert_eq!(
        world.call("UpdateUserAttributes", &body, &[]).await,
        written
    );
    let kept = world.attributes();
    assert_eq!(kept["name"], "forged");
    assert_eq!(kept["birthdate"], "1900-01-01");
    assert_eq!(kept["custom:record"], "another's");
    assert!(!kept.contains_key("gender"));

    let body = json!({
        "AccessToken": token, "UserAttributeNames": ["custom:record", "address", "birthdate"],
    });
    assert_eq!(
        world.call("DeleteUserAttributes", &body, &[]).await,
        (200, json!({}))
    );
    let kept = world.attributes();
    for deleted in ["custom:record", "address", "birthdate"] {
        assert!(!kept.contains_key(deleted), "{deleted}");
    }
    // The next sign-in writes the mapped attributes again.
    world.succeeds().await;
    assert_eq!(world.attributes()["name"], "山田　太郎");
}

#[tokio::test]
async fn a_write_that_is_refused_writes_nothing() {
    let world = world_with(careful).await;
    let token = world.access_token(&format!("openid {ADMIN}")).await;
    let before = world.attributes();
    let length = "Invalid user attributes: birthdate: Attribute value length is out of range.";
    for (name, value, exception, message) in [
        (
            "locale",
            "ja",
            "NotAuthorizedException",
            "A client attempted to write unauthorized attribute",
        ),
        (
            "custom:fixed",
            "x",
            "InvalidParameterException",
            "Invalid user attributes: custom:fixed: Attribute cannot be updated.",
        ),
        (
            "sub",
            "x",
            "InvalidParameterException",
            "Invalid user attributes: sub: Attribute cannot be updated.",
        ),
        (
            "custom:unknown",
            "x",
            "InvalidParameterException",
            "Invalid user attributes: Type for attribute {custom:unknown} could not be determined",
        ),
        ("birthdate", "1985", "InvalidParameterException", length),
        // Whether AWS accepts an empty value is open. DeleteUserAttributes deletes an attribute.
        ("birthdate", "", "InvalidParameterException", length),
    ] {
        let body = json!({"AccessToken": token, "UserAttributes": [
            {"Name": "name", "Value": "forged"}, {"Name": name, "Value": value},
        ]});
        let operation = "UpdateUserAttributes";
        world.refuses(operation, &body, exception, message).await;
    }
    let none = json!({"AccessToken": token, "UserAttributeNames": []});
    let message = "Invalid number of attributes";
    let operation = "DeleteUserAttributes";
    world
        .refuses(operation, &none, "InvalidParameterException", message)
        .await;
    assert_eq!(world.attributes(), before);
}

#[tokio::test]
async fn a_users_operation_needs_a_fresh_access_token_with_the_scope() {
    let world = world_with(careful).await;
    let without = world.access_token("openid").await;
    let token = world.access_token(&format!("openid {ADMIN}")).await;
    let refuses = async |token: &str, message: &str| {
        for operation in ["GetUser", "UpdateUserAttributes", "DeleteUserAttributes"] {
            let body = json!({
                "AccessToken": token, "UserAttributes": [{"Name": "name", "Value": "forged"}],
                "UserAttributeNames": ["name"],
            });
            world
                .refuses(operation, &body, "NotAuthorizedException", message)
                .await;
        }
    };
    refuses(&without, "Access Token does not have required scopes").await;
    refuses("no.token.here", "Invalid Access Token").await;
    world.clock.advance(TimeDelta::hours(2));
    refuses(&token, "Access Token has expired").await;
    assert_eq!(world.attributes()["name"], "山田　太郎");
}

#[tokio::test]
async fn a_user_who_is_no_longer_in_the_pool_is_not_found() {
    let world = world_with(careful).await;
    let token = world.access_token(&format!("openid {ADMIN}")).await;
    world.cognito.delete_user("MynaApp_Subject-1").unwrap();
    let again = world.cognito.delete_user("MynaApp_Subject-1");
    assert_eq!(again, Err(UserFailure::Unknown));
    for operation in ["GetUser", "UpdateUserAttributes", "DeleteUserAttributes"] {
        let body = json!({
            "AccessToken": token, "UserAttributes": [{"Name": "name", "Value": "forged"}],
            "UserAttributeNames": ["name"],
        });
        let (exception, message) = ("UserNotFoundException", "User does not exist.");
        world.refuses(operation, &body, exception, message).await;
    }
    assert_eq!(world.userinfo(&token).await.0, 401);
    assert_eq!(world.cognito.users(), BTreeMap::new());
}

#[tokio::test]
async fn an_administrator_gets_every_attribute_of_any_user_of_this_pool() {
    let world = world_with(careful).await;
    world.succeeds().await;
    let pool = world.cognito.user_pool_id();
    let (status, user) = world.admin_get_user(pool, "MynaApp_Subject-1").await;
    assert_eq!(status, 200);
    assert_eq!(attributes(&user), world.attributes());
    assert_eq!(user["Username"], "mynaapp_subject-1");
    assert_eq!(user["UserStatus"], "EXTERNAL_PROVIDER");
    assert_eq!(user["Enabled"], true);
    let created = user["UserCreateDate"].as_f64().unwrap();
    let now = world.clock.now().timestamp_millis() as f64 / 1000.0;
    assert!((now - 60.0..=now).contains(&created));

    let own = BTreeMap::from([("name".to_owned(), "native".to_owned())]);
    world.cognito.create_user("somebody", &own).unwrap();
    let taken = world.cognito.create_user("Somebody", &own);
    assert_eq!(taken, Err(UserFailure::Taken), "a pool without case");
    let (_, user) = world.admin_get_user(pool, "somebody").await;
    assert_eq!(user["UserStatus"], "CONFIRMED");
    let names: Vec<String> = attributes(&user).into_keys().collect();
    assert_eq!(names, ["name", "sub"]);

    let not_found = json!({"__type": "UserNotFoundException", "message": "User does not exist."});
    assert_eq!(world.admin_get_user(pool, "nobody").await, (400, not_found));
    let other = "ap-northeast-1_Other";
    let not_found = json!({
        "__type": "ResourceNotFoundException",
        "message": "User pool ap-northeast-1_Other does not exist.",
    });
    assert_eq!(
        world.admin_get_user(other, "somebody").await,
        (400, not_found)
    );
}

#[tokio::test]
async fn an_administrators_request_is_signed_in_form() {
    let world = world_with(careful).await;
    let body = json!({"UserPoolId": world.cognito.user_pool_id(), "Username": "x"});
    let exception = async |authorization: &str, date: &str| {
        let mut headers = vec![("authorization", authorization), ("x-amz-date", date)];
        headers.retain(|(_, value)| !value.is_empty());
        let (status, answer) = world.call("AdminGetUser", &body, &headers).await;
        assert_eq!(status, 400);
        answer["__type"].as_str().unwrap().to_owned()
    };
    let date = "20260205T065210Z";
    assert_eq!(exception(SIGNED, date).await, "UserNotFoundException");
    let missing = "MissingAuthenticationTokenException";
    assert_eq!(exception("", date).await, missing);
    // So it is with every operation of an administrator.
    for operation in [
        "AdminCreateUser",
        "AdminDeleteUser",
        "AdminDisableProviderForUser",
        "AdminDisableUser",
        "AdminEnableUser",
        "AdminGetUser",
        "AdminLinkProviderForUser",
        "AdminSetUserPassword",
        "AdminUpdateUserAttributes",
        "ListUsers",
    ] {
        let (status, answer) = world.call(operation, &body, &[]).await;
        assert_eq!(
            (status, &answer["__type"]),
            (400, &json!(missing)),
            "{operation}"
        );
    }
    let incomplete = "IncompleteSignatureException";
    assert_eq!(exception(SIGNED, "").await, incomplete);
    assert_eq!(exception(SIGNED, "2026-02-05").await, incomplete);
    for (of, with) in [
        ("AWS4-HMAC-SHA256", "Bearer"),
        (";x-amz-target", ""),
        ("Signature=0", "Signature="),
        ("/aws4_request", ""),
    ] {
        let changed = SIGNED.replace(of, with);
        assert_eq!(exception(&changed, date).await, incomplete, "{of}");
    }
    let invalid = "InvalidSignatureException";
    for (of, with) in [
        ("ap-northeast-1", "us-east-1"),
        ("cognito-idp", "s3"),
        ("20260205", "20260206"),
    ] {
        let changed = SIGNED.replacen(of, with, 1);
        assert_eq!(exception(&changed, date).await, invalid, "{of}");
    }
}

#[tokio::test]
async fn what_is_no_request_of_the_api_is_refused() {
    let world = world_with(careful).await;
    let message = "The requested operation is not known.";
    let unknown = "UnknownOperationException";
    world.refuses("SignUp", &json!({}), unknown, message).await;
    let message = "The body is not what the operation takes.";
    let malformed = "SerializationException";
    world
        .refuses("GetUser", &json!([]), malformed, message)
        .await;
    let number = json!({"AccessToken": 1});
    world.refuses("GetUser", &number, malformed, message).await;
    assert_eq!(world.cognito.requests().user_pool_api, 3);
}

#[tokio::test]
async fn the_journal_tells_who_asked_for_which_names() {
    let world = world_with(careful).await;
    let token = world.access_token(&format!("openid {ADMIN}")).await;
    let body =
        json!({"AccessToken": token, "UserAttributes": [{"Name": "name", "Value": "forged"}]});
    world.call("UpdateUserAttributes", &body, &[]).await;
    let pool = world.cognito.user_pool_id();
    world.admin_get_user(pool, "MynaApp_Subject-1").await;
    let steps = world.journal.steps();
    let [.., update, read] = steps.as_slice() else {
        panic!("{steps:?}")
    };
    assert_eq!((update.from, update.to), (Party::App, Party::Cognito));
    assert_eq!(update.request, "UpdateUserAttributes");
    let shown = |name: &str| {
        let parameter = update.parameters.iter().find(|p| p.name == name);
        parameter.unwrap().value.clone()
    };
    assert_eq!(shown("name"), "6 bytes");
    assert_eq!(
        shown("AccessToken"),
        format!("{}…({})", token.get(..4).unwrap(), token.len())
    );
    assert_eq!((read.from, read.to), (Party::Triggers, Party::Cognito));
    assert_eq!(read.request, "AdminGetUser");
    assert_eq!(read.answer[0].name, "UserAttributes");
    assert_eq!(
        read.answer[0].value,
        "sub identities address birthdate gender name"
    );
    let journal = format!("{steps:?}");
    for secret in ["forged", "1985-03-15", "山田", "Subject-1", token.as_str()] {
        assert!(!journal.contains(secret), "{secret}");
    }
}
