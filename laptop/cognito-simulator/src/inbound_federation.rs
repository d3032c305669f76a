//! The trigger InboundFederation (V1_0). It is called when the provider's tokens and claims were
//! checked, and before the user pool is written.
//! It chooses the claims that go through the attribute mapping. No choice, or an empty map, means
//! all claims as they came. A claim that it leaves out is dropped, even `sub`. Without `sub` nobody
//! can be signed in, so the sign-in fails. With another `sub` it fails too, because nobody may be
//! signed in as another person.

use std::collections::BTreeMap;

use loopback::journal::Parameter;
use serde_json::{Map, Value, json};

use crate::claims;
use crate::failure::SignInFailure;
use crate::provider_client::TokenAnswer;
use crate::shared::Shared;
use crate::trigger_answer::{TriggerFailure, Understood, names, sizes};
use crate::triggers::{Question, Trigger, ask};

/// What the provider returned, after it was checked.
pub(crate) struct Said<'a> {
    pub(crate) tokens: &'a TokenAnswer,
    pub(crate) id_token: &'a Map<String, Value>,
    pub(crate) userinfo: Option<&'a Map<String, Value>>,
}

/// The claims that go through the attribute mapping: those that the trigger chooses, or all without
/// a trigger.
pub(crate) async fn claims_to_map(
    shared: &Shared,
    client_id: &str,
    said: Said<'_>,
) -> Result<BTreeMap<String, String>, SignInFailure> {
    let came = claims::merge(said.id_token, said.userinfo);
    let Some(function) = &shared.options.lambda_config.inbound_federation else {
        return Ok(came);
    };
    let provider = &shared.options.provider;
    let subject = came.get("sub").map(String::as_str).unwrap_or_default();
    // AWS's documents show a name of this form, and don't say whether it is the username in the
    // pool.
    let user_name = format!("{}_{subject}", provider.name);
    let (token_response, id_token) = (&said.tokens.members, claims::of_id_token(said.id_token));
    let userinfo = claims::merge(&Map::new(), said.userinfo);
    let shown = [
        names("tokenResponse", token_response.keys()),
        names("idToken", id_token.keys()),
        names("userInfo", userinfo.keys()),
    ];
    let question = Question {
        trigger: Trigger::InboundFederation,
        source: "InboundFederation_ExternalProvider",
        function,
        client_id,
        user_name: Some(&user_name),
        request: json!({
            "providerName": provider.name,
            "providerType": "OIDC",
            "attributes": {
                "tokenResponse": token_response,
                "idToken": id_token,
                "userInfo": userinfo,
            },
        }),
        response: json!({ "userAttributesToMap": {} }),
        shown: shown.into_iter().flatten().collect(),
    };
    let chosen = ask(shared, question, understand).await;
    let chosen = chosen.map_err(SignInFailure::Trigger)?;
    let chosen = chosen.unwrap_or_else(|| came.clone());
    match chosen.get("sub").filter(|subject| !subject.is_empty()) {
        None => Err(SignInFailure::NoSubject),
        // AWS doesn't say what Cognito does then. Here it is refused, so that nobody is signed in
        // as another person.
        other if other != came.get("sub") => Err(SignInFailure::OtherSubject),
        Some(_) => Ok(chosen),
    }
}

/// The claims that the trigger chose, if it chose any. `null` means that the member is absent, as
/// elsewhere in AWS's JSON.
fn understand(response: &Map<String, Value>) -> Understood<Option<BTreeMap<String, String>>> {
    let chosen = match response.get("userAttributesToMap") {
        None | Some(Value::Null) => BTreeMap::new(),
        Some(map) => {
            serde_json::from_value(map.clone()).map_err(|_| TriggerFailure::Unrecognizable)?
        }
    };
    if chosen.is_empty() {
        let shown = Parameter::new(
            "userAttributesToMap",
            "empty: all attributes from the provider",
        );
        return Ok((None, vec![shown]));
    }
    let shown = sizes(&chosen).collect();
    Ok((Some(chosen), shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(response: Value) -> Result<Option<BTreeMap<String, String>>, TriggerFailure> {
        understand(response.as_object().unwrap()).map(|(chosen, _)| chosen)
    }

    #[test]
    fn nothing_and_an_empty_map_mean_everything_and_values_are_strings() {
        for nothing in [
            json!({}),
            json!({"userAttributesToMap": null}),
            json!({"userAttributesToMap": {}}),
        ] {
            assert_eq!(chosen(nothing), Ok(None));
        }
        let one = BTreeMap::from([("sub".to_owned(), "a".to_owned())]);
        let map = json!({"userAttributesToMap": {"sub": "a"}});
        assert_eq!(chosen(map), Ok(Some(one)));
        for other in [
            json!([]),
            json!("sub"),
            json!({"sub": 1}),
            json!({"sub": null}),
        ] {
            let refused = chosen(json!({ "userAttributesToMap": other }));
            assert_eq!(refused, Err(TriggerFailure::Unrecognizable));
        }
    }
}
