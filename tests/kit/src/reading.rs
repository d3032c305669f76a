//! Reads URLs and tokens for tests, without verifying anything.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use url::Url;

/// The value of a parameter of the query.
///
/// # Panics
///
/// If the name comes twice.
#[must_use]
pub fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut values = url.query_pairs().filter(|(known, _)| known == name);
    let value = values.next();
    assert!(values.next().is_none(), "{name} came twice");
    value.map(|(_, value)| value.into_owned())
}

/// All parameters of the query.
///
/// # Panics
///
/// If a name comes twice.
#[must_use]
pub fn parameters(url: &Url) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::new();
    for (name, value) in url.query_pairs().into_owned() {
        let before = parameters.insert(name.clone(), value);
        assert!(before.is_none(), "{name} came twice");
    }
    parameters
}

/// The claims of a JWT. The signature is not verified.
///
/// # Panics
///
/// If the JWT has no readable claims.
#[must_use]
pub fn payload(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
