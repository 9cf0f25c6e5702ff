//! What the table and the JSON show.

use std::time::Duration;

use rotation_bench::{Kind, Passed, Share, Traffic, document, draw};
use serde_json::Value;

use crate::fixture::{comparison, measured, sample, series};

fn both() -> rotation_bench::Comparison {
    let whole = vec![series(Share::Whole, Duration::ZERO, vec![sample(4, 9)])];
    let mut ours = measured("ours", Kind::Ours, whole);
    let database = Passed { connections: 2, round_trips: 9, bytes: 7168 };
    ours.traffic = Some(Traffic { store: Passed::default(), database });
    let mut aws = measured("AWS", Kind::Aws, Vec::new());
    aws.failure = Some("it cannot".to_owned());
    comparison(vec![ours, aws])
}

/// The cells of a row.
fn row<'a>(table: &'a str, label: &str) -> Vec<&'a str> {
    let line = table.lines().find(|line| line.starts_with(label)).expect("the row is there");
    line[label.len()..].split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

/// A subject that fails has no figure at all, and the reason is below the table.
#[test]
fn a_failure_is_not_zero() {
    let table = draw(&both(), Duration::ZERO);
    assert_eq!(row(&table, "cold rotation: start and four steps, ms"), ["40", "not measured"]);
    assert_eq!(row(&table, "connections to the database"), ["2", "not measured"]);
    assert_eq!(row(&table, "to and from the database, KiB"), ["7", "not measured"]);
    assert!(table.contains("AWS is not measured, as it fails: it cannot"), "{table}");
    assert!(!table.contains("share of 128 MB"), "nothing was measured at it: {table}");
}

/// The same in JSON, as null.
#[test]
fn json_has_null_for_what_is_missing() {
    let json = document("a machine", &[both()], &[], &[]);
    let subject = |index: usize| &json["comparisons"][0]["subjects"][index];
    assert_eq!(subject(0)["conditions"][0]["figures"]["cold_ms"], 40.0);
    assert_eq!(subject(0)["conditions"][0]["times_ours_by_pairs"]["cold_ms"], 1.0);
    assert_eq!(subject(0)["zip_bytes"], Value::Null);
    assert_eq!(subject(1)["database_bytes"], Value::Null);
    assert_eq!(subject(1)["failure"], "it cannot");
}
