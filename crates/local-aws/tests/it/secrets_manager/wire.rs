//! The protocol on the wire.

use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::{Request, StatusCode, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use local_aws::{
    LocalSecretsManager,
    secrets_manager::{Fault, FaultKind, Operation, Settings},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::backend::post;

async fn start() -> LocalSecretsManager {
    let manager = LocalSecretsManager::start(Settings::default()).await.unwrap();
    manager.create_secret("app/login", "first").unwrap();
    manager
}

#[track_caller]
fn check(answer: Result<(StatusCode, Value), hyper::Error>, kind: &str, member: &str) {
    let (status, body) = answer.unwrap();
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(body["__type"], json!(kind), "{body}");
    assert!(body[member].is_string(), "{body}");
}

/// Every refusal is HTTP 400 with a type and a message.
#[tokio::test]
async fn refusals_are_http_400() {
    let manager = start().await;
    let to = manager.address();
    let get = "secretsmanager.GetSecretValue";
    let one = |body: &str| post(to, get, body.to_owned());
    check(one("{\"SecretId\":\"x\"}").await, "ResourceNotFoundException", "Message");
    check(one("{}").await, "ValidationException", "message");
    check(one("").await, "ValidationException", "message");
    check(one("{\"SecretId\": 5}").await, "SerializationException", "message");
    check(one("not json").await, "SerializationException", "message");
    check(one("[]").await, "SerializationException", "message");
    check(one(&format!("{{\"x\":\"{}\"}}", "x".repeat(1 << 20))).await, "SerializationException", "message");
    for target in ["secretsmanager.Nonsense", "GetSecretValue", "ssm.GetSecretValue", ""] {
        let answer = post(to, target, "{}".to_owned()).await;
        check(answer, "UnknownOperationException", "message");
    }
    manager.inject(Fault::new(Operation::GetSecretValue, FaultKind::Throttled));
    check(one("{\"SecretId\":\"app/login\"}").await, "ThrottlingException", "message");
}

/// A refusal never shows a value of the request.
#[tokio::test]
async fn refusals_show_no_value() {
    let manager = start().await;
    let body = json!({"SecretId": "app/login", "SecretString": {"password": "canary"}});
    let answer = post(manager.address(), "secretsmanager.PutSecretValue", body.to_string()).await;
    let (_, body) = answer.unwrap();
    assert_eq!(body["__type"], json!("SerializationException"));
    assert!(!body.to_string().contains("canary"), "{body}");
    assert!(!format!("{:?}", manager.calls()).contains("canary"));
}

/// A connection serves many requests, each with its own id.
#[tokio::test]
async fn keep_alive_with_request_ids() {
    let manager = start().await;
    let stream = TcpStream::connect(manager.address()).await.unwrap();
    let (mut client, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut ids = Vec::new();
    for _ in 0..3 {
        let request = Request::post("/")
            .header("x-amz-target", "secretsmanager.GetSecretValue")
            .body(Full::new(Bytes::from_static(b"{\"SecretId\":\"app/login\"}")))
            .unwrap();
        client.ready().await.unwrap();
        let response = client.send_request(request).await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.1");
        ids.push(response.headers()["x-amzn-requestid"].clone());
        response.into_body().collect().await.unwrap();
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

/// A dropped answer closes the connection without sending a byte.
#[tokio::test]
async fn dropped_answer_closes_silently() {
    let manager = start().await;
    manager.inject(Fault::new(Operation::GetSecretValue, FaultKind::DropAfterEffect));
    let mut stream = TcpStream::connect(manager.address()).await.unwrap();
    let body = "{\"SecretId\":\"app/login\"}";
    let request = format!(
        "POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: secretsmanager.GetSecretValue\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8(answer).unwrap(), "");
    assert_eq!(manager.calls().len(), 1);
}

/// Dropping the service closes its endpoint.
#[tokio::test]
async fn dropped_service_closes_its_endpoint() {
    let manager = start().await;
    let address = manager.address();
    let mut open = TcpStream::connect(address).await.unwrap();
    tokio::task::yield_now().await;
    drop(manager);
    let mut byte = [0];
    // The end of the stream or a reset: either way the connection is gone.
    assert!(matches!(open.read(&mut byte).await, Ok(0) | Err(_)));
    assert!(TcpStream::connect(address).await.is_err());
}

/// The endpoint speaks TLS where that is requested.
#[tokio::test]
async fn tls_on_request() {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let settings = Settings { tls: Some(Arc::new(server)), ..Settings::default() };
    let manager = LocalSecretsManager::start(settings).await.unwrap();
    assert_eq!(manager.endpoint(), format!("https://localhost:{}", manager.address().port()));

    let mut roots = rustls::RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(manager.address()).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let stream = tokio_rustls::TlsConnector::from(Arc::new(client)).connect(name, stream).await.unwrap();
    let (mut client, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::post("/")
        .header("x-amz-target", "secretsmanager.GetRandomPassword")
        .body(Full::new(Bytes::new()))
        .unwrap();
    assert_eq!(client.send_request(request).await.unwrap().status(), StatusCode::OK);
}
