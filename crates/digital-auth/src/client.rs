//! The client: what it is configured with, and the two things it does.
//! [`Client::authorization_url`] begins a login, [`Client::finish_login`] ends it with verified attributes or with the
//! reason why there are none; a login never half succeeds.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use four_attributes::{AttributeSet, FourAttributes};
use http::Uri;
use keys::{KeyRing, Randomness};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;
use url::Url;

use crate::authorization::{AuthorizationRequest, LoginSecrets, Secret256};
use crate::client_assertion::{ClientAssertionError, client_assertion};

use crate::id_token::{self, Expected, IdTokenError, SigningAlgorithm, Subject, VerifiedIdToken};
use crate::key_set::{KeySetCache, KeySetError};
use crate::observer::{Observer, Step};
use crate::provider::Provider;
use crate::token::{self, GrantedScope, TokenError, TokenRequest, Tokens};
use crate::userinfo::{self, UserinfoError};
use http_client::{Deadline, HttpClient, timed};

/// Which values of `acr` are accepted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AssuranceRule {
    /// Any, also none at all.
    Any,
    /// One of these, byte for byte.
    OneOf(Vec<String>),
}

impl AssuranceRule {
    /// Whether an ID token with this `acr` is accepted.
    #[must_use]
    pub fn accepts(&self, acr: Option<&str>) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(accepted) => acr.is_some_and(|acr| accepted.iter().any(|one| one == acr)),
        }
    }
}

/// Whether an ID token has to say when the person authenticated (`auth_time`, OIDC Core §2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AuthenticationTime {
    /// It may be missing.
    Optional,
    /// Without it there is no login.
    Required,
}

/// What a client is configured with.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The service.
    pub provider: Provider,
    /// The client id that the Digital Agency gave.
    pub client_id: String,
    /// Where the service sends the browser back, as registered.
    pub redirect_uri: String,
    /// The attributes that are asked for and that must come, but for gender.
    pub attributes: AttributeSet,
    /// `acr_values` of the authorization request.
    pub acr_values: Option<String>,
    /// The values of `acr` that are accepted.
    pub assurance: AssuranceRule,
    /// Whether an ID token has to say when the person authenticated.
    pub authentication_time: AuthenticationTime,
    /// Whether a token answer has to say which scopes were granted.
    pub granted_scope: GrantedScope,
    /// The algorithms of the service's ID tokens that are accepted.
    pub id_token_algorithms: Vec<SigningAlgorithm>,
}

/// What is needed to end a login that [`Client::authorization_url`] began: the service's code, and
/// the login's secrets but for `state`, which has brought the code back. It serializes only where
/// it is named: `#[serde(with = "CodeExchange")]`. The order of the fields is that of the sealed
/// form, which doesn't change.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(remote = "Self")]
pub struct CodeExchange {
    /// The service's code.
    #[serde(serialize_with = "expose")]
    pub code: SecretString,
    /// The login's PKCE verifier.
    #[serde(with = "Secret256")]
    pub code_verifier: Secret256,
    /// The login's nonce.
    #[serde(with = "Secret256")]
    pub nonce: Secret256,
}

impl CodeExchange {
    /// The exchange of the code that came back with the `state` of these secrets.
    #[must_use]
    pub fn new(code: SecretString, secrets: LoginSecrets) -> Self {
        Self {
            code,
            code_verifier: secrets.code_verifier,
            nonce: secrets.nonce,
        }
    }
}

fn expose<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    secret.expose_secret().serialize(serializer)
}

/// A person, verified.
#[derive(Debug)]
pub struct VerifiedLogin {
    /// Who, when and how.
    pub id_token: VerifiedIdToken,
    /// The attributes that were asked for.
    pub attributes: FourAttributes,
}

impl VerifiedLogin {
    /// The person's pairwise subject.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.id_token.subject
    }
}

/// Why a login failed.
#[derive(Debug, Error)]
pub enum LoginError {
    /// There were no tokens.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// There were no keys to verify with.
    #[error(transparent)]
    KeySet(#[from] KeySetError),
    /// The ID token was refused.
    #[error(transparent)]
    IdToken(#[from] IdTokenError),
    /// There were no attributes.
    #[error(transparent)]
    Userinfo(#[from] UserinfoError),
}

/// A relying party of the service.
#[derive(Debug)]
pub struct Client {
    options: ClientOptions,
    http: Arc<HttpClient>,
    key_set: KeySetCache,
    assertion_keys: Arc<KeyRing>,
    randomness: Arc<dyn Randomness>,
}

impl Client {
    /// A client. Nothing is called yet.
    #[must_use]
    pub fn new(
        options: ClientOptions,
        http: Arc<HttpClient>,
        assertion_keys: Arc<KeyRing>,
        randomness: Arc<dyn Randomness>,
    ) -> Self {
        let key_set = KeySetCache::new(Arc::clone(&http), uri(options.provider.jwks_uri()));
        Self {
            options,
            http,
            key_set,
            assertion_keys,
            randomness,
        }
    }

    /// What it is configured with.
    #[must_use]
    pub fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// Where the browser is sent to begin a login.
    #[must_use]
    pub fn authorization_url(&self, secrets: &LoginSecrets) -> Url {
        AuthorizationRequest {
            client_id: &self.options.client_id,
            redirect_uri: &self.options.redirect_uri,
            attributes: self.options.attributes,
            acr_values: self.options.acr_values.as_deref(),
        }
        .url(&self.options.provider, secrets)
    }

    /// Prepares for [`Client::finish_login`]: fetches the service's keys if they are old, and opens a connection for
    /// the token request. Never fails: what is missing then is met again there.
    pub async fn warm(&self, now: DateTime<Utc>, deadline: Deadline, observer: &dyn Observer) {
        let token_endpoint = uri(self.options.provider.token_endpoint());
        let keys = self.key_set.current(now, deadline, observer);
        let connection = deadline.bound(self.http.warm(&token_endpoint));
        let (_, _) = tokio::join!(keys, connection);
    }

    /// Ends a login: code, tokens, ID token, attributes. If `authenticated_after` is given, the
    /// person must have authenticated then or later.
    ///
    /// # Errors
    ///
    /// The first thing that went wrong. `observer` has been told by then how long each step took.
    /// After a refused ID token no attribute is asked for.
    pub async fn finish_login(
        &self,
        login: CodeExchange,
        authenticated_after: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
        deadline: Deadline,
        observer: &dyn Observer,
    ) -> Result<VerifiedLogin, LoginError> {
        // The keys are nearly always there; on a cold start they are fetched while the token request is under way.
        let (tokens, keys) = tokio::join!(
            self.tokens(&login, now, deadline, observer),
            self.key_set.current(now, deadline, observer)
        );
        let (tokens, keys) = (tokens?, keys?);

        let expected = Expected {
            issuer: self.options.provider.issuer(),
            client_id: &self.options.client_id,
            nonce: &login.nonce,
            access_token: &tokens.access_token,
            algorithms: &self.options.id_token_algorithms,
            assurance: &self.options.assurance,
            authentication_time: self.options.authentication_time,
            authenticated_after,
        };
        let id_token = match id_token::verify(&tokens.id_token, &keys, &expected, now, observer) {
            Err(error) if error.may_be_rotated() => {
                let newer = (self.key_set)
                    .newer_than(&keys, now, deadline, observer)
                    .await?;
                id_token::verify(&tokens.id_token, &newer, &expected, now, observer)
            }
            other => other,
        }?;
        tell_checks();

        // After the ID token, which says whose login it is: whoever edits their own request is known then.
        tokens.confirm_scope(self.options.attributes, self.options.granted_scope)?;
        check(
            "scope, if it is there, holds all that was asked for",
            "RFC 6749 §3.3",
        );

        let asking = userinfo::attributes(
            &self.http,
            &self.options.provider,
            &tokens.access_token,
            &id_token.subject,
            self.options.attributes,
            deadline,
        );
        let attributes = timed(|time| observer.took(Step::Userinfo, time), asking).await?;
        check(
            "userinfo is about the ID token's subject",
            "OIDC Core §5.3.4",
        );
        check(
            "the attributes have the form that is documented",
            "userinfo",
        );
        Ok(VerifiedLogin {
            id_token,
            attributes,
        })
    }

    async fn tokens(
        &self,
        login: &CodeExchange,
        now: DateTime<Utc>,
        deadline: Deadline,
        observer: &dyn Observer,
    ) -> Result<Tokens, TokenError> {
        let provider = &self.options.provider;
        let signing = client_assertion(
            self.assertion_keys.signer(),
            &self.options.client_id,
            provider.token_endpoint().as_str(),
            &*self.randomness,
            now,
        );
        let signing = timed(
            |time| observer.took(Step::ClientAssertion, time),
            deadline.bound(signing),
        );
        let late = ClientAssertionError::Signing(keys::SigningError::Unavailable);
        let assertion = signing.await.unwrap_or(Err(late))?;
        let request = TokenRequest {
            code: &login.code,
            redirect_uri: &self.options.redirect_uri,
            client_id: &self.options.client_id,
            code_verifier: &login.code_verifier,
            client_assertion: &assertion,
        };
        let exchange = token::exchange(&self.http, provider, &request, deadline);
        let tokens = timed(|time| observer.took(Step::Token, time), exchange).await;
        if let Err(TokenError::RefusedClient { at: Some(at) }) = &tokens {
            tell_clocks(now, *at);
        }
        tokens
    }
}

/// A URL that was configured, as the HTTP crates take it. `Url` is the stricter of the two, so this can't fail; if it
/// did, the empty URI would be refused as unreachable.
fn uri(url: &Url) -> Uri {
    url.as_str().parse().unwrap_or_default()
}

/// Says how far our clock is ahead of the service's, since an assertion by a wrong clock is refused like one by a wrong key.
/// A request takes some seconds at most, and its answer says whole ones: so what is less than that says nothing.
fn tell_clocks(ours: DateTime<Utc>, the_services: DateTime<Utc>) {
    let seconds_ahead = (ours - the_services).num_seconds();
    tracing::warn!(event = "service_clock", seconds_ahead);
}

/// Says what was checked, for those who want to see a login step by step. Never a value.
fn check(what: &'static str, rule: &'static str) {
    tracing::debug!(event = "check", check = what, rule);
}

/// In the order in which they were made.
fn tell_checks() {
    for (what, rule) in [
        ("iss is the service", "OIDC Core §3.1.3.7 step 2"),
        (
            "aud is this client and nobody else",
            "OIDC Core §3.1.3.7 step 3",
        ),
        (
            "azp is this client, if it is there",
            "OIDC Core §3.1.3.7 step 5",
        ),
        (
            "the ID token's algorithm is one of those configured",
            "OIDC Core §3.1.3.7 step 7",
        ),
        (
            "the ID token's signature fits the service's key of that kid",
            "OIDC Core §3.1.3.7 step 6",
        ),
        ("exp lies ahead", "OIDC Core §3.1.3.7 step 9"),
        ("iat is at most 60 s away", "OIDC Core §3.1.3.7 step 10"),
        ("nbf, if there, is past", "RFC 7519 §4.1.5"),
        ("nonce is this login's", "OIDC Core §3.1.3.7 step 11"),
        (
            "acr is one that the configuration accepts",
            "OIDC Core §3.1.3.7 step 12",
        ),
        (
            "auth_time is as recent as the client asked",
            "OIDC Core §3.1.3.7 step 13",
        ),
        (
            "at_hash fits the access token, if it is there",
            "OIDC Core §3.1.3.8",
        ),
    ] {
        check(what, rule);
    }
}
