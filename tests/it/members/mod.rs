//! Members: users with passwords who verify with the card. The built functions run behind their
//! HTTP APIs, with the user pool's authorizer, a user pool and a table. What is tested is what an
//! app, a browser and an attacker can do.

mod another_app;
mod attacks;
mod authenticated;
mod cases;
mod expired;
mod faults;
mod flow;
mod hosted;
mod key_set;
mod killed;
mod killed_early;
mod kms;
mod load;
mod one_person;
mod operator;
mod pages;
mod person_key;
mod policy_changed;
mod pool_faults;
mod privacy;
mod privacy_run;
mod records;
mod release_wait;
mod returns;
mod sealed;
mod stale;
mod table;
mod table_faults;
mod tokens;
mod unknown_record;
mod way;
mod withdrawn;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use cognito_simulator::{NewUser, RepeatedTriggers};
use demo::laptop::{MEMBER_CLIENT_ID, MemberOptions, bridge_issuer};
use demo::member_app::{Answer, Begun, CameBack, MemberApp, MemberTokens};
use function_kit::secrets::sealing_keys;
use login_kit::{Arrival, Laptop, LaptopOptions, UserAgent, browser, laptop_with, variables};
use member_flow::{MEMBER_KEYS, audience};
use sealing::SealingKeys;
use sealing::sealed::Seal;
use secrecy::SecretString;
use serde_json::{Value, json};
use service_simulator::ServiceOptions;
use service_simulator::fault::Fault;
use service_simulator::people::People;
use service_simulator::persona::personas;
use url::Url;
use user_pool::attribute::MEMBER_RECORD;

/// The members that there are.
const HANAKO: &str = "hanako";
const TARO: &str = "taro";
const JIRO: &str = "jiro";

/// The form of a signature. The stand-ins verify none.
const SIGNED: &str = "AWS4-HMAC-SHA256 \
     Credential=AKIDEXAMPLE/20260205/ap-northeast-1/cognito-idp/aws4_request, \
     SignedHeaders=content-type;host;x-amz-date;x-amz-target, \
     Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn password() -> SecretString {
    "Marked-passw0rd!".into()
}

fn user(username: &str) -> NewUser {
    NewUser {
        username: username.to_owned(),
        password: password(),
        attributes: BTreeMap::from([
            ("name".to_owned(), format!("own name of {username}")),
            ("email".to_owned(), format!("{username}@example.com")),
        ]),
    }
}

/// The name of one of many members.
fn name(number: usize) -> String {
    format!("member-{number}")
}

/// Many members.
fn numbered(count: usize) -> Vec<NewUser> {
    (0..count).map(|number| user(&name(number))).collect()
}

/// Makes many people with cards: `person-0`, `person-1` and so on.
fn people(service: &mut ServiceOptions) {
    let person = |number| {
        json!({
            "id": format!("person-{number}"),
            "name": format!("本人　{number}"),
            "address": "東京都千代田区永田町１丁目７番１号",
            "birthdate": "19850315",
            "gender": "1",
        })
    };
    let people = json!((0..100).map(person).collect::<Vec<_>>()).to_string();
    service.people = People::from_json(people.as_bytes()).unwrap();
}

/// A laptop with three members.
async fn laptop() -> Laptop {
    laptop_changed(|_| {}, |_| {}).await
}

async fn laptop_changed(
    change: impl FnOnce(&mut LaptopOptions),
    members: impl FnOnce(&mut MemberOptions),
) -> Laptop {
    let mut options = MemberOptions {
        users: [HANAKO, TARO, JIRO].map(user).into(),
        ..MemberOptions::default()
    };
    members(&mut options);
    laptop_with(|laptop| {
        laptop.variation.repeated_triggers = RepeatedTriggers::Never;
        laptop.members = Some(options);
        change(laptop);
    })
    .await
}

/// A member in the app, with a browser of their own.
struct Member<'a> {
    laptop: &'a Laptop,
    app: MemberApp,
    browser: UserAgent,
    tokens: MemberTokens,
}

impl<'a> Member<'a> {
    async fn signed_in(laptop: &'a Laptop, username: &str) -> Self {
        Self::signed_in_at(laptop, MEMBER_CLIENT_ID, username).await
    }

    /// At the app with this app client.
    async fn signed_in_at(laptop: &'a Laptop, client_id: &str, username: &str) -> Self {
        let app = MemberApp::of(laptop, client_id).unwrap();
        let tokens = app.sign_in(username, &password()).await.unwrap();
        Self {
            laptop,
            app,
            browser: browser(),
            tokens,
        }
    }

    async fn begin(&self) -> Begun {
        self.app.begin(&self.tokens.access_token).await.unwrap()
    }

    /// The code that this member's browser brings back after this person's card.
    async fn code(&self, begun: &Begun, persona: &str) -> SecretString {
        self.code_despite(None, begun, persona).await
    }

    /// The same where the service has a fault.
    async fn code_despite(
        &self,
        fault: Option<Fault>,
        begun: &Begun,
        persona: &str,
    ) -> SecretString {
        let (laptop, browser) = (self.laptop, &self.browser);
        let came_back = self.app.show_card(laptop, browser, begun, persona, fault);
        let CameBack::Code(code) = came_back.await.unwrap() else {
            panic!("no code");
        };
        code
    }

    async fn complete(&self, begun: &Begun, code: &SecretString) -> Answer {
        let (token, verifier) = (&self.tokens.access_token, &begun.code_verifier);
        self.app.complete(token, code, verifier).await.unwrap()
    }

    /// Everything: begins, shows the card, completes.
    async fn verify(&self, persona: &str) -> Answer {
        let begun = self.begin().await;
        let code = self.code(&begun, persona).await;
        self.complete(&begun, &code).await
    }

    fn sub(&self) -> String {
        let sub = self.tokens.id_token_claims["sub"].as_str();
        sub.unwrap().to_owned()
    }

    fn username(&self) -> String {
        let username = self.tokens.id_token_claims["cognito:username"].as_str();
        username.unwrap().to_owned()
    }

    /// Goes on with the continuation of an answer.
    async fn go_on(&self, begun: &Begun, answer: &Answer) -> Answer {
        let continuation = answer.body["continuation"].as_str();
        let continuation = continuation.unwrap_or_else(|| panic!("{answer:?}"));
        let (token, verifier) = (&self.tokens.access_token, &begun.code_verifier);
        let answer = self.app.go_on(token, continuation, verifier).await;
        answer.unwrap()
    }

    /// Goes to the card, and gives the bridge's `/callback` to which this browser is sent after it.
    /// It isn't requested yet.
    async fn callback(&self, begun: &Begun, persona: &str) -> Url {
        let journey = self
            .browser
            .follow(&begun.url, "application/json", |_| false);
        let page = journey.await.unwrap().end;
        to_callback(self.laptop, &self.browser, page, persona).await
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let (method, token) = (method.parse().unwrap(), &self.tokens.access_token);
        self.app.call(method, path, token, body).await.unwrap()
    }

    async fn state(&self) -> Value {
        self.call("GET", "/verifications/me", None).await.body
    }

    /// What the tokens say after the next refresh.
    async fn refreshed(&self) -> MemberTokens {
        self.app.refresh(&self.tokens).await.unwrap()
    }
}

/// From the page of the test card on to the bridge's `/callback`, which isn't requested yet.
async fn to_callback(laptop: &Laptop, browser: &UserAgent, page: Arrival, persona: &str) -> Url {
    let at_callback =
        |url: &Url| url.path() == "/callback" && url.host_str() == Some("bridge.localhost");
    let chosen = laptop.choose(browser, page, persona, None, at_callback);
    match chosen.await.unwrap() {
        Arrival::At(url) => url,
        Arrival::Page(page) => panic!("on a page of status {} at {}", page.status, page.url),
    }
}

/// The keys of what travels, where a test seals and opens it as the functions do.
struct Seals(SealingKeys);

impl Seals {
    /// A laptop with known keys.
    async fn on_laptop() -> (Self, Laptop) {
        let keys = json!({ "keys": ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"] }).to_string();
        let known = variables([(MEMBER_KEYS, Some(&keys))]);
        let laptop = laptop_changed(
            |laptop| laptop.environment.extend(known.clone()),
            |members| members.environment.extend(known.clone()),
        );
        let keys = sealing_keys(&keys.into()).unwrap();
        (Self(keys), laptop.await)
    }

    /// Seals and opens as it was done so many seconds ago.
    fn seconds_ago(&self, laptop: &Laptop, seconds: i64) -> Seal<'_> {
        Seal {
            keys: &self.0,
            audience: audience(&bridge_issuer(laptop.bridge.address().port())),
            now: laptop.clock.now() - TimeDelta::seconds(seconds),
        }
    }
}

/// The record of a member in the user pool.
fn record(laptop: &Laptop, username: &str) -> Option<String> {
    laptop
        .cognito
        .users()
        .get(username)?
        .get(MEMBER_RECORD)
        .cloned()
}

/// The name in a test person's card.
fn name_of(laptop: &Laptop, persona: &str) -> String {
    let mut all = personas(laptop.clock.now()).into_iter();
    let person = all.find(|person| person.id == persona).unwrap();
    person.userinfo["name"].as_str().unwrap().to_owned()
}

/// An administrator's call of the user pool's API.
async fn administrator(laptop: &Laptop, operation: &str, request: &Value) {
    let mut request = request.clone();
    request["UserPoolId"] = json!(laptop.cognito.user_pool_id());
    let target = format!("AWSCognitoIdentityProviderService.{operation}");
    let sent = reqwest::Client::new()
        .post(laptop.cognito.user_pool_api_url())
        .header("x-amz-target", target)
        .header("x-amz-date", "20260205T000000Z")
        .header("content-type", "application/x-amz-json-1.1")
        .header("authorization", SIGNED)
        .body(request.to_string())
        .send();
    let answer = sent.await.unwrap();
    assert_eq!(answer.status(), 200, "{operation}");
}

/// Puts a record into a user of the pool, as whoever may write users can.
async fn put_record(laptop: &Laptop, username: &str, record: &str) {
    let attribute = json!({ "Name": MEMBER_RECORD, "Value": record });
    let request = json!({ "Username": username, "UserAttributes": [attribute] });
    administrator(laptop, "AdminUpdateUserAttributes", &request).await;
}

/// Asserts that an answer is a refusal of this class, and that it says when to ask again, if that
/// is worth it.
#[track_caller]
fn refused(answer: &Answer, status: u16, class: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.class()),
        (status, Some(class)),
        "{answer:?}"
    );
    if let 429 | 503 = status {
        assert!(
            answer.retry_after.is_some_and(|after| after > 0),
            "{answer:?}"
        );
    }
}
