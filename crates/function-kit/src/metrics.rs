//! Metrics in CloudWatch's embedded metric format: CloudWatch reads them from lines of the log, so
//! no call is made. What is counted and measured during a request is collected ([`Measurements`]),
//! and written as one line at its end. A line holds only names, classes, counts and durations:
//! nothing of the request becomes a metric.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use http_client::{Timing, timed};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use tokio::time::Instant;

use crate::class::Concern;
use crate::telemetry::Telemetry;

/// The dimension that every metric has, if the stack has a name.
const STACK: &str = "Stack";

/// How many counts and durations of a request are kept; more are dropped. A token request that
/// fetches everything again has eleven.
pub const MOST_SAMPLES: usize = 20;
/// How many classes a request can have: a record that is refused, and a failure after it.
const MOST_REFUSALS: usize = 2;

macro_rules! named {
    (
        $(#[$meta:meta])*
        $list:ident {
            $($(#[doc = $doc:literal])+ $variant:ident = $name:literal;)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum $list {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl $list {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The metric's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

named! {
    /// What is counted.
    Count {
        /// A login began. The value is 1 for the first login from an address in a period
        /// ([`PERIOD`](crate::once::PERIOD), in each process), and 0 for the others. The number of
        /// values is that of logins.
        LoginStarted = "LoginStarted";
        /// A login succeeded: Amazon Cognito has its tokens. The value is 0 if a login failed, and
        /// neither the client nor its code is the reason. In a period, such failures count once for
        /// each person; once for each address, if the login ended before the service was asked; and
        /// once in all, if an ID token is missing. The average is the share of logins that succeed.
        LoginFinished = "LoginFinished";
        /// The trigger `inbound-federation` was invoked. The bridge writes 0 for each login that
        /// succeeded, so that the metric is there when the trigger isn't.
        InboundFederationInvoked = "InboundFederationInvoked";
        /// The trigger `pre-token-generation` was invoked. The other trigger writes 0 for each
        /// sign-in that it admits.
        PreTokenGenerationInvoked = "PreTokenGenerationInvoked";
        /// A person cancelled the login.
        LoginCancelled = "LoginCancelled";
        /// A trigger met a forged record.
        Tampering = "Tampering";
        /// A record was accepted, and tokens got claims from it. The value is 0 for a refused
        /// record, for each user once in a period. The average is the share of accepted records.
        RecordAccepted = "RecordAccepted";
        /// A member's verification is complete. The value is 0 if it failed. The average is the
        /// share of those that are complete.
        VerificationCompleted = "VerificationCompleted";
        /// A person would have verified a second member, and was refused.
        SecondAccountRefused = "SecondAccountRefused";
        /// A verification had been left half way, and was settled.
        ExpiredPassSettled = "ExpiredPassSettled";
    }
}

named! {
    /// What is counted by class and by concern.
    Refused {
        /// A request or an event failed.
        Failure = "Failure";
        /// A record was refused, and the tokens came without claims from it.
        Record = "RecordRefused";
    }
}

named! {
    /// What is measured, in milliseconds: also a step that failed, or was given up.
    Step {
        /// The bridge: a whole request of `/authorize`.
        Authorize = "AuthorizeDuration";
        /// The bridge: a whole request of `/verify`.
        Verify = "VerifyDuration";
        /// The bridge: a whole request of `/callback`.
        Callback = "CallbackDuration";
        /// The bridge: a whole request of `/token`.
        Token = "TokenDuration";
        /// The bridge: a whole request of `/userinfo`.
        Userinfo = "UserinfoDuration";
        /// The bridge: a whole request of `/jwks.json`.
        Jwks = "JwksDuration";
        /// The client assertion is signed.
        SignAssertion = "SignAssertionDuration";
        /// The service's token endpoint.
        ServiceToken = "ServiceTokenDuration";
        /// The service's keys are fetched.
        ServiceJwks = "ServiceJwksDuration";
        /// The service's userinfo endpoint.
        ServiceUserinfo = "ServiceUserinfoDuration";
        /// The tokens for Amazon Cognito are made: nearly all of it is the signature of the ID
        /// token.
        SignIdToken = "SignIdTokenDuration";
        /// Secrets are fetched again.
        Secrets = "SecretsDuration";
        /// A whole event of `inbound-federation`.
        InboundFederation = "InboundFederationDuration";
        /// A whole event of `pre-token-generation`.
        PreTokenGeneration = "PreTokenGenerationDuration";
        /// The user pool is asked for a record that the event doesn't carry.
        GetUser = "GetUserDuration";
        /// The members' API: a whole request that completes a verification.
        CompleteVerification = "CompleteVerificationDuration";
        /// The HMAC of a person is made.
        PersonMac = "PersonMacDuration";
        /// The table of persons and members is read and written.
        MemberTable = "MemberTableDuration";
        /// A record is written into the user pool.
        UpdateUser = "UpdateUserDuration";
    }
}

/// How many processes started.
pub const COLD_START: &str = "ColdStart";
/// How long a process needed from the beginning of its `main` until it could take events.
pub const START_DURATION: &str = "StartDuration";

/// What is counted and measured during one request or event.
#[derive(Debug, Default)]
pub struct Measurements(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    samples: [Option<Sample>; MOST_SAMPLES],
    refusals: [Option<Refusal>; MOST_REFUSALS],
}

/// One value of a metric.
#[derive(Clone, Copy, Debug)]
enum Sample {
    Count(&'static str, u8),
    /// A duration, and when it ended.
    Time(&'static str, Duration, Instant),
}

impl Sample {
    fn name(self) -> &'static str {
        match self {
            Self::Count(name, _) | Self::Time(name, ..) => name,
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Count(..) => "Count",
            Self::Time(..) => "Milliseconds",
        }
    }
}

/// A failure or a refused record: what is counted by class.
#[derive(Clone, Copy, Debug)]
struct Refusal {
    refused: Refused,
    class: &'static str,
    concern: Concern,
}

impl Measurements {
    /// Counts one more.
    pub fn count(&self, count: Count) {
        self.count_if(count, true);
    }

    /// Adds the value 1 if `is_so`, and else 0. So the average of the metric is the share of those
    /// that are.
    pub fn count_if(&self, count: Count, is_so: bool) {
        let sample = Sample::Count(count.name(), is_so.into());
        self.taken(|taken| keep(&mut taken.samples, sample));
    }

    /// Counts one more by class and by concern. `class` is the name of one of a closed list.
    pub fn refused(&self, refused: Refused, class: &'static str, concern: Concern) {
        let refusal = Refusal {
            refused,
            class,
            concern,
        };
        self.taken(|taken| keep(&mut taken.refusals, refusal));
    }

    /// Notes how long a step took that ends now. A step that comes several times has several
    /// values.
    pub fn took(&self, step: Step, time: Duration) {
        let sample = Sample::Time(step.name(), time, Instant::now());
        self.taken(|taken| keep(&mut taken.samples, sample));
    }

    /// Measures from now until the returned value is dropped.
    pub fn begin(&self, step: Step) -> Timing<impl FnMut(Duration)> {
        Timing::begin(move |time| self.took(step, time))
    }

    /// Runs `work`, and measures it: also if it fails, and if it is dropped before it is done.
    pub async fn timed<T>(&self, step: Step, work: impl Future<Output = T>) -> T {
        timed(|time| self.took(step, time), work).await
    }

    /// How long each of these groups of steps took. Only steps that have ended count. While several
    /// groups were under way, each gets an equal part of that time. So the sum is never more than
    /// the time that has passed.
    #[must_use]
    pub fn shares(&self, groups: &[&[Step]]) -> Vec<Duration> {
        let group_of = |name| {
            let has = |group: &&[Step]| group.iter().any(|step| step.name() == name);
            groups.iter().position(has)
        };
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let spans = taken.samples.iter().flatten().filter_map(|sample| {
            let Sample::Time(name, time, ended) = *sample else {
                return None;
            };
            let began = ended.checked_sub(time).unwrap_or(ended);
            Some((group_of(name)?, began..ended))
        });
        let spans: Vec<_> = spans.collect();
        let mut moments: Vec<_> = spans
            .iter()
            .flat_map(|(_, span)| [span.start, span.end])
            .collect();
        moments.sort_unstable();
        let mut shares = vec![Duration::ZERO; groups.len()];
        for (from, to) in moments.iter().zip(moments.iter().skip(1)) {
            let is_under_way = |group: &usize| {
                let mut of_it = spans.iter().filter(|(of, _)| of == group);
                of_it.any(|(_, span)| span.start <= *from && *to <= span.end)
            };
            let under_way: Vec<_> = (0..groups.len()).filter(is_under_way).collect();
            let parts = u32::try_from(under_way.len()).unwrap_or(u32::MAX);
            for group in under_way {
                if let Some(share) = shares.get_mut(group) {
                    *share += (*to - *from) / parts;
                }
            }
        }
        shares
    }

    fn taken(&self, note: impl FnOnce(&mut Taken)) {
        note(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Puts `value` into the first free place. If there is none, it is dropped.
fn keep<T>(places: &mut [Option<T>], value: T) {
    if let Some(free) = places.iter_mut().find(|place| place.is_none()) {
        *free = Some(value);
    }
}

/// Writes metrics.
pub struct Metrics {
    namespace: String,
    stack: Option<String>,
    output: Mutex<Output>,
}

struct Output {
    to: Box<dyn Write + Send>,
    /// The buffer for a line, kept so that its memory is allocated only once.
    line: Vec<u8>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Metrics({})", self.namespace)
    }
}

impl Metrics {
    /// Metrics on standard output, which Lambda puts into the log.
    #[must_use]
    pub fn new(telemetry: &Telemetry) -> Self {
        let namespace = telemetry.metrics_namespace.clone();
        let metrics = Self::to(namespace, Box::new(std::io::stdout()));
        metrics.of_stack(telemetry.stack_name.clone())
    }

    /// Metrics of this namespace and of no stack, one line at a time.
    #[must_use]
    pub fn to(namespace: String, output: Box<dyn Write + Send>) -> Self {
        Self {
            namespace,
            stack: None,
            output: Mutex::new(Output {
                to: output,
                line: Vec::new(),
            }),
        }
    }

    /// The same with the stack's name as a dimension, if it has one.
    #[must_use]
    pub fn of_stack(mut self, stack: Option<String>) -> Self {
        self.stack = stack;
        self
    }

    /// Writes the measurements of a request as one line, and as two if it has two classes. Writes
    /// nothing if there are none. `now` is when the request began.
    pub fn write(&self, measurements: Measurements, now: DateTime<Utc>) {
        let taken = measurements.0.into_inner();
        let Taken { samples, refusals } = taken.unwrap_or_else(PoisonError::into_inner);
        let by_stack = Group {
            by: &[None],
            samples: &samples,
        };
        let by_stack = Some(by_stack).filter(|group| group.samples().next().is_some());
        // A dimension has one value in a line: a second class has a line of its own.
        let [first, second] = refusals;
        self.write_with(by_stack, first, now);
        self.write_with(None, second, now);
    }

    /// Writes that a process of this function is ready, `time` after it began.
    pub fn write_start(&self, function: &'static str, time: Duration, now: DateTime<Utc>) {
        let by_function = Group {
            by: &[Some(("Function", function))],
            samples: &[
                Some(Sample::Count(COLD_START, 1)),
                Some(Sample::Time(START_DURATION, time, Instant::now())),
            ],
        };
        self.write_line(&[Some(by_function)], now);
    }

    fn write_with(&self, group: Option<Group<'_>>, refusal: Option<Refusal>, now: DateTime<Utc>) {
        let Some(refusal) = refusal else {
            return self.write_line(&[group], now);
        };
        let by_class = Group {
            by: &[
                Some(("Class", refusal.class)),
                Some(("Concern", refusal.concern.name())),
                None,
            ],
            samples: &[Some(Sample::Count(refusal.refused.name(), 1))],
        };
        self.write_line(&[group, Some(by_class)], now);
    }

    fn write_line(&self, groups: &[Option<Group<'_>>], now: DateTime<Utc>) {
        if groups.iter().all(Option::is_none) {
            return;
        }
        let line = Line {
            namespace: &self.namespace,
            stack: self.stack.as_deref(),
            timestamp: now.timestamp_millis(),
            groups,
        };
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        let Output { to, line: buffer } = &mut *output;
        buffer.clear();
        // With one call, so that no other line of the log comes between. A metric that can't be
        // written fails no login.
        if serde_json::to_writer(&mut *buffer, &line).is_ok() {
            buffer.push(b'\n');
            let _ = to.write_all(buffer).and_then(|()| to.flush());
        }
    }
}

/// Metrics that have the same dimensions.
#[derive(Clone, Copy)]
struct Group<'a> {
    /// The dimensions besides the stack. Each is in a set of dimensions of its own; `None` is the
    /// set without one.
    by: &'a [Option<Dimension>],
    samples: &'a [Option<Sample>],
}

/// A dimension's name and value.
type Dimension = (&'static str, &'static str);

impl Group<'_> {
    /// One sample of each metric.
    fn metrics(&self) -> impl Iterator<Item = Sample> {
        let samples = self.samples().enumerate();
        samples.filter_map(|(index, sample)| {
            let mut earlier = self.samples().take(index);
            let is_first = earlier.all(|one| one.name() != sample.name());
            is_first.then_some(sample)
        })
    }

    fn samples(&self) -> impl Iterator<Item = Sample> {
        self.samples.iter().copied().flatten()
    }
}

/// A line of the log.
struct Line<'a> {
    namespace: &'a str,
    stack: Option<&'a str>,
    timestamp: i64,
    groups: &'a [Option<Group<'a>>],
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_map(None)?;
        let metadata = Metadata {
            timestamp: self.timestamp,
            cloud_watch_metrics: Directives(self),
        };
        line.serialize_entry("_aws", &metadata)?;
        if let Some(stack) = self.stack {
            line.serialize_entry(STACK, stack)?;
        }
        for group in self.groups.iter().flatten() {
            for (dimension, value) in group.by.iter().flatten() {
                line.serialize_entry(dimension, value)?;
            }
            for metric in group.metrics() {
                line.serialize_entry(metric.name(), &Values(group, metric.name()))?;
            }
        }
        line.end()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    timestamp: i64,
    cloud_watch_metrics: Directives<'a>,
}

/// Which metrics CloudWatch reads from the line.
struct Directives<'a>(&'a Line<'a>);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    namespace: &'a str,
    dimensions: DimensionSets<'a>,
    metrics: Definitions<'a>,
}

impl Serialize for Directives<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let line = self.0;
        serializer.collect_seq(line.groups.iter().flatten().map(|group| Directive {
            namespace: line.namespace,
            dimensions: DimensionSets(line.stack.map(|_| STACK), group.by),
            metrics: Definitions(group),
        }))
    }
}

struct DimensionSets<'a>(Option<&'static str>, &'a [Option<Dimension>]);

impl Serialize for DimensionSets<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(stack, by) = *self;
        serializer.collect_seq(by.iter().map(|other| {
            let other = other.map(|(name, _)| name);
            DimensionSet([stack, other])
        }))
    }
}

struct DimensionSet([Option<&'static str>; 2]);

impl Serialize for DimensionSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().flatten())
    }
}

struct Definitions<'a>(&'a Group<'a>);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: &'static str,
    unit: &'static str,
}

impl Serialize for Definitions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.metrics().map(|metric| Definition {
            name: metric.name(),
            unit: metric.unit(),
        }))
    }
}

/// The value of a metric, or a list of its values.
struct Values<'a>(&'a Group<'a>, &'static str);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(group, name) = self;
        let mut values = group.samples().filter(|sample| sample.name() == *name);
        match (values.next(), values.next()) {
            (Some(only), None) => only.serialize(serializer),
            _ => serializer.collect_seq(group.samples().filter(|sample| sample.name() == *name)),
        }
    }
}

impl Serialize for Sample {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(_, count) => serializer.serialize_u8(*count),
            // Thousandths of a millisecond are enough, and short.
            Self::Time(_, time, _) => {
                let microseconds = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
                serializer.serialize_f64(f64::from(microseconds) / 1_000.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;

    /// What was written, in memory.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<Vec<u8>>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Written {
        /// The lines. Each was written with one call.
        fn lines(&self) -> Vec<Value> {
            let written = self.0.lock().unwrap();
            let line = |bytes: &Vec<u8>| {
                let (end, line) = bytes.split_last().unwrap();
                assert!(*end == b'\n' && !line.contains(&b'\n'));
                serde_json::from_slice(line).unwrap()
            };
            written.iter().map(line).collect()
        }
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_123).unwrap()
    }

    fn written(stack: Option<&str>, write: impl FnOnce(&Metrics)) -> Vec<Value> {
        let written = Written::default();
        let metrics = Metrics::to("test".to_owned(), Box::new(written.clone()));
        write(&metrics.of_stack(stack.map(str::to_owned)));
        written.lines()
    }

    fn request(stack: Option<&str>, take: impl FnOnce(&Measurements)) -> Vec<Value> {
        written(stack, |metrics| {
            let measurements = Measurements::default();
            take(&measurements);
            metrics.write(measurements, now());
        })
    }

    const MILLISECOND: Duration = Duration::from_millis(1);

    /// Everything that can be measured in a request, and more than is kept.
    fn everything(measurements: &Measurements) {
        for count in Count::ALL {
            measurements.count(*count);
        }
        for step in Step::ALL.iter().chain(Step::ALL) {
            measurements.took(*step, 1_500 * MILLISECOND);
        }
        for refused in Refused::ALL.iter().chain(Refused::ALL) {
            measurements.refused(*refused, "record_forged", Concern::Client);
        }
    }

    #[test]
    fn what_a_request_took_is_one_line() {
        let lines = request(Some("sandbox"), |measurements| {
            measurements.took(Step::ServiceToken, 80 * MILLISECOND);
            measurements.took(Step::Secrets, Duration::from_micros(1_234));
            measurements.took(Step::Secrets, Duration::from_nanos(900));
            measurements.count(Count::LoginFinished);
            measurements.took(Step::Token, Duration::from_micros(123_456));
        });
        let milliseconds = |name: &str| json!({ "Name": name, "Unit": "Milliseconds" });
        let expected = json!({
            "_aws": {
                "Timestamp": 1_800_000_000_123_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "test",
                    "Dimensions": [["Stack"]],
                    "Metrics": [
                        milliseconds("ServiceTokenDuration"),
                        milliseconds("SecretsDuration"),
                        { "Name": "LoginFinished", "Unit": "Count" },
                        milliseconds("TokenDuration"),
                    ],
                }],
            },
            "Stack": "sandbox",
            "ServiceTokenDuration": 80.0,
            "SecretsDuration": [1.234, 0.0],
            "LoginFinished": 1,
            "TokenDuration": 123.456,
        });
        assert_eq!(lines, [expected]);
    }

    #[test]
    fn a_class_is_counted_by_itself_by_whom_it_concerns_and_in_the_sum() {
        let cancelled = |measurements: &Measurements| {
            measurements.refused(Refused::Failure, "cancelled", Concern::Nobody);
            measurements.count(Count::LoginCancelled);
        };
        let lines = request(Some("sandbox"), cancelled);
        let sets = |line: &Value| {
            let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
            let sets = directives.iter().map(|one| one["Dimensions"].clone());
            sets.collect::<Vec<_>>()
        };
        let by_class = json!([["Stack", "Class"], ["Stack", "Concern"], ["Stack"]]);
        assert_eq!(sets(&lines[0]), [json!([["Stack"]]), by_class]);
        for (name, value) in [
            ("Stack", json!("sandbox")),
            ("Class", json!("cancelled")),
            ("Concern", json!("nobody")),
            ("Failure", json!(1)),
            ("LoginCancelled", json!(1)),
        ] {
            assert_eq!(lines[0][name], value);
        }
        // Without a stack's name there is no such dimension.
        let lines = request(None, cancelled);
        let by_class = json!([["Class"], ["Concern"], []]);
        assert_eq!(sets(&lines[0]), [json!([[]]), by_class]);
        assert_eq!(lines[0].get("Stack"), None);
    }

    #[test]
    fn a_second_class_has_a_line_of_its_own() {
        let lines = request(None, |measurements| {
            measurements.refused(Refused::Record, "record_too_old", Concern::Nobody);
            measurements.refused(Refused::Failure, "internal", Concern::Operator);
            measurements.took(Step::PreTokenGeneration, MILLISECOND);
        });
        let classes: Vec<_> = lines.iter().map(|line| &line["Class"]).collect();
        assert_eq!(classes, ["record_too_old", "internal"]);
        assert_eq!(lines[0]["RecordRefused"], 1);
        assert_eq!(lines[0]["PreTokenGenerationDuration"], 1.0);
        assert_eq!(lines[1]["Failure"], 1);
        assert_eq!(lines[1].get("PreTokenGenerationDuration"), None);
    }

    #[test]
    fn a_request_that_took_nothing_writes_nothing() {
        assert_eq!(request(Some("sandbox"), |_| ()), [] as [Value; 0]);
    }

    #[test]
    fn a_start_is_told_by_its_function() {
        let lines = written(Some("sandbox"), |metrics| {
            metrics.write_start("federation", 42 * MILLISECOND, now());
        });
        let expected = json!({
            "_aws": {
                "Timestamp": 1_800_000_000_123_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "test",
                    "Dimensions": [["Stack", "Function"]],
                    "Metrics": [
                        { "Name": "ColdStart", "Unit": "Count" },
                        { "Name": "StartDuration", "Unit": "Milliseconds" },
                    ],
                }],
            },
            "Stack": "sandbox",
            "Function": "federation",
            "ColdStart": 1,
            "StartDuration": 42.0,
        });
        assert_eq!(lines, [expected]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_given_up_has_its_duration_too() {
        let measurements = Measurements::default();
        let working = measurements.timed(Step::GetUser, std::future::pending::<()>());
        assert!(
            tokio::time::timeout(5 * MILLISECOND, working)
                .await
                .is_err()
        );
        let timing = measurements.begin(Step::PreTokenGeneration);
        tokio::time::sleep(7 * MILLISECOND).await;
        drop(timing);
        let lines = written(None, |metrics| metrics.write(measurements, now()));
        assert!(lines[0]["GetUserDuration"].as_f64().unwrap() >= 5.0);
        assert!(lines[0]["PreTokenGenerationDuration"].as_f64().unwrap() >= 7.0);
    }

    /// The rules of the specification: CloudWatch silently ignores a line that breaks one.
    #[test]
    fn every_line_is_one_that_cloudwatch_reads() {
        let mut lines = Vec::new();
        let longest = "x".repeat(128);
        for stack in [None, Some(longest.as_str())] {
            lines.extend(request(stack, everything));
            lines.extend(written(stack, |metrics| {
                metrics.write_start("pre-token-generation", Duration::MAX, now());
            }));
        }
        assert_eq!(lines.len(), 6);
        for line in lines {
            assert!(serde_json::to_vec(&line).unwrap().len() < 4_096);
            let members = line.as_object().unwrap();
            let metadata = &line["_aws"];
            assert!(metadata["Timestamp"].is_i64());
            let mut named = BTreeSet::from(["_aws"]);
            for directive in metadata["CloudWatchMetrics"].as_array().unwrap() {
                assert_eq!(directive["Namespace"], "test");
                for set in directive["Dimensions"].as_array().unwrap() {
                    let set: Vec<_> = set.as_array().unwrap().iter().collect();
                    assert!(set.len() <= 30);
                    for dimension in set {
                        let dimension = dimension.as_str().unwrap();
                        let value = members[dimension].as_str().unwrap();
                        assert!(dimension.len() <= 250 && (1..=1_024).contains(&value.len()));
                        assert!(value.is_ascii());
                        named.insert(dimension);
                    }
                }
                let metrics = directive["Metrics"].as_array().unwrap();
                assert!((1..=100).contains(&metrics.len()));
                for metric in metrics {
                    let name = metric["Name"].as_str().unwrap();
                    assert!(named.insert(name), "{name} is there twice");
                    assert!(name.len() <= 1_024 && name.is_ascii());
                    let unit = metric["Unit"].as_str().unwrap();
                    assert!(["Count", "Milliseconds"].contains(&unit), "{unit}");
                    let values = match &members[name] {
                        Value::Array(values) => values.clone(),
                        value => vec![value.clone()],
                    };
                    assert!((1..=100).contains(&values.len()));
                    assert!(values.iter().all(Value::is_number), "{name}");
                }
            }
            // The line holds nothing else.
            assert_eq!(
                members.keys().map(String::as_str).collect::<BTreeSet<_>>(),
                named
            );
        }
    }

    #[test]
    fn every_metric_has_a_name_of_its_own() {
        let counts = Count::ALL.iter().map(|one| one.name());
        let refused = Refused::ALL.iter().map(|one| one.name());
        let steps = Step::ALL.iter().map(|one| one.name());
        let all: Vec<_> = counts.chain(refused).chain(steps).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }
}
