//! `POST /oauth2/revoke`: an app revokes a refresh token, and with it the access tokens of its
//! sign-in (RFC 7009). Access tokens themselves can't be revoked here.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::HeaderMap;
use loopback::journal::{Check, Parameter, Party, Step};
use loopback::parameters::Parameters;
use serde_json::json;

use crate::client_authentication::{self, Client};
use crate::pages::no_store;
use crate::parameters::journal_parameters;
use crate::shared::Shared;

pub(crate) async fn revoke(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    shared.state().requests.revoke += 1;
    let form = Parameters::parse(&body);
    let mut checks = Vec::new();
    let outcome = decide(&shared, &headers, &form, &mut checks);
    let (response, answer) = match outcome {
        Ok(()) => (StatusCode::OK.into_response(), Vec::new()),
        Err(error) => {
            let status = match error {
                "invalid_client" => StatusCode::UNAUTHORIZED,
                _ => StatusCode::BAD_REQUEST,
            };
            let answer = (status, Json(json!({ "error": error })));
            (answer.into_response(), vec![Parameter::new("error", error)])
        }
    };
    shared.options.journal.record(Step {
        from: Party::App,
        to: Party::Cognito,
        request: "POST /oauth2/revoke".to_owned(),
        parameters: journal_parameters(&form),
        checks,
        status: Some(response.status().as_u16()),
        answer,
    });
    no_store(response)
}

fn decide(
    shared: &Shared,
    headers: &HeaderMap,
    form: &Parameters,
    checks: &mut Vec<Check>,
) -> Result<(), &'static str> {
    let client = match client_authentication::made(&shared.options, headers, form, checks) {
        Some(Client::App(client)) => client,
        Some(Client::Machine(_)) | None => return Err("invalid_client"),
    };
    let token = form.only("token").filter(|token| !token.is_empty());
    let token = Check::made(
        checks,
        ("token is there once", "RFC 7009 §2.1"),
        token,
        "invalid_request",
    )?;
    let is_refresh_token = shared.key.open(token).is_none().then_some(());
    Check::made(
        checks,
        ("token is a refresh token", "Cognito: revocation endpoint"),
        is_refresh_token,
        "unsupported_token_type",
    )?;
    let now = shared.options.token_time();
    let mut kept = shared.state();
    // The answer to an unknown token is the same (RFC 7009 §2.2).
    kept.refresh_tokens.revoke(token, &client.client_id, now);
    Ok(())
}
