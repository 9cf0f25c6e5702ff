//! Requests to the service's API: over HTTP in the function, to a fake in the tests.

use http::{Request, header::AUTHORIZATION};
use rotation_lambda::{Access, ConfigError, Environment, HttpClient, HttpError};
use serde_json::Value;

/// The most bytes of an answer.
const MOST: usize = 64 * 1024;

/// The status of an answer, and its JSON.
pub type Reply = Result<(u16, Value), HttpError>;

/// A way to send requests.
// A function serves one invocation at a time, on one thread, so nothing needs `Send`.
#[allow(async_fn_in_trait)]
pub trait Http {
    /// Makes a call such as `PUT /token`.
    async fn send(&self, call: &'static str, authorization: String, body: Value) -> Reply;
}

/// The service at the URL in `SERVICE_URL`.
pub struct Api {
    url: String,
    client: HttpClient,
}

impl Api {
    pub fn new(environment: &Environment, access: &Access) -> Result<Self, ConfigError> {
        let url = environment.text("SERVICE_URL").unwrap_or_default().trim_end_matches('/');
        if !url.starts_with("https://") && !url.starts_with("http://127.0.0.1:") {
            return Err(ConfigError::new("SERVICE_URL", "must begin with https://"));
        }
        Ok(Self { url: url.to_owned(), client: HttpClient::new(access) })
    }
}

impl Http for Api {
    async fn send(&self, call: &'static str, authorization: String, body: Value) -> Reply {
        let (method, path) = call.split_once(' ').ok_or(HttpError::InvalidRequest)?;
        let request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        let request = request.header(AUTHORIZATION, authorization).body(body.to_string().into_bytes());
        let answer = self.client.send(request.map_err(|_| HttpError::InvalidRequest)?, MOST).await?;
        Ok((answer.status, serde_json::from_slice(&answer.body).unwrap_or_default()))
    }
}
