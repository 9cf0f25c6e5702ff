//! `docs/errors.md`, which is generated from the table of codes: `UPDATE_EXPECT=1 cargo test -p
//! rotation-database document`.

use std::fmt::Write;

use expect_test::expect_file;
use rotation_core::{Class, Code, CodeArticle, diagnosis::FindingArticle};

use crate::codes::{all_articles, all_codes};

const HEAD: &str = "\
# Errors

Every failure has a code. It is the `errorType` of the function's answer, which appears in the log of the
invocation and in CloudTrail's `RotationFailed`, and the field `code` of the outcome line. The field `hint`
next to it has the remediation for the case at hand. Codes are stable: a name is never reused for another
failure.

This file is generated from the tables of codes in `crates/rotation-core/src/codes.rs` and
`crates/rotation-database/src/codes.rs`.

The class of a code is the `outcome` of the line:

- *refused*: the event, the labels or the values do not allow the step to act. Nothing was changed.
- *retryable*: the failure may be transient; Secrets Manager calls again a few times.
- *failed*: an operator has to fix something outside the secret.
- *dry_run*: [`DRY_RUN`](#dry_run) alone. The function was configured to report what it would do, and
  changed nothing.
";

const FINDINGS: &str = "
# What doctor finds

`rotate doctor` and the event `{\"doctor\": \"<secret>\"}` give each finding a code: that of the failure above
with which a rotation would end, or one of these. The word next to it is the severity. Generated from the
files `finding_codes.rs` of the crates.
";

fn document() -> String {
    let mut text = String::from(HEAD);
    for class in [Class::Refused, Class::Retryable, Class::Failed] {
        let codes: Vec<_> = all_codes().into_iter().filter(|code| code.class() == class).collect();
        let names: Vec<_> = codes.iter().map(|code| format!("[`{code}`](#{})", anchor(*code))).collect();
        write!(text, "\nThe {} that are *{}*: {}.\n", codes.len(), class.name(), names.join(", ")).unwrap();
    }
    for CodeArticle { code, meaning, article } in all_articles() {
        let (meaning, class) = (meaning.trim(), code.class().name());
        write!(text, "\n## {code}\n\n{meaning} *{class}*\n\n").unwrap();
        writeln!(text, "- Causes: {}\n- Fix: {}", article.causes, article.remediation).unwrap();
        if let Some((language, add)) = article.add {
            write!(text, "\n```{language}\n{add}\n```\n").unwrap();
        }
    }
    text
}

/// The findings of doctor that are not failures of a rotation.
fn findings() -> String {
    let mut text = String::from(FINDINGS);
    for FindingArticle { code, meaning, severity, causes, remediation } in all_findings() {
        let (name, meaning) = (code.name(), meaning.trim());
        write!(text, "\n## {name}\n\n{meaning} *{severity}*\n\n").unwrap();
        writeln!(text, "- Causes: {causes}\n- Fix: {remediation}").unwrap();
    }
    text
}

/// All findings, in the order in which the crates build on one another.
fn all_findings() -> Vec<FindingArticle> {
    [
        rotation_core::diagnosis::finding_codes::ARTICLES,
        rotation_database::finding_codes::ARTICLES,
        rotation_doctor::finding_codes::ARTICLES,
    ]
    .concat()
}

fn anchor(code: Code) -> String {
    code.name().to_ascii_lowercase()
}

#[test]
fn the_document_of_errors_is_that_of_the_code() {
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");
    // The rest is generated and tested by the crate `network-discovery`.
    let written = std::fs::read_to_string(FILE).unwrap();
    let rest = written.find("\n# Network discovery\n").map_or("", |at| &written[at..]);
    expect_file!["../../../../docs/errors.md"].assert_eq(&(document() + &findings() + rest));
}

#[test]
fn articles_are_whole_sentences_in_plain_characters() {
    for CodeArticle { code, article, .. } in all_articles() {
        let add = article.add.map_or("", |(_, add)| add);
        for text in [article.causes, article.remediation] {
            assert!(text.starts_with(|c: char| c.is_ascii_uppercase() || c == '`'), "{code}: {text}");
            assert!(text.ends_with('.') || text.ends_with(':') && !add.is_empty(), "{code}: {text}");
            assert!(!text.contains("  "), "{code}: {text}");
        }
        assert!([article.causes, article.remediation, add].iter().all(|text| text.is_ascii()), "{code}");
        let open = ["{", "["].map(|open| add.matches(open).count());
        assert_eq!(open, ["}", "]"].map(|close| add.matches(close).count()), "{code}: {add}");
    }
    for FindingArticle { code, meaning, causes, remediation, .. } in all_findings() {
        for text in [meaning.trim(), causes, remediation] {
            assert!(
                text.ends_with('.') && text.is_ascii() && !text.contains("  "),
                "{}: {text}",
                code.name()
            );
        }
    }
}
