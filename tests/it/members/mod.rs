//! Members: users with passwords who verify with the card. The built functions run behind their
//! HTTP APIs, with the user pool's authorizer, a user pool and a table. What is tested is what an
//! app, a browser and an attacker can do.

mod attacks;
mod cases;
mod faults;
mod flow;
mod one_person;
mod operator;
mod pages;

use std::collections::BTreeMap;

use cognito_simulator::{NewUser, RepeatedTriggers};
use demo::laptop::MemberOptions;
use demo::member_app::{Answer, Begun, CameBack, MemberApp, MemberTokens};
use login_kit::{Laptop, LaptopOptions, UserAgent, browser, laptop_with};
use secrecy::SecretString;
use serde_json::Value;
use service_simulator::persona::personas;
use user_pool::attribute::MEMBER_RECORD;

/// The members that there are.
const HANAKO: &str = "hanako";
const TARO: &str = "taro";
const JIRO: &str = "jiro";

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
        let app = MemberApp::new(laptop).unwrap();
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
        let (laptop, browser) = (self.laptop, &self.browser);
        let came_back = self.app.show_card(laptop, browser, begun, persona, None);
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

/// Asserts that an answer is a refusal of this class.
#[track_caller]
fn refused(answer: &Answer, status: u16, class: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.class()),
        (status, Some(class)),
        "{answer:?}"
    );
}
