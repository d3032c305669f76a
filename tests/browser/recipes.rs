//! The recipes of the documentation, run as they stand there: an app copies them.

use serde_json::{Value, json};

use crate::webdriver::{Browser, PC};

const CLAIMS: [&str; 2] = [
    include_str!("../../docs/claims.md"),
    include_str!("../../docs/claims.en.md"),
];

/// The block of JavaScript that defines this.
fn recipe<'a>(document: &'a str, name: &str) -> &'a str {
    let blocks = document.split("```js\n").skip(1);
    let mut blocks = blocks.map(|rest| rest.split("```").next().unwrap());
    let definition = format!("const {name} =");
    let found = blocks.find(|block| block.contains(&definition));
    found.unwrap_or_else(|| panic!("{name} isn't in a document"))
}

/// Whatever a token may hold in place of a fresh time of authentication, the recipe doesn't take it for one.
#[tokio::test]
async fn the_person_is_there_now_only_if_a_signed_time_says_so() {
    let begun = 1_800_000_000;
    let verified = |at: Value| json!({ "identity_verified": true, "verified_at": at });
    let mut cases = vec![
        (verified(json!(begun)), true),
        (verified(json!(begun + 290)), true),
        // Clocks differ.
        (verified(json!(begun - 60)), true),
        (verified(json!(begun - 61)), false),
        // A session of an hour ago, `prompt=login` taken out of the URL.
        (verified(json!(begun - 3_600)), false),
        // A service that doesn't say when.
        (json!({ "identity_verified": true }), false),
        (verified(json!(null)), false),
        (verified(json!(begun.to_string())), false),
        (verified(json!([begun])), false),
        (verified(json!(true)), false),
        (json!({ "verified_at": begun }), false),
        (
            json!({ "identity_verified": false, "verified_at": begun }),
            false,
        ),
        (
            json!({ "identity_verified": "true", "verified_at": begun }),
            false,
        ),
        (json!({}), false),
    ];
    // The time of issue is everybody's.
    cases.push((
        json!({ "identity_verified": true, "iat": begun, "auth_time": begun }),
        false,
    ));
    let claims: Vec<_> = cases.iter().map(|(claims, _)| claims).collect();
    let expected: Vec<_> = cases.iter().map(|(_, expected)| *expected).collect();
    let browser = Browser::open(PC).await;
    for document in CLAIMS {
        let recipe = recipe(document, "isThePersonNow");
        let script = format!(
            "{recipe}\nreturn {}.map((claims) => isThePersonNow(claims, {begun}));",
            json!(claims)
        );
        assert_eq!(browser.run(&script).await, json!(expected), "{recipe}");
    }
    browser.close().await;
}
