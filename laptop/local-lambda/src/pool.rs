//! The processes of a function. An event goes to a free process, or to a new one if all are busy.
//! If there are as many as allowed, it waits.
//! An event that waits longer than the front door waits for an answer is refused, and never handed
//! to a process afterwards.
//! No process survives: stopping or dropping the function kills every process, whatever it is
//! doing.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{Semaphore, watch};

use crate::function::FunctionOptions;
use crate::process::Logs;
use crate::registry::{ProcessInformation, Registry};
use crate::runtime_api::{Event, ExecutionEnvironment, Failure, InvocationError};

/// What became of one event.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The id that the function sees in its context.
    pub request_id: String,
    /// The process that handled it, if there was one.
    pub pid: Option<u32>,
    /// For the first event of a process: from its start to its first request for an event.
    pub cold_start: Option<Duration>,
    /// From handing over the event to the moment in which the process was stopped again.
    pub duration: Duration,
    /// Whether there was an answer, and if not, why.
    pub outcome: Result<(), InvocationError>,
}

/// The answer or the failure, and what the process wrote meanwhile.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) answer: Result<Bytes, Failure>,
    pub(crate) log: Vec<String>,
}

/// All processes of one function.
#[derive(Debug)]
pub(crate) struct Pool {
    /// What the next process is started with.
    options: RwLock<Arc<FunctionOptions>>,
    logs: Logs,
    registry: Registry,
    slots: Semaphore,
    /// The free environments. The one that was used last is used next, as Lambda seems to do.
    free: Mutex<Vec<ExecutionEnvironment>>,
    /// Grows when the function is scaled to zero. A process that was started in an older generation
    /// is not used again.
    generation: AtomicU64,
    started: AtomicUsize,
    invocations: Mutex<Vec<Invocation>>,
    stopping: watch::Sender<bool>,
}

impl Pool {
    pub(crate) fn new(options: FunctionOptions) -> Self {
        Self {
            slots: Semaphore::new(options.max_processes.max(1)),
            options: RwLock::new(Arc::new(options)),
            logs: Logs::default(),
            registry: Registry::default(),
            free: Mutex::default(),
            generation: AtomicU64::new(0),
            started: AtomicUsize::new(0),
            invocations: Mutex::default(),
            stopping: watch::Sender::new(false),
        }
    }

    /// Gives the event to a process, and waits for its answer.
    pub(crate) async fn invoke(&self, event: Event) -> Finished {
        let mut stopping = self.stopping.subscribe();
        let begun = Instant::now();
        let request_id = event.request_id.clone();
        let finished = tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => Err(InvocationError::Stopped.into()),
            finished = self.run_when_free(event) => finished,
        };
        finished.unwrap_or_else(|failure: Failure| {
            self.note(Invocation {
                request_id,
                pid: None,
                cold_start: None,
                duration: begun.elapsed(),
                outcome: Err(failure.error.clone()),
            });
            Finished {
                answer: Err(failure),
                log: Vec::new(),
            }
        })
    }

    /// Waits for a place among the processes, and hands over the event. Returns an error if no
    /// process got the event.
    async fn run_when_free(&self, event: Event) -> Result<Finished, Failure> {
        let slot = tokio::time::timeout(self.options().integration_timeout, self.slots.acquire());
        // The semaphore is never closed, so this means that the time is over.
        let Ok(Ok(_slot)) = slot.await else {
            return Err(InvocationError::Throttled.into());
        };
        self.run(event).await
    }

    async fn run(&self, event: Event) -> Result<Finished, Failure> {
        let generation = self.generation.load(Ordering::SeqCst);
        let request_id = event.request_id.clone();
        let options = self.options();
        let free = self.take_free();
        let is_cold = free.is_none();
        let mut environment = match free {
            Some(environment) => environment,
            None => {
                self.started.fetch_add(1, Ordering::SeqCst);
                ExecutionEnvironment::start(&options, &self.registry, &self.logs).await?
            }
        };
        // What a process writes while it starts belongs to its first event.
        let offset = if is_cold {
            0
        } else {
            environment.log().length()
        };
        let begun = Instant::now();
        let answer = environment.invoke(event, options.invocation_timeout).await;
        let log = environment.log().lines_from(offset);
        self.note(Invocation {
            request_id,
            pid: Some(environment.pid()),
            cold_start: is_cold.then(|| environment.cold_start()),
            duration: begun.elapsed(),
            outcome: match &answer {
                Ok(_) => Ok(()),
                Err(failure) => Err(failure.error.clone()),
            },
        });
        if environment.is_ready() && generation == self.generation.load(Ordering::SeqCst) {
            self.lock_free().push(environment);
        }
        Ok(Finished { answer, log })
    }

    /// The free process that was used last. One that has ended meanwhile is given up.
    fn take_free(&self) -> Option<ExecutionEnvironment> {
        let mut free = self.lock_free();
        while let Some(environment) = free.pop() {
            if environment.is_ready() {
                return Some(environment);
            }
        }
        None
    }

    /// Gives up every process: free ones at once, busy ones when they have answered.
    pub(crate) async fn scale_to_zero(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        let free = std::mem::take(&mut *self.lock_free());
        let known = self.registry.processes();
        let pids: Vec<u32> = free.iter().map(ExecutionEnvironment::pid).collect();
        drop(free);
        for process in known.iter().filter(|process| pids.contains(&process.pid())) {
            process.gone().await;
        }
    }

    /// Changes environment variables, as Lambda's `UpdateFunctionConfiguration` does: the next
    /// event goes to a new process with the new values. A busy process finishes its event.
    pub(crate) async fn configure(&self, variables: &[(String, String)]) {
        {
            let mut options = self.options.write().unwrap_or_else(PoisonError::into_inner);
            let environment = &mut Arc::make_mut(&mut options).environment;
            environment.retain(|(name, _)| variables.iter().all(|(changed, _)| changed != name));
            environment.extend_from_slice(variables);
        }
        self.scale_to_zero().await;
    }

    /// Kills every process, also busy ones, and waits until all are gone. No event is taken
    /// afterwards.
    pub(crate) async fn stop(&self) {
        self.stopping.send_replace(true);
        loop {
            let known = self.registry.processes();
            drop(std::mem::take(&mut *self.lock_free()));
            if known.is_empty() {
                return;
            }
            for process in known {
                process.kill();
                process.gone().await;
                self.registry.forget(process.pid());
            }
        }
    }

    /// Kills every process without waiting.
    pub(crate) fn kill(&self) {
        self.stopping.send_replace(true);
        for process in self.registry.processes() {
            process.kill();
        }
        // Dropping them lets Tokio wait for the processes, so that none stays as a zombie.
        drop(std::mem::take(&mut *self.lock_free()));
    }

    pub(crate) fn options(&self) -> Arc<FunctionOptions> {
        let options = self.options.read();
        Arc::clone(&options.unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) const fn logs(&self) -> &Logs {
        &self.logs
    }

    pub(crate) fn processes(&self) -> Vec<ProcessInformation> {
        let processes = self.registry.lock();
        processes
            .iter()
            .map(|(pid, (_, state))| ProcessInformation {
                pid: *pid,
                state: *state,
            })
            .collect()
    }

    pub(crate) fn started(&self) -> usize {
        self.started.load(Ordering::SeqCst)
    }

    pub(crate) fn invocations(&self) -> Vec<Invocation> {
        self.invocations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn note(&self, invocation: Invocation) {
        self.invocations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(invocation);
    }

    fn lock_free(&self) -> MutexGuard<'_, Vec<ExecutionEnvironment>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
