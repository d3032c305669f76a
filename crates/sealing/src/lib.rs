//! Values that travel through other hands instead of lying in a database: sealed with a ring of
//! keys, so that nobody else can read or change them, for one purpose each. Who may open a value,
//! and until when, is its owner's rule. Randomness is here too: a seal needs it, and so does
//! whoever makes a key, a `state` or a `nonce`.

mod randomness;
mod ring;

pub use randomness::{NoRandomness, Randomness, SystemRandomness, random_base64url};
pub use ring::{InvalidSealingKeys, OpenError, Opened, SealError, SealingKeys, claimed_header};
