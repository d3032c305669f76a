//! Tests of the cache of the service's key set: it is fetched once for all callers that wait, is an
//! hour old at most, and is fetched once more for a key that isn't in it.
//! The time is a parameter of every call. The tests count the requests that reach the server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use digital_auth::Deadline;
use digital_auth::key_set::{KeySetCache, KeySetError};
use digital_auth::published_keys::PublishedKeys;
use keys::SigningKey as _;

use crate::service::{CERTS, http, provider, soon};
use crate::signed::{es256, jwk_set, other_es256, rs256};
use kit::start;
use kit::{Received, Reply, Server, answer, chunked, json};

fn cache(server: &Server) -> KeySetCache {
    let jwks_uri = provider(server).jwks_uri().as_str().parse().unwrap();
    KeySetCache::new(http(), jwks_uri)
}

/// Another set for each of the first three requests.
fn rotating(request: &Received) -> Reply {
    let keys = [&[es256()][..], &[es256(), other_es256()], &[other_es256()]];
    Reply::Bytes(json(200, &jwk_set(keys[request.number.min(2)])))
}

fn failing_after_the_first(request: &Received) -> Reply {
    match request.number {
        0 => rotating(request),
        _ => Reply::Bytes(answer(503, None, "")),
    }
}

fn size(set: &PublishedKeys) -> usize {
    set.len()
}

/// Fifty callers at once.
async fn fifty<T, F: Future<Output = T>>(mut call: impl FnMut() -> F) -> Vec<T> {
    let mut waiting: Vec<_> = (0..50).map(|_| Box::pin(call())).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        waiting.retain_mut(|future| match future.as_mut().poll(context) {
            std::task::Poll::Ready(value) => {
                done.push(value);
                false
            }
            std::task::Poll::Pending => true,
        });
        if waiting.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done
}

#[tokio::test]
async fn pass_the_request_asks_for_json_at_the_configured_address() {
    let server = Server::start(rotating);

    let set = cache(&server).current(start(), soon(), &()).await.unwrap();

    assert_eq!(size(&set), 1);
    let request = &server.requests()[0];
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("GET", CERTS)
    );
    assert_eq!(
        request.header("accept"),
        Some("application/json, application/jwk-set+json")
    );
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.body, "");
}

#[tokio::test]
async fn pass_fifty_who_wait_share_one_request() {
    let sets = [jwk_set(&[es256()]), jwk_set(&[es256(), rs256()])];
    let server = Server::start(move |request| {
        Reply::Slowly(
            Duration::from_millis(30),
            json(200, &sets[request.number.min(1)]),
        )
    });
    let cache = cache(&server);

    let sets = fifty(|| cache.current(start(), soon(), &())).await;

    assert_eq!(server.requests().len(), 1);
    let first = sets[0].as_ref().unwrap();
    assert!(
        sets.iter()
            .all(|set| Arc::ptr_eq(set.as_ref().unwrap(), first))
    );
}

#[tokio::test]
async fn pass_a_set_is_used_for_just_under_an_hour() {
    let server = Server::start(rotating);
    let cache = cache(&server);
    let hour = TimeDelta::hours(1);

    let first = cache.current(start(), soon(), &()).await.unwrap();
    let last_moment = start() + hour - TimeDelta::milliseconds(1);
    let same = cache.current(last_moment, soon(), &()).await.unwrap();
    assert!(Arc::ptr_eq(&first, &same));
    assert_eq!(server.requests().len(), 1);

    let newer = cache.current(start() + hour, soon(), &()).await.unwrap();
    assert_eq!((size(&newer), server.requests().len()), (2, 2));
}

#[tokio::test]
async fn fail_an_old_set_does_not_stand_in_for_one_that_cannot_be_had() {
    let server = Server::start(failing_after_the_first);
    let cache = cache(&server);

    cache.current(start(), soon(), &()).await.unwrap();
    let later = start() + TimeDelta::hours(1);

    assert_eq!(
        cache.current(later, soon(), &()).await.unwrap_err(),
        KeySetError::Unavailable
    );
}

#[tokio::test]
async fn pass_after_a_fetch_that_brought_nothing_newer_there_is_none_for_10_s() {
    // Twice the same, then another.
    let server = Server::start(|request| {
        let keys = [&[es256()][..], &[es256()], &[other_es256()]];
        Reply::Bytes(json(200, &jwk_set(keys[request.number.min(2)])))
    });
    let cache = cache(&server);
    let first = cache.current(start(), soon(), &()).await.unwrap();

    let second = cache
        .newer_than(&first, start(), soon(), &())
        .await
        .unwrap();
    assert_eq!(second, first);
    assert_eq!(server.requests().len(), 2);
    for milliseconds in [0, 1, 9_999, -1] {
        let now = start() + TimeDelta::milliseconds(milliseconds);
        let same = cache.newer_than(&second, now, soon(), &()).await.unwrap();
        assert!(Arc::ptr_eq(&same, &second), "{milliseconds}");
    }
    assert_eq!(server.requests().len(), 2);

    let now = start() + TimeDelta::seconds(10);
    let third = cache.newer_than(&second, now, soon(), &()).await.unwrap();
    assert_ne!(third, first);
    assert_eq!(server.requests().len(), 3);
}

/// The service may change its keys twice: after the first change is noticed, nothing delays the
/// second.
#[tokio::test]
async fn pass_after_a_fetch_that_brought_newer_keys_there_is_no_pause() {
    let server = Server::start(rotating);
    let cache = cache(&server);
    let first = cache.current(start(), soon(), &()).await.unwrap();

    let second = cache
        .newer_than(&first, start(), soon(), &())
        .await
        .unwrap();
    let third = cache
        .newer_than(&second, start(), soon(), &())
        .await
        .unwrap();
    assert_eq!((size(&second), size(&third)), (2, 1));
    assert_eq!(server.requests().len(), 3);
}

/// The log says which entries can't be used, and shows none of their numbers.
#[tokio::test]
async fn pass_entries_that_are_passed_over_are_told_with_their_reasons() {
    let marked = "bWFya2Vk";
    let mut set = jwk_set(&[es256(), other_es256()]);
    set["keys"][0]["x"] = marked.into();
    set["keys"][1]["d"] = marked.into();
    set["keys"][1]["kid"] = "a\nb".into();
    let other_purpose = serde_json::json!({"kty": "OKP", "kid": "quiet", "x": marked});
    set["keys"].as_array_mut().unwrap().push(other_purpose);
    let server = Server::start(move |_| Reply::Bytes(json(200, &set)));
    let (log, _guard) = kit::log();

    let set = cache(&server).current(start(), soon(), &()).await.unwrap();

    assert_eq!(size(&set), 0);
    let told: Vec<_> = log
        .lines()
        .into_iter()
        .filter(|line| line["event"] == "service_key_passed_over")
        .collect();
    let told: Vec<_> = told
        .iter()
        .map(|line| {
            (
                line["level"].as_str().unwrap(),
                line["kid"].as_str(),
                line["reason"].as_str().unwrap(),
            )
        })
        .collect();
    let kid = es256().key_id().as_str();
    let expected = [
        ("WARN", Some(kid), "its numbers do not form a valid key"),
        ("ERROR", None, "its private part is published"),
    ];
    assert_eq!(told, expected);
    assert!(!log.text().contains(marked));
}

/// Entries that contradict themselves, are misspelled, or are no objects are logged, too.
#[tokio::test]
async fn pass_entries_that_contradict_themselves_are_told_with_their_key_ids() {
    let entry = |kid: &str, member: &str, value: &str| {
        let mut entry = jwk_set(&[es256()])["keys"][0].take();
        entry["kid"] = kid.into();
        entry[member] = value.into();
        entry.to_string()
    };
    let twice = entry("twice", "alg", "ES256").replacen('{', r#"{"use":"sig","#, 1);
    let entries = [
        entry("alg", "alg", "RS256"),
        entry("crv", "crv", "secp256r1"),
        entry("kty", "kty", "ec"),
        twice,
        "1e999".to_owned(),
    ];
    let set = format!(r#"{{"keys":[{}]}}"#, entries.join(","));
    let server = Server::start(move |_| Reply::Bytes(answer(200, Some("application/json"), &set)));
    let (log, _guard) = kit::log();

    cache(&server).current(start(), soon(), &()).await.unwrap();

    let lines = log.lines();
    let told = lines
        .iter()
        .filter(|line| line["event"] == "service_key_passed_over");
    let told: Vec<_> = told
        .map(|line| (line["kid"].as_str(), line["reason"].as_str().unwrap()))
        .collect();
    let restriction = |member: &str| {
        format!(
            "its member `{member}` isn't understood, rules signatures out, or contradicts another"
        )
    };
    let [alg, crv, kty] = ["alg", "crv", "kty"].map(restriction);
    let expected = [
        (Some("alg"), &*alg),
        (Some("crv"), &*crv),
        (Some("kty"), &*kty),
        (Some("twice"), "a member comes twice"),
        (None, "it is not an object"),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn pass_fifty_unknown_keys_at_once_cost_one_request() {
    let server = Server::start(rotating);
    let cache = cache(&server);
    let first = cache.current(start(), soon(), &()).await.unwrap();

    let sets = fifty(|| cache.newer_than(&first, start(), soon(), &())).await;
    assert!(sets.iter().all(|set| size(set.as_ref().unwrap()) == 2));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn pass_fifty_who_find_nothing_newer_cost_one_request() {
    let server = Server::start(|_| Reply::Bytes(json(200, &jwk_set(&[es256()]))));
    let cache = cache(&server);
    let first = cache.current(start(), soon(), &()).await.unwrap();

    let sets = fifty(|| cache.newer_than(&first, start(), soon(), &())).await;

    assert!(sets.iter().all(Result::is_ok));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn pass_a_set_that_somebody_else_fetched_meanwhile_costs_no_request() {
    let server = Server::start(rotating);
    let cache = cache(&server);
    let first = cache.current(start(), soon(), &()).await.unwrap();
    let later = start() + TimeDelta::hours(1);
    let second = cache.current(later, soon(), &()).await.unwrap();

    let newer = cache.newer_than(&first, later, soon(), &()).await.unwrap();

    assert!(Arc::ptr_eq(&newer, &second));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn fail_the_set_for_an_unknown_key_cannot_be_had_and_the_known_one_stays() {
    let server = Server::start(failing_after_the_first);
    let cache = cache(&server);
    let first = cache.current(start(), soon(), &()).await.unwrap();

    assert_eq!(
        cache
            .newer_than(&first, start(), soon(), &())
            .await
            .unwrap_err(),
        KeySetError::Unavailable
    );

    let still = cache.current(start(), soon(), &()).await.unwrap();
    assert!(Arc::ptr_eq(&first, &still));
    // A failed fetch says nothing about newer keys, so the next caller fetches again.
    assert_eq!(
        cache
            .newer_than(&first, start(), soon(), &())
            .await
            .unwrap_err(),
        KeySetError::Unavailable
    );
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn pass_a_newer_set_right_after_a_fetch_that_failed() {
    let (older, newer) = (jwk_set(&[es256()]), jwk_set(&[es256(), rs256()]));
    let server = Server::start(move |request| {
        let bytes = match request.number {
            0 => json(200, &older),
            1 => answer(503, None, ""),
            _ => json(200, &newer),
        };
        Reply::Bytes(bytes)
    });
    let cache = cache(&server);
    let first = cache.current(start(), soon(), &()).await.unwrap();
    let failed = cache.newer_than(&first, start(), soon(), &()).await;
    assert_eq!(failed.unwrap_err(), KeySetError::Unavailable);

    let newer = cache.newer_than(&first, start(), soon(), &()).await;
    assert_eq!(size(&newer.unwrap()), 2);
}

#[tokio::test]
async fn fail_answers_that_are_no_key_set() {
    let set = jwk_set(&[es256()]).to_string();
    let too_large = format!("{set}{}", " ".repeat(256 * 1024));
    let redirect =
        b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n".to_vec();
    for (bytes, expected) in [
        (answer(500, None, ""), KeySetError::Unavailable),
        (
            answer(500, Some("application/json"), &set),
            KeySetError::Unavailable,
        ),
        (answer(404, None, ""), KeySetError::Unavailable),
        (redirect, KeySetError::Unavailable),
        (answer(200, None, ""), KeySetError::Malformed),
        (answer(200, None, "{\"keys\":"), KeySetError::Malformed),
        (answer(200, None, "{}"), KeySetError::Malformed),
        (answer(200, None, "[]"), KeySetError::Malformed),
        (answer(200, None, "{\"keys\":{}}"), KeySetError::Malformed),
        (answer(200, None, &too_large), KeySetError::Malformed),
        (
            chunked(200, "application/json", &[&too_large]),
            KeySetError::Malformed,
        ),
    ] {
        let server = Server::start(move |_| Reply::Bytes(bytes.clone()));
        assert_eq!(
            cache(&server)
                .current(start(), soon(), &())
                .await
                .unwrap_err(),
            expected
        );
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn pass_a_key_set_just_as_large_as_the_limit() {
    let set = jwk_set(&[es256()]).to_string();
    let padded = format!("{set}{}", " ".repeat(256 * 1024 - set.len()));
    let server = Server::start(move |_| Reply::Bytes(answer(200, None, &padded)));

    let set = cache(&server).current(start(), soon(), &()).await.unwrap();

    assert_eq!(size(&set), 1);
}

#[tokio::test]
async fn pass_keys_of_an_unknown_kind_are_passed_over() {
    let mut set = jwk_set(&[es256()]);
    let unknown = serde_json::json!({"kty": "PQ", "kid": "new", "use": "sig", "x": "AA"});
    set["keys"].as_array_mut().unwrap().insert(0, unknown);
    let server = Server::start(move |_| Reply::Bytes(json(200, &set)));

    let set = cache(&server).current(start(), soon(), &()).await.unwrap();

    assert_eq!(size(&set), 1);
}

#[tokio::test]
async fn fail_a_slow_server_is_not_waited_for_beyond_the_deadline_also_by_those_who_wait_for_another()
 {
    let server = Server::start(|_| Reply::Silence);
    let cache = cache(&server);
    let since = Instant::now();
    let deadline = Deadline::after(Duration::from_millis(100));

    let sets = fifty(|| cache.current(start(), deadline, &())).await;

    assert!(since.elapsed() < Duration::from_secs(2));
    for set in sets {
        assert_eq!(set.unwrap_err(), KeySetError::Unavailable);
    }
}

#[tokio::test]
async fn fail_nobody_listens() {
    let cache = KeySetCache::new(http(), "http://127.0.0.1:1/certs".parse().unwrap());
    assert_eq!(
        cache.current(start(), soon(), &()).await.unwrap_err(),
        KeySetError::Unavailable
    );
}

#[tokio::test]
async fn pass_one_interrupted_request_is_repeated_and_fail_two_are_not() {
    for (interruptions, answered) in [(1, true), (2, false)] {
        let server = Server::start(move |request| {
            if request.number < interruptions {
                Reply::Close
            } else {
                Reply::Bytes(json(200, &jwk_set(&[es256()])))
            }
        });

        let set = cache(&server).current(start(), soon(), &()).await;

        assert_eq!(set.is_ok(), answered);
        assert_eq!(server.requests().len(), 2);
    }
}
