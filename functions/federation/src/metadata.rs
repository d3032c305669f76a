//! The documents of logins that anybody may read: the provider metadata, and the public keys of the
//! ID tokens. Both are made once, at start, from the configuration and the keys. Nothing of a
//! request gets into them: the issuer is never taken from `Host` (RFC 9700 §2.6).

use four_attributes::Attribute;
use keys::KeyRing;
use relying_party::service::ServiceSettings;
use serde_json::{Value, json};
use user_pool::claim;

use crate::endpoint::Endpoint;

/// The two documents.
#[derive(Debug)]
pub struct Metadata {
    /// `/.well-known/openid-configuration` (OIDC Discovery §3).
    pub openid_configuration: String,
    /// `/jwks.json`: the public keys of the bridge's ID tokens.
    pub id_token_keys: String,
}

impl Metadata {
    /// Makes the documents.
    #[must_use]
    pub fn new(service: &ServiceSettings, id_token_keys: &KeyRing) -> Self {
        Self {
            openid_configuration: openid_configuration(service).to_string(),
            id_token_keys: id_token_keys.jwk_set().to_owned(),
        }
    }
}

fn openid_configuration(service: &ServiceSettings) -> Value {
    let endpoint = |endpoint: Endpoint| endpoint.url(&service.issuer);
    let mut claims = vec![
        "sub",
        "iss",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "acr",
        "nonce",
        "at_hash",
    ];
    claims.extend([claim::VERIFIED_AT, claim::VERIFIED_RECORD]);
    for attribute in service.attributes.iter() {
        claims.push(attribute.claim());
        if attribute == Attribute::Address {
            claims.push(claim::FORMATTED_ADDRESS);
        }
    }
    json!({
        "issuer": service.issuer,
        "authorization_endpoint": endpoint(Endpoint::Authorize),
        "token_endpoint": endpoint(Endpoint::Token),
        "userinfo_endpoint": endpoint(Endpoint::Userinfo),
        "jwks_uri": endpoint(Endpoint::Jwks),
        "scopes_supported": digital_auth::authorization::scope(service.attributes)
            .split(' ')
            .collect::<Vec<_>>(),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "claim_types_supported": ["normal"],
        "claims_supported": claims,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    })
}
