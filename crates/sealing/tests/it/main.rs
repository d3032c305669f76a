//! Seals and random texts, from outside.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod randomness;
mod ring;
