//! A process that Lambda freezes between callback and token finds its connections dead when it
//! continues.
//! Whatever the service did with the connections meanwhile, the login succeeds, and no token
//! request is sent twice.
//! The tests shorten the time for which the service keeps idle connections, and stop the function
//! with SIGSTOP, which has the same effect as Lambda's freezing.

use std::time::{Duration, Instant};

use local_lambda::ProcessState;
use login_kit::{
    Answer, Laptop, Outcome, RelyingParty, browser, laptop, laptop_with, logged_failures, parameter,
};
use service_simulator::fault::Fault;
use service_simulator::{Endpoint, IdleConnections};
use tokio::time::sleep;

/// Waits until the process is stopped, so that it can't notice what happens to its connections.
async fn assert_frozen(laptop: &Laptop) {
    let all_frozen = || {
        let processes = laptop.bridge.processes();
        !processes.is_empty()
            && processes
                .iter()
                .all(|process| process.state == ProcessState::Frozen)
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    while !all_frozen() {
        assert!(Instant::now() < deadline, "the process isn't stopped");
        sleep(Duration::from_millis(5)).await;
    }
}

/// A login with a pause between callback and token. Gives how many new connections the token
/// request needed, and its answer.
async fn paused_login(laptop: &Laptop, pause: Duration) -> (usize, Answer) {
    let client = RelyingParty::new(laptop);
    let code = client.code().await;
    assert_frozen(laptop).await;
    let connections = laptop.service.connections();
    sleep(pause).await;
    let answer = client.token_request(&code).send().await;
    (laptop.service.connections() - connections, answer)
}

#[tokio::test]
async fn the_token_request_finds_the_connection_that_the_callback_opened() {
    let laptop = laptop().await;
    for attempt in 0..3 {
        let (new_connections, answer) = paused_login(&laptop, Duration::ZERO).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(new_connections, 0, "login {attempt}");
        // Ends the process, so that the next callback has to open a new connection.
        laptop.bridge.scale_to_zero().await;
    }
    laptop.stop().await;
}

#[tokio::test]
async fn the_service_closes_its_connections_meanwhile_and_every_login_succeeds() {
    const LOGINS: usize = 10;
    let laptop = laptop_with(|options| {
        options.service = |service| {
            service.idle_connections = IdleConnections::CloseAfter(Duration::from_millis(500));
        };
    })
    .await;
    for login in 1..=LOGINS {
        let (new_connections, answer) = paused_login(&laptop, Duration::from_secs(1)).await;
        assert_eq!(answer.status, 200, "login {login}: {answer:?}");
        assert!(new_connections > 0, "the old ones were closed");
        assert_eq!(laptop.service.count(Endpoint::Token), login);
        assert_eq!(laptop.service.count(Endpoint::Userinfo), login);
    }
    assert_eq!(
        laptop.bridge.processes_started(),
        1,
        "it was one process all the time"
    );
    assert_eq!(laptop.service.lost_requests(), Vec::<String>::new());
    assert_eq!(logged_failures(&laptop), Vec::<String>::new());
    laptop.stop().await;
}

/// If the service closes a connection while a request is on it, the request may have arrived. The
/// bridge can't know, and so the login fails with a class that says so.
#[tokio::test]
async fn the_service_closes_its_connections_while_the_token_request_is_sent_and_it_is_not_sent_again()
 {
    let laptop = laptop_with(|options| {
        options.service = |service| {
            service.idle_connections = IdleConnections::CloseAfter(Duration::from_millis(400));
        };
    })
    .await;
    // Pauses that end before the service closes its connections, at about that time, and after it.
    let mut succeeded = 0;
    for milliseconds in [300, 385, 390, 393, 396, 399, 402, 405, 410, 800] {
        let before = laptop.service.count(Endpoint::Token);
        let (_, answer) = paused_login(&laptop, Duration::from_millis(milliseconds)).await;
        let sent = laptop.service.count(Endpoint::Token) - before;
        if answer.status == 200 {
            assert_eq!(sent, 1, "{milliseconds} ms");
            succeeded += 1;
        } else {
            let class = answer.class().unwrap();
            let known = ["service_failed", "service_unreachable"];
            assert!(known.contains(&&*class), "{milliseconds} ms: {class}");
            assert!(sent <= 1, "{milliseconds} ms");
        }
    }
    assert!(succeeded > 0);
    let (_, answer) = paused_login(&laptop, Duration::from_secs(1)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    laptop.stop().await;
}

#[tokio::test]
async fn the_service_forgets_its_connections_and_an_idle_one_of_more_than_ten_seconds_is_not_used()
{
    let laptop = laptop_with(|options| {
        options.service = |service| {
            service.idle_connections = IdleConnections::ForgetAfter(Duration::from_secs(1));
        };
    })
    .await;
    let (new_connections, answer) = paused_login(&laptop, Duration::from_millis(11_500)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(new_connections > 0, "the old ones were not used");
    assert_eq!(laptop.service.count(Endpoint::Token), 1);
    assert_eq!(laptop.service.lost_requests(), Vec::<String>::new());
    assert_eq!(laptop.bridge.processes_started(), 1);
    laptop.stop().await;
}

#[tokio::test]
async fn a_token_request_on_a_forgotten_connection_is_lost_and_is_not_sent_again() {
    let laptop = laptop_with(|options| {
        options.service = |service| {
            service.idle_connections = IdleConnections::ForgetAfter(Duration::from_secs(1));
        };
    })
    .await;
    // This service drops connections that are idle for less than our ten seconds. The request may
    // have arrived, and the bridge can't know.
    let (new_connections, answer) = paused_login(&laptop, Duration::from_millis(2_500)).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.class().as_deref(), Some("service_timeout"));
    assert_eq!(new_connections, 0);
    assert_eq!(laptop.service.count(Endpoint::Token), 0);
    let lost = laptop.service.lost_requests();
    assert_eq!(
        lost,
        ["POST /api/realms/main/protocol/openid-connect/token"]
    );
    laptop.stop().await;
}

#[tokio::test]
async fn another_process_than_that_of_the_callback_takes_the_token_request() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    for logins in 1..=2 {
        let code = client.code().await;
        laptop.bridge.scale_to_zero().await;
        let answer = client.token_request(&code).send().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(laptop.service.count(Endpoint::Token), logins);
    }
    // The second login began in the process that had answered the first login's token request.
    assert_eq!(laptop.bridge.processes_started(), 3);
    laptop.stop().await;
}

#[tokio::test]
async fn two_token_requests_at_once_are_taken_by_two_processes() {
    let laptop = laptop_with(|options| {
        // Slow, but within the time that the function waits.
        options.service = |service| service.slow_answer = Duration::from_millis(1_500);
    })
    .await;
    let client = RelyingParty::new(&laptop);
    let slow = client
        .sign_in(
            &browser(),
            &client.authorization_request(),
            "adult",
            Some(Fault::TokenSlow),
        )
        .await;
    let slow = client.token_request(&parameter(&slow, "code").unwrap());
    let quick = client.token_request(&client.code().await);
    assert_eq!(laptop.bridge.processes_started(), 1);
    let before = laptop.bridge.invocations().len();
    let (slow, quick) = tokio::join!(slow.send(), async {
        sleep(Duration::from_millis(300)).await;
        quick.send().await
    });
    assert_eq!(slow.status, 200, "{slow:?}");
    assert_eq!(quick.status, 200, "{quick:?}");
    assert_eq!(laptop.service.count(Endpoint::Token), 2);
    let invocations = laptop.bridge.invocations();
    let [first, second] = &invocations[before..] else {
        panic!("not two invocations: {invocations:?}");
    };
    assert_ne!(first.pid, second.pid);
    laptop.stop().await;
}

#[tokio::test]
async fn a_whole_login_survives_connections_that_end_with_every_answer() {
    let laptop = laptop_with(|options| {
        options.service = |service| {
            service.idle_connections = IdleConnections::EndWithAnswer;
        };
    })
    .await;
    for logins in 1..=3 {
        let outcome = laptop.login(&browser(), "adult", None).await.unwrap();
        assert!(matches!(outcome, Outcome::SignedIn(_)), "{outcome:?}");
        assert_eq!(laptop.service.count(Endpoint::Token), logins);
    }
    laptop.stop().await;
}
