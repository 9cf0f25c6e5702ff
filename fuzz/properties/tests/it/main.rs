//! Replays the corpus that fuzzing has left behind.

use std::{
    fs,
    panic::catch_unwind,
    path::{Path, PathBuf},
};

/// Runs a target on every input that is kept for it.
#[track_caller]
fn check(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    assert!(paths.len() >= 10, "{target} has a corpus of {}", paths.len());
    let breaks = |path: &&PathBuf| {
        let bytes = fs::read(path).expect("a file");
        catch_unwind(|| run(&bytes)).is_err()
    };
    let broken: Vec<_> = paths.iter().filter(breaks).collect();
    assert!(broken.is_empty(), "{} of {} inputs: {broken:#?}", broken.len(), paths.len());
}

/// The corpus of events breaks no property.
#[test]
fn the_corpus_of_events_breaks_nothing() {
    check("event", fuzz_properties::event);
}

/// The corpus of documents breaks no property.
#[test]
fn the_corpus_of_documents_breaks_nothing() {
    check("document", fuzz_properties::document);
}

/// The corpus of environments breaks no property.
#[test]
fn corpus_of_environments_breaks_nothing() {
    check("environment", fuzz_properties::environment);
}

/// The corpus of grants breaks no property.
#[test]
fn the_corpus_of_grants_breaks_nothing() {
    check("grants", fuzz_properties::grants);
}

/// The corpus of logins breaks no property.
#[test]
fn the_corpus_of_logins_breaks_nothing() {
    check("login", fuzz_properties::login);
}

/// The corpus of verifiers breaks no property.
#[test]
fn the_corpus_of_verifiers_breaks_nothing() {
    check("verifier", fuzz_properties::verifier);
}
