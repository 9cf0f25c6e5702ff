//! Code that two crates need is in one place.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

/// The most equal lines in a row that two crates may have.
const MOST: usize = 12;

/// Pairs of crates that still share a block, each until its code is in one place.
const KNOWN: &[(&str, &str)] = &[];

struct Line {
    number: usize,
    text: String,
}

struct Source {
    /// The folder of the crate, and the file below the root.
    krate: String,
    file: PathBuf,
    lines: Vec<Line>,
}

/// The sources of all crates, as lines of one kind.
fn sources(lines: fn(&str) -> Vec<Line>) -> Vec<Source> {
    let root = super::root();
    let crates = fs::read_dir(root.join("crates")).expect("the crates");
    let mut found = Vec::new();
    for entry in crates {
        let krate = entry.expect("a folder").file_name().into_string().expect("a name in UTF-8");
        for file in files(&root.join("crates").join(&krate).join("src")) {
            let lines = lines(&fs::read_to_string(&file).expect("a source"));
            let file = file.strip_prefix(&root).expect("it is below the root").to_owned();
            found.push(Source { krate: krate.clone(), file, lines });
        }
    }
    found.sort_by(|one, other| one.file.cmp(&other.file));
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    let (folders, rest): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let sources = rest.into_iter().filter(|path| path.extension().is_some_and(|name| name == "rs"));
    sources.chain(folders.iter().flat_map(|folder| files(folder))).collect()
}

/// All lines as they are, without indentation.
fn every(text: &str) -> Vec<Line> {
    let lines = text.lines().enumerate();
    lines.map(|(index, line)| Line { number: index + 1, text: line.trim().to_owned() }).collect()
}

/// Only lines of code: not blank, not a comment, not part of a `use`.
fn code(text: &str) -> Vec<Line> {
    let mut in_use = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        let begins =
            line.starts_with("use ") || line.starts_with("pub use ") || line.starts_with("pub(crate) use ");
        if in_use || begins {
            in_use = !line.ends_with(';');
        } else if !line.is_empty() && !line.starts_with("//") {
            lines.push(Line { number: index + 1, text: line.to_owned() });
        }
    }
    lines
}

/// The places of blocks that are too long, each named once, at its beginning.
fn copies(sources: &[Source]) -> Vec<String> {
    let mut places: HashMap<Vec<&str>, Vec<(usize, usize)>> = HashMap::new();
    for (source, Source { lines, .. }) in sources.iter().enumerate() {
        for (start, window) in lines.windows(MOST + 1).enumerate() {
            let block = window.iter().map(|line| line.text.as_str()).collect();
            places.entry(block).or_default().push((source, start));
        }
    }
    let before =
        |(source, start): (usize, usize)| Some(sources[source].lines[start.checked_sub(1)?].text.as_str());
    let place = |(source, start): (usize, usize)| {
        let source = &sources[source];
        format!("{}:{}", source.file.display(), source.lines[start].number)
    };
    let mut found = Vec::new();
    for same in places.values() {
        for (index, one) in same.iter().enumerate() {
            for other in &same[index + 1..] {
                let (first, second) = (sources[one.0].krate.as_str(), sources[other.0].krate.as_str());
                let apart = first != second && !KNOWN.contains(&(first, second));
                let begins = before(*one).is_none() || before(*one) != before(*other);
                if apart && begins {
                    found.push(format!("{} and {}", place(*one), place(*other)));
                }
            }
        }
    }
    found.sort();
    found
}

/// No block of code is in two crates.
#[test]
fn no_block_of_code_is_in_two_crates() {
    for (kind, lines) in [("equal lines", every as fn(&str) -> _), ("equal lines of code", code)] {
        let found = copies(&sources(lines));
        assert!(found.is_empty(), "more than {MOST} {kind}:\n{}", found.join("\n"));
    }
}

/// A block is found where it begins, and comments do not hide it.
/// What the search itself finds, and what it ignores.
#[test]
fn block_is_found_despite_comments() {
    let block =
        |lines: usize| (0..lines).fold(String::new(), |block, line| format!("{block}line({line});\n"));
    let source = |krate: &str, text: &str| Source {
        krate: krate.to_owned(),
        file: PathBuf::from(format!("{krate}.rs")),
        lines: code(text),
    };
    let check = |one: &str, other: &str| copies(&[source("a", one), source("b", other)]);
    let commented = block(14).replace("line(3);", "// why\n\nuse std::{\n    fmt,\n};\n  line(3);");
    assert_eq!(check(&format!("first();\n{}", block(14)), &commented), ["a.rs:2 and b.rs:1"]);
    assert!(check(&block(MOST), &block(MOST)).is_empty());
    assert!(copies(&[source("a", &block(14)), source("a", &block(14))]).is_empty());
}
