//! The calls that a deployment makes to the AWS CLI, recorded by a fake CLI.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

use crate::plan::{ARN, folders};

const KEY: &str = "-----BEGIN PRIVATE KEY-----";

/// A folder with packages and a CLI.
pub(crate) struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let packages = [("postgres_single_user", "a", "arm64"), ("postgres_master_user", "c", "arm64")];
        let folder =
            folders(&[&packages[..], &[("network_discovery", "b", "arm64")]].concat(), "Parameters:\n  A:\n");
        for name in ["aws", "network"] {
            // Copied by a program: one that this process has open for writing could not be started.
            let stub = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/{name}.sh"));
            let copy = folder.path().join(format!("{name}.sh"));
            let copied = Command::new("install").args(["-m", "755"]).args([stub, copy]).status();
            assert!(copied.unwrap().success());
        }
        let scene = Self { folder };
        scene.put("describe-secret", &json!({"ARN": ARN, "Name": "shop/checkout"}));
        let document = json!({"engine": "postgres", "masterarn": "arn:of:master"}).to_string();
        scene.put("get-secret-value", &json!({"SecretString": document}));
        scene.put("outcome", &json!({"Status": "CREATE_COMPLETE", "Changes": []}));
        scene
    }

    /// With a stack of this status and these parameters.
    pub(crate) fn with_stack(status: &str, parameters: &[(&str, &str)]) -> Self {
        let scene = Self::new();
        let parameters: Vec<_> = parameters
            .iter()
            .map(|(name, value)| json!({"ParameterKey": name, "ParameterValue": value}))
            .collect();
        let stack = json!({"StackStatus": status, "Parameters": parameters});
        scene.put("describe-stacks", &json!({"Stacks": [stack]}));
        scene
    }

    pub(crate) fn put(&self, name: &str, content: &Value) {
        fs::write(self.folder.path().join(name), content.to_string()).unwrap();
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.folder.path().join(name).exists()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    pub(crate) fn deploy(&self, arguments: &[&str]) -> Result<String, String> {
        let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_delivery"))
            .args(["deploy", "shop/checkout", "--yes", "--packages"])
            .arg(self.folder.path())
            .arg("--aws")
            .arg(self.folder.path().join("aws.sh"))
            .arg("--network-by")
            .arg(self.folder.path().join("network.sh"))
            .args(arguments)
            .env("AWS_PROFILE", "shop")
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY")
            .env_remove("AWS_SESSION_TOKEN")
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let [said, complained] = [stdout, stderr].map(|text| String::from_utf8(text).unwrap());
        if status.success() { Ok(said) } else { Err(said + &complained) }
    }

    /// The answer of a lookup of the place.
    pub(crate) fn network(&self, parameters: &str) {
        fs::write(self.folder.path().join("network"), parameters).unwrap();
    }

    /// The values that CloudFormation got, by name; `None` for those that are kept.
    pub(crate) fn values(&self) -> BTreeMap<String, Option<String>> {
        let value = |one: &Value| one["ParameterValue"].as_str().map(str::to_owned);
        self.handed().into_iter().map(|(name, one)| (name, value(&one))).collect()
    }

    /// The parameters that CloudFormation got, by name.
    fn handed(&self) -> BTreeMap<String, Value> {
        let all: Vec<Value> = serde_json::from_str(&self.text("handed")).unwrap();
        all.into_iter().map(|one| (one["ParameterKey"].as_str().unwrap().to_owned(), one)).collect()
    }
}

/// An update keeps the parameters that this run does not name.
#[test]
fn update_keeps_unnamed_parameters() {
    let present = [
        ("Strategy", "master_user"),
        ("NetworkMode", "vpc"),
        ("passwordLength", "40"),
        ("LogRetentionDays", "7"),
        ("TlsClientKey", "****"),
        ("OfAnOlderTemplate", "x"),
    ];
    let scene = Scene::with_stack("UPDATE_COMPLETE", &present);
    let output = scene.deploy(&["--parameter", "LogRetentionDays=30"]).unwrap();
    let handed = scene.handed();
    for name in ["NetworkMode", "passwordLength", "TlsClientKey"] {
        assert_eq!(handed[name], json!({"ParameterKey": name, "UsePreviousValue": true}));
        assert!(output.contains(&format!("  {name}=(unchanged)\n")), "{output}");
    }
    assert_eq!(handed["LogRetentionDays"]["ParameterValue"], "30");
    assert_eq!(handed["Strategy"]["ParameterValue"], "master_user");
    assert_eq!(handed["superuserSecretArn"]["ParameterValue"], "arn:of:master");
    assert!(!handed.contains_key("OfAnOlderTemplate"));
    assert!(output.contains("Changes within nested stacks"), "{output}");
}

/// A hidden parameter is neither printed nor among the arguments of a program.
#[test]
fn hidden_parameter_is_not_shown() {
    let scene = Scene::with_stack("CREATE_COMPLETE", &[]);
    let output = scene.deploy(&["--parameter", &format!("TlsClientKey={KEY}")]).unwrap();
    assert!(output.contains("  TlsClientKey=(not shown)\n") && !output.contains(KEY), "{output}");
    assert!(!scene.text("calls").contains(KEY));
    assert_eq!(scene.handed()["TlsClientKey"]["ParameterValue"], KEY);
    assert_eq!(scene.text("mode"), "600\n");
    assert!(!Path::new(scene.text("file").trim()).exists());
}

/// A parameter that the template does not have is refused, and its value is not printed.
#[test]
fn unknown_parameter() {
    let scene = Scene::new();
    let complaint = scene.deploy(&["--parameter", &format!("TlsClientkey={KEY}")]).unwrap_err();
    assert_eq!(complaint, "the template has no parameter TlsClientkey\n");
}

/// The change set that an interrupted run left behind is replaced.
#[test]
fn interrupted_change_set_is_replaced() {
    let scene = Scene::with_stack("CREATE_COMPLETE", &[]);
    scene.put("change-set", &json!({"Status": "CREATE_COMPLETE"}));
    let output = scene.deploy(&[]).unwrap();
    assert!(output.contains("The stack is complete."), "{output}");
}

/// A change set that was refused is deleted again.
#[test]
fn refused_change_set_is_deleted() {
    let scene = Scene::with_stack("CREATE_COMPLETE", &[]);
    scene.put("outcome", &json!({"Status": "FAILED", "StatusReason": "for a reason"}));
    let complaint = scene.deploy(&[]).unwrap_err();
    assert!(complaint.ends_with("the change set was refused: for a reason\n"), "{complaint}");
    assert!(!scene.has("change-set"));
    assert!(!scene.text("calls").contains("delete-stack"));
    // Where there was no stack, the empty one that the change set created is deleted as well.
    let scene = Scene::new();
    scene.put("outcome", &json!({"Status": "FAILED", "StatusReason": "for a reason"}));
    scene.deploy(&[]).unwrap_err();
    assert!(scene.text("calls").contains("cloudformation delete-stack"));
}

/// A stack that cannot be updated is reported before anything is done.
#[test]
fn stack_that_cannot_be_updated() {
    #[track_caller]
    fn check(status: &str, expected: &str) {
        let scene = Scene::with_stack(status, &[]);
        let complaint = scene.deploy(&[]).unwrap_err();
        assert!(complaint.contains(expected), "{complaint}");
        assert!(!scene.text("calls").contains("put-object"));
    }
    check("ROLLBACK_COMPLETE", "delete it with scripts/undeploy first");
    check("UPDATE_ROLLBACK_FAILED", "continue-update-rollback");
    check("UPDATE_IN_PROGRESS", "once that has ended");
}

/// A bucket of another account gets nothing.
#[test]
fn bucket_of_another_account() {
    let scene = Scene::with_stack("CREATE_COMPLETE", &[]);
    scene.put("foreign", &Value::Null);
    let complaint = scene.deploy(&[]).unwrap_err();
    assert!(
        complaint.contains("rotators-123456789012-eu-west-1 does not belong to the account 123456789012"),
        "{complaint}"
    );
    assert!(!scene.text("calls").contains("put-object"));
}
