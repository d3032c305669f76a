//! A whole login of the user's own app, without a browser: through Amazon Cognito, the functions
//! and the service, up to the answer of the token endpoint.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use loopback::names::{LoopbackNames, read_body};
use loopback::random;
use loopback::user_agent::{Arrival, UserAgentError};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use service_simulator::fault::Fault;
use url::Url;

use crate::laptop::{Failed, Laptop, LoginError, OWN_CLIENT_ID, failed_on, failed_with};

/// The most bytes of the token endpoint's answer.
const ANSWER_LIMIT: usize = 1 << 20;

/// What the login is like.
pub(super) struct Wishes<'a> {
    /// The id of a test person.
    pub(super) person: &'a str,
    pub(super) fault: Option<Fault>,
    pub(super) scopes: Option<&'a str>,
    pub(super) callback: Option<&'a str>,
    pub(super) nonce: Option<&'a str>,
}

/// How the login ended.
pub(super) enum Outcome {
    /// The token endpoint's answer.
    Tokens(Value),
    /// The app got no code.
    Failed(Failed),
    /// The token endpoint refused the code: its answer.
    TokenRefused(Value),
}

/// Why there was no login.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoSignIn {
    /// No app of the user's own is registered.
    #[error("no app is registered here: start with --callback")]
    NoApp,
    /// There is no randomness.
    #[error("there is no randomness")]
    NoRandomness,
    #[error("an address can't be made: {0}")]
    Address(#[from] url::ParseError),
    #[error(transparent)]
    Login(#[from] LoginError),
    #[error("the token endpoint doesn't answer: {0}")]
    Token(reqwest::Error),
    #[error("the token endpoint's answer isn't JSON")]
    Answer,
}

impl From<UserAgentError> for NoSignIn {
    fn from(error: UserAgentError) -> Self {
        Self::Login(error.into())
    }
}

impl From<reqwest::Error> for NoSignIn {
    fn from(error: reqwest::Error) -> Self {
        Self::Token(error.without_url())
    }
}

impl NoSignIn {
    /// The status of the control API's answer.
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::NoApp => StatusCode::CONFLICT,
            _ => StatusCode::BAD_GATEWAY,
        }
    }
}

/// Signs a test person in at the user's own app.
///
/// # Errors
///
/// [`NoSignIn`]. A login that fails isn't an error, but an [`Outcome`].
pub(super) async fn sign_in(laptop: &Laptop, wishes: &Wishes<'_>) -> Result<Outcome, NoSignIn> {
    let app = laptop.own_app.as_ref().ok_or(NoSignIn::NoApp)?;
    let first = app.callback_urls.first().map(String::as_str);
    let callback = wishes.callback.or(first).ok_or(NoSignIn::NoApp)?;
    let one_time = || random::base64url(32).map_err(|_| NoSignIn::NoRandomness);
    let (state, verifier) = (one_time()?, one_time()?);
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    let mut parameters = vec![
        ("response_type", "code"),
        ("client_id", OWN_CLIENT_ID),
        ("redirect_uri", callback),
        ("identity_provider", laptop.cognito.provider_name()),
        ("state", &state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    parameters.extend(wishes.scopes.map(|scopes| ("scope", scopes)));
    parameters.extend(wishes.nonce.map(|nonce| ("nonce", nonce)));
    let start = Url::parse_with_params(&laptop.cognito.authorize_url(), parameters)?;

    let browser = laptop.browser("ja")?;
    let at_app = |url: &Url| is_at(url, callback);
    let journey = browser.follow(&start, "application/json", at_app).await?;
    let (person, fault) = (wishes.person, wishes.fault);
    let arrival = laptop.choose(&browser, journey.end, person, fault, at_app);
    let arrived = match arrival.await? {
        Arrival::At(url) => url,
        Arrival::Page(page) => return Ok(Outcome::Failed(failed_on(&page))),
    };
    let answer = |name: &str| {
        let mut pairs = arrived.query_pairs();
        let found = pairs.find(|(known, _)| known == name);
        found.map(|(_, value)| value.into_owned())
    };
    if answer("state").as_ref() != Some(&state) {
        let told = "the app's state did not come back";
        return Err(LoginError::Unexpected(told).into());
    }
    let Some(code) = answer("code") else {
        let (error, description) = (answer("error"), answer("error_description"));
        return Ok(Outcome::Failed(failed_with(error, description)));
    };

    let http = reqwest::Client::builder()
        .dns_resolver(LoopbackNames)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(loopback::user_agent::TIME_LIMIT)
        .build()?;
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("client_id", OWN_CLIENT_ID),
        ("code", &code),
        ("redirect_uri", callback),
        ("code_verifier", &verifier),
    ];
    let secret = app.client_secret.as_ref();
    form.extend(secret.map(|secret| ("client_secret", secret.expose_secret())));
    let request = http.post(laptop.cognito.token_url()).form(&form);
    let response = request.send().await?;
    let is_success = response.status().is_success();
    let body = read_body(response, ANSWER_LIMIT).await;
    let body = body.map_err(|_| NoSignIn::Answer)?;
    let tokens: Value = serde_json::from_slice(&body).map_err(|_| NoSignIn::Answer)?;
    Ok(if is_success {
        Outcome::Tokens(tokens)
    } else {
        Outcome::TokenRefused(tokens)
    })
}

/// Whether a URL is this callback URL with the parameters of an answer.
fn is_at(url: &Url, callback: &str) -> bool {
    // `Url` writes an empty path of an http URL as `/`.
    let Ok(callback) = Url::parse(callback) else {
        return false;
    };
    let rest = url.as_str().strip_prefix(callback.as_str());
    rest.is_some_and(|rest| rest.starts_with(['?', '&']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_url_is_recognized_with_its_answer_alone() {
        let is_at = |url: &str, callback| is_at(&Url::parse(url).unwrap(), callback);
        for (url, callback) in [
            (
                "http://localhost:3000/cb?code=1",
                "http://localhost:3000/cb",
            ),
            ("http://localhost:3000/?code=1", "http://localhost:3000"),
            (
                "http://localhost:3000/cb?a=b&code=1",
                "http://localhost:3000/cb?a=b",
            ),
            ("myapp://callback?code=1", "myapp://callback"),
            ("com.example:/cb?code=1", "com.example:/cb"),
        ] {
            assert!(is_at(url, callback), "{url}");
        }
        for (url, callback) in [
            ("http://localhost:3000/cb", "http://localhost:3000/cb"),
            (
                "http://localhost:3000/cbs?code=1",
                "http://localhost:3000/cb",
            ),
            (
                "http://localhost:3001/cb?code=1",
                "http://localhost:3000/cb",
            ),
        ] {
            assert!(!is_at(url, callback), "{url}");
        }
    }
}
