//! The state that all handlers of the app share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use loopback::beside::Beside;
use loopback::clock::SimClock;
use loopback::journal::Journal;
use tokio::sync::{Semaphore, watch};

use super::memory::Memory;
use super::relying_party::RelyingParty;
use super::settings::AppSettings;
use crate::stack::Stack;

/// The state that all handlers share.
pub(super) struct Shared {
    pub(super) base_url: String,
    /// What a request's `Host` must be.
    pub(super) host: String,
    pub(super) relying_party: RelyingParty,
    pub(super) settings: AppSettings,
    /// Whether there is a members' part.
    pub(super) has_members: bool,
    /// What is set for the whole stack.
    pub(super) stack: Stack,
    /// The origins of the stand-ins, which may have the page that is shown beside theirs.
    pub(super) stand_ins: Vec<String>,
    /// What is shown beside the pages of the stand-ins.
    pub(super) beside: Beside,
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
