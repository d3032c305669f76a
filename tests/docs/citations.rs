//! Tests of what comments and documents cite: each cited section of `docs/contract.md`, paragraph
//! of a standard, and file of the repository exists. Nothing may be cited that readers can't look
//! up: they have the repository and the public web.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use fancy_regex::Regex;
use markdown::Document;

use crate::contract;
use crate::sources::{Source, root};

/// The paragraphs of standards that may be cited. Look up a new one in its standard before you add
/// it here.
const PARAGRAPHS: &[(&str, &str)] = &[
    ("FIPS 186-5", "5.1"),
    (
        "OIDC Core",
        "2 3.1.2 3.1.2.1 3.1.2.2 3.1.2.3 3.1.2.4 3.1.2.6 3.1.2.7 3.1.3 3.1.3.3 3.1.3.6 3.1.3.7 \
         3.1.3.8 5.1 5.1.1 5.3 5.3.1 5.3.2 5.4 5.6.2 6 6.1 6.2 8.1 9 10.1 10.1.1 12 12.2 \
         15.5.2 16",
    ),
    ("OIDC Discovery", "3 4 4.3"),
    ("RFC 3279", "2.2.3"),
    ("RFC 3986", "2"),
    ("RFC 4648", "3.5"),
    ("RFC 5280", "4.1 4.1.2.7 4.2.1.10"),
    ("RFC 5480", "2.1.1"),
    ("RFC 6265", "5.4 6.1"),
    ("RFC 6265bis", "4.1.3 5.6 5.8.3"),
    (
        "RFC 6749",
        "1.5 2.3 2.3.1 3.1 3.1.2 3.2 3.2.1 3.3 4.1.1 4.1.2 4.1.2.1 4.1.3 4.4 5.1 5.2 6 10.5 10.12 \
         A.11",
    ),
    ("RFC 6750", "2.1 2.2 2.3 3 3.1"),
    ("RFC 6761", "6.3"),
    ("RFC 6797", "7.2"),
    ("RFC 7009", "2.1 2.2"),
    ("RFC 7515", "2 4 4.1 4.1.4 4.1.9 4.1.11 5.2 7.1"),
    ("RFC 7517", "4 4.1 4.2 4.3 4.4 4.5 5 8.5.1"),
    (
        "RFC 7518",
        "2 3.1 3.2 3.3 3.4 3.5 4.1 6 6.2.1 6.2.1.1 6.2.1.2 6.2.2 6.2.2.1 6.3.1 6.3.2 6.3.2.7 6.4.1",
    ),
    ("RFC 7519", "2 4 4.1.3 4.1.5 5.2 7.2"),
    ("RFC 7521", "4.2"),
    ("RFC 7523", "2.2 3"),
    ("RFC 7636", "4.1 4.2 4.3 4.5 4.6"),
    ("RFC 7638", "3 3.1"),
    ("RFC 8037", "2"),
    ("RFC 8252", "7.1"),
    ("RFC 8259", "7 8.1"),
    ("RFC 8452", "5"),
    ("RFC 8725", "3.1 3.11"),
    ("RFC 9068", "2.2.3"),
    (
        "RFC 9110",
        "6.6.1 7.6.1 9.1 9.3.2 10.1.5 10.2.3 11.1 12.4.2 12.5.3 12.5.4 15.4.4 15.5.6",
    ),
    ("RFC 9112", "3.2 9.6"),
    ("RFC 9207", "2.4 3"),
    ("RFC 9562", "5.4"),
    (
        "RFC 9700",
        "2.1 2.1.1 2.6 4.1.3 4.2 4.2.4 4.3.2 4.4 4.5 4.5.3.1 4.7 4.7.1 4.8 4.8.2 4.11 4.12 4.16",
    ),
    ("SEC 1", "2.3.3"),
    ("SP 800-186", "3.2.1.3"),
    ("Secure Contexts", "3.1"),
    ("UAX #9", "2.1 2.6"),
    ("Unicode", "23.7"),
    ("WHATWG URL", "5.1"),
];

/// The pattern of the names of standards in citations.
const STANDARD: &str = concat!(
    r"RFC \d{4}(?:bis)?|(?:OIDC|OpenID Connect) (?:Core|Discovery)|FIPS \d+-\d|JIS X \d+|",
    r"ISO/IEC \d+|UAX #\d+|SEC 1(?= §)|SP 800-186|WHATWG URL|Secure Contexts|Unicode(?= §)",
);

/// How the names of standards begin: a quick look, before the pattern is searched for.
const BEGINNINGS: [&str; 11] = [
    "RFC ", "OIDC ", "OpenID ", "FIPS ", "JIS ", "ISO/", "UAX ", "SEC 1", "SP 800", "WHATWG ", "§",
];

/// The paragraphs of a standard that are cited after its name.
const NUMBERS: &str = r"(?:(?:,|、|–| and| to)? ?§[A-Z]?[\d.]*\d)+";

/// The pattern of what nobody can look up: numbers without an address, and folders of one machine.
const NOBODY_HAS: &str = r"(?i:\b(?:issue|ticket|finding|decision) #?\d+)|/(?:home|root|Users)/";

/// Every comment and every line of a document, each with its place (`path:line`) before its text.
/// With `code`, also every line of Rust code, because strings may cite, too.
fn sentences(code: bool) -> Vec<(String, String)> {
    let mut sentences = Vec::new();
    for source in Source::all() {
        let is_read = source.ending() == "md" || code && source.ending() == "rs";
        // The lines of this folder are left out: they have this list and the tests' own examples.
        if is_read && !source.path.starts_with("tests/docs/") {
            for (line, text) in source.text.lines().enumerate() {
                sentences.push((format!("{}:{}", source.path, line + 1), text.to_owned()));
            }
        }
        for comment in source.comments() {
            sentences.push((format!("{}:{}", source.path, comment.line), comment.text));
        }
    }
    assert!(sentences.len() > 5_000, "{}", sentences.len());
    sentences
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap()
}

/// All matches of a pattern's first group.
fn found<'a>(pattern: &Regex, text: &'a str) -> Vec<&'a str> {
    let captures = pattern.captures_iter(text).map(Result::unwrap);
    captures.map(|one| one.get(1).unwrap().as_str()).collect()
}

#[test]
fn every_section_of_the_contract_that_is_cited_is_there() {
    let sections = contract::sections();
    let cited = regex(r"\b[Cc]ontract,? ?((?:(?:, | and | to )?[SCA]\d+)+|§\S+)");
    let one = regex(r"([SCA]\d+|§\S+)");
    let mut all = BTreeSet::new();
    for (place, text) in sentences(false) {
        let cited = found(&cited, &text);
        for section in cited.iter().flat_map(|sections| found(&one, sections)) {
            assert!(
                sections.contains(section),
                "{place} cites contract {section}"
            );
            all.insert(section.to_owned());
        }
    }
    assert!(all.len() > 5, "{all:?}");
}

#[test]
fn every_standard_that_is_cited_is_listed_with_the_paragraph() {
    let paragraphs: BTreeMap<_, BTreeSet<_>> = PARAGRAPHS
        .iter()
        .map(|(standard, paragraphs)| (*standard, paragraphs.split(' ').collect()))
        .collect();
    let standard = regex(&format!("({STANDARD})"));
    let paragraph = regex(&format!(r"(?:{STANDARD})({NUMBERS})"));
    let number = regex(r"§([A-Z]?[\d.]*\d)");
    let name = |cited: &str| cited.replace("OpenID Connect", "OIDC");
    let mut cited = BTreeSet::new();
    let mut cited_paragraphs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, text) in sentences(true) {
        if !BEGINNINGS.iter().any(|beginning| text.contains(beginning)) {
            continue;
        }
        cited.extend(found(&standard, &text).into_iter().map(name));
        for captures in paragraph.captures_iter(&text) {
            let captures = captures.unwrap();
            let of = name(found(&standard, captures.get(0).unwrap().as_str())[0]);
            let numbers = found(&number, captures.get(1).unwrap().as_str());
            let numbers = numbers.into_iter().map(str::to_owned);
            cited_paragraphs.entry(of).or_default().extend(numbers);
        }
    }
    let listed = contract::standards();
    let missing: Vec<_> = cited.difference(&listed).collect();
    assert!(
        missing.is_empty(),
        "docs/contract.md doesn't list {missing:?}"
    );
    let unused: Vec<_> = listed.difference(&cited).collect();
    assert!(unused.is_empty(), "nobody cites {unused:?} any more");
    let unknown: Vec<_> = cited_paragraphs
        .iter()
        .flat_map(|(standard, cited)| cited.iter().map(move |one| (standard, one)))
        .filter(|(standard, one)| {
            let known = paragraphs.get(&***standard);
            known.is_none_or(|known| !known.contains(&***one))
        })
        .map(|(standard, one)| format!("{standard} §{one}"))
        .collect();
    assert!(
        unknown.is_empty(),
        "look whether these are there, and add them to PARAGRAPHS: {unknown:?}"
    );
    for (standard, known) in &paragraphs {
        let cited = cited_paragraphs.get(*standard).cloned().unwrap_or_default();
        let unused: Vec<_> = known.iter().filter(|one| !cited.contains(**one)).collect();
        assert!(
            unused.is_empty(),
            "nobody cites {standard} {unused:?} any more"
        );
    }
}

#[test]
fn every_file_that_a_comment_names_is_there() {
    let sources = Source::all();
    let paths: BTreeSet<_> = sources.iter().map(|source| &*source.path).collect();
    let cited = regex(
        r"(?<![\w./:*{-])((?:[\w-]+/)*[\w-]+(?:\.en)?\.(?:rs|md|yaml|toml|mjs|py|guard|html|css))\b",
    );
    let mut count = 0;
    for source in &sources {
        for comment in source.comments() {
            for name in found(&cited, &comment.text) {
                let is_there = paths.iter().any(|path| {
                    path.strip_suffix(name)
                        .is_some_and(|before| before.is_empty() || before.ends_with('/'))
                });
                let (path, line) = (&source.path, comment.line);
                assert!(is_there, "{path}:{line} names {name}");
                count += 1;
            }
        }
    }
    assert!(count > 30, "{count}");
}

/// This includes what the functions tell an operator, and what the commands print.
#[test]
fn every_document_and_heading_that_a_text_names_is_there() {
    let document = regex(r"(docs/[a-z-]+(?:\.en)?\.md)");
    let heading = regex(
        r"「([^」]{1,60})」）?（?`?docs/|`docs/[a-z-]+\.md` の「([^」]{1,60})」|“([^”]{1,60})” in `docs/",
    );
    let mut headings = BTreeSet::new();
    for file in fs::read_dir(root().join("docs")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let text = fs::read_to_string(path).unwrap();
            headings.extend(
                Document::read(&text)
                    .headings()
                    .into_iter()
                    .map(|one| one.plain),
            );
        }
    }
    let plain = |text: &str| text.replace('’', "'");
    let headings: BTreeSet<_> = headings.iter().map(|one| plain(one)).collect();
    for source in Source::all() {
        for name in found(&document, &source.text) {
            assert!(root().join(name).is_file(), "{} names {name}", source.path);
        }
        // A string may continue on the next line.
        let joined = regex(r"\\\n\s*").replace_all(&source.text, "").into_owned();
        for captures in heading.captures_iter(&joined) {
            let captures = captures.unwrap();
            let name = captures.iter().skip(1).flatten().next().unwrap().as_str();
            let (path, name) = (&source.path, plain(name));
            assert!(
                headings.contains(&name),
                "{path} names the heading {name:?}"
            );
        }
    }
}

#[test]
fn nothing_is_cited_that_nobody_outside_has() {
    let nobody_has = regex(&format!("({NOBODY_HAS})"));
    for (place, text) in sentences(false) {
        let cited = found(&nobody_has, &text);
        assert!(cited.is_empty(), "{place} cites {cited:?}");
    }
}
