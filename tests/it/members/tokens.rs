//! Access tokens that aren't a member's for this API. The authorizer refuses them, and the function
//! behind it does, too: it is invoked here as the HTTP API invokes it, past the authorizer.

use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use login_kit::{Laptop, rsa_keys};
use loopback::rsa::RsaKey;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use verification::router::Operation;

use super::{HANAKO, Member, laptop, record};

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token that this key signed.
fn signed(key: &RsaKey, header: &Value, claims: &Value) -> String {
    let input = format!("{}.{}", encoded(header), encoded(claims));
    let signature = key.sign(&RSA_PKCS1_SHA256, input.as_bytes()).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Invokes the function with a request, without an authorizer: the status, and the class.
async fn past_the_authorizer(
    laptop: &Laptop,
    operation: Operation,
    token: Option<&str>,
) -> (u64, Option<String>) {
    let (method, path) = operation.route();
    let mut event = json!({
        "version": "2.0",
        "rawPath": path,
        "headers": { "content-type": "application/json" },
        "requestContext": { "http": { "method": method.as_str(), "sourceIp": "127.0.0.1" } },
        "body": "{}",
    });
    if let Some(token) = token {
        event["headers"]["authorization"] = json!(format!("Bearer {token}"));
    }
    let members = laptop.members.as_ref().unwrap();
    let answer = members.operator.invoke(event.to_string()).await.unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let body = answer["body"].as_str().unwrap_or_default();
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let class = body["error"].as_str().map(str::to_owned);
    (answer["statusCode"].as_u64().unwrap(), class)
}

#[tokio::test]
async fn every_token_but_the_members_own_is_refused_at_the_authorizer_and_behind_it() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    assert_eq!(hanako.verify("adult").await.status, 200);
    let before = record(&laptop, HANAKO);
    let token = hanako.tokens.access_token.expose_secret();
    let (header, claims) = (part(token, 0), part(token, 1));
    let (ours, others) = (rsa_keys().user_pool, rsa_keys().service);
    let now = laptop.clock.now().timestamp();
    let with = |changes: Value| {
        let mut claims = claims.clone();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        signed(&ours, &header, &claims)
    };
    let id_token = json!({
        "token_use": "id", "aud": "2member23456789", "client_id": null, "scope": null,
    });
    // As a pool's key in the place of a secret: the signature of a token with HS256.
    let of_hmac = {
        let header = json!({ "alg": "HS256", "kid": header["kid"] });
        let input = format!("{}.{}", encoded(&header), encoded(&claims));
        let der = ours.der().unwrap();
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, der.as_ref());
        let tag = aws_lc_rs::hmac::sign(&key, input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag))
    };
    let unknown_key = signed(
        &others,
        &json!({ "alg": "RS256", "kid": "unknown" }),
        &claims,
    );
    let other_pool = "https://cognito-idp.ap-northeast-1.amazonaws.com/ap-northeast-1_Other";
    let invalid = (401, "member_token_invalid");
    for (what, token, gateway, (status, class)) in [
        ("nobody's", None, 401, invalid),
        ("an empty one", Some(String::new()), 401, invalid),
        (
            "another app client's",
            Some(with(json!({ "client_id": "1example23456789" }))),
            401,
            (403, "member_app_unknown"),
        ),
        (
            "another pool's",
            Some(with(json!({ "iss": other_pool }))),
            401,
            invalid,
        ),
        (
            "of another pool's keys",
            Some(signed(&others, &header, &claims)),
            401,
            invalid,
        ),
        ("of an unknown key", Some(unknown_key), 401, invalid),
        ("of the public key", Some(of_hmac), 401, invalid),
        // The audience of an ID token is right. It is the scope that the authorizer misses.
        ("an ID token", Some(with(id_token)), 403, invalid),
        (
            "an ID token with a scope",
            Some(with(json!({ "token_use": "id" }))),
            200,
            invalid,
        ),
        (
            "without the scope",
            Some(with(
                json!({ "scope": "aws.cognito.signin.user.admin digital-auth/verified" }),
            )),
            403,
            (403, "member_scope_missing"),
        ),
        (
            "with a longer scope",
            Some(with(
                json!({ "scope": "digital-auth/verify2 digital-auth/verif" }),
            )),
            403,
            (403, "member_scope_missing"),
        ),
        (
            "an expired one",
            Some(with(json!({ "exp": now - 1 }))),
            401,
            (401, "member_token_expired"),
        ),
        (
            "one of tomorrow",
            Some(with(json!({ "iat": now + 86_400 }))),
            401,
            invalid,
        ),
        (
            "one without a user",
            Some(with(json!({ "sub": "", "username": "" }))),
            200,
            invalid,
        ),
    ] {
        for operation in Operation::ALL {
            let (method, path) = operation.route();
            let what = format!("{what}: {method} {path}");
            let shown = SecretString::from(token.clone().unwrap_or_default());
            let answer = hanako
                .app
                .call(method, path, &shown, Some(&json!({})))
                .await
                .unwrap();
            let expected = if gateway == 200 { status } else { gateway };
            assert_eq!(
                u64::from(answer.status.as_u16()),
                expected,
                "{what}: {answer:?}"
            );
            // The function doesn't even see what the authorizer refuses.
            assert_eq!(answer.class(), (gateway == 200).then_some(class), "{what}");

            let behind = past_the_authorizer(&laptop, operation, token.as_deref()).await;
            assert_eq!(behind, (status, Some(class.to_owned())), "{what}");
        }
    }
    assert_eq!(record(&laptop, HANAKO), before);
    // The way past the authorizer is one for a good token.
    let good = past_the_authorizer(&laptop, Operation::State, Some(token)).await;
    assert_eq!(good, (200, None));
    assert_eq!(hanako.state().await["state"], "verified");
    laptop.stop().await;
}

/// The user is looked up by the name, and has to be the one of the `sub`: a name may be used again.
#[tokio::test]
async fn a_token_of_a_deleted_or_disabled_user_completes_nothing() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let begun = hanako.begin().await;
    let code = hanako.code(&begun, "adult").await;
    laptop.cognito.set_enabled(HANAKO, false).unwrap();
    super::refused(&hanako.complete(&begun, &code).await, 403, "member_gone");
    laptop.cognito.set_enabled(HANAKO, true).unwrap();

    let begun = hanako.begin().await;
    let code = hanako.code(&begun, "adult").await;
    laptop.cognito.delete_user(HANAKO).unwrap();
    let again = super::user(HANAKO);
    laptop
        .cognito
        .create_user(HANAKO, &again.attributes)
        .unwrap();
    super::refused(&hanako.complete(&begun, &code).await, 403, "member_gone");
    let state = hanako.call("GET", "/verifications/me", None).await;
    super::refused(&state, 403, "member_gone");
    assert_eq!(record(&laptop, HANAKO), None);
    laptop.stop().await;
}
