//! The app of the members of a laptop, and a browser without a screen that shows the card, so that
//! a test or a headless demo can stop between two steps.

use std::fmt;
use std::ops::Deref;

use loopback::user_agent::{Arrival, UserAgent};
use secrecy::SecretString;
use service_simulator::fault::Fault;
use url::Url;

use crate::laptop::{
    Failed, Laptop, LoginError, MEMBER_CLIENT_ID, MEMBER_RETURN_URL, bridge_issuer, failed_on,
};
use crate::member_client::{MemberAddresses, MemberClient, Returned};

pub use crate::member_client::{Answer, Begun, MemberError, MemberTokens};

/// Why a verification can't be carried out to its end.
#[derive(Debug, thiserror::Error)]
pub enum MemberAppError {
    /// There are no members here.
    #[error("there are no members on this laptop")]
    NoMembers,
    /// The app's server.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// The browser's stand-in.
    #[error(transparent)]
    Browser(#[from] LoginError),
}

/// What the browser brought back.
#[derive(Debug)]
pub enum CameBack {
    /// The code, with which the member completes.
    Code(SecretString),
    /// A failure.
    Error {
        /// The class.
        class: String,
        /// The support id.
        support_id: Option<String>,
    },
    /// On a page of the bridge or the service instead: where it ended.
    Page(Failed),
}

/// The app: a [`MemberClient`] of this laptop, whose return URL is [`MEMBER_RETURN_URL`].
pub struct MemberApp(MemberClient);

impl fmt::Debug for MemberApp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MemberApp")
    }
}

impl Deref for MemberApp {
    type Target = MemberClient;

    fn deref(&self) -> &MemberClient {
        &self.0
    }
}

impl MemberApp {
    /// The app of the members of this laptop.
    ///
    /// # Errors
    ///
    /// [`MemberAppError::NoMembers`] if there are none.
    pub fn new(laptop: &Laptop) -> Result<Self, MemberAppError> {
        Self::of(laptop, MEMBER_CLIENT_ID)
    }

    /// An app of the members of this laptop that has another app client.
    ///
    /// # Errors
    ///
    /// [`MemberAppError::NoMembers`] if there are none.
    pub fn of(laptop: &Laptop, client_id: &str) -> Result<Self, MemberAppError> {
        let members = laptop.members.as_ref().ok_or(MemberAppError::NoMembers)?;
        let client = MemberClient::at(MemberAddresses {
            client_id: client_id.to_owned(),
            pool: laptop.cognito.user_pool_api_url(),
            key_set: laptop.cognito.jwks_url(),
            api: members.api.base_url(),
            issuer: bridge_issuer(laptop.bridge.address().port()),
            return_url: MEMBER_RETURN_URL.to_owned(),
        });
        Ok(Self(client.map_err(MemberError::from)?))
    }

    /// Sends the browser to the card, as a test person, and takes what it brings back: `state` and
    /// `iss` have to be right.
    ///
    /// # Errors
    ///
    /// [`MemberAppError`].
    pub async fn show_card(
        &self,
        laptop: &Laptop,
        browser: &UserAgent,
        begun: &Begun,
        persona: &str,
        fault: Option<Fault>,
    ) -> Result<CameBack, MemberAppError> {
        let at_app = |url: &Url| url.as_str().starts_with(MEMBER_RETURN_URL);
        let journey = browser.follow(&begun.url, "application/json", at_app).await;
        let page = journey.map_err(LoginError::from)?.end;
        let arrival = laptop.choose(browser, page, persona, fault, at_app).await?;
        let url = match arrival {
            Arrival::At(url) => url,
            Arrival::Page(page) => return Ok(CameBack::Page(failed_on(&page))),
        };
        let unexpected = MemberError::Unexpected;
        let returned = Returned::parse(url.query().unwrap_or_default());
        let returned = returned.ok_or(unexpected("the return URL got no answer"))?;
        if returned.state != begun.state || returned.iss != self.issuer() {
            return Err(unexpected("the app's state or the issuer did not come back").into());
        }
        Ok(match returned.answer {
            Ok(code) => CameBack::Code(code),
            Err(class) => CameBack::Error {
                class,
                support_id: returned.support_id,
            },
        })
    }
}
