//! The launcher becomes the function, and notes what it has used itself.

use std::process::Command;

use rotation_bench::{LAUNCH, Launch};

/// The program gets its arguments, and the record is there before it runs.
#[test]
fn a_launcher_becomes_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("launched");
    let doors = folder.path().join("door");
    let mut launcher = Command::new(env!("CARGO_BIN_EXE_rotation-bench"));
    launcher.arg(LAUNCH).arg(&record).arg(&doors).args(["/bin/cat", "--"]).arg(&record);
    let output = launcher.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout, std::fs::read(&record).unwrap());
    assert_eq!(std::fs::read(&doors).unwrap(), b"0", "it joins each group");
    let launch = Launch::read(&record).unwrap();
    assert!(launch.used.page_faults > 0, "{launch:?}");
}

/// A program that is not there is an error with its reason.
#[test]
fn a_missing_program_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let mut launcher = Command::new(env!("CARGO_BIN_EXE_rotation-bench"));
    launcher.arg(LAUNCH).arg(folder.path().join("launched")).args(["", "/nowhere"]);
    let output = launcher.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("No such file"));
}
