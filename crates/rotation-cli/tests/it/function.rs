//! `rotate doctor` for the function that rotates a secret: moto's Lambda, and a double for what moto does not
//! have.

use std::sync::Arc;

use local_aws::{BoxFuture, Function, FunctionError, secrets_manager::Operation};
use serde_json::{Value, json};
use test_servers::{ApiAnswer, ApiDouble, Moto};
use tokio::process::Command;

use crate::world::{SECRET, World};

const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:";

/// Creates functions, as pairs of a name and a timeout, each with permissions in the form of
/// `add_permission`.
const FURNISH: &str = r#"
import io, json, sys, zipfile
import boto3
endpoint, functions = sys.argv[1], json.loads(sys.argv[2])
given = dict(
    endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="admin", aws_secret_access_key="admin"
)
trust = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
]}
role = boto3.client("iam", **given).create_role(RoleName="rotator", AssumeRolePolicyDocument=json.dumps(trust))
code = io.BytesIO()
with zipfile.ZipFile(code, "w") as archive:
    archive.writestr("bootstrap", "")
functions_of = boto3.client("lambda", **given)
for name, timeout, permissions in functions:
    functions_of.create_function(
        FunctionName=name, Runtime="provided.al2023", Role=role["Role"]["Arn"], Handler="bootstrap",
        Code={"ZipFile": code.getvalue()}, Timeout=timeout,
    )
    for number, permission in enumerate(permissions):
        functions_of.add_permission(
            FunctionName=name, StatementId=f"s{number}", Action="lambda:InvokeFunction", **permission
        )
"#;

/// A function that succeeds in every step.
struct Agreeing;

impl Function for Agreeing {
    fn invoke(&self, _: Value) -> BoxFuture<'_, Result<Value, FunctionError>> {
        Box::pin(async { Ok(Value::Null) })
    }
}

/// A secret that this function rotates.
async fn rotated_by(name: &str) -> World {
    let world = World::new().await;
    let arn = format!("{ARN}{name}");
    world.service.register(&arn, Arc::new(Agreeing));
    let token = uuid::Uuid::new_v4().to_string();
    let rotation = json!({"SecretId": SECRET, "RotationLambdaARN": arn, "RotateImmediately": false,
        "ClientRequestToken": token, "RotationRules": {"AutomaticallyAfterDays": 30}});
    let before = world.service.stages(SECRET).unwrap();
    world.service.call_inside(Operation::RotateSecret, rotation).unwrap();
    // The service tests the function on a copy of the value, and removes the copy's label when it is done.
    for _ in 0..200 {
        if world.service.stages(SECRET).unwrap().values().flatten().count() == before.len() {
            return world;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the test of the function does not end: {:?}", world.service.stages(SECRET));
}

async fn doctor(world: &World, lambda: &str) -> Value {
    let run = world.ask("doctor", &["--json"], &[("AWS_ENDPOINT_URL_LAMBDA", lambda)]).await;
    serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err))
}

/// Codes and severities of the findings about the function.
fn found(answer: &Value) -> Vec<(&str, &str)> {
    let all = answer["findings"].as_array().unwrap().iter().filter(|one| one["check"] == "function");
    all.map(|one| (one["code"].as_str().unwrap(), one["severity"].as_str().unwrap())).collect()
}

/// The planted fault of the function is listed first.
#[tokio::test]
async fn planted_fault_comes_first() {
    let Some(moto) = Moto::start().await else { return };
    let python = Moto::program("python").unwrap();
    let service = "secretsmanager.amazonaws.com";
    let functions = json!([
        ["closed", 30, []],
        ["elsewhere", 30, [{"Principal": service, "SourceAccount": "210987654321"}]],
        ["other-service", 30, [{"Principal": "events.amazonaws.com"}]],
        ["open", 30, [{"Principal": service}]],
        ["hurried", 3, [{"Principal": service, "SourceAccount": "123456789012"}]],
        ["good", 30, [{"Principal": service, "SourceAccount": "123456789012"}]],
    ]);
    let made = Command::new(python).args(["-c", FURNISH, &moto.endpoint(), &functions.to_string()]).output();
    let made = made.await.unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for (name, code, severity) in [
        ("missing", "FUNCTION_NOT_FOUND", "fault"),
        ("closed", "FUNCTION_NOT_INVOCABLE", "fault"),
        ("elsewhere", "FUNCTION_NOT_INVOCABLE", "fault"),
        ("other-service", "FUNCTION_NOT_INVOCABLE", "fault"),
        ("open", "FUNCTION_PERMISSION_TOO_BROAD", "warning"),
        ("hurried", "FUNCTION_TIMEOUT_TOO_SHORT", "warning"),
    ] {
        let world = rotated_by(name).await;
        let answer = doctor(&world, &moto.endpoint()).await;
        let first = &answer["findings"][0];
        assert_eq!(
            (&first["code"], &first["severity"]),
            (&json!(code), &json!(severity)),
            "{name}: {answer:#}"
        );
        assert!(!first["remediation"].as_str().unwrap().is_empty(), "{first:#}");
    }
    let world = rotated_by("good").await;
    let answer = doctor(&world, &moto.endpoint()).await;
    assert_eq!(found(&answer), [("NOT_CHECKED", "note"), ("OK", "ok"), ("OK", "ok")], "{answer:#}");
    assert!(!["warning", "fault"].contains(&answer["severity"].as_str().unwrap()), "{answer:#}");
}

/// The advised permission is that of the alias where an alias rotates.
#[tokio::test]
async fn advises_the_permission_of_the_alias() {
    let unlocked = json!({"Effect": "Allow", "Principal": {"Service": "secretsmanager.amazonaws.com"},
        "Action": "lambda:InvokeFunction", "Resource": "*"});
    let policies =
        [(json!([]), "FUNCTION_NOT_INVOCABLE"), (json!([unlocked]), "FUNCTION_PERMISSION_TOO_BROAD")];
    for (name, qualifier) in [("f", None), ("f:live", Some(" --qualifier live"))] {
        let world = rotated_by(name).await;
        for (statements, code) in &policies {
            let policy = json!({"Statement": statements}).to_string();
            let lambda = ApiDouble::start(move |_| {
                let answer = json!({"Timeout": 30, "Role": "r", "State": "Active", "Policy": policy});
                ApiAnswer { status: 200, body: answer.to_string() }
            });
            let answer = doctor(&world, &lambda.unwrap().endpoint()).await;
            let first = &answer["findings"][0];
            assert_eq!(first["code"], *code, "{answer:#}");
            let advised = first["remediation"].as_str().unwrap();
            let wanted = format!("--function-name {ARN}f --statement-id");
            assert!(advised.contains(&wanted), "{advised}");
            let end = format!("--source-account 123456789012{}", qualifier.unwrap_or_default());
            assert!(advised.ends_with(&end), "{advised}");
        }
    }
}

/// A function that is not active, or may not be described, is reported.
#[tokio::test]
async fn inactive_or_hidden_function() {
    let world = rotated_by("f").await;
    let failed = ApiDouble::start(|_| {
        let why = "The VPC has no address left.";
        let answer =
            json!({"Timeout": 30, "Role": "r", "State": "Failed", "StateReason": why, "Policy": "{}"});
        ApiAnswer { status: 200, body: answer.to_string() }
    });
    let answer = doctor(&world, &failed.unwrap().endpoint()).await;
    assert!(found(&answer).contains(&("FUNCTION_INACTIVE", "fault")), "{answer:#}");
    assert!(answer["findings"][0]["sentence"].as_str().unwrap().contains("no address left"), "{answer:#}");

    let denied = ApiDouble::start(|_| {
        let why = "User: x is not authorized to perform: lambda:GetPolicy";
        let why = json!({"__type": "AccessDeniedException", "Message": why});
        ApiAnswer { status: 403, body: why.to_string() }
    });
    let answer = doctor(&world, &denied.unwrap().endpoint()).await;
    assert_eq!(found(&answer), [("NOT_CHECKED", "note"); 2], "{answer:#}");
    let finding =
        answer["findings"].as_array().unwrap().iter().find(|one| one["check"] == "function").unwrap();
    let sentence = finding["sentence"].as_str().unwrap();
    let words = "of AWS Lambda failed: access was denied: AccessDeniedException: User: x is not authorized";
    assert!(sentence.contains(words), "{sentence}");
    assert!(finding["remediation"].as_str().unwrap().starts_with("Allow lambda:Get"), "{finding:#}");

    let answer = doctor(&world, "http://127.0.0.1:1").await;
    let unanswered = answer["findings"].as_array().unwrap().iter().find(|one| one["check"] == "function");
    let sentence = unanswered.unwrap()["sentence"].as_str().unwrap();
    let failure = sentence.strip_prefix("not checked, because ").unwrap();
    let (operation, rest) = failure.split_once(' ').unwrap();
    assert!(["GetPolicy", "GetFunctionConfiguration"].contains(&operation), "{sentence}");
    assert!(rest.starts_with("of AWS Lambda failed: the endpoint did not answer"), "{sentence}");

    // With a Secrets Manager other than AWS's, no Lambda is called.
    let run = world.ask("doctor", &["--json"], &[]).await;
    let answer: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(found(&answer), [("NOT_CHECKED", "note")], "{answer:#}");
}
