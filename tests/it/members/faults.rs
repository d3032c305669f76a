//! What can't be reached, and processes that are killed: nothing stays half done, and what the
//! exchange brought isn't lost.

use std::time::Duration;

use cognito_simulator::ApiFault;
use demo::member_app::Answer;
use secrecy::SecretString;
use serde_json::Value;

use super::{HANAKO, Member, TARO, laptop, laptop_changed, name_of, record, refused, user};
use demo::member_app::Begun;

async fn go_on(member: &Member<'_>, begun: &Begun, answer: &Answer) -> Answer {
    let continuation = answer.body["continuation"].as_str().unwrap();
    let (token, verifier) = (&member.tokens.access_token, &begun.code_verifier);
    member
        .app
        .go_on(token, continuation, verifier)
        .await
        .unwrap()
}

async fn begun(member: &Member<'_>, persona: &str) -> (Begun, SecretString) {
    let begun = member.begin().await;
    let code = member.code(&begun, persona).await;
    (begun, code)
}

/// A rush: the pool takes no more writes. The code is spent, and the member goes on all the same.
#[tokio::test]
async fn a_throttled_pool_gives_a_continuation_that_goes_on_at_once() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let (begun, code) = begun(&hanako, "adult").await;
    let pool = &laptop.cognito;
    // The SDK tries twice by itself.
    let twice = [ApiFault::Throttled, ApiFault::Throttled];
    pool.break_api("AdminUpdateUserAttributes", &twice).unwrap();
    let throttled = hanako.complete(&begun, &code).await;
    refused(&throttled, 429, "too_many_requests");
    assert!(
        (1..=8).contains(&throttled.retry_after.unwrap()),
        "{throttled:?}"
    );
    assert_eq!(record(&laptop, HANAKO), None);
    let done = go_on(&hanako, &begun, &throttled).await;
    assert_eq!(done.status, 200, "{done:?}");
    // And once more: the answer may have been lost.
    let again = go_on(&hanako, &begun, &throttled).await;
    assert_eq!((again.status, again.body), (done.status, done.body));
    laptop.stop().await;
}

/// A continuation is the member's who began, with the verifier, as the code was.
#[tokio::test]
async fn a_continuation_is_nobody_elses() {
    let laptop = laptop().await;
    let (hanako, taro) = (
        Member::signed_in(&laptop, HANAKO).await,
        Member::signed_in(&laptop, TARO).await,
    );
    let (begun, code) = begun(&hanako, "adult").await;
    let twice = [ApiFault::Throttled, ApiFault::Throttled];
    let pool = &laptop.cognito;
    pool.break_api("AdminUpdateUserAttributes", &twice).unwrap();
    let throttled = hanako.complete(&begun, &code).await;
    let continuation = throttled.body["continuation"].as_str().unwrap();
    let of_taro = taro.app.go_on(
        &taro.tokens.access_token,
        continuation,
        &begun.code_verifier,
    );
    refused(
        &of_taro.await.unwrap(),
        403,
        "verification_of_another_member",
    );
    let another = SecretString::from("y".repeat(43));
    let stolen = hanako
        .app
        .go_on(&hanako.tokens.access_token, continuation, &another);
    refused(&stolen.await.unwrap(), 400, "code_verifier_mismatch");
    for username in [HANAKO, TARO] {
        assert_eq!(record(&laptop, username), None);
    }
    laptop.stop().await;
}

/// Every call of the user pool in a completion, broken in every way: the answer is never wrong, and
/// the member gets there in the end. Where the write may have had its effect, the lease has to end
/// first.
#[tokio::test]
async fn every_fault_of_every_call_of_the_pool_ends_verified_and_never_half() {
    let personas = [
        "adult",
        "leap-day",
        "longest",
        "no-gender",
        "yokohama",
        "latin-name",
    ];
    let users = personas.map(|persona| user(&format!("member-{persona}")));
    let laptop = laptop_changed(|_| {}, |members| members.users = users.into()).await;
    let pool = &laptop.cognito;
    let faults = ["AdminGetUser", "AdminUpdateUserAttributes"]
        .into_iter()
        .flat_map(|operation| {
            let faults = [
                ApiFault::Throttled,
                ApiFault::InternalError,
                ApiFault::AnswerLost,
            ];
            faults.map(|fault| (operation, fault))
        });
    let mut waiting = Vec::new();
    for ((operation, fault), persona) in faults.zip(personas) {
        let username = format!("member-{persona}");
        let member = Member::signed_in(&laptop, &username).await;
        let (begun, code) = begun(&member, persona).await;
        // The SDK tries twice by itself.
        pool.break_api(operation, &[fault, fault]).unwrap();
        let answer = member.complete(&begun, &code).await;
        pool.break_api(operation, &[]).unwrap();
        let what = format!("{operation} {fault:?}");
        let may_go_on = answer.status == 429 || answer.status.is_server_error();
        assert!(may_go_on, "{what}: {answer:?}");
        if answer.retry_after.unwrap() <= 8 {
            let done = go_on(&member, &begun, &answer).await;
            assert_eq!(done.status, 200, "{what}: {done:?}");
        } else {
            // Nobody takes it back or goes on before the lease has ended.
            let early = go_on(&member, &begun, &answer).await;
            refused(&early, 429, "verification_under_way");
            let taken_back = member.call("DELETE", "/verifications/me", None).await;
            refused(&taken_back, 429, "verification_under_way");
            assert!(taken_back.retry_after.unwrap() > 8, "{what}");
            waiting.push((what, member, begun, early));
        }
    }
    assert_eq!(waiting.len(), 2);
    tokio::time::sleep(Duration::from_secs(61)).await;
    for (what, member, begun, early) in waiting {
        let done = go_on(&member, &begun, &early).await;
        assert_eq!(done.status, 200, "{what}: {done:?}");
        assert_eq!(member.state().await["state"], "verified", "{what}");
    }
    laptop.stop().await;
}

/// The process is killed while it waits for the pool to write. Whoever comes next looks first.
#[tokio::test]
async fn a_process_that_is_killed_at_the_write_leaves_nothing_half_done() {
    let laptop = laptop().await;
    let (hanako, taro) = (
        Member::signed_in(&laptop, HANAKO).await,
        Member::signed_in(&laptop, TARO).await,
    );
    let (begun, code) = begun(&hanako, "adult").await;
    let slow = [ApiFault::Slow(Duration::from_secs(30)); 2];
    let pool = &laptop.cognito;
    pool.break_api("AdminUpdateUserAttributes", &slow).unwrap();
    let killed = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        for process in laptop.members.as_ref().unwrap().api.processes() {
            let pid = process.pid.to_string();
            let killed = std::process::Command::new("kill")
                .args(["-9", &pid])
                .status();
            assert!(killed.unwrap().success());
        }
    };
    let (answer, ()) = tokio::join!(hanako.complete(&begun, &code), killed);
    assert!(answer.status.is_server_error(), "{answer:?}");
    pool.break_api("AdminUpdateUserAttributes", &[]).unwrap();
    // Another member of the same person has to wait for the lease, and then goes through: no record
    // was written.
    let (other, other_code) = self::begun(&taro, "adult").await;
    let waiting = taro.complete(&other, &other_code).await;
    refused(&waiting, 429, "verification_under_way");
    let seconds = waiting.retry_after.unwrap();
    assert!((30..=61).contains(&seconds), "{seconds}");
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let done = go_on(&taro, &other, &waiting).await;
    let has_record = [HANAKO, TARO].map(|username| record(&laptop, username).is_some());
    // If the write that was under way reached the pool after all, the first member is the owner.
    if has_record == [true, false] {
        refused(&done, 409, "person_already_verified");
    } else {
        assert_eq!(done.status, 200, "{done:?}");
        assert_eq!(has_record, [false, true]);
    }
    laptop.stop().await;
}

#[tokio::test]
async fn nothing_personal_is_in_any_answer_or_log() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let sub = hanako.tokens.id_token_claims["sub"]
        .as_str()
        .unwrap()
        .to_owned();
    let verified = hanako.verify("adult").await;
    assert_eq!(verified.status, 200);
    let name = name_of(&laptop, "adult");
    let members = laptop.members.as_ref().unwrap();
    let log = members.api.logs().lines().join("\n");
    assert!(log.contains("verification_completed"), "{log}");
    let sealed = record(&laptop, HANAKO).unwrap();
    let bridge = laptop.bridge.logs().lines().join("\n");
    for marked in [
        name.as_str(),
        &sub,
        &sealed,
        "Marked-passw0rd!",
        HANAKO,
        "own name of",
    ] {
        for (what, text) in [("log", &log), ("bridge", &bridge)] {
            assert!(!text.contains(marked), "{marked} is in the {what}");
        }
        assert!(!verified.body.to_string().contains(marked), "{marked}");
    }
    let state: Value = hanako.state().await;
    assert!(!state.to_string().contains(&sub));
    laptop.stop().await;
}
