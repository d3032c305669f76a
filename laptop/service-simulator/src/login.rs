//! What is remembered of a login: what was asked for, who was chosen, what was granted, and the
//! codes and tokens that stand for it.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::options::Settings;
use crate::persona::Persona;

/// What an authorization request asked for, once every rule held.
#[derive(Clone)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) code_challenge: String,
    /// The one way to authenticate that was asked for, if it isn't this realm's: that is granted.
    /// Nobody knows what the real service does; whoever relies on more has to look at `acr`.
    pub(crate) acr: Option<String>,
}

/// A login that waits for its person, on the test-card page or at the consent.
pub(crate) struct Login {
    pub(crate) request: AuthorizationRequest,
    pub(crate) expires: DateTime<Utc>,
    /// What was chosen on the test-card page. Until the consent it can be chosen anew.
    pub(crate) choice: Option<Choice>,
}

/// What was chosen on the test-card page.
#[derive(Clone)]
pub(crate) struct Choice {
    pub(crate) persona: Persona,
    /// What is registered about the person at this moment: this is shown, and this is handed out.
    pub(crate) userinfo: Map<String, Value>,
    pub(crate) fault: Option<Fault>,
    pub(crate) authenticated: DateTime<Utc>,
}

/// What a code stands for, and later the tokens.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) request: AuthorizationRequest,
    pub(crate) subject: String,
    pub(crate) userinfo: Map<String, Value>,
    pub(crate) fault: Option<Fault>,
    pub(crate) session: String,
    pub(crate) authenticated: DateTime<Utc>,
}

impl Grant {
    /// How the person authenticated.
    pub(crate) fn acr<'a>(&'a self, settings: &'a Settings) -> &'a str {
        self.request.acr.as_deref().unwrap_or(&settings.acr)
    }

    pub(crate) fn has_fault(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
}

/// A code. It stays after its use, so that a second use is seen.
pub(crate) struct Code {
    pub(crate) grant: Grant,
    pub(crate) expires: DateTime<Utc>,
    pub(crate) used: bool,
}

/// An access token that was given.
pub(crate) struct Given {
    pub(crate) grant: Grant,
    pub(crate) expires: DateTime<Utc>,
}
