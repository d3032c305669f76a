//! The settings of log and metrics: how much is logged, and the namespace and the stack of the
//! metrics. The variables are the same for all functions, so they are read in one place.

use crate::failure::Bilingual;
use crate::settings::{IfUnset, Reader, level};

crate::variables! {
    /// How much is logged
    LOG_LEVEL {
        ja: "ログの詳しさ",
        form: Bilingual {
            en: "`error`, `warn`, `info`, `debug`",
            ja: "`error`、`warn`、`info`、`debug`",
        },
        if_unset: IfUnset::Value("info"),
        example: "info",
    }
    /// The namespace of the metrics (CloudWatch)
    METRICS_NAMESPACE {
        ja: "メトリクスの名前空間（CloudWatch）",
        form: Bilingual {
            en: "1 to 255 ASCII letters, digits, spaces and `.-_/#:`, not beginning with `:` or \
                `AWS/`",
            ja: "英数字、空白、`.-_/#:` の1〜255文字。`:` と `AWS/` では始められない",
        },
        if_unset: IfUnset::Value("digital-auth"),
        example: "digital-auth",
    }
    /// The stack's name, which is the dimension `Stack` of the metrics
    STACK_NAME {
        ja: "スタックの名前。メトリクスのディメンション `Stack` になる",
        form: Bilingual {
            en: "1 to 128 ASCII letters, digits and `-`",
            ja: "英数字と `-` の1〜128文字",
        },
        if_unset: IfUnset::Said(Bilingual {
            en: "empty (metrics have no such dimension)",
            ja: "空（メトリクスにこのディメンションが付かない）",
        }),
        example: "digital-auth-production",
    }
}

/// The longest name of a stack, in characters (AWS CloudFormation).
const LONGEST_STACK_NAME: usize = 128;
/// The longest namespace, in characters (Amazon CloudWatch, MetricDatum).
const LONGEST_NAMESPACE: usize = 255;

/// The settings of the log and of the metrics.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Telemetry {
    /// How much is logged.
    pub log_level: tracing::Level,
    /// The namespace of the metrics.
    pub metrics_namespace: String,
    /// The stack that the function belongs to: the metrics' dimension `Stack`. It tells two stacks
    /// in one account apart, which have one namespace.
    pub stack_name: Option<String>,
}

impl Telemetry {
    /// Reads all three variables before it returns `None`, so that every problem is reported.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let log_level = reader.checked(LOG_LEVEL, level);
        let namespace = reader.checked(METRICS_NAMESPACE, namespace);
        let stack = reader.checked_if_set(STACK_NAME, stack);
        Some(Self {
            log_level: log_level?,
            metrics_namespace: namespace?,
            stack_name: stack?,
        })
    }
}

/// The namespace, if CloudWatch takes it:
///
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>
fn namespace(value: &str) -> Result<String, String> {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b".-_/#: ".contains(&byte);
    let fits = (1..=LONGEST_NAMESPACE).contains(&value.len())
        && value.bytes().all(is_usual)
        && !value.starts_with(':')
        && !value.starts_with("AWS/");
    if fits {
        Ok(value.to_owned())
    } else {
        Err(
            "must be a namespace of Amazon CloudWatch: 1 to 255 letters, digits, spaces and \
             `.-_/#:`, not beginning with `:` or `AWS/`"
                .to_owned(),
        )
    }
}

fn stack(value: &str) -> Result<String, String> {
    let fits = (1..=LONGEST_STACK_NAME).contains(&value.len())
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if fits {
        Ok(value.to_owned())
    } else {
        Err("must be the name of a stack: 1 to 128 letters, digits and `-`".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{ConfigError, read};

    fn read_with(variables: &[(&str, &str)]) -> Result<Telemetry, Vec<&'static str>> {
        let value = |name: &str| {
            let mut all = variables.iter();
            let found = all.find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        read(&value, &[VARIABLES], Telemetry::read).map_err(|ConfigError(problems)| {
            problems.iter().map(|problem| problem.variable).collect()
        })
    }

    #[test]
    fn pass_what_is_left_out_has_its_default_and_a_stack_has_none() {
        let expected = Telemetry {
            log_level: tracing::Level::INFO,
            metrics_namespace: "digital-auth".to_owned(),
            stack_name: None,
        };
        assert_eq!(read_with(&[]), Ok(expected.clone()));
        assert_eq!(
            read_with(&[(STACK_NAME, ""), (METRICS_NAMESPACE, " ")]),
            Ok(expected)
        );
    }

    #[test]
    fn pass_names_that_aws_takes() {
        for name in ["a", "digital-auth-production", &"x".repeat(128)] {
            let read = read_with(&[(STACK_NAME, name)]).unwrap();
            assert_eq!(read.stack_name.as_deref(), Some(name));
        }
        for name in ["a", "My App/logins:v1.2_#", &"x".repeat(255)] {
            let read = read_with(&[(METRICS_NAMESPACE, name)]).unwrap();
            assert_eq!(read.metrics_namespace, name);
        }
    }

    #[test]
    fn fail_other_names() {
        for name in ["a b", "a_b", "a/b", "本番", "arn:aws", &"x".repeat(129)] {
            assert_eq!(
                read_with(&[(STACK_NAME, name)]),
                Err(vec![STACK_NAME]),
                "{name}"
            );
        }
        for name in [":a", "AWS/Lambda", "名前", "a\"b", &"x".repeat(256)] {
            let refused = read_with(&[(METRICS_NAMESPACE, name)]);
            assert_eq!(refused, Err(vec![METRICS_NAMESPACE]), "{name}");
        }
        let all = [
            (LOG_LEVEL, "loud"),
            (METRICS_NAMESPACE, ":"),
            (STACK_NAME, "_"),
        ];
        assert_eq!(
            read_with(&all),
            Err(vec![LOG_LEVEL, METRICS_NAMESPACE, STACK_NAME])
        );
    }
}
