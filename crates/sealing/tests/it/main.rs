//! Tests of seals and random texts, through the public interface of the crate.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod randomness;
mod ring;
mod sealed;
