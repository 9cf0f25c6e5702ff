//! The artifact, run by the local Lambda Runtime API, with moto behind it and a local receiver for its
//! answers.

use std::time::{Duration, Instant};

use local_aws::LambdaFunction;
use serde_json::{Value, json};

use crate::{
    moto::Moto,
    receiver::{Received, Receiver},
    requests::event,
};

/// A part of the presigned URL that must never be printed.
const SIGNATURE: &str = "canary-signature";

fn function(url: &str, timeout: Duration) -> LambdaFunction {
    LambdaFunction::builder(env!("CARGO_BIN_EXE_network_discovery"))
        .env("AWS_ENDPOINT_URL", url)
        .log_format("JSON")
        .timeout(timeout)
        .build()
        .unwrap()
}

struct Stack {
    bucket: Receiver,
    function: LambdaFunction,
}

impl Stack {
    async fn new(url: &str, timeout: Duration) -> Self {
        let bucket = Receiver::start(|_, _| Some((200, String::new()))).await;
        Self { bucket, function: function(url, timeout) }
    }

    /// The answer to CloudFormation, and how it is sent.
    async fn ask(&self, more: &Value) -> (Value, Received) {
        let url = format!("{}/object?X-Amz-Signature={SIGNATURE}", self.bucket.url());
        let before = self.bucket.received().len();
        let returned = self.function.invoke(&event(&url, more)).await.unwrap();
        assert_eq!(returned, Value::Null);
        let received = self.bucket.received();
        assert_eq!(received.len(), before + 1, "one answer per request");
        let last = received.last().unwrap().clone();
        (serde_json::from_str(&last.body).unwrap(), last)
    }

    #[track_caller]
    fn expect_silence_about_secrets(&self) {
        let output = self.function.output();
        assert!(!output.is_empty());
        for secret in [SIGNATURE, "X-Amz", "canary-7c1f", "wJalrXUtnFEMI"] {
            assert!(!output.contains(secret), "{secret} in {output}");
        }
    }
}

/// A stack is created, updated and deleted.
#[tokio::test]
async fn stack_from_creation_to_deletion() {
    let Some(moto) = Moto::start().await else { return };
    let stack = Stack::new(&moto.url(), Duration::from_mins(1)).await;
    let (created, put) =
        stack.ask(&json!({"ResourceProperties": {"SecretArn": moto.id("private-postgres-secret")}})).await;
    assert_eq!(put.method, "PUT");
    assert_eq!(put.path, format!("/object?X-Amz-Signature={SIGNATURE}"));
    assert_eq!(put.header("content-type"), None);
    assert_eq!(put.header("transfer-encoding"), None);
    assert_eq!(put.header("content-length"), Some(put.body.len().to_string().as_str()));
    assert_eq!(put.header("authorization"), None);
    for (field, value) in [
        ("Status", "SUCCESS"),
        ("PhysicalResourceId", "network-discovery-Network"),
        ("StackId", "arn:aws:cloudformation:us-east-1:123456789012:stack/rotation/1111"),
        ("RequestId", "22222222-3333"),
        ("LogicalResourceId", "Network"),
    ] {
        assert_eq!(created[field], value, "{created}");
    }
    assert_eq!(created["NoEcho"], false);
    assert_eq!(created["Data"]["VpcId"], moto.id("shop"));
    assert_eq!(created["Data"]["SubnetIds"], moto.ids(&["shop-data-a", "shop-data-b"]));

    let id = created["PhysicalResourceId"].as_str().unwrap();
    let update = json!({"RequestType": "Update", "PhysicalResourceId": id,
        "ResourceProperties": {"SecretArn": moto.id("public-mysql-secret"), "Engine": "mysql"}});
    let (updated, _) = stack.ask(&update).await;
    assert_eq!((&updated["Status"], &updated["PhysicalResourceId"]), (&json!("SUCCESS"), &json!(id)));
    assert_eq!(updated["Data"]["NetworkMode"], "public");

    let (failed, _) = stack.ask(&json!({"ResourceProperties": {"SecretArn": moto.id("gone-secret")}})).await;
    assert_eq!(failed["Status"], "FAILED");
    assert_eq!(failed["Data"], json!({}));
    let reason = failed["Reason"].as_str().unwrap();
    assert!(
        reason.starts_with("DATABASE_NOT_FOUND: no database") && reason.contains("the property Host"),
        "{reason}"
    );
    stack.expect_silence_about_secrets();
    let output = stack.function.output();
    assert!(
        output.contains(r#""outcome":"success""#) && output.contains(r#""code":"DATABASE_NOT_FOUND""#),
        "{output}"
    );
}

/// A deletion succeeds and looks nothing up.
#[tokio::test]
async fn deletion_looks_nothing_up() {
    let aws = Receiver::start(|_, _| Some((500, String::new()))).await;
    let stack = Stack::new(&aws.url(), Duration::from_secs(30)).await;
    let delete = json!({
        "RequestType": "Delete",
        "PhysicalResourceId": "network-discovery-Network",
        "ResourceProperties": {},
    });
    let (deleted, _) = stack.ask(&delete).await;
    assert_eq!(
        (&deleted["Status"], &deleted["PhysicalResourceId"]),
        (&json!("SUCCESS"), &json!("network-discovery-Network"))
    );
    assert!(aws.received().is_empty());
}

/// Services that never answer are reported before Lambda ends the function.
#[tokio::test]
async fn silent_services_are_reported() {
    let aws = Receiver::start(|_, _| None).await;
    let timeout = Duration::from_secs(5);
    let stack = Stack::new(&aws.url(), timeout).await;
    let begun = Instant::now();
    let (answer, _) = stack.ask(&json!({})).await;
    assert!(answer["Reason"].as_str().unwrap().starts_with("DISCOVERY_TIMED_OUT: "), "{answer}");
    assert!(begun.elapsed() < timeout, "{:?}", begun.elapsed());
    stack.expect_silence_about_secrets();
}

/// A wrong setting is answered with its name.
#[tokio::test]
async fn wrong_setting_is_named() {
    let stack = Stack::new("canary-7c1f://", Duration::from_secs(30)).await;
    let (answer, _) = stack.ask(&json!({})).await;
    let reason = answer["Reason"].as_str().unwrap();
    assert!(reason.starts_with("CONFIG_INVALID: the setting AWS_ENDPOINT_URL must be"), "{reason}");
    stack.expect_silence_about_secrets();
}

/// An answer that cannot be delivered fails the invocation, so that Lambda repeats it.
#[tokio::test]
async fn undelivered_answer_fails() {
    let stack = Stack::new("http://127.0.0.1:1", Duration::from_secs(30)).await;
    let bucket = Receiver::start(|_, _| Some((403, "<Error/>".into()))).await;
    let url = format!("{}/?X-Amz-Signature={SIGNATURE}", bucket.url());
    let delete = event(&url, &json!({"RequestType": "Delete", "PhysicalResourceId": "p"}));
    let error = stack.function.invoke(&delete).await.unwrap_err();
    assert_eq!(error.error_type, "DISCOVERY_ANSWER_REFUSED");
    assert_eq!(bucket.received().len(), 1);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let delete =
        event(&format!("http://{nobody}/"), &json!({"RequestType": "Delete", "PhysicalResourceId": "p"}));
    let error = stack.function.invoke(&delete).await.unwrap_err();
    assert_eq!(error.error_type, "DISCOVERY_ANSWER_UNREACHABLE");
    let error = stack.function.invoke(&json!({"Step": "createSecret"})).await.unwrap_err();
    assert_eq!(error.error_type, "DISCOVERY_REQUEST_INVALID");
    stack.expect_silence_about_secrets();
}
