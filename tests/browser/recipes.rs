//! The recipes of the documentation, run as they stand there: an app copies them.

use markdown::Document;
use serde_json::{Value, json};

use crate::webdriver::{Browser, PC};

const CLAIMS: [&str; 2] = [
    include_str!("../../docs/claims.md"),
    include_str!("../../docs/claims.en.md"),
];

/// The block of JavaScript that defines this.
fn recipe(document: &str, name: &str) -> String {
    let mut blocks = Document::read(document).blocks("js").into_iter();
    let definition = format!("const {name} =");
    let found = blocks.find(|block| block.contains(&definition));
    found.unwrap_or_else(|| panic!("{name} isn't in a document"))
}

/// Runs a recipe of both documents with each of these lists of arguments, and looks at what it
/// says.
async fn says(name: &str, cases: &[(Value, Value)]) {
    let arguments: Vec<_> = cases.iter().map(|(arguments, _)| arguments).collect();
    let expected: Vec<_> = cases.iter().map(|(_, expected)| expected).collect();
    let browser = Browser::open(PC).await;
    for document in CLAIMS {
        let recipe = recipe(document, name);
        let arguments = json!(arguments);
        // What is undefined in JavaScript is null here.
        let script = format!("{recipe}\nreturn {arguments}.map((one) => {name}(...one) ?? null);");
        assert_eq!(browser.run(&script).await, json!(expected), "{recipe}");
    }
    browser.close().await;
}

/// Whatever a token may hold in place of a fresh time of authentication, the recipe doesn't take it
/// for one; nor somebody else for the person.
#[tokio::test]
async fn the_person_is_there_now_only_if_a_signed_time_says_so() {
    const BEGUN: i64 = 1_800_000_000;
    let verified = |at: Value| json!({ "sub": "a", "identity_verified": true, "verified_at": at });
    let cases = [
        (verified(json!(BEGUN)), true),
        (verified(json!(BEGUN + 290)), true),
        // Clocks differ.
        (verified(json!(BEGUN - 60)), true),
        (verified(json!(BEGUN - 61)), false),
        // A session of an hour ago, `prompt=login` taken out of the URL.
        (verified(json!(BEGUN - 3_600)), false),
        // A service that doesn't say when.
        (json!({ "sub": "a", "identity_verified": true }), false),
        (verified(json!(null)), false),
        (verified(json!(BEGUN.to_string())), false),
        (verified(json!([BEGUN])), false),
        (verified(json!(true)), false),
        (json!({ "sub": "a", "verified_at": BEGUN }), false),
        (
            json!({ "sub": "a", "identity_verified": false, "verified_at": BEGUN }),
            false,
        ),
        (
            json!({ "sub": "a", "identity_verified": "true", "verified_at": BEGUN }),
            false,
        ),
        // The time of issue is everybody's.
        (
            json!({ "sub": "a", "identity_verified": true, "iat": BEGUN, "auth_time": BEGUN }),
            false,
        ),
        // Somebody else, with a card of their own.
        (
            json!({ "sub": "b", "identity_verified": true, "verified_at": BEGUN }),
            false,
        ),
        (
            json!({ "identity_verified": true, "verified_at": BEGUN }),
            false,
        ),
        (json!({}), false),
    ];
    let cases = cases.map(|(claims, expected)| (json!([claims, BEGUN, "a"]), json!(expected)));
    says("isThePersonNow", &cases).await;
    // As an API asks it, five minutes back.
    let now = BEGUN as f64 + 0.5;
    let cases = [(-300, true), (-359, true), (-361, false)].map(|(seconds, expected)| {
        let claims = verified(json!(BEGUN + seconds));
        (json!([claims, now - 300.0, "a"]), json!(expected))
    });
    says("isThePersonNow", &cases).await;
}

/// What somebody wrote themselves has the same name as what the card says.
#[tokio::test]
async fn a_claim_is_proved_only_if_its_scope_was_granted() {
    let id_token = json!({ "name": "a", "identity_verified": true });
    let scope = |scope: &str| json!({ "scope": scope });
    let cases = [
        ("openid digital-auth/name digital-auth/verified", json!("a")),
        ("digital-auth/name", json!("a")),
        ("openid digital-auth/verified", json!(null)),
        ("openid", json!(null)),
        ("openid digital-auth/names", json!(null)),
        ("openid other/digital-auth/name", json!(null)),
    ];
    let cases =
        cases.map(|(granted, expected)| (json!(["name", id_token, scope(granted)]), expected));
    says("proved", &cases).await;
}
