//! Members who sign in on the hosted page of the user pool, with a password and without an SDK: the
//! app asks for scopes, and a session keeps them.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use demo::laptop::{MEMBER_CALLBACK, MEMBER_CLIENT_ID};
use demo::member_app::{MemberApp, MemberTokens};
use kit::{parameters, payload};
use login_kit::{Form, Laptop, browser};
use loopback::user_agent::ACCEPT_PAGE;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};
use url::Url;

use super::{HANAKO, Member, laptop, name_of, password, refused};

/// A request to the token endpoint, as the app client without a secret that it is.
async fn tokens(laptop: &Laptop, form: &[(&str, &str)]) -> Value {
    let client = [("client_id", MEMBER_CLIENT_ID)];
    let form: Vec<_> = form.iter().chain(&client).collect();
    let sent = reqwest::Client::new()
        .post(laptop.cognito.token_url())
        .form(&form)
        .send();
    let answer = sent.await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

fn read(answer: &Value, refresh_token: Option<&SecretString>) -> MemberTokens {
    let text = |name: &str| answer[name].as_str().unwrap();
    let claims = |name: &str| payload(text(name)).as_object().unwrap().clone();
    MemberTokens {
        access_token: text("access_token").into(),
        refresh_token: refresh_token
            .cloned()
            .unwrap_or_else(|| text("refresh_token").into()),
        id_token_claims: claims("id_token"),
        access_token_claims: claims("access_token"),
    }
}

/// Signs a member in on the hosted page.
async fn signed_in<'a>(laptop: &'a Laptop, username: &str, scope: &str) -> Member<'a> {
    let verifier = "v".repeat(43);
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    let mut url: Url = laptop.cognito.authorize_url().parse().unwrap();
    url.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", MEMBER_CLIENT_ID),
        ("redirect_uri", MEMBER_CALLBACK),
        ("scope", scope),
        ("state", "app-state"),
        ("code_challenge", &URL_SAFE_NO_PAD.encode(hash)),
        ("code_challenge_method", "S256"),
    ]);
    let browser = browser();
    let journey = browser.follow(&url, ACCEPT_PAGE, |_| false).await.unwrap();
    let [form] = &Form::all(journey.page().unwrap())[..] else {
        panic!("a page with one form");
    };
    let password = password();
    let filled = form.clone().filled("username", username);
    let sent = filled
        .filled("password", password.expose_secret())
        .submit(&browser)
        .await;
    let callback = sent.redirect_target().unwrap().unwrap();
    assert!(callback.as_str().starts_with(MEMBER_CALLBACK), "{callback}");
    let answer = parameters(&callback);
    assert_eq!(answer["state"], "app-state");
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &*answer["code"]),
        ("redirect_uri", MEMBER_CALLBACK),
        ("code_verifier", &verifier),
    ];
    Member {
        laptop,
        app: MemberApp::new(laptop).unwrap(),
        browser,
        tokens: read(&tokens(laptop, &form).await, None),
    }
}

/// The same session, with newer tokens.
async fn refreshed(member: &Member<'_>) -> MemberTokens {
    let refresh_token = &member.tokens.refresh_token;
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.expose_secret()),
    ];
    read(&tokens(member.laptop, &form).await, Some(refresh_token))
}

#[track_caller]
fn has_scopes(claims: &Map<String, Value>, scopes: &str) {
    let all = |scopes: &str| {
        scopes
            .split(' ')
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(all(claims["scope"].as_str().unwrap()), all(scopes));
}

/// Neither scope asks for an attribute, so nothing of the member's own profile is hidden.
#[tokio::test]
async fn a_hosted_session_with_the_scope_verifies_and_keeps_its_own_profile() {
    const SCOPES: &str = "openid profile email digital-auth/verify digital-auth/verified";
    let laptop = laptop().await;
    let hanako = signed_in(&laptop, HANAKO, SCOPES).await;
    let own = |tokens: &MemberTokens| {
        let claims = &tokens.id_token_claims;
        assert_eq!(claims["name"], "own name of hanako");
        assert_eq!(claims["email"], "hanako@example.com");
        assert_eq!(claims["cognito:username"], HANAKO);
        assert_eq!(claims.get("custom:member_record"), None);
        assert_eq!(claims.get("identities"), None);
        has_scopes(&tokens.access_token_claims, SCOPES);
    };
    own(&hanako.tokens);
    assert_eq!(hanako.tokens.id_token_claims.get("identity_verified"), None);
    let unverified = refreshed(&hanako).await;
    own(&unverified);
    assert_eq!(unverified.id_token_claims.get("identity_verified"), None);

    let verified = hanako.verify("adult").await;
    assert_eq!(verified.status, 200, "{verified:?}");
    let after = refreshed(&hanako).await;
    own(&after);
    for claims in [&after.id_token_claims, &after.access_token_claims] {
        assert_eq!(claims["identity_verified"], true);
        assert_eq!(claims["verified_at"], verified.body["verified_at"]);
        assert_eq!(claims["verification_acr"], "aal3");
    }
    assert_eq!(after.access_token_claims.get("name"), None);
    laptop.stop().await;
}

#[tokio::test]
async fn a_hosted_session_has_the_verified_attributes_whose_scopes_it_asked_for() {
    const SCOPES: &str =
        "openid profile email digital-auth/verify digital-auth/name digital-auth/age_over_20";
    let laptop = laptop().await;
    let hanako = signed_in(&laptop, HANAKO, SCOPES).await;
    // An attribute that is asked for is verified or not there; the others are the member's own.
    let before = &hanako.tokens.id_token_claims;
    assert_eq!(
        (before.get("name"), before.get("age_over_20")),
        (None, None)
    );
    assert_eq!(before["email"], "hanako@example.com");

    assert_eq!(hanako.verify("adult").await.status, 200);
    let after = refreshed(&hanako).await;
    assert_eq!(after.id_token_claims["name"], name_of(&laptop, "adult"));
    assert_eq!(after.id_token_claims["age_over_20"], true);
    assert_eq!(after.id_token_claims["email"], "hanako@example.com");
    for not_asked in [
        "address",
        "birthdate",
        "gender",
        "identity_verified",
        "verified_at",
    ] {
        assert_eq!(after.id_token_claims.get(not_asked), None, "{not_asked}");
    }
    assert_eq!(after.access_token_claims["age_over_20"], true);
    assert_eq!(after.access_token_claims.get("name"), None);
    assert_eq!(laptop.cognito.users()[HANAKO]["name"], "own name of hanako");
    laptop.stop().await;
}

/// A refresh adds no scope, and what sign-ins through the API get is theirs alone. So a session
/// that began without the scope verifies nobody, and has no claims of what another one verified.
#[tokio::test]
async fn a_hosted_session_keeps_the_scopes_with_which_it_began() {
    const WITHOUT: &str = "openid profile email";
    let laptop = laptop().await;
    let mut before = signed_in(&laptop, HANAKO, WITHOUT).await;
    for _ in 0..2 {
        has_scopes(&before.tokens.access_token_claims, WITHOUT);
        let begun = before
            .call("POST", "/verifications", Some(&json!({})))
            .await;
        assert_eq!(
            (begun.status.as_u16(), begun.class()),
            (403, None),
            "{begun:?}"
        );
        before.tokens = refreshed(&before).await;
    }

    // The member signs in once more.
    let with = signed_in(&laptop, HANAKO, "openid digital-auth/verify").await;
    assert_eq!(with.verify("adult").await.status, 200);
    assert_eq!(with.state().await["state"], "verified");
    // A code isn't of a session, but of the member and the app client.
    let by_sdk = Member::signed_in(&laptop, HANAKO).await;
    assert_eq!(
        by_sdk.refreshed().await.id_token_claims["identity_verified"],
        true
    );
    let begun = by_sdk.begin().await;
    let code = by_sdk.code(&begun, "leap-day").await;
    refused(
        &with.complete(&begun, &code).await,
        409,
        "member_is_another_person",
    );

    before.tokens = refreshed(&before).await;
    has_scopes(&before.tokens.access_token_claims, WITHOUT);
    for tokens in [&before.tokens, &refreshed(&with).await] {
        for claims in [&tokens.id_token_claims, &tokens.access_token_claims] {
            assert_eq!(claims.get("identity_verified"), None);
        }
    }
    laptop.stop().await;
}
