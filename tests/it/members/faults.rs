//! What can't be reached, and processes that are killed: nothing stays half done, and what the
//! exchange brought isn't lost.

use std::time::Duration;

use cognito_simulator::ApiFault;
use demo::member_app::{Answer, Begun};
use secrecy::SecretString;
use serde_json::Value;

use super::{HANAKO, JIRO, Member, TARO, laptop, laptop_changed, record, refused, table, user};

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
    let throttled = [ApiFault::Throttled];
    (pool.break_api("AdminUpdateUserAttributes", &throttled)).unwrap();
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

/// The share of verifications that succeed is that of members, not of tries.
#[tokio::test]
async fn a_member_whose_tries_fail_counts_once_and_a_try_that_goes_on_doesnt_count() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let taro = Member::signed_in(&laptop, TARO).await;
    let counted = || -> Vec<Value> {
        let lines = laptop.members.as_ref().unwrap().api.logs().lines();
        let metrics = lines
            .iter()
            .filter_map(|line| serde_json::from_str(line).ok());
        let counted = metrics.filter_map(|line: Value| line.get("VerificationCompleted").cloned());
        counted.collect()
    };
    let (of_hanako, code) = begun(&hanako, "adult").await;
    let pool = &laptop.cognito;
    let throttled = [ApiFault::Throttled];
    (pool.break_api("AdminUpdateUserAttributes", &throttled)).unwrap();
    let throttled = hanako.complete(&of_hanako, &code).await;
    refused(&throttled, 429, "too_many_requests");
    assert_eq!(counted(), [] as [Value; 0]);
    for _ in 0..3 {
        let malformed = taro
            .complete(&of_hanako, &"no code".to_owned().into())
            .await;
        refused(&malformed, 400, "code_malformed");
    }
    assert_eq!(counted(), [0]);
    // Another member counts for themselves, and a success always.
    let malformed = hanako
        .complete(&of_hanako, &"no code".to_owned().into())
        .await;
    refused(&malformed, 400, "code_malformed");
    assert_eq!(counted(), [0, 0]);
    let done = go_on(&hanako, &of_hanako, &throttled).await;
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(counted(), [0, 0, 1]);
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
    let pool = &laptop.cognito;
    let throttled = [ApiFault::Throttled];
    (pool.break_api("AdminUpdateUserAttributes", &throttled)).unwrap();
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
    const READ: &str = "AdminGetUser";
    const WRITE: &str = "AdminUpdateUserAttributes";
    use ApiFault::{AnswerLost, InternalError, Throttled};
    // What isn't answered is tried twice. A write that is throttled isn't.
    let cases: [(_, &[ApiFault], _); 8] = [
        (READ, &[Throttled, Throttled], "adult"),
        (READ, &[InternalError, InternalError], "leap-day"),
        (READ, &[AnswerLost, AnswerLost], "longest"),
        (WRITE, &[Throttled], "no-gender"),
        (WRITE, &[InternalError, InternalError], "yokohama"),
        (WRITE, &[AnswerLost, AnswerLost], "latin-name"),
        (WRITE, &[AnswerLost, Throttled], "gender-absent"),
        (WRITE, &[InternalError, Throttled], "gender-other"),
    ];
    let users = cases.map(|(_, _, persona)| user(&format!("member-{persona}")));
    let laptop = laptop_changed(|_| {}, |members| members.users = users.into()).await;
    let pool = &laptop.cognito;
    let mut waiting = Vec::new();
    for (operation, faults, persona) in cases {
        let username = format!("member-{persona}");
        let member = Member::signed_in(&laptop, &username).await;
        let (begun, code) = begun(&member, persona).await;
        pool.break_api(operation, faults).unwrap();
        let answer = member.complete(&begun, &code).await;
        let what = format!("{operation} {faults:?}");
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
    assert_eq!(waiting.len(), 4);
    for (what, member, begun, early) in waiting {
        table::lapse(&laptop, &member).await;
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

/// Who holds the person is looked up in the pool. As long as that can't be done, nobody knows
/// whether the account is in the way: it is neither refused nor found gone.
#[tokio::test]
async fn a_holder_who_cannot_be_looked_up_is_neither_in_the_way_nor_gone() {
    let laptop = laptop().await;
    let (hanako, taro, jiro) = (
        Member::signed_in(&laptop, HANAKO).await,
        Member::signed_in(&laptop, TARO).await,
        Member::signed_in(&laptop, JIRO).await,
    );
    assert_eq!(hanako.verify("adult").await.status, 200);
    for (fault, status, class) in [
        (ApiFault::Throttled, 429, "too_many_requests"),
        (ApiFault::InternalError, 503, "user_pool_unavailable"),
        (ApiFault::AnswerLost, 503, "user_pool_unavailable"),
    ] {
        let (begun, code) = begun(&taro, "adult").await;
        laptop
            .cognito
            .break_api("ListUsers", &[fault, fault])
            .unwrap();
        let unknown = taro.complete(&begun, &code).await;
        refused(&unknown, status, class);
        assert_eq!(table::holders(&laptop).await, [hanako.sub()], "{fault:?}");
        let known = go_on(&taro, &begun, &unknown).await;
        refused(&known, 409, "person_already_verified");
    }
    // The holder is gone, and that isn't known at first.
    let (begun, code) = begun(&jiro, "adult").await;
    laptop.cognito.delete_user(HANAKO).unwrap();
    let twice = [ApiFault::Throttled; 2];
    laptop.cognito.break_api("ListUsers", &twice).unwrap();
    let unknown = jiro.complete(&begun, &code).await;
    refused(&unknown, 429, "too_many_requests");
    assert_eq!(table::holders(&laptop).await, [hanako.sub()]);
    assert_eq!(go_on(&jiro, &begun, &unknown).await.status, 200);
    assert_eq!(table::holders(&laptop).await, [jiro.sub()]);
    laptop.stop().await;
}
