//! `rotate-local local`: started, asked over HTTP without any SDK, and interrupted.

use std::{fs, path::Path, process::Stdio, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdout},
    time::timeout,
};

use crate::command::command;

/// A running `rotate-local local`.
struct Local {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    address: String,
    functions: Vec<String>,
    /// All that it printed before it waited for Ctrl-C.
    printed: Vec<String>,
}

impl Local {
    async fn start(arguments: &[&str], folder: &Path) -> Self {
        for name in ["postgres_single_user", "postgres_master_user"] {
            fs::write(folder.join(name), "").unwrap();
        }
        let arguments =
            [&["local", "--port", "0", "--functions", folder.to_str().unwrap()], arguments].concat();
        let mut child = command(&arguments).stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (mut address, mut functions, mut printed) = (None, Vec::new(), Vec::new());
        let reading = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some(found) = line.strip_prefix("Secrets Manager at http://") {
                    address = Some(found.to_owned());
                }
                if let Some(arn) = line.strip_prefix("function ") {
                    functions.extend(arn.rsplit(':').next().map(str::to_owned));
                }
                let ends = line == "Ctrl-C ends it.";
                printed.push(line);
                if ends {
                    break;
                }
            }
        };
        timeout(Duration::from_secs(30), reading).await.unwrap();
        Self { child, lines, address: address.expect("the endpoint is printed"), functions, printed }
    }

    /// The commands of the AWS CLI that it suggests, as a shell reads them: a line that ends in a
    /// backslash continues.
    fn commands(&self) -> Vec<String> {
        let joined = self.printed.join("\n").replace("\\\n", " ");
        let commands = joined.lines().filter(|line| line.starts_with("  aws "));
        commands.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    /// One call of the JSON 1.1 protocol.
    async fn call(&self, operation: &str, request: Value) -> Value {
        let body = request.to_string();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-amz-json-1.1\r\n\
             X-Amz-Target: secretsmanager.{operation}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.address,
            body.len()
        );
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all((head + &body).as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(body).unwrap()
    }

    /// Ctrl-C, as a terminal sends it.
    async fn interrupt(mut self) {
        let process = self.child.id().unwrap().to_string();
        std::process::Command::new("kill").args(["-INT", &process]).status().unwrap();
        let status = timeout(Duration::from_secs(10), self.child.wait()).await.unwrap().unwrap();
        assert_eq!(status.code(), Some(0));
        assert_eq!(self.lines.next_line().await.unwrap().as_deref(), Some("Ended; nothing is left running."));
        assert!(TcpStream::connect(&self.address).await.is_err(), "the endpoint is closed");
    }
}

/// It serves until Ctrl-C, and keeps its state where configured.
#[tokio::test]
async fn serves_until_ctrl_c() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let arguments = ["--state", state.to_str().unwrap()];

    let local = Local::start(&arguments, folder.path()).await;
    let token = uuid::Uuid::new_v4().to_string();
    let request = json!({"Name": "app", "SecretString": "{}", "ClientRequestToken": token});
    local.call("CreateSecret", request).await;
    local.interrupt().await;

    let local = Local::start(&arguments, folder.path()).await;
    let answer = local.call("GetSecretValue", json!({"SecretId": "app"})).await;
    assert_eq!(answer["VersionId"], json!(token));
    local.interrupt().await;
}

/// Every function that was built is registered.
#[tokio::test]
async fn built_functions_are_registered() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["mariadb_single_user", "mariadb_master_user", "mysql_single_user"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    let local = Local::start(&[], folder.path()).await;
    let aws = format!("aws --endpoint-url http://{} secretsmanager", local.address);
    let document = r#"'{"engine":"postgres","host":"localhost","username":"app","password":"..."}'"#;
    let rotating = "arn:aws:lambda:us-east-1:123456789012:function:postgres_single_user";
    let commands = [
        format!("{aws} create-secret --name app --secret-string {document}"),
        format!("{aws} rotate-secret --secret-id app --rotation-lambda-arn {rotating}"),
        format!("{aws} get-secret-value --secret-id app"),
        format!("{aws} describe-secret --secret-id app"),
    ];
    assert_eq!(local.commands(), commands);
    // MySQL has only one version.
    let wanted =
        ["postgres_single_user", "postgres_master_user", "mariadb_single_user", "mariadb_master_user"];
    assert_eq!(local.functions, wanted);
    local.interrupt().await;
}

/// With PostgreSQL it has secrets ready, and leaves nothing behind.
#[tokio::test]
async fn postgres_secrets_are_ready() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(&["--postgres"], folder.path()).await;
    let answer = local.call("GetSecretValue", json!({"SecretId": "shop/checkout"})).await;
    let document: Value = serde_json::from_str(answer["SecretString"].as_str().unwrap()).unwrap();
    assert_eq!(document["username"], json!("checkout"));
    let port = u16::try_from(document["port"].as_u64().unwrap()).unwrap();
    TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let commands = local.commands();
    for function in &local.functions {
        let end = format!(":function:{function}");
        let rotates = |line: &&String| line.contains("rotate-secret") && line.ends_with(&end);
        assert_eq!(commands.iter().filter(rotates).count(), 1, "{commands:#?}");
    }
    local.interrupt().await;
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err(), "the server is gone, too");
}
