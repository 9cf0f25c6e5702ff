//! The tables of docs/explanation/semantics.md: each guarantee names the tests that check it, which exist,
//! and links to the files in which they are. `UPDATE_EXPECT=1 cargo test -p workspace-tests guarantees`
//! writes the links.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::PathBuf,
};

use crate::texts::texts_of;

/// A guarantee is taken back by a decision, which lowers this number, and not by an edit.
const LEAST_ROWS: usize = 202;

fn semantics() -> (PathBuf, String) {
    let path = super::root().join("docs/explanation/semantics.md");
    let text = fs::read_to_string(&path).expect("docs/explanation/semantics.md");
    (path, text)
}

fn is_name(text: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    text.bytes().all(is_part) && text.contains('_')
}

/// The files in which each test is: as a function, or as a line of a macro that makes functions.
fn files_of_tests() -> BTreeMap<String, BTreeSet<String>> {
    let mut files: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, text) in texts_of("rs") {
        for line in text.lines() {
            let line = line.trim_start();
            let function = line.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
            let name = function.map(|(name, _)| name).or_else(|| line.split([' ', ',']).next());
            if let Some(name) = name.filter(|name| is_name(name)) {
                files.entry(name.to_owned()).or_default().insert(file.clone());
            }
        }
    }
    files
}

/// The rows of tables whose last columns are "Tested by" and "Where", by the numbers of their lines.
fn rows(text: &str) -> Vec<(usize, &str)> {
    let mut rows = Vec::new();
    let mut within = false;
    for (number, line) in text.lines().enumerate() {
        if !line.starts_with('|') {
            within = false;
        } else if line.contains("| Tested by |") {
            within = true;
        } else if within && !line.starts_with("|---") {
            rows.push((number, line));
        }
    }
    rows
}

/// The names of tests in the cell before the last one.
fn tests_of(row: &str) -> Vec<&str> {
    let cells: Vec<_> = row.trim_matches('|').rsplitn(3, " | ").collect();
    let cell = cells.get(1).copied().unwrap_or_default();
    let words = cell.split('`').skip(1).step_by(2);
    words.filter(|word| is_name(word)).collect()
}

/// The last cell as it has to be.
fn links(tests: &[&str], files: &BTreeMap<String, BTreeSet<String>>) -> String {
    let found: BTreeSet<_> = tests.iter().filter_map(|test| files.get(*test)).flatten().collect();
    let link = |file: &&String| {
        let name = file.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
        format!("[{name}](../../{file})")
    };
    if found.is_empty() { "—".to_owned() } else { found.iter().map(link).collect::<Vec<_>>().join(", ") }
}

#[test]
fn no_guarantee_is_lost() {
    let (_, text) = semantics();
    let rows = rows(&text);
    assert!(rows.len() >= LEAST_ROWS, "{} guarantees, {LEAST_ROWS} before", rows.len());
}

/// Every test that a guarantee names exists.
#[test]
fn guarantees_name_existing_tests() {
    let (_, text) = semantics();
    let files = files_of_tests();
    let mut named = 0;
    for (number, row) in rows(&text) {
        let tests = tests_of(row);
        let others = ["the same", "the tests", "`scripts/"].iter().any(|other| row.contains(other));
        assert!(!tests.is_empty() || others, "line {} names no test: {row}", number + 1);
        for test in tests {
            assert!(files.contains_key(test), "line {} names the test {test}", number + 1);
            named += 1;
        }
    }
    assert!(named > 400, "only {named} tests are named");
    // In prose as well.
    for test in text.split('`').skip(1).step_by(2).filter(|word| is_name(word) && word.len() > 30) {
        assert!(files.contains_key(test), "docs/explanation/semantics.md names {test}");
    }
}

/// Every guarantee links to the files of its tests.
#[test]
fn guarantees_link_to_their_test_files() {
    let (path, text) = semantics();
    let files = files_of_tests();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (number, row) in rows(&text) {
        let (before, _) = row.trim_end_matches('|').trim_end().rsplit_once(" | ").expect("two cells");
        lines[number] = format!("{before} | {} |", links(&tests_of(row), &files));
    }
    let expected = lines.join("\n") + "\n";
    #[expect(clippy::disallowed_methods, reason = "the caller asks for the document to be written so")]
    let updates = env::var_os("UPDATE_EXPECT").is_some();
    if updates {
        fs::write(path, expected).expect("the document is ours");
        return;
    }
    let differs = text.lines().zip(expected.lines()).find(|(is, ought)| is != ought);
    assert!(text == expected, "run with UPDATE_EXPECT=1; the first line that differs: {differs:#?}");
}
