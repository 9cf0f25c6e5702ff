//! A function against servers that are up to no good: its time, its memory, and what it gives away, seen from
//! outside.

use std::{fmt::Debug, time::Duration};

use local_aws::{LambdaBuilder, LambdaFunction};
use serde_json::{Value, json};
use test_servers::MaliciousServer;

use super::Trial;

/// What Lambda gives the function.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The memory that it must never have.
const MOST_KIB: u64 = 64 * 1024;
/// The levels of `AWS_LAMBDA_LOG_LEVEL`.
const LEVELS: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/// What a secret says of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretTls {
    /// `"ssl": true`.
    On,
    /// `"ssl": false`.
    Off,
    /// Nothing.
    Silent,
}

/// One function that meets hostile servers.
#[derive(Clone, Copy, Debug)]
pub struct Hostile {
    /// The path of its program.
    pub program: &'static str,
    /// The engine that its secrets name.
    pub engine: &'static str,
}

impl Hostile {
    /// The current password of every secret here. No server may come to hear it.
    pub const CANARY: &str = "canary-of-the-current-password-5d";

    /// What a server says that quotes the password.
    pub fn quoting() -> String {
        format!("the password was '{}'", Self::CANARY)
    }

    /// A secret of the user `app` on this port.
    pub fn document(&self, port: u16, tls: SecretTls) -> Value {
        let mut document = json!({
            "engine": self.engine, "host": "localhost", "port": port, "username": "app", "password": Self::CANARY,
        });
        if tls != SecretTls::Silent {
            document["ssl"] = json!(tls == SecretTls::On);
        }
        document
    }

    /// The function as it is met here, for more settings.
    pub fn function(&self) -> LambdaBuilder {
        LambdaFunction::builder(self.program).timeout(TIMEOUT)
    }

    /// Rotates once over plaintext. The rotation must fail with one of these codes, within the time and the
    /// memory, and the server must not have heard the password.
    ///
    /// # Panics
    /// Where any of this is not so.
    pub async fn check(&self, what: &impl Debug, server: &impl MaliciousServer, codes: &[&str]) {
        self.check_with(what, server, SecretTls::Off, self.function(), codes).await;
    }

    /// The same with what the secret says of TLS, and with settings of the function.
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
        assert!(server.connections() > 0, "{what:?}: it was never met");
        let received = server.received();
        let sent = received.windows(Self::CANARY.len()).any(|window| window == Self::CANARY.as_bytes());
        assert!(!sent, "{what:?}: the password was sent");
        assert_eq!(trial.leaked_in(&trial.said), None, "{what:?}");
    }
}

impl Trial {
    /// It failed with one of these codes, in time, and never had 64 MiB.
    ///
    /// # Panics
    /// Where that is not so.
    #[track_caller]
    pub fn assert_bounded(&self, what: &impl Debug, codes: &[&str]) {
        assert!(codes.contains(&self.code()), "{what:?}: {:?}", self.error);
        assert!(self.longest < TIMEOUT, "{what:?}: {:?}", self.longest);
        let peak = self.peak_rss_kib.expect("it answered");
        assert!(peak < MOST_KIB, "{what:?}: {peak} KiB");
    }

    /// It failed, its log names the code of that, and neither password nor token is in anything that it
    /// wrote.
    ///
    /// # Panics
    /// Where that is not so.
    #[track_caller]
    pub fn assert_silent(&self, what: &impl Debug) {
        assert!(self.error.is_some(), "{what:?}: nothing failed");
        assert!(self.log.contains(self.code()), "{what:?}: the log says nothing of {}", self.code());
        assert_eq!(self.leaked_in(&self.said), None, "{what:?}");
        assert!(self.looks_for("the rotation token"), "{what:?}: no token came");
        assert_eq!(self.leaked_in(Hostile::CANARY), Some("the current password"), "the search is blind");
    }
}

/// Every level of the log in every format.
pub fn every_log() -> impl Iterator<Item = (&'static str, &'static str)> {
    LEVELS.into_iter().flat_map(|level| ["JSON", "Text"].map(|format| (level, format)))
}
