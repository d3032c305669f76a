//! The pool's metadata and keys, below its issuer (OIDC Discovery §4).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use loopback::caller::caller;
use loopback::journal::{Party, Step};
use serde_json::{Value, json};

use crate::shared::Shared;

/// `GET /POOL/.well-known/openid-configuration`. The members are Cognito's.
pub(crate) async fn metadata(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Json<Value> {
    record(&shared, &headers, "GET /.well-known/openid-configuration");
    let (browser, server) = (&shared.urls.browser, &shared.urls.server);
    let issuer = &shared.issuer;
    Json(json!({
        "authorization_endpoint": format!("{browser}/oauth2/authorize"),
        "end_session_endpoint": format!("{browser}/logout"),
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "response_types_supported": ["code", "token"],
        "revocation_endpoint": format!("{server}/oauth2/revoke"),
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "subject_types_supported": ["public"],
        "token_endpoint": format!("{server}/oauth2/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "userinfo_endpoint": format!("{server}/oauth2/userInfo"),
    }))
}

/// `GET /POOL/.well-known/jwks.json`.
pub(crate) async fn key_set(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Json<Value> {
    record(&shared, &headers, "GET /.well-known/jwks.json");
    Json(shared.key.key_set())
}

fn record(shared: &Shared, headers: &HeaderMap, request: &str) {
    shared.options.journal.record(Step {
        from: caller(headers).unwrap_or(Party::App),
        to: Party::Cognito,
        request: request.to_owned(),
        parameters: Vec::new(),
        checks: Vec::new(),
        status: Some(StatusCode::OK.as_u16()),
        answer: Vec::new(),
    });
}
