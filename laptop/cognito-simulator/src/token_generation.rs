//! The trigger PreTokenGeneration (V2_0, V3_0): the event that it gets, and what its answer changes
//! in the tokens.
//! It can add, override and suppress claims in each token, scopes in the access token, and groups
//! in both. Source: Amazon Cognito Developer Guide, "Pre token generation Lambda trigger".

use std::collections::BTreeMap;

use serde_json::json;

use crate::app_client::AppClient;
use crate::options::{TokenEventVersion, TriggerAttributes};
use crate::shared::Shared;
use crate::token_changes::{TokenChanges, understand};
use crate::trigger_answer::{TriggerFailure, names};
use crate::triggers::{Question, Trigger, ask};
use crate::user_pool::User;

/// The occasion at which tokens are made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    /// At the end of a sign-in in managed login.
    HostedAuth,
    /// At the end of a sign-in through the API.
    Authentication,
    /// For a refresh token.
    RefreshTokens,
}

/// Calls the trigger, if there is one, about the tokens of a user at an app client.
pub(crate) async fn changes(
    shared: &Shared,
    source: Source,
    (user, client): (&User, &AppClient),
    scopes: &[String],
) -> Result<TokenChanges, TriggerFailure> {
    let Some(function) = &shared.options.lambda_config.pre_token_generation else {
        return Ok(TokenChanges::default());
    };
    let seen = shared.state().variation.trigger_attributes;
    let attributes = user_attributes(client, seen, user);
    let shown = [
        names("userAttributes", attributes.keys()),
        names("scopes", scopes),
        names("groupsToOverride", &user.groups),
    ];
    let question = Question {
        trigger: Trigger::PreTokenGeneration,
        source: match source {
            Source::HostedAuth => "TokenGeneration_HostedAuth",
            Source::Authentication => "TokenGeneration_Authentication",
            Source::RefreshTokens => "TokenGeneration_RefreshTokens",
        },
        function,
        client_id: &client.client_id,
        user_name: Some(&user.username),
        request: json!({
            "userAttributes": attributes,
            "groupConfiguration": {
                "groupsToOverride": user.groups,
                "iamRolesToOverride": [],
                "preferredRole": null,
            },
            "scopes": scopes,
        }),
        response: json!({ "claimsAndScopeOverrideDetails": null }),
        shown: shown.into_iter().flatten().collect(),
    };
    ask(shared, question, understand).await
}

/// Calls the trigger about the access token of a machine. Only version 3 is called for that, with
/// an event that has no user.
pub(crate) async fn changes_of_a_machine(
    shared: &Shared,
    client_id: &str,
    scopes: &[String],
) -> Result<TokenChanges, TriggerFailure> {
    let config = &shared.options.lambda_config;
    let function = match (
        &config.pre_token_generation,
        config.pre_token_generation_version,
    ) {
        (Some(function), TokenEventVersion::V3) => function,
        _ => return Ok(TokenChanges::default()),
    };
    let question = Question {
        trigger: Trigger::PreTokenGeneration,
        source: "TokenGeneration_ClientCredentials",
        function,
        client_id,
        user_name: None,
        request: json!({ "userAttributes": null, "groupConfiguration": null, "scopes": scopes }),
        response: json!({ "claimsAndScopeOverrideDetails": null }),
        shown: names("scopes", scopes).into_iter().collect(),
    };
    ask(shared, question, understand).await
}

fn user_attributes(
    client: &AppClient,
    seen: TriggerAttributes,
    user: &User,
) -> BTreeMap<String, String> {
    let is_seen = |name: &str| match seen {
        TriggerAttributes::All => true,
        TriggerAttributes::Readable => client.may_read(name),
    };
    let mut attributes: BTreeMap<String, String> = user
        .attributes
        .iter()
        .filter(|(name, _)| is_seen(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    // Every event that was seen had `sub` and the status.
    let own = user.own_attributes();
    attributes.extend(own.filter(|(name, _)| name == "sub" || is_seen(name)));
    let status = ("cognito:user_status", user.status());
    attributes.insert(status.0.to_owned(), status.1.to_owned());
    attributes
}
