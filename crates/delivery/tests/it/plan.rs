//! The plan of a deployment.

use std::{fs, path::Path};

use delivery::{
    Entry, Manifest,
    bucket::Bucket,
    parameters::{Declared, settle},
    plan::{Release, bucket_url, engine, place, stack_name},
};

pub(crate) const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/checkout-AbCdEf";

/// A folder of packages with these contents, and one of templates.
pub(crate) fn folders(packages: &[(&str, &str, &str)], template: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut manifest = Manifest { commit: "c".to_owned(), compiler: "r".to_owned(), artifacts: [].into() };
    for (name, content, architecture) in packages {
        let path = format!("{name}/bootstrap.zip");
        fs::create_dir_all(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(&path), content).unwrap();
        let entry = Entry {
            engine: None,
            strategy: None,
            path,
            size: content.len() as u64,
            sha256: sha256(content.as_bytes()),
            architecture: (*architecture).to_owned(),
            glibc: "2.34".to_owned(),
        };
        manifest.artifacts.insert((*name).to_owned(), entry);
    }
    fs::write(folder.path().join("manifest.json"), serde_json::to_string(&manifest).unwrap()).unwrap();
    fs::create_dir(folder.path().join("deploy")).unwrap();
    fs::write(folder.path().join("deploy/rotation.yaml"), template).unwrap();
    fs::write(folder.path().join("deploy/README.md"), "no template").unwrap();
    folder
}

/// In hexadecimal digits.
pub(crate) fn sha256(content: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, content);
    digest.as_ref().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn collect(folder: &Path) -> anyhow::Result<Release> {
    Release::collect(folder, &folder.join("deploy"), &["postgres_single_user", "network_discovery"])
}

/// A key changes with any change of content, and only then.
#[test]
fn keys_follow_content() {
    let prefix = |packages: &[(&str, &str, &str)], template: &str| {
        let folder = folders(packages, template);
        collect(folder.path()).unwrap().code_prefix
    };
    let (one, other) = (("postgres_single_user", "a", "arm64"), ("network_discovery", "b", "arm64"));
    let first = prefix(&[one, other], "t");
    assert_eq!(first, prefix(&[one, other], "t"));
    assert_ne!(first, prefix(&[one, other], "u"));
    assert_ne!(first, prefix(&[one, ("network_discovery", "c", "arm64")], "t"));
}

/// Functions and templates are uploaded next to each other, under one prefix.
#[test]
fn functions_and_templates_share_a_prefix() {
    let folder = folders(&[("postgres_single_user", "a", "arm64"), ("network_discovery", "b", "arm64")], "t");
    let release = collect(folder.path()).unwrap();
    assert_eq!(release.architecture, "arm64");
    let keys: Vec<_> =
        release.uploads.iter().map(|upload| upload.key.strip_prefix(&release.code_prefix)).collect();
    assert_eq!(
        keys,
        [Some("postgres_single_user.zip"), Some("network_discovery.zip"), Some("rotation.yaml")]
    );
}

/// Packages that do not fit together are refused.
#[test]
fn packages_that_do_not_fit() {
    #[track_caller]
    fn check(folder: &Path, expected: &str) {
        let error = format!("{:#}", collect(folder).unwrap_err());
        assert!(error.contains(expected), "{error}");
    }
    let (one, other) = (("postgres_single_user", "a", "arm64"), ("network_discovery", "b", "arm64"));
    check(
        folders(&[one], "t").path(),
        "network_discovery is not packaged; run scripts/package network_discovery",
    );
    check(
        folders(&[one, ("network_discovery", "b", "x86_64")], "t").path(),
        "built for arm64 and for x86_64",
    );
    let altered = folders(&[one, other], "t");
    fs::write(altered.path().join("network_discovery/bootstrap.zip"), "z").unwrap();
    check(altered.path(), "is not the file that the manifest names");
    check(tempfile::tempdir().unwrap().path(), "run scripts/package");
}

/// A stack is named after its secret.
#[test]
fn stack_is_named_after_its_secret() {
    #[track_caller]
    fn check(secret: &str, expected: &str) {
        assert_eq!(stack_name(secret), expected);
    }
    check("shop/checkout", "rotation-shop-checkout");
    check("a_b+c=d.e@f-", "rotation-a-b-c-d-e-f");
    assert_eq!(stack_name(&"x".repeat(300)).len(), 128);
}

/// An ARN gives the account and the Region, and a name gives neither.
#[test]
fn region_from_an_arn() {
    assert_eq!(place(ARN).unwrap(), ("eu-west-1", "123456789012"));
    assert!(place("shop/checkout").is_err());
    assert!(place("arn:aws:lambda:eu-west-1:123456789012:function:f").is_err());
}

/// A bucket is read at its Region's host, or under a custom endpoint.
#[test]
fn bucket_urls() {
    #[track_caller]
    fn check(arn: &str, region: &str, endpoint: &str, expected: &str) {
        assert_eq!(bucket_url(arn, region, "b", endpoint), expected);
    }
    check(ARN, "eu-west-1", "", "https://b.s3.eu-west-1.amazonaws.com");
    let china = "arn:aws-cn:secretsmanager:cn-north-1:1:secret:s";
    check(china, "cn-north-1", "", "https://b.s3.cn-north-1.amazonaws.com.cn");
    check(ARN, "eu-west-1", "http://localhost:5000/", "http://localhost:5000/b");
}

/// Every call on the bucket names the account that must own it.
#[test]
fn expected_bucket_owner() {
    let bucket = Bucket { name: "b".to_owned(), owner: "123456789012".to_owned() };
    let owned = ["--bucket", "b", "--expected-bucket-owner", "123456789012"];
    assert_eq!(bucket.arguments("head-bucket", &[]), [&["s3api", "head-bucket"], &owned[..]].concat());
    assert_eq!(
        bucket.arguments("put-object", &["--key", "k"]),
        [&["s3api", "put-object"], &owned[..], &["--key", "k"]].concat()
    );
}

/// An engine is found by every name that secrets use for it.
#[test]
fn engine_names_of_secrets() {
    #[track_caller]
    fn check(named: &str, expected: Option<&str>) {
        assert_eq!(engine(named).ok(), expected);
    }
    // Everything that the functions accept.
    for (artifact, names) in [
        ("postgres", &["postgres", "aurora-postgresql"][..]),
        ("mysql", &["mysql", "aurora-mysql"]),
        ("mariadb", &["mariadb"]),
        ("docdb", &["mongo", "docdb", "documentdb"]),
        ("redshift", &["redshift", "redshift-serverless"]),
    ] {
        for name in names {
            check(name, Some(artifact));
        }
    }
    check("oracle", None);
    check("", None);
}

/// What the operator sets wins over what was worked out, and both win over what is deployed.
#[test]
fn precedence_of_parameters() {
    let template =
        "Parameters:\n  A:\n    Type: String\n  B:\n    NoEcho: true\n  C:\n  D:\n  E:\nResources:\n  F:\n";
    let declared = Declared::read(template).unwrap();
    let said = [("B".to_owned(), "person".to_owned()), ("C".to_owned(), String::new())];
    let worked_out = [("A", Some("here")), ("B", Some("here")), ("D", None), ("E", None)];
    let present = ["A", "B", "C", "D", "F"].map(str::to_owned);
    let all = settle(&declared, &worked_out, &said, &present).unwrap();
    let shown: Vec<_> = all.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["A=here", "B=(not shown)", "C=", "D=(unchanged)"]);
    assert!(!format!("{all:?}").contains("person"));
    let error = settle(&declared, &[], &[("F".to_owned(), String::new())], &[]).unwrap_err();
    assert_eq!(error.to_string(), "the template has no parameter F");
}

/// The root template hides the client's key, and nothing else.
#[test]
fn only_the_client_key_is_hidden() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/rotation.yaml");
    let root = fs::read_to_string(root).unwrap();
    let hidden = root.lines().filter(|line| line.trim() == "NoEcho: true").count();
    let declared = Declared::read(&root).unwrap();
    let said = ["SecretArn", "TlsClientKey", "DualPassword"].map(|name| (name.to_owned(), "v".to_owned()));
    let shown: Vec<_> = settle(&declared, &[], &said, &[]).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(
        (hidden, shown),
        (1, ["SecretArn=v", "TlsClientKey=(not shown)", "DualPassword=v"].map(str::to_owned).to_vec())
    );
}
