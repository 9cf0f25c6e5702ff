//! `scripts/demo valkey`.

use std::process::Command;

/// The demo ends as expected, and prints no password.
#[test]
fn demo_ends_as_expected() {
    let this = std::env::current_exe().unwrap();
    // cargo builds examples for tests, next to the folder of these.
    let program = this.ancestors().nth(2).unwrap().join("examples/valkey_demo");
    let output = Command::new(program).output().expect("cargo test has built the example");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let verdict = "Verdict: as expected. 4 rotations ended with `AWSCURRENT logs in`, in ";
    assert!(text.lines().last().unwrap().starts_with(verdict), "{text}");
    assert!(!text.contains("canary-"), "{text}");
}
