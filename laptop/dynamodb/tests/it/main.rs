//! Tests of the table of members, in the stand-in of DynamoDB. What the stand-in never does is put
//! in its way: conflicts of transactions, throttling, lost answers, and the end of the process.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

mod answers;
mod crowd;
mod ends;
mod life;
mod world;
