//! The tables of docs/reference against the code: fields of the outcome line, metrics.

use std::{collections::BTreeSet, fs};

fn read(path: &str) -> String {
    fs::read_to_string(super::root().join(path)).expect(path)
}

/// The words in backticks in the first cells of a document's rows.
fn first_cells(document: &str) -> BTreeSet<String> {
    let cells = document.lines().filter(|line| line.starts_with("| `"));
    let cells = cells.filter_map(|line| line.split('|').nth(1));
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

/// Texts that follow one of these in the source, up to the next quote.
fn texts_after(source: &str, before: &str) -> BTreeSet<String> {
    let found = source.split(before).skip(1).filter_map(|rest| rest.split('"').next());
    found.map(str::to_owned).collect()
}

/// Every field of the outcome line is documented.
#[test]
fn every_outcome_field_is_documented() {
    let source = read("crates/rotation-lambda/src/report.rs");
    let fields = source.split("let fields = [").nth(1).and_then(|rest| rest.split("];").next());
    let mut fields = texts_after(fields.expect("the list of fields"), "(\"");
    // A variable of Cargo's, and no field.
    fields.retain(|field| field.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
    fields.extend(["timestamp", "level", "message"].map(str::to_owned));
    assert!(fields.len() > 20, "{fields:?}");
    let document = read("docs/reference/log-fields.md");
    let table = document.split("\n| `outcome` | Meaning |").next().expect("the table of fields");
    assert_eq!(first_cells(table), fields);
}

#[test]
fn every_metric_is_documented() {
    let sources =
        read("crates/rotation-lambda/src/report.rs") + &read("crates/rotation-lambda/src/metrics.rs");
    let is_metric = |name: &String| {
        ["\", \"Milliseconds\"", "\", \"Count\""]
            .iter()
            .any(|unit| sources.contains(&format!("\"{name}{unit}")))
    };
    let metrics: BTreeSet<_> = texts_after(&sources, "(\"").into_iter().filter(is_metric).collect();
    assert!(metrics.len() >= 7, "{metrics:?}");
    assert_eq!(first_cells(&read("docs/reference/metrics.md")), metrics);
}
