//! [`EngineKind`] is the list of engines. What cannot read it is compared with it.

use std::{fs, path::PathBuf};

use clap::ValueEnum;
use rotation_cli::{EngineError, EngineKind};
use rotation_config::StrategyKind;

fn read(path: &str) -> String {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn words(separator: &str) -> String {
    let words: Vec<_> = EngineKind::value_variants().iter().map(|kind| kind.word()).collect();
    words.join(separator)
}

/// The file has a list of all engines and no other.
#[track_caller]
fn check_list(path: &str, before: &str, separator: &str, after: &str) {
    let list = format!("{before}{}{after}", words(separator));
    assert!(read(path).contains(&list), "{path} has no {list}");
}

/// Templates and scripts allow every engine.
#[test]
fn templates_and_scripts_allow_every_engine() {
    check_list("deploy/function.yaml", "AllowedValues: [", ", ", ", custom]");
    check_list("deploy/rotation.yaml", "AllowedValues: [", ", ", ", custom]");
    check_list("deploy/network-discovery.yaml", "AllowedValues: [\"\", ", ", ", "]");
    check_list("deploy/observability.yaml", "AllowedValues: [none, ", ", ", "]");
    check_list("deploy/terraform/variables.tf", "contains([\"", "\", \"", "\"], var.engine)");
    // Caches are targets, and no engines.
    check_list("scripts/build-functions", "names=(", " ", " valkey elasticache network_discovery)");
    check_list("scripts/demo", "scripts/demo [", "|", "|valkey]");
}

/// Every engine is packaged, built and documented.
#[test]
fn engines_are_packaged_and_documented() {
    let (artifacts, readme) = (read("crates/delivery/src/artifact.rs"), read("README.md"));
    let demo = read("scripts/demo");
    let arms = demo.lines().filter_map(|line| line.split_once(") setup=("));
    let demo: Vec<_> = arms.flat_map(|(engines, _)| engines.split('|').map(str::trim)).collect();
    for kind in EngineKind::value_variants() {
        let word = kind.word();
        for strategy in [StrategyKind::SingleUser, StrategyKind::MasterUser] {
            let function = kind.file_name(strategy);
            assert!(artifacts.contains(&format!("\"{function}\"")), "no package of {function}");
            assert!(readme.contains(&format!("`{function}`")), "README does not name {function}");
            read(&format!("crates/{}/src/bin/{function}.rs", kind.package()));
        }
        assert!(demo.contains(&word), "scripts/demo knows no {word}");
        let workflow = read(&format!(".github/workflows/{word}.yml"));
        assert!(
            workflow.contains(&format!("crates/{}/**", kind.package())),
            "{word}.yml watches another crate"
        );
    }
}

/// The command line and the secret must name the same engine.
#[test]
fn one_engine_by_flag_and_secret() {
    use EngineKind::{Mysql, Postgres, Redshift};
    for (asked, stored, chosen) in [
        (None, None, Ok(Postgres)),
        (Some(Mysql), None, Ok(Mysql)),
        (None, Some("redshift"), Ok(Redshift)),
        (Some(Redshift), Some("redshift"), Ok(Redshift)),
        (Some(Mysql), Some("postgres"), Err(EngineError::Contradiction { asked: Mysql, stored: Postgres })),
        (None, Some("oracle"), Err(EngineError::Unknown)),
        (Some(Postgres), Some("oracle"), Err(EngineError::Unknown)),
    ] {
        assert_eq!(EngineKind::choose(asked, stored), chosen, "{asked:?}, {stored:?}");
    }
}
