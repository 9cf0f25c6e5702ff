//! Which crate may know which: the arrows of ARCHITECTURE.md.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

/// Every crate of the workspace, and the workspace crates on which it may depend, except itself and for
/// tests.
const ARROWS: &[(&str, &[&str])] = &[
    ("rotation-core", &[]),
    ("rotation-database", &["rotation-core"]),
    ("rotation-doctor", &["rotation-core"]),
    ("rotation-conformance", &["rotation-core"]),
    ("rotation-config", &["rotation-core", "rotation-database"]),
    ("rotation-aws", &["rotation-config", "rotation-core", "rotation-database"]),
    ("aws-databases", &["rotation-aws", "rotation-core", "rotation-database"]),
    (
        "rotation-lambda",
        &["rotation-aws", "rotation-config", "rotation-core", "rotation-database", "rotation-doctor"],
    ),
    ("database-net", &["rotation-config", "rotation-core", "rotation-database"]),
    ("scram-client", &[]),
    ("postgres-session", &["database-net", "rotation-core", "rotation-database", "scram-client"]),
    (
        "rotator-postgres",
        &[
            "aws-databases",
            "database-net",
            "postgres-session",
            "rotation-config",
            "rotation-core",
            "rotation-database",
            "rotation-lambda",
        ],
    ),
    (
        "rotator-docdb",
        &[
            "aws-databases",
            "database-net",
            "rotation-config",
            "rotation-core",
            "rotation-database",
            "rotation-lambda",
            "scram-client",
        ],
    ),
    (
        "rotator-elasticache",
        &[
            "database-net",
            "rotation-aws",
            "rotation-config",
            "rotation-core",
            "rotation-database",
            "rotation-lambda",
        ],
    ),
    ("local-aws", &[]),
    ("test-servers", &[]),
    ("rotation-suites", &["local-aws", "rotation-core", "rotation-database", "test-servers"]),
    ("rotation-bench", &["local-aws", "test-servers"]),
    ("rotation-soak", &["local-aws", "test-servers"]),
    (
        "rotator-mysql",
        &[
            "aws-databases",
            "database-net",
            "rotation-config",
            "rotation-core",
            "rotation-database",
            "rotation-lambda",
        ],
    ),
    (
        "rotator-redshift",
        &[
            "aws-databases",
            "database-net",
            "postgres-session",
            "rotation-config",
            "rotation-core",
            "rotation-database",
            "rotation-lambda",
        ],
    ),
    (
        "rotation-cli",
        &[
            "aws-databases",
            "network-discovery",
            "rotation-aws",
            "rotation-config",
            "rotation-core",
            "rotation-database",
            "rotation-doctor",
            "rotator-docdb",
            "rotator-mysql",
            "rotator-postgres",
            "rotator-redshift",
        ],
    ),
    ("rotate-local", &["local-aws", "rotation-cli", "rotation-config", "rotation-suites", "test-servers"]),
    (
        "network-discovery",
        &[
            "aws-databases",
            "rotation-aws",
            "rotation-config",
            "rotation-core",
            "rotation-database",
            "rotation-lambda",
        ],
    ),
    ("delivery", &["local-aws"]),
    (
        "fuzz-properties",
        &[
            "database-net",
            "postgres-session",
            "rotation-config",
            "rotation-core",
            "rotation-database",
            "rotator-docdb",
            "rotator-mysql",
            "rotator-postgres",
            "rotator-redshift",
        ],
    ),
    (
        "skeleton-engine",
        &["aws-databases", "rotation-config", "rotation-core", "rotation-database", "rotation-lambda"],
    ),
    ("workspace-tests", &[]),
];

/// Third-party crates that only some workspace crates may know.
const OWNERS: &[(&str, &[&str])] = &[
    ("aws-sdk-", &["aws-databases", "rotation-aws", "rotation-cli"]),
    ("aws-config", &["rotation-aws"]),
    ("aws-sigv4", &["rotation-aws"]),
    ("roxmltree", &["rotation-aws", "rotator-elasticache"]),
    ("lambda_runtime", &["rotation-lambda"]),
    ("tokio-postgres", &["postgres-session", "test-servers", "rotation-suites"]),
    ("mysql_async", &["test-servers", "rotation-suites"]),
];

/// A crate's normal dependencies, without those of tests and build scripts.
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

/// A crate depends only on the crates that it may know.
#[test]
fn crates_know_only_allowed_crates() {
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

/// What a crate links is what its arrows lead to.
/// What a crate is built with, and not only what it declares.
#[test]
fn crates_link_what_the_arrows_show() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    for name in arrows.keys() {
        let (mut reached, mut open) = (BTreeSet::from([*name]), vec![*name]);
        while let Some(from) = open.pop() {
            open.extend(arrows[from].iter().copied().filter(|to| reached.insert(to)));
        }
        let tree = tree(&[&format!("-p={name}"), "--all-features"]);
        assert!(tree.starts_with(&format!("{name} v")), "this test looks for the wrong names");
        let linked = tree.lines().filter_map(|line| line.split(' ').next());
        let beyond: BTreeSet<&str> =
            linked.filter(|linked| arrows.contains_key(linked) && !reached.contains(linked)).collect();
        assert!(beyond.is_empty(), "{name} must not link {beyond:?}");
    }
}

/// The protocol, databases and the doctor link no Lambda runtime, no SDK, no TLS and no driver.
#[test]
fn core_links_nothing_of_the_outside() {
    const OUTSIDE: [&str; 7] =
        ["lambda_runtime", "aws-", "rustls", "hyper", "tokio-postgres", "mysql_async", "mongodb"];
    assert!(links(&tree(&["-p=rotator-postgres"]), &OUTSIDE), "this test looks for the wrong names");
    for name in ["rotation-core", "rotation-database", "rotation-doctor"] {
        assert!(!links(&tree(&[&format!("-p={name}")]), &OUTSIDE), "{name}");
    }
}

/// The SDK, the runtime and the drivers are dependencies of their owners alone.
#[test]
fn sdk_runtime_and_drivers_have_owners() {
    for (name, known) in dependencies() {
        for (prefix, owners) in OWNERS {
            let knows = known.iter().any(|other| other.starts_with(prefix));
            assert!(!knows || owners.contains(&name.as_str()), "{name} must not depend on {prefix}");
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

const ROTATORS: [&str; 4] = ["rotator-postgres", "rotator-mysql", "rotator-docdb", "rotator-redshift"];

/// Whether the name of a crate in the tree begins with one of these.
fn links(tree: &str, names: &[&str]) -> bool {
    tree.lines().any(|line| names.iter().any(|name| line.starts_with(name)))
}

/// The single-user programs can be built without the feature that adds a lookup, its SDK and its XML parser.
#[test]
fn single_user_builds_without_the_lookup() {
    const LOOKUP: [&str; 3] = ["aws-sdk-redshift", "roxmltree ", "aws-databases "];
    for rotator in ROTATORS {
        let package = format!("-p={rotator}");
        assert!(links(&tree(&[&package]), &LOOKUP), "{rotator}: this test looks for the wrong names");
        let single = tree(&[&package, "--no-default-features", "--features=lambda"]);
        assert!(links(&single, &["lambda_runtime "]), "{rotator}: this test looks for the wrong names");
        assert!(!links(&single, &LOOKUP), "{rotator}");
        let path = super::root().join("crates").join(rotator).join("Cargo.toml");
        let manifest = std::fs::read_to_string(path).expect("a manifest");
        for program in manifest.split("[[bin]]").skip(1) {
            let feature = if program.contains("_single_user") { "lambda" } else { "master-user" };
            let required = format!("required-features = [\"{feature}\"]");
            assert!(program.contains(&required), "{rotator}: {program}");
        }
    }
}

/// The crates that only tests, and commands that are not shipped, may link.
const TEST_CRATES: &[&str] = &[
    "mysql_async",
    "rotate-local",
    "rotation-bench",
    "rotation-conformance",
    "rotation-soak",
    "rotation-suites",
    "test-servers",
];

/// Shipped programs link no test crate.
/// The local AWS services are not a test crate. A command may link them, but a function may not.
#[test]
fn shipped_programs_link_no_test_crate() {
    let functions = ROTATORS.iter().chain(&["network-discovery", "rotator-elasticache"]);
    let commands = ["delivery", "rotation-cli"];
    let linked = |program: &str, named: &[&str]| -> Vec<String> {
        let tree = tree(&[&format!("-p={program}"), "--all-features"]);
        assert!(tree.starts_with(&format!("{program} v")), "this test looks for the wrong names");
        let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
        names.into_iter().filter(|name| named.contains(name)).map(str::to_owned).collect()
    };
    assert!(!linked("rotate-local", TEST_CRATES).is_empty(), "this test looks for the wrong names");
    for command in commands {
        assert_eq!(linked(command, TEST_CRATES), [""; 0], "{command}");
    }
    for function in functions {
        assert_eq!(linked(function, &[TEST_CRATES, &["local-aws"]].concat()), [""; 0], "{function}");
    }
}

/// A user of an engine without its programs, such as the command and the fuzz targets, links neither the
/// runtime nor an SDK because of it.
#[test]
fn engine_libraries_link_no_runtime_or_sdk() {
    const LAMBDA: [&str; 5] = ["lambda_runtime", "aws-sdk-", "aws-config ", "aws-smithy-", "rotation-aws "];
    for rotator in ROTATORS.iter().chain(&["rotator-elasticache"]) {
        let package = format!("-p={rotator}");
        let programs = tree(&[&package]);
        for name in LAMBDA {
            assert!(links(&programs, &[name]), "{rotator}: this test looks for the wrong name {name}");
        }
        assert!(!links(&tree(&[&package, "--no-default-features"]), &LAMBDA), "{rotator}");
    }
    assert!(!links(&tree(&["-p=fuzz-properties"]), &LAMBDA), "fuzz-properties");
}

/// A function links the SDK that describes its own servers, and no other. No program links the SDK of a
/// service that is called in the Query protocol: these take longest to compile.
#[test]
fn functions_link_their_own_sdk_alone() {
    const QUERIED: [&str; 3] = ["aws-sdk-ec2 ", "aws-sdk-rds ", "aws-sdk-redshift "];
    for rotator in ROTATORS {
        let tree = tree(&[&format!("-p={rotator}")]);
        assert_eq!(
            links(&tree, &["aws-sdk-redshiftserverless "]),
            rotator == "rotator-redshift",
            "{rotator}"
        );
        assert!(links(&tree, &["roxmltree "]), "{rotator} cannot read the answers to its lookups");
    }
    let all = tree(&["--workspace"]);
    assert!(links(&all, &["aws-sdk-secretsmanager "]), "this test looks for the wrong names");
    assert!(!links(&all, &QUERIED), "an SDK of {QUERIED:?}");
}

/// No rotator knows another.
#[test]
fn no_rotator_knows_another() {
    for (name, known) in dependencies() {
        let others = known.iter().filter(|other| other.starts_with("rotator-"));
        assert!(!name.starts_with("rotator-") || others.count() == 0, "{name} knows another rotator");
    }
}
