//! The state of a login: the authorization request, the choice on the test-card page, the grant,
//! and the codes and access tokens issued for it.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::options::Settings;
use crate::persona::Persona;

/// An authorization request that passed every check.
#[derive(Clone)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) code_challenge: String,
    /// The `acr` of the ID token, if it isn't the realm's own ([`Settings::acr`]): the first of the
    /// request's `acr_values`, if the realm's own isn't among them. How the real service treats
    /// other values isn't published, so a relying party has to check `acr`.
    pub(crate) acr: Option<String>,
}

/// An unfinished login: the person is on the test-card page or on the consent page.
pub(crate) struct Login {
    pub(crate) request: AuthorizationRequest,
    pub(crate) expires: DateTime<Utc>,
    /// The choice on the test-card page. Until the consent it can be changed.
    pub(crate) choice: Option<Choice>,
}

/// What was chosen on the test-card page.
#[derive(Clone)]
pub(crate) struct Choice {
    pub(crate) persona: Persona,
    /// The person's attributes at the time of the choice. The consent page shows them, and userinfo
    /// returns them.
    pub(crate) userinfo: Map<String, Value>,
    pub(crate) fault: Option<Fault>,
    pub(crate) authenticated: DateTime<Utc>,
}

/// What the client was granted. A code, and later its access token, stand for it.
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
    /// The `acr` of the ID token.
    pub(crate) fn acr<'a>(&'a self, settings: &'a Settings) -> &'a str {
        self.request.acr.as_deref().unwrap_or(&settings.acr)
    }

    pub(crate) fn has_fault(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
}

/// An authorization code. It is kept after its use, so that a second use is noticed.
pub(crate) struct Code {
    pub(crate) grant: Grant,
    pub(crate) expires: DateTime<Utc>,
    pub(crate) used: bool,
}

/// An access token that was issued.
pub(crate) struct Given {
    pub(crate) grant: Grant,
    pub(crate) expires: DateTime<Utc>,
}
