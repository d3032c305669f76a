//! Members of a user pool that was there before, without the card as a login: prepared by the steps
//! of `docs/members`, signed in with a password by the user pool's API, verified with the card.

use aws_sdk_cognitoidentityprovider::types::{
    AttributeDataType, ExplicitAuthFlowsType, LambdaConfigType,
    PreTokenGenerationLambdaVersionType, PreTokenGenerationVersionConfigType, SchemaAttributeType,
    StringAttributeConstraintsType,
};
use demo::member_client::{Answer, MemberAddresses, MemberClient, MemberTokens, Returned};
use http::Method;
use login_kit::{BrowserLogin, browser};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::Url;

use crate::aws::{Aws, call, emulator, invoke, logged};
use crate::deployment::Deployment;
use crate::world::{World, at};

/// The return URL. Nothing listens there: the browser stops before it requests this address.
const RETURN_URL: &str = "http://localhost:1/verified";
const HANAKO: &str = "hanako";
const TARO: &str = "taro";

/// A user pool with two members, and an app client whose app signs in by SDK.
struct Pool {
    id: String,
    client_id: String,
    password: SecretString,
}

impl Pool {
    /// A user pool that has nothing of this project yet.
    async fn of_its_own(aws: &Aws) -> Self {
        let pools = &aws.user_pools;
        let made = pools.create_user_pool().pool_name("members").send().await;
        let id = made.unwrap().user_pool.unwrap().id.unwrap();
        let client = pools.create_user_pool_client().user_pool_id(&id);
        let client = client
            .client_name("app")
            .explicit_auth_flows(ExplicitAuthFlowsType::AllowUserPasswordAuth)
            .explicit_auth_flows(ExplicitAuthFlowsType::AllowRefreshTokenAuth)
            .read_attributes("email")
            .write_attributes("email");
        let client = client.send().await.unwrap().user_pool_client.unwrap();
        let password = "A-password-of-tests-1";
        for username in [HANAKO, TARO] {
            let create = pools.admin_create_user().user_pool_id(&id);
            create.username(username).send().await.unwrap();
            let set = pools.admin_set_user_password().user_pool_id(&id);
            let set = set.username(username).password(password).permanent(true);
            set.send().await.unwrap();
        }
        Self {
            id,
            client_id: client.client_id.unwrap(),
            password: password.to_owned().into(),
        }
    }

    /// Adds the attribute of a member's record.
    async fn add_attribute(&self, aws: &Aws) {
        let length = StringAttributeConstraintsType::builder()
            .min_length("0")
            .max_length("2048");
        let attribute = SchemaAttributeType::builder()
            .name("member_record")
            .attribute_data_type(AttributeDataType::String)
            .mutable(true)
            .string_attribute_constraints(length.build());
        let add = aws.user_pools.add_custom_attributes();
        let add = add.user_pool_id(&self.id);
        add.custom_attributes(attribute.build())
            .send()
            .await
            .unwrap();
    }

    /// Sets the trigger.
    async fn set_trigger(&self, aws: &Aws, arn: &str) {
        let trigger = PreTokenGenerationVersionConfigType::builder()
            .lambda_version(PreTokenGenerationLambdaVersionType::V20)
            .lambda_arn(arn)
            .build()
            .unwrap();
        let triggers = LambdaConfigType::builder().pre_token_generation_config(trigger);
        let update = aws.user_pools.update_user_pool().user_pool_id(&self.id);
        update.lambda_config(triggers.build()).send().await.unwrap();
    }

    /// The record in a member's attributes. `None` without one.
    async fn record(&self, aws: &Aws, username: &str) -> Option<String> {
        let get = aws.user_pools.admin_get_user().user_pool_id(&self.id);
        let user = get.username(username).send().await.unwrap();
        let mut attributes = user.user_attributes.unwrap_or_default().into_iter();
        let record = attributes.find(|attribute| attribute.name == "custom:member_record");
        record?.value.filter(|value| !value.is_empty())
    }
}

/// The app of a deployed stack.
async fn app(deployment: &Deployment, pool: &Pool) -> MemberClient {
    let outputs = deployment.outputs().await;
    MemberClient::at(MemberAddresses {
        client_id: pool.client_id.clone(),
        pool: emulator(),
        key_set: format!("{}/{}/.well-known/jwks.json", emulator(), pool.id),
        api: by_path(&outputs["MembersApiUrl"]),
        issuer: outputs["Issuer"].clone(),
        return_url: RETURN_URL.to_owned(),
    })
    .unwrap()
}

/// The emulator's other address of an API, whose host name every resolver knows.
fn by_path(api: &str) -> String {
    let url = Url::parse(api).unwrap();
    let (id, _) = url.host_str().unwrap().split_once('.').unwrap();
    format!("{}/_aws/execute-api/{id}/$default", emulator())
}

/// Verifies a member with the card of a test person: from the app and back to the app.
async fn verify(app: &MemberClient, tokens: &MemberTokens, persona: &str) -> Answer {
    let begun = app.begin(&tokens.access_token).await.unwrap();
    let returns = |url: &Url| url.as_str().starts_with(RETURN_URL);
    let login = BrowserLogin::run(&browser(), &begun.url, persona, None, returns).await;
    let back = at(login.end);
    let returned = Returned::parse(back.query().unwrap()).unwrap();
    assert_eq!(
        (&*returned.state, &*returned.iss),
        (&*begun.state, app.issuer())
    );
    let code = returned.answer.unwrap();
    let done = app.complete(&tokens.access_token, &code, &begun.code_verifier);
    done.await.unwrap()
}

#[tokio::test]
async fn a_member_of_an_existing_pool_verifies_and_a_second_account_is_refused() {
    let mut world = World::not_connected("members").await;
    let aws = Aws::new();
    let pool = Pool::of_its_own(&aws).await;
    pool.add_attribute(&aws).await;
    let member_apps = format!("{}:{RETURN_URL}", pool.client_id);
    let sdk_scopes = ["verify", "verified", "age_over_20"]
        .map(|scope| format!("{}:{scope}", pool.client_id))
        .join(" ");
    world.deployment.set(&[
        ("ExistingUserPoolId", &pool.id),
        ("DomainPrefix", ""),
        ("AppCallbackUrls", ""),
        ("AppLogoutUrls", ""),
        ("AppScopes", "openid"),
        ("CardLogins", "no"),
        ("Members", "yes"),
        ("MemberApps", &member_apps),
        ("MemberOrigins", "http://localhost:1"),
        ("SdkScopes", &sdk_scopes),
    ]);
    world.deployment.deploy(&[]).await;
    let outputs = world.deployment.outputs().await;
    pool.set_trigger(&aws, &outputs["PreTokenGenerationArn"])
        .await;
    world.connect(&[]).await;

    let app = app(&world.deployment, &pool).await;
    let hanako = app.sign_in(HANAKO, &pool.password).await.unwrap();
    let scope = hanako.access_token_claims["scope"].as_str().unwrap();
    assert!(
        scope.split(' ').any(|one| one == "digital-auth/verify"),
        "{scope}"
    );
    assert_eq!(hanako.id_token_claims.get("age_over_20"), None);
    only_access_tokens_are_let_through(&by_path(&outputs["MembersApiUrl"]), &hanako).await;

    let done = verify(&app, &hanako, "adult").await;
    assert_eq!(done.status, 200, "{done:?}");
    assert!(pool.record(&aws, HANAKO).await.is_some());
    let after = app.refresh(&hanako).await.unwrap();
    for claims in [&after.id_token_claims, &after.access_token_claims] {
        assert_eq!(claims["age_over_20"], json!(true));
    }
    assert_eq!(after.id_token_claims.get("custom:member_record"), None);
    let state = app.call(Method::GET, "/verifications/me", &after.access_token, None);
    assert_eq!(state.await.unwrap().body, done.body);

    // A second account of the same person.
    let taro = app.sign_in(TARO, &pool.password).await.unwrap();
    let refused = verify(&app, &taro, "adult").await;
    assert_eq!(
        (refused.status.as_u16(), refused.class()),
        (409, Some("person_already_verified"))
    );
    assert_eq!(pool.record(&aws, TARO).await, None);
    let refused = verify(&app, &taro, "latin-name").await;
    assert_eq!(refused.status, 200, "another person: {refused:?}");

    // The operator sees whether and since when, and releases.
    let sub = hanako.id_token_claims["sub"].as_str().unwrap();
    let name = &outputs["VerificationName"];
    let shown = invoke(name, &json!({ "operator": "show", "sub": sub })).await;
    assert_eq!(shown["verified"], json!(true), "{shown}");
    let released = invoke(name, &json!({ "operator": "release", "sub": sub })).await;
    assert_eq!(released["released"], json!(true), "{released}");
    assert_eq!(pool.record(&aws, HANAKO).await, None);
    let state = app.call(Method::GET, "/verifications/me", &after.access_token, None);
    assert_eq!(
        state.await.unwrap().body,
        json!({ "state": "not_verified" })
    );

    // The member takes it back.
    let back = app.call(
        Method::DELETE,
        "/verifications/me",
        &taro.access_token,
        None,
    );
    assert_eq!(back.await.unwrap().status, 204);
    let after = app.refresh(&taro).await.unwrap();
    assert_eq!(after.id_token_claims.get("age_over_20"), None);

    nothing_personal(&world, &outputs["MemberTableArn"], &["adult", "latin-name"]).await;
    world.service.stop().await;
}

/// The API lets nothing through without a token of the user pool.
async fn only_access_tokens_are_let_through(api: &str, tokens: &MemberTokens) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{api}/verifications/me");
    let without = http.get(&url).send().await.unwrap();
    assert_eq!(without.status(), 401);
    let other = tokens.access_token.expose_secret().replace('.', "_");
    let forged = http.get(&url).bearer_auth(other).send().await.unwrap();
    assert_eq!(forged.status(), 401);
}

/// Neither the table nor a log holds anything of a person.
async fn nothing_personal(world: &World, table: &str, personas: &[&str]) {
    let (_, name) = table.rsplit_once('/').unwrap();
    let scan = json!({ "TableName": name });
    let table = call("dynamodb", "DynamoDB_20120810.Scan", &scan).await;
    assert!(table["Count"].as_u64().unwrap() > 0, "{table}");
    let mut kept = vec![table];
    for function in ["federation", "verification", "pre-token-generation"] {
        let logged = logged(&world.deployment.log_group(function)).await;
        assert!(!logged.is_empty(), "{function}");
        kept.extend(logged);
    }
    for persona in personas {
        let persona = world.persona(persona);
        // A gender is so short that random text can contain it by chance.
        let claims = persona
            .claims
            .iter()
            .filter(|(claim, _)| **claim != "gender");
        for (claim, value) in claims {
            let has = |kept: &Value| kept.to_string().contains(value.as_str());
            assert!(!kept.iter().any(has), "{claim}");
        }
    }
}
