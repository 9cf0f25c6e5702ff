//! One source for each remediation: the hint of a failure, with slots in place of its values, is in the fix
//! of its article word for word.

use std::fmt::Write;

use expect_test::expect_file;
use rotation_core::{
    CORRECT_SETTING, REPORT_DEFECT, Reader, RotationError, diagnosis::FindingCode, with_causes,
};
use rotation_doctor::{Diagnosis, StuckState, remediation};

use super::article::{Article, in_one_line};
use crate::{
    error_texts::{Samples, all_errors},
    world::ARN,
};

/// Where the person at a terminal gets the same hint with these words.
const PERSONAL: [(&str, &str); 3] = [
    ("the IAM identity that you use", "the function's role"),
    ("this machine", "the function"),
    ("Run the command again.", "Secrets Manager calls again a few times; if it gives up, rotate again."),
];

/// The fixes that lack a hint, each in a line.
fn lacking(hints: impl IntoIterator<Item = (String, String)>) -> String {
    let mut missing = String::new();
    for (code, hint) in hints {
        let (fix, hint) = (in_one_line(Article::read(&code).section("Fix")), in_one_line(&hint));
        let operator = PERSONAL.iter().fold(hint.clone(), |hint, (person, role)| hint.replace(person, role));
        if !fix.contains(&hint) && !fix.contains(&operator) {
            writeln!(missing, "{code}\t{operator}").unwrap();
        }
    }
    missing
}

fn hint(error: &RotationError, reader: Reader) -> (String, String) {
    (error.code().name().to_owned(), error.remediation(reader))
}

#[test]
fn every_hint_of_a_failure_is_in_the_fix() {
    let errors = all_errors(&Samples::SLOTS);
    let hints = errors.iter().flat_map(|error| [Reader::Operator, Reader::Person].map(|to| hint(error, to)));
    let missing = lacking(hints);
    assert!(missing.is_empty(), "fixes without their hints:\n{missing}");
}

#[test]
fn every_hint_about_the_function_is_in_the_fix() {
    let hints = [
        ("CONFIG_INVALID", CORRECT_SETTING),
        ("INTERNAL", REPORT_DEFECT),
        ("ROTATION_NOT_CONFIGURED", remediation::SET_FUNCTION),
        ("FUNCTION_NOT_FOUND", remediation::DEPLOY_AGAIN),
        ("FUNCTION_NOT_INVOCABLE", remediation::ADD_PERMISSION),
        ("FUNCTION_PERMISSION_TOO_BROAD", remediation::REMOVE_PERMISSION),
        ("FUNCTION_PERMISSION_TOO_BROAD", remediation::ADD_PERMISSION),
        ("FUNCTION_INACTIVE", remediation::ACTIVATE),
        ("FUNCTION_TIMEOUT_TOO_SHORT", remediation::RAISE_TIMEOUT),
        ("NOT_CHECKED", remediation::ASK_FUNCTION),
    ];
    let missing = lacking(hints.map(|(code, hint)| (code.to_owned(), hint.to_owned())));
    assert!(missing.is_empty(), "fixes without their hints:\n{missing}");
}

/// Those of findings that no failure has. What a state of the labels asks for is in a table of its own.
#[track_caller]
pub(crate) fn check_findings(diagnosis: &Diagnosis) {
    let fields = ["url", "old", "nested"].map(|field| [format!("`{field}`"), format!("={field} ")]);
    let slots = |hint: &str| {
        let hint = hint.replace(ARN, "SECRET_ID");
        fields
            .iter()
            .fold(hint, |hint, [quoted, set]| hint.replace(quoted, "`FIELD`").replace(set, "=FIELD "))
    };
    let findings = diagnosis
        .findings
        .iter()
        .filter(|finding| matches!(finding.code, FindingCode::Own(name) if !BY_STATE.contains(&name)));
    let hints = findings.map(|finding| (finding.code.name().to_owned(), slots(&finding.remediation)));
    let missing = lacking(hints);
    assert!(missing.is_empty(), "fixes without their hints:\n{missing}");
}

/// Findings whose remediation is that of a state of the labels.
const BY_STATE: [&str; 2] = ["PENDING_STUCK", "CURRENT_REFUSED"];

/// The states of the labels that end in these codes.
const STATES: [(&str, &[StuckState]); 3] = [
    (
        "PENDING_STUCK",
        &[
            StuckState::PendingEmpty,
            StuckState::PendingRefused,
            StuckState::PendingUnknown,
            StuckState::BothLogIn,
            StuckState::OnlyPendingLogsIn,
        ],
    ),
    ("CURRENT_REFUSED", &[StuckState::OnlyPreviousLogsIn, StuckState::OnlyUnlabeledLogsIn]),
    ("DB_NO_CREDENTIAL_ACCEPTED", &[StuckState::NoVersionLogsIn]),
];

#[test]
fn every_state_of_the_labels_is_in_the_fix() {
    const HEAD: &str = "| State | What to do |\n|---|---|\n";
    for (code, states) in STATES {
        let article = Article::read(code);
        let (before, table) = article.text.split_once(HEAD).unwrap_or_else(|| panic!("{code}: no table"));
        let after = table.lines().skip_while(|line| line.starts_with('|')).collect::<Vec<_>>().join("\n");
        let mut rows = String::new();
        for state in states {
            writeln!(rows, "| `{}` | {} |", state.name(), state.way_out()).unwrap();
        }
        expect_file![Article::path(code)].assert_eq(&format!("{before}{HEAD}{rows}{after}\n"));
    }
}

/// The outcome line, without the fields that are the same in each.
#[test]
fn every_symptom_is_the_line_of_a_failure() {
    let mut shown: Vec<&str> = Vec::new();
    for error in all_errors(&Samples::REAL) {
        let (code, message) = (error.code(), with_causes(&error));
        if shown.contains(&code.name()) {
            continue;
        }
        shown.push(code.name());
        let detail = error.detail().map(|detail| format!(" detail={detail:?}")).unwrap_or_default();
        let class = error.class().name();
        let line = format!("… ERROR {code}: {message} … outcome=\"{class}\" code=\"{code}\"{detail} hint=…");
        let article = Article::read(code.name());
        expect_file![Article::path(code.name())].assert_eq(&article.with_symptom(&line));
    }
}
