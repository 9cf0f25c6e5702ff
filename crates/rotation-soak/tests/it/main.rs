//! The program's command line. Because this test exists, `cargo test` builds the program, which
//! `scripts/soak` runs.

#![expect(clippy::unwrap_used, reason = "a test ends where what it prepares fails")]

use std::process::{Command, Output};

fn soak(argument: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rotation-soak")).arg(argument).output().unwrap()
}

/// The help goes to standard output.
#[test]
fn help_on_standard_output() {
    let output = soak("--help");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.starts_with(b"usage: scripts/soak [options]"));
}

/// An unknown argument is not reported as a failed bar.
#[test]
fn unknown_argument_is_no_failed_bar() {
    let output = soak("--rotation");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("soak: unknown argument --rotation\n"));
}
