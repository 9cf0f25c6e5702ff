//! What is built for tests is run, and what is built twice is built the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

fn cargo(arguments: &[&str]) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    let output = cargo.args(arguments).args(["--offline", "--locked"]).current_dir(super::root()).output();
    let output = output.expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("names are UTF-8")
}

/// The file of a crate's root and those of its modules, as the lines `mod name;` lead to them.
fn modules(root: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) =
        (Vec::new(), vec![(root.to_owned(), root.parent().expect("a folder").to_owned())]);
    while let Some((file, folder)) = open.pop() {
        let text = fs::read_to_string(&file).expect("a source");
        for line in text.lines() {
            let line = line.trim_start();
            let line =
                line.strip_prefix("pub").map_or(line, |rest| rest.trim_start_matches("(crate)").trim_start());
            if let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
                open.push((folder.join(format!("{name}.rs")), folder.join(name)));
            }
        }
        found.push(file);
    }
    found
}

fn has_unit_tests(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with("#[cfg(test)]"))
}

/// Whether a doc comment has a block of Rust, which rustdoc runs as a test.
fn has_examples(text: &str) -> bool {
    let docs = text.lines().map(str::trim_start);
    let docs = docs.filter_map(|line| line.strip_prefix("//!").or_else(|| line.strip_prefix("///")));
    let fences = docs.filter_map(|line| line.trim_start().strip_prefix("```"));
    fences.step_by(2).any(|language| !["text", "json", "sql", "ignore"].contains(&language.trim()))
}

/// What a manifest has about a target; nothing where cargo finds the target by itself.
fn section<'a>(manifest: &'a str, kind: &str, name: &str) -> &'a str {
    let mut sections = manifest.split("\n\n");
    let found = sections.find(|section| match kind {
        "lib" => section.starts_with("[lib]\n"),
        _ => section.starts_with("[[bin]]\n") && section.contains(&format!("name = \"{name}\"\n")),
    });
    found.unwrap_or_default()
}

/// A target without tests that is built for them costs a build and a link. Tests in a target that is not
/// built for them never run. `--all-targets` builds for tests whatever could be a benchmark, too.
#[test]
fn a_target_is_built_for_tests_where_it_has_some() {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo writes JSON");
    let mut faults = Vec::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let path = package["manifest_path"].as_str().expect("a path");
        // The skeleton is short, and becomes an engine with tests of its own.
        if path.contains("/examples/") {
            continue;
        }
        let manifest = fs::read_to_string(path);
        let manifest = manifest.expect("a manifest");
        for target in package["targets"].as_array().expect("targets") {
            let kind = target["kind"][0].as_str().expect("a kind");
            if !["lib", "bin"].contains(&kind) {
                continue;
            }
            let name = target["name"].as_str().expect("a name");
            if !section(&manifest, kind, name).lines().any(|line| line == "bench = false") {
                faults
                    .push(format!("{}, {kind} {name}: no bench = false in its Cargo.toml", package["name"]));
            }
            let files = modules(Path::new(target["src_path"].as_str().expect("a path")));
            let texts: Vec<_> =
                files.iter().map(|file| fs::read_to_string(file).expect("a source")).collect();
            let mut compare = |key: &str, has: bool| {
                if target[key] != has {
                    faults.push(format!("{}, {kind} {name}: {key} is not {has}", package["name"]));
                }
            };
            compare("test", texts.iter().any(|text| has_unit_tests(text)));
            compare("doctest", kind == "lib" && texts.iter().any(|text| has_examples(text)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The features of every crate that is built of the workspace, by these edges.
fn features(edges: &str) -> BTreeMap<String, BTreeSet<String>> {
    let tree = cargo(&["tree", "--workspace", "--prefix=none", "--format={p}|{f}", "--edges", edges]);
    let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (package, features) in tree.lines().filter_map(|line| line.split_once('|')) {
        // What stands a second time is marked.
        found.entry(package.to_owned()).or_default().insert(features.trim_end_matches(" (*)").to_owned());
    }
    found
}

/// `cargo doc` and the programs of the demo ignore the dependencies of tests. Where tests alone ask for a
/// feature of a library on which the SDKs stand, the SDKs are compiled a second time.
#[test]
fn programs_and_tests_are_built_with_the_same_features() {
    let (programs, tests) = (features("normal,build"), features("normal,build,dev"));
    assert!(programs.keys().any(|name| name.starts_with("aws-sdk-")), "this test looks for the wrong names");
    let differ: Vec<_> = programs.iter().filter(|(name, features)| tests[*name] != **features).collect();
    assert!(
        differ.is_empty(),
        "tests want other features; ask for them in tests/Cargo.toml as well: {differ:?}"
    );
}

/// Every module of an integration binary that is declared as a file.
fn test_modules(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of tests") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            test_modules(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// `.ci/run` leaves out of `scripts/test` what `scripts/prove` runs with more of everything, and nothing
/// else.
#[test]
fn what_is_left_out_before_the_proof_is_run_by_the_proof() {
    let read = |path: &str| fs::read_to_string(super::root().join(path)).expect("a script");
    let (run, prove) = (read(".ci/run"), read("scripts/prove"));
    let left_out: BTreeSet<&str> =
        run.split("--skip ").skip(1).filter_map(|rest| rest.split_whitespace().next()).collect();
    let proven: BTreeSet<&str> = prove.split_whitespace().filter(|word| word.ends_with("::")).collect();
    assert!(left_out.contains("faults::"), "this test looks for the wrong words");
    assert_eq!(left_out, proven, ".ci/run leaves out, and scripts/prove runs");
    let mut files = Vec::new();
    for folder in super::source_folders() {
        let tests = folder.with_file_name("tests");
        if tests.is_dir() {
            test_modules(&tests, &mut files);
        }
    }
    let proofs = super::root().join("crates/rotation-database/tests/it");
    for file in files {
        let name = format!("{}::", file.file_stem().expect("a name").display());
        let hit = left_out.iter().any(|left_out| name.ends_with(left_out));
        assert!(!hit || file.parent() == Some(&*proofs), "{} would be left out as well", file.display());
    }
}
