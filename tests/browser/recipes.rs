//! Runs the documentation's recipes exactly as they are written there, because apps copy them.

use markdown::Document;
use serde_json::{Value, json};

use crate::webdriver::{Browser, PC};

const CLAIMS: [&str; 2] = [
    include_str!("../../docs/claims.md"),
    include_str!("../../docs/claims.en.md"),
];

const AGE: [&str; 2] = [
    include_str!("../../docs/case-age.md"),
    include_str!("../../docs/case-age.en.md"),
];

const BOOKING: [&str; 2] = [
    include_str!("../../docs/case-booking.md"),
    include_str!("../../docs/case-booking.en.md"),
];

/// The block of JavaScript that defines `name`.
fn recipe(document: &str, name: &str) -> String {
    let mut blocks = Document::read(document).blocks("js").into_iter();
    let definition = format!("const {name} =");
    let found = blocks.find(|block| block.contains(&definition));
    found.unwrap_or_else(|| panic!("{name} isn't in a document"))
}

/// Runs a recipe of both documents with each list of arguments, and compares its results.
async fn says(documents: [&str; 2], name: &str, cases: &[(Value, Value)]) {
    let arguments: Vec<_> = cases.iter().map(|(arguments, _)| arguments).collect();
    let expected: Vec<_> = cases.iter().map(|(_, expected)| expected).collect();
    let browser = Browser::open(PC).await;
    for document in documents {
        let recipe = recipe(document, name);
        let arguments = json!(arguments);
        // `undefined` becomes `null`.
        let script = format!("{recipe}\nreturn {arguments}.map((one) => {name}(...one) ?? null);");
        assert_eq!(browser.run(&script).await, json!(expected), "{recipe}");
    }
    browser.close().await;
}

/// The recipe accepts only a recent `verified_at` of the expected person, whatever else a token
/// contains.
#[tokio::test]
async fn the_person_is_there_now_only_if_a_signed_time_says_so() {
    const BEGUN: i64 = 1_800_000_000;
    let verified = |at: Value| json!({ "sub": "a", "identity_verified": true, "verified_at": at });
    let cases = [
        (verified(json!(BEGUN)), true),
        (verified(json!(BEGUN + 290)), true),
        // The clocks may differ by 60 s.
        (verified(json!(BEGUN - 60)), true),
        (verified(json!(BEGUN - 61)), false),
        // A session from an hour ago. The user removed `prompt=login` from the URL.
        (verified(json!(BEGUN - 3_600)), false),
        // The service doesn't say when the person authenticated.
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
        // Every ID token has a time of issue. It doesn't show a recent authentication.
        (
            json!({ "sub": "a", "identity_verified": true, "iat": BEGUN, "auth_time": BEGUN }),
            false,
        ),
        // Another person, with a card of their own.
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
    says(CLAIMS, "isThePersonNow", &cases).await;
    // An API asks for an authentication within the last five minutes.
    let now = BEGUN as f64 + 0.5;
    let cases = [(-300, true), (-359, true), (-361, false)].map(|(seconds, expected)| {
        let claims = verified(json!(BEGUN + seconds));
        (json!([claims, now - 300.0, "a"]), json!(expected))
    });
    says(CLAIMS, "isThePersonNow", &cases).await;
}

/// A claim that the user wrote has the same name as the claim from the card.
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
    says(CLAIMS, "proved", &cases).await;
}

/// A claim that is absent decides nothing, however it came to be absent.
#[tokio::test]
async fn a_use_case_decides_in_three_ways() {
    let age = [
        (json!([{ "age_over_20": true }]), json!("sell")),
        (json!([{ "age_over_20": false }]), json!("refuse")),
        (json!([{}]), json!("unknown")),
        (json!([{ "age_over_20": "true" }]), json!("unknown")),
        (json!([{ "birthdate": "1985-03-15" }]), json!("unknown")),
    ];
    says(AGE, "decide", &age).await;
    let lives_in = |code: Value| json!([{ "municipality_code": code }, "141003"]);
    let booking = [
        (lives_in(json!("141003")), json!("resident")),
        (lives_in(json!("131016")), json!("other")),
        (lives_in(json!(null)), json!("unknown")),
        (json!([{}, "141003"]), json!("unknown")),
    ];
    says(BOOKING, "decide", &booking).await;
}
