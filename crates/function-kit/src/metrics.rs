//! Metrics in CloudWatch's embedded metric format: a line of the log that CloudWatch counts, so no call is made.
//! Nothing is in them but a name and a class.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::json;

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

    /// Counts one more of `name`, and of `name` by `class` where there is one. Both are words of the program: nothing
    /// that a request said becomes a metric.
    pub fn count(&self, name: &'static str, class: Option<&'static str>, now: DateTime<Utc>) {
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
            line.extend(class.map(|class| ("Class".to_owned(), class.into())));
        }
        // A metric that can't be written must not fail a login.
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(output, "{line}");
    }
}
