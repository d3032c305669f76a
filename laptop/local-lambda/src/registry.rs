//! The current processes of a function, and what each of them is doing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::process::Process;

/// What a process is doing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProcessState {
    /// It was started and has not asked for an event yet.
    Initializing,
    /// It handles an event.
    Busy,
    /// It is stopped, until its next event.
    Frozen,
}

/// A process of the function.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ProcessInformation {
    /// The process id, which is also the id of its process group.
    pub pid: u32,
    /// What it is doing.
    pub state: ProcessState,
}

/// Every process that was started and not yet given up. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry {
    processes: Arc<Mutex<BTreeMap<u32, (Process, ProcessState)>>>,
}

impl Registry {
    pub(crate) fn add(&self, process: &Process) {
        self.lock()
            .insert(process.pid(), (process.clone(), ProcessState::Initializing));
    }

    pub(crate) fn set(&self, pid: u32, state: ProcessState) {
        if let Some((_, current)) = self.lock().get_mut(&pid) {
            *current = state;
        }
    }

    pub(crate) fn forget(&self, pid: u32) {
        self.lock().remove(&pid);
    }

    pub(crate) fn processes(&self) -> Vec<Process> {
        self.lock()
            .values()
            .map(|(process, _)| process.clone())
            .collect()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, (Process, ProcessState)>> {
        self.processes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
