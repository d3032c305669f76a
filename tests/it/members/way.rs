//! The way from `verification` to AWS: whatever it asks of the table, of the user pool and of KMS
//! comes by here, and a test says what happens to it. A call belongs to the member whose `sub` or
//! name is in it, so many members can be disturbed at once, each in a way of their own. A test may
//! also watch the calls that have another text in them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use demo::laptop::MemberOptions;
use futures_util::stream;
use http::{HeaderMap, StatusCode};
use login_kit::{Laptop, LaptopOptions, variables};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::{Member, kms, laptop_changed};

/// What happens to a call.
#[derive(Clone, Debug)]
pub(super) enum Fate {
    /// Nothing.
    Passes,
    /// This is the answer, and nothing is done.
    Answered(u16, Value),
    /// The connection is cut before the call has its effect.
    CutBefore,
    /// The call has its effect, and the connection is cut in place of the answer.
    CutAfter,
    /// No answer ever comes, and there is no effect.
    HeldBefore,
    /// No answer ever comes, though there was an effect.
    HeldAfter,
    /// The call has its effect, and the answer comes when there is a permit.
    Later(Arc<Semaphore>),
}

impl Fate {
    /// The user pool has too many requests, and nothing is done.
    pub(super) fn throttled_pool() -> Self {
        Self::Answered(400, json!({ "__type": "TooManyRequestsException" }))
    }

    /// The script by which each call of this operation meets this fate, and no other call does.
    pub(super) fn of_each(
        self,
        operation: &'static str,
    ) -> impl FnMut(usize, &str) -> Self + Send + 'static {
        move |_, called| {
            if called == operation {
                self.clone()
            } else {
                Self::Passes
            }
        }
    }
}

type Script = dyn FnMut(usize, &str) -> Fate + Send;

/// What happens to the calls of one member.
struct Watched {
    /// What is in these calls: any of it.
    marks: Vec<String>,
    script: Box<Script>,
    calls: Vec<String>,
}

struct Shared {
    http: reqwest::Client,
    /// The table's address, and the user pool's.
    ends: OnceLock<[String; 2]>,
    watched: Mutex<Vec<Watched>>,
    held: Semaphore,
}

/// The way.
pub(super) struct Way {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Way {
    /// A laptop with members, whose function goes this way.
    pub(super) async fn with_laptop(
        change: impl FnOnce(&mut LaptopOptions),
        members: impl FnOnce(&mut MemberOptions),
    ) -> (Laptop, Self) {
        let way = Self::new().await;
        let laptop = laptop_changed(change, |options| {
            members(options);
            way.lead(options);
        })
        .await;
        way.to(&laptop);
        (laptop, way)
    }

    async fn new() -> Self {
        let shared = Arc::new(Shared {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            ends: OnceLock::new(),
            watched: Mutex::default(),
            held: Semaphore::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(call).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, shared }
    }

    /// Lets the function of a laptop that will start go this way.
    fn lead(&self, members: &mut MemberOptions) {
        let url = format!("http://{}", self.address);
        members.environment.extend(variables([
            ("AWS_ENDPOINT_URL_DYNAMODB", Some(&url)),
            ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", Some(&url)),
            ("AWS_ENDPOINT_URL_KMS", Some(&url)),
        ]));
    }

    /// Where the way ends.
    fn to(&self, laptop: &Laptop) {
        let table = laptop.members.as_ref().unwrap().table.url();
        let ends = [table, laptop.cognito.user_pool_api_url()];
        assert!(self.shared.ends.set(ends).is_ok());
    }

    /// From now on, this script says what happens to the calls of a member, which are counted from
    /// 0: it gets the number, and the operation.
    pub(super) fn follow(
        &self,
        member: &Member<'_>,
        script: impl FnMut(usize, &str) -> Fate + Send + 'static,
    ) {
        let marks = vec![member.sub(), format!("\"{}\"", member.username())];
        self.watch_all(marks, script);
    }

    /// The same for the calls that have this text in them.
    pub(super) fn watch(
        &self,
        mark: &str,
        script: impl FnMut(usize, &str) -> Fate + Send + 'static,
    ) {
        self.watch_all(vec![mark.to_owned()], script);
    }

    fn watch_all(
        &self,
        marks: Vec<String>,
        script: impl FnMut(usize, &str) -> Fate + Send + 'static,
    ) {
        let mut watched = self.shared.watched.lock().unwrap();
        watched.retain(|other| other.marks != marks);
        watched.push(Watched {
            marks,
            script: Box::new(script),
            calls: Vec::new(),
        });
    }

    /// Nothing happens any more to the calls of a member. Gives those that were counted.
    pub(super) fn leave(&self, member: &Member<'_>) -> Vec<String> {
        self.unwatch(&member.sub())
    }

    /// The same for the calls that have this text in them.
    pub(super) fn unwatch(&self, mark: &str) -> Vec<String> {
        let mut watched = self.shared.watched.lock().unwrap();
        let at = watched.iter().position(|other| other.marks[0] == mark);
        watched.remove(at.unwrap()).calls
    }

    /// Waits until a call is held.
    pub(super) async fn held(&self) {
        self.shared.held.acquire().await.unwrap().forget();
    }
}

async fn call(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers["x-amz-target"].to_str().unwrap();
    let (service, operation) = target.split_once('.').unwrap();
    let fate = shared.fate(operation, &String::from_utf8_lossy(&body));
    let [table, pool] = shared.ends.get().unwrap();
    let end = if service.starts_with("DynamoDB") {
        table
    } else {
        pool
    };
    let effect = async || {
        if service == kms::SERVICE {
            return Response::new(Body::from(kms::answer(&body).to_string()));
        }
        let mut passed = headers.clone();
        passed.remove(http::header::HOST);
        passed.remove(http::header::CONTENT_LENGTH);
        let request = shared.http.post(end).headers(passed).body(body.clone());
        let answer = request.send().await.unwrap();
        let mut response = Response::new(Body::empty());
        *response.status_mut() = answer.status();
        for name in ["content-type", "x-amzn-errortype"] {
            if let Some(value) = answer.headers().get(name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        *response.body_mut() = Body::from(answer.bytes().await.unwrap());
        response
    };
    let hold = async || {
        shared.held.add_permits(1);
        std::future::pending::<Response>().await
    };
    match fate {
        Fate::Passes => effect().await,
        Fate::Answered(status, body) => {
            let mut response = Response::new(Body::from(body.to_string()));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            response
        }
        Fate::CutBefore => cut(),
        Fate::CutAfter => {
            effect().await;
            cut()
        }
        Fate::HeldBefore => hold().await,
        Fate::HeldAfter => {
            effect().await;
            hold().await
        }
        Fate::Later(permits) => {
            let answer = effect().await;
            shared.held.add_permits(1);
            permits.acquire().await.unwrap().forget();
            answer
        }
    }
}

/// A body that fails before its first byte makes the server end the connection.
fn cut() -> Response {
    let lost = std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
    Response::new(Body::from_stream(stream::iter([Err::<Bytes, _>(lost)])))
}

impl Shared {
    fn fate(&self, operation: &str, body: &str) -> Fate {
        let mut watched = self.watched.lock().unwrap();
        let of = (watched.iter_mut()).find(|of| of.marks.iter().any(|mark| body.contains(mark)));
        of.map_or(Fate::Passes, |of| {
            let number = of.calls.len();
            of.calls.push(operation.to_owned());
            (of.script)(number, operation)
        })
    }
}
