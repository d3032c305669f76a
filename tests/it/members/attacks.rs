//! Attacks, by name: whoever attacks has an account at the app, a card of their own, and whatever a
//! browser carries.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::operator::asked;
use super::{HANAKO, Member, TARO, laptop, laptop_changed, name_of, record, refused, table};

/// "My link, your card": the attacker begins, and lures the victim to the card.
#[tokio::test]
async fn my_link_your_card() {
    let laptop = laptop().await;
    let (attacker, victim) = (
        Member::signed_in(&laptop, TARO).await,
        Member::signed_in(&laptop, HANAKO).await,
    );
    let begun = attacker.begin().await;
    // The victim opens the attacker's link in the victim's browser, with the victim's card. The
    // code arrives in the victim's browser, which has neither the attacker's state nor verifier.
    let code = victim.code(&begun, "adult").await;
    // The victim's app, which is signed in as the victim, can't complete it.
    let answer = victim.complete(&begun, &code).await;
    refused(&answer, 403, "verification_of_another_member");
    // Not even if the attacker had given the victim's app the verifier, and a new one neither.
    let other = victim.begin().await;
    let answer = victim.complete(&other, &code).await;
    refused(&answer, 403, "verification_of_another_member");
    for username in [HANAKO, TARO] {
        assert_eq!(record(&laptop, username), None);
    }
    laptop.stop().await;
}

/// "My account, your card": the attacker signs the victim's browser in to the attacker's account.
/// The victim takes it for their own, shows the card, and completes. Nothing that the functions see
/// is wrong: one browser began, showed the card and completed, with one member's token. So this
/// can't be prevented here. The attacker can't undo what follows, but the operator can.
#[tokio::test]
async fn my_account_your_card_verifies_the_attackers_account_until_the_operator_releases_it() {
    let scopes = ["verify", "verified", "name"].map(str::to_owned);
    let laptop = laptop_changed(|_| {}, |members| members.sdk_scopes = scopes.into()).await;
    let in_victims_browser = Member::signed_in(&laptop, TARO).await;
    let begun = in_victims_browser.begin().await;
    let code = in_victims_browser.code(&begun, "adult").await;
    let answer = in_victims_browser.complete(&begun, &code).await;
    assert_eq!(answer.status, 200, "{answer:?}");

    // The attacker, in a browser of their own, is the victim.
    let attacker = Member::signed_in(&laptop, TARO).await;
    let victims_name = name_of(&laptop, "adult");
    let claims = &attacker.tokens.id_token_claims;
    assert_eq!(claims["identity_verified"], true);
    assert_eq!(claims["name"], victims_name.as_str());
    // The victim notices when their own account isn't verified, and learns not whose it is.
    let victim = Member::signed_in(&laptop, HANAKO).await;
    let second = victim.verify("adult").await;
    refused(&second, 409, "person_already_verified");
    let known: Vec<_> = second.body.as_object().unwrap().keys().collect();
    assert_eq!(known, ["error", "support_id"]);
    assert_eq!(victim.state().await, json!({ "state": "not_verified" }));
    // The attacker has no card, and so no way to keep the account against the operator.
    let release = json!({ "operator": "release", "sub": attacker.sub() });
    let released = asked(&laptop, release).await.unwrap();
    assert_eq!(released["released"], true);
    assert_eq!(record(&laptop, TARO), None);
    let claims = attacker.refreshed().await.id_token_claims;
    assert_eq!(claims.get("identity_verified"), None);
    assert_eq!(claims.get("name"), None);

    assert_eq!(victim.verify("adult").await.status, 200);
    let claims = victim.refreshed().await.id_token_claims;
    assert_eq!(claims["name"], victims_name.as_str());
    assert_eq!(attacker.state().await, json!({ "state": "not_verified" }));
    assert_eq!(table::holders(&laptop).await, [victim.sub()]);
    laptop.stop().await;
}

/// The same account in two browsers: the code is of the member, and whoever completes needs the
/// verifier of the browser that began, too.
#[tokio::test]
async fn a_code_from_another_browser_of_the_same_account_needs_the_verifier_of_that_browser() {
    let laptop = laptop().await;
    let (in_victims_browser, attacker) = (
        Member::signed_in(&laptop, TARO).await,
        Member::signed_in(&laptop, TARO).await,
    );
    let begun = in_victims_browser.begin().await;
    let code = in_victims_browser.code(&begun, "adult").await;
    // The attacker has the account and got hold of the code, and has a verifier of their own.
    let own = attacker.begin().await;
    let answer = attacker.complete(&own, &code).await;
    refused(&answer, 400, "code_verifier_mismatch");
    assert_eq!(record(&laptop, TARO), None);
    laptop.stop().await;
}

#[tokio::test]
async fn a_code_works_once_for_its_member_with_its_verifier() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let begun = hanako.begin().await;
    let code = hanako.code(&begun, "adult").await;
    let verifiers = ["", "x", &"x".repeat(43), &"x".repeat(129)];
    for verifier in verifiers {
        let token = &hanako.tokens.access_token;
        let answer = hanako.app.complete(token, &code, &verifier.into()).await;
        refused(&answer.unwrap(), 400, "code_verifier_mismatch");
    }
    // Nothing of that has spent it.
    assert_eq!(hanako.complete(&begun, &code).await.status, 200);
    // A replay is refused by the service, and changes nothing.
    let before = record(&laptop, HANAKO);
    let replayed = hanako.complete(&begun, &code).await;
    refused(&replayed, 400, "service_refused_code");
    assert_eq!(record(&laptop, HANAKO), before);
    laptop.stop().await;
}

#[tokio::test]
async fn what_is_sealed_for_something_else_or_changed_is_no_code_and_no_continuation() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let begun = hanako.begin().await;
    let ticket = begun.url.query_pairs().find(|(name, _)| name == "ticket");
    let ticket = ticket.unwrap().1.into_owned();
    let code = hanako.code(&begun, "adult").await;
    let mut changed = code.expose_secret().to_owned().into_bytes();
    changed[60] = if changed[60] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    let (token, verifier) = (&hanako.tokens.access_token, &begun.code_verifier);
    for (text, class) in [
        ("x", "code_malformed"),
        (&*ticket, "code_forged"),
        (&*changed, "code_forged"),
    ] {
        let answer = hanako.app.complete(token, &text.into(), verifier).await;
        refused(&answer.unwrap(), 400, class);
    }
    for text in ["x", &ticket, code.expose_secret()] {
        let answer = hanako.app.go_on(token, text, verifier).await;
        refused(&answer.unwrap(), 400, "continuation_invalid");
    }
    laptop.stop().await;
}

/// Tokens that aren't the member's access token for this API. The authorizer refuses most of them
/// before the function sees them.
#[tokio::test]
async fn other_tokens_are_refused() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let get = async |token: &str| {
        let (token, method) = (SecretString::from(token), "GET".parse().unwrap());
        let answer = hanako
            .app
            .call(method, "/verifications/me", &token, None)
            .await;
        answer.unwrap()
    };
    let access_token = hanako.tokens.access_token.expose_secret();
    assert_eq!(get(access_token).await.status, 200);
    // A token of another client: our other app's, by a login with the card.
    let login = laptop
        .login(&hanako.browser, "leap-day", None)
        .await
        .unwrap();
    let login_kit::Outcome::SignedIn(other_client) = login else {
        panic!("not signed in");
    };
    let mut parts: Vec<&str> = access_token.split('.').collect();
    let claims = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
    let mut claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["sub"] = json!("another");
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    parts[1] = &claims;
    let tampered = parts.join(".");
    let unsigned = format!(
        "{}.{claims}.",
        URL_SAFE_NO_PAD.encode(json!({ "alg": "none" }).to_string())
    );
    for (what, token) in [
        ("nothing", ""),
        ("text", "x"),
        ("tampered", &tampered),
        ("unsigned", &unsigned),
        (
            "the refresh token",
            hanako.tokens.refresh_token.expose_secret(),
        ),
        (
            "another client's",
            other_client.tokens.access_token.expose_secret(),
        ),
        (
            "another client's ID token",
            other_client.tokens.id_token.expose_secret(),
        ),
    ] {
        let answer = get(token).await;
        let status = answer.status.as_u16();
        assert!([401, 403].contains(&status), "{what}: {answer:?}");
        assert!(answer.body.get("state").is_none(), "{what}");
    }
    laptop.stop().await;
}
