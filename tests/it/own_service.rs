//! The road for other services: what is published, the example, the template, and the script that runs them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

use serde_json::Value;

/// The crates that an outsider needs.
const PUBLISHED: [&str; 8] = [
    "local-aws",
    "rotation-aws",
    "rotation-config",
    "rotation-conformance",
    "rotation-core",
    "rotation-database",
    "rotation-doctor",
    "rotation-lambda",
];

const EXAMPLE: &str = "examples/own-service";
const TEMPLATE: &str = "templates/own-service";

/// The most lines of Rust that a function for a new service takes, without comments.
const MOST_LINES: usize = 150;

fn read(path: &str) -> String {
    fs::read_to_string(super::root().join(path)).expect(path)
}

fn packages() -> Vec<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).current_dir(super::root());
    let metadata: Value = serde_json::from_slice(&cargo.output().expect("cargo runs").stdout).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

/// Name and version of each package of a lock file.
fn locked(path: &str) -> BTreeSet<(String, String)> {
    let text = read(path);
    let packages = text.split("\n[[package]]\n").skip(1);
    let value = |package: &str, key: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
        line.unwrap_or_else(|| panic!("{path} without {key}")).trim_matches('"').to_owned()
    };
    packages.map(|package| (value(package, "name"), value(package, "version"))).collect()
}

/// These crates may be published, and no other.
#[test]
fn published_crates() {
    let packages = packages();
    let may = packages.iter().filter(|package| package["publish"].is_null());
    let mut names: Vec<_> = may.map(|package| package["name"].as_str().expect("a name")).collect();
    names.sort_unstable();
    assert_eq!(names, PUBLISHED);
}

/// A published crate depends on published crates of the same version, and has a README as its documentation.
#[test]
fn published_crates_stand_alone() {
    for package in packages() {
        let name = package["name"].as_str().expect("a name");
        if !PUBLISHED.contains(&name) {
            continue;
        }
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            // What has a path alone is left out of the package where only tests need it.
            let (path, kind) = (&dependency["path"], &dependency["kind"]);
            if path.is_null() || (kind == "dev" && dependency["req"] == "*") {
                continue;
            }
            let other = dependency["name"].as_str().expect("a name");
            assert!(PUBLISHED.contains(&other), "{name} depends on {other}, which is not published");
            let wanted = format!("^{}", package["version"].as_str().expect("a version"));
            assert_eq!(dependency["req"], wanted.as_str(), "{name} on {other}");
        }
        assert_eq!(package["readme"], "README.md", "{name}");
        assert!(package["metadata"]["docs"]["rs"].is_object(), "{name} has no metadata for docs.rs");
        let readme = read(&format!("crates/{name}/README.md"));
        assert!(readme.starts_with(&format!("# {name}\n")), "{name}");
        let root = read(&format!("crates/{name}/src/lib.rs"));
        assert!(root.starts_with("#![doc = include_str!(\"../README.md\")]\n"), "{name}");
    }
}

/// The example builds with the versions of this workspace, so that nothing is compiled for it alone.
#[test]
fn example_has_our_versions() {
    let ours = locked("Cargo.lock");
    let others: Vec<_> = locked(&format!("{EXAMPLE}/Cargo.lock")).difference(&ours).cloned().collect();
    assert_eq!(others, [("own-service".to_owned(), "0.1.0".to_owned())]);
}

/// The example takes every published crate that it links from this repository.
#[test]
fn example_patches_what_it_links() {
    let manifest = read(&format!("{EXAMPLE}/Cargo.toml"));
    for (name, _) in locked(&format!("{EXAMPLE}/Cargo.lock")) {
        if PUBLISHED.contains(&name.as_str()) {
            let line = format!("{name} = {{ path = \"../../crates/{name}\" }}");
            assert!(manifest.contains(&line), "{EXAMPLE}/Cargo.toml lacks `{line}`");
        }
    }
}

/// The template and the example have the same target.
#[test]
fn template_is_the_examples_target() {
    for file in ["src/http.rs", "src/token.rs", "rustfmt.toml"] {
        let (template, example) = (read(&format!("{TEMPLATE}/{file}")), read(&format!("{EXAMPLE}/{file}")));
        assert!(template == example, "{TEMPLATE}/{file} and {EXAMPLE}/{file} differ");
    }
}

/// A function for a new service takes at most 150 lines.
#[test]
fn template_is_short() {
    let files = ["http", "lib", "main", "token"].map(|name| read(&format!("{TEMPLATE}/src/{name}.rs")));
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    let lines = files.iter().flat_map(|text| text.lines()).filter(is_code).count();
    assert!((50..=MOST_LINES).contains(&lines), "{lines} lines");
}

/// Every placeholder of the template is one that the page defines, or that cargo-generate knows.
#[test]
fn placeholders_are_defined() {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for (name, text) in super::texts::texts().into_iter().filter(|(name, _)| name.starts_with(TEMPLATE)) {
        for rest in text.split("{{").skip(1) {
            let placeholder = rest.split("}}").next().expect("its end").trim();
            found.insert(placeholder.to_owned(), name.clone());
        }
    }
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(names, ["project-name", "rotators"], "{found:?}");
}

/// `.ci/run` runs the script.
#[test]
fn script_is_run() {
    assert!(read(".ci/run").contains("\nstep scripts/check-own-service"));
}
