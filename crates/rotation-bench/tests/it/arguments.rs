//! What the arguments allow.

use rotation_bench::{Arguments, USAGE};

fn parse(arguments: &str) -> Result<Option<Arguments>, String> {
    Arguments::parse(arguments.split_whitespace().map(str::to_owned)).map_err(|error| error.to_string())
}

/// Help wins, and each option of the help is known.
#[test]
fn every_option_of_the_help_is_known() {
    assert!(parse("--help").unwrap().is_none());
    for line in USAGE.lines().filter(|line| line.starts_with("  --")) {
        let name = line.split_whitespace().next().unwrap();
        let error = parse(name).err().unwrap_or_default();
        assert!(!error.contains("unknown argument"), "{name}: {error}");
    }
    assert!(parse("--fast").unwrap_err().contains("unknown argument"));
}

/// What cannot be judged is refused before anything is started.
#[test]
fn a_check_needs_its_conditions() {
    for arguments in ["--check --quick", "--check --share share", "--check --delay-ms 5", "--runs 0"] {
        assert!(parse(arguments).is_err(), "{arguments}");
    }
    assert!(parse("--check --engine mariadb --share whole").unwrap().is_some());
    assert!(parse("--engine oracle").unwrap_err().contains("oracle"));
}
