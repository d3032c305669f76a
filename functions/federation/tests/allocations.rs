//! Measures how often and how much one warm request of each route allocates, and compares that with
//! the figures below, so that a change which makes a route work much harder is noticed. `dhat`
//! counts, in one thread and with nothing random.
//!
//! The figures are those of the `dev` profile, which `cargo test` uses. To update them: run
//! `cargo test -p federation --test allocations`, look at why they changed, and copy the lines that
//! it prints.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that can't go on fails, and says what it measured"
)]

use dhat::{HeapStats, Profiler};
use relying_party::http_api::Request;

#[path = "support/login.rs"]
mod login;
mod support;

use login::Login;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// A route, how many blocks one request allocates, and how many bytes in all.
type Figures = (&'static str, u64, u64);

const EXPECTED: [Figures; 5] = [
    ("/authorize", 70, 13_555),
    ("/callback", 50, 9_177),
    ("/token", 243, 57_246),
    ("/userinfo", 11, 1_505),
    ("/jwks.json", 9, 1_093),
];

/// By how much a measurement may differ from its figure, in percent. A lower measurement fails,
/// too: then the figure has to be lowered.
const MARGIN_PERCENT: u64 = 10;

fn main() {
    let _profiler = Profiler::builder().testing().build();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let login = runtime.block_on(Login::warm());
    let requests: [fn(&Login) -> Request; 5] = [
        Login::authorize,
        Login::callback,
        Login::token,
        Login::userinfo,
        |_| Login::key_set(),
    ];
    let mut wrong = Vec::new();
    for (expected, request) in EXPECTED.into_iter().zip(requests) {
        // One request before the measured one, so that everything has grown that grows only once.
        runtime.block_on(login.send(request(&login)));
        // Boxed here, because tokio itself boxes large futures, and which future is large depends
        // on the profile.
        let answering = Box::pin(login.send(request(&login)));
        let before = HeapStats::get();
        let response = runtime.block_on(answering);
        let after = HeapStats::get();
        drop(response);
        let (route, blocks, bytes) = expected;
        let measured = (
            route,
            after.total_blocks - before.total_blocks,
            after.total_bytes - before.total_bytes,
        );
        println!("    {measured:?},");
        if !is_near(measured.1, blocks) || !is_near(measured.2, bytes) {
            wrong.push((measured, expected));
        }
    }
    for (measured, expected) in &wrong {
        println!("measured {measured:?}, expected {expected:?} ± {MARGIN_PERCENT} %");
    }
    assert!(wrong.is_empty(), "allocations differ: see above");
}

fn is_near(measured: u64, expected: u64) -> bool {
    measured.abs_diff(expected) * 100 <= expected * MARGIN_PERCENT
}
