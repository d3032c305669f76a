//! The user pool's JWK Set, with which the function checks access tokens: it can't be read at the
//! first request.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use http::StatusCode;
use login_kit::{Laptop, variables};
use serde_json::json;
use tokio::net::TcpListener;
use verification::router::Operation;
use verification::variables::USER_POOL_JWKS_URI;

use super::{HANAKO, Member, laptop_changed, record, refused};

/// The way to the JWK Set, which is shut at first.
#[derive(Default)]
struct Door {
    leads_to: OnceLock<String>,
    is_open: AtomicBool,
}

impl Door {
    async fn new() -> (Arc<Self>, SocketAddr) {
        let door = Arc::new(Self::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(key_set);
        let router = router.with_state(Arc::clone(&door));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (door, address)
    }

    fn open(&self, is_open: bool) {
        self.is_open.store(is_open, Ordering::Relaxed);
    }
}

async fn key_set(State(door): State<Arc<Door>>) -> (StatusCode, String) {
    if !door.is_open.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, String::new());
    }
    let answer = reqwest::get(door.leads_to.get().unwrap()).await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

async fn behind_the_door() -> (Laptop, Arc<Door>) {
    let (door, address) = Door::new().await;
    let url = format!("http://{address}/jwks.json");
    let environment = variables([(USER_POOL_JWKS_URI, Some(&url))]);
    let laptop = laptop_changed(|_| {}, |members| members.environment = environment).await;
    door.leads_to.set(laptop.cognito.jwks_url()).unwrap();
    (laptop, door)
}

#[tokio::test]
async fn without_the_key_set_each_request_is_told_to_come_again_and_then_it_is_answered() {
    let (laptop, door) = behind_the_door().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    for operation in Operation::ALL {
        let (method, path) = operation.route();
        let body = Some(json!({}));
        let answer = hanako.call(method.as_str(), path, body.as_ref()).await;
        refused(&answer, 503, "user_pool_unavailable");
        assert!((1..=8).contains(&answer.retry_after.unwrap()), "{answer:?}");
        assert!(answer.support_id().is_some(), "{answer:?}");
        assert!(answer.continuation().is_none(), "{answer:?}");
    }

    door.open(true);
    // A fetch that failed keeps others back for less than the shortest `Retry-After`.
    let healed = async {
        loop {
            let answer = hanako.call("GET", "/verifications/me", None).await;
            if answer.status == 200 {
                break;
            }
            refused(&answer, 503, "user_pool_unavailable");
        }
    };
    let healed = tokio::time::timeout(Duration::from_secs(10), healed).await;
    healed.expect("it is answered when the key set is there");
    assert_eq!(hanako.verify("adult").await.status, 200);

    // Now the keys are known, and a door that is shut again isn't noticed.
    door.open(false);
    assert_eq!(hanako.state().await["state"], "verified");
    laptop.stop().await;
}

/// The first request that comes to a new process: the code isn't spent, and is good for the next.
#[tokio::test]
async fn a_code_is_not_spent_by_a_process_that_cannot_read_the_key_set() {
    let (laptop, door) = behind_the_door().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    door.open(true);
    let begun = hanako.begin().await;
    let code = hanako.code(&begun, "adult").await;
    door.open(false);
    laptop.members.as_ref().unwrap().api.scale_to_zero().await;
    let answer = hanako.complete(&begun, &code).await;
    refused(&answer, 503, "user_pool_unavailable");
    assert_eq!(record(&laptop, HANAKO), None);
    door.open(true);
    laptop.members.as_ref().unwrap().api.scale_to_zero().await;
    assert_eq!(hanako.complete(&begun, &code).await.status, 200);
    laptop.stop().await;
}
