//! The client of the service: its configuration ([`ClientOptions`]), and the beginning and the end
//! of a login.
//! [`Client::authorization_url`] begins a login. [`Client::finish_login`] ends it with verified
//! attributes, or with the reason why there are none. A login never half succeeds.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use four_attributes::{AssuranceRule, AttributeSet, AuthenticationTime, FourAttributes};
use http::Uri;
use http_client::{Deadline, HttpClient, timed};
use keys::{KeyRing, Randomness};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

use crate::authorization::{AuthorizationRequest, OneTimeValues, Secret256};
use crate::client_assertion::{ClientAssertionError, client_assertion};
use crate::error::LoginError;
use crate::id_token::{Expected, SigningAlgorithm, Subject, UnverifiedIdToken, VerifiedIdToken};
use crate::key_set::KeySetCache;
use crate::observer::{Observer, Step};
use crate::provider::Provider;
use crate::token::{self, GrantedScope, TokenError, TokenRequest, Tokens};
use crate::userinfo;

/// The configuration of a client.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The service.
    pub provider: Provider,
    /// The client id that the Digital Agency gave.
    pub client_id: String,
    /// Where the service sends the browser back, as registered.
    pub redirect_uri: String,
    /// The attributes to ask for. All of them must come, except the gender.
    pub attributes: AttributeSet,
    /// `acr_values` of the authorization request. `None` leaves it out.
    pub acr_values: Option<String>,
    /// The values of `acr` that are accepted.
    pub assurance: AssuranceRule,
    /// Whether an ID token must have `auth_time`.
    pub authentication_time: AuthenticationTime,
    /// Whether a token answer must have `scope`, the granted scopes.
    pub granted_scope: GrantedScope,
    /// The accepted signature algorithms of the service's ID tokens.
    pub id_token_algorithms: Vec<SigningAlgorithm>,
}

/// What [`Client::finish_login`] needs of the login that [`Client::authorization_url`] began: the
/// service's code, and the one-time values without `state`, which isn't needed after it came back
/// with the code. It is serialized only where a field opts in with
/// `#[serde(with = "CodeExchange")]`. The sealed form has the fields in this order, so their order
/// must not change.
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
    /// The exchange of `code`, which came back with the `state` of `one_time`.
    #[must_use]
    pub fn new(code: SecretString, one_time: OneTimeValues) -> Self {
        Self {
            code,
            code_verifier: one_time.code_verifier,
            nonce: one_time.nonce,
        }
    }
}

fn expose<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    secret.expose_secret().serialize(serializer)
}

/// A verified person: the result of a login.
#[derive(Debug)]
pub struct VerifiedLogin {
    /// The verified ID token: the person's subject, and when and how the person authenticated.
    pub id_token: VerifiedIdToken,
    /// The requested attributes.
    pub attributes: FourAttributes,
}

impl VerifiedLogin {
    /// The person's pairwise subject.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.id_token.subject
    }
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
    /// Makes a client. It sends no request yet.
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

    /// The configuration.
    #[must_use]
    pub fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// Where the browser is sent to begin a login.
    #[must_use]
    pub fn authorization_url(&self, one_time: &OneTimeValues) -> Url {
        AuthorizationRequest {
            client_id: &self.options.client_id,
            redirect_uri: &self.options.redirect_uri,
            attributes: self.options.attributes,
            acr_values: self.options.acr_values.as_deref(),
        }
        .url(&self.options.provider, one_time)
    }

    /// Prepares for [`Client::finish_login`]: fetches the service's keys if they are old, and opens
    /// a connection for the token request. Failures are ignored here, because
    /// [`Client::finish_login`] tries again and reports them.
    pub async fn warm(&self, now: DateTime<Utc>, deadline: Deadline, observer: &dyn Observer) {
        let token_endpoint = uri(self.options.provider.token_endpoint());
        let keys = self.key_set.current(now, deadline, observer);
        let connection = deadline.bound(self.http.warm(&token_endpoint));
        let (_, _) = tokio::join!(keys, connection);
    }

    /// Ends a login: exchanges the code for tokens, verifies the ID token, and gets the attributes.
    /// If `authenticated_after` is given, the person must have authenticated at that time or later.
    ///
    /// # Errors
    ///
    /// The first failure. Until then, `observer` has received the time of each step and every check
    /// that passed. If the ID token is refused, no attribute is requested.
    pub async fn finish_login(
        &self,
        login: CodeExchange,
        authenticated_after: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
        deadline: Deadline,
        observer: &dyn Observer,
    ) -> Result<VerifiedLogin, LoginError> {
        // The keys are usually known. On a cold start they are fetched during the token request.
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
        let id_token = UnverifiedIdToken::read(&tokens.id_token, &expected, observer)?;
        let id_token = match id_token.verify(&keys, now) {
            Err(error) if error.may_be_rotated() => {
                let newer = (self.key_set)
                    .newer_than(&keys, now, deadline, observer)
                    .await?;
                id_token.verify(&newer, now)
            }
            other => other,
        }?;

        // This check comes after the ID token's, so that a failure can be attributed to a person:
        // by now, a user who edited the scope of their own request is known.
        let (asked, rule) = (self.options.attributes, self.options.granted_scope);
        tokens.confirm_scope(asked, rule, observer)?;

        let asking = userinfo::attributes(
            &self.http,
            &self.options.provider,
            &tokens.access_token,
            &id_token.subject,
            self.options.attributes,
            deadline,
            observer,
        );
        let attributes = timed(|time| observer.took(Step::Userinfo, time), asking).await?;
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
        let exchange = token::exchange(&self.http, provider, &request, deadline, observer);
        let tokens = timed(|time| observer.took(Step::Token, time), exchange).await;
        if let Err(TokenError::RefusedClient { at: Some(at) }) = &tokens {
            tell_clocks(now, *at);
        }
        tokens
    }
}

/// A configured URL as the type that the HTTP crates take. `Url` is stricter than `Uri`, so this
/// can't fail. If it did, the default URI would be refused as unreachable, because it has no host.
fn uri(url: &Url) -> Uri {
    url.as_str().parse().unwrap_or_default()
}

/// Logs how many seconds our clock is ahead of the service's, because the service refuses an
/// assertion made with a wrong clock like one made with a wrong key. A difference of a few seconds
/// means nothing: the request takes some seconds at most, and the service's time has whole seconds.
fn tell_clocks(ours: DateTime<Utc>, the_services: DateTime<Utc>) {
    let seconds_ahead = (ours - the_services).num_seconds();
    tracing::warn!(event = "service_clock", seconds_ahead);
}
