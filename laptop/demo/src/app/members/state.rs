//! The state of the members' part, and what the app has to know to have one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::memory::Memory;
use super::super::relying_party::{Registration, RelyingParty};
use super::super::settings::StartError;
use super::super::shared::Shared;
use super::sessions::Sessions;
use crate::member_client::{MemberAddresses, MemberClient};

/// The path of the return URL.
pub(in crate::app) const RETURN_PATH: &str = "/verified";
/// The path of the callback URL of a sign-in at Amazon Cognito's page.
pub(in crate::app) const CALLBACK_PATH: &str = "/members/callback";
/// What the app has to know to have members.
#[derive(Clone, Debug)]
pub struct MemberRegistration {
    /// The app client at which members sign in, with [`BoundApp::members_callback_url`].
    ///
    /// [`BoundApp::members_callback_url`]: crate::app::BoundApp::members_callback_url
    pub registration: Registration,
    /// The others' addresses, with [`BoundApp::return_url`].
    ///
    /// [`BoundApp::return_url`]: crate::app::BoundApp::return_url
    pub addresses: MemberAddresses,
    /// The members who are offered on the page. They exist on this laptop only.
    pub invented: Vec<Invented>,
}

/// An invented member. The page shows the password.
#[derive(Clone, Debug)]
pub struct Invented {
    /// The username.
    pub username: String,
    /// The password.
    pub password: String,
}

/// The state of the members' part.
pub(in crate::app) struct Members {
    pub(super) shared: Arc<Shared>,
    pub(super) client: MemberClient,
    pub(super) relying_party: RelyingParty,
    pub(super) invented: Vec<Invented>,
    logins: Mutex<Memory>,
    sessions: Mutex<Sessions>,
}

impl Members {
    /// The members' part.
    pub(in crate::app) fn new(
        members: MemberRegistration,
        shared: Arc<Shared>,
    ) -> Result<Self, StartError> {
        let (clock, journal) = (shared.clock.clone(), shared.journal.clone());
        Ok(Self {
            shared,
            client: MemberClient::at(members.addresses).map_err(StartError::Client)?,
            relying_party: RelyingParty::new(members.registration, clock, journal)?,
            invented: members.invented,
            logins: Mutex::default(),
            sessions: Mutex::default(),
        })
    }

    pub(super) fn logins(&self) -> MutexGuard<'_, Memory> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
