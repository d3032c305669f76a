//! The app's settings, and the messages by which the app reports how logins ended.

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
    /// What the bridge's operator does about it.
    pub remedy: String,
}

/// Explains a failure class of the bridge. The app itself knows no classes.
pub type Explain = fn(class: &str, language: Language) -> Option<Explanation>;

/// How a login ended, as the app saw it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ended {
    /// The person is signed in.
    SignedIn,
    /// A member verified, or took the verification back.
    Member,
    /// A member's verification isn't complete, or isn't taken back.
    NotVerified {
        /// The class of the failure.
        class: Option<String>,
        /// The support id.
        support_id: Option<String>,
    },
    /// The app has no tokens. The values: what Amazon Cognito reported.
    Failed {
        /// `error` of Amazon Cognito's answer.
        error: Option<String>,
        /// The bridge's class of the failure.
        class: Option<String>,
        /// The bridge's support id.
        support_id: Option<String>,
    },
}

/// The app's settings.
#[derive(Clone, Debug)]
pub struct AppSettings {
    /// The port on 127.0.0.1; 0 means any free one.
    pub port: u16,
    /// The scopes that are asked for if the person hasn't chosen any.
    pub scopes: Scopes,
    /// What the bridge's classes of failure mean.
    pub explain: Explain,
    /// Gets how each login ended. If the channel is full, the message is dropped.
    pub ended: Option<mpsc::Sender<Ended>>,
}

impl Default for AppSettings {
    /// Any free port, every scope, no explanations of classes, and no channel.
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
    /// The HTTP client for members can't be made.
    #[error("the HTTP client for members can't be made")]
    Client(#[source] reqwest::Error),
}
