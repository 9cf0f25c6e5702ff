//! From a secret's name to a secret that rotates: the command, an emulated account, and the package that was
//! deployed.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Cursor, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::Arc,
    time::Duration,
};

use delivery::{Entry, Manifest, archive};
use local_aws::{
    LambdaFunction, LocalSecretsManager,
    secrets_manager::{RotationOutcome, Settings},
};
use serde_json::{Value, json};
use test_servers::{PostgresServer, PostgresVersion, TestLogin};

use crate::plan::sha256;

const REGION: &str = "eu-central-1";
const DATABASE: &str = "postgres";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Where cargo put this test: the folder that holds the programs of its profile.
pub(crate) fn programs() -> PathBuf {
    std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned()
}

/// Whether packages as they are shipped are deployed, and not programs of this test's profile.
#[expect(clippy::disallowed_methods, reason = "scripts/check-delivery sets the variable")]
pub(crate) fn are_shipped() -> bool {
    std::env::var("PACKAGES").is_ok_and(|value| value == "shipped")
}

/// Where `scripts/package` puts packages that were built into the folder of this test.
pub(crate) fn shipped() -> PathBuf {
    programs().parent().unwrap().join("lambda")
}

/// Packages to deploy: those that `scripts/package` built next to this test, or stand-ins in a folder that
/// this creates.
fn packages(folder: &Path) -> PathBuf {
    if are_shipped() {
        return shipped();
    }
    let packages = folder.join("packages");
    let mut manifest = Manifest { commit: "c".to_owned(), compiler: "r".to_owned(), artifacts: [].into() };
    for name in ["postgres_single_user", "postgres_master_user", "network_discovery"] {
        // The emulator answers discovery; its program is never started.
        let program =
            if name == "network_discovery" { Vec::new() } else { fs::read(programs().join(name)).unwrap() };
        let zip = stand_in(&program);
        let entry = Entry {
            engine: None,
            strategy: None,
            path: format!("{name}/bootstrap.zip"),
            size: zip.len() as u64,
            sha256: sha256(&zip),
            architecture: if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }.to_owned(),
            glibc: String::new(),
        };
        fs::create_dir_all(packages.join(name)).unwrap();
        fs::write(packages.join(&entry.path), zip).unwrap();
        manifest.artifacts.insert(name.to_owned(), entry);
    }
    fs::write(packages.join("manifest.json"), serde_json::to_string(&manifest).unwrap()).unwrap();
    packages
}

/// The zip of a program as `cargo build` leaves it. It is not compressed, which this profile does slowly and
/// a test does not need.
fn stand_in(program: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .unix_permissions(0o755);
    writer.start_file(archive::ENTRY, options).unwrap();
    writer.write_all(program).unwrap();
    writer.finish().unwrap().into_inner()
}

/// Creates a program. A program copies it there: one that this process has open for writing could not be
/// started.
fn install(program: &Path, content: &[u8]) {
    let written = program.with_extension("written");
    fs::write(&written, content).unwrap();
    let copied = Command::new("install").args(["-m", "755"]).args([&written, program]).status();
    assert!(copied.unwrap().success());
}

/// Whether everything is there that this test needs; a message where something is missing, and may be.
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests sets the variable")]
#[expect(clippy::print_stderr, reason = "a skipped test must report it")]
fn is_set_up() -> bool {
    let needed = [
        (root().join(".cache/moto/bin/aws"), "scripts/setup-moto"),
        (root().join(".cache/deploy/bin/python"), "scripts/setup-deploy-tools"),
        if are_shipped() {
            (shipped().join("manifest.json"), "scripts/package postgres network_discovery")
        } else {
            (programs().join("postgres_single_user"), "cargo build -p rotator-postgres")
        },
        (programs().join("rotate"), "cargo build -p rotation-cli"),
    ];
    let missing: Vec<_> =
        needed.iter().filter(|(path, _)| !path.exists()).map(|(_, command)| command).collect();
    assert!(
        missing.is_empty() || std::env::var("SKIP_MISSING").is_ok_and(|value| value == "1"),
        "run {missing:?}, or set SKIP_MISSING=1 to go without"
    );
    if !missing.is_empty() {
        eprintln!("skipped: {missing:?} were not run");
    }
    missing.is_empty()
}

/// An emulated account, until it is dropped.
struct Account {
    process: Child,
    endpoint: String,
}

impl Account {
    fn start(secrets: &Value) -> Self {
        let mut process = Command::new(root().join(".cache/deploy/bin/python"))
            .args(["-B", "deploy/tests/serve.py", &secrets.to_string()])
            .current_dir(root())
            .env("no_proxy", "*")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut endpoint = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut endpoint).unwrap();
        assert!(endpoint.starts_with("http://localhost:"), "the account does not start: {endpoint}");
        Self { process, endpoint: endpoint.trim().to_owned() }
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(root())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", "/nonexistent")
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", "emulated")
            .env("AWS_SECRET_ACCESS_KEY", "emulated")
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null());
        command
    }

    /// `delivery deploy` or `undeploy` as the scripts call it. Returns its output.
    fn delivery(&self, arguments: &[&str]) -> Result<String, String> {
        let aws = root().join(".cache/moto/bin/aws");
        let mut command = self.command(env!("CARGO_BIN_EXE_delivery"));
        command
            .arg(arguments[0])
            .args(["--endpoint-url", &self.endpoint, "--aws"])
            .arg(aws)
            .args(&arguments[1..]);
        let Output { status, stdout, stderr } = command.output().unwrap();
        let [text, complained] = [stdout, stderr].map(|text| String::from_utf8(text).unwrap());
        if status.success() { Ok(text) } else { Err(text + &complained) }
    }

    fn aws(&self, arguments: &[&str]) -> Result<Value, String> {
        let output = self.command(root().join(".cache/moto/bin/aws")).args(arguments).output().unwrap();
        if !output.status.success() {
            return Err(String::from_utf8(output.stderr).unwrap());
        }
        Ok(serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A real database with an application's user and a master, and their secrets in a local Secrets Manager.
struct Scene {
    postgres: PostgresServer,
    manager: LocalSecretsManager,
    secret: String,
    master: String,
    folder: tempfile::TempDir,
}

impl Scene {
    async fn start() -> Self {
        let version = *PostgresVersion::available().last().expect("run scripts/setup-postgres");
        let postgres = PostgresServer::builder(version).start().unwrap();
        let settings = Settings { region: REGION.to_owned(), ..Settings::default() };
        let manager = LocalSecretsManager::start(settings).await.unwrap();
        let app = postgres.create_role_named("app", "").await.unwrap();
        let dba = postgres.create_role_named("dba", "CREATEROLE").await.unwrap();
        postgres.execute(DATABASE, "GRANT app TO dba WITH ADMIN OPTION").await.unwrap();
        let mut document = json!({
            "engine": "postgres", "host": postgres.host(), "port": postgres.port(),
            "dbname": DATABASE, "ssl": true,
            "username": dba.username, "password": dba.password,
        });
        let master = manager.create_secret("master", &document.to_string()).unwrap();
        document["masterarn"] = json!(master);
        document["username"] = json!(app.username);
        document["password"] = json!(app.password);
        let secret = manager.create_secret("app", &document.to_string()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), postgres.authority().certificate_pem()).unwrap();
        Self { postgres, manager, secret, master, folder }
    }

    fn account(&self) -> Account {
        let described =
            |arn: &str| json!({"arn": arn, "value": self.manager.value(arn, "AWSCURRENT").unwrap()});
        Account::start(&json!({"app": described(&self.secret), "master": described(&self.master)}))
    }

    /// The deployed code under the deployed configuration, as the account reports both.
    fn deployed_function(&self, account: &Account, artifact: &str) -> LambdaFunction {
        let functions = account.aws(&["lambda", "list-functions"]).unwrap();
        let functions = functions["Functions"].as_array().unwrap().iter();
        let rotates = |function: &&Value| function["Description"].as_str().unwrap().starts_with("Rotates");
        let function = functions.clone().find(rotates).unwrap();
        let bucket = format!("rotators-123456789012-{REGION}");
        let objects = account.aws(&["s3api", "list-objects-v2", "--bucket", &bucket]).unwrap();
        let mut keys =
            objects["Contents"].as_array().unwrap().iter().map(|object| object["Key"].as_str().unwrap());
        let key = keys.rfind(|key| key.ends_with(&format!("/{artifact}.zip"))).unwrap();
        let zip = self.folder.path().join("deployed.zip");
        account
            .aws(&["s3api", "get-object", "--bucket", &bucket, "--key", key, zip.to_str().unwrap()])
            .unwrap();
        let program = self.folder.path().join(archive::ENTRY);
        install(&program, &archive::unpack(&fs::read(zip).unwrap()).unwrap());

        // At the address that the lookup returned.
        assert_ne!(function["VpcConfig"]["SubnetIds"], json!([]), "{function}");
        let name = function["FunctionName"].as_str().unwrap();
        let timeout = Duration::from_secs(function["Timeout"].as_u64().unwrap());
        let mut builder = LambdaFunction::builder(program).name(name).region(REGION).timeout(timeout);
        for (name, value) in function["Environment"]["Variables"].as_object().unwrap() {
            builder = builder.env(name, value.as_str().unwrap());
        }
        let made = builder.build().unwrap();
        assert_eq!(made.arn(), function["FunctionArn"]);
        made
    }

    /// Rotates twice; afterwards AWSCURRENT logs in each time.
    async fn rotates_by(&self, function: &LambdaFunction) {
        self.manager.register(function.arn(), Arc::new(function.clone()));
        for _ in 0..2 {
            let version = self.manager.rotate(&self.secret, function.arn()).unwrap();
            let limit = Duration::from_mins(2);
            let record = self.manager.wait_for_rotation(&self.secret, &version, limit).await.unwrap();
            assert_eq!(record.outcome, Some(RotationOutcome::Succeeded), "{}", function.output());
            let current = self.manager.value(&self.secret, "AWSCURRENT").unwrap();
            let current: Value = serde_json::from_str(&current).unwrap();
            let member = |name: &str| current[name].as_str().unwrap().to_owned();
            let login = TestLogin { username: member("username"), password: member("password") };
            self.postgres.try_login(&login, DATABASE).await.unwrap();
        }
    }
}

/// Deploys one strategy, rotates with what was deployed, and deletes it again.
async fn deploys_rotates_and_goes(strategy: &str) {
    if !is_set_up() {
        return;
    }
    let scene = Scene::start().await;
    let account = scene.account();
    let packages = packages(scene.folder.path());
    let store = format!("endpoint={}", scene.manager.endpoint());
    let authority = format!("TlsCaBundle={}", scene.folder.path().join("ca.pem").display());
    let mut arguments =
        vec!["deploy", "app", "--strategy", strategy, "--packages", packages.to_str().unwrap()];
    arguments.extend(["--parameter", &store, "--parameter", &authority]);

    let planned = account.delivery(&[&arguments[..], &["--dry-run"]].concat()).unwrap();
    assert!(planned.ends_with("Nothing was done (--dry-run).\n"), "{planned}");
    assert_eq!(account.aws(&["cloudformation", "list-stacks"]).unwrap()["StackSummaries"], json!([]));
    let refused = account.delivery(&arguments).unwrap_err();
    assert!(refused.contains("there is no terminal for the question"), "{refused}");
    assert_eq!(account.aws(&["lambda", "list-functions"]).unwrap()["Functions"], json!([]));

    let done = account.delivery(&[&arguments[..], &["--yes"]].concat()).unwrap();
    for line in ["AWS::CloudFormation::Stack", "The stack is complete.", "To rotate it now: aws"] {
        assert!(done.contains(line), "no {line} in\n{done}");
    }
    let password = &scene.manager.value(&scene.secret, "AWSCURRENT").unwrap();
    let password: Value = serde_json::from_str(password).unwrap();
    assert!(!(planned + &refused + &done).contains(password["password"].as_str().unwrap()));

    // A second run names fewer parameters, and changes none.
    let longer = [&arguments[..], &["--parameter", "passwordLength=40", "--yes"]].concat();
    account.delivery(&longer).unwrap();
    let again = ["deploy", "app", "--packages", packages.to_str().unwrap(), "--yes"];
    let again = account.delivery(&again).unwrap();
    for line in ["  passwordLength=(unchanged)", "  endpoint=(unchanged)", "The stack is complete."] {
        assert!(again.contains(line), "no {line} in\n{again}");
    }

    let function = scene.deployed_function(&account, &format!("postgres_{strategy}"));
    scene.rotates_by(&function).await;

    let undone = account.delivery(&["undeploy", "app", "--yes"]).unwrap();
    assert!(
        undone.contains("The stack is gone.") && undone.ends_with("The secret is as it was.\n"),
        "{undone}"
    );
    assert_eq!(account.aws(&["lambda", "list-functions"]).unwrap()["Functions"], json!([]));
    let kept = account.aws(&["secretsmanager", "get-secret-value", "--secret-id", "app"]).unwrap();
    assert!(kept["SecretString"].as_str().unwrap().contains("masterarn"), "{kept}");
}

/// A single-user function is deployed, rotates with its deployed environment, and is deleted.
#[tokio::test]
async fn single_user_from_deploy_to_delete() {
    deploys_rotates_and_goes("single_user").await;
}

/// A master-user function is deployed, rotates with its deployed environment, and is deleted.
#[tokio::test]
async fn master_user_from_deploy_to_delete() {
    deploys_rotates_and_goes("master_user").await;
}

/// Creates an RDS instance in private subnets of the account, and returns its endpoint and the subnets.
fn instance(account: &Account) -> (String, Vec<String>) {
    let all = account.aws(&["ec2", "describe-subnets", "--filters", "Name=cidr,Values=10.0.*"]).unwrap();
    let subnets = all["Subnets"].as_array().unwrap().iter();
    let subnets: Vec<_> = subnets.map(|subnet| subnet["SubnetId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(subnets.len(), 2, "{all}");
    let group = ["rds", "create-db-subnet-group", "--db-subnet-group-name", "app"];
    let rest = ["--db-subnet-group-description", "app", "--subnet-ids", &subnets[0], &subnets[1]];
    account.aws(&[&group[..], &rest].concat()).unwrap();
    let made = ["rds", "create-db-instance", "--db-instance-identifier", "app", "--engine", "postgres"];
    let rest = ["--db-instance-class", "db.t4g.micro", "--db-subnet-group-name", "app", "--port", "6543"];
    let made = account.aws(&[&made[..], &rest, &["--no-publicly-accessible"]].concat()).unwrap();
    (made["DBInstance"]["Endpoint"]["Address"].as_str().unwrap().to_owned(), subnets)
}

/// Without a custom resource the caller looks up and deploys the same.
#[tokio::test]
async fn without_a_custom_resource() {
    if !is_set_up() {
        return;
    }
    let scene = Scene::start().await;
    let account = scene.account();
    let (host, subnets) = instance(&account);
    let place = scene.folder.path().join("network");
    let program = programs().join("rotate");
    install(&place, format!("#!/bin/sh\nexec '{}' network \"$@\"\n", program.display()).as_bytes());
    let packages = packages(scene.folder.path());
    let store = format!("endpoint={}", scene.manager.endpoint());
    let authority = format!("TlsCaBundle={}", scene.folder.path().join("ca.pem").display());
    let mut arguments = vec!["deploy", "app", "--packages", packages.to_str().unwrap(), "--yes"];
    let host = format!("Host={host}");
    for parameter in [&store, &authority, &host] {
        arguments.extend(["--parameter", parameter]);
    }
    arguments.extend(["--network-discovery", "explicit", "--network-by", place.to_str().unwrap()]);

    let text = account.delivery(&arguments).unwrap();
    for line in
        ["  NetworkDiscovery=explicit", "  NetworkMode=vpc", "  DatabasePort=6543", "The stack is complete."]
    {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
    let functions = account.aws(&["lambda", "list-functions"]).unwrap();
    let functions = functions["Functions"].as_array().unwrap();
    // Only the function that rotates, and none that discovers.
    assert_eq!(functions.len(), 1, "{functions:?}");
    let deployed = functions[0]["VpcConfig"]["SubnetIds"].as_array().unwrap().iter();
    let deployed: BTreeSet<_> = deployed.map(|subnet| subnet.as_str().unwrap()).collect();
    assert_eq!(deployed, subnets.iter().map(String::as_str).collect());

    scene.rotates_by(&scene.deployed_function(&account, "postgres_single_user")).await;
}
