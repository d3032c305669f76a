//! Many at once: more completions than the user pool takes writes, and many of one person.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use demo::member_app::{Answer, Begun};
use futures_util::future::join_all;
use loopback::clock::SimClock;
use secrecy::SecretString;
use service_simulator::Endpoint;

use super::{Member, laptop_changed, name, numbered, people, record, refused, table};

/// How many members complete at once, each a person of their own.
const MEMBERS: usize = 64;
/// How many users the pool updates in a second.
const QUOTA: usize = 25;

/// A member who got 429, and when they come back.
struct Waiting<'a> {
    member: &'a Member<'a>,
    begun: &'a Begun,
    answer: Answer,
    due: u64,
    stops: u32,
}

/// 64 members complete in one second. The pool's second ends only when the test says so.
#[tokio::test]
async fn a_rush_beyond_the_pools_quota_ends_verified_with_one_card_reading_each() {
    let laptop = laptop_changed(
        |laptop| {
            laptop.clock = SimClock::default().stopped();
            laptop.service = people;
        },
        |members| members.users = numbered(MEMBERS),
    )
    .await;
    let signing_in =
        (0..MEMBERS).map(async |number| Member::signed_in(&laptop, &name(number)).await);
    let members = join_all(signing_in).await;
    let showing = members.iter().enumerate().map(async |(number, member)| {
        let begun = member.begin().await;
        let code = member.code(&begun, &format!("person-{number}")).await;
        (begun, code)
    });
    let codes = join_all(showing).await;
    // The functions' clock went on meanwhile.
    let behind = SimClock::default().now() - laptop.clock.now();
    laptop.clock.advance(behind);

    let all = members.iter().zip(&codes);
    let completing = all.map(async |(member, (begun, code))| Waiting {
        member,
        begun,
        answer: member.complete(begun, code).await,
        due: 0,
        stops: 0,
    });
    let mut came = join_all(completing).await;
    let mut second = 0;
    let mut waits = BTreeSet::new();
    let mut verified = 0;
    let mut waiting: Vec<Waiting<'_>> = Vec::new();
    loop {
        let before = verified;
        for mut one in came {
            if one.answer.status == 200 {
                verified += 1;
                continue;
            }
            refused(&one.answer, 429, "too_many_requests");
            let wait = one.answer.retry_after.unwrap();
            assert!((1..=8 << one.stops).contains(&wait), "{wait}");
            waits.insert(wait);
            one.stops += 1;
            one.due = second + wait;
            waiting.push(one);
        }
        assert!(
            verified - before <= QUOTA,
            "{} at {second} s",
            verified - before
        );
        if second == 0 {
            assert_eq!(verified, QUOTA);
        }
        if waiting.is_empty() {
            break;
        }
        second += 1;
        assert!(second < 60, "{} still wait", waiting.len());
        laptop.clock.advance(TimeDelta::seconds(1));
        let (due, later) = waiting.into_iter().partition(|one| one.due <= second);
        waiting = later;
        let due: Vec<Waiting<'_>> = due;
        let going_on = due.into_iter().map(async |one| Waiting {
            answer: one.member.go_on(one.begun, &one.answer).await,
            ..one
        });
        came = join_all(going_on).await;
    }
    assert_eq!(verified, MEMBERS);
    assert!(waits.len() >= 4, "they don't come back together: {waits:?}");

    for (endpoint, count) in [
        (Endpoint::Authorization, MEMBERS),
        (Endpoint::Token, MEMBERS),
        (Endpoint::Userinfo, MEMBERS),
    ] {
        assert_eq!(laptop.service.count(endpoint), count, "{endpoint:?}");
    }
    let subs: BTreeSet<String> = members.iter().map(Member::sub).collect();
    let holders = table::holders(&laptop).await;
    assert_eq!(
        (holders.len(), holders.into_iter().collect()),
        (MEMBERS, subs)
    );
    let records = (0..MEMBERS).map(|number| record(&laptop, &name(number)).unwrap());
    assert_eq!(records.collect::<BTreeSet<_>>().len(), MEMBERS);
    for entry in table::entries(&laptop).await {
        assert!(entry.get("pending").is_none(), "{entry}");
    }
    for member in &members {
        assert_eq!(member.state().await["state"], "verified");
    }
    laptop.stop().await;
}

/// How many accounts the person has, and how often each completes.
const ACCOUNTS: usize = 20;
const EACH: usize = 10;

#[tokio::test]
async fn of_200_completions_of_one_person_for_20_members_one_member_is_verified() {
    let laptop = laptop_changed(|_| {}, |members| members.users = numbered(ACCOUNTS)).await;
    let signing_in =
        (0..ACCOUNTS).map(async |number| Member::signed_in(&laptop, &name(number)).await);
    let members = join_all(signing_in).await;
    let showing = members.iter().map(async |member| {
        let mut codes: Vec<(Begun, SecretString)> = Vec::new();
        for _ in 0..EACH {
            let begun = member.begin().await;
            let code = member.code(&begun, "adult").await;
            codes.push((begun, code));
        }
        codes
    });
    let codes = join_all(showing).await;

    let completions = members.iter().zip(&codes).enumerate();
    let completions = completions.flat_map(|(number, (member, codes))| {
        codes
            .iter()
            .map(move |(begun, code)| (number, member, begun, code))
    });
    let completing = completions.map(async |(number, member, begun, code)| {
        let mut answers = vec![member.complete(begun, code).await];
        // At once, again and again: nobody waits for what the answer says.
        while let Some(answer) = answers.last()
            && (answer.status == 429 || answer.status.is_server_error())
        {
            assert!(answers.len() < 200, "it doesn't end: {answer:?}");
            answers.push(member.go_on(begun, answer).await);
        }
        (number, answers)
    });
    let ended = join_all(completing).await;
    assert_eq!(ended.len(), ACCOUNTS * EACH);

    let holders = table::holders(&laptop).await;
    let owner = members.iter().position(|member| holders == [member.sub()]);
    let owner = owner.unwrap_or_else(|| panic!("{} holders", holders.len()));
    for (number, answers) in &ended {
        for answer in answers {
            let class = answer.class().unwrap_or_default();
            let known = match answer.status.as_u16() {
                200 => true,
                409 => class == "person_already_verified",
                429 => ["verification_under_way", "too_many_requests"].contains(&class),
                503 => class == "member_table_unavailable",
                _ => false,
            };
            assert!(known, "{answer:?}");
        }
        // A conflict is never taken for another account: the owner is told of none.
        let end = if *number == owner { 200 } else { 409 };
        assert_eq!(answers.last().unwrap().status, end, "{number}");
    }
    for (number, member) in members.iter().enumerate() {
        let is_owner = number == owner;
        assert_eq!(record(&laptop, &name(number)).is_some(), is_owner);
        let state = if is_owner { "verified" } else { "not_verified" };
        assert_eq!(member.state().await["state"], state);
        let claims = member.refreshed().await.id_token_claims;
        assert_eq!(claims.get("identity_verified").is_some(), is_owner);
    }
    for entry in table::entries(&laptop).await {
        assert!(entry.get("pending").is_none(), "{entry}");
    }
    assert_eq!(laptop.service.count(Endpoint::Token), ACCOUNTS * EACH);
    laptop.stop().await;
}
