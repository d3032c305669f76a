//! Tests of `docs/members*.md`: the tables of failures name every class that an app of members
//! meets, with its status; the table of requests has every route; and both languages have the same.

use std::collections::BTreeSet;
use std::fs;

use function_kit::failure::Bilingual;
use markdown::{Document, Table};
use relying_party::Class;
use verification::router::Operation;

use crate::generated::folder;
use crate::table::{LANGUAGES, file, say};

/// The heading of the tables of failures, and the one of the table of requests.
const FAILURES: Bilingual = Bilingual {
    en: "When it fails",
    ja: "失敗したとき",
};
const REQUESTS: Bilingual = Bilingual {
    en: "The API",
    ja: "API",
};

/// The tables of a section, in the document of a language.
fn tables(section: Bilingual, language: usize) -> Vec<Table> {
    let language = LANGUAGES[language];
    let text = fs::read_to_string(folder().join(file("members", language))).unwrap();
    let tables = Document::read(&text)
        .section(say(section, language))
        .tables();
    assert!(!tables.is_empty());
    tables
}

fn class(name: &str) -> Class {
    let mut all = Class::ALL.iter();
    let class = all.find(|class| class.name() == name);
    *class.unwrap_or_else(|| panic!("{name} is no class"))
}

/// The classes that are reported at such a place.
fn at(is_place: impl Fn(&str) -> bool) -> impl Iterator<Item = &'static str> {
    let classes = Class::ALL.iter();
    let classes = classes.filter(move |class| is_place(class.place().words.en));
    classes.map(|class| class.name())
}

#[test]
fn every_class_that_the_members_api_alone_reports_is_there_with_its_status() {
    let tables = tables(FAILURES, 1);
    let [_, of_the_api] = &tables[..] else {
        panic!("{}", tables.len());
    };
    let mut named = BTreeSet::new();
    for row in &of_the_api.rows {
        let [classes, status, ..] = &row[..] else {
            panic!("{row:?}");
        };
        assert!(!classes.codes.is_empty(), "{row:?}");
        for name in &classes.codes {
            assert_eq!(class(name).status().as_str(), status.plain, "{name}");
            assert!(named.insert(name.as_str()), "twice: {name}");
        }
    }
    for name in at(|place| place.starts_with("`/verifications`")) {
        assert!(named.contains(name), "{name}");
    }
}

#[test]
fn every_class_that_the_bridge_sends_to_a_return_url_is_there() {
    let tables = tables(FAILURES, 1);
    let rows = tables[0].rows.iter();
    let mut named: Vec<_> = rows.flat_map(|row| &row[0].codes).cloned().collect();
    // An answer of `/callback` to a client is one to the app of a member, too.
    let mut sent: Vec<_> = at(|place| place.contains("`/callback`") && place.contains("302"))
        .map(str::to_owned)
        .collect();
    // Anywhere: also there.
    sent.extend(["internal", "secrets_unavailable"].map(str::to_owned));
    sent.sort();
    sent.dedup();
    named.sort();
    assert_eq!(named, sent);
}

#[test]
fn the_pages_of_the_bridge_that_a_member_can_meet_are_named() {
    for language in LANGUAGES {
        let text = fs::read_to_string(folder().join(file("members", language))).unwrap();
        let section = Document::read(&text)
            .section(say(FAILURES, language))
            .text();
        for name in at(|place| place.starts_with("`/verify`: page")) {
            assert!(section.codes.iter().any(|code| code == name), "{name}");
        }
    }
}

#[test]
fn every_request_of_the_members_api_is_there() {
    let [requests] = &tables(REQUESTS, 1)[..] else {
        panic!("one table");
    };
    let named: Vec<_> = requests
        .rows
        .iter()
        .filter_map(|row| row[0].code())
        .collect();
    let routes = Operation::ALL.map(|operation| {
        let (method, path) = operation.route();
        format!("{method} {path}")
    });
    assert_eq!(named, routes);
}

#[test]
fn both_languages_have_the_same_classes_and_requests() {
    for section in [FAILURES, REQUESTS] {
        let codes = |language| -> Vec<Vec<String>> {
            let tables = tables(section, language);
            let rows = tables.into_iter().flat_map(|table| table.rows);
            rows.map(|row| row[0].codes.clone()).collect()
        };
        assert_eq!(codes(0), codes(1));
    }
}
