//! The app as a relying party of Amazon Cognito: a public client with PKCE, `state` and `nonce`,
//! built on the crate oauth2. [`RelyingParty::begin`] makes the authorization request,
//! [`Callback::parse`] reads the authorization response, [`RelyingParty::finish`] gets the tokens,
//! and [`RelyingParty::refresh`] gets newer ones. Both return only tokens whose ID token is
//! verified.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use keys::{NoRandomness, SystemRandomness};
use loopback::parameters::Parameters;
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    AccessToken, AuthType, AuthUrl, AuthorizationCode, ClientId, CsrfToken, EndpointNotSet,
    EndpointSet, ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RefreshToken, RequestTokenError, Scope, StandardRevocableToken,
    StandardTokenResponse, TokenResponse as _, TokenUrl,
};
use openidconnect::JsonWebKeySetUrl;
use openidconnect::core::CoreJsonWebKeySet;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use url::Url;

pub use super::id_token::IdTokenCheck;
use super::id_token::{self, Expected, Occasion};
use loopback::clock::SimClock;
use loopback::journal::{Check, Journal, Parameter, Party, Step};
use loopback::names::{BodyError, LoopbackNames, read_body};

/// The longest that one answer of Amazon Cognito may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// The largest answer of Amazon Cognito that is read.
const BODY_LIMIT: usize = 256 * 1024;
/// The most characters that are kept of an error's code and of its description.
const TEXT_LIMIT: usize = 500;

/// The app's registration with Amazon Cognito: Cognito's endpoints, and the app client.
#[derive(Clone, Debug)]
pub struct Registration {
    /// `iss` of the user pool's tokens.
    pub issuer: String,
    /// The authorization endpoint, for the browser.
    pub authorize_url: String,
    /// The token endpoint, for the back channel.
    pub token_url: String,
    /// The userinfo endpoint, for the back channel.
    pub userinfo_url: String,
    /// The JWK Set of the user pool, for the back channel.
    pub jwks_url: String,
    /// The app client's id. It has no secret.
    pub client_id: String,
    /// The app's callback URL, as it is registered.
    pub redirect_uri: String,
}

/// Why a relying party can't be made.
#[derive(Debug, thiserror::Error)]
pub enum InvalidRegistration {
    /// One of the addresses is no URL.
    #[error("an address in the registration isn't a URL")]
    Url(#[from] url::ParseError),
    /// The HTTP client can't be made.
    #[error("the HTTP client can't be made")]
    Client(#[from] reqwest::Error),
}

/// The member that OpenID Connect adds to a token answer (OIDC Core §3.1.3.3). The ID token is kept
/// unparsed until it is verified.
#[derive(Clone, Deserialize)]
struct OpenIdFields {
    id_token: Option<SecretString>,
}

impl ExtraTokenFields for OpenIdFields {}

impl fmt::Debug for OpenIdFields {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OpenIdFields(…)")
    }
}

/// The crate oauth2 requires this trait. The token is left out, so that it is never written out.
impl Serialize for OpenIdFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

type TokenAnswer = StandardTokenResponse<OpenIdFields, BasicTokenType>;

type Client = oauth2::Client<
    BasicErrorResponse,
    TokenAnswer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// A relying party of Amazon Cognito.
pub struct RelyingParty {
    client: Client,
    issuer: String,
    userinfo_url: Url,
    jwks_url: JsonWebKeySetUrl,
    http: reqwest::Client,
    clock: SimClock,
    journal: Journal,
}

impl fmt::Debug for RelyingParty {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RelyingParty")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// What the app remembers of a login that it began. `Debug` shows none of the values.
#[derive(Clone)]
pub struct AppLogin {
    state: String,
    nonce: String,
    code_verifier: String,
}

impl AppLogin {
    /// The `state` that has to come back.
    #[must_use]
    pub(crate) fn state(&self) -> &str {
        &self.state
    }
}

#[cfg(test)]
impl AppLogin {
    /// A login with this `state`, for tests that need no other value.
    pub(crate) fn with_state(state: &str) -> Self {
        Self {
            state: state.to_owned(),
            nonce: String::new(),
            code_verifier: String::new(),
        }
    }
}

impl fmt::Debug for AppLogin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AppLogin(…)")
    }
}

/// What differs from one authorization request to another.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Wishes<'a> {
    /// `identity_provider`: skips the hosted page, and goes straight to this provider.
    pub identity_provider: Option<&'a str>,
    /// `lang` of the hosted page.
    pub language: Option<&'a str>,
    /// `scope`: exactly these scopes. Without any, Amazon Cognito grants all that the app client
    /// may have.
    pub scopes: &'a [String],
}

/// The authorization response that the browser brought back. `Debug` doesn't show the code.
#[derive(Clone, Eq, PartialEq)]
pub struct Callback {
    /// The `state`, which has to be that of a login.
    pub state: String,
    /// A code, or why there is none.
    pub answer: Result<String, OAuthError>,
}

impl fmt::Debug for Callback {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Callback")
            .field("error", &self.answer.as_ref().err())
            .finish_non_exhaustive()
    }
}

/// An error of the authorization response (RFC 6749 §4.1.2.1). Anybody can put it into a URL, so it
/// is untrusted text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OAuthError {
    /// `error`.
    pub error: String,
    /// `error_description`, or an empty text.
    pub description: String,
}

/// Why an authorization response can't belong to any login.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadCallback {
    /// A parameter comes twice, or there is neither a code nor an error, or both.
    #[error("the answer is malformed")]
    Malformed,
    /// There is no `state`, so it isn't known to which login the response belongs. The value: the
    /// error of the response, if it has one.
    #[error("the answer has no state")]
    NoState(Option<OAuthError>),
}

impl Callback {
    /// Reads the query of a callback.
    ///
    /// # Errors
    ///
    /// [`BadCallback`].
    pub fn parse(query: &str) -> Result<Self, BadCallback> {
        let query = Parameters::parse(query.as_bytes());
        let value = |name: &str| {
            let is_single = query.is_single(name);
            is_single
                .then(|| query.first(name))
                .ok_or(BadCallback::Malformed)
        };
        let (state, code) = (value("state")?, value("code")?);
        let description = value("error_description")?.map_or_else(String::new, clip);
        let error = value("error")?.map(|error| OAuthError {
            error: clip(error),
            description,
        });
        let Some(state) = state else {
            return Err(BadCallback::NoState(error));
        };
        let answer = match (code, error) {
            (Some(code), None) => Ok(code.to_owned()),
            (None, Some(error)) => Err(error),
            _ => return Err(BadCallback::Malformed),
        };
        Ok(Self {
            state: state.to_owned(),
            answer,
        })
    }
}

/// What the app got from Amazon Cognito, verified and decoded.
#[derive(Clone)]
pub struct SignedIn {
    /// The header of the ID token.
    pub id_token_header: Map<String, Value>,
    /// The claims of the ID token.
    pub id_token: Map<String, Value>,
    /// The header of the access token.
    pub access_token_header: Map<String, Value>,
    /// The claims of the access token, which belongs to the ID token (`at_hash`).
    pub access_token: Map<String, Value>,
    /// The claims of `/oauth2/userInfo`.
    pub userinfo: Map<String, Value>,
    /// The raw tokens, for callers who use them at other endpoints.
    pub tokens: Tokens,
}

/// The raw tokens, as Amazon Cognito sent them.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The ID token, a JWT.
    pub id_token: SecretString,
    /// The access token, a JWT.
    pub access_token: SecretString,
    /// The refresh token, if there is one: opaque.
    pub refresh_token: Option<SecretString>,
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SignedIn(…)")
    }
}

/// Why the app has no tokens that it can use.
#[derive(Debug, thiserror::Error)]
pub enum FinishError {
    /// Amazon Cognito gave no readable answer.
    #[error("the app got no answer from Cognito")]
    BackChannel,
    /// Amazon Cognito refused the code or the refresh token (RFC 6749 §5.2).
    #[error("Cognito refused the app's token request: {}", .0.error)]
    Refused(OAuthError),
    /// There is no refresh token.
    #[error("Cognito gave no refresh token")]
    NoRefreshToken,
    /// The token answer is malformed.
    #[error("the token answer of Cognito can't be read")]
    TokenAnswer,
    /// The ID token isn't valid.
    #[error("the ID token of Cognito isn't valid: {0:?}")]
    IdToken(IdTokenCheck),
    /// Userinfo is missing or malformed, or its `sub` isn't that of the ID token.
    #[error("the userinfo answer of Cognito can't be used")]
    Userinfo,
}

/// Why the back channel gave no answer. No variant carries a URL or a body.
#[derive(Debug, thiserror::Error)]
enum BackChannelError {
    #[error("no answer")]
    Http(#[source] reqwest::Error),
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error("the answer is malformed")]
    Malformed(#[from] http::Error),
}

impl RelyingParty {
    /// A relying party with this registration. `clock` decides whether a token has expired.
    ///
    /// # Errors
    ///
    /// [`InvalidRegistration`].
    pub fn new(
        registration: Registration,
        clock: SimClock,
        journal: Journal,
    ) -> Result<Self, InvalidRegistration> {
        let client = oauth2::Client::new(ClientId::new(registration.client_id))
            .set_auth_uri(AuthUrl::new(registration.authorize_url)?)
            .set_token_uri(TokenUrl::new(registration.token_url)?)
            .set_redirect_uri(RedirectUrl::new(registration.redirect_uri)?)
            .set_auth_type(AuthType::RequestBody);
        let http = reqwest::Client::builder()
            .dns_resolver(LoopbackNames)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(TIME_LIMIT)
            .build()?;
        Ok(Self {
            client,
            issuer: registration.issuer,
            userinfo_url: Url::parse(&registration.userinfo_url)?,
            jwks_url: JsonWebKeySetUrl::new(registration.jwks_url)?,
            http,
            clock,
            journal,
        })
    }

    /// Begins a login: returns what the app has to remember, and the URL of the authorization
    /// request.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`], if the system gives no randomness.
    pub fn begin(&self, wishes: Wishes<'_>) -> Result<(AppLogin, Url), NoRandomness> {
        let random = || keys::random_base64url::<32>(&SystemRandomness);
        let login = AppLogin {
            state: random()?,
            nonce: random()?,
            code_verifier: random()?,
        };
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(
            login.code_verifier.clone(),
        ));
        let state = login.state.clone();
        let mut request = self
            .client
            .authorize_url(|| CsrfToken::new(state))
            .set_pkce_challenge(challenge)
            .add_extra_param("nonce", login.nonce.clone())
            .add_scopes(wishes.scopes.iter().cloned().map(Scope::new));
        for (name, value) in [
            ("identity_provider", wishes.identity_provider),
            ("lang", wishes.language),
        ] {
            if let Some(value) = value {
                request = request.add_extra_param(name, value);
            }
        }
        let (url, _) = request.url();
        Ok((login, url))
    }

    /// Finishes a login, when the browser is back with a code: exchanges the code for tokens,
    /// verifies the ID token (OIDC Core §3.1.3.7), and gets userinfo.
    ///
    /// # Errors
    ///
    /// [`FinishError`].
    pub async fn finish(&self, login: &AppLogin, code: &str) -> Result<SignedIn, FinishError> {
        let client = self.http.clone();
        let answer = self
            .client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(login.code_verifier.clone()))
            .request_async(&move |request| send(client.clone(), request))
            .await
            .map_err(token_error)?;
        let occasion = Occasion::SignIn {
            nonce: &login.nonce,
        };
        self.signed_in(answer, occasion, None).await
    }

    /// Gets newer tokens with the refresh token, verifies the ID token (OIDC Core §12.2), and gets
    /// userinfo.
    ///
    /// # Errors
    ///
    /// [`FinishError`]. The tokens from before stay valid.
    pub async fn refresh(&self, before: &SignedIn) -> Result<SignedIn, FinishError> {
        let refresh_token =
            (before.tokens.refresh_token.clone()).ok_or(FinishError::NoRefreshToken)?;
        let client = self.http.clone();
        let answer = self
            .client
            .exchange_refresh_token(&RefreshToken::new(refresh_token.expose_secret().to_owned()))
            .request_async(&move |request| send(client.clone(), request))
            .await
            .map_err(token_error)?;
        let text = |name: &str| before.id_token.get(name).and_then(Value::as_str);
        let occasion = Occasion::Refresh {
            subject: text("sub").unwrap_or_default(),
            nonce: text("nonce"),
        };
        self.signed_in(answer, occasion, Some(refresh_token)).await
    }

    /// Verifies a token answer, and gets userinfo. `refresh_token` is kept if the answer has no new
    /// one.
    async fn signed_in(
        &self,
        answer: TokenAnswer,
        occasion: Occasion<'_>,
        refresh_token: Option<SecretString>,
    ) -> Result<SignedIn, FinishError> {
        let id_token = (answer.extra_fields().id_token.clone()).ok_or(FinishError::TokenAnswer)?;
        let access_token = answer.access_token();
        let client = self.http.clone();
        // The keys are fetched for each login: they may have been rotated.
        let keys = CoreJsonWebKeySet::fetch_async(&self.jwks_url, &move |request| {
            send(client.clone(), request)
        })
        .await
        .map_err(|_| FinishError::BackChannel)?;
        let expected = Expected {
            issuer: &self.issuer,
            client_id: self.client.client_id(),
            access_token,
            occasion,
        };
        let now = self.clock.now();
        let mut checks = Vec::new();
        let verified =
            id_token::verify(id_token.expose_secret(), &keys, &expected, now, &mut checks);
        self.tell(verified.as_deref().ok(), checks);
        let subject = verified.map_err(FinishError::IdToken)?;
        let userinfo = self.userinfo(access_token, &subject).await?;
        let part = |token: &str, place| decoded(token, place).ok_or(FinishError::TokenAnswer);
        Ok(SignedIn {
            id_token_header: part(id_token.expose_secret(), 0)?,
            id_token: part(id_token.expose_secret(), 1)?,
            access_token_header: part(access_token.secret(), 0)?,
            access_token: part(access_token.secret(), 1)?,
            userinfo,
            tokens: Tokens {
                id_token,
                access_token: access_token.secret().to_owned().into(),
                refresh_token: answer
                    .refresh_token()
                    .map(|token| token.secret().to_owned().into())
                    .or(refresh_token),
            },
        })
    }

    /// Gets userinfo. Its `sub` must be this subject (OIDC Core §5.3.2).
    async fn userinfo(
        &self,
        access_token: &AccessToken,
        subject: &str,
    ) -> Result<Map<String, Value>, FinishError> {
        let request = self.http.get(self.userinfo_url.clone());
        let request = request.bearer_auth(access_token.secret()).build();
        let response = match request {
            Ok(request) => self.http.execute(request).await,
            Err(error) => Err(error),
        };
        let response = response.map_err(|_| FinishError::Userinfo)?;
        let is_json = (response.headers().get(CONTENT_TYPE)).is_some_and(is_json);
        if response.status() != StatusCode::OK || !is_json {
            return Err(FinishError::Userinfo);
        }
        let body = read_body(response, BODY_LIMIT).await;
        let claims = body
            .ok()
            .and_then(|body| serde_json::from_slice::<Map<String, Value>>(&body).ok());
        claims
            .filter(|claims| claims.get("sub").and_then(Value::as_str) == Some(subject))
            .ok_or(FinishError::Userinfo)
    }

    /// Records the verification in the journal: the checks and, if all of them passed, the subject.
    fn tell(&self, subject: Option<&str>, checks: Vec<Check>) {
        self.journal.record(Step {
            from: Party::App,
            to: Party::App,
            request: "verify ID token".to_owned(),
            parameters: subject
                .map(|subject| Parameter::new("sub", subject))
                .into_iter()
                .collect(),
            checks,
            status: None,
            answer: Vec::new(),
        });
    }
}

/// Whether this is `application/json`, with or without parameters.
fn is_json(content_type: &HeaderValue) -> bool {
    let text = content_type.to_str().unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// Sends one request of the back channel. The answer's time and size are limited; redirects aren't
/// followed.
async fn send(
    http: reqwest::Client,
    request: HttpRequest,
) -> Result<HttpResponse, BackChannelError> {
    let http_error = |error: reqwest::Error| BackChannelError::Http(error.without_url());
    let request = reqwest::Request::try_from(request).map_err(http_error)?;
    let response = http.execute(request).await.map_err(http_error)?;
    let mut answer = http::Response::builder().status(response.status());
    if let Some(headers) = answer.headers_mut() {
        headers.clone_from(response.headers());
    }
    Ok(answer.body(read_body(response, BODY_LIMIT).await?)?)
}

type TokenError = RequestTokenError<BackChannelError, BasicErrorResponse>;

fn token_error(error: TokenError) -> FinishError {
    match error {
        RequestTokenError::ServerResponse(refused) => {
            let description = refused.error_description();
            FinishError::Refused(OAuthError {
                error: clip(refused.error().as_ref()),
                description: clip(description.map_or("", String::as_str)),
            })
        }
        RequestTokenError::Request(_) => FinishError::BackChannel,
        // What couldn't be parsed isn't shown: it may be a token.
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => FinishError::TokenAnswer,
    }
}

/// A text about an error from outside, cut to [`TEXT_LIMIT`] characters.
fn clip(text: &str) -> String {
    text.chars().take(TEXT_LIMIT).collect()
}

/// Decodes a part of a JWT: 0 is the header, 1 are the claims.
fn decoded(token: &str, place: usize) -> Option<Map<String, Value>> {
    let part = token.split('.').nth(place)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// The bridge's failure class and support id. They are the last two words of a description; Amazon
/// Cognito puts its own text before them.
#[must_use]
pub(crate) fn class_and_support_id(description: &str) -> (Option<String>, Option<String>) {
    // Amazon Cognito adds a full stop to a trigger's error message.
    let words = description.trim_end_matches('.').split_whitespace();
    let mut words = words.rev();
    let (support_id, class) = (words.next(), words.next());
    let looks_right = support_id.is_some_and(|id| {
        id.len() == 9 && id.split('-').count() == 2 && id.split('-').all(|half| half.len() == 4)
    });
    if looks_right {
        (class.map(str::to_owned), support_id.map(str::to_owned))
    } else {
        (None, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_and_support_id_are_the_last_two_words() {
        let of = |text| class_and_support_id(text);
        let expected = (Some("cancelled".to_owned()), Some("7QK4-M2TX".to_owned()));
        assert_eq!(of("cancelled 7QK4-M2TX"), expected);
        assert_eq!(
            of("MynaApp Error - 400 invalid_grant cancelled 7QK4-M2TX"),
            expected
        );
        assert_eq!(
            of("PreTokenGeneration failed with error cancelled 7QK4-M2TX."),
            expected
        );
        assert_eq!(of("Something went wrong"), (None, None));
    }

    #[test]
    fn a_callback_has_a_state_and_either_a_code_or_an_error() {
        let error = |description: &str| OAuthError {
            error: "access_denied".to_owned(),
            description: description.to_owned(),
        };
        for (query, expected) in [
            ("state=s&code=c", Ok(Ok("c".to_owned()))),
            (
                "error_description=cancelled+7QK4-M2TX&state=s&error=access_denied",
                Ok(Err(error("cancelled 7QK4-M2TX"))),
            ),
            ("state=s&error=access_denied", Ok(Err(error("")))),
            ("", Err(BadCallback::NoState(None))),
            ("code=c", Err(BadCallback::NoState(None))),
            ("state=&code=c", Err(BadCallback::NoState(None))),
            (
                "error=access_denied",
                Err(BadCallback::NoState(Some(error("")))),
            ),
            ("state=s", Err(BadCallback::Malformed)),
            ("state=s&code=", Err(BadCallback::Malformed)),
            ("state=s&code=c&error=e", Err(BadCallback::Malformed)),
            ("state=s&state=s&code=c", Err(BadCallback::Malformed)),
            ("state=s&code=c&code=d", Err(BadCallback::Malformed)),
        ] {
            let parsed = Callback::parse(query);
            assert_eq!(parsed.map(|callback| callback.answer), expected, "{query}");
        }
    }

    #[test]
    fn what_a_callback_says_about_an_error_is_bounded() {
        let query = format!("error=a&state=s&error_description={}", "あ".repeat(5_000));
        let error = Callback::parse(&query).unwrap().answer.unwrap_err();
        assert_eq!(error.description.chars().count(), TEXT_LIMIT);
    }
}
