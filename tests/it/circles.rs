//! The files of a crate depend on one another in one direction.
//!
//! A file depends on another when it names what that file defines, even through a re-export. Declaring a
//! module and re-exporting from it is not a dependency by itself, and what only tests compile does not count.

use std::{collections::HashMap, fs, path::Path};

use graph::Graph;

mod graph;
mod source;
mod token;

/// The sources below a folder, each by its name there.
fn sources(folder: &Path) -> HashMap<String, String> {
    let mut found = HashMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(&inner).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|name| name == "rs") {
                let name = path.strip_prefix(folder).expect("it is below the folder");
                let text = fs::read_to_string(&path).expect("a source");
                found.insert(name.to_str().expect("a name in UTF-8").to_owned(), text);
            }
        }
    }
    found
}

/// Files depend on one another in one direction.
/// Every circle has a file with the reason, in a line comment that begins `// Circle:`; and no other file has
/// such a comment.
#[test]
fn files_depend_in_one_direction() {
    let (mut circles, mut needless) = (Vec::new(), Vec::new());
    for folder in super::source_folders() {
        let name = folder.strip_prefix(super::root()).expect("it is below the root").display();
        let sources = sources(&folder);
        // A program next to a library is a separate crate; one below `bin` is a single file.
        for root in ["lib.rs", "main.rs"].into_iter().filter(|root| sources.contains_key(*root)) {
            let graph = Graph::new(root, &sources);
            circles.extend(graph.unexplained().iter().map(|circle| format!("{name}: {circle}")));
            needless.extend(graph.needless_reasons().iter().map(|file| format!("{name}: {file}")));
        }
    }
    assert!(
        circles.is_empty(),
        "{} circles without a comment `// Circle: …` with the reason:\n{}",
        circles.len(),
        circles.join("\n")
    );
    assert!(needless.is_empty(), "`// Circle:` without a circle:\n{}", needless.join("\n"));
}

/// The circles of a made-up crate.
fn check(files: &[(&str, &str)]) -> Vec<String> {
    graph(files).unexplained()
}

fn graph(files: &[(&str, &str)]) -> Graph {
    let owned = |(file, text): &(&str, &str)| ((*file).to_owned(), (*text).to_owned());
    Graph::new(files[0].0, &files.iter().map(owned).collect())
}

const NONE: [&str; 0] = [];

/// A circle of two files is found by imports and by inline paths.
#[test]
fn two_files_by_import_or_inline_path() {
    let root = ("lib.rs", "mod a;\nmod b;");
    let imports =
        [root, ("a.rs", "\nuse crate::{b::B};\npub struct A;"), ("b.rs", "use super::a::A;\nstruct B;")];
    assert_eq!(check(&imports), ["a.rs:2 -> b.rs:1 -> a.rs"]);
    let inline = [root, ("a.rs", "fn a() { crate::b::b(0) }"), ("b.rs", "use crate::a;\nfn b() { a::a() }")];
    assert_eq!(check(&inline), ["a.rs:1 -> b.rs:2 -> a.rs"]);
}

/// A circle of three files is found once.
#[test]
fn three_files_are_found_once() {
    let files = [
        ("main.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::B; struct A;"),
        ("b.rs", "use crate::c::C; struct B;"),
        ("c.rs", "use crate::a::A; struct C;"),
    ];
    assert_eq!(check(&files), ["a.rs:1 -> b.rs:1 -> c.rs:1 -> a.rs"]);
}

/// A re-export hides no circle.
#[test]
fn re_export_hides_no_circle() {
    let files = [
        ("lib.rs", "mod a;\nmod b;\npub use a::A;\npub use b::*;"),
        ("a.rs", "use crate::B;\npub struct A;"),
        ("b.rs", "use crate::A;\npub struct B;"),
    ];
    assert_eq!(check(&files), ["a.rs:1 -> b.rs:1 -> a.rs"]);
}

/// Files that depend in one direction are on no circle.
#[test]
fn one_direction_is_no_circle() {
    let files = [
        ("lib.rs", "mod a;\nmod b;\npub use a::A;"),
        ("a.rs", "use crate::b::B;\nuse std::fmt;\npub struct A;"),
        ("b.rs", "// use crate::A;\nconst B: &str = \"crate::a::A\";\nfn b(x: X) { x.a }"),
    ];
    assert_eq!(check(&files), NONE);
}

/// A parent that only re-exports is on no circle.
#[test]
fn re_exporting_parent_is_on_no_circle() {
    let child = ("x.rs", "use super::Thing;\npub struct Y;");
    let re_export = "mod x;\npub use x::Y;\npub(crate) struct Thing;";
    assert_eq!(check(&[("lib.rs", re_export), child]), NONE);
    for own in ["use x::Y as Z;", "fn own() -> Y { Y }", "fn own() { x::Y }", "fn own() { self::x::Y }"] {
        let parent = format!("{re_export}\n{own}");
        assert_eq!(check(&[("lib.rs", &parent), child]), ["lib.rs:4 -> x.rs:1 -> lib.rs"], "{own}");
    }
}

/// Children that need their parent are no circle.
#[test]
fn children_that_need_their_parent() {
    let parent = "mod x;\nmod y;\nuse std::fmt;\nstruct Thing;";
    let files = [
        ("lib.rs", "mod a;"),
        ("a.rs", parent),
        ("a/x.rs", "use super::{Thing, fmt, y::Y};"),
        ("a/y.rs", "use super::Thing; struct Y;"),
    ];
    assert_eq!(check(&files), NONE);
}

/// What only tests compile makes no circle.
#[test]
fn test_only_code_makes_no_circle() {
    let tests = "struct B;\n#[cfg(test)]\nmod tests {\n    use super::*;\n    use crate::a::A;\n}\n";
    let files = [("lib.rs", "mod a;\nmod b;"), ("a.rs", "use crate::b::B;\nstruct A;"), ("b.rs", tests)];
    assert_eq!(check(&files), NONE);
    let built = tests.replace("#[cfg(test)]\n", "");
    assert_eq!(check(&[files[0], files[1], ("b.rs", &built)]), ["a.rs:1 -> b.rs:4 -> a.rs"]);
}

/// A macro needs its own crate alone.
#[test]
fn macro_needs_its_own_crate_alone() {
    let written = "macro_rules! m { () => { use super::*; use crate::a::A; } }\nstruct B;";
    let files =
        [("lib.rs", "mod a;\nmod b;\nuse b::B;"), ("a.rs", "use crate::b::B;\nstruct A;"), ("b.rs", written)];
    assert_eq!(check(&files), NONE);
    let own = written.replace("use crate", "let a = $crate");
    assert_eq!(check(&[files[0], files[1], ("b.rs", &own)]), ["a.rs:1 -> b.rs:1 -> a.rs"]);
}

/// A reason allows a circle, and must not stand without one.
#[test]
fn reason_allows_a_circle() {
    let root = ("lib.rs", "mod a;\nmod b;");
    let (a, b) = (("a.rs", "use crate::b::B;\nstruct A;"), "use crate::a::A;\nstruct B;");
    let because = format!("// Circle: an A holds Bs.\n{b}");
    assert_eq!(check(&[root, a, ("b.rs", &because)]), NONE);
    assert_eq!(check(&[root, a, ("b.rs", &format!("// Circle:\n{b}"))]).len(), 1);
    let alone = because.replace("crate::a::A", "std::fmt");
    assert_eq!(graph(&[root, a, ("b.rs", &alone)]).needless_reasons(), ["b.rs"]);
    assert_eq!(graph(&[root, a, ("b.rs", &because)]).needless_reasons(), NONE);
}
