//! Amazon CloudWatch's evaluation of the functions' log: the metrics in the embedded metric format,
//! and the alarms of the template that ring. It does what these alarms need. Whatever else it meets
//! ends the test.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html>

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::cloudformation::{Stack, text};

/// A metric: its namespace, its name, and its dimensions.
pub(crate) type Metric = (String, String, BTreeMap<String, String>);

/// A metric with these dimensions.
pub(crate) fn metric(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Metric {
    let dimensions = dimensions.iter();
    let dimensions = dimensions.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    (namespace.to_owned(), name.to_owned(), dimensions.collect())
}

/// How many periods before those that an alarm evaluates are searched for data points.
const FURTHER_BACK: usize = 3;

/// The values that were measured in one period. All alarms use the same period here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Period(BTreeMap<Metric, Vec<f64>>);

impl Period {
    /// Reads the metrics from the lines of a log.
    pub(crate) fn of<'a>(lines: impl IntoIterator<Item = &'a String>) -> Self {
        let mut period = Self::default();
        for line in lines {
            let Ok(line) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            for directive in line["_aws"]["CloudWatchMetrics"]
                .as_array()
                .into_iter()
                .flatten()
            {
                period.take(directive, &line);
            }
        }
        period
    }

    fn take(&mut self, directive: &Value, line: &Value) {
        let namespace = text(&directive["Namespace"]);
        for set in directive["Dimensions"].as_array().unwrap() {
            let names = set.as_array().unwrap().iter().map(text);
            let dimensions: BTreeMap<_, _> = names
                .map(|name| {
                    let value = text(&line[name.as_str()]);
                    (name, value)
                })
                .collect();
            for definition in directive["Metrics"].as_array().unwrap() {
                let name = text(&definition["Name"]);
                let values = match &line[name.as_str()] {
                    Value::Array(values) => values.clone(),
                    one => vec![one.clone()],
                };
                let values = values.iter().map(|value| value.as_f64().unwrap());
                let metric = (namespace.clone(), name, dimensions.clone());
                self.0.entry(metric).or_default().extend(values);
            }
        }
    }

    /// Adds values of a metric that AWS measures.
    pub(crate) fn and(mut self, metric: Metric, values: impl IntoIterator<Item = f64>) -> Self {
        self.0.entry(metric).or_default().extend(values);
        self
    }

    /// The same values, repeated.
    pub(crate) fn times(&self, times: usize) -> Self {
        let repeated = self.0.iter();
        let repeated = repeated.map(|(metric, values)| (metric.clone(), values.repeat(times)));
        Self(repeated.collect())
    }

    /// Adds all values of another period.
    pub(crate) fn and_all(self, other: &Self) -> Self {
        let measured = other.0.iter();
        measured.fold(self, |all, (metric, values)| {
            all.and(metric.clone(), values.iter().copied())
        })
    }

    /// The metrics that were measured.
    pub(crate) fn metrics(&self) -> impl Iterator<Item = &Metric> {
        self.0.keys()
    }

    /// A statistic of a metric, or `None` without data.
    fn statistic(&self, metric: &Metric, statistic: &str) -> Option<f64> {
        let values = self.0.get(metric).filter(|values| !values.is_empty())?;
        let count = f64::from(u32::try_from(values.len()).unwrap());
        let sum: f64 = values.iter().sum();
        Some(match statistic {
            "Sum" => sum,
            "SampleCount" => count,
            "Average" => sum / count,
            "Maximum" => values.iter().copied().fold(f64::MIN, f64::max),
            "p95" => {
                let mut sorted = values.clone();
                sorted.sort_by(f64::total_cmp);
                let rank = (sorted.len() * 95).div_ceil(100);
                sorted[rank - 1]
            }
            other => panic!("no statistic: {other}"),
        })
    }

    /// The data point of an alarm in this period.
    fn data_point(&self, alarm: &Value) -> Option<f64> {
        let Some(queries) = alarm.get("Metrics").and_then(Value::as_array) else {
            let statistic = alarm.get("Statistic").or(alarm.get("ExtendedStatistic"));
            return self.statistic(&metric_of(alarm), &text(statistic.unwrap()));
        };
        let mut known = BTreeMap::new();
        let mut expression = None;
        for query in queries {
            if let Some(given) = query.get("Expression") {
                assert!(expression.replace(text(given)).is_none(), "one of them");
                continue;
            }
            assert_eq!(query["ReturnData"], false);
            let stat = &query["MetricStat"];
            let value = self.statistic(&metric_of(&stat["Metric"]), &text(&stat["Stat"]));
            known.insert(text(&query["Id"]), value);
        }
        evaluate(&expression.unwrap(), &known)
    }
}

/// The metric of an alarm, or of a part of one.
pub(crate) fn metric_of(named: &Value) -> Metric {
    let dimensions = named["Dimensions"].as_array().unwrap().iter();
    let dimensions = dimensions.map(|one| (text(&one["Name"]), text(&one["Value"])));
    (
        text(&named["Namespace"]),
        text(&named["MetricName"]),
        dimensions.collect(),
    )
}

/// All metrics of an alarm.
pub(crate) fn metrics_of(alarm: &Value) -> Vec<Metric> {
    match alarm.get("Metrics").and_then(Value::as_array) {
        None => vec![metric_of(alarm)],
        Some(queries) => {
            let stats = queries.iter().filter_map(|query| query.get("MetricStat"));
            stats.map(|stat| metric_of(&stat["Metric"])).collect()
        }
    }
}

/// The names of the alarms that ring after these periods. The last period is the latest.
pub(crate) fn ringing(stack: &Stack, periods: &[Period]) -> BTreeSet<String> {
    let rings = |alarm: &Value| {
        assert_eq!(alarm["TreatMissingData"], "notBreaching");
        let number = |name: &str| Some(text(alarm.get(name)?).parse::<usize>().unwrap());
        let evaluated = number("EvaluationPeriods").unwrap();
        let needed = number("DatapointsToAlarm").unwrap_or(evaluated);
        let threshold: f64 = text(&alarm["Threshold"]).parse().unwrap();
        let breaches = |value: f64| match &*text(&alarm["ComparisonOperator"]) {
            "GreaterThanOrEqualToThreshold" => value >= threshold,
            "LessThanThreshold" => value < threshold,
            other => panic!("no comparison: {other}"),
        };
        // Amazon CloudWatch also retrieves some older periods, and uses their data points in place
        // of missing ones. How many isn't documented.
        let range = periods.iter().rev().take(evaluated + FURTHER_BACK);
        let points = range.filter_map(|period| period.data_point(alarm));
        let breaching = points.take(evaluated).filter(|value| breaches(*value));
        breaching.count() >= needed
    };
    let alarms = stack.of_type("AWS::CloudWatch::Alarm");
    let ringing = alarms.filter(|(_, alarm)| rings(alarm));
    ringing
        .map(|(_, alarm)| text(&alarm["AlarmName"]))
        .collect()
}

/// The value of an expression of metric math, as far as these alarms need it. An expression with an
/// unknown value has no value. A sum leaves unknown values out, and `FILL` replaces them.
fn evaluate(expression: &str, known: &BTreeMap<String, Option<f64>>) -> Option<f64> {
    let values: Vec<f64> = known.values().copied().flatten().collect();
    // Without any data there is no point in time at which `FILL` could put a value.
    if values.is_empty() {
        return None;
    }
    if expression == "SUM(METRICS())" {
        return Some(values.iter().sum());
    }
    let spaced = expression.replace('(', " ( ").replace(')', " ) ");
    let spaced = spaced.replace(',', " , ");
    let mut math = Math {
        words: spaced.split_whitespace().rev().collect(),
        known,
    };
    let value = math.either();
    assert!(math.words.is_empty(), "{expression}");
    value
}

/// The rest of an expression. The next word is the last element.
struct Math<'a> {
    words: Vec<&'a str>,
    known: &'a BTreeMap<String, Option<f64>>,
}

impl Math<'_> {
    fn is_next(&mut self, word: &str) -> bool {
        self.words.pop_if(|next| *next == word).is_some()
    }

    fn expect(&mut self, word: &str) {
        assert!(self.is_next(word), "{word}: {:?}", self.words);
    }

    fn either(&mut self) -> Option<f64> {
        let mut holds = self.both();
        while self.is_next("OR") {
            let other = self.both();
            holds = logical(holds, other, |one, other| one || other);
        }
        holds
    }

    fn both(&mut self) -> Option<f64> {
        let mut holds = self.comparison();
        while self.is_next("AND") {
            let other = self.comparison();
            holds = logical(holds, other, |one, other| one && other);
        }
        holds
    }

    fn comparison(&mut self) -> Option<f64> {
        let left = self.product();
        if self.is_next(">=") {
            let right = self.product();
            return Some(f64::from(left? >= right?));
        }
        if self.is_next("<") {
            let right = self.product();
            return Some(f64::from(left? < right?));
        }
        left
    }

    fn product(&mut self) -> Option<f64> {
        let mut product = self.term();
        while self.is_next("*") {
            let factor = self.term();
            product = product.zip(factor).map(|(one, other)| one * other);
        }
        product
    }

    fn term(&mut self) -> Option<f64> {
        let word = self.words.pop().unwrap();
        if !["IF", "FILL", "("].contains(&word) {
            return match self.known.get(word) {
                Some(value) => *value,
                None => Some(word.parse().unwrap_or_else(|_| panic!("no term: {word}"))),
            };
        }
        if word != "(" {
            self.expect("(");
        }
        let first = self.either();
        let value = match word {
            "IF" => {
                self.expect(",");
                let then = self.either();
                self.expect(",");
                let otherwise = self.either();
                first.and_then(|holds| if holds == 0.0 { otherwise } else { then })
            }
            "FILL" => {
                self.expect(",");
                first.or(self.either())
            }
            _ => first,
        };
        self.expect(")");
        value
    }
}

fn logical(
    one: Option<f64>,
    other: Option<f64>,
    holds: impl FnOnce(bool, bool) -> bool,
) -> Option<f64> {
    Some(f64::from(holds(one? != 0.0, other? != 0.0)))
}

#[test]
fn metric_math_knows_what_is_missing() {
    let known = [("a", Some(3.0)), ("b", Some(0.0)), ("missing", None)];
    let known = known.map(|(name, value)| (name.to_owned(), value));
    let value = |expression: &str| evaluate(expression, &known.clone().into());
    for (expression, expected) in [
        ("IF(a >= 3, 1, 0)", Some(1.0)),
        ("IF(a < 3, 1, 0)", Some(0.0)),
        ("IF(a >= 3 AND missing < 1, 1, 0)", None),
        ("IF(a >= 3 AND FILL(missing, 0) < 1, 1, 0)", Some(1.0)),
        ("IF(FILL(a, 0) < 1 OR FILL(b, 7) < 1, 1, 0)", Some(1.0)),
        ("IF(b >= 1 AND (a >= 1 OR b < 1), 1, 0)", Some(0.0)),
        ("IF(b >= 1 AND a >= 1 OR b < 1, 1, 0)", Some(1.0)),
        ("IF(2 * a >= 6, a, 0)", Some(3.0)),
        ("2 * missing", None),
        ("SUM(METRICS())", Some(3.0)),
    ] {
        assert_eq!(value(expression), expected, "{expression}");
    }
    let nothing = [("a".to_owned(), None)];
    assert_eq!(evaluate("FILL(a, 0)", &nothing.into()), None);
}

/// Whether an event matches a pattern of Amazon EventBridge.
///
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>
pub(crate) fn matches(pattern: &Value, event: Option<&Value>) -> bool {
    match (pattern, event) {
        // If the event has an array, it is sufficient that one element matches.
        (Value::Object(_), Some(Value::Array(elements))) => elements
            .iter()
            .any(|element| matches(pattern, Some(element))),
        (Value::Object(fields), event) => fields.iter().all(|(name, pattern)| {
            if name == "$or" {
                let mut either = pattern.as_array().unwrap().iter();
                return either.any(|one| matches(one, event));
            }
            matches(pattern, event.and_then(|event| event.get(name)))
        }),
        (Value::Array(alternatives), event) => alternatives.iter().any(|one| match one {
            Value::String(_) => event == Some(one),
            Value::Object(operator) => {
                let (operator, operand) = operator.iter().next().unwrap();
                match operator.as_str() {
                    "exists" => event.is_some() == operand.as_bool().unwrap(),
                    "prefix" => event
                        .and_then(Value::as_str)
                        .is_some_and(|value| value.starts_with(&text(operand))),
                    other => panic!("no operator: {other}"),
                }
            }
            other => panic!("{other}"),
        }),
        (other, _) => panic!("{other}"),
    }
}
