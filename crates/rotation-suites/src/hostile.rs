//! A function against malicious servers: its time, its memory, and what it discloses, seen from
//! outside.

use std::{fmt::Debug, time::Duration};

use local_aws::{LambdaBuilder, LambdaFunction};
use serde_json::{Value, json};
use test_servers::MaliciousServer;

use super::Trial;

/// The function's timeout in Lambda.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The memory that it must never reach.
const MOST_KIB: u64 = 64 * 1024;
/// The levels of `AWS_LAMBDA_LOG_LEVEL`.
const LEVELS: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/// The `ssl` of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretTls {
    /// `"ssl": true`.
    On,
    /// `"ssl": false`.
    Off,
    /// Nothing.
    Silent,
}

/// One function that connects to malicious servers.
#[derive(Clone, Copy, Debug)]
pub struct Hostile {
    /// The path of its program.
    pub program: &'static str,
    /// The engine that its secrets name.
    pub engine: &'static str,
}

impl Hostile {
    /// The current password of every secret here. No server may receive it.
    pub const CANARY: &str = "canary-of-the-current-password-5d";

    /// A message of a server that quotes the password.
    pub fn quoting() -> String {
        format!("the password was '{}'", Self::CANARY)
    }

    /// A secret of the user `app` on this port.
    pub fn document(&self, port: u16, tls: SecretTls) -> Value {
        let mut document = json!({
            "engine": self.engine, "host": "localhost", "port": port, "username": "app",
            "password": Self::CANARY,
        });
        if tls != SecretTls::Silent {
            document["ssl"] = json!(tls == SecretTls::On);
        }
        document
    }

    /// The function as these tests start it, for more settings.
    pub fn function(&self) -> LambdaBuilder {
        LambdaFunction::builder(self.program).timeout(TIMEOUT)
    }

    /// Rotates once over plaintext. The rotation must fail with one of these codes, within the limits of time
    /// and memory, and the server must not have received the password.
    ///
    /// # Panics
    /// Where any of this does not hold.
    pub async fn check(&self, what: &impl Debug, server: &impl MaliciousServer, codes: &[&str]) {
        self.check_with(what, server, SecretTls::Off, self.function(), codes).await;
    }

    /// The same, with this `ssl` of the secret, and with settings of the function.
    ///
    /// # Panics
    /// As [`Hostile::check`].
    pub async fn check_with(
        &self,
        what: &impl Debug,
        server: &impl MaliciousServer,
        tls: SecretTls,
        function: LambdaBuilder,
        codes: &[&str],
    ) {
        let document = self.document(server.port(), tls);
        let trial = Trial::run(function, &document).await.expect("a local Secrets Manager and the program");
        trial.assert_bounded(what, codes);
        assert!(server.connections() > 0, "{what:?}: no connection was made");
        let received = server.received();
        let sent = received.windows(Self::CANARY.len()).any(|window| window == Self::CANARY.as_bytes());
        assert!(!sent, "{what:?}: the password was sent");
        assert_eq!(trial.leaked_in(&trial.said), None, "{what:?}");
    }
}

impl Trial {
    /// Asserts that it failed with one of these codes, in time, and never used 64 MiB.
    ///
    /// # Panics
    /// Where that does not hold.
    #[track_caller]
    pub fn assert_bounded(&self, what: &impl Debug, codes: &[&str]) {
        assert!(codes.contains(&self.code()), "{what:?}: {:?}", self.error);
        assert!(self.longest < TIMEOUT, "{what:?}: {:?}", self.longest);
        let peak = self.peak_rss_kib.expect("it answered");
        assert!(peak < MOST_KIB, "{what:?}: {peak} KiB");
    }

    /// Asserts that it failed, that its log names the code, and that neither password nor token is in
    /// anything that it wrote.
    ///
    /// # Panics
    /// Where that does not hold.
    #[track_caller]
    pub fn assert_silent(&self, what: &impl Debug) {
        assert!(self.error.is_some(), "{what:?}: nothing failed");
        assert!(self.log.contains(self.code()), "{what:?}: the log does not contain {}", self.code());
        assert_eq!(self.leaked_in(&self.said), None, "{what:?}");
        assert!(self.looks_for("the rotation token"), "{what:?}: there was no token");
        assert_eq!(self.leaked_in(Hostile::CANARY), Some("the current password"), "the search finds nothing");
    }
}

/// Every log level in every format.
pub fn every_log() -> impl Iterator<Item = (&'static str, &'static str)> {
    LEVELS.into_iter().flat_map(|level| ["JSON", "Text"].map(|format| (level, format)))
}
