//! Sealing keys for tests. A key is 32 times the same byte, so that a test can name it by a number.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sealing::SealingKeys;
use serde_json::json;

/// The key with this number, in base64url.
#[must_use]
pub fn sealing_key(number: u8) -> String {
    URL_SAFE_NO_PAD.encode([number; 32])
}

/// The ring of the keys with these numbers. The first key seals.
#[must_use]
pub fn sealing_keys(numbers: &[u8]) -> SealingKeys {
    let keys = written(numbers);
    SealingKeys::new(keys.iter().map(String::as_str)).unwrap()
}

/// The text of the secret with the keys of these numbers. They need not form a valid ring: a test
/// can write a wrong one.
#[must_use]
pub fn sealing_keys_json(numbers: &[u8]) -> String {
    json!({ "keys": written(numbers) }).to_string()
}

fn written(numbers: &[u8]) -> Vec<String> {
    numbers.iter().copied().map(sealing_key).collect()
}
