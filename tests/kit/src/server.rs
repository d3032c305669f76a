//! An HTTP/1.1 server that reads requests as bytes, remembers them, and misbehaves as the test
//! says.
//! It usually runs on a thread of its own. So it can act while the client's thread is blocked, as a
//! frozen process is.
//! It counts connections and requests, because the tests compare what arrived, and how often.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A request, as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// The number of the request, counted from 0 over all connections.
    pub number: usize,
    /// The number of its connection, counted from 0.
    pub connection: usize,
    /// The method, as the client wrote it.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The headers in the order of arrival, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body. A body that isn't UTF-8 fails the test.
    pub body: String,
}

impl Received {
    /// The value of a header by its name in lower case. It comes once, or not at all.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        let value = values.next();
        assert!(values.next().is_none(), "{name} came twice");
        value.map(|(_, value)| value.as_str())
    }

    /// The fields of the form, decoded, in the order of arrival.
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.body.as_bytes())
            .into_owned()
            .collect()
    }
}

/// What the server does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Sends these bytes, and keeps the connection open.
    Bytes(Vec<u8>),
    /// Sends these bytes, and closes the connection.
    BytesThenClose(Vec<u8>),
    /// Sends these bytes, and closes the connection once it was idle for this time.
    BytesThenCloseAfter(Vec<u8>, Duration),
    /// Waits for this time, then sends these bytes.
    Slowly(Duration, Vec<u8>),
    /// Sends nothing, and keeps the connection open.
    Silence,
    /// Sends nothing, and closes the connection.
    Close,
}

/// How the server ends its connections.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Ending {
    /// It doesn't.
    #[default]
    None,
    /// In order, with FIN.
    Finish,
    /// At once, with RST.
    Reset,
}

type Handler = dyn Fn(&Received) -> Reply + Send + Sync;

struct State {
    handler: Box<Handler>,
    close_new_connections: bool,
    accepted: AtomicUsize,
    open: AtomicUsize,
    requests: Mutex<Vec<Received>>,
}

impl State {
    fn new(
        close_new_connections: bool,
        handler: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            handler: Box::new(handler),
            close_new_connections,
            accepted: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            requests: Mutex::default(),
        })
    }
}

/// The server. Its thread ends with the process.
pub struct Server {
    address: SocketAddr,
    state: Arc<State>,
    ending: watch::Sender<(usize, Ending)>,
}

impl Server {
    /// Starts a server that does with each request what `handler` says.
    pub fn start(handler: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_with(false, handler)
    }

    /// Starts a server that closes every connection as soon as it accepted it.
    pub fn that_closes_new_connections() -> Self {
        Self::start_with(true, |_| Reply::Close)
    }

    /// Starts a server on the test's own runtime instead of a thread. Its delays are then in the
    /// test's time, which may stand still. The methods that block must not be called on it.
    pub async fn on_this_runtime(
        handler: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let state = State::new(false, handler);
        let (ending, endings) = watch::channel((0, Ending::None));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(accept(listener, Arc::clone(&state), endings));
        Self {
            address,
            state,
            ending,
        }
    }

    fn start_with(
        close_new_connections: bool,
        handler: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let state = State::new(close_new_connections, handler);
        let (ending, endings) = watch::channel((0, Ending::None));
        let (tell_address, address) = std::sync::mpsc::channel();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(async move {
                    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                    tell_address.send(listener.local_addr().unwrap()).unwrap();
                    accept(listener, shared, endings).await;
                });
        });
        Self {
            address: address.recv().unwrap(),
            state,
            ending,
        }
    }

    /// The URL of a path. The path begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.state.accepted.load(Ordering::SeqCst)
    }

    /// How many connections are open now.
    pub fn open_connections(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }

    /// All requests so far, in the order of arrival.
    pub fn requests(&self) -> Vec<Received> {
        self.state.requests.lock().unwrap().clone()
    }

    /// The requests so far whose target is `path`.
    pub fn requests_to(&self, path: &str) -> Vec<Received> {
        let mut requests = self.requests();
        requests.retain(|request| request.target == path);
        requests
    }

    /// Ends all connections. Blocks the calling thread until they are closed, so a client on this
    /// thread can't have noticed when this method returns.
    pub fn end_connections(&self, ending: Ending) {
        self.ending.send_modify(|(round, how)| {
            *round += 1;
            *how = ending;
        });
        self.await_the_end_of_all_connections();
    }

    /// Blocks the calling thread until no connection is open.
    pub fn await_the_end_of_all_connections(&self) {
        self.block_until(|| self.open_connections() == 0);
    }

    /// Blocks the calling thread until `count` connections were accepted.
    pub fn await_connections(&self, count: usize) {
        self.block_until(|| self.connections() == count);
    }

    fn block_until(&self, done: impl Fn() -> bool) {
        let since = Instant::now();
        while !done() {
            assert!(since.elapsed() < Duration::from_secs(60), "it never came");
            thread::sleep(Duration::from_micros(200));
        }
    }
}

async fn accept(
    listener: TcpListener,
    state: Arc<State>,
    endings: watch::Receiver<(usize, Ending)>,
) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        if state.close_new_connections {
            drop(stream);
            state.accepted.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        let (state, mut endings) = (Arc::clone(&state), endings.clone());
        endings.mark_unchanged();
        state.open.fetch_add(1, Ordering::SeqCst);
        // Counted last: a test that sees this count may end the connection at once.
        let connection = state.accepted.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(async move {
            let mut stream = stream;
            tokio::select! {
                () = serve(&mut stream, connection, &state) => {}
                // A dropped server leaves its connections as they are.
                Ok(()) = endings.changed() => {
                    if endings.borrow().1 == Ending::Reset {
                        stream.set_zero_linger().unwrap();
                    }
                }
            }
            drop(stream);
            state.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

async fn serve(stream: &mut TcpStream, connection: usize, state: &State) {
    let mut idle = None;
    loop {
        let Some(request) = read(stream, connection, state, idle).await else {
            return;
        };
        let (bytes, close) = match (state.handler)(&request) {
            Reply::Bytes(bytes) => (bytes, false),
            Reply::BytesThenClose(bytes) => (bytes, true),
            Reply::BytesThenCloseAfter(bytes, after) => {
                idle = Some(after);
                (bytes, false)
            }
            Reply::Slowly(after, bytes) => {
                tokio::time::sleep(after).await;
                (bytes, false)
            }
            Reply::Silence => (Vec::new(), false),
            Reply::Close => (Vec::new(), true),
        };
        if stream.write_all(&bytes).await.is_err() || close {
            return;
        }
    }
}

/// The next request, or `None` if the connection ends or is idle for longer than `idle`.
async fn read(
    stream: &mut TcpStream,
    connection: usize,
    state: &State,
    idle: Option<Duration>,
) -> Option<Received> {
    let mut buffer = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(head) = find(&buffer, b"\r\n\r\n") {
            let (method, target, headers) = parse_head(&buffer[..head]);
            let length: usize = headers
                .iter()
                .find(|(name, _)| name == "content-length")
                .map_or(0, |(_, value)| value.parse().unwrap());
            if buffer.len() >= head + 4 + length {
                let body = String::from_utf8(buffer[head + 4..head + 4 + length].to_vec()).unwrap();
                let mut requests = state.requests.lock().unwrap();
                let request = Received {
                    number: requests.len(),
                    connection,
                    method,
                    target,
                    headers,
                    body,
                };
                requests.push(request.clone());
                return Some(request);
            }
        }
        let reading = stream.read(&mut chunk);
        let count = match idle {
            None => reading.await.ok()?,
            Some(idle) => tokio::time::timeout(idle, reading).await.ok()?.ok()?,
        };
        if count == 0 {
            return None;
        }
        buffer.extend_from_slice(&chunk[..count]);
    }
}

fn parse_head(head: &[u8]) -> (String, String, Vec<(String, String)>) {
    let head = std::str::from_utf8(head).unwrap();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap().split(' ');
    let (method, target) = (first.next().unwrap(), first.next().unwrap());
    assert_eq!(first.next(), Some("HTTP/1.1"));
    let headers = lines
        .map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        })
        .collect();
    (method.to_owned(), target.to_owned(), headers)
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes
        .windows(needle.len())
        .position(|window| window == needle)
}

/// An answer with `Content-Length`.
pub fn answer(status: u16, content_type: Option<&str>, body: &str) -> Vec<u8> {
    let content_type =
        content_type.map_or_else(String::new, |value| format!("Content-Type: {value}\r\n"));
    let length = body.len();
    format!("HTTP/1.1 {status} Status\r\n{content_type}Content-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// A JSON answer with `Content-Length`.
pub fn json(status: u16, body: &Value) -> Vec<u8> {
    answer(status, Some("application/json"), &body.to_string())
}

/// An answer in chunks.
pub fn chunked(status: u16, content_type: &str, chunks: &[&str]) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 {status} Status\r\nContent-Type: {content_type}\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    for chunk in chunks {
        bytes.push_str(&format!("{:x}\r\n{chunk}\r\n", chunk.len()));
    }
    bytes.push_str("0\r\n\r\n");
    bytes.into_bytes()
}
