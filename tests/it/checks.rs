//! The checks that a login logs. Each check is named after the class of failure that it rules out,
//! and has words for people. The log has all of them, in the order in which they are made. No words
//! exist for a check that no function logs.

use std::collections::BTreeSet;

use demo::function_checks;
use login_kit::{Outcome, browser, laptop};
use record_trigger::Class as Trigger;
use relying_party::Class as Bridge;
use serde_json::Value;
use service_simulator::persona::personas;

/// The checks that are only made in sign-ins through another provider, and where a user has a
/// member's record too.
const OF_OTHERS: [&str; 2] = ["provider_mismatch", "record_conflict"];

/// The names of the checks in these lines of a log. An event of a check contains the name, but no
/// checked value.
fn checks(lines: &[String]) -> Vec<String> {
    let events = lines
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok());
    let checks = events.filter(|event: &Value| event["event"] == "check");
    let name = |event: Value| {
        let members: Vec<_> = event.as_object().unwrap().keys().cloned().collect();
        let known = [
            "check",
            "event",
            "level",
            "request_id",
            "support_id",
            "target",
            "timestamp",
        ];
        assert!(members.iter().all(|m| known.contains(&&**m)), "{event}");
        event["check"].as_str().unwrap().to_owned()
    };
    checks.map(name).collect()
}

#[tokio::test]
async fn a_complete_login_tells_every_check_for_which_there_are_words_in_their_order() {
    let words: Vec<_> = function_checks::OF_A_LOGIN
        .iter()
        .map(|words| words.check)
        .filter(|check| !OF_OTHERS.contains(check))
        .collect();
    let laptop = laptop().await;
    let (mut bridge_seen, mut triggers_seen) = (0, [0, 0]);
    for persona in personas(laptop.clock.now()) {
        let outcome = laptop.login(&browser(), &persona.id, None).await.unwrap();
        assert!(matches!(outcome, Outcome::SignedIn(_)), "{}", persona.id);

        let lines = laptop.bridge.logs().lines();
        let mut told = checks(&lines[bridge_seen..]);
        bridge_seen = lines.len();
        let once: BTreeSet<_> = told.iter().collect();
        assert_eq!(once.len(), told.len(), "{}: {told:?}", persona.id);
        // Both triggers open the same record, so their checks are counted once.
        for (function, seen) in laptop.triggers.each().zip(&mut triggers_seen) {
            let lines = function.logs().lines();
            for check in checks(&lines[*seen..]) {
                if !told.contains(&check) {
                    told.push(check);
                }
            }
            *seen = lines.len();
        }
        assert_eq!(told, words, "{}", persona.id);
    }
    laptop.stop().await;
}

#[test]
fn every_check_with_words_is_called_like_a_failure() {
    let bridge = Bridge::ALL.iter().map(|class| class.name());
    let triggers = Trigger::ALL.iter().map(|class| class.name());
    let classes: BTreeSet<_> = bridge.chain(triggers).collect();
    for words in function_checks::all() {
        assert!(classes.contains(words.check), "{}", words.check);
    }
}
