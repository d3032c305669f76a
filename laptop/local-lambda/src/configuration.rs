//! The configuration of a running function, as an operator changes it.

use std::fmt;
use std::sync::Arc;

use crate::pool::Pool;

/// The configuration of a running function. Clones share it. It keeps no process alive.
#[derive(Clone)]
pub struct Configuration(Arc<Pool>);

/// Shows no variable, because their values are secrets.
impl fmt::Debug for Configuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Configuration")
    }
}

impl Configuration {
    pub(crate) const fn of(pool: Arc<Pool>) -> Self {
        Self(pool)
    }

    /// Sets environment variables; the others stay. As with Lambda, an event that is under way
    /// ends with the old values, and every later one goes to a new process with the new values.
    pub async fn set(&self, variables: &[(String, String)]) {
        self.0.configure(variables).await;
    }
}
