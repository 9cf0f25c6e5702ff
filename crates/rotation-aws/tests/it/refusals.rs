//! Refusals that only the real service returns, replayed word for word.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
};

use rotation_aws::SecretsManager;
use rotation_config::{AccessKey, Endpoint};
use rotation_core::{
    CharacterClass, PasswordPolicy, PasswordRule, PasswordSettings, PasswordSource, SecretId, SecretStore,
    StoreFault,
};
use serde_json::json;

/// Answers every request with one refusal, for as long as the test runs.
fn service(code: &str, message: &str) -> String {
    answering("400 Bad Request", json!({"__type": code, "message": message}).to_string())
}

/// Answers every request with this status and body, for as long as the test runs.
fn answering(status: &'static str, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that disconnects does not matter to the test.
            let _ = answer(stream, status, &body);
        }
    });
    format!("http://{address}")
}

fn answer(mut stream: TcpStream, status: &str, body: &str) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line)? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        line.clear();
    }
    reader.take(length).read_to_end(&mut Vec::new())?;
    let head = "content-type: application/x-amz-json-1.1\r\nconnection: close";
    write!(stream, "HTTP/1.1 {status}\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn store_at(url: &str) -> SecretsManager {
    let endpoint =
        Endpoint { region: Some("us-east-1".into()), url: Some(super::url(url)), ..Endpoint::default() };
    let key = AccessKey { id: "id".into(), secret: "secret".to_owned().into(), session_token: None };
    SecretsManager::in_lambda(&endpoint, Some(&key))
}

#[track_caller]
fn check(code: &str, message: &str, expected: StoreFault) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = store_at(&service(code, message));
        let outcome = store.describe(&SecretId::new("app").expect("a name")).await;
        assert_eq!(outcome.expect_err("a refusal").fault, expected, "{code}: {message}");
    });
}

fn key_named(code: &str, message: &str) -> Option<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let secret = SecretId::new("app").expect("a name");
    runtime.block_on(store_at(&service(code, message)).describe(&secret)).expect_err("a refusal").key
}

/// A key is blamed only where the service blames it.
#[test]
fn key_is_blamed_by_the_service_only() {
    let denied = "AccessDeniedException";
    check(denied, "Access to KMS is not allowed", StoreFault::KeyDenied);
    let decrypt = "User: arn:aws:sts::123456789012:assumed-role/f/f is not authorized to perform: \
                   kms:Decrypt on resource: arn:aws:kms:us-east-1:123456789012:key/k";
    check(denied, decrypt, StoreFault::KeyDenied);
    assert_eq!(key_named(denied, decrypt).as_deref(), Some("arn:aws:kms:us-east-1:123456789012:key/k"));
    let because = format!("{decrypt}/x-1 because no resource-based policy allows the kms:Decrypt action");
    assert_eq!(key_named(denied, &because).as_deref(), Some("arn:aws:kms:us-east-1:123456789012:key/k/x-1"));
    assert_eq!(key_named(denied, "Access to KMS is not allowed"), None);
    let named = "User: arn:aws:sts::123456789012:assumed-role/KMS-f/f is not authorized to perform: \
                 secretsmanager:DescribeSecret on resource: \
                 arn:aws:secretsmanager:us-east-1:123456789012:secret:KMS/app-AbCdEf";
    check(denied, named, StoreFault::AccessDenied);
}

/// Credentials that are not accepted are not reported as a missing permission.
#[test]
fn invalid_credentials() {
    let expired = "The security token included in the request is expired";
    check("ExpiredTokenException", expired, StoreFault::CredentialsRefused);
    let invalid = "The security token included in the request is invalid.";
    check("UnrecognizedClientException", invalid, StoreFault::CredentialsRefused);
    let clock = "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z";
    check("InvalidSignatureException", clock, StoreFault::CredentialsRefused);
}

/// A refusal without a name of its own counts as rejected.
#[test]
fn unnamed_refusal_is_rejected() {
    check("InvalidRequestException", "You can't perform this operation on the secret.", StoreFault::Rejected);
    check("SomethingNewException", "The RotationToken is unknown here.", StoreFault::Rejected);
}

/// A component in front of the service, such as a proxy, may answer without an error code of the service.
#[track_caller]
fn check_status(status: &'static str, body: &str, expected: StoreFault) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = store_at(&answering(status, body.to_owned()));
        let outcome = store.describe(&SecretId::new("app").expect("a name")).await;
        assert_eq!(outcome.expect_err("a refusal").fault, expected, "{status} {body}");
    });
}

/// The HTTP status decides where the service names no fault.
#[test]
fn status_decides_without_a_name() {
    check_status("503 Service Unavailable", "{}", StoreFault::Internal);
    check_status("502 Bad Gateway", "<html></html>", StoreFault::Internal);
    check_status("429 Too Many Requests", "{}", StoreFault::Throttled);
    check_status("403 Forbidden", "{}", StoreFault::Rejected);
    let throttled = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;
    check_status("400 Bad Request", throttled, StoreFault::Throttled);
}

/// A random password that breaks the policy is not used.
#[tokio::test]
async fn random_password_against_the_policy() {
    let settings = PasswordSettings { source: PasswordSource::SecretsManager, ..PasswordSettings::default() };
    let rule = PasswordRule {
        shortest: 8,
        longest: 64,
        forbidden: "/@",
        required: &[CharacterClass::Digit],
        default_exclusions: "/@",
    };
    let policy = PasswordPolicy::new(settings, &rule).expect("a policy");
    for password in ["", "short-1", "without-a-digit-abcdefghijklmnop", "with-a-slash/1-abcdefghijklmnopq"] {
        let url = answering("200 OK", json!({"RandomPassword": password}).to_string());
        let error = store_at(&url).random_password(&policy).await.expect_err("it breaks the policy");
        assert_eq!(error.fault, StoreFault::Unusable, "{} characters", password.len());
    }
}
