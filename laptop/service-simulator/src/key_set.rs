//! The JWK Set: publishes the RS256 and the ES256 key side by side (RFC 7517 §5). A request for the
//! key set doesn't say to which login it belongs, so the fault of the login that ended last
//! applies. This file implements the key-set faults.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::StatusCode;
use serde_json::{Value, json};

use crate::exchange::{Answer, Received};
use crate::fault::{Fault, FaultPlace};
use crate::realm::Realm;
use crate::token::{TOO_LARGE, cut_off};

/// The answer to `GET …/certs`. The fault [`Fault::KeySetSlow`] delays it.
pub(crate) async fn answer(realm: &Realm, received: &Received) -> Answer {
    let (keys, fault) = {
        let memory = realm.memory();
        (memory.keys.clone(), memory.key_set_fault)
    };
    realm.note_fault(received, fault, &[FaultPlace::KeySet]);
    let published = match fault {
        Some(Fault::IdTokenWithoutKeyIdSeveralKeys) => keys.published_with_second(),
        Some(Fault::IdTokenRs256OneUnnamedKey) => keys.published_without_names(1),
        Some(Fault::IdTokenRs256SeveralUnnamedKeys) => keys.published_without_names(3),
        Some(Fault::KeySetUnknownKeys) => with_unknown(keys.published()),
        Some(Fault::KeySetShortCoordinates) => keys.published_as(keys.ec.spelled(|coordinate| {
            let zeros = coordinate.iter().take_while(|byte| **byte == 0).count();
            URL_SAFE_NO_PAD.encode(coordinate.get(zeros..).unwrap_or_default())
        })),
        Some(Fault::KeySetLongCoordinates) => keys.published_as(
            keys.ec
                .spelled(|coordinate| URL_SAFE_NO_PAD.encode([&[0], coordinate].concat())),
        ),
        Some(Fault::KeySetPadded) => {
            keys.published_as(keys.ec.spelled(|coordinate| STANDARD.encode(coordinate)))
        }
        Some(Fault::KeySetRepeatedKey) => [keys.published(), keys.published()].concat(),
        // x and y are both 1: there is no such point on P-256.
        Some(Fault::KeySetUnusableKey) => {
            keys.published_as(keys.ec.spelled(|_| URL_SAFE_NO_PAD.encode([1])))
        }
        Some(Fault::KeySetEmpty) => Vec::new(),
        _ => keys.published(),
    };
    let set = json!({ "keys": published });
    match fault {
        Some(Fault::KeySet500) => Answer::json(
            StatusCode::INTERNAL_SERVER_ERROR,
            &json!({ "error": "unknown_error" }),
        ),
        Some(Fault::KeySetBrokenJson) => cut_off(&set),
        Some(Fault::KeySetTooLarge) => {
            let set = json!({ "keys": published, "padding": "x".repeat(TOO_LARGE) });
            Answer::new(StatusCode::OK, "application/json", set.to_string())
        }
        Some(Fault::KeySetSlow) => {
            tokio::time::sleep(realm.settings.slow_answer).await;
            Answer::json(StatusCode::OK, &set)
        }
        _ => Answer::json(StatusCode::OK, &set),
    }
}

/// Puts keys of unknown types before and after the published keys, which have an encryption key
/// among them. A client must ignore all three (RFC 7517 §5).
fn with_unknown(published: Vec<Value>) -> Vec<Value> {
    let unknown = json!({ "kty": "future", "kid": "future", "use": "sig", "material": [1, 2, 3] });
    let edwards = json!({
        "kty": "OKP", "kid": "edwards", "use": "sig", "alg": "EdDSA", "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    let mut keys = vec![unknown];
    for key in published {
        keys.push(key);
    }
    keys.push(edwards);
    keys
}
