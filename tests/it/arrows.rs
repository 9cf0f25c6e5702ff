//! Which crate may know which: the arrows of ARCHITECTURE.md.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

/// Every crate of the workspace and those of ours that it may depend on, itself and its tests aside.
const ARROWS: &[(&str, &[&str])] = &[
    ("rotation-core", &[]),
    ("rotation-aws", &["rotation-core"]),
    ("aws-databases", &["rotation-aws", "rotation-core"]),
    ("rotation-lambda", &["rotation-aws", "rotation-core"]),
    ("database-tls", &[]),
    ("database-dial", &["database-tls", "rotation-core"]),
    ("postgres-session", &["database-dial", "database-tls", "rotation-core"]),
    (
        "rotator-postgres",
        &["aws-databases", "database-tls", "postgres-session", "rotation-core", "rotation-lambda"],
    ),
    (
        "rotator-docdb",
        &["aws-databases", "database-dial", "database-tls", "rotation-core", "rotation-lambda"],
    ),
    ("rotation-testkit", &[]),
    (
        "rotator-mysql",
        &["aws-databases", "database-dial", "database-tls", "rotation-core", "rotation-lambda"],
    ),
    (
        "rotator-redshift",
        &["aws-databases", "database-tls", "postgres-session", "rotation-core", "rotation-lambda"],
    ),
    (
        "rotation-cli",
        &[
            "database-tls",
            "aws-databases",
            "network-discovery",
            "rotation-aws",
            "rotation-core",
            "rotation-lambda",
            "rotation-testkit",
            "rotator-docdb",
            "rotator-mysql",
            "rotator-postgres",
            "rotator-redshift",
        ],
    ),
    ("network-discovery", &["aws-databases", "rotation-aws", "rotation-core", "rotation-lambda"]),
    ("delivery", &["rotation-testkit"]),
    (
        "hostile-input",
        &[
            "database-tls",
            "postgres-session",
            "rotation-core",
            "rotation-lambda",
            "rotator-docdb",
            "rotator-mysql",
            "rotator-postgres",
            "rotator-redshift",
        ],
    ),
    ("workspace-tests", &[]),
];

/// Crates of others that only one of ours may know.
const KEEPERS: &[(&str, &[&str])] = &[
    ("aws-sdk-", &["aws-databases", "rotation-aws", "rotation-cli"]),
    ("aws-config", &["rotation-aws"]),
    ("aws-sigv4", &["rotation-aws"]),
    ("lambda_runtime", &["rotation-lambda"]),
    ("tokio-postgres", &["postgres-session", "rotation-testkit"]),
    ("mysql_async", &["rotation-testkit"]),
];

/// A crate's normal dependencies; those of tests and build scripts are free.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let mut cargo = Command::new(env!("CARGO"));
    let output = cargo
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"])
        .arg(super::root().join("Cargo.toml"))
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let text = |value: &Value| value.as_str().expect("a name").to_owned();
    let packages = metadata["packages"].as_array().expect("packages").iter();
    let normal = |package: &Value| {
        let all = package["dependencies"].as_array().expect("dependencies").iter();
        all.filter(|dependency| dependency["kind"].is_null())
            .map(|dependency| text(&dependency["name"]))
            .collect()
    };
    packages.map(|package| (text(&package["name"]), normal(package))).collect()
}

#[test]
fn crates_know_only_whom_they_may() {
    let dependencies = dependencies();
    let ours: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    let found: BTreeSet<&str> = dependencies.keys().map(String::as_str).collect();
    assert_eq!(found, ours, "a new crate needs its arrows written down");
    for (name, allowed) in ARROWS {
        let known = dependencies[*name].iter().map(String::as_str).filter(|other| ours.contains(other));
        let beyond: Vec<&str> = known.filter(|other| !allowed.contains(other)).collect();
        assert!(beyond.is_empty(), "{name} must not depend on {beyond:?}");
    }
}

#[test]
fn sdk_runtime_and_drivers_have_one_keeper() {
    for (name, known) in dependencies() {
        for (prefix, keepers) in KEEPERS {
            let knows = known.iter().any(|other| other.starts_with(prefix));
            assert!(!knows || keepers.contains(&name.as_str()), "{name} must not depend on {prefix}");
        }
    }
}

/// Every crate that a program would be built with.
fn tree(arguments: &[&str]) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    let manifest = super::root().join("Cargo.toml");
    cargo.args(["tree", "--offline", "--locked", "--edges=normal", "--prefix=none", "--manifest-path"]);
    let output = cargo.arg(manifest).args(arguments).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("names are UTF-8")
}

/// The programs of single users can be built without the feature that brings a directory and its SDK.
#[test]
fn a_single_user_function_can_be_built_without_the_sdk_of_a_directory() {
    for rotator in ["rotator-postgres", "rotator-mysql", "rotator-docdb", "rotator-redshift"] {
        let package = format!("-p={rotator}");
        let has_directory = |tree: &str| {
            tree.lines().any(|line| {
                ["aws-sdk-rds ", "aws-sdk-redshift", "aws-databases "]
                    .iter()
                    .any(|name| line.starts_with(name))
            })
        };
        assert!(has_directory(&tree(&[&package])), "{rotator}: this test looks for the wrong names");
        assert!(!has_directory(&tree(&[&package, "--no-default-features"])), "{rotator}");
        let path = super::root().join("crates").join(rotator).join("Cargo.toml");
        let manifest = std::fs::read_to_string(path).expect("a manifest");
        for program in manifest.split("[[bin]]").skip(1) {
            let single = program.contains("_single_user");
            assert!(!single || !program.contains("required-features"), "{rotator}: {program}");
        }
    }
}

/// A function links the SDK that describes its own servers, and no other.
#[test]
fn a_function_links_the_sdk_of_its_own_databases_alone() {
    for (rotator, own, other) in [
        ("rotator-postgres", "aws-sdk-rds ", "aws-sdk-redshift"),
        ("rotator-mysql", "aws-sdk-rds ", "aws-sdk-redshift"),
        ("rotator-docdb", "aws-sdk-rds ", "aws-sdk-redshift"),
        ("rotator-redshift", "aws-sdk-redshift ", "aws-sdk-rds "),
    ] {
        let tree = tree(&[&format!("-p={rotator}")]);
        assert!(tree.lines().any(|line| line.starts_with(own)), "{rotator} without {own}");
        assert!(!tree.lines().any(|line| line.starts_with(other)), "{rotator} with {other}");
    }
}

#[test]
fn no_rotator_knows_another() {
    for (name, known) in dependencies() {
        let others = known.iter().filter(|other| other.starts_with("rotator-"));
        assert!(!name.starts_with("rotator-") || others.count() == 0, "{name} knows another rotator");
    }
}
