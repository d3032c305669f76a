//! The environment variables of the functions.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use federation::config::Config as Bridge;
use function_kit::settings::{ConfigError, IfUnset, Variable};
use inbound_federation::config::Config as InboundFederation;
use pre_token_generation::config::Config as PreTokenGeneration;

use crate::generated;
use crate::table::{LANGUAGES, code, file, head, row, say};

/// The names of the parts that are made here.
pub(crate) const PARTS: &[&str] = &[
    "variables of federation",
    "variables of inbound-federation",
    "variables of pre-token-generation",
];

/// What a function makes of an environment, as text.
type Read = fn(&dyn Fn(&str) -> Option<String>) -> Result<String, ConfigError>;

/// Each function with its variables, and with how it reads them.
type Function = (&'static [&'static [Variable]], Read);

const FUNCTIONS: [Function; 3] = [
    (federation::variables::ALL, |lookup| {
        Bridge::read(lookup).map(|config| format!("{config:?}"))
    }),
    (inbound_federation::variables::ALL, |lookup| {
        InboundFederation::read(lookup).map(|config| format!("{config:?}"))
    }),
    (pre_token_generation::variables::ALL, |lookup| {
        PreTokenGeneration::read(lookup).map(|config| format!("{config:?}"))
    }),
];

#[test]
fn the_variables() {
    for (part, (variables, _)) in PARTS.iter().zip(FUNCTIONS) {
        for language in LANGUAGES {
            let mut table = head([
                language.say("変数", "Variable"),
                language.say("意味", "Meaning"),
                language.say("形", "Form"),
                language.say("既定", "Default"),
                language.say("例", "Example"),
            ]);
            for variable in variables.iter().copied().flatten() {
                let default = match variable.if_unset {
                    IfUnset::Refused => language.say("必須", "required").to_owned(),
                    IfUnset::Value(value) => code(value),
                    IfUnset::Said(words) => say(words, language).to_owned(),
                };
                table += &row([
                    &code(variable.name),
                    say(variable.meaning, language),
                    say(variable.form, language),
                    &default,
                    &code(variable.example),
                ]);
            }
            generated::holds(&file("configuration", language), part, &table);
        }
    }
}

/// A value of each of these variables.
type Environment = BTreeMap<&'static str, &'static str>;

/// The environments in which every variable has its example: the service is one that is known, or given by its addresses.
fn examples(variables: &[&'static [Variable]]) -> [Environment; 2] {
    let all = variables.iter().copied().flatten();
    let known: Environment = all.map(|one| (one.name, one.example)).collect();
    let mut custom = known.clone();
    if let Some(service) = custom.get_mut("SERVICE") {
        *service = "custom";
    }
    [known, custom]
}

/// What a function makes of an environment, as text, and which variables it asks for.
fn read(
    function: Read,
    environment: &Environment,
) -> (Result<String, ConfigError>, BTreeSet<String>) {
    let asked = RefCell::new(BTreeSet::new());
    let lookup = |name: &str| {
        asked.borrow_mut().insert(name.to_owned());
        environment.get(name).map(|value| (*value).to_owned())
    };
    (function(&lookup), asked.take())
}

#[test]
fn every_example_is_taken_and_what_is_read_is_declared() {
    for (variables, function) in FUNCTIONS {
        let mut all_asked = BTreeSet::new();
        for environment in examples(variables) {
            let (config, asked) = read(function, &environment);
            assert!(config.is_ok(), "{config:?}");
            all_asked.extend(asked);
        }
        let declared: Vec<_> = (variables.iter().copied().flatten())
            .map(|variable| variable.name.to_owned())
            .collect();
        assert_eq!(all_asked, declared.iter().cloned().collect());
        assert_eq!(all_asked.len(), declared.len(), "each once");
    }
}

/// Without a variable, the function says so, or does what is written.
#[test]
fn every_variable_is_what_is_written_where_it_is_not_set() {
    for (variables, function) in FUNCTIONS {
        let [known, custom] = examples(variables);
        for variable in variables.iter().copied().flatten() {
            let mut environment = known.clone();
            environment.remove(variable.name);
            let (without, _) = read(function, &environment);
            match variable.if_unset {
                IfUnset::Refused => {
                    let ConfigError(problems) = without.unwrap_err();
                    let problems: Vec<_> = problems
                        .iter()
                        .map(|problem| (problem.variable, &*problem.reason))
                        .collect();
                    assert_eq!(problems, [(variable.name, "is missing")]);
                }
                IfUnset::Value(value) => {
                    environment.insert(variable.name, value);
                    let (with, _) = read(function, &environment);
                    assert_eq!(without.unwrap(), with.unwrap(), "{}", variable.name);
                }
                IfUnset::Said(_) => assert!(without.is_ok(), "{}", variable.name),
            }
            // `ACR_VALUES` may be anything.
            let is_refused = |wrong: &'static str| {
                let mut environment = custom.clone();
                environment.insert(variable.name, wrong);
                read(function, &environment).0.is_err()
            };
            let is_checked = ["\u{7f}", ","].into_iter().any(is_refused);
            assert!(
                is_checked || variable.name == "ACR_VALUES",
                "{}",
                variable.name
            );
        }
    }
}
