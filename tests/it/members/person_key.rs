//! The key of the persons in KMS, which answers wrongly, late or not at all.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use login_kit::variables;
use serde_json::json;
use verification::variables::PERSON_KEY;

use super::way::{Fate, Way};
use super::{Member, name, numbered, people, record, refused, table};

/// The key. It is in each call of `GenerateMac`.
const KEY: &str =
    "arn:aws:kms:ap-northeast-1:123456789012:key/33333333-3333-4333-8333-333333333333";

/// What goes wrong.
fn faults() -> Vec<Fate> {
    let error = |status, code: &str| Fate::Answered(status, json!({ "__type": code }));
    let another = json!({
        "KeyId": KEY.replace('3', "4"), "Mac": STANDARD.encode([7; 32]),
        "MacAlgorithm": "HMAC_SHA_256",
    });
    let short = json!({
        "KeyId": KEY, "Mac": STANDARD.encode([7; 31]), "MacAlgorithm": "HMAC_SHA_256",
    });
    vec![
        error(400, "ThrottlingException"),
        error(500, "KMSInternalException"),
        error(400, "AccessDeniedException"),
        // Its deletion is scheduled.
        error(400, "KMSInvalidStateException"),
        error(400, "NotFoundException"),
        Fate::Answered(200, another),
        Fate::Answered(200, short),
        Fate::Answered(200, json!({})),
        Fate::CutBefore,
        Fate::HeldBefore,
    ]
}

#[tokio::test]
async fn without_the_key_a_member_waits_with_a_continuation_and_is_verified_when_it_is_back() {
    let (laptop, way) = Way::with_laptop(
        |laptop| laptop.service = people,
        |members| {
            members.users = numbered(20);
            members.environment = variables([(PERSON_KEY, Some(KEY))]);
        },
    )
    .await;
    for (number, fault) in faults().into_iter().enumerate() {
        let (what, persona) = (format!("{fault:?}"), format!("person-{number}"));
        let member = Member::signed_in(&laptop, &name(number)).await;
        let before = table::entries(&laptop).await;
        let begun = member.begin().await;
        let code = member.code(&begun, &persona).await;
        way.watch(KEY, fault.of_each("GenerateMac"));
        way.follow(&member, |_, _| Fate::Passes);
        let mut broken = member.complete(&begun, &code).await;
        refused(&broken, 503, "person_key_unavailable");
        for _ in 0..2 {
            assert!((1..=60).contains(&broken.retry_after.unwrap()), "{what}");
            broken = member.go_on(&begun, &broken).await;
            refused(&broken, 503, "person_key_unavailable");
        }
        // Without the key nobody knows who it is, so nothing is asked of the table or written.
        assert_eq!(way.leave(&member), ["AdminGetUser"; 3], "{what}");
        assert_eq!(record(&laptop, &name(number)), None, "{what}");
        assert_eq!(table::entries(&laptop).await, before, "{what}");
        assert!(way.unwatch(KEY).len() >= 3, "{what}");

        let done = member.go_on(&begun, &broken).await;
        assert_eq!(done.status, 200, "{what}: {done:?}");
        assert_eq!(member.state().await, done.body, "{what}");
    }
    // And the key makes the same of the same person.
    let other = Member::signed_in(&laptop, &name(19)).await;
    let answer = other.verify("person-0").await;
    refused(&answer, 409, "person_already_verified");
    laptop.stop().await;
}
