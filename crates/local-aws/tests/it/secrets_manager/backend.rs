//! The same calls to any backend.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::{Request, StatusCode, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use local_aws::secrets_manager::{Operation, SecretsManagerHandle};
use serde_json::Value;
use tokio::net::TcpStream;

/// The backend.
pub(super) enum Backend {
    /// The local service, without HTTP.
    InProcess(SecretsManagerHandle),
    /// Any server that listens there.
    Http(SocketAddr),
}

/// A refusal as a client sees it.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) message: String,
}

impl Backend {
    pub(super) async fn call(&self, operation: Operation, request: Value) -> Result<Value, Refusal> {
        match self {
            Self::InProcess(manager) => manager
                .call(operation, request)
                .await
                .map_err(|error| Refusal { code: error.code.to_string(), message: error.message }),
            Self::Http(address) => {
                let answer =
                    post(*address, &format!("secretsmanager.{operation}"), request.to_string()).await;
                let (status, body) = answer.unwrap();
                if status.is_success() { Ok(body) } else { Err(Refusal::read(&body)) }
            }
        }
    }
}

impl Refusal {
    fn read(body: &Value) -> Self {
        let member = |name: &str| body[name].as_str().map(str::to_owned);
        let message = member("Message").or_else(|| member("message"));
        Self {
            code: member("__type").unwrap_or_default(),
            message: message.unwrap_or_else(|| body.to_string()),
        }
    }
}

/// One request on a connection of its own, with a signature that is not checked.
pub(super) async fn post(
    address: SocketAddr,
    target: &str,
    body: String,
) -> Result<(StatusCode, Value), hyper::Error> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut client, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::post("/")
        .header("host", address.to_string())
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", target)
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/secretsmanager/aws4_request, \
             SignedHeaders=host, Signature=00",
        )
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let response = client.send_request(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    // Operations without an answer may send an empty body, and a server that crashes sends a page.
    let page = |_| Value::String(String::from_utf8_lossy(&body).into_owned());
    Ok((status, serde_json::from_slice(&body).unwrap_or_else(page)))
}
