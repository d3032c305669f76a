//! `InitiateAuth`: an app signs a user in with a username and a password, or refreshes tokens. Of
//! AWS's ways, only these two are here.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use loopback::journal::{Check, Parameter};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::of_users::{USER_SCOPE, authentication_result};
use super::refusal::Refusal;
use super::told::{API, Told};
use crate::app_client::{AppClient, AuthFlow};
use crate::app_tokens::{TokenError, refreshed_tokens, sign_in};
use crate::native_users::{NoSignIn, authenticated};
use crate::refresh_tokens::Through;
use crate::shared::Shared;

/// Answers the operation.
pub(super) async fn initiate_auth(
    shared: &Shared,
    body: &[u8],
    told: &mut Told,
) -> Result<Value, Refusal> {
    let request: InitiateAuth = told.body(body)?;
    told.parameters
        .push(Parameter::new("client_id", &request.client_id));
    let client = shared.options.app_client(&request.client_id);
    let no_client = Refusal::NoClient(request.client_id.clone());
    let known = ("client_id is an app client's", API);
    let client = Check::made(&mut told.checks, known, client, no_client)?;
    let flow = request.flow(client, told)?;
    let tokens = match flow {
        AuthFlow::UserPassword => request.sign_in(shared, client, told).await?,
        AuthFlow::RefreshToken => request.refresh(shared, client, told).await?,
    };
    let result = authentication_result(tokens, told)?;
    Ok(json!({ "AuthenticationResult": result, "ChallengeParameters": {} }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InitiateAuth {
    auth_flow: String,
    #[serde(default)]
    auth_parameters: BTreeMap<String, SecretString>,
    client_id: String,
}

/// The tokens, as `/oauth2/token` names them.
type Tokens = Result<Map<String, Value>, TokenError>;

impl InitiateAuth {
    /// The flow, if the client allows it.
    fn flow(&self, client: &AppClient, told: &mut Told) -> Result<AuthFlow, Refusal> {
        let (flow, name) = match self.auth_flow.as_str() {
            "USER_PASSWORD_AUTH" => (AuthFlow::UserPassword, "USER_PASSWORD_AUTH"),
            "REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN" => {
                (AuthFlow::RefreshToken, "REFRESH_TOKEN_AUTH")
            }
            _ => {
                let message = "AuthFlow can only be USER_PASSWORD_AUTH or REFRESH_TOKEN_AUTH here";
                return Err(Refusal::invalid_parameter(message));
            }
        };
        told.parameters.push(Parameter::new("AuthFlow", name));
        let refusal = format!("{name} flow not enabled for this client");
        let check = ("the client allows this flow (ExplicitAuthFlows)", API);
        let allowed = client.allows_flow(flow);
        told.check(check, allowed, Refusal::InvalidParameter(refusal))?;
        Ok(flow)
    }

    /// Signs a user in. The access token has no other scope than the one for the user's own
    /// operations.
    async fn sign_in(
        &self,
        shared: &Shared,
        client: &AppClient,
        told: &mut Told,
    ) -> Result<Tokens, Refusal> {
        let username = self.parameter("USERNAME")?.expose_secret();
        let password = self.parameter("PASSWORD")?;
        told.sizes([("USERNAME", username)]);
        self.check_secret_hash(client, username, told)?;
        let known = {
            let kept = shared.state();
            kept.users.find(&shared.options, username).cloned()
        };
        let user = authenticated(known, password);
        let check = "username and password are those of a user who isn't disabled";
        told.checks.push(Check::new(check, API, user.is_ok()));
        let refused = |no_sign_in: NoSignIn| Refusal::not_authorized(no_sign_in.to_string());
        let user = user.map_err(refused)?;
        let scopes = vec![USER_SCOPE.to_owned()];
        Ok(sign_in(shared, (user, client), scopes, Through::Api).await)
    }

    /// New tokens for a refresh token, which stays the same.
    async fn refresh(
        &self,
        shared: &Shared,
        client: &AppClient,
        told: &mut Told,
    ) -> Result<Tokens, Refusal> {
        let token = self.parameter("REFRESH_TOKEN")?.expose_secret();
        told.parameters.push(Parameter::new("refresh_token", token));
        let username = {
            let now = shared.options.token_time();
            let sign_in = shared.state().refresh_tokens.get(token, now);
            sign_in.map(|sign_in| sign_in.username)
        };
        self.check_secret_hash(client, &username.unwrap_or_default(), told)?;
        Ok(refreshed_tokens(shared, client, token, &mut told.checks).await)
    }

    fn parameter(&self, name: &str) -> Result<&SecretString, Refusal> {
        let value = self.auth_parameters.get(name);
        let value = value.filter(|value| !value.expose_secret().is_empty());
        value.ok_or_else(|| {
            let message = format!("Missing required parameter {name}");
            Refusal::InvalidParameter(message)
        })
    }

    /// `SECRET_HASH`: HMAC-SHA-256 over username and client id, with the client's secret. It is
    /// there if the client has a secret, and otherwise it isn't.
    fn check_secret_hash(
        &self,
        client: &AppClient,
        username: &str,
        told: &mut Told,
    ) -> Result<(), Refusal> {
        let id = &client.client_id;
        let unverified = format!("Unable to verify secret hash for client {id}");
        let (fits, refusal) = match (&client.client_secret, self.parameter("SECRET_HASH")) {
            (None, Err(_)) => (true, unverified),
            (None, Ok(_)) => (false, unverified),
            (Some(_), Err(_)) => {
                let missing = "is configured with secret but SECRET_HASH was not received";
                (false, format!("Client {id} {missing}"))
            }
            (Some(secret), Ok(hash)) => {
                let secret = secret.expose_secret().as_bytes();
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                let message = format!("{username}{id}");
                let hash = STANDARD.decode(hash.expose_secret()).unwrap_or_default();
                let fits = hmac::verify(&key, message.as_bytes(), &hash).is_ok();
                (fits, unverified)
            }
        };
        let check = (
            "SECRET_HASH is there if the client has a secret, and is right",
            API,
        );
        told.check(check, fits, Refusal::not_authorized(refusal))
    }
}
