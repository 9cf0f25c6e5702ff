//! Names of tests are short: the module is the situation, the name is the case, and the claim is the comment
//! above it. And no file of tests is left out of its crate.

use std::{collections::BTreeSet, path::Path};

use crate::texts::texts_of;

/// The most characters that a name has.
const LONGEST: usize = 60;
/// The most characters that half of the names have.
const MEDIAN: usize = 35;

/// The functions under an attribute such as `#[test]` or `#[tokio::test]`, each with its file.
fn tests() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (file, text) in texts_of("rs") {
        let mut is_test = false;
        for line in text.lines().map(str::trim_start) {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            let name = line.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
            if let Some((name, _)) = name.filter(|_| is_test) {
                found.push((file.clone(), name.to_owned()));
                is_test = false;
            }
        }
    }
    found
}

#[test]
fn names_are_short() {
    let tests = tests();
    let mut lengths: Vec<usize> = tests.iter().map(|(_, name)| name.len()).collect();
    lengths.sort_unstable();
    assert!(lengths.len() > 1000, "{} tests were found", lengths.len());
    let long: Vec<_> = tests.iter().filter(|(_, name)| name.len() > LONGEST).collect();
    assert!(long.is_empty(), "names over {LONGEST} characters: {long:#?}");
    let median = lengths[lengths.len() / 2];
    assert!(median <= MEDIAN, "half of the names have over {median} characters");
}

/// A file that no `mod` names is never compiled, and its tests never run.
#[test]
fn every_file_is_a_module() {
    let files: Vec<_> = texts_of("rs").filter(|(file, _)| file.contains("tests/it/")).collect();
    let declared: BTreeSet<String> = files
        .iter()
        .flat_map(|(file, text)| {
            let path = Path::new(file);
            let is_root = path.ends_with("it/main.rs");
            let folder = if is_root { path.with_file_name("") } else { path.with_extension("") };
            let lines = text.lines().map(str::trim_start).map(|line| line.trim_start_matches("pub(crate) "));
            let names = lines.filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
            let names: Vec<_> = names.map(|name| folder.join(name)).collect();
            names.into_iter().filter_map(|path| Some(path.to_str()?.to_owned()))
        })
        .collect();
    assert!(declared.len() > 100, "{} modules were found", declared.len());
    let lost: Vec<_> = files
        .iter()
        .map(|(file, _)| file.trim_end_matches(".rs"))
        .filter(|file| !file.ends_with("it/main") && !declared.contains(*file))
        .collect();
    assert!(lost.is_empty(), "no `mod` names {lost:#?}");
}
