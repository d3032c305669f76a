//! KMS, as far as the key of the persons needs it: `GenerateMac`, with one key for every ARN.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The name of KMS in the calls of its API.
pub(super) const SERVICE: &str = "TrentService";

/// What KMS answers to `GenerateMac`.
pub(super) fn answer(request: &[u8]) -> Value {
    let request: Value = serde_json::from_slice(request).unwrap();
    assert_eq!(request["MacAlgorithm"], "HMAC_SHA_256");
    let message = request["Message"].as_str().unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let mac = hmac::sign(&key, &STANDARD.decode(message).unwrap());
    json!({
        "KeyId": request["KeyId"], "Mac": STANDARD.encode(mac), "MacAlgorithm": "HMAC_SHA_256",
    })
}
