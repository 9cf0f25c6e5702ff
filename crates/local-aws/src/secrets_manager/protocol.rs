//! The JSON 1.1 protocol.

use std::{fmt, sync::Arc, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::http::{self, Connections};

use super::{ErrorCode, ServiceError, service::Service};

/// More than the longest value takes when every byte of it is escaped.
const BODY_LIMIT: usize = 1 << 20;
/// How long a connection may be silent before it is closed.
const IDLE_LIMIT: Duration = Duration::from_mins(1);

/// Serves until it is dropped, which also closes every connection.
pub(super) async fn serve(
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    service: Arc<Service>,
) {
    let connections = Connections { tls, idle_limit: Some(IDLE_LIMIT) };
    http::serve(listener, connections, move |request| answer(Arc::clone(&service), request)).await;
}

/// Closes the connection without an answer.
#[derive(Debug)]
struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dropped on purpose")
    }
}

impl std::error::Error for Dropped {}

async fn answer(service: Arc<Service>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Dropped> {
    match handle(&service, request).await {
        Ok(answer) => Ok(respond(StatusCode::OK, &answer)),
        Err(ServiceError { code: ErrorCode::ConnectionDropped, .. }) => Err(Dropped),
        Err(error) => Ok(respond(StatusCode::BAD_REQUEST, &error_body(&error))),
    }
}

async fn handle(service: &Arc<Service>, request: Request<Incoming>) -> Result<Value, ServiceError> {
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
    let operation = target
        .filter(|_| request.method() == Method::POST)
        .and_then(|target| target.strip_prefix("secretsmanager."))
        .and_then(|name| name.parse().ok())
        .ok_or_else(|| ServiceError::new(ErrorCode::UnknownOperationException, "unknown operation"))?;
    let unreadable = |message| ServiceError::new(ErrorCode::SerializationException, message);
    let body = tokio::time::timeout(IDLE_LIMIT, Limited::new(request.into_body(), BODY_LIMIT).collect())
        .await
        .map_err(|_| unreadable("the body did not arrive in time"))?
        .map_err(|_| unreadable("the body is longer than 1 MiB or was cut short"))?
        .to_bytes();
    let body = if body.is_empty() { Bytes::from_static(b"{}") } else { body };
    let request: Value = serde_json::from_slice(&body).map_err(|_| unreadable("the body is not JSON"))?;
    service.call(operation, request).await
}

fn respond(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    let id = uuid::Uuid::new_v4().to_string();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    headers.insert("x-amzn-requestid", HeaderValue::try_from(id).expect("a UUID is a header value"));
    response
}

/// The service's own errors have `Message`; those that every AWS service shares have `message`.
fn error_body(error: &ServiceError) -> Value {
    let member = match error.code {
        ErrorCode::AccessDeniedException
        | ErrorCode::SerializationException
        | ErrorCode::ThrottlingException
        | ErrorCode::UnknownOperationException
        | ErrorCode::ValidationException => "message",
        _ => "Message",
    };
    json!({"__type": error.code.as_str(), member: error.message})
}
