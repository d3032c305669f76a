//! Metrics in CloudWatch's embedded metric format: a line of the log that CloudWatch counts, so no call is made.
//! Nothing is in them but a name and a class.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::failure::Class;

/// Writes metrics.
pub struct Metrics {
    namespace: String,
    output: Mutex<Box<dyn Write + Send>>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Metrics({})", self.namespace)
    }
}

impl Metrics {
    /// Metrics of this namespace, on standard output: there Lambda's log takes them.
    #[must_use]
    pub fn new(namespace: String) -> Self {
        Self::to(namespace, Box::new(std::io::stdout()))
    }

    /// Metrics of this namespace, one line each.
    #[must_use]
    pub fn to(namespace: String, output: Box<dyn Write + Send>) -> Self {
        Self {
            namespace,
            output: Mutex::new(output),
        }
    }

    /// A login began.
    pub fn login_started(&self, now: DateTime<Utc>) {
        self.count("LoginStarted", None, now);
    }

    /// A login reached Amazon Cognito.
    pub fn login_finished(&self, now: DateTime<Utc>) {
        self.count("LoginFinished", None, now);
    }

    /// A request failed.
    pub fn failure(&self, class: Class, now: DateTime<Utc>) {
        self.count("Failure", Some(class), now);
    }

    fn count(&self, name: &str, class: Option<Class>, now: DateTime<Utc>) {
        let dimensions = if class.is_some() {
            json!([["Class"], []])
        } else {
            json!([[]])
        };
        let mut line = json!({
            "_aws": {
                "Timestamp": now.timestamp_millis(),
                "CloudWatchMetrics": [{
                    "Namespace": self.namespace,
                    "Dimensions": dimensions,
                    "Metrics": [{ "Name": name, "Unit": "Count" }],
                }],
            },
        });
        if let Some(line) = line.as_object_mut() {
            line.insert(name.to_owned(), 1.into());
            line.extend(class.map(|class| ("Class".to_owned(), class.name().into())));
        }
        // A metric that can't be written must not fail a login.
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(output, "{line}");
    }
}
