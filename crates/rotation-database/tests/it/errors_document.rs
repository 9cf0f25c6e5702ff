//! The catalogue of codes: an article for each in `docs/errors`, and the index `docs/errors.md`, which is
//! written from them: `UPDATE_EXPECT=1 cargo test -p rotation-database --test it -- errors_document`.

mod article;
pub(crate) mod hints;

use std::{fmt::Write, fs, process::Command};

use expect_test::expect_file;
use rotation_core::{Class, diagnosis::FindingMeaning};

use self::article::{Article, DOCS, KEYS, SECTIONS, in_one_line};
use crate::codes::{all_codes, all_meanings};

/// What is above the tables.
const HEAD: &str = include_str!("errors_document/head.txt");

/// The groups of the index, each with the beginnings of its codes. A finding is known by its class.
const GROUPS: [(&str, &[&str]); 9] = [
    (
        "Settings, events and the function",
        &["CONFIG_", "EVENT_", "DRY_RUN", "TIMED_OUT", "INTERNAL", "NO_RANDOM"],
    ),
    (
        "The secret and its labels",
        &["SECRET_", "ROTATION_", "VERSION_", "LABELS_", "PENDING_", "RELATED_", "NO_VERSION_"],
    ),
    ("Secrets Manager, IAM and KMS", &["NET_SM_", "SM_", "IAM_", "KMS_", "TOKEN_", "PASSWORD_"]),
    ("The master secret and its server", &["MASTER_", "DBLOOKUP_", "REPLICA_"]),
    ("The way to the database", &["NET_DB_", "TLS_"]),
    ("The database", &["DB_", "TEST_"]),
    ("ElastiCache, MemoryDB and Valkey", &["ELASTICACHE_", "VALKEY_"]),
    ("What doctor finds", &[]),
    ("Network discovery", &["DISCOVERY_", "DATABASE_", "ENGINE_", "SECRET_HOST_MISSING"]),
];

const FINDINGS: &str = "What doctor finds";

/// Of findings; all other classes are those of failures.
const SEVERITIES: [&str; 4] = ["ok", "note", "warning", "fault"];

fn group(article: &Article) -> &'static str {
    if article.value("class").split(", ").any(|class| SEVERITIES.contains(&class)) {
        return FINDINGS;
    }
    let is_of = |(_, beginnings): &&(&str, &[&str])| {
        beginnings.iter().any(|beginning| article.code.starts_with(beginning))
    };
    // The last group has whole names, which the beginnings of an earlier one may fit as well.
    let found = GROUPS.iter().rev().find(is_of);
    found.unwrap_or_else(|| panic!("{} is in no group", article.code)).0
}

fn index(articles: &[Article]) -> String {
    let mut text = String::from(HEAD);
    for (name, _) in GROUPS {
        write!(text, "\n## {name}\n\n| Code | Class | Outage | Meaning |\n|---|---|---|---|\n").unwrap();
        for article in articles.iter().filter(|article| group(article) == name) {
            let (code, meaning) = (&article.code, article.meaning());
            let (class, outage) = (article.value("class"), article.value("outage"));
            let anchor = code.to_ascii_lowercase();
            writeln!(
                text,
                "| <a id=\"{anchor}\"></a>[{code}](errors/{code}.md) | {class} | {outage} | {meaning} |"
            )
            .unwrap();
        }
    }
    text
}

/// In the order in which the crates build on one another.
fn all_findings() -> Vec<FindingMeaning> {
    [
        rotation_core::diagnosis::finding_codes::MEANINGS,
        rotation_database::finding_codes::MEANINGS,
        rotation_doctor::finding_codes::MEANINGS,
    ]
    .concat()
}

/// The document of errors is that of the code.
#[test]
fn document_matches_the_code() {
    expect_file!["../../../../docs/errors.md"].assert_eq(&index(&Article::all()));
}

/// Of each code here; the crate `network-discovery` checks its own.
#[test]
fn every_code_has_an_article_with_its_class() {
    for (code, meaning) in all_meanings() {
        let article = Article::read(code.name());
        assert_eq!(article.value("class"), code.class().name(), "{code}");
        assert_eq!(article.meaning(), meaning.trim(), "{code}");
        let retried = if code.class() == Class::Retryable { "yes" } else { "no" };
        assert_eq!(article.value("retried_by_service"), retried, "{code}");
    }
    for (code, meaning, severities) in all_findings() {
        let (name, article) = (code.name(), Article::read(code.name()));
        let severities: Vec<_> = severities.iter().map(|severity| severity.name()).collect();
        assert_eq!(article.value("class"), severities.join(", "), "{name}");
        assert_eq!(article.meaning(), meaning.trim(), "{name}");
    }
    assert_eq!(all_codes().len(), all_meanings().len());
}

#[test]
fn every_article_has_all_its_parts() {
    for article in Article::all() {
        let code = &article.code;
        let keys: Vec<_> = article.front_matter().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, KEYS, "{code}");
        assert_eq!(article.value("code"), code);
        assert!(["yes", "no", "possible"].contains(&article.value("outage")), "{code}");
        assert!(["yes", "no"].contains(&article.value("retried_by_service")), "{code}");
        assert_eq!(article.headings(), SECTIONS, "{code}");
        for section in SECTIONS {
            assert!(article.section(section).len() > 20, "{code}: {section} is empty");
        }
        assert!(article.section("Symptom").contains(code.as_str()) || group(&article) == FINDINGS, "{code}");
        assert!(article.section("How to confirm").contains('`'), "{code}: nothing that can be run");
        for riddle in ["See the cause", "Nothing, mostly", "as the hint", "of the hint", "..."] {
            assert!(!in_one_line(article.section("Fix")).contains(riddle), "{code}: {riddle}");
        }
    }
}

/// Words in capitals of commands that stand for themselves: labels, settings, SQL, names of AWS.
const PLAIN: &str = "API ARN AWS AWSCURRENT AWSPENDING AWSPREVIOUS BEGIN BY CONFIG DESC DRY_RUN EDITOR \
    EXCLUDE_CHARACTERS FROM FT GROUP IN INTERNAL JOIN LIKE MASTER_SECRET_ARN ON ONLY ORDER PASSWORD_SOURCE \
    RDS READ ROLLBACK SECRETS_MANAGER_ENDPOINT SELECT SHOW SRV SUN TEST_QUERY TXT TZ WHERE";

/// Names in capitals in commands stand for something, and the index has what.
#[test]
fn every_placeholder_of_a_command_is_explained() {
    let explained: Vec<_> =
        HEAD.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    for article in Article::all() {
        for command in commands(&article.text) {
            let words = command.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '$');
            let named = words.filter(|word| {
                word.len() > 1
                    && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_' || b.is_ascii_digit())
            });
            for word in named.filter(|word| word.bytes().any(|b| b.is_ascii_uppercase())) {
                let known = PLAIN.split_whitespace().any(|plain| plain == word);
                assert!(known || explained.contains(&word), "{}: {word} in: {command}", article.code);
            }
        }
    }
}

/// Those of the shell.
fn commands(text: &str) -> Vec<&str> {
    text.split("```").skip(1).step_by(2).filter_map(|fence| fence.strip_prefix("sh\n")).collect()
}

#[test]
fn every_link_of_the_catalogue_resolves() {
    let index = index(&Article::all());
    let articles = Article::all();
    let texts =
        articles.iter().map(|article| ("errors", article.text.as_str())).chain([("", index.as_str())]);
    for (folder, text) in texts {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.starts_with("https://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let path = format!("{DOCS}/{folder}/{file}");
            let target =
                if file.is_empty() { text.to_owned() } else { fs::read_to_string(&path).expect(&path) };
            let heading = |line: &str| {
                let heading = line.trim_start_matches('#').trim().to_ascii_lowercase();
                line.starts_with('#') && heading.replace(' ', "-").replace(['`', ',', '?'], "") == anchor
            };
            let named = || target.contains(&format!("<a id=\"{anchor}\">"));
            assert!(anchor.is_empty() || target.lines().any(heading) || named(), "{folder}: {link}");
        }
    }
}

#[test]
fn the_catalogue_is_in_plain_words() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let files = Article::all().into_iter().map(|article| format!("docs/errors/{}.md", article.code));
    let check =
        Command::new("scripts/check-words").current_dir(root).args(files).arg("docs/errors.md").output();
    let check = check.unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
}
