//! Links between documents, and paths of documents that other texts name.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path, PathBuf},
};

use crate::texts::{texts, texts_of};

/// The prose of a document: what stands outside of fenced text and inline code.
pub(crate) fn prose(document: &str) -> String {
    let mut fenced = false;
    let mut prose = String::new();
    for line in document.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            // Between backticks is code; its length is kept.
            for (at, part) in line.split('`').enumerate() {
                prose.push_str(if at % 2 == 0 { part } else { "" });
            }
            prose.push('\n');
        }
    }
    prose
}

/// The anchors of a document, as GitHub makes them of its headings.
fn anchors(document: &str) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut fenced = false;
    let mut anchors = BTreeSet::new();
    for line in document.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let title = line.trim_start_matches('#');
        if fenced || title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let kept = title.trim().to_lowercase().replace(' ', "-");
        let slug: String = kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect();
        let count = seen.entry(slug.clone()).or_default();
        anchors.insert(if *count == 0 { slug } else { format!("{slug}-{count}") });
        *count += 1;
    }
    anchors
}

/// Where a link in a document leads, from the root of the repository.
fn resolved(from: &str, path: &str) -> PathBuf {
    let mut parts: Vec<_> = Path::new(from).parent().expect("a folder").components().collect();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            Component::CurDir => {}
            part => parts.push(part),
        }
    }
    parts.into_iter().collect()
}

/// What is wrong with the links of these documents. `exists` knows files that are no documents.
fn faults(documents: &BTreeMap<String, String>, exists: impl Fn(&Path) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, text) in documents {
        let text = prose(text);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if path.is_empty() { PathBuf::from(name) } else { resolved(name, path) };
            let file_name = file.to_string_lossy().into_owned();
            let known = match documents.get(&file_name) {
                Some(document) => anchor.is_empty() || anchors(document).contains(anchor),
                None => anchor.is_empty() && exists(&file),
            };
            if !known {
                faults.push(format!("{name} links to {target}"));
            }
        }
    }
    faults
}

/// Every link leads to a file, and to a heading where it names one.
#[test]
fn links_lead_to_files_and_headings() {
    let documents: BTreeMap<_, _> = texts_of("md").collect();
    let linked: usize = documents.values().map(|text| prose(text).matches("](").count()).sum();
    assert!(linked > 100, "only {linked} links were found");
    let faults = faults(&documents, |file| super::root().join(file).exists());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A missing file, a missing heading and a heading in a fence are found; a good link is not.
#[test]
fn a_dead_link_is_found() {
    let target = "# Title\n\n## One, two: `three`\n\n## One, two: three\n\n```\n# fenced\n```\n";
    let source = "[a](t.md#one-two-three) [b](t.md#one-two-three-1) [c](../d/t.md) [d](https://e.x/y) `[x](no)`\n\
        [e](t.md#fenced) [f](t.md#four) [g](gone.md) [h](#nowhere)\n";
    let documents =
        [("d/s.md", source), ("d/t.md", target)].map(|(name, text)| (name.to_owned(), text.to_owned()));
    let found = faults(&documents.into_iter().collect(), |_| false);
    let expected = ["t.md#fenced", "t.md#four", "gone.md", "#nowhere"];
    assert_eq!(found, expected.map(|target| format!("d/s.md links to {target}")));
}

/// Comments, hints, alarms and scripts name documents by their path from the root.
#[test]
fn documents_named_in_texts_exist() {
    let mut named = 0;
    for (name, text) in texts() {
        if name == file!() {
            continue;
        }
        for rest in text.split("docs/").skip(1) {
            let is_path = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
            let path = &rest[..rest.find(|c| !is_path(c)).unwrap_or(rest.len())];
            let Some(at) = path.find(".md") else { continue };
            let path = format!("docs/{}", &path[..at + 3]);
            // `docs/errors/CODE.md` names the articles of all codes.
            if path.contains("CODE") {
                continue;
            }
            named += 1;
            let there = super::root().join(&path).exists();
            assert!(there || resolved_exists(&name, &path), "{name} names {path}");
        }
    }
    assert!(named > 20, "only {named} documents are named");
}

/// Documents name files and scripts in inline code, by their path from the root.
#[test]
fn every_path_that_a_document_names_is_there() {
    let mut named = 0;
    for (name, text) in texts_of("md") {
        for code in text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)) {
            let path = code.split_whitespace().next().unwrap_or_default();
            let is_ours = ["crates/", "deploy/", "docs/", "fuzz/", "scripts/"];
            let is_pattern = path.contains(['*', '<', '…']) || path.contains("NAME") || path.contains("CODE");
            if is_ours.iter().any(|folder| path.starts_with(folder)) && !is_pattern {
                named += 1;
                let there = super::root().join(path).exists() || resolved_exists(&name, path);
                assert!(there, "{name} names {path}");
            }
        }
    }
    assert!(named > 50, "only {named} paths are named");
}

/// A link of a document in another folder.
fn resolved_exists(from: &str, path: &str) -> bool {
    super::root().join(resolved(from, path)).exists()
}
