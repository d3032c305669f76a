//! The server of a members' app, as a client of the user pool and of the members' API: signs in
//! with a password by the user pool's API, as an AWS SDK does, and verifies with the card. It does
//! what `docs/members` tells a developer to do, step by step.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{Method, StatusCode};
use loopback::jwt::{self, PublicKey};
use loopback::parameters::Parameters;
use loopback::random;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};
use url::Url;

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
/// How long a request may take: longer than the function may.
const TIME_OUT: Duration = Duration::from_secs(35);

/// Why a member can't go on.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// No answer came, or it isn't JSON.
    #[error("no answer that can be read: {0}")]
    Http(#[from] reqwest::Error),
    /// The sign-in was refused: the exception's name.
    #[error("the sign-in was refused: {0}")]
    SignIn(String),
    /// A verification was refused that should be none: the class.
    #[error("the verification was refused: {0}")]
    Refused(String),
    /// A token isn't one of the user pool.
    #[error("a token isn't one of the user pool")]
    Token,
    /// There is no randomness.
    #[error("there is no randomness")]
    Randomness,
    /// An answer isn't what it should be.
    #[error("{0}")]
    Unexpected(&'static str),
}

/// The tokens of a member. `Debug` shows none of them.
pub struct MemberTokens {
    /// The access token, for the members' API.
    pub access_token: SecretString,
    /// The refresh token.
    pub refresh_token: SecretString,
    /// The claims of the ID token, whose signature was verified.
    pub id_token_claims: Map<String, Value>,
    /// The claims of the access token, whose signature was verified.
    pub access_token_claims: Map<String, Value>,
}

impl fmt::Debug for MemberTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MemberTokens(…)")
    }
}

/// What the app remembers of a verification that it began. `Debug` shows nothing.
pub struct Begun {
    /// Where the browser goes.
    pub url: Url,
    /// The app's `state`.
    pub state: String,
    /// The PKCE verifier.
    pub code_verifier: SecretString,
}

impl fmt::Debug for Begun {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Begun(…)")
    }
}

/// The query that the browser brings to the return URL. `Debug` shows nothing of it.
pub struct Returned {
    /// The app's `state`.
    pub state: String,
    /// The bridge's issuer.
    pub iss: String,
    /// The code, or the class of a failure.
    pub answer: Result<SecretString, String>,
    /// The support id of a failure.
    pub support_id: Option<String>,
}

impl fmt::Debug for Returned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Returned(…)")
    }
}

impl Returned {
    /// Reads the query: `state`, `iss`, and one of `verification_code` and `verification_error`. No
    /// parameter may come twice.
    #[must_use]
    pub fn parse(query: &str) -> Option<Self> {
        let query = Parameters::parse(query.as_bytes());
        if !query.are_unique() {
            return None;
        }
        let text = |name: &str| query.first(name).map(str::to_owned);
        let answer = match (text("verification_code"), text("verification_error")) {
            (Some(code), None) => Ok(code.into()),
            (None, Some(class)) => Err(class),
            _ => return None,
        };
        Some(Self {
            state: text("state")?,
            iss: text("iss")?,
            answer,
            support_id: text("verification_support_id"),
        })
    }
}

/// An answer of the members' API.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The JSON; `null` without any.
    pub body: Value,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
}

impl Answer {
    /// The class of a failure.
    #[must_use]
    pub fn class(&self) -> Option<&str> {
        self.body.get("error").and_then(Value::as_str)
    }

    /// The support id of a failure.
    #[must_use]
    pub fn support_id(&self) -> Option<&str> {
        self.body.get("support_id").and_then(Value::as_str)
    }

    /// With what a verification goes on that had to stop.
    #[must_use]
    pub fn continuation(&self) -> Option<SecretString> {
        let continuation = self.body.get("continuation").and_then(Value::as_str);
        continuation.map(SecretString::from)
    }
}

/// Where the app of members finds the others, and is found.
#[derive(Clone, Debug)]
pub struct MemberAddresses {
    /// The app client's id in the user pool.
    pub client_id: String,
    /// The user pool's API.
    pub pool: String,
    /// The user pool's JWK Set.
    pub key_set: String,
    /// The members' API, without a path.
    pub api: String,
    /// `iss` of what comes to the return URL: the bridge's issuer.
    pub issuer: String,
    /// The return URL, as it is configured for the app client.
    pub return_url: String,
}

/// The client.
pub struct MemberClient {
    http: reqwest::Client,
    at: MemberAddresses,
}

impl fmt::Debug for MemberClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MemberClient")
    }
}

impl MemberClient {
    /// A client with these addresses.
    ///
    /// # Errors
    ///
    /// The HTTP client can't be made.
    pub fn at(at: MemberAddresses) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().timeout(TIME_OUT).no_proxy();
        Ok(Self {
            http: http.build()?,
            at,
        })
    }

    /// Signs a member in with a password (`InitiateAuth`, `USER_PASSWORD_AUTH`).
    ///
    /// # Errors
    ///
    /// [`MemberError`].
    pub async fn sign_in(
        &self,
        username: &str,
        password: &SecretString,
    ) -> Result<MemberTokens, MemberError> {
        let parameters = json!({
            "USERNAME": username, "PASSWORD": password.expose_secret(),
        });
        self.initiate("USER_PASSWORD_AUTH", &parameters, None).await
    }

    /// Gets newer tokens (`InitiateAuth`, `REFRESH_TOKEN_AUTH`).
    ///
    /// # Errors
    ///
    /// [`MemberError`].
    pub async fn refresh(&self, tokens: &MemberTokens) -> Result<MemberTokens, MemberError> {
        let refresh_token = &tokens.refresh_token;
        let parameters = json!({ "REFRESH_TOKEN": refresh_token.expose_secret() });
        let kept = Some(refresh_token);
        self.initiate("REFRESH_TOKEN_AUTH", &parameters, kept).await
    }

    async fn initiate(
        &self,
        flow: &str,
        parameters: &Value,
        kept: Option<&SecretString>,
    ) -> Result<MemberTokens, MemberError> {
        let body = json!({
            "ClientId": self.at.client_id, "AuthFlow": flow, "AuthParameters": parameters,
        });
        let sent = (self.http.post(&self.at.pool))
            .header(TARGET, "AWSCognitoIdentityProviderService.InitiateAuth")
            .header(CONTENT_TYPE, "application/x-amz-json-1.1")
            .body(body.to_string())
            .send();
        let answer = sent.await?;
        let succeeded = answer.status() == StatusCode::OK;
        let answer: Value = answer.json().await?;
        let text =
            |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        if !succeeded {
            let exception = text(&answer, "__type").unwrap_or_default();
            return Err(MemberError::SignIn(exception));
        }
        let result = answer
            .get("AuthenticationResult")
            .cloned()
            .unwrap_or_default();
        let tokens = text(&result, "AccessToken").zip(text(&result, "IdToken"));
        let (access_token, id_token) = tokens.ok_or(MemberError::Token)?;
        let refresh_token = match kept {
            Some(kept) => kept.clone(),
            None => text(&result, "RefreshToken")
                .ok_or(MemberError::Token)?
                .into(),
        };
        Ok(MemberTokens {
            id_token_claims: self.claims(&id_token).await?,
            access_token_claims: self.claims(&access_token).await?,
            access_token: access_token.into(),
            refresh_token,
        })
    }

    /// The claims of a token that the user pool has signed.
    async fn claims(&self, token: &str) -> Result<Map<String, Value>, MemberError> {
        let keys: Value = self.http.get(&self.at.key_set).send().await?.json().await?;
        let header = jwt::header(token).ok_or(MemberError::Token)?;
        let key_id = header.get("kid").and_then(Value::as_str);
        let key = key_id.and_then(|key_id| PublicKey::find(&keys, key_id));
        key.and_then(|key| key.open(token))
            .ok_or(MemberError::Token)
    }

    /// Calls the members' API.
    ///
    /// # Errors
    ///
    /// [`MemberError::Http`].
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        access_token: &SecretString,
        body: Option<&Value>,
    ) -> Result<Answer, MemberError> {
        let bearer = format!("Bearer {}", access_token.expose_secret());
        let request = (self.http.request(method, format!("{}{path}", self.at.api)))
            .header(AUTHORIZATION, bearer);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send().await?;
        let retry_after = answer.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        let status = answer.status();
        let body = answer.bytes().await?;
        Ok(Answer {
            status,
            body: serde_json::from_slice(&body).unwrap_or_default(),
            retry_after,
        })
    }

    /// Begins a verification.
    ///
    /// # Errors
    ///
    /// [`MemberError`]; [`MemberError::Refused`] if the API refuses.
    pub async fn begin(&self, access_token: &SecretString) -> Result<Begun, MemberError> {
        let state = random::base64url(32).map_err(|_| MemberError::Randomness)?;
        let verifier = random::base64url(32).map_err(|_| MemberError::Randomness)?;
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        let body = json!({
            "code_challenge": challenge, "code_challenge_method": "S256",
            "state": state, "return_url": self.at.return_url,
        });
        let begun = self.call(Method::POST, "/verifications", access_token, Some(&body));
        let begun = begun.await?;
        if let Some(class) = begun.class() {
            return Err(MemberError::Refused(class.to_owned()));
        }
        let url = begun.body.get("url").and_then(Value::as_str);
        let url = url.and_then(|url| url.parse().ok());
        let url = url.filter(|_| begun.status == StatusCode::CREATED);
        Ok(Begun {
            url: url.ok_or(MemberError::Unexpected("the verification didn't begin"))?,
            state,
            code_verifier: verifier.into(),
        })
    }

    /// `iss` that has to come to the return URL.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.at.issuer
    }

    /// Completes a verification.
    ///
    /// # Errors
    ///
    /// [`MemberError::Http`].
    pub async fn complete(
        &self,
        access_token: &SecretString,
        code: &SecretString,
        code_verifier: &SecretString,
    ) -> Result<Answer, MemberError> {
        let body = json!({
            "code": code.expose_secret(), "code_verifier": code_verifier.expose_secret(),
        });
        let path = "/verifications/complete";
        self.call(Method::POST, path, access_token, Some(&body))
            .await
    }

    /// Goes on with a continuation.
    ///
    /// # Errors
    ///
    /// [`MemberError::Http`].
    pub async fn go_on(
        &self,
        access_token: &SecretString,
        continuation: &str,
        code_verifier: &SecretString,
    ) -> Result<Answer, MemberError> {
        let body = json!({
            "continuation": continuation, "code_verifier": code_verifier.expose_secret(),
        });
        let path = "/verifications/complete";
        self.call(Method::POST, path, access_token, Some(&body))
            .await
    }
}
