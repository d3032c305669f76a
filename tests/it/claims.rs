//! The claims in an app's tokens: exactly those that its scopes grant, proved to come from the
//! card, and nothing else anywhere. Whole logins with all three functions; then the user overwrites
//! the attributes that the user pool lets users overwrite.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use cognito_simulator::{
    CognitoOptions, EmptyValues, OverriddenAddress, RepeatedTriggers, TokenEventVersion,
    TriggerAttributes, Variation,
};
use demo::laptop::SERVICE_CLIENT_ID;
use demo::scopes::{self, Scopes};
use four_attributes::{
    BirthDate, FourAttributes, VerifiedAt, VerifiedPerson, VerifiedRecord, japan_date,
};
use keys::SystemRandomness;
use local_lambda::DirectFunction;
use login_kit::{
    Laptop, LaptopOptions, Outcome, SignedIn, browser, laptop, laptop_with, variables,
};
use loopback::clock::SimClock;
use loopback::journal::Party;
use sealing::SealingKeys;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};
use service_simulator::fault::Fault;
use service_simulator::persona::{Persona, personas};
use user_pool::attribute;
use user_pool::claim::Claim;
use user_pool::scope::Scope;

/// The scope with which a user may overwrite attributes.
pub(crate) const OWN_USER: &str = "aws.cognito.signin.user.admin";
/// The four attributes, by the names of their claims.
const ATTRIBUTES: [&str; 4] = ["name", "address", "birthdate", "gender"];

/// The time of day that the functions see.
fn now() -> DateTime<Utc> {
    SimClock::default().now()
}

fn first() -> Persona {
    personas(now()).swap_remove(0)
}

fn username(persona: &Persona) -> String {
    format!("MynaApp_{}", persona.subject(SERVICE_CLIENT_ID))
}

pub(crate) async fn sign_in(laptop: &Laptop, persona: &Persona, scopes: &str) -> SignedIn {
    let outcome = laptop
        .login_asking(&browser(), &persona.id, None, scopes)
        .await;
    match outcome.unwrap() {
        Outcome::SignedIn(signed_in) => *signed_in,
        Outcome::Failed(failed) => panic!("not signed in: {failed:?}"),
    }
}

pub(crate) fn everything() -> String {
    Scopes::all().to_string()
}

/// Those of these claims that this project defines.
fn ours(claims: &Map<String, Value>) -> BTreeMap<&str, &Value> {
    let names: BTreeSet<_> = scopes::known()
        .flat_map(Scope::claims)
        .map(Claim::name)
        .collect();
    let all = claims.iter().map(|(name, value)| (name.as_str(), value));
    all.filter(|(name, _)| names.contains(*name)).collect()
}

/// Asserts that neither the tokens nor userinfo have a claim of ours.
fn assert_no_claim(signed_in: &SignedIn, when: &str) {
    for claims in [
        &signed_in.id_token,
        &signed_in.access_token,
        &signed_in.userinfo,
    ] {
        assert_eq!(ours(claims), BTreeMap::new(), "{when}");
    }
}

/// Asserts that none of the texts is in the tokens or in userinfo.
fn assert_nowhere<'a>(signed_in: &SignedIn, texts: impl IntoIterator<Item = &'a str>) {
    let got = [
        &signed_in.id_token,
        &signed_in.access_token,
        &signed_in.userinfo,
    ];
    for text in texts {
        for claims in got {
            let json = Value::Object(claims.clone()).to_string();
            assert!(!json.contains(text), "an attribute is in {json}");
        }
    }
}

/// Whether a test person has reached an age today. `None` if the known part of the birth date
/// doesn't tell.
fn has_reached(persona: &Persona, age: u8) -> Option<bool> {
    let born = persona.userinfo.get("birthdate")?.as_str()?;
    let born: BirthDate = born.parse().unwrap();
    born.has_reached(age, japan_date(now()))
}

/// A laptop whose app client may also request [`OWN_USER`].
pub(crate) async fn stack_with_own_users(change: impl FnOnce(&mut LaptopOptions)) -> Laptop {
    laptop_with(|options| {
        options.cognito = |cognito| {
            cognito.app_clients[0]
                .allowed_scopes
                .push(OWN_USER.to_owned())
        };
        change(options);
    })
    .await
}

/// Calls the user pool's API with the user's access token.
async fn call(
    laptop: &Laptop,
    operation: &str,
    signed_in: &SignedIn,
    mut body: Value,
) -> (u16, Value) {
    body["AccessToken"] = json!(signed_in.tokens.access_token.expose_secret());
    let answer = reqwest::Client::new()
        .post(laptop.cognito.user_pool_api_url())
        .header("content-type", "application/x-amz-json-1.1")
        .header(
            "x-amz-target",
            format!("AWSCognitoIdentityProviderService.{operation}"),
        )
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap())
}

/// Overwrites attributes as the user.
pub(crate) async fn overwrite(laptop: &Laptop, signed_in: &SignedIn, attributes: &[(&str, &str)]) {
    let attributes: Vec<_> = (attributes.iter())
        .map(|(name, value)| json!({ "Name": name, "Value": value }))
        .collect();
    let body = json!({ "UserAttributes": attributes });
    let (status, answer) = call(laptop, "UpdateUserAttributes", signed_in, body).await;
    assert_eq!(status, 200, "{answer}");
}

pub(crate) fn record_of(laptop: &Laptop, persona: &Persona) -> String {
    laptop.cognito.users()[&username(persona)][attribute::RECORD].clone()
}

/// How many events with this name or with this class of failure a trigger logged.
fn told(function: &DirectFunction, word: &str) -> usize {
    let lines = function.logs().lines();
    let parsed = lines
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    parsed
        .filter(|line| {
            line["event"] == word || (line["class"] == word && line["event"].is_string())
        })
        .count()
}

/// A user pool that customizes the tokens of machines sends events of version 3 for all of its
/// users.
#[tokio::test]
async fn tokens_hold_the_same_in_a_pool_that_customizes_those_of_machines() {
    let laptop = laptop_with(|options| {
        options.cognito =
            |cognito| cognito.lambda_config.pre_token_generation_version = TokenEventVersion::V3;
    })
    .await;
    let signed_in = sign_in(&laptop, &first(), "openid digital-auth/age_over_20").await;
    assert_eq!(
        ours(&signed_in.id_token),
        BTreeMap::from([("age_over_20", &json!(true))])
    );
    assert_eq!(
        ours(&signed_in.access_token),
        BTreeMap::from([("age_over_20", &json!(true))])
    );
    let refreshed = laptop.refresh(&signed_in).await.unwrap();
    assert_eq!(ours(&refreshed.id_token), ours(&signed_in.id_token));
    laptop.stop().await;
}

#[tokio::test]
async fn an_app_that_asks_for_one_age_gets_one_bit_and_nothing_of_the_person() {
    let laptop = laptop().await;
    for persona in personas(now()) {
        let signed_in = sign_in(&laptop, &persona, "openid digital-auth/age_over_20").await;
        let expected = has_reached(&persona, 20).map(Value::Bool);
        for claims in [&signed_in.id_token, &signed_in.access_token] {
            let expected: BTreeMap<_, _> = expected
                .iter()
                .map(|value| ("age_over_20", value))
                .collect();
            assert_eq!(ours(claims), expected, "{}", persona.id);
        }
        assert_eq!(ours(&signed_in.userinfo), BTreeMap::new(), "{}", persona.id);
        // A short value, such as a gender, can be part of random text by chance.
        let attributes = persona.claims.values().map(String::as_str);
        let sent = persona.userinfo.values().filter_map(Value::as_str);
        assert_nowhere(
            &signed_in,
            attributes.chain(sent).filter(|text| text.len() > 6),
        );
        assert_nowhere(&signed_in, [record_of(&laptop, &persona).as_str()]);
    }
    laptop.stop().await;
}

#[tokio::test]
async fn each_token_holds_what_the_scopes_grant_and_openid_alone_grants_nothing() {
    let laptop = laptop().await;
    for persona in personas(now()) {
        let all = sign_in(&laptop, &persona, &everything()).await;
        for claim in ATTRIBUTES {
            let shown = all.id_token.get(claim).and_then(Value::as_str);
            assert_eq!(
                shown,
                persona.claims.get(claim).map(String::as_str),
                "{} {claim}",
                persona.id
            );
            assert!(!all.access_token.contains_key(claim));
        }
        for claims in [&all.id_token, &all.access_token] {
            assert_eq!(
                claims.get("age_over_18").and_then(Value::as_bool),
                has_reached(&persona, 18)
            );
            let text = |name| claims.get(name).and_then(Value::as_str);
            let municipality = text("municipality").map(|name| (name, text("prefecture")));
            assert!(
                municipality.is_none_or(|(name, prefecture)| name.starts_with(prefecture.unwrap()))
            );
            assert_eq!(municipality.is_some(), text("municipality_code").is_some());
            if persona.id == "yokohama" {
                assert_eq!(text("municipality"), Some("神奈川県横浜市"));
                assert_eq!(text("municipality_code"), Some("141003"));
            }
            assert_eq!(claims["identity_verified"], true);
            assert_eq!(claims["verification_acr"], "aal3");
            assert!(claims["verified_at"].is_i64());
            assert!(!claims.contains_key(attribute::RECORD));
        }
        assert_eq!(ours(&all.userinfo), BTreeMap::new(), "{}", persona.id);
        let attributes = persona.claims.values().map(String::as_str);
        let access_token = Value::Object(all.access_token.clone()).to_string();
        for text in attributes.filter(|text| text.len() > 6) {
            assert!(
                !access_token.contains(text),
                "an attribute is in {access_token}"
            );
        }
        assert_no_claim(&sign_in(&laptop, &persona, "openid").await, "openid alone");
    }
    laptop.stop().await;
}

#[tokio::test]
async fn a_refresh_gives_the_same_claims_again() {
    let laptop = laptop().await;
    let signed_in = sign_in(&laptop, &first(), &everything()).await;
    let refreshed = laptop.refresh(&signed_in).await.unwrap();
    assert_eq!(ours(&refreshed.id_token), ours(&signed_in.id_token));
    assert_eq!(ours(&refreshed.access_token), ours(&signed_in.access_token));
    assert_eq!(ours(&refreshed.userinfo), BTreeMap::new());
    laptop.stop().await;
}

#[tokio::test]
async fn attributes_that_the_user_overwrites_reach_no_token_and_no_userinfo() {
    let laptop = stack_with_own_users(|_| {}).await;
    let scopes = format!("{} {OWN_USER}", everything());
    let signed_in = sign_in(&laptop, &first(), &scopes).await;
    let forged = [
        ("name", "偽名の人"),
        ("address", "偽の住所"),
        ("birthdate", "1900-01-01"),
        ("gender", "other"),
        (attribute::VERIFIED_AT, "4102444800"),
    ];
    overwrite(&laptop, &signed_in, &forged).await;
    let refreshed = laptop.refresh(&signed_in).await.unwrap();
    assert_eq!(ours(&refreshed.id_token), ours(&signed_in.id_token));
    assert_eq!(ours(&refreshed.access_token), ours(&signed_in.access_token));
    assert_nowhere(
        &refreshed,
        ["偽名の人", "偽の住所", "1900-01-01", "4102444800"],
    );
    // What the user wrote stays in the user pool until the next sign-in.
    assert_eq!(
        laptop.cognito.users()[&username(&first())]["name"],
        "偽名の人"
    );
    sign_in(&laptop, &first(), "openid").await;
    assert_eq!(
        laptop.cognito.users()[&username(&first())]["name"],
        first().claims["name"]
    );
    laptop.stop().await;
}

#[tokio::test]
async fn from_a_record_that_is_not_the_users_own_no_claim_comes_and_a_forged_one_is_an_alarm() {
    let laptop = stack_with_own_users(|_| {}).await;
    let scopes = format!("{} {OWN_USER}", everything());
    let person = first();
    let other = personas(now()).swap_remove(1);
    sign_in(&laptop, &other, "openid").await;
    let signed_in = sign_in(&laptop, &person, &scopes).await;
    let own = record_of(&laptop, &person);
    let mut forged = own.clone().into_bytes();
    let last = forged.len() - 4;
    forged[last] = if forged[last] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    let trigger = &laptop.triggers.pre_token_generation;
    for (record, class) in [
        ("anything", "record_malformed"),
        (&record_of(&laptop, &other), "record_unlinked"),
        (&forged, "record_forged"),
    ] {
        overwrite(&laptop, &signed_in, &[(attribute::RECORD, record)]).await;
        let before = told(trigger, class);
        assert_no_claim(&laptop.refresh(&signed_in).await.unwrap(), class);
        assert!(told(trigger, class) > before, "{class}");
        assert_eq!(
            told(trigger, "tampering") > 0,
            class == "record_forged",
            "{class}"
        );
    }
    // If the user deletes the attribute, the trigger looks for the record in the user pool, and
    // doesn't find it there either.
    let body = json!({ "UserAttributeNames": [attribute::RECORD] });
    let (status, answer) = call(&laptop, "DeleteUserAttributes", &signed_in, body).await;
    assert_eq!(status, 200, "{answer}");
    assert_no_claim(&laptop.refresh(&signed_in).await.unwrap(), "record_missing");
    assert!(told(trigger, "record_missing") > 0);
    // Once the user restores their own record, or signs in again, the claims are back.
    overwrite(&laptop, &signed_in, &[(attribute::RECORD, &own)]).await;
    let again = laptop.refresh(&signed_in).await.unwrap();
    assert_eq!(ours(&again.id_token), ours(&signed_in.id_token));
    laptop.stop().await;
}

#[tokio::test]
async fn an_older_record_of_the_users_own_counts_for_as_long_as_a_verification_may() {
    let laptop = stack_with_own_users(|options| {
        options.trigger_environment = variables([(
            pre_token_generation::variables::MAX_VERIFICATION_AGE,
            Some("30d"),
        )]);
    })
    .await;
    let scopes = format!("{} {OWN_USER}", everything());
    let person = first();
    let signed_in = sign_in(&laptop, &person, &scopes).await;
    let older = |days: i64| {
        let record = VerifiedRecord {
            provider_name: "MynaApp".to_owned(),
            person: VerifiedPerson {
                issuer: laptop.service.endpoints().issuer.clone(),
                subject: person.subject(SERVICE_CLIENT_ID),
                attributes: FourAttributes {
                    name: Some("旧姓の人".parse().unwrap()),
                    ..FourAttributes::default()
                },
                verified_at: VerifiedAt::Authentication(now() - TimeDelta::days(days)),
                acr: Some("aal3".to_owned()),
            },
        };
        let keys = SealingKeys::new([laptop.configuration.record_key().expose_secret()]).unwrap();
        record.seal(&keys, &SystemRandomness).unwrap()
    };
    overwrite(&laptop, &signed_in, &[(attribute::RECORD, &older(29))]).await;
    let counts = laptop.refresh(&signed_in).await.unwrap();
    assert_eq!(counts.id_token["name"], "旧姓の人");
    assert_eq!(counts.id_token["identity_verified"], true);
    let days = (now().timestamp() - counts.id_token["verified_at"].as_i64().unwrap()) / 86_400;
    assert_eq!(days, 29);

    overwrite(&laptop, &signed_in, &[(attribute::RECORD, &older(31))]).await;
    let old = laptop.refresh(&signed_in).await.unwrap();
    let not_verified = json!(false);
    for claims in [&old.id_token, &old.access_token] {
        assert_eq!(
            ours(claims),
            BTreeMap::from([("identity_verified", &not_verified)])
        );
    }
    assert_nowhere(&old, ["旧姓の人"]);
    // The journal says which check kept the claims back.
    let mut steps = laptop.journal.steps().into_iter();
    let trigger = steps.rfind(|step| step.to == Party::Triggers).unwrap();
    let told: Vec<_> = (trigger.checks.iter())
        .map(|check| (&*check.what, check.passed))
        .collect();
    let failed = told.iter().position(|(_, passed)| !passed).unwrap();
    assert_eq!(told[failed], ("record_too_old", false));
    assert_eq!(told[failed - 1], ("the record is this user's", true));
    let (before, after) = (&told[..failed], &told[failed + 1..]);
    assert!(before.contains(&("there is a record", true)));
    assert!(before.iter().chain(after).all(|(_, passed)| *passed));
    laptop.stop().await;
}

#[tokio::test]
async fn a_record_that_the_trigger_does_not_see_is_read_from_the_user_pool() {
    let hidden = Variation {
        trigger_attributes: TriggerAttributes::Readable,
        ..Variation::default()
    };
    let laptop = laptop_with(|options| options.variation = hidden).await;
    let signed_in = sign_in(
        &laptop,
        &first(),
        "openid digital-auth/name digital-auth/age_over_18",
    )
    .await;
    assert_eq!(signed_in.id_token["name"], first().claims["name"].as_str());
    assert_eq!(
        told(&laptop.triggers.pre_token_generation, "claims_granted"),
        1
    );
    laptop.stop().await;
}

#[tokio::test]
async fn an_address_is_shown_as_text_or_as_an_object_and_the_app_takes_both() {
    let laptop = laptop().await;
    let text = sign_in(&laptop, &first(), "openid digital-auth/address").await;
    let address = first().claims["address"].clone();
    assert_eq!(text.id_token["address"], address.as_str());
    let object = Variation {
        overridden_address: OverriddenAddress::Object,
        ..Variation::default()
    };
    laptop.cognito.vary(object).unwrap();
    let object = sign_in(&laptop, &first(), "openid digital-auth/address").await;
    assert_eq!(object.id_token["address"], json!({ "formatted": address }));
    laptop.stop().await;
}

#[tokio::test]
async fn triggers_that_are_called_twice_change_nothing() {
    for repeated_triggers in [RepeatedTriggers::Always, RepeatedTriggers::Never] {
        let variation = Variation {
            repeated_triggers,
            ..Variation::default()
        };
        let laptop = laptop_with(|options| options.variation = variation).await;
        let signed_in = sign_in(&laptop, &first(), &everything()).await;
        assert_eq!(signed_in.id_token["name"], first().claims["name"].as_str());
        let granted = if repeated_triggers == RepeatedTriggers::Always {
            2
        } else {
            1
        };
        assert_eq!(
            told(&laptop.triggers.pre_token_generation, "claims_granted"),
            granted
        );
        laptop.stop().await;
    }
}

#[tokio::test]
async fn the_groups_of_a_user_are_kept() {
    let laptop = laptop().await;
    sign_in(&laptop, &first(), "openid").await;
    laptop
        .cognito
        .add_to_group(&username(&first()), "residents")
        .unwrap();
    for scopes in ["openid".to_owned(), everything()] {
        let signed_in = sign_in(&laptop, &first(), &scopes).await;
        for claims in [&signed_in.id_token, &signed_in.access_token] {
            // Amazon Cognito also makes a group for the users of each provider.
            let groups = claims["cognito:groups"].as_array().expect("groups");
            assert!(groups.contains(&json!("residents")), "{scopes}");
        }
    }
    laptop.stop().await;
}

#[tokio::test]
async fn an_app_that_names_no_scope_gets_what_its_client_may_have() {
    let laptop = laptop().await;
    let signed_in = sign_in(&laptop, &first(), "").await;
    assert_eq!(signed_in.id_token["name"], first().claims["name"].as_str());
    assert_eq!(ours(&signed_in.userinfo), BTreeMap::new());
    laptop.stop().await;
}

#[tokio::test]
async fn a_sign_in_whose_record_is_not_believed_fails_and_writes_nothing() {
    let other_key = kit::sealing_keys_json(&[2]);
    for (variable, value, class) in [
        (
            pre_token_generation::variables::RECORD_KEYS,
            other_key.as_str(),
            "record_unknown_key",
        ),
        (
            pre_token_generation::variables::SERVICE_ISSUER,
            "https://service.example",
            "record_other_issuer",
        ),
    ] {
        let laptop = laptop_with(|options| {
            options.trigger_environment = variables([(variable, Some(value))]);
        })
        .await;
        let outcome = laptop.login(&browser(), &first().id, None).await.unwrap();
        let Outcome::Failed(failed) = outcome else {
            panic!("signed in")
        };
        assert_eq!(failed.class.as_deref(), Some(class));
        assert!(failed.support_id.is_some(), "{failed:?}");
        assert_eq!(laptop.cognito.users(), BTreeMap::new());
        laptop.stop().await;
    }
}

/// Attributes of the user pool that only a client sees which reads custom attributes.
const CUSTOM: [&str; 2] = [attribute::RECORD, attribute::VERIFIED_AT];

/// The attributes that these claims show, including custom ones.
fn shown(claims: &Map<String, Value>) -> Vec<&str> {
    let names = ATTRIBUTES.iter().chain(&CUSTOM).copied();
    names.filter(|name| claims.contains_key(*name)).collect()
}

/// An app client without `ReadAttributes`: it may read every standard attribute.
fn reads_every_standard_attribute(cognito: &mut CognitoOptions) {
    cognito.app_clients[0].read_attributes = None;
    cognito.app_clients[0]
        .allowed_scopes
        .push(OWN_USER.to_owned());
}

/// An app client that may read every attribute of the user pool.
fn reads_everything(cognito: &mut CognitoOptions) {
    let names = cognito
        .schema
        .iter()
        .map(|attribute| attribute.name.clone());
    cognito.app_clients[0].read_attributes = Some(names.collect());
    let scopes = [OWN_USER, "profile"].map(str::to_owned);
    cognito.app_clients[0].allowed_scopes.extend(scopes);
}

/// Tests a client that may read attributes. `/oauth2/userInfo` gives them as they are in the user
/// pool, since it invokes no trigger. The tokens have them only if our scopes were granted, and as
/// they are in the record.
async fn tokens_follow_scopes_and_userinfo_the_pool(
    client: fn(&mut CognitoOptions),
    more: &str,
    readable: &[&str],
) {
    let laptop = laptop_with(|options| options.cognito = client).await;
    let person = first();
    let asking = |ours: &str| format!("openid {OWN_USER} {more} {ours}");
    let check = |signed_in: &SignedIn, granted: &[&str], in_pool: &str| {
        assert_eq!(shown(&signed_in.id_token), granted, "ID token");
        for claim in granted {
            let proved = person.claims[*claim].as_str();
            assert_eq!(signed_in.id_token[*claim], proved, "{claim}");
        }
        assert_eq!(shown(&signed_in.access_token), [""; 0], "access token");
        assert_eq!(shown(&signed_in.userinfo), readable, "userinfo");
        assert_eq!(signed_in.userinfo["name"], in_pool);
    };
    let proved = person.claims["name"].as_str();
    let without = sign_in(&laptop, &person, &asking("")).await;
    check(&without, &[], proved);
    let ours = "digital-auth/name digital-auth/gender";
    let with = sign_in(&laptop, &person, &asking(ours)).await;
    check(&with, &["name", "gender"], proved);

    let forged = [
        ("name", "偽名の人"),
        ("address", "偽の住所"),
        ("birthdate", "1900-01-01"),
        ("gender", "other"),
    ];
    overwrite(&laptop, &with, &forged).await;
    for (signed_in, granted) in [(&without, &[][..]), (&with, &["name", "gender"])] {
        let refreshed = laptop.refresh(signed_in).await.unwrap();
        check(&refreshed, granted, "偽名の人");
        for claims in [&refreshed.id_token, &refreshed.access_token] {
            let token = Value::Object(claims.clone()).to_string();
            for (name, value) in forged {
                assert!(!token.contains(value), "what the user wrote as {name}");
            }
        }
    }
    laptop.stop().await;
}

#[tokio::test]
async fn a_client_that_reads_every_standard_attribute_has_tokens_by_scopes_and_userinfo_of_the_pool()
 {
    let readable = ATTRIBUTES;
    tokens_follow_scopes_and_userinfo_the_pool(reads_every_standard_attribute, "", &readable).await;
}

#[tokio::test]
async fn a_client_that_reads_custom_attributes_too_gets_no_record_in_a_token() {
    let readable = [&ATTRIBUTES[..], &CUSTOM].concat();
    tokens_follow_scopes_and_userinfo_the_pool(reads_everything, "profile", &readable).await;
}

/// Signs a person in, and then changes their birth date at the service to one that is only partly
/// known.
async fn lose_the_birth_date(laptop: &Laptop) {
    sign_in(laptop, &first(), "openid").await;
    let known = first().claims["birthdate"].clone();
    assert_eq!(
        laptop.cognito.users()[&username(&first())]["birthdate"],
        known
    );
    let partial = json!("19850300");
    (laptop
        .service
        .change_attribute(&first().id, "birthdate", partial))
    .unwrap();
}

/// It is unknown whether an empty value clears `birthdate` at Amazon Cognito. So by default the
/// attribute is left alone.
#[tokio::test]
async fn a_birth_date_that_is_gone_stays_in_the_pool_and_is_in_no_token() {
    let laptop = laptop().await;
    lose_the_birth_date(&laptop).await;
    let signed_in = sign_in(&laptop, &first(), &everything()).await;
    assert!(!signed_in.id_token.contains_key("birthdate"));
    // The known month of birth is enough to know that the person is over 20.
    assert_eq!(signed_in.id_token["age_over_20"], true);
    assert_eq!(signed_in.id_token["name"], first().claims["name"].as_str());
    let known = first().claims["birthdate"].clone();
    assert_nowhere(&signed_in, [known.as_str()]);
    assert_eq!(
        laptop.cognito.users()[&username(&first())]["birthdate"],
        known
    );
    laptop.stop().await;
}

#[tokio::test]
async fn a_birth_date_that_is_gone_is_cleared_where_that_is_asked_for_and_the_pool_takes_it() {
    let laptop = laptop_with(|options| {
        options.trigger_environment =
            variables([(inbound_federation::variables::BIRTHDATE_GONE, Some("clear"))]);
    })
    .await;
    lose_the_birth_date(&laptop).await;
    let outcome = laptop.login(&browser(), &first().id, None).await.unwrap();
    let Outcome::Failed(failed) = outcome else {
        panic!("signed in, though the pool doesn't take an empty birth date")
    };
    let words = "Invalid user attributes: birthdate: Attribute value length is out of range.";
    assert_eq!(failed.description, words);

    let clear = Variation {
        empty_values: EmptyValues::Clear,
        ..Variation::default()
    };
    laptop.cognito.vary(clear).unwrap();
    let signed_in = sign_in(&laptop, &first(), &everything()).await;
    assert!(!signed_in.id_token.contains_key("birthdate"));
    let user = &laptop.cognito.users()[&username(&first())];
    assert!(!user.contains_key("birthdate"));
    laptop.stop().await;
}

/// If the service doesn't say when the person authenticated, neither the tokens nor the user pool
/// have a time, even if an earlier sign-in wrote one. This holds for a first sign-in, too.
#[tokio::test]
async fn a_sign_in_without_a_time_of_authentication_leaves_none_anywhere() {
    let laptop = laptop().await;
    let verified_at = || {
        laptop.cognito.users()[&username(&first())]
            .get(attribute::VERIFIED_AT)
            .cloned()
    };
    let login = async |fault| {
        let outcome = laptop.login(&browser(), &first().id, fault).await;
        match outcome.unwrap() {
            Outcome::SignedIn(signed_in) => *signed_in,
            Outcome::Failed(failed) => panic!("{failed:?}"),
        }
    };
    let unknown = Some(Fault::IdTokenMissingAuthenticationTime);
    for (fault, is_known) in [(unknown, false), (None, true), (unknown, false)] {
        let signed_in = login(fault).await;
        assert_eq!(verified_at().is_some(), is_known);
        for claims in [&signed_in.id_token, &signed_in.access_token] {
            assert_eq!(claims["identity_verified"], true);
            assert_eq!(claims.contains_key("verified_at"), is_known);
        }
    }
    laptop.stop().await;
}

/// The bridge seals a new record in each sign-in. Each of them belongs to the user.
#[tokio::test]
async fn two_sign_ins_have_two_records_and_the_earlier_one_still_counts() {
    let laptop = stack_with_own_users(|_| {}).await;
    let scopes = format!("openid digital-auth/name {OWN_USER}");
    let person = first();
    sign_in(&laptop, &person, &scopes).await;
    let earlier = record_of(&laptop, &person);
    let signed_in = sign_in(&laptop, &person, &scopes).await;
    assert!(
        earlier != record_of(&laptop, &person),
        "two seals of one record are the same"
    );
    overwrite(&laptop, &signed_in, &[(attribute::RECORD, &earlier)]).await;
    let refreshed = laptop.refresh(&signed_in).await.unwrap();
    assert_eq!(refreshed.id_token["name"], person.claims["name"].as_str());
    laptop.stop().await;
}
