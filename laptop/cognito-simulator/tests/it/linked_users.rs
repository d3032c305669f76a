//! Tests of linked users: which user an identity signs in as, and which links are refused.
//! The pool has users of its own and of a company's provider. A card's identity is linked, and then
//! exactly the expected user signs in. The rules are those of AdminLinkProviderForUser. Each
//! refusal is shown beside a link that is accepted.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use cognito_simulator::{CognitoOptions, LinkFailure, PoolAttribute, ProviderType, UserFailure};
use kit::payload;
use serde_json::{Value, json};

use crate::triggers::triggered;
use crate::user_pool_api::{SIGNED, attributes};
use crate::world::*;

const CARD: (&str, &str) = ("MynaApp", "Subject-1");
const COMPANY: &str = "CompanyIdP";

fn texts(of: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = of.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// A pool with a user of its own, `Taro`, and a user of the company's provider,
/// `CompanyIdP_Taro@example.com`.
async fn company() -> World {
    company_with(|_| {}).await
}

async fn company_with(change: impl FnOnce(&mut CognitoOptions)) -> World {
    let world = world_with(change).await;
    let cognito = &world.cognito;
    let own = texts(&[("email", "taro@example.com"), ("name", "Taro")]);
    cognito.create_user("Taro", &own).unwrap();
    cognito.add_provider(COMPANY, ProviderType::Saml).unwrap();
    let theirs = texts(&[("email", "taro@example.com")]);
    let username = cognito.create_federated_user(COMPANY, "Taro@example.com", &theirs);
    assert_eq!(username.as_deref(), Ok("companyidp_taro@example.com"));
    world
}

impl World {
    fn subject(&self, subject: &str) {
        self.script(|script| {
            script.claims["sub"] = json!(subject);
            script.userinfo["sub"] = json!(subject);
        });
    }

    fn user(&self, username: &str) -> BTreeMap<String, String> {
        self.cognito.users()[username].clone()
    }

    fn identities(&self, username: &str) -> Value {
        serde_json::from_str(&self.user(username)["identities"]).unwrap()
    }

    async fn tokens(&self) -> Value {
        let code = self.succeeds().await;
        let (status, tokens) = self.redeem(&[("code", &code)]).await;
        assert_eq!(status, 200);
        tokens
    }

    async fn administer(&self, operation: &str, body: &Value) -> (u16, Value) {
        let headers = [
            ("authorization", SIGNED),
            ("x-amz-date", "20260205T065210Z"),
        ];
        self.call(operation, body, &headers).await
    }

    fn link_body(&self, destination: Value, source: Value) -> Value {
        json!({
            "UserPoolId": self.cognito.user_pool_id(),
            "DestinationUser": destination, "SourceUser": source,
        })
    }
}

fn subject_of(provider: &str, subject: &str) -> Value {
    json!({
        "ProviderName": provider, "ProviderAttributeName": "Cognito_Subject",
        "ProviderAttributeValue": subject,
    })
}

// ---- Who signs in -------------------------------------------------------------------------------

#[tokio::test]
async fn a_linked_card_signs_in_as_the_native_user_and_overwrites_what_is_mapped() {
    let world = company().await;
    let before = world.user("taro");
    world.clock.advance(TimeDelta::minutes(1));
    world.cognito.link_user("Taro", CARD.0, CARD.1).unwrap();
    let linked = world.clock.now().timestamp_millis().to_string();
    let identities = json!([{
        "userId": "Subject-1", "providerName": "MynaApp", "providerType": "OIDC",
        "issuer": null, "primary": "false", "dateCreated": linked,
    }]);
    assert_eq!(world.identities("taro"), identities, "before any sign-in");

    world.clock.advance(TimeDelta::minutes(1));
    let tokens = world.tokens().await;
    let id_token = payload(tokens["id_token"].as_str().unwrap());
    assert_eq!(id_token["cognito:username"], "taro");
    assert_eq!(id_token["sub"], json!(before["sub"]));
    assert_eq!(id_token["identities"], identities);
    assert_eq!(id_token.get("cognito:groups"), None);
    let access_token = payload(tokens["access_token"].as_str().unwrap());
    assert_eq!(access_token["username"], "taro");
    let after = world.user("taro");
    assert_eq!(after["name"], "山田　太郎", "the provider's claim wins");
    assert_eq!(after["birthdate"], "1985-03-15");
    assert_eq!(after["email"], "taro@example.com", "isn't mapped");
    assert_eq!(world.identities("taro"), identities);
    assert_eq!(world.cognito.users().len(), 2, "nobody is made");

    // Every sign-in writes the mapped attributes again.
    world.set_claim("name", json!("山田　次郎"));
    world.succeeds().await;
    assert_eq!(world.user("taro")["name"], "山田　次郎");
}

#[tokio::test]
async fn a_linked_card_signs_in_as_the_companys_user_whose_own_identity_stays_primary() {
    let world = company().await;
    let username = "companyidp_taro@example.com";
    let made = world.clock.now().timestamp_millis().to_string();
    let own = json!({
        "userId": "Taro@example.com", "providerName": "CompanyIdP", "providerType": "SAML",
        "issuer": null, "primary": "true", "dateCreated": made,
    });
    assert_eq!(world.identities(username), json!([own]));
    let sub = world.user(username)["sub"].clone();
    world.clock.advance(TimeDelta::minutes(1));
    world.cognito.link_user(username, CARD.0, CARD.1).unwrap();
    let linked = json!({
        "userId": "Subject-1", "providerName": "MynaApp", "providerType": "OIDC",
        "issuer": null, "primary": "false",
        "dateCreated": world.clock.now().timestamp_millis().to_string(),
    });
    let tokens = world.tokens().await;
    let id_token = payload(tokens["id_token"].as_str().unwrap());
    assert_eq!(id_token["cognito:username"], username);
    assert_eq!(id_token["sub"], json!(sub));
    assert_eq!(id_token["identities"], json!([own, linked]));
    assert_eq!(
        id_token["cognito:groups"],
        json!(["ap-northeast-1_Example01_CompanyIdP"]),
        "not the card's provider"
    );
}

#[tokio::test]
async fn a_card_that_is_not_linked_is_a_user_of_its_own_and_subjects_are_compared_exactly() {
    let world = company().await;
    world
        .cognito
        .link_user("Taro", CARD.0, "SUBJECT-1")
        .unwrap();
    world.succeeds().await;
    let users = world.cognito.users();
    assert!(users.contains_key("mynaapp_subject-1"));
    assert!(!users["taro"].contains_key("birthdate"));
    world.subject("SUBJECT-1");
    world.succeeds().await;
    assert_eq!(world.user("taro")["birthdate"], "1985-03-15");
    assert_eq!(world.cognito.users().len(), 3);
}

#[tokio::test]
async fn the_rules_of_attributes_hold_for_the_user_who_signs_in() {
    let sub = |world: &World| {
        let cognito = &world.cognito;
        cognito.link_user("Taro", CARD.0, CARD.1).unwrap();
        world.user("taro")
    };
    // A required attribute: the linked user has it, although the card doesn't bring it. A new user
    // wouldn't have it.
    let world = company_with(|options| {
        let email = options.schema.iter_mut();
        let email = email.filter(|attribute| attribute.name == "email");
        email.for_each(|attribute| attribute.required = true);
    })
    .await;
    sub(&world);
    world.succeeds().await;
    world.subject("Subject-2");
    let required = "Invalid user attributes: email: The attribute is required.";
    world.fails("invalid_request", required).await;

    // An immutable attribute: the linked user isn't new, so it can't be written.
    let world = company_with(|options| {
        let name = options.schema.iter_mut();
        let name = name.filter(|attribute| attribute.name == "gender");
        name.for_each(|attribute| attribute.mutable = false);
    })
    .await;
    let before = sub(&world);
    let immutable = "Invalid user attributes: gender: Attribute cannot be updated.";
    world.fails("invalid_request", immutable).await;
    assert_eq!(world.user("taro"), before, "nothing is written");

    // An attribute that the app client can't write.
    let world = company_with(|options| {
        let writable = ["name", "email", "birthdate", "gender"];
        options.app_clients[0].write_attributes = Some(writable.map(str::to_owned).into());
    })
    .await;
    let before = sub(&world);
    let not_writable =
        "Invalid user attributes: address: A client attempted to write unauthorized attribute";
    world.fails("invalid_request", not_writable).await;
    assert_eq!(world.user("taro"), before, "nothing is written");
}

#[tokio::test]
async fn triggers_see_the_identity_first_and_then_the_user_whom_it_is_linked_to() {
    let triggered = triggered().await;
    let world = &triggered.world;
    world.cognito.create_user("Taro", &texts(&[])).unwrap();
    world.cognito.link_user("Taro", CARD.0, CARD.1).unwrap();
    world.cognito.add_to_group("Taro", "members").unwrap();
    let tokens = world.tokens().await;
    let inbound = triggered.inbound.events();
    assert_eq!(inbound[0]["userName"], "MynaApp_Subject-1");
    assert_eq!(inbound[0]["request"]["providerName"], "MynaApp");
    let events = triggered.tokens.events();
    let user = world.user("taro");
    assert_eq!(events[0]["userName"], "taro");
    assert_eq!(events[0]["triggerSource"], "TokenGeneration_HostedAuth");
    let seen = &events[0]["request"]["userAttributes"];
    assert_eq!(seen["cognito:user_status"], "CONFIRMED");
    assert_eq!(seen["sub"], json!(user["sub"]));
    assert_eq!(seen["identities"], json!(user["identities"]));
    assert_eq!(seen["birthdate"], "1985-03-15");
    let groups = &events[0]["request"]["groupConfiguration"]["groupsToOverride"];
    assert_eq!(groups, &json!(["members"]));

    // A refresh token belongs to the user, even after the link is removed.
    let token = tokens["refresh_token"].as_str().unwrap();
    world.cognito.unlink_user(CARD.0, CARD.1).unwrap();
    let (status, refreshed) = triggered.refresh(token).await;
    assert_eq!(status, 200);
    let id_token = payload(refreshed["id_token"].as_str().unwrap());
    assert_eq!(id_token["cognito:username"], "taro");
    assert_eq!(id_token.get("identities"), None);
    world.cognito.delete_user("Taro").unwrap();
    let gone = (400, json!({"error": "invalid_grant"}));
    assert_eq!(triggered.refresh(token).await, gone);
}

#[tokio::test]
async fn without_its_link_or_its_user_an_identity_is_somebody_new() {
    let world = company().await;
    let cognito = &world.cognito;
    cognito.link_user("Taro", CARD.0, CARD.1).unwrap();
    world.succeeds().await;
    cognito.unlink_user(CARD.0, CARD.1).unwrap();
    assert_eq!(world.user("taro").get("identities"), None);
    assert_eq!(world.user("taro")["birthdate"], "1985-03-15", "stays");
    world.succeeds().await;
    assert!(cognito.users().contains_key("mynaapp_subject-1"));

    // If an identity has its own user, that user has to be deleted before the identity can be
    // linked.
    let merging = cognito.link_user("Taro", CARD.0, CARD.1);
    assert_eq!(merging, Err(LinkFailure::SourceSignedUp));
    cognito.delete_user("MynaApp_Subject-1").unwrap();
    cognito.link_user("Taro", CARD.0, CARD.1).unwrap();
    world.succeeds().await;
    assert!(!cognito.users().contains_key("mynaapp_subject-1"));

    cognito.delete_user("Taro").unwrap();
    world.succeeds().await;
    assert!(cognito.users().contains_key("mynaapp_subject-1"));
}

// ---- What is refused ----------------------------------------------------------------------------

#[tokio::test]
async fn a_source_is_a_known_providers_identity_that_is_nobodys() {
    let world = company().await;
    let cognito = &world.cognito;
    let link = |provider: &str, subject: &str| cognito.link_user("taro", provider, subject);
    let unknown = cognito.link_user("nobody", CARD.0, CARD.1);
    assert_eq!(unknown, Err(LinkFailure::UserUnknown));
    assert_eq!(link("OtherIdP", "x"), Err(LinkFailure::ProviderUnknown));
    assert_eq!(link("mynaapp", "x"), Err(LinkFailure::ProviderUnknown));
    assert_eq!(link("Cognito", "taro"), Err(LinkFailure::SourceIsNative));
    for subject in ["", "a b", &"a".repeat(121)] {
        assert_eq!(link(CARD.0, subject), Err(LinkFailure::Subject));
    }
    link(CARD.0, &"a".repeat(120)).unwrap();

    // An identity that signed in before. In a pool that isn't case-sensitive, also one whose
    // subject differs from it only in case.
    for subject in ["Taro@example.com", "TARO@example.com"] {
        assert_eq!(link(COMPANY, subject), Err(LinkFailure::SourceSignedUp));
    }
    // One of the pool's own users, whose username looks like that of a federated one.
    cognito.create_user("MynaApp_Native", &texts(&[])).unwrap();
    assert_eq!(link(CARD.0, "Native"), Err(LinkFailure::SourceIsNative));

    link(CARD.0, CARD.1).unwrap();
    assert_eq!(link(CARD.0, CARD.1), Err(LinkFailure::AlreadyLinked));
    let other = "companyidp_taro@example.com";
    let again = cognito.link_user(other, CARD.0, CARD.1);
    assert_eq!(again, Err(LinkFailure::AlreadyLinked));
    assert_eq!(world.identities("taro").as_array().unwrap().len(), 2);
    assert_eq!(world.identities(other).as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_user_has_five_identities_at_most() {
    let world = company().await;
    let (native, company) = ("taro", "companyidp_taro@example.com");
    for (user, can_be_linked) in [(native, 5), (company, 4)] {
        for number in 0..can_be_linked {
            let subject = format!("{user}-{number}");
            let linked = world.cognito.link_user(user, CARD.0, &subject);
            assert_eq!(linked, Ok(()), "{subject}");
        }
        let one_more = world.cognito.link_user(user, CARD.0, "one-more");
        assert_eq!(one_more, Err(LinkFailure::TooMany));
        assert_eq!(world.identities(user).as_array().unwrap().len(), 5);
    }
    world.cognito.unlink_user(CARD.0, "taro-0").unwrap();
    world.cognito.link_user(native, CARD.0, "one-more").unwrap();
}

#[tokio::test]
async fn a_destination_has_no_immutable_attribute() {
    let world = company_with(|options| {
        options.schema.push(PoolAttribute {
            mutable: false,
            ..PoolAttribute::new("custom:employee")
        });
    })
    .await;
    let cognito = &world.cognito;
    let employee = texts(&[("custom:employee", "12345")]);
    cognito.create_user("hanako", &employee).unwrap();
    let refused = cognito.link_user("hanako", CARD.0, CARD.1);
    let name = "custom:employee".to_owned();
    assert_eq!(refused, Err(LinkFailure::Immutable { name }));
    cognito.link_user("taro", CARD.0, CARD.1).unwrap();
}

#[tokio::test]
async fn only_links_can_be_removed() {
    let world = company().await;
    let unlink = |provider: &str, subject: &str| world.cognito.unlink_user(provider, subject);
    assert_eq!(unlink(CARD.0, CARD.1), Err(LinkFailure::UserUnknown));
    let own = unlink(COMPANY, "Taro@example.com");
    assert_eq!(own, Err(LinkFailure::NotLinked));
    assert_eq!(unlink("Cognito", "taro"), Err(LinkFailure::NotLinked));
    world.cognito.link_user("taro", CARD.0, CARD.1).unwrap();
    assert_eq!(unlink(CARD.0, "subject-1"), Err(LinkFailure::UserUnknown));
    assert_eq!(unlink(CARD.0, CARD.1), Ok(()));
}

// ---- Users of another provider ------------------------------------------------------------------

#[tokio::test]
async fn a_user_of_another_provider_is_made_as_their_first_sign_in_would() {
    let world = company_with(|options| {
        options.schema.push(PoolAttribute::new("custom:employee"));
    })
    .await;
    let cognito = &world.cognito;
    let pool = cognito.user_pool_id();
    let (_, user) = world
        .admin_get_user(pool, "CompanyIdP_Taro@example.com")
        .await;
    assert_eq!(user["UserStatus"], "EXTERNAL_PROVIDER");
    assert_eq!(attributes(&user)["email"], "taro@example.com");
    let none = texts(&[]);
    let make = |provider: &str, subject: &str, attributes: &BTreeMap<String, String>| {
        cognito.create_federated_user(provider, subject, attributes)
    };
    for provider in ["OtherIdP", "MynaApp", "Cognito"] {
        let refused = make(provider, "x", &none);
        assert_eq!(refused, Err(UserFailure::NoProvider), "{provider}");
    }
    for taken in ["Taro@example.com", "taro@example.com"] {
        assert_eq!(make(COMPANY, taken, &none), Err(UserFailure::Taken));
    }
    cognito.link_user("taro", COMPANY, "linked").unwrap();
    assert_eq!(make(COMPANY, "linked", &none), Err(UserFailure::Taken));
    for refused in [
        ("birthdate", "1985"),
        ("custom:unknown", "x"),
        ("custom:employee", "the app client can't write it"),
    ] {
        let refused = make(COMPANY, "x", &texts(&[refused]));
        assert_eq!(refused, Err(UserFailure::Invalid));
    }
    assert_eq!(make(COMPANY, "a b", &none), Err(UserFailure::Invalid));
    assert_eq!(make(COMPANY, "", &none), Err(UserFailure::Invalid));
    assert_eq!(
        make(COMPANY, "x", &none).as_deref(),
        Ok("companyidp_x"),
        "and the failed ones left nothing"
    );

    let add = |name: &str| cognito.add_provider(name, ProviderType::Oidc);
    for invalid in ["", "ab", "Company_IdP", "Company IdP", "Cognito"] {
        assert_eq!(add(invalid), Err(UserFailure::Invalid), "{invalid}");
    }
    for taken in ["MynaApp", COMPANY] {
        assert_eq!(add(taken), Err(UserFailure::Taken), "{taken}");
    }
}

// ---- The user pool's API ------------------------------------------------------------------------

#[tokio::test]
async fn an_administrator_links_and_removes_links() {
    let world = company().await;
    let native = json!({"ProviderName": "Cognito", "ProviderAttributeValue": "Taro"});
    let body = world.link_body(native, subject_of(CARD.0, CARD.1));
    let done = (200, json!({}));
    let link = "AdminLinkProviderForUser";
    assert_eq!(world.administer(link, &body).await, done);
    let pool = world.cognito.user_pool_id();
    let (_, user) = world.admin_get_user(pool, "taro").await;
    assert_eq!(user["UserStatus"], "CONFIRMED");
    assert_eq!(attributes(&user), world.user("taro"));
    assert_eq!(world.identities("taro")[0]["userId"], "Subject-1");

    // A federated destination is named by the provider's subject.
    let company = subject_of(COMPANY, "Taro@example.com");
    let body = world.link_body(company, subject_of(CARD.0, "Subject-2"));
    assert_eq!(world.administer(link, &body).await, done);
    let identities = world.identities("companyidp_taro@example.com");
    assert_eq!(identities[1]["userId"], "Subject-2");

    let body = json!({"UserPoolId": pool, "User": subject_of(CARD.0, CARD.1)});
    let unlink = "AdminDisableProviderForUser";
    assert_eq!(world.administer(unlink, &body).await, done);
    assert_eq!(world.user("taro").get("identities"), None);
    let not_found = json!({"__type": "UserNotFoundException", "message": "User does not exist."});
    assert_eq!(world.administer(unlink, &body).await, (400, not_found));

    let steps = world.journal.steps();
    let told = steps.iter().find(|step| step.request == link).unwrap();
    let shown = told.parameters.iter().find(|p| p.name == "SourceUser");
    assert_eq!(shown.unwrap().value, "7 + 9 bytes");
    let journal = format!("{steps:?}");
    for personal in ["Subject-1", "Subject-2", "Taro"] {
        assert!(!journal.contains(personal), "{personal}");
    }
}

#[tokio::test]
async fn what_an_administrator_cannot_link_is_refused_in_awss_words() {
    let world = company().await;
    world.cognito.link_user("taro", CARD.0, "linked").unwrap();
    let native = json!({"ProviderName": "Cognito", "ProviderAttributeValue": "taro"});
    let card = subject_of(CARD.0, CARD.1);
    let (invalid, not_found) = ("InvalidParameterException", "UserNotFoundException");
    let nobody = "User does not exist.";
    let refuses = async |destination: &Value, source: &Value, exception: &str, message: &str| {
        let body = world.link_body(destination.clone(), source.clone());
        let refused = world.administer("AdminLinkProviderForUser", &body).await;
        let expected = json!({"__type": exception, "message": message});
        assert_eq!(refused, (400, expected));
    };
    let signed_up = subject_of(COMPANY, "Taro@example.com");
    let merging = "Merging is not currently supported, provide a SourceUser that has not been \
        signed up in order to link";
    refuses(&native, &signed_up, invalid, merging).await;
    let linked = subject_of(CARD.0, "linked");
    let already = "SourceUser is already linked to DestinationUser";
    refuses(&native, &linked, invalid, already).await;
    let source_is_native = "Invalid SourceUser: Cognito users with a username/password may not be \
        passed in as a SourceUser, only as a DestinationUser";
    let own = subject_of("Cognito", "taro");
    refuses(&native, &own, invalid, source_is_native).await;
    for destination in [
        subject_of("Cognito", "nobody"),
        // A federated user isn't named by username, and nobody is named by a linked identity.
        subject_of("Cognito", "companyidp_taro@example.com"),
        subject_of(COMPANY, "companyidp_taro@example.com"),
        subject_of(COMPANY, "taro@example.com"),
        linked,
    ] {
        refuses(&destination, &card, not_found, nobody).await;
    }
    let subject_only = "ProviderAttributeName can only be Cognito_Subject here";
    for name in [json!("email"), json!(null)] {
        let mut source = card.clone();
        source["ProviderAttributeName"] = name;
        refuses(&native, &source, invalid, subject_only).await;
    }
    for number in 0..4 {
        let subject = format!("more-{number}");
        world.cognito.link_user("taro", CARD.0, &subject).unwrap();
    }
    let most = "The user has five federated identities, and can have no more";
    refuses(&native, &card, "LimitExceededException", most).await;

    let only_links = json!({"__type": invalid, "message": "Only links can be removed here"});
    let pool = world.cognito.user_pool_id();
    let body = json!({"UserPoolId": pool, "User": signed_up});
    let refused = world.administer("AdminDisableProviderForUser", &body).await;
    assert_eq!(refused, (400, only_links));
}

#[tokio::test]
async fn links_are_made_and_removed_by_signed_requests_to_this_pool_alone() {
    let world = company().await;
    let native = json!({"ProviderName": "Cognito", "ProviderAttributeValue": "taro"});
    let mut body = world.link_body(native, subject_of(CARD.0, CARD.1));
    body["User"] = subject_of(CARD.0, CARD.1);
    let exception = |answer: (u16, Value)| answer.1["__type"].as_str().unwrap().to_owned();
    for operation in ["AdminLinkProviderForUser", "AdminDisableProviderForUser"] {
        let unsigned = exception(world.call(operation, &body, &[]).await);
        assert_eq!(unsigned, "MissingAuthenticationTokenException");
        let mut other = body.clone();
        other["UserPoolId"] = json!("ap-northeast-1_Other");
        let other = exception(world.administer(operation, &other).await);
        assert_eq!(other, "ResourceNotFoundException");
        let malformed = exception(world.administer(operation, &json!({})).await);
        assert_eq!(malformed, "SerializationException");
    }
    assert_eq!(world.user("taro").get("identities"), None);
}
