//! Attacks, by name: whoever attacks has an account at the app, a card of their own, and whatever a
//! browser carries.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::{HANAKO, Member, TARO, laptop, record, refused};

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

/// "My account, your card": the victim's browser is signed in to the attacker's account, and the
/// victim begins and shows the card. Whoever completes needs the verifier of the browser that
/// began.
#[tokio::test]
async fn my_account_your_card_needs_the_verifier_of_the_browser_that_began() {
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
