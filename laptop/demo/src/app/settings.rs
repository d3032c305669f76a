//! How the app is started, and what it says of how logins ended.

use loopback::pages::Language;
use loopback::server::ListenError;
use tokio::sync::mpsc;

use super::relying_party::InvalidRegistration;
use crate::scopes::Scopes;

/// What a class of failure means, in one language.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Explanation {
    /// What it means.
    pub meaning: String,
    /// What whoever operates the bridge does about it.
    pub remedy: String,
}

/// Tells what a class of the bridge's failures means. The app itself knows nothing of the bridge.
pub type Explain = fn(class: &str, language: Language) -> Option<Explanation>;

/// How a login ended, as the app saw it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ended {
    /// Somebody is signed in.
    SignedIn,
    /// The app has no tokens, and this is what it was told.
    Failed {
        /// `error` of Amazon Cognito's answer.
        error: Option<String>,
        /// The bridge's class of the failure.
        class: Option<String>,
        /// The bridge's support id.
        support_id: Option<String>,
    },
}

/// How the app is started.
#[derive(Clone, Debug)]
pub struct AppSettings {
    /// The port on 127.0.0.1; 0 means any free one.
    pub port: u16,
    /// What is asked for where nobody has chosen.
    pub scopes: Scopes,
    /// What the bridge's classes of failure mean.
    pub explain: Explain,
    /// Is told how each login ended. What finds no place is left out.
    pub ended: Option<mpsc::Sender<Ended>>,
}

impl Default for AppSettings {
    /// Any free port, every scope, classes without words, and nobody who is told.
    fn default() -> Self {
        Self {
            port: 0,
            scopes: Scopes::all(),
            explain: |_, _| None,
            ended: None,
        }
    }
}

/// Why the app doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It can't listen.
    #[error("the app can't listen: {0}")]
    Listen(#[from] ListenError),
    /// It can't be a relying party of Amazon Cognito.
    #[error(transparent)]
    Registration(#[from] InvalidRegistration),
}
