//! Users who have another source of attributes besides the card: a password in the user pool, or a
//! company's provider. Attributes that the bridge doesn't ask for are their own, and stay in the
//! user pool and in tokens. Attributes that the bridge asks for come from a record or not at all.
//! An app that asks for one of our scopes gets nothing that no card has proved.

use std::collections::{BTreeMap, BTreeSet};

use cognito_simulator::ProviderType;
use demo::laptop::SERVICE_CLIENT_ID;
use four_attributes::{Attribute, FourAttributes};
use local_lambda::DirectFunction;
use login_kit::{Laptop, laptop_with, variables};
use loopback::clock::SimClock;
use serde_json::{Value, json};
use service_simulator::persona::personas;
use user_pool::attribute;
use user_pool::claim::Claim;
use user_pool::scope::{AGES, Scope};

use super::pre_token_generation::{all, answered_hiding, derived};
use super::{
    PROVIDER, SUBJECT, VERIFIED_AT, assert_nothing_personal, event, invoke, pool_with, record,
    record_with, trigger,
};
use crate::claims::{everything, sign_in};

const INBOUND: &str = "inbound-federation";
const TOKENS: &str = "pre-token-generation";

const ATTRIBUTES: [&str; 4] = ["name", "address", "birthdate", "gender"];
const KEPT_IN: [&str; 3] = [
    attribute::RECORD,
    attribute::VERIFIED_AT,
    attribute::MEMBER_RECORD,
];
/// Users who are linked but haven't signed in with the card yet.
const BEFORE: [&str; 2] = ["linked-native-before", "linked-company-before"];
/// Users who are linked and have signed in with the card.
const AFTER: [&str; 2] = ["linked-native", "linked-company"];

fn tokens(attributes: &str) -> DirectFunction {
    let attributes = (attributes != "unset")
        .then_some((pre_token_generation::variables::ATTRIBUTES, attributes));
    let variables: Vec<_> = attributes
        .into_iter()
        .chain([(
            pre_token_generation::variables::MAX_VERIFICATION_AGE,
            "none",
        )])
        .collect();
    trigger(TOKENS, &variables)
}

/// A golden event of an app that requests these scopes.
fn asking(name: &str, scopes: &str) -> Value {
    let mut event = event(TOKENS, name, &record());
    let scopes: Vec<_> = scopes.split(' ').collect();
    event["request"]["scopes"] = json!(scopes);
    event
}

/// The event with an answer that adds these claims, and hides these attributes and those that hold
/// the record.
fn answered(event: &Value, id_token: &Value, access_token: &Value, hidden: &[&str]) -> Value {
    answered_hiding(event, id_token, access_token, &[hidden, &KEPT_IN].concat())
}

/// The claims that have one of these names.
fn only(claims: &Value, names: &[&str]) -> Value {
    let claims = claims.as_object().unwrap().iter();
    let named = claims.filter(|(name, _)| names.contains(&name.as_str()));
    Value::Object(
        named
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

/// Without our scopes, the attributes that the bridge asks for are hidden, since they may come from
/// the card. All others are the user's own.
#[tokio::test]
async fn without_our_scopes_a_linked_user_keeps_what_the_bridge_does_not_ask_for() {
    for (attributes, hidden) in [
        ("unset", &ATTRIBUTES[..]),
        ("name address birthdate gender", &ATTRIBUTES),
        ("birthdate", &["birthdate"]),
        ("name gender", &["name", "gender"]),
        ("none", &[]),
        ("", &[]),
    ] {
        let function = tokens(attributes);
        for name in BEFORE.iter().chain(&AFTER).chain(&["linked-user"]) {
            for scopes in ["openid", "openid email", "aws.cognito.signin.user.admin"] {
                let event = asking(name, scopes);
                let expected = answered(&event, &json!({}), &json!({}), hidden);
                let answer = invoke(&function, &event).await.unwrap();
                assert_eq!(answer, expected, "{attributes:?} {name} {scopes}");
            }
        }
        // A user who only has the card shows nothing, as always.
        for name in ["hosted-auth", "without-our-scopes"] {
            let event = asking(name, "openid");
            let expected = answered(&event, &json!({}), &json!({}), &ATTRIBUTES);
            let answer = invoke(&function, &event).await.unwrap();
            assert_eq!(answer, expected, "{attributes:?} {name}");
        }
        assert_nothing_personal(&function, &record());
    }
}

/// With our scopes, a requested attribute comes from the record or is hidden, whether or not the
/// bridge asks for it.
#[tokio::test]
async fn left_alone_is_never_believed_where_our_scope_was_asked_for() {
    let function = tokens("birthdate");
    let follows_from_birth_date = |claim: &Claim| {
        let attribute = claim.follows_from();
        attribute.is_none_or(|attribute| attribute == Attribute::BirthDate)
    };
    let from_birth_date: BTreeSet<_> = Scope::all(&AGES)
        .flat_map(Scope::claims)
        .filter(follows_from_birth_date)
        .map(Claim::name)
        .collect();
    let mut derived_from_birth_date = derived();
    let members = derived_from_birth_date.as_object_mut().unwrap();
    members.retain(|name, _| from_birth_date.contains(name.as_str()));
    let mut with_birth_date = derived_from_birth_date.clone();
    with_birth_date["birthdate"] = all()["birthdate"].clone();
    let none = json!({});
    let whole = event(TOKENS, "hosted-auth", &record());
    let every_scope = whole["request"]["scopes"].as_array().unwrap();
    let every_scope: Vec<_> = every_scope.iter().filter_map(Value::as_str).collect();
    let every_scope = &*every_scope.join(" ");
    for (names, scopes, id_token, access_token, hidden) in [
        // Before the first sign-in with the card, nothing is proved.
        (&BEFORE[..], every_scope, &none, &none, &ATTRIBUTES[..]),
        (
            &BEFORE,
            "openid digital-auth/name",
            &none,
            &none,
            &["name", "birthdate"],
        ),
        (
            &BEFORE,
            "openid digital-auth/age_over_20",
            &none,
            &none,
            &["birthdate"],
        ),
        // The record has all four attributes: the bridge once asked for them, and now doesn't any
        // more.
        (
            &AFTER,
            every_scope,
            &with_birth_date,
            &derived_from_birth_date,
            &ATTRIBUTES,
        ),
        (
            &AFTER,
            "openid digital-auth/name",
            &none,
            &none,
            &["name", "birthdate"],
        ),
        (
            &AFTER,
            "openid digital-auth/prefecture",
            &none,
            &none,
            &["birthdate"],
        ),
        (
            &AFTER,
            "openid digital-auth/unknown",
            &none,
            &none,
            &["birthdate"],
        ),
        (
            &["hosted-auth"],
            "openid digital-auth/name",
            &none,
            &none,
            &ATTRIBUTES,
        ),
    ] {
        for name in names {
            // If the event lacks a record, the trigger asks the user pool.
            let own = json!([{ "Name": "name", "Value": "別人" }]);
            let asks = [(pre_token_generation::variables::ATTRIBUTES, "birthdate")];
            let (function, _) = pool_with(TOKENS, Some(own), &asks);
            let event = asking(name, scopes);
            let answer = invoke(&function, &event).await.unwrap();
            let expected = answered(&event, id_token, access_token, hidden);
            assert_eq!(answer, expected, "{name} {scopes}");
            assert_nothing_personal(&function, &record());
        }
    }
    // The same rule holds for a user of the user pool who isn't linked.
    let event = event(TOKENS, "another-provider", "");
    let mut event_with_our_scope = event.clone();
    event_with_our_scope["request"]["scopes"] = json!(["openid", "digital-auth/name"]);
    assert_eq!(invoke(&function, &event).await.unwrap(), event);
    assert_eq!(
        invoke(&function, &event_with_our_scope).await.unwrap(),
        answered(&event_with_our_scope, &none, &none, &["name", "birthdate"])
    );
}

/// If the event has no identities, the trigger takes them from the user pool, or goes by the
/// username.
#[tokio::test]
async fn a_user_whose_identities_are_not_in_the_event_is_who_they_are() {
    let identities_of = |name: &str| {
        let event = event(TOKENS, name, "");
        event["request"]["userAttributes"]["identities"].clone()
    };
    let company = identities_of("linked-company");
    // A user who first signed in with the card, and who was linked to a company's identity later.
    let first_the_card = json!(
        json!([
            { "userId": SUBJECT, "providerName": PROVIDER, "primary": "true" },
            { "userId": "42", "providerName": "Company", "primary": "false" },
        ])
        .to_string()
    );
    let card = format!("{PROVIDER}_{SUBJECT}");
    for (name, user_name, identities, scopes, hidden) in [
        // If one of our scopes is requested, the trigger asks the user pool.
        (
            "linked-company",
            "Company_42",
            &company,
            "openid digital-auth/gender",
            &["birthdate", "gender"][..],
        ),
        (
            "linked-company",
            &card,
            &first_the_card,
            "openid digital-auth/gender",
            &["birthdate", "gender"],
        ),
        (
            "hosted-auth",
            &card,
            &identities_of("hosted-auth"),
            "openid digital-auth/gender",
            &ATTRIBUTES,
        ),
        // Otherwise it goes by the username, and by whether there is a record.
        (
            "linked-company",
            "Company_42",
            &company,
            "openid digital-auth/unknown",
            &["birthdate"],
        ),
        (
            "linked-company",
            "Company_42",
            &company,
            "openid",
            &["birthdate"],
        ),
        (
            "hosted-auth",
            &card,
            &identities_of("hosted-auth"),
            "openid",
            &ATTRIBUTES,
        ),
    ] {
        let kept = json!([{ "Name": "identities", "Value": identities }]);
        let asks = [(pre_token_generation::variables::ATTRIBUTES, "birthdate")];
        let (function, pool) = pool_with(TOKENS, Some(kept), &asks);
        let mut event = asking(name, scopes);
        event["userName"] = json!(user_name);
        let attributes = event["request"]["userAttributes"].as_object_mut();
        attributes.unwrap().remove("identities");
        let answer = invoke(&function, &event).await.unwrap();
        let expected = answered(&event, &json!({}), &json!({}), hidden);
        assert_eq!(answer, expected, "{name} {user_name} {scopes}");
        let asks_the_pool = scopes.ends_with("/gender");
        assert_eq!(pool.requests().len(), usize::from(asks_the_pool));
    }
    // The username alone doesn't make a user one of the card's: a user of the user pool chose this
    // one.
    let mut event = asking("linked-native", "openid");
    event["userName"] = json!(format!("{PROVIDER}_x"));
    let answer = invoke(&tokens("birthdate"), &event).await.unwrap();
    let expected = answered(&event, &json!({}), &json!({}), &["birthdate"]);
    assert_eq!(answer, expected);
}

/// What a sign-in writes: the attributes that the bridge asks for and that came. If such an
/// attribute didn't come, its setting decides. All other attributes are left alone.
#[tokio::test]
async fn a_sign_in_writes_what_the_bridge_asks_for_and_leaves_the_rest_alone() {
    let whole = record();
    let empty = record_with(1, |record| {
        record.person.attributes = FourAttributes::default();
    });
    let came = |name: &str| match name {
        "name" => json!({ "name": "山田　太郎" }),
        "address" => json!({
            "address": "横浜市中区本町６丁目５０番地の１０",
            "formatted_address": "横浜市中区本町６丁目５０番地の１０",
        }),
        "birthdate" => json!({ "birthdate": "1990-02-28" }),
        _ => json!({ "gender": "male" }),
    };
    let left = [
        (inbound_federation::variables::NAME_GONE, "leave"),
        (inbound_federation::variables::ADDRESS_GONE, "leave"),
        (inbound_federation::variables::BIRTHDATE_GONE, "leave"),
        (inbound_federation::variables::GENDER_GONE, "leave"),
    ];
    let cleared = [(inbound_federation::variables::BIRTHDATE_GONE, "clear")];
    for attributes in [
        "unset",
        "none",
        "name",
        "address",
        "birthdate",
        "gender",
        "name gender",
    ] {
        let configured: BTreeSet<&str> = match attributes {
            "unset" => ATTRIBUTES.into(),
            names => names.split(' ').filter(|name| *name != "none").collect(),
        };
        for (settings, record, expected) in [
            (&left[..], &whole, "came"),
            (&cleared, &whole, "came"),
            (&left, &empty, "left"),
            (&cleared, &empty, "cleared"),
        ] {
            let named = (attributes != "unset")
                .then_some((pre_token_generation::variables::ATTRIBUTES, attributes));
            let variables: Vec<_> = named.into_iter().chain(settings.iter().copied()).collect();
            let function = trigger(INBOUND, &variables);
            let mut written = json!({
                "sub": SUBJECT,
                "verified_at": VERIFIED_AT.to_string(),
                "verified_record": record,
            });
            for name in &configured {
                for (claim, value) in came(name).as_object().unwrap() {
                    match expected {
                        "came" => written[claim] = value.clone(),
                        "cleared" => written[claim] = json!(""),
                        _ => {}
                    }
                }
            }
            let event = event(INBOUND, "sign-in", record);
            let answer = invoke(&function, &event).await.unwrap();
            assert_eq!(
                answer["response"]["userAttributesToMap"], written,
                "{attributes} {settings:?} {expected}"
            );
        }
    }
}

/// Attributes that a user or their company wrote.
fn own() -> BTreeMap<String, String> {
    [
        ("name", "会社　花子"),
        ("address", "会社の住所"),
        ("birthdate", "1901-01-01"),
        ("gender", "other"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Those claims of an ID token that this project defines.
fn shown(id_token: &Value) -> Value {
    let derived = ["age_over_20", "prefecture", "identity_verified"];
    let mut shown = only(id_token, &[&ATTRIBUTES[..], &derived, &KEPT_IN].concat());
    // Amazon Cognito's own address claim is an object (OIDC Core §5.1.1).
    if let Some(address) = shown.pointer("/address/formatted").cloned() {
        shown["address"] = address;
    }
    shown
}

/// The four attributes as they are in the user pool.
fn kept(laptop: &Laptop, username: &str) -> Value {
    only(&json!(laptop.cognito.users()[username]), &ATTRIBUTES)
}

/// Signs a user in without the card, and gives the ID token, whose signature other tests verify.
/// Also checks that the access token names the granted scopes, which shows if somebody removed one
/// from the URL.
async fn without_the_card(laptop: &Laptop, username: &str, scopes: &str) -> Value {
    let asked: Vec<_> = scopes.split(' ').collect();
    let answer = laptop.cognito.sign_in_directly(username, &asked).await;
    let answer = answer.unwrap();
    let claims = |token: &str| kit::payload(answer[token].as_str().unwrap());
    assert_eq!(claims("access_token")["scope"], scopes);
    claims("id_token")
}

/// A user with a password and an employee of a company, both linked to the card, with a bridge that
/// only asks for the birth date. Whole sign-ins with all functions and the user pool's stand-in.
#[tokio::test]
async fn linking_costs_nobody_what_the_bridge_does_not_ask_for() {
    let laptop = laptop_with(|options| {
        options.environment = variables([(
            pre_token_generation::variables::ATTRIBUTES,
            Some("birthdate"),
        )]);
        // A client that may read every standard attribute, which is the default.
        options.cognito = |cognito| cognito.app_clients[0].read_attributes = None;
    })
    .await;
    let persona = personas(SimClock::default().now()).swap_remove(0);
    let subject = persona.subject(SERVICE_CLIENT_ID);
    let cognito = &laptop.cognito;
    cognito.add_provider("Company", ProviderType::Saml).unwrap();
    cognito.create_user("hanako", &own()).unwrap();
    let employee = cognito.create_federated_user("Company", "42", &own());
    let employee = employee.unwrap();
    let own = json!(own());
    let own_but = |name: &str| {
        let mut others = own.clone();
        others.as_object_mut().unwrap().remove(name);
        others
    };
    for username in ["hanako", employee.as_str()] {
        // Not linked: the user is not one of ours, and gets their own attributes. If our scopes are
        // requested, they are suppressed nevertheless.
        let id_token = without_the_card(&laptop, username, "openid").await;
        assert_eq!(shown(&id_token), own, "{username}");
        let id_token = without_the_card(&laptop, username, &everything()).await;
        assert_eq!(shown(&id_token), json!({}), "{username}");

        // Linked, but not yet signed in with the card.
        cognito.link_user(username, PROVIDER, &subject).unwrap();
        let id_token = without_the_card(&laptop, username, "openid").await;
        assert_eq!(shown(&id_token), own_but("birthdate"), "{username}");
        let id_token = without_the_card(&laptop, username, &everything()).await;
        assert_eq!(shown(&id_token), json!({}), "{username}");
        assert_eq!(kept(&laptop, username), own);

        // A sign-in with the card writes what was asked for, and the app gets what was proved.
        let signed_in = sign_in(&laptop, &persona, &everything()).await;
        let id_token = Value::Object(signed_in.id_token);
        assert_eq!(id_token["cognito:username"], username);
        let birth_date = kept(&laptop, username)["birthdate"].clone();
        assert_ne!(birth_date, own["birthdate"]);
        let proved = json!({
            "birthdate": birth_date, "age_over_20": true, "identity_verified": true,
        });
        assert_eq!(shown(&id_token), proved, "{username}");
        let mut expected = own.clone();
        expected["birthdate"] = birth_date;
        assert_eq!(kept(&laptop, username), expected, "{username}");

        // Later sign-ins, with the card and without.
        for scopes in ["openid", "openid digital-auth/age_over_20"] {
            let signed_in = sign_in(&laptop, &persona, scopes).await;
            let mut expected = own_but("birthdate");
            if scopes != "openid" {
                expected["age_over_20"] = json!(true);
            }
            assert_eq!(
                shown(&Value::Object(signed_in.id_token)),
                expected,
                "{username} {scopes}"
            );
            let id_token = without_the_card(&laptop, username, scopes).await;
            assert_eq!(shown(&id_token), expected, "{username} {scopes}");
        }
        let id_token = without_the_card(&laptop, username, "openid digital-auth/name").await;
        let mut expected = own_but("birthdate");
        expected.as_object_mut().unwrap().remove("name");
        assert_eq!(shown(&id_token), expected, "{username}");
        // No longer linked: what the card wrote is still there, and is still hidden.
        cognito.unlink_user(PROVIDER, &subject).unwrap();
        let id_token = without_the_card(&laptop, username, "openid").await;
        assert_eq!(shown(&id_token), own_but("birthdate"), "{username}");
        let id_token = without_the_card(&laptop, username, &everything()).await;
        assert_eq!(shown(&id_token), json!({}), "{username}");
    }
    // The card belongs to no user any more. It makes a new user, who shows nothing that wasn't
    // asked for.
    let signed_in = sign_in(&laptop, &persona, "openid").await;
    assert_eq!(shown(&Value::Object(signed_in.id_token)), json!({}));
    assert_eq!(
        kept(&laptop, &format!("{PROVIDER}_{subject}"))
            .as_object()
            .unwrap()
            .len(),
        1
    );
    laptop.stop().await;
}
