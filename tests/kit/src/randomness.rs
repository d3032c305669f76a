//! Sources of randomness for tests: two that are predictable, and one that fails.

use keys::{NoRandomness, Randomness};

/// Fills every buffer with the same byte.
#[derive(Debug)]
pub struct Repeating(pub u8);

impl Randomness for Repeating {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        buffer.fill(self.0);
        Ok(())
    }
}

/// Fills every buffer with 0, 1, 2 and so on. A buffer has 256 bytes at most.
#[derive(Debug)]
pub struct Counting;

impl Randomness for Counting {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        assert!(buffer.len() <= 256, "a byte would come twice");
        for (byte, value) in buffer.iter_mut().zip(0..=u8::MAX) {
            *byte = value;
        }
        Ok(())
    }
}

/// Fails: there is no randomness.
#[derive(Debug)]
pub struct Exhausted;

impl Randomness for Exhausted {
    fn fill(&self, _buffer: &mut [u8]) -> Result<(), NoRandomness> {
        Err(NoRandomness)
    }
}
