//! An application with MongoDB's driver for Rust, which `scripts/setup-judges` builds.

use std::{io, path::Path, process::Command, sync::Mutex};

use serde_json::{Value, json};

use super::{super::postgres::TestLogin, DocdbServer, dialogue::Dialogue};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.cache/judges/judges");

/// One process for all logins of a server.
#[derive(Default)]
pub(super) struct Judge(Mutex<Option<Dialogue>>);

impl Judge {
    fn ask(&self, request: &Value) -> io::Result<Value> {
        let mut running = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if running.is_none() {
            if !Path::new(PROGRAM).is_file() {
                return Err(io::Error::other(
                    "MongoDB's driver is not on this machine: run scripts/setup-judges",
                ));
            }
            *running = Some(Dialogue::start(&mut Command::new(PROGRAM))?);
        }
        running.as_mut().expect("it was started").ask(request)
    }
}

impl DocdbServer {
    /// Whether an application with MongoDB's own driver for Rust logs in over TLS as this user, which is
    /// defined in the database `home`. Blocks.
    ///
    /// # Errors
    /// Anything but the server's acceptance or refusal.
    pub fn driver_opens(&self, login: &TestLogin, home: &str) -> io::Result<bool> {
        let answer = self.judge.ask(&json!({
            "host": self.host(),
            "port": self.port,
            "username": login.username,
            "password": login.password,
            "home": home,
            "authority": self.folder.join("ca.crt"),
        }))?;
        match (answer["ok"].as_bool(), answer["code"].as_i64()) {
            (Some(true), _) => Ok(true),
            (_, Some(18)) => Ok(false),
            _ => Err(io::Error::other(format!("MongoDB's driver: {answer}"))),
        }
    }
}
