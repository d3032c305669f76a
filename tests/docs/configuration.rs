//! Generates the tables of the functions' environment variables in `docs/configuration*.md`, and
//! tests that the functions accept the examples, and have the defaults and limits that are written
//! there.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use federation::config::Config as Bridge;
use federation::variables::{
    CLIENT_ID, CLIENT_SECRETS, ID_TOKEN_KEYS, MEMBER_APPS, MEMBER_KEYS, PROVIDER_NAME, RECORD_KEYS,
    REDIRECT_URIS, SEALING_KEYS,
};
use function_kit::settings::{ConfigError, IfUnset, Variable};
use inbound_federation::config::Config as InboundFederation;
use pre_token_generation::config::Config as PreTokenGeneration;

use verification::config::Config as Verification;

use crate::generated;
use crate::table::{LANGUAGES, code, file, head, row, say};

/// The names of the generated parts of documents that this file makes.
pub(crate) const PARTS: &[&str] = &[
    "variables of federation",
    "variables of inbound-federation",
    "variables of pre-token-generation",
    "variables of verification",
];

/// Reads a function's configuration from an environment, and gives it as text.
type Read = fn(&dyn Fn(&str) -> Option<String>) -> Result<String, ConfigError>;

/// A function: its variables, and how it reads its configuration.
type Function = (&'static [&'static [Variable]], Read);

const FUNCTIONS: [Function; 4] = [
    (federation::variables::ALL, |lookup| {
        Bridge::read(lookup).map(|config| format!("{config:?}"))
    }),
    (inbound_federation::variables::ALL, |lookup| {
        InboundFederation::read(lookup).map(|config| format!("{config:?}"))
    }),
    (pre_token_generation::variables::ALL, |lookup| {
        PreTokenGeneration::read(lookup).map(|config| format!("{config:?}"))
    }),
    (verification::variables::ALL, |lookup| {
        Verification::read(lookup).map(|config| format!("{config:?}"))
    }),
];

#[test]
fn the_variables() {
    for (part, (variables, _)) in PARTS.iter().zip(FUNCTIONS) {
        for language in LANGUAGES {
            let mut table = head([
                language.say("変数", "Variable"),
                language.say("意味", "Meaning"),
                language.say("形式", "Format"),
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

/// An environment: the values of variables, by name.
type Environment<'a> = BTreeMap<&'static str, &'a str>;

/// Two environments in which every variable has its example as value. In the second one, `SERVICE`
/// is `custom`: the service is given by its addresses.
fn examples(variables: &[&'static [Variable]]) -> [Environment<'static>; 2] {
    let all = variables.iter().copied().flatten();
    let known: Environment<'_> = all.map(|one| (one.name, one.example)).collect();
    let mut custom = known.clone();
    if let Some(service) = custom.get_mut("SERVICE") {
        *service = "custom";
    }
    [known, custom]
}

/// The configuration that a function reads from an environment, as text, and the names of the
/// variables that it looks up.
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

/// The variables of the bridge for members, and those for logins.
const OF_MEMBERS: &[&str] = &[MEMBER_APPS, MEMBER_KEYS];
const OF_LOGINS: &[&str] = &[
    CLIENT_ID,
    CLIENT_SECRETS,
    REDIRECT_URIS,
    PROVIDER_NAME,
    SEALING_KEYS,
    RECORD_KEYS,
    ID_TOKEN_KEYS,
];

/// If a variable is not set, the function reports that it is missing, or uses the documented
/// default.
#[test]
fn every_variable_is_what_is_written_where_it_is_not_set() {
    for (variables, function) in FUNCTIONS {
        let [known, custom] = examples(variables);
        for variable in variables.iter().copied().flatten() {
            let mut environment = known.clone();
            environment.remove(variable.name);
            // Where they may be missing, all of a group are set together, or none is.
            let is_required = matches!(variable.if_unset, IfUnset::Refused);
            for together in [OF_MEMBERS, OF_LOGINS] {
                if together.contains(&variable.name) && !is_required {
                    environment.retain(|name, _| !together.contains(name));
                }
            }
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

/// Makes a value of this length (or with this number) that a variable accepts, unless it is over
/// the limit.
type OfLength = fn(usize) -> String;

/// The variables whose documented form has a limit, each with that limit: the greatest length, or
/// the largest number.
const LONGEST: &[(&str, usize, OfLength)] = &[
    ("ISSUER", 246, |length| {
        format!("https://{}", host(length - 8))
    }),
    ("CLIENT_ID", 255, |length| "a".repeat(length)),
    ("REDIRECT_URIS", 512, |length| {
        format!("https://a.example/{}", "a".repeat(length - 18))
    }),
    ("PROVIDER_NAME", 32, |length| "a".repeat(length)),
    ("SERVICE_CLIENT_ID", 255, |length| "a".repeat(length)),
    ("METRICS_NAMESPACE", 255, |length| "a".repeat(length)),
    ("STACK_NAME", 128, |length| "a".repeat(length)),
    ("RESOURCE_SERVER", 256, |length| "a".repeat(length)),
    ("AGES", 150, |age| age.to_string()),
    ("MAX_VERIFICATION_AGE", 99_999, |days| format!("{days}d")),
    ("RECORD_ATTRIBUTE", 20, |length| {
        format!("custom:{}", "a".repeat(length))
    }),
    ("VERIFIED_AT_ATTRIBUTE", 20, |length| {
        format!("custom:{}", "a".repeat(length))
    }),
];

/// A host name of this length, made of short labels.
fn host(length: usize) -> String {
    let labels: String = "a.".repeat(length).chars().take(length - 1).collect();
    let labels = labels
        .strip_suffix('.')
        .map(|labels| format!("{labels}a"))
        .unwrap_or(labels);
    format!("{labels}a")
}

#[test]
fn a_form_says_how_long_a_value_may_be_and_how_large() {
    let mut held = BTreeSet::new();
    for (variables, function) in FUNCTIONS {
        let [known, _] = examples(variables);
        for (name, most, value) in LONGEST {
            let mut declared = variables.iter().copied().flatten();
            let Some(variable) = declared.find(|variable| variable.name == *name) else {
                continue;
            };
            for (length, is_taken) in [(*most, true), (*most + 1, false)] {
                let mut environment = known.clone();
                let value = value(length);
                environment.insert(name, &value);
                let (read, _) = read(function, &environment);
                assert_eq!(read.is_ok(), is_taken, "{name}={value}");
            }
            let (ja, en) = (variable.form.ja, variable.form.en);
            let number = most.to_string();
            let says = |form: &str| form.replace(',', "").contains(&number);
            assert!(says(ja) && says(en), "{name}: {ja} {en}");
            held.insert(*name);
        }
    }
    assert_eq!(held.len(), LONGEST.len());
}
