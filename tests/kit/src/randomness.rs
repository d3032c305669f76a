//! Randomness that a test knows: what nobody could guess is known before it is asked for, or can't
//! be had.

use keys::{NoRandomness, Randomness};

/// The same byte, always.
#[derive(Debug)]
pub struct Repeating(pub u8);

impl Randomness for Repeating {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        buffer.fill(self.0);
        Ok(())
    }
}

/// 0, 1, 2 and so on, each time from 0: 256 bytes at most.
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

/// There is none.
#[derive(Debug)]
pub struct Exhausted;

impl Randomness for Exhausted {
    fn fill(&self, _buffer: &mut [u8]) -> Result<(), NoRandomness> {
        Err(NoRandomness)
    }
}
