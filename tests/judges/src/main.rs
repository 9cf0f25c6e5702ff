//! An application made of MongoDB's own driver: one JSON request a line in, one JSON answer a line out, until
//! the input ends. Each request is a login over TLS by a client of its own.
//!
//! ```text
//! {"host": "localhost", "port": 27017, "username": "app", "password": "…", "home": "admin",
//!  "authority": "/ca.pem"}
//! {"ok": true}   {"code": 18}   {"error": "another kind of failure"}
//! ```
//!
//! Options and errors of the driver are never printed whole: its options hold the password.

use std::{
    error::Error,
    io::{BufRead, Write},
    time::Duration,
};

use mongodb::{
    Client,
    bson::doc,
    error::ErrorKind,
    options::{ClientOptions, Credential, ServerAddress, Tls, TlsOptions},
};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lock().lines() {
        let answer = answer(&serde_json::from_str(&line?)?).await;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

async fn answer(request: &Value) -> Value {
    let text = |field: &str| request[field].as_str().unwrap_or_default().to_owned();
    let credential = Credential::builder()
        .username(text("username"))
        .password(text("password"))
        .source(text("home"))
        .build();
    let port = request["port"].as_u64().and_then(|port| u16::try_from(port).ok());
    let tls = TlsOptions::builder().ca_file_path(std::path::PathBuf::from(text("authority"))).build();
    let options = ClientOptions::builder()
        .hosts(vec![ServerAddress::Tcp { host: text("host"), port }])
        .credential(credential)
        .tls(Tls::Enabled(tls))
        .direct_connection(true)
        .server_selection_timeout(Duration::from_secs(30))
        .build();
    let outcome = match Client::with_options(options) {
        Ok(client) => {
            let asked = client.database("admin").run_command(doc! {"connectionStatus": 1}).await;
            client.shutdown().await;
            asked.map(drop)
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => json!({"ok": true}),
        Err(error) => {
            code(&error).map_or_else(|| json!({"error": kind(&error)}), |code| json!({"code": code}))
        }
    }
}

/// The server's own code, which the driver keeps below its error of a login.
fn code(error: &mongodb::error::Error) -> Option<i32> {
    match error.kind.as_ref() {
        ErrorKind::Command(command) => Some(command.code),
        _ => error.source()?.downcast_ref::<mongodb::error::Error>().and_then(code),
    }
}

fn kind(error: &mongodb::error::Error) -> &'static str {
    match error.kind.as_ref() {
        ErrorKind::ServerSelection { .. } => "no server could be selected",
        ErrorKind::Authentication { .. } => "authentication failed",
        ErrorKind::Io(_) => "input or output failed",
        _ => "another kind of failure",
    }
}
