//! For tasks that start servers on this machine: finds a free address, and asks whether a server
//! answers. It speaks plain HTTP itself, since a task only needs the status line.

use std::io::{ErrorKind, Read as _, Result, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// A loopback address on which nothing listens. The server takes a while before it listens, so the
/// port is not an ephemeral one (from 32,768 on Linux, from 49,152 elsewhere): the system could
/// give that to another process meanwhile.
pub(crate) fn free_address() -> Result<SocketAddr> {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap_or_default();
    for _ in 0..2_000 {
        let port = first + GIVEN.fetch_add(1, Ordering::Relaxed) % 2_000;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    Err(ErrorKind::AddrInUse.into())
}

/// Whether a server answers 200 for this path. Each step may take 5 seconds.
pub(crate) fn answers(address: SocketAddr, path: &str) -> bool {
    let ask = || -> Result<String> {
        let limit = Duration::from_secs(5);
        let mut stream = TcpStream::connect_timeout(&address, limit)?;
        stream.set_read_timeout(Some(limit))?;
        stream.set_write_timeout(Some(limit))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}
