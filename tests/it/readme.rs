//! README.md: its length, its commands, its picture.

use std::{collections::BTreeSet, fs};

/// More prose than this nobody reads before a first try.
const MOST_WORDS: usize = 900;

/// Each command of README, the file that runs it, and what that file has in it to do so.
const COMMANDS: [(&str, &str, &str); 12] = [
    ("scripts/demo", ".ci/run", "scripts/demo"),
    ("scripts/test", ".ci/run", "scripts/test"),
    ("scripts/deploy shop/checkout --dry-run", "crates/delivery/tests/it/deployment.rs", "--dry-run"),
    ("scripts/deploy shop/checkout", "crates/delivery/tests/it/deployment.rs", "\"deploy\""),
    ("scripts/undeploy shop/checkout", "crates/delivery/tests/it/deployment.rs", "\"undeploy\""),
    ("cargo build -p rotation-cli", "crates/rotation-cli/tests/it/command.rs", "CARGO_BIN_EXE_rotate"),
    ("target/debug/rotate doctor shop/reporting", ROTATE, "readme_commands"),
    ("target/debug/rotate explain shop/reporting", ROTATE, "readme_commands"),
    ("target/debug/rotate recover shop/reporting", ROTATE, "readme_commands"),
    ("target/debug/rotate run shop/reporting --dry-run", ROTATE, "readme_commands"),
    ("target/debug/rotate run shop/reporting", ROTATE, "readme_commands"),
    ("target/debug/rotate network shop/reporting", ROTATE, "readme_commands"),
];

/// Runs each line of README that begins with `target/debug/rotate `.
const ROTATE: &str = "crates/rotation-cli/tests/it/readme.rs";

fn readme() -> String {
    fs::read_to_string(super::root().join("README.md")).expect("README.md")
}

/// Words outside of fenced text and tables; the target of a link is none.
fn words(document: &str) -> usize {
    let mut fenced = false;
    let mut count = 0;
    for line in document.lines() {
        let line = line.trim_start();
        if line.starts_with("```") {
            fenced = !fenced;
        }
        if fenced || line.starts_with("```") || line.starts_with('|') {
            continue;
        }
        let texts = line.split("](").enumerate();
        let texts =
            texts.map(|(at, text)| if at == 0 { text } else { text.split_once(')').unwrap_or(("", "")).1 });
        let line: String = texts.collect::<Vec<_>>().join(" ");
        count += line.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count();
    }
    count
}

/// The lines of the blocks that a shell is to run, without comments.
fn commands(document: &str) -> BTreeSet<String> {
    let mut within = false;
    let mut commands = BTreeSet::new();
    for line in document.lines() {
        if line.starts_with("```") {
            within = line == "```sh";
        } else if within {
            let command = line.split(" #").next().unwrap_or_default().trim();
            if !command.is_empty() && !command.starts_with('#') {
                commands.insert(command.to_owned());
            }
        }
    }
    commands
}

#[test]
fn it_is_read_in_one_sitting() {
    let words = words(&readme());
    assert!((200..=MOST_WORDS).contains(&words), "README.md has {words} words of prose");
}

#[test]
fn words_are_counted_in_prose_alone() {
    let text =
        "# One two\n\nthree `four` [five](a/b.md), six - 7\n\n| no | no |\n|---|---|\n\n```sh\nno no\n```\n";
    assert_eq!(words(text), 7);
}

#[test]
fn every_command_is_run_by_a_test() {
    let found = commands(&readme());
    assert!(found.len() > 5, "{found:?}");
    for command in &found {
        let covered = COMMANDS.iter().find(|(known, ..)| known == command);
        let (_, file, part) = covered.unwrap_or_else(|| panic!("no test is known to run `{command}`"));
        let text = fs::read_to_string(super::root().join(file)).expect(file);
        assert!(text.contains(part), "{file} does not run `{command}`: it has no {part:?}");
    }
    let gone: Vec<_> = COMMANDS.iter().filter(|(known, ..)| !found.contains(*known)).collect();
    assert!(gone.is_empty(), "README.md has no {gone:?}");
}

#[test]
fn the_commands_for_setting_up_stay() {
    let block = "```sh\n\
        scripts/demo     # rotates a real PostgreSQL, four times, and shows what happens\n\
        \x20                # also: scripts/demo mysql, mariadb, docdb, redshift, valkey\n\
        scripts/test     # sets up real servers and runs every test\n\
        ```\n";
    assert!(readme().contains(block));
}

/// The picture has a dark scheme, a title and a description, and loads nothing from elsewhere.
#[test]
fn picture_is_readable_for_everyone() {
    let readme = readme();
    let path = "docs/images/overview.svg";
    assert!(readme.contains(&format!("]({path})")));
    let picture = fs::read_to_string(super::root().join(path)).expect(path);
    for part in ["prefers-color-scheme: dark", "<title", "<desc", "role=\"img\""] {
        assert!(picture.contains(part), "{path} has no {part}");
    }
    for part in ["<script", "href=\"http", "url(http"] {
        assert!(!picture.contains(part), "{path} has {part}");
    }
}
