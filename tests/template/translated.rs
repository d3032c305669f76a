//! The translated templates, and a stack for every combination of parameters.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::cloudformation::{STACK, Stack, Template};
use crate::combinations::every_combination;
use serde_json::Value;

/// The translated template of the stack.
pub(crate) fn template() -> Template {
    Template::read(&said("TEMPLATE"))
}

/// The translated template of the observability.
pub(crate) fn observability() -> Template {
    Template::read(&said("OBSERVABILITY"))
}

/// The translated template of CloudFront in front.
pub(crate) fn edge() -> Template {
    Template::read(&said("EDGE"))
}

pub(crate) fn said(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} must name a template; `cargo xtask template` does"))
}

/// A stack for every combination of parameters. They are made once and used by all tests.
pub(crate) static STACKS: LazyLock<Vec<(BTreeMap<String, String>, Stack)>> = LazyLock::new(|| {
    let template = template();
    let combinations = every_combination().into_iter();
    let stacks = combinations.map(|given| {
        let stack = template.stack(STACK, &given);
        let stack = stack.unwrap_or_else(|refused| panic!("{refused:?}: {given:?}"));
        (given, stack)
    });
    stacks.collect()
});

/// Runs a check on every stack.
pub(crate) fn in_every_combination(check: impl Fn(&Stack, &BTreeMap<String, String>)) {
    assert!(STACKS.len() > 1_000, "{}", STACKS.len());
    for (given, stack) in STACKS.iter() {
        check(stack, given);
    }
}

impl Stack {
    pub(crate) fn of_type(&self, kind: &str) -> impl Iterator<Item = (&str, &Value)> {
        let found = self
            .resources
            .iter()
            .filter(move |(_, resource)| resource["Type"] == kind);
        found.map(|(id, resource)| (id.as_str(), &resource["Properties"]))
    }

    pub(crate) fn properties(&self, id: &str) -> &Value {
        let resource = self
            .resources
            .get(id)
            .unwrap_or_else(|| panic!("there is no {id}"));
        &resource["Properties"]
    }

    /// The environment of a function.
    pub(crate) fn environment(&self, function: &str) -> BTreeMap<String, String> {
        let variables = &self.properties(function)["Environment"]["Variables"];
        let variables = variables.as_object().unwrap().iter();
        variables
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect()
    }
}
