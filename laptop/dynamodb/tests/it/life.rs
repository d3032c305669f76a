//! What becomes of persons and members: verified, verified again, taken back, gone.

use chrono::TimeDelta;
use dynamodb::Storage;
use kit::start;
use member_table::{
    Begin, Found, FoundGone, FoundPending, Held, Hold, Pass, Policy, Release, ReleaseWait, Settle,
};

use crate::world::{End, ONE, World, after, begin, call, gone, member, pass, pause, person};

const MONTH: Policy = Policy::One(ReleaseWait::Days(30));
const NEVER: Policy = Policy::One(ReleaseWait::Never);

async fn found(world: &World, sub: &str) -> Found {
    let found = world.table.find(&member(sub), call(start())).await;
    found.unwrap()
}

#[tokio::test]
async fn a_member_is_verified_and_found_and_another_one_of_the_person_is_refused() {
    let world = World::new().await;
    let first = pass("a", 1).await;

    assert_eq!(world.verify(&first, ONE, start()).await, End::Verified);

    let held = Held {
        id: first.id,
        since: start(),
    };
    assert_eq!(found(&world, "a").await.held, Some(held));
    assert_eq!(found(&world, "b").await, Found::default());
    let second = pass("b", 2).await;
    assert_eq!(world.verify(&second, ONE, after(9)).await, End::Refused);
    assert_eq!(found(&world, "b").await, Found::default());
}

#[tokio::test]
async fn two_persons_verify_two_members() {
    let world = World::new().await;
    let others = Pass {
        person: person("another").await,
        ..pass("b", 2).await
    };

    assert_eq!(
        world.verify(&pass("a", 1).await, ONE, start()).await,
        End::Verified
    );
    assert_eq!(world.verify(&others, ONE, start()).await, End::Verified);
}

#[tokio::test]
async fn a_member_verifies_as_another_person_only_after_taking_it_back() {
    let world = World::new().await;
    let others = Pass {
        person: person("another").await,
        ..pass("a", 2).await
    };
    world.verify(&pass("a", 1).await, ONE, start()).await;

    assert_eq!(
        world.table.begin(&others, ONE, call(start())).await,
        Ok(Begin::MemberIsAnotherPerson)
    );

    world.take_back(&member("a"), start()).await;
    assert_eq!(world.verify(&others, ONE, start()).await, End::Verified);
}

#[tokio::test]
async fn who_verifies_again_keeps_the_former_verification_until_the_pass_is_through() {
    let world = World::new().await;
    let (first, second) = (pass("a", 1).await, pass("a", 2).await);
    world.verify(&first, ONE, start()).await;

    begin(&world, &second, after(9)).await;
    let meanwhile = found(&world, "a").await;
    assert_eq!(meanwhile.held.unwrap().id, first.id);
    let until = after(69);
    assert_eq!(meanwhile.pending, Some(FoundPending::Live { until }));

    let held = world.table.hold(&second, call(after(10))).await;
    let since = after(10);
    assert_eq!(held, Ok(Hold::Held { since }));
    let id = second.id;
    assert_eq!(found(&world, "a").await.held, Some(Held { id, since }));
}

#[tokio::test]
async fn a_pass_goes_on_when_it_paused_or_its_lease_ended_and_not_before() {
    let world = World::new().await;
    let pass = pass("a", 1).await;
    begin(&world, &pass, start()).await;

    let again = world.table.begin(&pass, ONE, call(after(59))).await;
    assert_eq!(again, Ok(Begin::Wait { until: after(60) }));

    pause(&world, &pass, after(60)).await;
    assert_eq!(world.verify(&pass, ONE, after(61)).await, End::Verified);
    let again = world.table.begin(&pass, ONE, call(after(62))).await;
    assert_eq!(again, Ok(Begin::AlreadyHeld { since: after(61) }));
}

#[tokio::test]
async fn what_was_taken_back_makes_room_when_the_wait_is_over() {
    let month = start() + TimeDelta::days(30);
    for (policy, at, end) in [
        (ONE, start(), End::Verified),
        (MONTH, month - TimeDelta::milliseconds(1), End::Refused),
        (MONTH, month, End::Verified),
        (NEVER, start() + TimeDelta::days(9_999), End::Refused),
        (Policy::Many, start(), End::Verified),
    ] {
        let world = World::new().await;
        world.verify(&pass("a", 1).await, policy, start()).await;
        for _ in 0..2 {
            let released = world.take_back(&member("a"), start()).await;
            assert_eq!(released, Release::Released);
        }
        assert_eq!(found(&world, "a").await, Found::default());

        let second = pass("b", 2).await;
        assert_eq!(world.verify(&second, policy, at).await, end, "{policy:?}");
    }
}

#[tokio::test]
async fn who_took_it_back_verifies_again_at_any_time_but_not_with_the_same_verification() {
    let world = World::new().await;
    let first = pass("a", 1).await;
    world.verify(&first, NEVER, start()).await;
    world.take_back(&member("a"), start()).await;

    let same = world.table.begin(&first, NEVER, call(after(1))).await;
    assert_eq!(same, Ok(Begin::TakenBack));
    // Nor with one that had begun by then: two tabs.
    let (mut second, mut third) = (pass("a", 2).await, pass("a", 3).await);
    second.began = start() - TimeDelta::milliseconds(1);
    let before = world.table.begin(&second, NEVER, call(after(1))).await;
    assert_eq!(before, Ok(Begin::TakenBack));
    third.began = start();
    assert_eq!(world.verify(&third, NEVER, after(1)).await, End::Verified);
}

#[tokio::test]
async fn a_verification_is_taken_back_by_its_id_alone_and_during_no_pass() {
    let world = World::new().await;
    let (first, second) = (pass("a", 1).await, pass("a", 2).await);
    world.verify(&first, ONE, start()).await;

    begin(&world, &second, start()).await;
    let release = |id| world.table.release(&first.member, id, call(start()));
    let until = after(60);
    assert_eq!(release(first.id).await, Ok(Release::Wait { until }));

    world.table.hold(&second, call(start())).await.unwrap();
    assert_eq!(release(first.id).await, Ok(Release::Changed));
    assert_eq!(release(second.id).await, Ok(Release::Released));
}

#[tokio::test]
async fn a_holder_who_is_gone_makes_room_from_when_it_was_found() {
    let world = World::new().await;
    world.verify(&pass("a", 1).await, MONTH, start()).await;
    world.delete(&member("a"));
    let second = pass("b", 2).await;
    let found_at = start() + TimeDelta::days(100);
    let Ok(Begin::HeldByAnother(holder)) = world.table.begin(&second, MONTH, call(found_at)).await
    else {
        panic!("it isn't held");
    };

    for later in [0, 1] {
        let now = found_at + TimeDelta::days(later);
        let answer = world.table.found_gone(&holder, call(now)).await;
        assert_eq!(answer, Ok(gone(found_at)));
    }

    for (days, end) in [(29, End::Refused), (30, End::Verified)] {
        let now = found_at + TimeDelta::days(days);
        assert_eq!(world.verify(&second, MONTH, now).await, end);
    }
    let answer = world.table.found_gone(&holder, call(found_at)).await;
    assert_eq!(answer, Ok(FoundGone::Changed));
}

#[tokio::test]
async fn many_lets_each_member_through_and_keeps_the_first_holder() {
    let world = World::new().await;
    for (id, sub) in [(1, "a"), (2, "b"), (3, "c")] {
        let pass = pass(sub, id).await;
        assert_eq!(
            world.verify(&pass, Policy::Many, start()).await,
            End::Verified
        );
        assert_eq!(found(&world, sub).await.held.unwrap().id, pass.id);
    }

    let fourth = pass("d", 4).await;
    let Ok(Begin::HeldByAnother(holder)) = world.table.begin(&fourth, ONE, call(start())).await
    else {
        panic!("nobody holds the person");
    };
    assert_eq!(holder.owner(), &member("a"));
    world.take_back(&member("b"), start()).await;
    assert_eq!(found(&world, "b").await, Found::default());
    assert_eq!(world.verify(&fourth, ONE, start()).await, End::Refused);
}

#[tokio::test]
async fn many_waits_for_no_other_member() {
    let world = World::new().await;
    begin(&world, &pass("a", 1).await, start()).await;

    let second = pass("b", 2).await;
    assert_eq!(
        world.verify(&second, Policy::Many, start()).await,
        End::Verified
    );
    let first = pass("a", 3).await;
    assert_eq!(
        world.verify(&first, Policy::Many, after(60)).await,
        End::Verified
    );
}

#[tokio::test]
async fn a_record_that_the_table_doesnt_know_is_removed_before_the_person_is_free() {
    let world = World::new().await;
    let first = pass("a", 1).await;
    begin(&world, &first, start()).await;
    let Ok(Begin::LookFirst(expired)) =
        (world.table.begin(&pass("b", 2).await, ONE, call(after(60)))).await
    else {
        panic!("it isn't left half way");
    };
    assert_eq!((expired.owner(), expired.id()), (&member("a"), first.id));

    let settle = |record| world.table.settle(&expired, record, call(after(60)));
    let unknown = Some(pass("a", 3).await.id);
    assert_eq!(settle(unknown).await, Ok(Settle::UnknownRecord));
    assert_eq!(settle(None).await, Ok(Settle::Forgotten));
    assert_eq!(settle(None).await, Ok(Settle::Changed));
}

#[tokio::test]
async fn what_is_kept_in_a_file_is_there_after_a_new_start() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::File(folder.path().join("members.db"));
    let world = World::kept_in(&storage).await;
    world.verify(&pass("a", 1).await, ONE, start()).await;
    drop(world);

    let world = World::kept_in(&storage).await;

    assert!(found(&world, "a").await.held.is_some());
}
