//! Sealing keys for tests: a key is one byte that repeats, so that a test names it by its number.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sealing::SealingKeys;
use serde_json::json;

/// The key of this number, in base64url.
#[must_use]
pub fn sealing_key(number: u8) -> String {
    URL_SAFE_NO_PAD.encode([number; 32])
}

/// The ring of these keys; the first one seals.
#[must_use]
pub fn sealing_keys(numbers: &[u8]) -> SealingKeys {
    let keys = written(numbers);
    SealingKeys::new(keys.iter().map(String::as_str)).unwrap()
}

/// The text of the secret with these keys; they need not make a ring, so that a test can write a
/// wrong one.
#[must_use]
pub fn sealing_keys_json(numbers: &[u8]) -> String {
    json!({ "keys": written(numbers) }).to_string()
}

fn written(numbers: &[u8]) -> Vec<String> {
    numbers.iter().copied().map(sealing_key).collect()
}
