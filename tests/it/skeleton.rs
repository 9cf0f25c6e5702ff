//! The skeleton of an engine stays small, and so does what it asks of the rest of the repository.

use std::{collections::BTreeSet, fs, path::Path};

use super::texts::texts;

const FOLDER: &str = "examples/skeleton-engine/";
const PAGE: &str = "docs/adding-an-engine.md";
/// The most lines that the skeleton may have, of all its files.
const MOST_LINES: usize = 300;
/// The most files outside of it that may have to know it.
const MOST_PLACES: usize = 3;

/// The skeleton has three hundred lines at most.
#[test]
fn at_most_three_hundred_lines() {
    let files: Vec<_> = texts().into_iter().filter(|(name, _)| name.starts_with(FOLDER)).collect();
    assert!(files.len() >= 5, "this test looks for the wrong files");
    let lines: usize = files.iter().map(|(_, text)| text.lines().count()).sum();
    assert!(lines <= MOST_LINES, "{FOLDER} has {lines} lines, more than {MOST_LINES}");
}

/// The skeleton touches only the places that its page lists.
/// Prose, this test, and what Cargo writes by itself are no places that have to be changed.
#[test]
fn touches_the_places_its_page_lists() {
    let is_place = |name: &str| {
        !name.starts_with(FOLDER)
            && Path::new(name).extension().is_none_or(|extension| extension != "md")
            && name != "Cargo.lock"
            && name != "tests/it/skeleton.rs"
    };
    let knows = |text: &str| ["skeleton-engine", "skeleton_engine"].iter().any(|name| text.contains(name));
    let found: BTreeSet<String> = texts()
        .into_iter()
        .filter(|(name, text)| is_place(name) && knows(text))
        .map(|(name, _)| name)
        .collect();
    assert!(found.len() <= MOST_PLACES, "the skeleton touches {found:?}");
    let page = fs::read_to_string(super::root().join(PAGE)).expect("the page on new engines");
    let (_, places) = page.split_once("| Place | What it defines |").expect("the table of places");
    let rows = places.lines().skip(2).take_while(|line| line.starts_with('|'));
    let listed: BTreeSet<String> = rows.filter_map(|row| Some(row.split('`').nth(1)?.to_owned())).collect();
    assert_eq!(found, listed, "{PAGE} lists other places");
}
