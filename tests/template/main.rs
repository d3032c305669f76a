//! What `sam deploy` would make, read from the translated template: in every combination of settings the parts fit each other,
//! the functions take their environment, and nobody has a right too many. `cargo xtask template` translates, and runs this;
//! `TEMPLATE`, `OBSERVABILITY`, `EDGE` and `SAMCONFIG` say where
//! they are, as JSON.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

mod accepted;
mod alarms;
mod api;
mod cloudformation;
mod cloudwatch;
mod combinations;
mod contents;
mod edge;
mod expected;
mod limits;
mod observability;
mod outputs;
mod parameters;
mod places;
mod rights;
mod settings;
mod user_pool;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use cloudformation::{Stack, Template};
use combinations::every_combination;
use serde_json::Value;

/// The template of the stack, translated.
fn template() -> Template {
    Template::read(&said("TEMPLATE"))
}

/// The template of what watches it.
fn observability() -> Template {
    Template::read(&said("OBSERVABILITY"))
}

/// The template of what may stand in front of it.
fn edge() -> Template {
    Template::read(&said("EDGE"))
}

fn said(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} must name a template; `cargo xtask template` does"))
}

/// A stack for every combination of parameters: made once, and looked at by every test.
static STACKS: LazyLock<Vec<(BTreeMap<String, String>, Stack)>> = LazyLock::new(|| {
    let template = template();
    let combinations = every_combination().into_iter();
    let stacks = combinations.map(|given| {
        let stack = template.stack(expected::STACK, &given);
        let stack = stack.unwrap_or_else(|refused| panic!("{refused:?}: {given:?}"));
        (given, stack)
    });
    stacks.collect()
});

/// What has to hold of a stack however it is set up.
fn in_every_combination(check: impl Fn(&Stack, &BTreeMap<String, String>)) {
    assert!(STACKS.len() > 1_000, "{}", STACKS.len());
    for (given, stack) in STACKS.iter() {
        check(stack, given);
    }
}

impl Stack {
    fn of_type(&self, kind: &str) -> impl Iterator<Item = (&str, &Value)> {
        let found = self
            .resources
            .iter()
            .filter(move |(_, resource)| resource["Type"] == kind);
        found.map(|(id, resource)| (id.as_str(), &resource["Properties"]))
    }

    fn properties(&self, id: &str) -> &Value {
        let resource = self
            .resources
            .get(id)
            .unwrap_or_else(|| panic!("there is no {id}"));
        &resource["Properties"]
    }

    /// The environment of a function.
    fn environment(&self, function: &str) -> BTreeMap<String, String> {
        let variables = &self.properties(function)["Environment"]["Variables"];
        let variables = variables.as_object().unwrap().iter();
        variables
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect()
    }
}
