//! The service as a process: `example_service FOLDER` listens on a free port of 127.0.0.1, and writes its
//! address (`url`) and the first secrets of the user `app` (`token.json`, `key.json`) into the folder. It
//! ends by itself after an hour.

use std::{
    error::Error,
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::AUTHORIZATION,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use own_service::service::Accounts;
use serde_json::Value;
use tokio::net::TcpListener;

const LIFETIME: Duration = Duration::from_hours(1);
const LONGEST_BODY: usize = 64 * 1024;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("example_service FOLDER")?);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let mut accounts = Accounts::default();
    let (token, key) = accounts.add("app").secrets("app");
    fs::write(folder.join("token.json"), token.to_string())?;
    fs::write(folder.join("key.json"), key.to_string())?;
    // Last, so that whoever waits for it finds the others. Renamed, so that it is never seen empty.
    fs::write(folder.join("url.new"), format!("http://{}", listener.local_addr()?))?;
    fs::rename(folder.join("url.new"), folder.join("url"))?;
    match tokio::time::timeout(LIFETIME, serve(listener, accounts)).await {
        Ok(ended) => ended,
        Err(_) => Err("it has served for an hour".into()),
    }
}

async fn serve(listener: TcpListener, accounts: Accounts) -> Result<(), Box<dyn Error>> {
    let accounts = Arc::new(Mutex::new(accounts));
    loop {
        let (stream, _) = listener.accept().await?;
        let accounts = Arc::clone(&accounts);
        tokio::spawn(async move {
            let answer = service_fn(|request| answer(&accounts, request));
            // How a connection ends is up to the client.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

async fn answer(
    accounts: &Mutex<Accounts>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Box<dyn Error + Send + Sync>> {
    let operation = format!("{} {}", request.method(), request.uri().path());
    let authorization = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let authorization = authorization.unwrap_or_default().to_owned();
    let body = Limited::new(request.into_body(), LONGEST_BODY).collect().await?.to_bytes();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let (status, body) = {
        let mut accounts = accounts.lock().map_err(|_| "a request has failed")?;
        accounts.answer(&operation, &authorization, &body)
    };
    let body = if body.is_null() { String::new() } else { body.to_string() };
    Ok(Response::builder().status(status).body(Full::from(body))?)
}
