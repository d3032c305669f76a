//! Tests of what the HTTP client promises: connections that are old or dead don't fail a login, and
//! a request that may have arrived is never sent again. The races are run many times, with the
//! client's thread awake and blocked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::TimeDelta;
use http::{Method, Request, Response, StatusCode, Uri};
use http_client::{Clock, Deadline, HttpClient, HttpError};

use kit::{Ending, Reply, Server, TestClock, answer, chunked};

/// How often a race is run.
const RUNS: usize = 50;

fn client(clock: &Arc<TestClock>) -> HttpClient {
    HttpClient::new(Arc::clone(clock) as Arc<dyn Clock>).unwrap()
}

/// A deadline for answers that come: it is long enough on a busy machine, too.
fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

fn request(method: Method, url: &str) -> Request<Bytes> {
    let body = if method == Method::POST { "a=b" } else { "" };
    Request::builder()
        .method(method)
        .uri(url)
        .body(Bytes::from(body))
        .unwrap()
}

async fn get(http: &HttpClient, server: &Server) -> Result<Response<Bytes>, HttpError> {
    let request = request(Method::GET, &server.url("/path?query=1"));
    http.send(request, 1024, soon()).await
}

fn good() -> Vec<u8> {
    answer(200, None, "good")
}

fn good_server() -> Server {
    Server::start(|_| Reply::Bytes(good()))
}

fn uri(server: &Server) -> Uri {
    server.url("/elsewhere").parse().unwrap()
}

#[tokio::test]
async fn pass_a_request_and_its_answer_go_over_the_wire_as_http_1_1() {
    let server = Server::start(|_| Reply::Bytes(answer(201, Some("text/plain"), "made")));
    let http = client(&TestClock::new());
    let request = Request::post(server.url("/path?query=1"))
        .header("x-name", "value")
        .body(Bytes::from("body"))
        .unwrap();

    let answer = http.send(request, 1024, soon()).await.unwrap();

    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()["content-type"], "text/plain");
    assert_eq!(answer.body(), "made");
    let received = &server.requests()[0];
    assert_eq!(received.method, "POST");
    assert_eq!(received.target, "/path?query=1");
    assert_eq!(received.body, "body");
    let mut headers = received.headers.clone();
    headers.sort();
    let host = server.url("");
    let expected = [
        ("accept-encoding", "identity"),
        ("content-length", "4"),
        ("host", host.strip_prefix("http://").unwrap()),
        ("x-name", "value"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(headers, expected);
}

#[tokio::test]
async fn pass_a_given_host_header_is_left_as_it_is() {
    let server = good_server();
    let request = Request::get(server.url("/"))
        .header("host", "kms.example")
        .body(Bytes::new())
        .unwrap();

    client(&TestClock::new())
        .send(request, 1024, soon())
        .await
        .unwrap();

    assert_eq!(server.requests()[0].header("host"), Some("kms.example"));
}

#[tokio::test]
async fn pass_a_connection_used_a_moment_ago_is_used_again() {
    let server = good_server();
    let clock = TestClock::new();
    let http = client(&clock);

    for _ in 0..5 {
        assert_eq!(get(&http, &server).await.unwrap().body(), "good");
        clock.advance(TimeDelta::seconds(10));
    }

    assert_eq!((server.connections(), server.requests().len()), (1, 5));
}

#[tokio::test]
async fn pass_a_connection_is_used_again_after_every_kind_of_answer_that_ends_by_itself() {
    let server = Server::start(|request| {
        Reply::Bytes(match request.number {
            0 => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
            1 => chunked(200, "text/plain", &["go", "od"]),
            2 => answer(404, None, ""),
            _ => good(),
        })
    });
    let http = client(&TestClock::new());

    let mut bodies = Vec::new();
    for _ in 0..4 {
        bodies.push(get(&http, &server).await.unwrap().into_body());
    }

    assert_eq!(bodies, ["", "good", "", "good"]);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn pass_a_connection_idle_for_more_than_10_s_by_the_time_of_day_is_not_used_again() {
    let server = good_server();
    let clock = TestClock::new();
    let http = client(&clock);

    get(&http, &server).await.unwrap();
    clock.advance(TimeDelta::milliseconds(10_001));
    get(&http, &server).await.unwrap();

    let requests = server.requests();
    assert_eq!(server.connections(), 2);
    assert_eq!(
        requests.iter().map(|r| r.connection).collect::<Vec<_>>(),
        [0, 1]
    );
}

#[tokio::test]
async fn pass_after_a_clock_that_went_back_a_connection_is_not_used_again() {
    let server = good_server();
    let clock = TestClock::new();
    let http = client(&clock);

    get(&http, &server).await.unwrap();
    clock.advance(TimeDelta::seconds(-1));
    get(&http, &server).await.unwrap();

    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn pass_two_hosts_have_connections_of_their_own() {
    let (one, other) = (good_server(), good_server());
    let http = client(&TestClock::new());

    for _ in 0..2 {
        get(&http, &one).await.unwrap();
        get(&http, &other).await.unwrap();
    }

    assert_eq!((one.connections(), one.requests().len()), (1, 2));
    assert_eq!((other.connections(), other.requests().len()), (1, 2));
}

#[tokio::test]
async fn pass_two_requests_at_once_use_two_connections_and_both_are_kept() {
    let server = Server::start(|_| Reply::Slowly(Duration::from_millis(30), good()));
    let http = client(&TestClock::new());

    for _ in 0..2 {
        let (one, other) = tokio::join!(get(&http, &server), get(&http, &server));
        assert!(one.is_ok() && other.is_ok());
    }

    assert_eq!((server.connections(), server.requests().len()), (2, 4));
}

#[tokio::test]
async fn pass_warm_opens_a_connection_and_sends_nothing_and_the_next_request_uses_it() {
    let server = good_server();
    let http = client(&TestClock::new());

    http.warm(&uri(&server)).await;
    server.await_connections(1);
    assert!(server.requests().is_empty());

    get(&http, &server).await.unwrap();
    get(&http, &server).await.unwrap();
    assert_eq!((server.connections(), server.requests().len()), (1, 2));
}

#[tokio::test]
async fn pass_warm_does_nothing_if_the_host_was_used_a_moment_ago() {
    let server = good_server();
    let clock = TestClock::new();
    let http = client(&clock);

    get(&http, &server).await.unwrap();
    clock.advance(TimeDelta::seconds(10));
    http.warm(&uri(&server)).await;
    http.warm(&uri(&server)).await;
    get(&http, &server).await.unwrap();

    assert_eq!((server.connections(), server.requests().len()), (1, 2));
}

#[tokio::test]
async fn pass_warm_opens_a_new_connection_after_a_pause() {
    let server = good_server();
    let clock = TestClock::new();
    let http = client(&clock);

    get(&http, &server).await.unwrap();
    clock.advance(TimeDelta::minutes(3));
    http.warm(&uri(&server)).await;
    server.await_connections(2);
    get(&http, &server).await.unwrap();

    assert_eq!(server.requests()[1].connection, 1);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn pass_a_warmed_connection_that_waited_for_more_than_10_s_is_not_used() {
    let server = good_server();
    let clock = TestClock::new();
    let http = client(&clock);

    http.warm(&uri(&server)).await;
    clock.advance(TimeDelta::seconds(11));
    get(&http, &server).await.unwrap();

    assert_eq!(server.requests()[0].connection, 1);
    assert_eq!((server.connections(), server.requests().len()), (2, 1));
}

#[tokio::test]
async fn pass_warm_to_nobody_says_nothing() {
    let http = client(&TestClock::new());
    http.warm(&"http://127.0.0.1:1/".parse().unwrap()).await;
    http.warm(&"/no-host".parse().unwrap()).await;
}

/// Whether the client's runtime gets a turn between the peer's closing and the request.
#[derive(Clone, Copy, Debug)]
enum Client {
    Awake,
    Blocked,
}

async fn peer_closes(server: &Server, ending: Ending, client: Client) {
    server.end_connections(ending);
    match client {
        Client::Awake => tokio::time::sleep(Duration::from_millis(2)).await,
        Client::Blocked => {}
    }
}

#[tokio::test]
async fn pass_a_warmed_connection_that_the_peer_closed_is_replaced_and_the_request_arrives_once() {
    let http = client(&TestClock::new());
    for ending in [Ending::Finish, Ending::Reset] {
        for state in [Client::Awake, Client::Blocked] {
            for method in [Method::GET, Method::POST] {
                for run in 0..RUNS {
                    let server = good_server();

                    http.warm(&uri(&server)).await;
                    server.await_connections(1);
                    peer_closes(&server, ending, state).await;
                    let request = request(method.clone(), &server.url("/"));
                    let answer = http.send(request, 1024, soon()).await;

                    assert!(answer.is_ok(), "{answer:?} {ending:?} {state:?} {run}");
                    assert_eq!((server.connections(), server.requests().len()), (2, 1));
                }
            }
        }
    }
}

#[tokio::test]
async fn pass_a_kept_connection_that_the_peer_closed_is_replaced_and_the_request_arrives_once() {
    let http = client(&TestClock::new());
    for ending in [Ending::Finish, Ending::Reset] {
        for state in [Client::Awake, Client::Blocked] {
            for method in [Method::GET, Method::POST] {
                for run in 0..RUNS {
                    let server = good_server();

                    get(&http, &server).await.unwrap();
                    peer_closes(&server, ending, state).await;
                    let request = request(method.clone(), &server.url("/"));
                    let answer = http.send(request, 1024, soon()).await;

                    assert!(answer.is_ok(), "{answer:?} {ending:?} {state:?} {run}");
                    assert_eq!((server.connections(), server.requests().len()), (2, 2));
                }
            }
        }
    }
}

#[tokio::test]
async fn pass_the_peer_closes_while_the_thread_sleeps_as_if_it_were_frozen() {
    let http = client(&TestClock::new());
    for _ in 0..RUNS / 5 {
        let server =
            Server::start(|_| Reply::BytesThenCloseAfter(good(), Duration::from_millis(5)));

        get(&http, &server).await.unwrap();
        server.await_the_end_of_all_connections();
        get(&http, &server).await.unwrap();

        assert_eq!((server.connections(), server.requests().len()), (2, 2));
    }
}

#[tokio::test]
async fn pass_several_dead_connections_are_all_replaced() {
    let server = Server::start(|_| Reply::Slowly(Duration::from_millis(10), good()));
    let http = client(&TestClock::new());
    let (one, two, three) = tokio::join!(
        get(&http, &server),
        get(&http, &server),
        get(&http, &server)
    );
    assert!(one.is_ok() && two.is_ok() && three.is_ok());

    server.end_connections(Ending::Finish);
    get(&http, &server).await.unwrap();

    assert_eq!((server.connections(), server.requests().len()), (4, 4));
}

#[tokio::test]
async fn fail_a_connection_that_breaks_after_the_request_was_written_is_not_tried_again() {
    let http = client(&TestClock::new());
    for method in [Method::GET, Method::POST] {
        for kept in [false, true] {
            for _ in 0..RUNS / 5 {
                let server = Server::start(move |request| {
                    if kept && request.number == 0 {
                        Reply::Bytes(good())
                    } else {
                        Reply::Close
                    }
                });
                if kept {
                    get(&http, &server).await.unwrap();
                }

                let request = request(method.clone(), &server.url("/"));
                let answer = http.send(request, 1024, soon()).await;

                assert_eq!(answer.unwrap_err(), HttpError::Interrupted);
                assert_eq!(server.requests().len(), 1 + usize::from(kept));
                assert_eq!(server.connections(), 1);
            }
        }
    }
}

#[tokio::test]
async fn fail_an_answer_that_breaks_off_is_interrupted_and_not_asked_for_again() {
    for part in [
        &b"HTTP/1.1 200"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"not HTTP at all\r\n\r\n",
        b"\0\0\0\0",
    ] {
        let server = Server::start(|_| Reply::BytesThenClose(part.to_vec()));
        let http = client(&TestClock::new());

        assert_eq!(
            get(&http, &server).await.unwrap_err(),
            HttpError::Interrupted
        );
        assert_eq!((server.connections(), server.requests().len()), (1, 1));
    }
}

#[tokio::test]
async fn fail_a_peer_that_closes_at_once_gets_the_request_no_second_time() {
    let http = client(&TestClock::new());
    for _ in 0..RUNS {
        let server = Server::that_closes_new_connections();

        let error = get(&http, &server).await.unwrap_err();

        // It is a race whether the request is written before the client sees the end: either error
        // is right.
        assert!(matches!(
            error,
            HttpError::Unreachable | HttpError::Interrupted
        ));
        server.await_connections(1);
    }
}

#[tokio::test]
async fn pass_an_answer_without_length_ends_with_the_connection_which_is_not_used_again() {
    let server =
        Server::start(|_| Reply::BytesThenClose(b"HTTP/1.1 200 OK\r\n\r\nall of it".to_vec()));
    let http = client(&TestClock::new());

    for _ in 0..2 {
        assert_eq!(get(&http, &server).await.unwrap().body(), "all of it");
    }

    assert_eq!((server.connections(), server.requests().len()), (2, 2));
}

#[tokio::test]
async fn pass_a_connection_that_the_answer_declares_closed_is_not_used_again() {
    let server = Server::start(|_| {
        Reply::Bytes(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\ngood".to_vec(),
        )
    });
    let http = client(&TestClock::new());

    for _ in 0..2 {
        get(&http, &server).await.unwrap();
    }

    assert_eq!((server.connections(), server.requests().len()), (2, 2));
}

#[tokio::test]
async fn pass_a_connection_on_which_more_came_than_was_announced_is_not_used_again() {
    let server = Server::start(|request| {
        let mut bytes = good();
        if request.number == 0 {
            bytes.extend_from_slice(&answer(200, None, "smuggled"));
        }
        Reply::Bytes(bytes)
    });
    let http = client(&TestClock::new());

    assert_eq!(get(&http, &server).await.unwrap().body(), "good");
    assert_eq!(get(&http, &server).await.unwrap().body(), "good");
    assert_eq!((server.connections(), server.requests().len()), (2, 2));
}

#[tokio::test]
async fn pass_a_redirect_is_an_answer_and_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let server = Server::start(move |_| {
            Reply::Bytes(
                format!(
                    "HTTP/1.1 {status} Elsewhere\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"
                )
                .into_bytes(),
            )
        });
        let http = client(&TestClock::new());

        assert_eq!(get(&http, &server).await.unwrap().status(), status);
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn fail_nobody_listens() {
    // The socket holds the port, so that no other process can take it, and doesn't listen.
    let held = tokio::net::TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = held.local_addr().unwrap();
    let http = client(&TestClock::new());

    let request = request(Method::GET, &format!("http://{address}/"));

    assert_eq!(
        http.send(request, 1024, soon()).await.unwrap_err(),
        HttpError::Unreachable
    );
}

#[tokio::test]
async fn fail_a_name_without_address_and_a_url_without_host() {
    let http = client(&TestClock::new());
    for url in ["http://nobody.invalid/", "/path"] {
        let request = request(Method::GET, url);
        assert_eq!(
            http.send(request, 1024, soon()).await.unwrap_err(),
            HttpError::Unreachable,
            "{url}"
        );
    }
}

/// A listener whose queue is full, so that the kernel leaves the next connection without an answer.
fn full_listener() -> (tokio::net::TcpListener, Vec<std::net::TcpStream>) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let fill = || std::net::TcpStream::connect_timeout(&address, Duration::from_millis(100));
    let waiting = std::iter::from_fn(|| fill().ok()).take(16).collect();
    (listener, waiting)
}

#[tokio::test]
async fn fail_a_connection_that_does_not_come_about_within_a_second() {
    let (listener, _waiting) = full_listener();
    let http = client(&TestClock::new());
    let url = format!("http://{}/", listener.local_addr().unwrap());

    let since = Instant::now();
    let answer = http.send(request(Method::GET, &url), 1024, soon()).await;

    assert_eq!(answer.unwrap_err(), HttpError::Unreachable);
    let took = since.elapsed();
    assert!(took >= Duration::from_millis(990), "{took:?}");
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn fail_tls_with_somebody_who_does_not_speak_it() {
    let server = good_server();
    let http = client(&TestClock::new());
    let url = server.url("/").replace("http://", "https://");

    // The server waits for the end of a request's head that never comes. After a second, the client
    // gives up connecting.
    assert_eq!(
        http.send(request(Method::GET, &url), 1024, soon())
            .await
            .unwrap_err(),
        HttpError::Unreachable
    );
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn fail_no_answer_by_the_deadline() {
    for reply in [
        Reply::Silence,
        Reply::Slowly(Duration::from_secs(10), good()),
        Reply::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".to_vec()),
    ] {
        let server = Server::start(move |_| reply.clone());
        let http = client(&TestClock::new());
        let request = request(Method::GET, &server.url("/"));
        let deadline = Deadline::after(Duration::from_secs(1));

        let since = Instant::now();
        let answer = http.send(request, 1024, deadline).await;

        assert_eq!(answer.unwrap_err(), HttpError::TimedOut);
        assert!(since.elapsed() < Duration::from_secs(5));
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn pass_a_slow_answer_that_comes_before_the_deadline() {
    let server = Server::start(|_| Reply::Slowly(Duration::from_millis(150), good()));
    assert!(get(&client(&TestClock::new()), &server).await.is_ok());
}

#[tokio::test]
async fn pass_a_connection_whose_answer_was_given_up_is_not_used_again() {
    let server = Server::start(|request| match request.number {
        0 => Reply::Slowly(Duration::from_secs(2), answer(200, None, "late")),
        _ => Reply::Bytes(good()),
    });
    let http = client(&TestClock::new());

    let first = request(Method::GET, &server.url("/"));
    let deadline = Deadline::after(Duration::from_secs(1));
    assert_eq!(
        http.send(first, 1024, deadline).await.unwrap_err(),
        HttpError::TimedOut
    );

    assert_eq!(get(&http, &server).await.unwrap().body(), "good");
    assert_eq!(server.requests()[1].connection, 1);
}

#[tokio::test]
async fn pass_an_answer_as_large_as_the_limit_and_fail_one_byte_more() {
    let (fits, too_large) = ("a".repeat(1024), "a".repeat(1025));
    let halves = |text: &str| chunked(200, "text/plain", &[&text[..512], &text[512..]]);
    let without_length = |text: &str| format!("HTTP/1.1 200 OK\r\n\r\n{text}").into_bytes();
    for (fits, too_large) in [
        (answer(200, None, &fits), answer(200, None, &too_large)),
        (halves(&fits), halves(&too_large)),
        (without_length(&fits), without_length(&too_large)),
    ] {
        let server = Server::start(move |_| Reply::BytesThenClose(fits.clone()));
        let http = client(&TestClock::new());
        assert_eq!(get(&http, &server).await.unwrap().body().len(), 1024);

        let server = Server::start(move |_| Reply::BytesThenClose(too_large.clone()));
        assert_eq!(get(&http, &server).await.unwrap_err(), HttpError::TooLarge);
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn pass_a_length_that_lies_decides_how_much_is_read_and_fail_what_never_comes() {
    let too_short = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\ngood".to_vec();
    let server = Server::start(move |_| Reply::Bytes(too_short.clone()));
    let http = client(&TestClock::new());
    for _ in 0..2 {
        assert_eq!(get(&http, &server).await.unwrap().body(), "go");
    }
    assert_eq!(server.connections(), 2);

    let too_long = b"HTTP/1.1 200 OK\r\nContent-Length: 900000000000\r\n\r\ngood".to_vec();
    let server = Server::start(move |_| Reply::BytesThenClose(too_long.clone()));
    assert_eq!(
        get(&http, &server).await.unwrap_err(),
        HttpError::Interrupted
    );

    let two = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\ngood".to_vec();
    let server = Server::start(move |_| Reply::BytesThenClose(two.clone()));
    assert_eq!(
        get(&http, &server).await.unwrap_err(),
        HttpError::Interrupted
    );
}

#[tokio::test]
async fn pass_an_idle_connection_that_is_too_old_is_closed_by_the_next_request() {
    let server = good_server();
    let clock = TestClock::new();
    let http = client(&clock);

    get(&http, &server).await.unwrap();
    clock.advance(TimeDelta::seconds(11));
    get(&http, &server).await.unwrap();

    open_connections_become(&server, 1).await;
}

/// Waits without blocking the thread: the client's tasks have to run to close the connections that
/// were dropped.
async fn open_connections_become(server: &Server, count: usize) {
    let since = Instant::now();
    while server.open_connections() != count {
        assert!(
            since.elapsed() < Duration::from_secs(30),
            "{} are open",
            server.open_connections()
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A person who opens `/callback` again and again has a connection opened each time, and no request
/// follows.
#[tokio::test]
async fn pass_warming_again_and_again_keeps_one_connection_and_lets_the_old_ones_go() {
    let (server, another) = (good_server(), good_server());
    let clock = TestClock::new();
    let http = client(&clock);

    http.warm(&uri(&another)).await;
    for _ in 0..20 {
        clock.advance(TimeDelta::seconds(11));
        http.warm(&uri(&server)).await;
    }

    server.await_connections(20);
    open_connections_become(&server, 1).await;
    // Also the connection to a host that is not called any more.
    open_connections_become(&another, 0).await;
}

/// Without `Accept-Encoding` a server may answer in any content coding, and some do.
#[tokio::test]
async fn pass_no_content_coding_is_asked_for_unless_the_request_says_so() {
    let server = good_server();
    let http = client(&TestClock::new());

    get(&http, &server).await.unwrap();
    let own = Request::get(uri(&server)).header("accept-encoding", "gzip");
    let own = own.body(Bytes::new()).unwrap();
    http.send(own, 1024, soon()).await.unwrap();

    let asked = server.requests().into_iter();
    let asked: Vec<_> = asked
        .map(|request| request.header("accept-encoding").unwrap().to_owned())
        .collect();
    assert_eq!(asked, ["identity", "gzip"]);
}

#[tokio::test]
async fn pass_a_named_client_says_who_asks_unless_the_request_does() {
    let server = good_server();
    let http = client(&TestClock::new()).named("digital-auth-test");
    assert_eq!(http.product(), Some("digital-auth-test"));

    get(&http, &server).await.unwrap();
    let own = Request::get(uri(&server)).header("user-agent", "aws-sdk-rust");
    let own = own.body(Bytes::new()).unwrap();
    http.send(own, 1024, soon()).await.unwrap();

    let asked = server.requests().into_iter();
    let asked: Vec<_> = asked
        .map(|request| request.header("user-agent").unwrap().to_owned())
        .collect();
    assert_eq!(asked, ["digital-auth-test", "aws-sdk-rust"]);
}

#[test]
fn pass_what_a_client_shows_of_itself_is_its_name() {
    assert_eq!(format!("{:?}", client(&TestClock::new())), "HttpClient");
}
