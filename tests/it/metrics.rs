//! Compares the documentation's tables of metrics with the code: the tables have every metric that
//! a function writes, in the order of the code, with its unit and the sets of dimensions that a
//! dashboard or an alarm has to name.
//! The lines in which functions write metrics are tested beside that code.

use function_kit::failure::Concern;
use function_kit::metrics::{COLD_START, Count, Refused, START_DURATION, Step};
use markdown::Document;

/// The names, units and dimensions in a document's table of metrics, without what depends on the
/// language.
fn documented(document: &str, heading: &str) -> Vec<[String; 3]> {
    let rows = Document::read(document).section(heading).table().rows;
    let rows = rows.iter().map(|row| {
        let [metric, unit, dimensions, when] = &row[..] else {
            panic!("four cells: {row:?}");
        };
        assert!(metric.code().is_some() && !when.plain.is_empty(), "{row:?}");
        let dimensions = dimensions.plain.replace('、', ", ").replace('＋', " + ");
        [metric.plain.clone(), unit.plain.clone(), dimensions]
    });
    rows.collect()
}

#[test]
fn every_metric_is_documented_with_its_unit_and_its_dimensions() {
    let row =
        |name: &str, unit: &str, dimensions: &str| [name, unit, dimensions].map(str::to_owned);
    let count = |one: &Count| row(one.name(), "Count", "Stack");
    let by_class = "Stack, Stack + Class, Stack + Concern";
    let refused = |one: &Refused| row(one.name(), "Count", by_class);
    let step = |one: &Step| row(one.name(), "Milliseconds", "Stack");
    let start = [
        row(COLD_START, "Count", "Stack + Function"),
        row(START_DURATION, "Milliseconds", "Stack + Function"),
    ];
    let mut expected: Vec<_> = Count::ALL.iter().map(count).collect();
    expected.extend(Refused::ALL.iter().map(refused));
    expected.extend(start);
    expected.extend(Step::ALL.iter().map(step));
    for (document, heading) in [
        (include_str!("../../docs/architecture.md"), "メトリクス"),
        (include_str!("../../docs/architecture.en.md"), "Metrics"),
    ] {
        assert_eq!(documented(document, heading), expected);
    }
}

#[test]
fn every_value_of_concern_is_documented() {
    let names = || Concern::ALL.iter().map(|one| format!("`{}`", one.name()));
    let list = |separator: &str| names().collect::<Vec<_>>().join(separator);
    for (document, text, separator) in [
        ("failures", include_str!("../../docs/failures.md"), "、"),
        (
            "failures.en",
            include_str!("../../docs/failures.en.md"),
            ", ",
        ),
        (
            "architecture",
            include_str!("../../docs/architecture.md"),
            "、",
        ),
        (
            "architecture.en",
            include_str!("../../docs/architecture.en.md"),
            ", ",
        ),
    ] {
        assert!(text.contains(&list(separator)), "{document}");
    }
    for text in [
        include_str!("../../docs/operation.md"),
        include_str!("../../docs/operation.en.md"),
    ] {
        let tables = Document::read(text).tables().into_iter();
        let mut rows = tables.flat_map(|table| table.rows);
        let codes = rows.find_map(|row| {
            let codes: Vec<_> = row.into_iter().flat_map(|cell| cell.codes).collect();
            codes.iter().any(|code| code == "operator").then_some(codes)
        });
        let codes = codes.unwrap();
        assert!(
            Concern::ALL
                .iter()
                .all(|one| codes.contains(&one.name().to_owned()))
        );
    }
}
