//! The Runtime API, version 2018-06-01, over HTTP on loopback.

use std::{convert::Infallible, sync::Arc};

use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    function::FunctionError,
    http::{self, Connections},
};

use super::exchange::Exchange;

/// The largest answer of a synchronous invocation according to Lambda's quotas: 6 MB.
const RESPONSE_LIMIT: usize = 6 * 1024 * 1024;

/// The part of an answer that is too large that is read before the connection is closed.
const DRAIN_LIMIT: usize = 64 * 1024 * 1024;

/// Serves one process until it is dropped. A process that ends in the middle of a request is detected by its
/// exit.
pub(super) async fn serve(listener: TcpListener, exchange: Arc<Exchange>, arn: String) {
    let arn: Arc<str> = arn.into();
    // A process may wait as long as it likes before it asks for work.
    let connections = Connections::default();
    let respond = move |request| {
        let (exchange, arn) = (exchange.clone(), arn.clone());
        async move { Ok::<_, Infallible>(respond(request, &exchange, &arn).await) }
    };
    http::serve(listener, connections, respond).await;
}

async fn respond(request: Request<Incoming>, exchange: &Exchange, arn: &str) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match (request.method(), parts.as_slice()) {
        (&Method::GET, ["2018-06-01", "runtime", "invocation", "next"]) => next(exchange, arn).await,
        (&Method::POST, ["2018-06-01", "runtime", "invocation", id, "response"]) => match body(request).await
        {
            Ok(bytes) => accepted(exchange.answer(id, parse_response(&bytes))),
            Err(refusal) => refusal,
        },
        (&Method::POST, ["2018-06-01", "runtime", "invocation", id, "error"]) => match body(request).await {
            Ok(bytes) => accepted(exchange.answer(id, Err(parse_error(&bytes)))),
            Err(refusal) => refusal,
        },
        (&Method::POST, ["2018-06-01", "runtime", "init", "error"]) => match body(request).await {
            Ok(bytes) => accepted(exchange.init_error(parse_error(&bytes))),
            Err(refusal) => refusal,
        },
        _ => refused(StatusCode::NOT_FOUND, "NotFound", "no such resource of the Runtime API"),
    }
}

async fn next(exchange: &Exchange, arn: &str) -> Response<Full<Bytes>> {
    let invocation = exchange.next().await;
    let trace: String = invocation.request_id.chars().filter(char::is_ascii_hexdigit).collect();
    let (epoch, unique) = trace.split_at(8);
    Response::builder()
        .header("Content-Type", "application/json")
        .header("Lambda-Runtime-Aws-Request-Id", &invocation.request_id)
        .header("Lambda-Runtime-Deadline-Ms", invocation.deadline_ms().to_string())
        .header("Lambda-Runtime-Invoked-Function-Arn", arn)
        .header("Lambda-Runtime-Trace-Id", format!("Root=1-{epoch}-{unique};Sampled=0"))
        .body(Full::new(invocation.event))
        .expect("the request id is a UUID, and the function's name and region were already used as variables")
}

/// Reads the whole body. A body that exceeds the limit is read to its end and dropped: closing the connection
/// in the middle of a body would hide the refusal from the process.
async fn body(request: Request<Incoming>) -> Result<Bytes, Response<Full<Bytes>>> {
    let mut body = request.into_body();
    let mut bytes = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        // A process that dies in the middle of its answer has not answered.
        let Ok(frame) = frame else {
            return Err(refused(StatusCode::BAD_REQUEST, "InvalidRequest", "the body was cut off"));
        };
        let data = frame.into_data().unwrap_or_default();
        length += data.len();
        if length <= RESPONSE_LIMIT {
            bytes.extend_from_slice(&data);
        } else if length > DRAIN_LIMIT {
            break;
        }
    }
    if length <= RESPONSE_LIMIT {
        Ok(Bytes::from(bytes))
    } else {
        Err(refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLarge",
            "Exceeded maximum allowed payload size",
        ))
    }
}

fn parse_response(bytes: &[u8]) -> Result<Value, FunctionError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(bytes).map_err(|error| FunctionError {
        error_type: "Runtime.MalformedResponse".to_owned(),
        message: format!("the response is not JSON: {error}"),
    })
}

fn parse_error(bytes: &[u8]) -> FunctionError {
    let document: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let field = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
    FunctionError {
        error_type: field("errorType").unwrap_or_else(|| "Runtime.Unknown".to_owned()),
        message: field("errorMessage").unwrap_or_default(),
    }
}

fn accepted(known: bool) -> Response<Full<Bytes>> {
    if known {
        document(StatusCode::ACCEPTED, &json!({"status": "OK"}))
    } else {
        refused(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
    }
}

fn refused(status: StatusCode, error_type: &str, message: &str) -> Response<Full<Bytes>> {
    document(status, &json!({"errorMessage": message, "errorType": error_type}))
}

fn document(status: StatusCode, document: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(document.to_string())));
    *response.status_mut() = status;
    response
}
