//! The keys of an issuer: found by its metadata (OIDC Discovery §4), and kept for two hours.
//! Source: Amazon API Gateway Developer Guide, "Control access to HTTP APIs with JWT authorizers",
//! and quotas for HTTP APIs. No other machine is asked.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http_client::{Deadline, DeadlinePassed};
use loopback::caller::GATEWAY;
use loopback::names::{LoopbackNames, is_loopback, read_body};
use refreshed::{Policy, Refreshed};
use serde_json::Value;
use url::Url;

use crate::gateway::JwtAuthorizer;

/// How long the metadata, and how long the key set may take (quotas for HTTP APIs).
const TIME_LIMIT: Duration = Duration::from_millis(1_500);

/// The most bytes of a key set (quotas for HTTP APIs). For the metadata AWS names no limit; here it
/// is the same.
const ANSWER_LIMIT: usize = 150_000;

/// API Gateway can keep a key for two hours. Here it always does, and doesn't look for another one
/// meanwhile, because AWS doesn't say that it would: whoever rotates keys has to publish a new key
/// two hours before its first use. After two hours the keys aren't used without being fetched
/// again.
const POLICY: Policy = Policy {
    refresh_after: TimeDelta::hours(2),
    max_age: TimeDelta::hours(2),
    pause: TimeDelta::zero(),
    pause_after_failure: TimeDelta::zero(),
    most_in_vain: 0,
};

/// Why there are no keys. The words were seen in answers and logs of API Gateway.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum NoKeys {
    #[error("OIDC discovery endpoint communication error")]
    Metadata,
    #[error("JWKS communication error")]
    KeySet,
}

impl From<DeadlinePassed> for NoKeys {
    fn from(_: DeadlinePassed) -> Self {
        Self::Metadata
    }
}

/// The key set of one issuer.
#[derive(Debug)]
pub(crate) struct IssuerKeys {
    http: reqwest::Client,
    issuer: String,
    address: Option<SocketAddr>,
    known: Refreshed<Arc<Value>, NoKeys>,
}

impl IssuerKeys {
    /// The keys of an authorizer's issuer. Nothing is fetched yet.
    pub(crate) fn new(authorizer: &JwtAuthorizer) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .dns_resolver(LoopbackNames)
            .user_agent(GATEWAY)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(TIME_LIMIT)
            .build()?;
        Ok(Self {
            http,
            issuer: authorizer.issuer.clone(),
            address: authorizer.issuer_address,
            known: Refreshed::empty(POLICY),
        })
    }

    /// The key set, as it is known now or fetched now.
    pub(crate) async fn key_set(&self, now: DateTime<Utc>) -> Result<Arc<Value>, NoKeys> {
        // Another request may be waiting for the same keys.
        let deadline = Deadline::after(2 * TIME_LIMIT);
        self.known.refresh(now, deadline, || self.fetch()).await?;
        self.known.usable(now).ok_or(NoKeys::KeySet)
    }

    async fn fetch(&self) -> Result<Arc<Value>, NoKeys> {
        let issuer = self.issuer.trim_end_matches('/');
        let metadata = format!("{issuer}/.well-known/openid-configuration");
        let metadata = self.get(&metadata).await.ok_or(NoKeys::Metadata)?;
        let member = |name: &str| metadata.get(name).and_then(Value::as_str);
        // OIDC Discovery §4.3. Whether API Gateway compares them isn't known.
        if member("issuer") != Some(&self.issuer) {
            return Err(NoKeys::Metadata);
        }
        let jwks_uri = member("jwks_uri").ok_or(NoKeys::Metadata)?;
        let key_set = self.get(jwks_uri).await.ok_or(NoKeys::KeySet)?;
        Ok(Arc::new(key_set))
    }

    /// A JSON object of the issuer.
    async fn get(&self, url: &str) -> Option<Value> {
        let url = self.reachable(Url::parse(url).ok()?)?;
        let response = self.http.get(url).send().await.ok()?;
        if !response.status().is_success() {
            return None;
        }
        let body = read_body(response, ANSWER_LIMIT).await.ok()?;
        serde_json::from_slice(&body).ok().filter(Value::is_object)
    }

    /// The URL, with the address at which the issuer's host is reached, if there is one. `None` for
    /// a URL of another machine.
    fn reachable(&self, mut url: Url) -> Option<Url> {
        let issuer = Url::parse(&self.issuer).ok()?;
        if let Some(address) = self.address
            && url.origin() == issuer.origin()
        {
            url.set_scheme("http").ok()?;
            url.set_ip_host(address.ip()).ok()?;
            url.set_port(Some(address.port())).ok()?;
        }
        (url.scheme() == "http" && is_loopback(&url)).then_some(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_asked_and_the_issuer_at_its_address() {
        let reached = |issuer: &str, address: Option<SocketAddr>, url: &str| {
            let keys = IssuerKeys::new(&JwtAuthorizer {
                issuer: issuer.into(),
                audience: vec!["app".into()],
                issuer_address: address,
            });
            let url = keys.unwrap().reachable(Url::parse(url).unwrap());
            url.map(String::from)
        };
        let here = "http://localhost:9/pool";
        assert_eq!(
            reached(here, None, "http://localhost:9/pool/keys").as_deref(),
            Some("http://localhost:9/pool/keys")
        );
        for elsewhere in ["http://192.0.2.1/keys", "https://localhost:9/keys"] {
            assert_eq!(reached(here, None, elsewhere), None, "{elsewhere}");
        }
        let public = "https://host.docker.internal:9/pool";
        let address = Some(SocketAddr::from(([127, 0, 0, 1], 5)));
        assert_eq!(
            reached(public, address, "https://host.docker.internal:9/keys?a").as_deref(),
            Some("http://127.0.0.1:5/keys?a")
        );
        for elsewhere in ["https://host.docker.internal:8/keys", "https://a.example/"] {
            assert_eq!(reached(public, address, elsewhere), None, "{elsewhere}");
        }
    }
}
