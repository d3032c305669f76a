//! The environment variables of the functions.

use federation::config::Config as Bridge;
use function_kit::settings::{ConfigError, IfUnset, Variable};
use inbound_federation::config::Config as InboundFederation;
use pre_token_generation::config::Config as PreTokenGeneration;

use crate::generated;
use crate::table::{Language, code, head, row};

/// The names of the parts that are made here.
pub(crate) const PARTS: &[&str] = &[
    "variables of federation",
    "variables of inbound-federation",
    "variables of pre-token-generation",
];

/// Each function with its variables, and with what it says of an environment.
type Function = (
    &'static [&'static [Variable]],
    fn(&dyn Fn(&str) -> Option<String>) -> Result<(), ConfigError>,
);

const FUNCTIONS: [Function; 3] = [
    (federation::variables::ALL, |lookup| {
        Bridge::read(lookup).map(drop)
    }),
    (inbound_federation::variables::ALL, |lookup| {
        InboundFederation::read(lookup).map(drop)
    }),
    (pre_token_generation::variables::ALL, |lookup| {
        PreTokenGeneration::read(lookup).map(drop)
    }),
];

#[test]
fn the_variables() {
    for (part, (variables, _)) in PARTS.iter().zip(FUNCTIONS) {
        for language in Language::ALL {
            let mut table = head([
                language.of("変数", "Variable"),
                language.of("意味", "Meaning"),
                language.of("形", "Form"),
                language.of("既定", "Default"),
                language.of("例", "Example"),
            ]);
            for variable in variables.iter().copied().flatten() {
                let default = match variable.if_unset {
                    IfUnset::Refused => language.of("必須", "required").to_owned(),
                    IfUnset::Value(value) => code(value),
                    IfUnset::Said(words) => language.say(words).to_owned(),
                };
                table += &row([
                    &code(variable.name),
                    language.say(variable.meaning),
                    language.say(variable.form),
                    &default,
                    &code(variable.example),
                ]);
            }
            generated::holds(&language.file("configuration"), part, &table);
        }
    }
}

/// The environment in which every variable has its example.
fn examples(variables: &[&[Variable]]) -> impl Fn(&str) -> Option<String> {
    let all = variables.iter().copied().flatten();
    let all: Vec<_> = all.map(|one| (one.name, one.example)).collect();
    move |name| {
        let found = all.iter().find(|(known, _)| *known == name);
        // A key has one role, and a service that is known has its own addresses.
        let example = match (name, found?.1) {
            ("ID_TOKEN_KEYS", example) => format!("{example}1"),
            (_, example) => example.to_owned(),
        };
        Some(example)
    }
}

#[test]
fn every_example_is_taken() {
    for (variables, read) in FUNCTIONS {
        let all = examples(variables);
        assert_eq!(read(&all), Ok(()));
        let custom = |name: &str| match name {
            "SERVICE" => Some("custom".to_owned()),
            _ => all(name),
        };
        assert_eq!(read(&custom), Ok(()));
    }
}

/// What is read is declared, and the other way round: without it, the function says so or does what is written.
#[test]
fn every_variable_is_what_is_written_where_it_is_not_set() {
    for (variables, read) in FUNCTIONS {
        let all = examples(variables);
        for variable in variables.iter().copied().flatten() {
            let without = |name: &str| all(name).filter(|_| name != variable.name);
            let is_missing = read(&without).err().map(|ConfigError(problems)| {
                let reasons = problems.into_iter();
                reasons
                    .map(|problem| (problem.variable, problem.reason))
                    .collect()
            });
            let expected = match variable.if_unset {
                IfUnset::Refused => Some(vec![(variable.name, "is missing".to_owned())]),
                IfUnset::Value(_) | IfUnset::Said(_) => None,
            };
            assert_eq!(is_missing, expected, "{}", variable.name);
            // What is declared is read. `ACR_VALUES` may be anything.
            let is_refused = |wrong: &str| {
                let with = |name: &str| match name {
                    _ if name == variable.name => Some(wrong.to_owned()),
                    "SERVICE" if variable.name.starts_with("SERVICE_") => Some("custom".to_owned()),
                    _ => all(name),
                };
                read(&with).is_err()
            };
            let is_read = ["\u{7f}", ","].into_iter().any(is_refused);
            assert!(
                is_read || variable.name == "ACR_VALUES",
                "{}",
                variable.name
            );
        }
    }
}
