//! Turns claims into strings, because a user pool holds nothing else.
//! Objects become JSON text, arrays `[a, b]`, numbers and booleans their text. The claims of the ID
//! token come first. Those of userinfo are added to them, and win if both have a claim.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde_json::{Map, Value};

/// The claims of an ID token as a trigger sees them: `exp`, `iat` and `nbf` are written as Java
/// writes a date, which is what published events show.
pub(crate) fn of_id_token(claims: &Map<String, Value>) -> BTreeMap<String, String> {
    let mut texts = merge(claims, None);
    for name in ["exp", "iat", "nbf"] {
        let seconds = claims.get(name).and_then(Value::as_i64);
        let time = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        if let Some(time) = time {
            let date = time.format("%a %b %d %H:%M:%S UTC %Y").to_string();
            texts.insert(name.to_owned(), date);
        }
    }
    texts
}

/// The claims of the ID token and of userinfo as one map of strings. A claim that is `null` is left
/// out.
pub(crate) fn merge(
    id_token: &Map<String, Value>,
    userinfo: Option<&Map<String, Value>>,
) -> BTreeMap<String, String> {
    id_token
        .iter()
        .chain(userinfo.into_iter().flatten())
        .filter_map(|(name, value)| Some((name.clone(), text(value)?)))
        .collect()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(value) => Some(value.to_string()),
        Value::String(value) => Some(value.clone()),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().filter_map(text).collect();
            Some(format!("[{}]", values.join(", ")))
        }
        Value::Object(_) => Some(value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_becomes_a_string_and_userinfo_wins() {
        let id_token = json!({
            "sub": "a", "aud": ["x", "y"], "auth_time": 1_700_000_000, "verified": true,
            "address": {"formatted": "東京都"}, "nothing": null, "name": "old",
        });
        let userinfo = json!({"name": "new", "empty": ""});
        let merged = merge(id_token.as_object().unwrap(), userinfo.as_object());
        let expected = [
            ("address", r#"{"formatted":"東京都"}"#),
            ("aud", "[x, y]"),
            ("auth_time", "1700000000"),
            ("empty", ""),
            ("name", "new"),
            ("sub", "a"),
            ("verified", "true"),
        ];
        assert_eq!(
            merged,
            expected
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into()
        );
    }
}
