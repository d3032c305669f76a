//! The process ends at each request of a verification, before and after it took effect. What the
//! next try of the same member, and of another one, comes to is in tables.

use kit::{Fault, start};
use member_table::Release;

use crate::world::{End, ONE, World, after, call, member, pass};

/// The requests of a verification.
const VERIFY: [&str; 5] = [
    "TransactGetItems",
    "TransactWriteItems",
    "WriteRecord",
    "TransactGetItems",
    "TransactWriteItems",
];

/// The requests of taking it back.
const TAKE_BACK: [&str; 5] = [
    "GetItem",
    "RemoveRecord",
    "GetItem",
    "TransactGetItems",
    "TransactWriteItems",
];

/// Where a process ended.
#[derive(Clone, Copy, Debug)]
enum At {
    Before(usize),
    After(usize),
}

impl At {
    /// Lets the next process end there.
    fn follow(self, world: &World) {
        world.faults.follow(move |number, _| match self {
            Self::Before(at) if at == number => Fault::EndsBefore,
            Self::After(at) if at == number => Fault::EndsAfter,
            _ => Fault::None,
        });
    }

    /// The requests that the process made.
    fn requests(self, all: [&'static str; 5]) -> Vec<&'static str> {
        let (Self::Before(at) | Self::After(at)) = self;
        all.into_iter().take(at + 1).collect()
    }
}

/// A world in which a verification of the member `a` ended there.
async fn ended(at: At, former: bool) -> World {
    let world = World::new().await;
    if former {
        let end = world.verify(&pass("a", 9).await, ONE, start()).await;
        assert_eq!(end, End::Verified);
    }
    at.follow(&world);
    let pass = pass("a", 1).await;
    let process = world.faults.process(world.verify(&pass, ONE, start()));
    assert_eq!(process.await, None, "{at:?}");
    assert_eq!(world.faults.calls(), at.requests(VERIFY), "{at:?}");
    world.faults.follow(|_, _| Fault::None);
    world
}

/// When, and by whom, the next try is made.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// The same pass goes on.
    SamePass,
    /// The same member begins anew.
    SameMember,
    /// Another member of the person.
    Another,
}

async fn next(world: &World, next: Next, seconds: i64) -> End {
    let pass = match next {
        Next::SamePass => pass("a", 1).await,
        Next::SameMember => pass("a", 2).await,
        Next::Another => pass("b", 3).await,
    };
    let end = world.verify(&pass, ONE, after(seconds)).await;
    if end == End::Verified {
        assert_eq!(world.record(&pass.member), Some(pass.id));
    }
    end
}

#[tokio::test]
async fn after_each_end_of_a_first_verification_the_next_try_ends_right() {
    use At::{After, Before};
    use End::{Refused, Verified};
    let wait = || End::Wait(after(60));
    for (at, at_once, later, another_at_once, another_later) in [
        // Nothing is written.
        (Before(0), Verified, Verified, Verified, Verified),
        (After(0), Verified, Verified, Verified, Verified),
        (Before(1), Verified, Verified, Verified, Verified),
        // It is pending, without a record.
        (After(1), wait(), Verified, wait(), Verified),
        (Before(2), wait(), Verified, wait(), Verified),
        // It is pending, and the record is there.
        (After(2), wait(), Verified, wait(), Refused),
        (Before(3), wait(), Verified, wait(), Refused),
        (After(3), wait(), Verified, wait(), Refused),
        (Before(4), wait(), Verified, wait(), Refused),
        // It holds.
        (After(4), Verified, Verified, Refused, Refused),
    ] {
        for (who, seconds, end) in [
            (Next::SamePass, 59, &at_once),
            (Next::SamePass, 60, &later),
            (Next::SameMember, 59, &at_once),
            (Next::SameMember, 60, &later),
            (Next::Another, 59, &another_at_once),
            (Next::Another, 60, &another_later),
        ] {
            let world = ended(at, false).await;
            let outcome = next(&world, who, seconds).await;
            assert_eq!(outcome, *end, "{at:?}, then {who:?} after {seconds} s");
        }
    }
}

#[tokio::test]
async fn after_each_end_of_a_second_verification_the_member_still_holds_the_person() {
    let member = member("a");
    for at in (0..5).flat_map(|at| [At::Before(at), At::After(at)]) {
        let world = ended(at, true).await;
        let found = async |seconds| {
            let found = world.table.find(&member, call(after(seconds)));
            found.await.unwrap()
        };
        assert!(found(1).await.held.is_some(), "{at:?}");

        let another = next(&world, Next::Another, 60).await;
        assert_eq!(another, End::Refused, "{at:?}");

        let found = found(60).await;
        assert_eq!(found.pending, None, "{at:?}");
        let held = found.held.map(|held| held.id);
        assert_eq!(held, world.record(&member), "{at:?}");
        let end = next(&world, Next::SameMember, 60).await;
        assert_eq!(end, End::Verified, "{at:?}");
    }
}

#[tokio::test]
async fn after_each_end_of_taking_it_back_another_member_is_free_when_the_record_is_gone() {
    use At::{After, Before};
    use End::{Refused, Verified};
    for (at, another) in [
        (Before(0), Refused),
        (After(0), Refused),
        (Before(1), Refused),
        (After(1), Verified),
        (Before(2), Verified),
        (After(2), Verified),
        (Before(3), Verified),
        (After(3), Verified),
        (Before(4), Verified),
        (After(4), Verified),
    ] {
        let world = World::new().await;
        world.verify(&pass("a", 1).await, ONE, start()).await;
        at.follow(&world);
        let member = member("a");
        let taking_back = world.take_back(&member, after(1));
        assert_eq!(world.faults.process(taking_back).await, None, "{at:?}");
        assert_eq!(world.faults.calls(), at.requests(TAKE_BACK), "{at:?}");
        world.faults.follow(|_, _| Fault::None);

        assert_eq!(next(&world, Next::Another, 2).await, another, "{at:?}");
        let again = world.take_back(&member, after(3)).await;
        assert_eq!(again, Release::Released, "{at:?}");
        assert_eq!(next(&world, Next::Another, 4).await, Verified, "{at:?}");
    }
}

#[tokio::test]
async fn after_each_end_of_settling_it_is_settled_by_the_next_one() {
    let settle = ["TransactGetItems", "TransactGetItems", "TransactWriteItems"];
    for at in (1..3).flat_map(|at| [At::Before(at), At::After(at)]) {
        let world = ended(At::After(2), false).await;
        at.follow(&world);
        let another = pass("b", 3).await;
        let process = world.faults.process(world.verify(&another, ONE, after(60)));
        assert_eq!(process.await, None, "{at:?}");
        let (At::Before(number) | At::After(number)) = at;
        assert_eq!(world.faults.calls(), settle[..=number], "{at:?}");
        world.faults.follow(|_, _| Fault::None);

        assert_eq!(
            next(&world, Next::Another, 60).await,
            End::Refused,
            "{at:?}"
        );
        assert_eq!(
            next(&world, Next::SameMember, 60).await,
            End::Verified,
            "{at:?}"
        );
    }
}
