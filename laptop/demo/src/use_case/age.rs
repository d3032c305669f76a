//! The age check at a counter. It decides by one claim, which has three cases: a claim that isn't
//! there is no "no".

use serde_json::{Map, Value};
use user_pool::claim::Claim;

/// The age that a customer must have reached: that of the act on prohibition of drinking by people
/// under 20.
pub const LIMIT: u8 = 20;

/// What the shop may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The customer is old enough.
    Sell,
    /// The customer is too young.
    Refuse,
    /// The age isn't known: another proof is needed.
    Unknown,
}

/// Decides by the claims of an ID token that was verified.
#[must_use]
pub fn decide(claims: &Map<String, Value>) -> Decision {
    let claim = claims.get(&*Claim::AgeOver(LIMIT).name());
    match claim.and_then(Value::as_bool) {
        Some(true) => Decision::Sell,
        Some(false) => Decision::Refuse,
        None => Decision::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_claim_decides_and_one_that_is_absent_is_no_refusal() {
        for (claims, decision) in [
            (json!({ "age_over_20": true }), Decision::Sell),
            (json!({ "age_over_20": false }), Decision::Refuse),
            (json!({}), Decision::Unknown),
            (json!({ "age_over_20": "true" }), Decision::Unknown),
            (json!({ "age_over_18": true }), Decision::Unknown),
            (json!({ "birthdate": "1985-03-15" }), Decision::Unknown),
        ] {
            assert_eq!(decide(claims.as_object().unwrap()), decision, "{claims}");
        }
    }
}
