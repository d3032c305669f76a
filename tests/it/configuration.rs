//! Tests the documentation's examples of configuration: environments, user pool and app client.

use demo::scopes::{self, Scopes};
use four_attributes::{PRODUCTION_ISSUER, SANDBOX_ISSUER};
use markdown::Document;
use serde_json::Value;
use user_pool::scope::{RESOURCE_SERVER, Scope};

/// The documents, in both languages.
const DOCUMENTS: [&str; 2] = [
    include_str!("../../docs/configuration.md"),
    include_str!("../../docs/configuration.en.md"),
];

/// The template chooses between the same two environments, by their issuers.
#[test]
fn the_environments_are_the_same_ones_everywhere() {
    let template = include_str!("../../template.yaml");
    for issuer in [SANDBOX_ISSUER, PRODUCTION_ISSUER] {
        assert!(template.contains(&format!(" {issuer}\n")), "{issuer}");
    }
}

/// The examples in JSON that are a single object.
fn examples(document: &str) -> Vec<Value> {
    let blocks = Document::read(document).blocks("json");
    let objects = blocks
        .iter()
        .filter_map(|block| serde_json::from_str(block).ok());
    objects.filter(Value::is_object).collect()
}

/// The member with this name. Exactly one example must have it.
fn the_one<'a>(examples: &'a [Value], name: &str) -> &'a Value {
    let mut found = examples.iter().filter_map(|example| example.get(name));
    let one = found.next().expect(name);
    assert_eq!(found.next(), None, "{name}");
    one
}

#[test]
fn the_examples_for_the_user_pool_are_what_the_functions_expect() {
    for document in DOCUMENTS {
        let examples = examples(document);
        assert_eq!(the_one(&examples, "Identifier"), RESOURCE_SERVER);
        let scopes = the_one(&examples, "Scopes").as_array().unwrap();
        let scopes: Vec<_> = scopes
            .iter()
            .map(|scope| scope["ScopeName"].as_str().unwrap())
            .collect();
        let known: Vec<_> = scopes::known().map(Scope::name).collect();
        assert_eq!(scopes, known);

        let asked = the_one(&examples, "AllowedOAuthScopes").as_array().unwrap();
        let asked: Vec<_> = asked.iter().map(|scope| scope.as_str().unwrap()).collect();
        assert!(Scopes::parse(&asked.join(" ")).is_ok(), "{asked:?}");

        // The app client may write every mapped attribute, and read none of them.
        let written = the_one(&examples, "WriteAttributes").as_array().unwrap();
        let read = the_one(&examples, "ReadAttributes").as_array().unwrap();
        for attribute in written {
            let name = attribute.as_str().unwrap();
            assert!(document.contains(&format!("`{name}`→`")), "{name}");
            assert!(!read.contains(attribute), "{name}");
        }
        assert_eq!(written.len(), document.matches("`→`").count());

        let schema = the_one(&examples, "Schema").as_array().unwrap();
        let custom: Vec<_> = schema
            .iter()
            .map(|one| format!("custom:{}", one["Name"].as_str().unwrap()))
            .collect();
        let mapped = written.iter().filter_map(Value::as_str);
        let mapped: Vec<_> = mapped.filter(|name| name.starts_with("custom:")).collect();
        assert_eq!(custom, mapped);
    }
}
