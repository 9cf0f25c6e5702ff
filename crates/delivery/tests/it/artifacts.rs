//! What is delivered matches what the workspace builds.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use delivery::Artifact;
use serde_json::Value;

use crate::deployment::{are_shipped, programs, shipped};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The programs for Lambda, as cargo lists them, without those of examples.
fn functions() -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).current_dir(root());
    let metadata: Value = serde_json::from_slice(&cargo.output().unwrap().stdout).unwrap();
    let is_shipped = |package: &&Value| package["manifest_path"].as_str().unwrap().contains("/crates/");
    let packages = metadata["packages"].as_array().unwrap().iter().filter(is_shipped);
    let targets = packages.flat_map(|package| package["targets"].as_array().unwrap());
    let programs = targets.filter(|target| target["kind"][0] == "bin");
    let names = programs.map(|target| target["name"].as_str().unwrap());
    names.filter(|name| name.ends_with("_user") || *name == "network_discovery").map(str::to_owned).collect()
}

/// Every function of the workspace is delivered, and nothing else is.
#[test]
fn every_function_and_nothing_else() {
    let delivered = Artifact::chosen(&[]).unwrap();
    let delivered: BTreeSet<_> = delivered.iter().map(|artifact| artifact.name.to_owned()).collect();
    assert_eq!(delivered, functions());
}

/// An engine's name stands for both its functions, and a function's name for itself.
#[test]
fn engine_and_function_names() {
    #[track_caller]
    fn check(asked: &[&str], expected: &[&str]) {
        let asked: Vec<String> = asked.iter().map(|&name| name.to_owned()).collect();
        let names: Vec<_> = Artifact::chosen(&asked).unwrap().iter().map(|artifact| artifact.name).collect();
        assert_eq!(names, expected);
    }
    check(&["mariadb"], &["mariadb_single_user", "mariadb_master_user"]);
    check(&["docdb_master_user", "postgres_single_user"], &["postgres_single_user", "docdb_master_user"]);
    let error = Artifact::chosen(&["oracle".to_owned()]).unwrap_err().to_string();
    assert!(error.contains("oracle") && error.contains("redshift"), "{error}");
}

/// A function's name gives its engine and its strategy.
#[test]
fn name_gives_engine_and_strategy() {
    for artifact in Artifact::chosen(&[]).unwrap() {
        match artifact.engine().zip(artifact.strategy()) {
            Some((engine, strategy)) => {
                assert_eq!(artifact.name, format!("{engine}_{strategy}"));
                assert!(["single_user", "master_user"].contains(&strategy), "{strategy}");
            }
            None => assert_eq!(artifact.name, "network_discovery"),
        }
    }
}

/// Only the functions with a master can ask a lookup.
/// One build makes all functions, in which the libraries have what the master-user functions need. Code that
/// is never called must not be in a program all the same. Of packages as they are shipped, those are checked
/// that were built.
#[test]
fn only_master_functions_link_a_lookup() {
    let (mut single, mut master) = (0, 0);
    for artifact in Artifact::chosen(&[]).unwrap() {
        let Some((engine, strategy)) = artifact.engine().zip(artifact.strategy()) else { continue };
        let path = if are_shipped() {
            shipped().join(artifact.name).join("bootstrap")
        } else {
            programs().join(artifact.name)
        };
        let program = match fs::read(&path) {
            Err(_) if are_shipped() => continue,
            program => program.unwrap_or_else(|error| {
                panic!("{}: {error}; build it: cargo build --workspace", path.display())
            }),
        };
        // A name of the API, which the SDK sends.
        let call = match engine {
            "redshift" => "DescribeClusters",
            "elasticache" | "valkey" => "ModifyUser",
            _ => "DescribeDBInstances",
        };
        let asks = String::from_utf8_lossy(&program).contains(call);
        // The service itself changes users of ElastiCache, and a master those of Valkey.
        let expected = if call == "ModifyUser" { engine == "elasticache" } else { strategy == "master_user" };
        assert_eq!(asks, expected, "{}", artifact.name);
        *if asks { &mut master } else { &mut single } += 1;
    }
    assert!(single > 0 && master > 0, "no package was looked at");
}
