//! Tests that the documents' statements about the deployment agree with the templates: the names of
//! parameters and outputs, the alarms, and the items of the costs. A document that names something
//! that no longer exists leads people astray in the middle of a deployment.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use markdown::{Document, Text};

use crate::documented::{rows, text as read};
use crate::workspace;

/// The documents, in both languages.
const DOCUMENTS: &[&str] = &[
    "docs/costs.md",
    "docs/costs.en.md",
    "docs/deploy.md",
    "docs/deploy.en.md",
    "docs/deploy-members.md",
    "docs/deploy-members.en.md",
    "docs/domains.md",
    "docs/domains.en.md",
    "docs/existing-pool.md",
    "docs/existing-pool.en.md",
    "docs/operation.md",
    "docs/operation.en.md",
    "docs/rotation.md",
    "docs/rotation.en.md",
    "docs/updates.md",
    "docs/updates.en.md",
];

/// Words of AWS that have the form of a parameter's name and are in none of our templates.
const WORDS_OF_AWS: &[&str] = &[
    "AdminLinkProviderForUser",
    "CloudFrontDomain",
    "Conditional",
    "DashboardsUsageHour",
    "PutSecretValue",
    "Replacement",
    "True",
];

/// The templates of the stack, of its observability, and of the optional CloudFront distribution in
/// front.
const TEMPLATES: [&str; 3] = [
    "template.yaml",
    "infra/observability.yaml",
    "infra/edge.yaml",
];

/// The names in a section of a template: the lines that are indented by two spaces.
fn names(template: &str, section: &str) -> BTreeSet<String> {
    let template = read(template);
    let (_, section) = template.split_once(&format!("\n{section}:\n")).unwrap();
    section
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with(' '))
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
        .filter(|name| name.chars().all(char::is_alphanumeric))
        .map(str::to_owned)
        .collect()
}

/// Whether a word has the form of a parameter's name: `DomainPrefix` has it; `STACK`, `tampering`
/// and `a b` don't.
fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_uppercase())
        && word.contains(|one: char| one.is_ascii_lowercase())
        && word.chars().all(|one| one.is_ascii_alphanumeric())
}

/// The words of a text: sequences of ASCII letters and digits.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|one: char| !one.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
}

#[test]
fn every_parameter_that_is_given_a_value_is_one() {
    let mut parameters = names("template.yaml", "Parameters");
    parameters.extend(names("infra/edge.yaml", "Parameters"));
    assert!(parameters.contains("ServiceClientId") && !parameters.contains("Api"));
    // Words of the command that filters the price list.
    let others = ["Type", "Field", "Value"];
    for document in DOCUMENTS {
        let text = read(document);
        let mut given = BTreeSet::new();
        let mut pieces = text.split('=').peekable();
        while let Some(piece) = pieces.next() {
            let comparison = pieces.peek().is_none_or(|next| next.is_empty());
            let word = piece
                .rsplit(|one: char| !one.is_ascii_alphanumeric())
                .next()
                .unwrap_or_default();
            if !comparison && is_name(word) && !others.contains(&word) {
                given.insert(word);
            }
        }
        for name in &given {
            assert!(parameters.contains(*name), "{document}: {name}=");
        }
        let gives = document.contains("deploy.") || document.contains("rotation");
        assert!(!gives || given.len() > 2, "{document}: {given:?}");
    }
}

#[test]
fn every_output_that_a_command_reads_is_one() {
    let outputs = names("template.yaml", "Outputs");
    assert!(outputs.contains("RedirectUri"));
    for document in DOCUMENTS {
        let text = read(document);
        let mut read = BTreeSet::new();
        for after in text.split("output ").skip(1) {
            read.extend(words(after).next().filter(|name| is_name(name)));
        }
        for name in &read {
            assert!(outputs.contains(*name), "{document}: output {name}");
        }
        assert!(!read.is_empty() || document.contains("costs"), "{document}");
    }
}

#[test]
fn every_name_in_code_is_in_a_template_or_is_of_aws() {
    let templates = TEMPLATES.map(read).concat();
    let there: BTreeSet<_> = words(&templates).collect();
    let mut of_aws = BTreeSet::new();
    for document in DOCUMENTS {
        let codes = Document::read(&read(document)).text().codes;
        for code in codes.into_iter().filter(|code| is_name(code)) {
            if !there.contains(&*code) {
                assert!(WORDS_OF_AWS.contains(&&*code), "{document}: `{code}`");
                of_aws.insert(code);
            }
        }
    }
    let needed: Vec<_> = of_aws.iter().map(String::as_str).collect();
    assert_eq!(needed, WORDS_OF_AWS, "no word that nobody needs");
}

/// The alarms of a template, each as the text of its resource.
fn alarms(template: &str) -> Vec<String> {
    let template = read(template);
    let (_, alarms) = template.split_once("Type: AWS::CloudWatch::Alarm").unwrap();
    alarms
        .split("Type: AWS::CloudWatch::Alarm")
        .map(|alarm| {
            let end = alarm.split("\n    Type: ").next().unwrap();
            end.split("\nOutputs:").next().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn every_alarm_has_its_line_and_no_other() {
    for (template, document, heading) in [
        (TEMPLATES[1], "docs/operation.md", "アラーム"),
        (TEMPLATES[1], "docs/operation.en.md", "Alarms"),
        (TEMPLATES[2], "docs/operation.md", "CloudFront と WAF"),
        (TEMPLATES[2], "docs/operation.en.md", "CloudFront and WAF"),
    ] {
        let mut expected: BTreeSet<_> = alarms(template)
            .iter()
            .map(|alarm| {
                let (_, name) = alarm.split_once("AlarmName: !Sub \"${Name}-").unwrap();
                name.split('"').next().unwrap().to_owned()
            })
            .collect();
        // The e-mails that a rule of Amazon EventBridge sends. They are no alarms of CloudWatch.
        let text = read(template);
        let told = text.lines().filter_map(|line| {
            let (name, _) = line.trim().strip_prefix("\"${Name}-")?.split_once(':')?;
            Some(name.to_owned())
        });
        expected.extend(told);
        let names = first_names(document, heading).into_iter();
        // Another table of the section has the rules of the firewall.
        let lines: Vec<_> = names.filter(|name| !rules().contains(name)).collect();
        assert_eq!(lines.len(), expected.len(), "{document}: each once");
        assert_eq!(BTreeSet::from_iter(lines), expected, "{document}");
    }
}

/// The names with which a section's rows begin: the word in code at the start of the first cell,
/// for example `keys` in "`keys` (e-mail only)".
fn first_names(document: &str, heading: &str) -> Vec<String> {
    let text = read(document);
    let rows = rows(&Document::read(&text).section(heading)).into_iter();
    let names = rows.filter_map(|row| {
        let first = row.into_iter().next()?;
        let name = first.codes.into_iter().next()?;
        first.plain.starts_with(&name).then_some(name)
    });
    names.collect()
}

/// The names of the firewall's rules, as its log has them.
fn rules() -> Vec<String> {
    let names = read("infra/edge.yaml");
    let names = names
        .lines()
        .filter_map(|line| line.strip_prefix("        - Name: "));
    names.map(str::to_owned).collect()
}

#[test]
fn every_rule_that_refuses_has_its_line() {
    let rules = rules();
    let (passes, refuse) = rules.split_first().unwrap();
    assert_eq!(passes, "amazon-cognito");
    for (document, heading) in [
        ("docs/operation.md", "CloudFront と WAF"),
        ("docs/operation.en.md", "CloudFront and WAF"),
    ] {
        let names = first_names(document, heading);
        for rule in refuse {
            assert!(names.contains(rule), "{document}: {rule}");
        }
    }
}

#[test]
fn the_costs_count_what_the_templates_make() {
    const OF_MEMBERS: &str = "Condition: HasMembers\n";
    let metrics = |template: &str, of_members: bool| -> usize {
        let alarms = alarms(template);
        let metrics = alarms
            .iter()
            .filter(|alarm| alarm.contains(OF_MEMBERS) == of_members)
            .map(|alarm| alarm.matches("MetricName: ").count());
        metrics.sum()
    };
    let template = read("template.yaml");
    let secrets = |is_counted: fn(&str) -> bool| {
        template
            .split("Type: AWS::SecretsManager::Secret\n")
            .skip(1)
            .filter_map(|secret| secret.split("Properties:\n").next())
            .filter(|secret| is_counted(secret))
            .count()
    };
    // Secrets that only CloudFront in front or members need are not counted here: their costs are
    // counted with these.
    let usual = |secret: &str| {
        !secret.contains("Condition: HasOriginDomain\n") && !secret.contains(OF_MEMBERS)
    };
    let dashboards = read("infra/observability.yaml")
        .matches("Type: AWS::CloudWatch::Dashboard")
        .count();
    for (document, lines) in [
        (
            "docs/costs.md",
            [
                "アラームのメトリクス",
                "Secrets Manager",
                "ダッシュボード",
                "AWS WAF のルール",
                "前に置いたもののアラームのメトリクス",
                "会員のシークレット",
                "会員のアラームのメトリクス",
            ],
        ),
        (
            "docs/costs.en.md",
            [
                "metrics of alarms",
                "Secrets Manager",
                "dashboards",
                "rules of AWS WAF",
                "metrics of the alarms in front",
                "the members' secret",
                "metrics of the members' alarms",
            ],
        ),
    ] {
        let text = read(document);
        let tables = Document::read(&text).tables();
        let counts = [
            metrics(TEMPLATES[1], false),
            secrets(usual),
            dashboards,
            rules().len(),
            metrics(TEMPLATES[2], false),
            secrets(|secret| secret.contains(OF_MEMBERS)),
            metrics(TEMPLATES[1], true),
        ];
        for (item, count) in lines.into_iter().zip(counts) {
            let mut rows = tables.iter().flat_map(|table| &table.rows);
            let is_told = rows.any(|row| begins_with(row, [item, &count.to_string()]));
            assert!(is_told, "{document}: {item} {count}");
        }
        // The sum of a table is the sum of its rows.
        let mut sums = 0;
        for table in tables {
            let Some((together, parts)) = table.rows.split_last() else {
                continue;
            };
            if ["合計", "together"]
                .iter()
                .any(|all| begins_with(together, [all, ""]))
            {
                let added: f64 = parts.iter().map(|row| last_number(row)).sum();
                let sum = last_number(together);
                assert!((added - sum).abs() < 0.005, "{document}: {added} {sum}");
                sums += 1;
            }
        }
        assert!(sums > 1, "{document}: {sums}");
    }
}

fn begins_with(row: &[Text], cells: [&str; 2]) -> bool {
    let first = row.iter().map(|cell| &*cell.plain).take(2);
    first.eq(cells)
}

/// The number in the last cell of a table's row.
fn last_number(row: &[Text]) -> f64 {
    let last = &row.last().unwrap().plain;
    last.parse()
        .unwrap_or_else(|_| panic!("no number: {last:?}"))
}

/// The anchor that GitHub makes from a heading: the part of a link after `#`.
fn anchor(heading: &str) -> String {
    heading
        .chars()
        .filter(|one| one.is_alphanumeric() || matches!(one, ' ' | '-' | '_'))
        .map(|one| if one == ' ' { '-' } else { one })
        .flat_map(char::to_lowercase)
        .collect()
}

/// The anchors of a document's headings.
fn anchors(document: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(document).unwrap();
    let headings = Document::read(&text).headings();
    headings.iter().map(|one| anchor(&one.plain)).collect()
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let root = workspace();
    let mut documents = Vec::new();
    let samples = fs::read_dir(root.join("samples")).unwrap();
    let mut folders = vec![root.clone(), root.join("docs")];
    folders.extend(samples.map(|sample| sample.unwrap().path()));
    for folder in folders {
        let files = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path());
        documents.extend(
            files.filter(|path| path.extension().is_some_and(|extension| extension == "md")),
        );
    }
    let mut links = 0;
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        for link in Document::read(&text).links() {
            if link.contains("://") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() {
                document.clone()
            } else {
                document.parent().unwrap().join(file)
            };
            let from = document.display();
            assert!(target.exists(), "{from}: {link}");
            assert!(
                heading.is_empty() || anchors(&target).contains(heading),
                "{from}: {link}"
            );
            links += 1;
        }
    }
    assert!(links > 100, "{links}");
}
