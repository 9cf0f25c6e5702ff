//! The article of a code: `docs/errors/CODE.md`.

use std::{fs, path::PathBuf};

/// Where the articles and their index are.
pub(crate) const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");

/// In this order, each of them once.
pub(crate) const SECTIONS: [&str; 4] = ["Symptom", "Cause", "How to confirm", "Fix"];

/// The keys of the front matter, in this order.
pub(crate) const KEYS: [&str; 5] = ["code", "class", "outage", "retried_by_service", "since"];

pub(crate) struct Article {
    /// By the name of its file.
    pub(crate) code: String,
    pub(crate) text: String,
}

impl Article {
    pub(crate) fn path(code: &str) -> PathBuf {
        PathBuf::from(DOCS).join("errors").join(format!("{code}.md"))
    }

    pub(crate) fn read(code: &str) -> Self {
        let text = fs::read_to_string(Self::path(code)).unwrap_or_else(|_| panic!("{code} has no article"));
        Self { code: code.to_owned(), text }
    }

    /// All that there are, by their names.
    pub(crate) fn all() -> Vec<Self> {
        let files = fs::read_dir(PathBuf::from(DOCS).join("errors")).unwrap();
        let mut codes: Vec<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .map(|name| name.strip_suffix(".md").unwrap_or(&name).to_owned())
            .collect();
        codes.sort();
        codes.iter().map(|code| Self::read(code)).collect()
    }

    /// Keys and values between the first two lines of dashes.
    pub(crate) fn front_matter(&self) -> Vec<(&str, &str)> {
        let (front, _) =
            self.text.strip_prefix("---\n").and_then(|text| text.split_once("\n---\n")).unwrap_or_default();
        front.lines().filter_map(|line| line.split_once(": ")).collect()
    }

    pub(crate) fn value(&self, key: &str) -> &str {
        let front = self.front_matter();
        front.into_iter().find(|(name, _)| *name == key).unwrap_or_else(|| panic!("{}: {key}", self.code)).1
    }

    /// The sentence below the title.
    pub(crate) fn meaning(&self) -> String {
        let title = format!("\n# {}\n\n", self.code);
        let (_, body) = self.text.split_once(&title).unwrap_or_else(|| panic!("{}: no title", self.code));
        in_one_line(body.split("\n\n").next().unwrap_or_default())
    }

    pub(crate) fn headings(&self) -> Vec<&str> {
        self.text.lines().filter_map(|line| line.strip_prefix("## ")).collect()
    }

    /// What is below a heading, up to the next one.
    pub(crate) fn section(&self, name: &str) -> &str {
        let heading = format!("\n## {name}\n");
        let (_, body) = self.text.split_once(&heading).unwrap_or_else(|| panic!("{}: {name}", self.code));
        body.split("\n## ").next().unwrap_or_default().trim()
    }

    /// The article with other lines in the first fence of its symptom.
    pub(crate) fn with_symptom(&self, lines: &str) -> String {
        let symptom = self.section("Symptom");
        let fence = symptom.split("```").nth(1).unwrap_or_else(|| panic!("{}: no line", self.code));
        self.text.replacen(&format!("```{fence}```"), &format!("```text\n{lines}\n```"), 1)
    }
}

/// As a paragraph without line breaks.
pub(crate) fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
