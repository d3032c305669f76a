//! The back channel to the provider: the token request, the key set, and userinfo.
//! It uses HTTP/1.1 and the user agent `Amazon/Cognito`, follows no redirects, has a time limit for
//! each call, and tries only once. It resolves only names of this machine.

use std::collections::BTreeMap;
use std::time::Duration;

use loopback::names::{LoopbackNames, read_body};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};

use crate::claims;
use crate::failure::SignInFailure;
use crate::options::{AttributesRequestMethod, Provider, StartError};

/// The most bytes of an answer that are read.
const ANSWER_LIMIT: usize = 1 << 20;

/// The HTTP client of the back channel.
#[derive(Debug)]
pub(crate) struct ProviderClient {
    http: reqwest::Client,
}

/// The answer of the provider's token endpoint.
pub(crate) struct TokenAnswer {
    pub(crate) id_token: String,
    pub(crate) access_token: Option<String>,
    /// All members of the answer, as strings.
    pub(crate) members: BTreeMap<String, String>,
}

/// Userinfo couldn't be read. The reason doesn't matter, because Cognito goes on without userinfo.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoUserinfo;

impl ProviderClient {
    pub(crate) fn new(timeout: Duration) -> Result<Self, StartError> {
        let http = reqwest::Client::builder()
            .dns_resolver(LoopbackNames)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .http1_only()
            .user_agent("Amazon/Cognito")
            .timeout(timeout)
            .build()
            .map_err(StartError::Client)?;
        Ok(Self { http })
    }

    /// The token request, with `client_secret_post`. It is sent once.
    pub(crate) async fn redeem(
        &self,
        provider: &Provider,
        code: &str,
        redirect_uri: &str,
        extra: &[(String, String)],
    ) -> Result<TokenAnswer, SignInFailure> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("client_id", &provider.client_id)
            .append_pair("client_secret", provider.client_secret.expose_secret())
            .append_pair("redirect_uri", redirect_uri)
            .extend_pairs(extra)
            .finish();
        let response = self
            .http
            .post(&provider.token_url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .map_err(|error| {
                if error.is_timeout() {
                    SignInFailure::TokenTimeout
                } else {
                    SignInFailure::TokenUnreachable
                }
            })?;
        let status = response.status();
        let body = read_body(response, ANSWER_LIMIT).await;
        let answer: Option<Map<String, Value>> = body
            .ok()
            .and_then(|body| serde_json::from_slice(&body).ok());
        let member = |name: &str| Some(answer.as_ref()?.get(name)?.as_str()?.to_owned());
        if !status.is_success() {
            let status = status.as_u16();
            return Err(match member("error") {
                Some(error) => SignInFailure::TokenRefused {
                    status,
                    error,
                    description: member("error_description"),
                },
                None => SignInFailure::TokenStatus { status },
            });
        }
        let id_token = member("id_token").ok_or(SignInFailure::TokenAnswer)?;
        Ok(TokenAnswer {
            id_token,
            access_token: member("access_token"),
            members: claims::merge(&Map::new(), answer.as_ref()),
        })
    }

    /// The provider's key set, fetched now.
    pub(crate) async fn key_set(&self, provider: &Provider) -> Result<Value, SignInFailure> {
        let response = self
            .http
            .get(&provider.jwks_uri)
            .send()
            .await
            .map_err(|_| SignInFailure::KeySet)?;
        if !response.status().is_success() {
            return Err(SignInFailure::KeySet);
        }
        let body = read_body(response, ANSWER_LIMIT)
            .await
            .map_err(|_| SignInFailure::KeySet)?;
        serde_json::from_slice(&body).map_err(|_| SignInFailure::KeySet)
    }

    /// The claims of userinfo, if it answers with success and a JSON object. Userinfo as a JWT
    /// isn't supported.
    pub(crate) async fn userinfo(
        &self,
        provider: &Provider,
        access_token: &str,
    ) -> Result<Map<String, Value>, NoUserinfo> {
        let request = match provider.attributes_request_method {
            AttributesRequestMethod::Get => self.http.get(&provider.attributes_url),
            AttributesRequestMethod::Post => self.http.post(&provider.attributes_url),
        };
        let response = request
            .header(AUTHORIZATION, format!("Bearer {access_token}"))
            .send()
            .await
            .map_err(|_| NoUserinfo)?;
        if !response.status().is_success() {
            return Err(NoUserinfo);
        }
        let body = read_body(response, ANSWER_LIMIT)
            .await
            .map_err(|_| NoUserinfo)?;
        serde_json::from_slice(&body).map_err(|_| NoUserinfo)
    }
}
