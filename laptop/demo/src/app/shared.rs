//! The state that all handlers of the app share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use loopback::clock::SimClock;
use loopback::journal::Journal;
use tokio::sync::{Semaphore, watch};

use super::memory::Memory;
use super::relying_party::RelyingParty;
use super::settings::AppSettings;

/// The state that all handlers share.
pub(super) struct Shared {
    pub(super) base_url: String,
    /// What a request's `Host` must be.
    pub(super) host: String,
    pub(super) relying_party: RelyingParty,
    pub(super) settings: AppSettings,
    /// Whether there is a members' part.
    pub(super) has_members: bool,
    pub(super) clock: SimClock,
    pub(super) journal: Journal,
    pub(super) memory: Mutex<Memory>,
    pub(super) watchers: Semaphore,
    pub(super) stopping: watch::Receiver<bool>,
}

impl Shared {
    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
