//! `digital-auth demo --headless --case`: what it prints, and its exit status.

use demo::function_checks::OF_A_VERIFICATION;
use serde_json::Value;

use crate::command::{run, secrets};

const CASES: [&str; 2] = ["member", "second-account"];

/// The steps' requests between two parties, in their order.
fn between<'a>(told: &'a Value, from: &str, to: &str) -> Vec<&'a str> {
    let steps = told["steps"].as_array().unwrap().iter();
    steps
        .filter(|step| step["from"] == from && step["to"] == to)
        .map(|step| step["request"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_member_who_verifies_has_the_claims_in_the_tokens_after_and_not_before() {
    let ran = run(&["demo", "--headless", "--case", "member", "--json"]).await;
    assert_eq!((ran.status, ran.complaints().as_str()), (Some(0), ""));
    let told = ran.json();
    assert_eq!(told["case"], "member");
    assert_eq!(told["refused"], Value::Null);
    for tokens in ["id_token", "access_token"] {
        let (before, after) = (&told["before"][tokens], &told["after"][tokens]);
        assert_eq!(before["identity_verified"], Value::Null, "{tokens}");
        assert_eq!(after["identity_verified"], true, "{tokens}");
        assert_eq!(after["verification_acr"], "aal3", "{tokens}");
        assert_eq!(after["sub"], before["sub"], "{tokens}");
    }
    // The profile is the member's own, before and after.
    for when in ["before", "after"] {
        let tokens = &told[when]["id_token"];
        assert_eq!(tokens["name"], "はなこ", "{when}");
        assert_eq!(tokens["cognito:username"], "hanako", "{when}");
    }
    // The steps are of both functions, and of who really calls.
    let written = between(&told, "verification", "cognito");
    assert!(
        written.contains(&"AdminUpdateUserAttributes"),
        "{written:?}"
    );
    assert_eq!(between(&told, "app", "verification").len(), 2);
    let exchanged = between(&told, "verification", "service");
    assert!(exchanged.iter().any(|request| request.ends_with("/token")));
}

#[tokio::test]
async fn a_verification_tells_every_check_for_which_there_are_words_in_their_order() {
    let told = run(&["demo", "--headless", "--case", "member", "--json"]).await;
    let told = told.json();
    let steps = told["steps"].as_array().unwrap().iter();
    let checks = steps.flat_map(|step| step["checks"].as_array().unwrap());
    let mut seen: Vec<&str> = Vec::new();
    for check in checks.map(|check| check["what"].as_str().unwrap()) {
        if OF_A_VERIFICATION.iter().any(|words| words.english == check) && !seen.contains(&check) {
            seen.push(check);
        }
    }
    let words: Vec<_> = OF_A_VERIFICATION
        .iter()
        .map(|words| words.english)
        .collect();
    assert_eq!(seen, words);
}

#[tokio::test]
async fn a_second_account_is_refused_and_that_is_how_the_case_should_end() {
    let arguments = ["demo", "--headless", "--case", "second-account", "--json"];
    let ran = run(&arguments).await;
    assert_eq!((ran.status, ran.complaints().as_str()), (Some(0), ""));
    let told = ran.json();
    let refused = &told["refused"];
    assert_eq!(refused["class"], "person_already_verified");
    assert_eq!(refused["place"], "members_api");
    assert_eq!(refused["description"], "409 Conflict");
    assert!(refused["support_id"].is_string());
    assert_eq!(told["member"], "taro");
    assert_eq!(told["first_member"], "hanako");
    for when in ["before", "after"] {
        assert_eq!(told[when]["id_token"]["cognito:username"], "taro");
        for tokens in ["id_token", "access_token"] {
            let claims = &told[when][tokens];
            assert_eq!(claims["identity_verified"], Value::Null, "{when} {tokens}");
        }
    }
}

#[tokio::test]
async fn a_case_that_ends_as_it_should_not_has_the_status_of_its_class() {
    for (fault, class) in [
        ("cancel", "cancelled"),
        ("token-500", "service_failed"),
        ("token-slow", "service_timeout"),
    ] {
        let verified = ["demo", "--headless", "--case", "member", "--fault", fault];
        let login = ["demo", "--headless", "--json", "--fault", fault];
        let json = [&verified[..], &["--json"]].concat();
        let (verified, login) = (run(&json).await, run(&login).await);
        assert_eq!(verified.status, login.status, "{fault}");
        assert_eq!(verified.complaints(), "", "{fault}");
        let told = verified.json();
        assert_eq!(told["refused"]["class"], class, "{fault}");
        // The same members as a login's failure.
        let login = login.json();
        let keys = |value: &Value| -> Vec<String> {
            let object = value.as_object().unwrap();
            object.keys().cloned().collect()
        };
        assert_eq!(keys(&told["refused"]), keys(&login["failure"]), "{fault}");
        assert!(told["refused"]["support_id"].is_string(), "{fault}");
        let after = &told["after"]["id_token"];
        assert_eq!(after["identity_verified"], Value::Null, "{fault}");
    }
}

#[tokio::test]
async fn a_case_has_its_own_app_and_asks_for_its_own_scopes() {
    for arguments in [
        &[
            "demo",
            "--case=member",
            "--callback",
            "http://localhost:3000/callback",
        ][..],
        &["demo", "--headless", "--case=age", "--ask", "name"],
        &["demo", "--headless", "--case", "third-account"],
        &[
            "demo",
            "--headless",
            "--case=member",
            "--scopes",
            "openid profile",
        ],
    ] {
        let ran = run(arguments).await;
        assert_eq!(ran.status, Some(2), "{arguments:?}");
        assert!(ran.stdout.is_empty(), "{arguments:?}");
        assert!(ran.complaints().contains("--case"), "{arguments:?}");
    }
}

#[tokio::test]
async fn the_story_of_a_case_is_told_in_japanese_and_english_and_without_secrets() {
    // Hiragana, katakana, and the unified ideographs.
    let is_japanese =
        |c: char| ('\u{3041}'..='\u{30ff}').contains(&c) || ('\u{4e00}'..='\u{9fff}').contains(&c);
    for case in CASES {
        for language in ["ja", "en"] {
            let case = ["demo", "--headless", "--case", case, "--language", language];
            let case = [&case[..], &["--verbose"]].concat();
            let told = run(&case).await.stdout;
            let checks: Vec<&str> = told
                .lines()
                .filter(|line| line.starts_with("     "))
                .map(str::trim)
                .filter(|line| line.starts_with(['✓', '✗']))
                .collect();
            assert!(checks.len() > 40, "{told}");
            for check in checks {
                // The source of a rule is translated, too, and would hide what isn't.
                let (what, _) = check.rsplit_once(" (").unwrap();
                assert_eq!(what.contains(is_japanese), language == "ja", "{check}");
            }
            let key_sets = told.lines().filter(|line| !line.contains("kty"));
            let found: Vec<&str> = key_sets.flat_map(secrets).collect();
            assert_eq!(found, [""; 0], "{case:?}");
        }
    }
}
