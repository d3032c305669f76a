//! One login through everything, as a person and an app do it.
//! The app sends the browser to Amazon Cognito, the person chooses on the test-card page, and the app exchanges its code
//! and verifies the ID token, as a real one must.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value, json};
use url::Url;

use super::{APP_CALLBACK, APP_CLIENT_ID, Stack, code_challenge, random};
use crate::fault::Fault;
use crate::journal::{Check, Parameter, Party, Step};
use crate::user_agent::{Arrival, Page, UserAgent, UserAgentError};

/// What became of a login.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The app has its tokens.
    SignedIn(Box<SignedIn>),
    /// It doesn't, and this is why.
    Failed(Failed),
}

/// What the app got from Amazon Cognito, decoded.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The claims of the ID token, which was verified.
    pub id_token: Map<String, Value>,
    /// The claims of the access token.
    pub access_token: Map<String, Value>,
    /// What `/oauth2/userInfo` says.
    pub userinfo: Map<String, Value>,
}

/// Where a failed login ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Back at the app, with an OAuth error.
    App,
    /// On a page of the bridge.
    BridgePage,
    /// On a page of Amazon Cognito.
    CognitoPage,
    /// On a page of the service.
    ServicePage,
}

/// A login that failed.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
pub struct Failed {
    /// Where the person is now.
    pub place: Place,
    /// The bridge's class of the failure, if the bridge refused.
    pub class: Option<String>,
    /// The bridge's support id.
    pub support_id: Option<String>,
    /// The OAuth error that the app got.
    pub error: Option<String>,
    /// What the app was told about it, or the text of the page.
    pub description: String,
}

/// Why a login couldn't be tried to its end.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The browser met something that no browser should.
    #[error(transparent)]
    UserAgent(#[from] UserAgentError),
    /// The app's back channel doesn't work.
    #[error("the app got no answer of Cognito")]
    BackChannel(#[from] reqwest::Error),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] keys::NoRandomness),
    /// An answer of a stand-in isn't what it should be.
    #[error("{0}")]
    Unexpected(&'static str),
}

/// What an app remembers of its own login.
#[derive(Debug)]
pub struct AppLogin {
    state: String,
    nonce: String,
    code_verifier: String,
}

impl Stack {
    /// Does a whole login: `persona` is the id of a test person, `fault` what the service does wrong.
    ///
    /// # Errors
    ///
    /// [`LoginError`]; a login that fails as it should is an [`Outcome`].
    pub async fn login(
        &self,
        browser: &UserAgent,
        persona: &str,
        fault: Option<Fault>,
    ) -> Result<Outcome, LoginError> {
        let (app, start) = self.begin()?;
        let arrival = self
            .choose(
                browser,
                self.test_card_page(browser, &start).await?,
                persona,
                fault,
                at_app,
            )
            .await?;
        self.finish(&app, arrival).await
    }

    /// Follows the browser from `start` to the service's test-card page, or to where it ends before.
    ///
    /// # Errors
    ///
    /// [`LoginError`].
    pub async fn test_card_page(
        &self,
        browser: &UserAgent,
        start: &Url,
    ) -> Result<Arrival, LoginError> {
        Ok(browser.follow(start, "application/json", at_app).await?.end)
    }

    /// The person's choice on the test-card page, and the way back from there until `until` or to a page. Where the
    /// browser isn't on that page, nothing is chosen.
    ///
    /// # Errors
    ///
    /// [`LoginError`].
    pub async fn choose(
        &self,
        browser: &UserAgent,
        arrival: Arrival,
        persona: &str,
        fault: Option<Fault>,
        until: impl Fn(&Url) -> bool,
    ) -> Result<Arrival, LoginError> {
        let page = match arrival {
            Arrival::Page(page) if page.status == 200 => page,
            other => return Ok(other),
        };
        let Ok(choice) = page.json::<Value>() else {
            return Ok(Arrival::Page(page));
        };
        let text = |name| choice.get(name).and_then(Value::as_str);
        let (Some(login), Some(action)) = (text("login"), text("action")) else {
            return Ok(Arrival::Page(page));
        };
        let action = page
            .url
            .join(action)
            .map_err(|_| LoginError::Unexpected("the form's address"))?;
        let answer = fault.map_or("normal", Fault::id);
        let form = [("login", login), ("persona", persona), ("answer", answer)];
        let answered = browser.post_form(&action, "text/html", &form).await?;
        match answered.redirect_target()? {
            Some(target) => Ok(browser.follow(&target, "text/html", until).await?.end),
            None => Ok(Arrival::Page(answered)),
        }
    }
}

impl<S> Stack<S> {
    /// The app's part before the browser leaves: what it remembers, and where the browser goes.
    ///
    /// # Errors
    ///
    /// Without randomness.
    pub fn begin(&self) -> Result<(AppLogin, Url), LoginError> {
        let app = AppLogin {
            state: random()?,
            nonce: random()?,
            code_verifier: random()?,
        };
        let mut url = Url::parse(&self.cognito.authorize_url())
            .map_err(|_| LoginError::Unexpected("the address of the hosted login"))?;
        url.query_pairs_mut()
            .append_pair("client_id", APP_CLIENT_ID)
            .append_pair("redirect_uri", APP_CALLBACK)
            .append_pair("response_type", "code")
            .append_pair("scope", "openid")
            .append_pair("state", &app.state)
            .append_pair("nonce", &app.nonce)
            .append_pair("code_challenge", &code_challenge(&app.code_verifier))
            .append_pair("code_challenge_method", "S256")
            .append_pair("identity_provider", "MynaApp");
        Ok((app, url))
    }

    /// The app's part when the browser is back: its own checks, and its tokens.
    ///
    /// # Errors
    ///
    /// [`LoginError`].
    pub async fn finish(&self, app: &AppLogin, arrival: Arrival) -> Result<Outcome, LoginError> {
        let callback = match arrival {
            Arrival::At(url) => url,
            Arrival::Page(page) => return Ok(Outcome::Failed(self.failed_on(&page))),
        };
        let parameter = |wanted: &str| {
            callback
                .query_pairs()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.into_owned())
        };
        if parameter("state").as_deref() != Some(app.state.as_str()) {
            return Err(LoginError::Unexpected("the app's state did not come back"));
        }
        let Some(code) = parameter("code") else {
            let description = parameter("error_description").unwrap_or_default();
            let (class, support_id) = class_and_support_id(&description);
            let error = parameter("error");
            return Ok(Outcome::Failed(Failed {
                place: Place::App,
                class,
                support_id,
                error,
                description,
            }));
        };
        Ok(Outcome::SignedIn(Box::new(self.tokens(app, &code).await?)))
    }

    async fn tokens(&self, app: &AppLogin, code: &str) -> Result<SignedIn, LoginError> {
        let unexpected = LoginError::Unexpected;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", APP_CLIENT_ID),
            ("redirect_uri", APP_CALLBACK),
            ("code", code),
            ("code_verifier", &app.code_verifier),
        ];
        // The app's back channel: its server calls Amazon Cognito by address.
        let http = reqwest::Client::new();
        let answer = http
            .post(self.cognito.token_url())
            .form(&form)
            .send()
            .await?;
        let tokens: Value = answer.json().await?;
        let token = |name| tokens.get(name).and_then(Value::as_str);
        let id_token = token("id_token").ok_or(unexpected("Cognito gave the app no ID token"))?;
        let access_token =
            token("access_token").ok_or(unexpected("Cognito gave the app no access token"))?;

        let keys: JwkSet = http
            .get(self.cognito.jwks_url())
            .send()
            .await?
            .json()
            .await?;
        let id_token = self.verified(id_token, &keys, Some(APP_CLIENT_ID))?;
        let nonce_is_ours = id_token.get("nonce") == Some(&json!(app.nonce));
        self.journal.record(Step {
            from: Party::App,
            to: Party::App,
            request: "verify ID token".to_owned(),
            parameters: vec![Parameter::new(
                "sub",
                id_token
                    .get("sub")
                    .and_then(Value::as_str)
                    .unwrap_or_default(),
            )],
            checks: vec![
                Check::new(
                    "the signature fits the pool's key",
                    "OIDC Core §3.1.3.7 step 6",
                    true,
                ),
                Check::new(
                    "iss is the pool, aud is the app, exp lies ahead",
                    "OIDC Core §3.1.3.7",
                    true,
                ),
                Check::new(
                    "nonce is the app's",
                    "OIDC Core §3.1.3.7 step 11",
                    nonce_is_ours,
                ),
            ],
            status: None,
            answer: Vec::new(),
        });
        if !nonce_is_ours {
            return Err(unexpected("the ID token has another nonce than the app's"));
        }
        let userinfo = http
            .get(self.cognito.userinfo_url())
            .bearer_auth(access_token)
            .send()
            .await?;
        Ok(SignedIn {
            id_token,
            access_token: self.verified(access_token, &keys, None)?,
            userinfo: userinfo.json().await?,
        })
    }

    /// The claims of a token of the pool (OIDC Core §3.1.3.7).
    fn verified(
        &self,
        token: &str,
        keys: &JwkSet,
        audience: Option<&str>,
    ) -> Result<Map<String, Value>, LoginError> {
        let refused = || LoginError::Unexpected("a token of the pool isn't valid");
        let header = decode_header(token).map_err(|_| refused())?;
        let key = header
            .kid
            .as_deref()
            .and_then(|kid| keys.find(kid))
            .ok_or_else(refused)?;
        let key = DecodingKey::from_jwk(key).map_err(|_| refused())?;
        let mut validation = Validation::new(jsonwebtoken::Algorithm::RS256);
        validation.set_issuer(&[self.cognito.issuer()]);
        // The stand-in's clock may be another than the machine's.
        validation.validate_exp = false;
        match audience {
            Some(audience) => validation.set_audience(&[audience]),
            None => validation.validate_aud = false,
        }
        let claims: Map<String, Value> = decode(token, &key, &validation)
            .map_err(|_| refused())?
            .claims;
        let now = self.clock.now().timestamp();
        if claims
            .get("exp")
            .and_then(Value::as_i64)
            .is_some_and(|exp| exp > now)
        {
            Ok(claims)
        } else {
            Err(refused())
        }
    }

    /// A login that ended on a page.
    fn failed_on(&self, page: &Page) -> Failed {
        let text = page.text();
        let place = match page.url.host_str() {
            Some("bridge.localhost") => Place::BridgePage,
            Some("service.localhost") => Place::ServicePage,
            _ => Place::CognitoPage,
        };
        let (class, support_id) = match place {
            Place::BridgePage => (
                between(&text, "<small>", "</small>"),
                between(&text, "<code>", "</code>"),
            ),
            _ => (None, None),
        };
        Failed {
            place,
            class,
            support_id,
            error: None,
            description: title(&text),
        }
    }
}

/// Whether the browser is back at the app.
fn at_app(url: &Url) -> bool {
    url.as_str().starts_with(APP_CALLBACK)
}

fn between(text: &str, start: &str, end: &str) -> Option<String> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inner, _)| inner.to_owned())
}

fn title(html: &str) -> String {
    between(html, "<title>", "</title>").unwrap_or_default()
}

/// The bridge's `<class> <support id>` at the end of a description, behind what Amazon Cognito puts before it.
fn class_and_support_id(description: &str) -> (Option<String>, Option<String>) {
    let mut words = description.split_whitespace().rev();
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
        assert_eq!(of("Something went wrong"), (None, None));
    }
}
