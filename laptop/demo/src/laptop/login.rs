//! A headless login through all parts, as a person and an app do it. The app sends the browser to
//! Amazon Cognito, the person chooses on the test-card page and consents, and the app exchanges its
//! code and verifies the ID token, as a real app must.

use serde_json::Value;
use url::Url;

use super::{APP_CALLBACK, Laptop, PROVIDER_NAME};
pub use crate::app::relying_party::{AppLogin, SignedIn};
use loopback::user_agent::{Arrival, Page, UserAgent, UserAgentError};
use service_simulator::fault::Fault;

use crate::app::relying_party::{Callback, FinishError, Wishes, class_and_support_id};
use crate::scopes::Scopes;

/// How a login ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The app has its tokens.
    SignedIn(Box<SignedIn>),
    /// The login failed.
    Failed(Failed),
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
    /// At the members' API.
    MembersApi,
}

/// A login that failed.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
pub struct Failed {
    /// Where the login ended.
    pub place: Place,
    /// The bridge's class of the failure, if the bridge refused.
    pub class: Option<String>,
    /// The bridge's support id.
    pub support_id: Option<String>,
    /// The OAuth error that the app got.
    pub error: Option<String>,
    /// The `error_description` that the app got, or the title of the page.
    pub description: String,
}

/// Why a login couldn't be carried out to its end.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The browser's stand-in got no answer, or one that it refuses.
    #[error(transparent)]
    UserAgent(#[from] UserAgentError),
    /// The app has no tokens that it can use.
    #[error(transparent)]
    App(#[from] FinishError),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] keys::NoRandomness),
    /// An answer isn't what it should be.
    #[error("{0}")]
    Unexpected(&'static str),
}

impl Laptop {
    /// Does a whole login that asks for every scope: `persona` is the id of a test person, `fault`
    /// what the service does wrong.
    ///
    /// # Errors
    ///
    /// [`LoginError`]. A login that ends in a failure isn't an error, but an [`Outcome`].
    pub async fn login(
        &self,
        browser: &UserAgent,
        persona: &str,
        fault: Option<Fault>,
    ) -> Result<Outcome, LoginError> {
        let scopes = Scopes::all().to_string();
        self.login_asking(browser, persona, fault, &scopes).await
    }

    /// As [`Laptop::login`], asking for exactly these scopes, with spaces between them.
    ///
    /// # Errors
    ///
    /// [`LoginError`]. A login that ends in a failure isn't an error, but an [`Outcome`].
    pub async fn login_asking(
        &self,
        browser: &UserAgent,
        persona: &str,
        fault: Option<Fault>,
        scopes: &str,
    ) -> Result<Outcome, LoginError> {
        let (app, start) = self.begin_asking(scopes)?;
        let page = self.test_card_page(browser, &start).await?;
        let arrival = self.choose(browser, page, persona, fault, at_app).await?;
        self.finish(&app, arrival).await
    }

    /// Follows the browser from `start` to the service's test-card page, or to where it ends
    /// before.
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

    /// Makes the person's choice on the test-card page, consents, and follows the browser until
    /// `until` is true or a page comes. If `arrival` isn't the test-card page, nothing is sent.
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
        let answer = fault.map_or("normal", Fault::id);
        let choice = [("persona", persona), ("answer", answer)];
        let chosen = submit(browser, arrival, &choice, &until).await?;
        // After a cancellation in the app there is no consent page: the browser is back already,
        // and nothing is sent.
        submit(browser, chosen, &[("decision", "accept")], &until).await
    }
}

impl<S> Laptop<S> {
    /// Begins a login as the app, asking for every scope: returns what the app has to remember, and
    /// the URL of the authorization request.
    ///
    /// # Errors
    ///
    /// [`LoginError::Randomness`].
    pub fn begin(&self) -> Result<(AppLogin, Url), LoginError> {
        self.begin_asking(&Scopes::all().to_string())
    }

    /// As [`Laptop::begin`], asking for exactly these scopes, with spaces between them. Without any
    /// the request has no `scope`.
    ///
    /// # Errors
    ///
    /// [`LoginError::Randomness`].
    pub fn begin_asking(&self, scopes: &str) -> Result<(AppLogin, Url), LoginError> {
        let scopes: Vec<String> = scopes.split_ascii_whitespace().map(str::to_owned).collect();
        let wishes = Wishes {
            identity_provider: Some(PROVIDER_NAME),
            language: None,
            scopes: &scopes,
        };
        Ok(self.relying_party.begin(wishes)?)
    }

    /// Gets newer tokens with the refresh token.
    ///
    /// # Errors
    ///
    /// [`LoginError::App`].
    pub async fn refresh(&self, signed_in: &SignedIn) -> Result<SignedIn, LoginError> {
        Ok(self.relying_party.refresh(signed_in).await?)
    }

    /// Finishes a login as the app, when the browser is back: checks the `state`, exchanges the
    /// code, and verifies the tokens.
    ///
    /// # Errors
    ///
    /// [`LoginError`].
    pub async fn finish(&self, app: &AppLogin, arrival: Arrival) -> Result<Outcome, LoginError> {
        let callback = match arrival {
            Arrival::At(url) => url,
            Arrival::Page(page) => return Ok(Outcome::Failed(failed_on(&page))),
        };
        let callback = Callback::parse(callback.query().unwrap_or_default())
            .map_err(|_| LoginError::Unexpected("the app's callback got no answer to a login"))?;
        if callback.state != app.state() {
            return Err(LoginError::Unexpected("the app's state did not come back"));
        }
        match callback.answer {
            Ok(code) => {
                let signed_in = self.relying_party.finish(app, &code).await?;
                Ok(Outcome::SignedIn(Box::new(signed_in)))
            }
            Err(error) => {
                let description = Some(error.description);
                Ok(Outcome::Failed(failed_with(Some(error.error), description)))
            }
        }
    }
}

/// A login that ended at the app's callback, with an error.
pub(crate) fn failed_with(error: Option<String>, description: Option<String>) -> Failed {
    let description = description.unwrap_or_default();
    let (class, support_id) = class_and_support_id(&description);
    Failed {
        place: Place::App,
        class,
        support_id,
        error,
        description,
    }
}

/// A login that ended on a page.
pub(crate) fn failed_on(page: &Page) -> Failed {
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

/// Sends the form of a page of the service, and follows the browser from there. If `arrival` isn't
/// such a page, nothing is sent.
async fn submit(
    browser: &UserAgent,
    arrival: Arrival,
    fields: &[(&str, &str)],
    until: &impl Fn(&Url) -> bool,
) -> Result<Arrival, LoginError> {
    let page = match arrival {
        Arrival::Page(page) if page.status == 200 => page,
        other => return Ok(other),
    };
    let Ok(form) = page.json::<Value>() else {
        return Ok(Arrival::Page(page));
    };
    let text = |name| form.get(name).and_then(Value::as_str);
    let (Some(login), Some(action)) = (text("login"), text("action")) else {
        return Ok(Arrival::Page(page));
    };
    let action = page
        .url
        .join(action)
        .map_err(|_| LoginError::Unexpected("the form's address"))?;
    let fields: Vec<_> = fields.iter().copied().chain([("login", login)]).collect();
    let answered = browser.post_form(&action, "text/html", &fields).await?;
    match answered.redirect_target()? {
        // The service's pages are requested as JSON, all others as HTML.
        Some(target) if target.origin() == page.url.origin() => Ok(browser
            .follow(&target, "application/json", until)
            .await?
            .end),
        Some(target) => Ok(browser.follow(&target, "text/html", until).await?.end),
        None => Ok(Arrival::Page(answered)),
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
