//! One login through everything, as a person and an app do it.
//! The app sends the browser to Amazon Cognito, the person chooses on the test-card page, and the
//! app exchanges its code and verifies the ID token, as a real one must.

use serde_json::Value;
use url::Url;

use super::{APP_CALLBACK, Laptop, PROVIDER_NAME};
pub use crate::app::relying_party::{AppLogin, SignedIn};
use loopback::user_agent::{Arrival, Page, UserAgent, UserAgentError};
use service_simulator::fault::Fault;

use crate::app::relying_party::{Callback, FinishError, Wishes, class_and_support_id};
use crate::scopes::Scopes;

/// What became of a login.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The app has its tokens.
    SignedIn(Box<SignedIn>),
    /// It doesn't, and this is why.
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
    /// The app has no tokens, or doesn't believe them.
    #[error(transparent)]
    App(#[from] FinishError),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] keys::NoRandomness),
    /// An answer of a stand-in isn't what it should be.
    #[error("{0}")]
    Unexpected(&'static str),
}

impl Laptop {
    /// Does a whole login that asks for every scope: `persona` is the id of a test person, `fault`
    /// what the service does wrong.
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
        let scopes = Scopes::all().to_string();
        self.login_asking(browser, persona, fault, &scopes).await
    }

    /// As [`Laptop::login`], asking for exactly these scopes, with spaces between them.
    ///
    /// # Errors
    ///
    /// [`LoginError`]; a login that fails as it should is an [`Outcome`].
    pub async fn login_asking(
        &self,
        browser: &UserAgent,
        persona: &str,
        fault: Option<Fault>,
        scopes: &str,
    ) -> Result<Outcome, LoginError> {
        let (app, start) = self.begin_asking(scopes)?;
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

    /// The person's choice on the test-card page, the consent, and the way back from there until
    /// `until` or to a page. Where the browser isn't on that page, nothing is chosen.
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
        // Whoever cancels in the app is asked for no consent, and is back already.
        submit(browser, chosen, &[("decision", "accept")], &until).await
    }
}

impl<S> Laptop<S> {
    /// The app's part before the browser leaves, asking for every scope: what it remembers, and
    /// where the browser goes.
    ///
    /// # Errors
    ///
    /// Without randomness.
    pub fn begin(&self) -> Result<(AppLogin, Url), LoginError> {
        self.begin_asking(&Scopes::all().to_string())
    }

    /// As [`Laptop::begin`], asking for exactly these scopes, with spaces between them. Without any
    /// the request has no `scope`.
    ///
    /// # Errors
    ///
    /// Without randomness.
    pub fn begin_asking(&self, scopes: &str) -> Result<(AppLogin, Url), LoginError> {
        let scopes: Vec<String> = scopes.split_ascii_whitespace().map(str::to_owned).collect();
        let wishes = Wishes {
            identity_provider: Some(PROVIDER_NAME),
            language: None,
            scopes: &scopes,
        };
        Ok(self.relying_party.begin(wishes)?)
    }

    /// Newer tokens with the refresh token.
    ///
    /// # Errors
    ///
    /// [`LoginError::App`].
    pub async fn refresh(&self, signed_in: &SignedIn) -> Result<SignedIn, LoginError> {
        Ok(self.relying_party.refresh(signed_in).await?)
    }

    /// The app's part when the browser is back: its own checks, and its tokens.
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
                let (class, support_id) = class_and_support_id(&error.description);
                Ok(Outcome::Failed(Failed {
                    place: Place::App,
                    class,
                    support_id,
                    error: Some(error.error),
                    description: error.description,
                }))
            }
        }
    }
}

/// A login that ended on a page.
fn failed_on(page: &Page) -> Failed {
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

/// Sends the form of a page of the service, and follows the browser from there. Elsewhere nothing
/// is sent.
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
        // The service's pages are read as a program reads them, those of others as a person does.
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
