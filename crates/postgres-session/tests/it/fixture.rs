//! Logins as a secret's document would give them.

use std::{sync::Arc, time::Duration};

use database_net::{TlsSettings, client_config};
use postgres_session::{Connection, SaltedPasswords, connect};
use rotation_core::{Deadline, Password, PasswordRule};
use rotation_database::{
    ConnectError, Credentials, EngineProfile, Host, Login, NameLimit, Remedies, StatementRule, TlsMode,
    Transport, Username,
};
use rustls::ClientConfig;
use test_servers::{MaliciousPostgres, PostgresServer, TestAuthority, TestLogin};

pub(crate) const CANARY: &str = "canary-Pa55word-0815";

const PROFILE: EngineProfile = EngineProfile {
    name: "PostgreSQL",
    id: "postgresql",
    engines: &["postgres"],
    engines_text: "postgres",
    default_port: 5432,
    default_database: Some("postgres"),
    home_field: None,
    set_field: None,
    probe: "",
    clone_suffix: "_clone",
    name_limit: NameLimit::Bytes(63),
    reserved_users: &[],
    password_rule: PasswordRule {
        shortest: 8,
        longest: 128,
        forbidden: "",
        required: &[],
        default_exclusions: "",
    },
    test_query: StatementRule::SQL,
    remedies: &Remedies::NONE,
};

pub(crate) fn username(name: &str) -> Username {
    Username::parse(name, &PROFILE).unwrap()
}

pub(crate) fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

pub(crate) fn to_port(port: u16) -> Login {
    Login {
        others: Vec::new(),
        replica_set: None,
        address: None,
        host: Host::parse("localhost").unwrap(),
        port,
        database: Some("postgres".to_owned()),
        home: None,
        credentials: Credentials { username: username("app"), password: password(CANARY) },
        tls: TlsMode::Required,
    }
}

pub(crate) fn to(server: &PostgresServer, login: &TestLogin) -> Login {
    let credentials =
        Credentials { username: username(&login.username), password: password(&login.password) };
    Login { credentials, ..to_port(server.port()) }
}

pub(crate) fn trusting(authority: &TestAuthority) -> Arc<ClientConfig> {
    client_config(&TlsSettings::default().with_ca_bundle(authority.certificate_pem()).unwrap())
}

pub(crate) async fn over_tls(login: &Login, authority: &TestAuthority) -> Result<Connection, ConnectError> {
    connect(login, Transport::Tls, &trusting(authority), "test", &SaltedPasswords::default(), soon(10_000))
        .await
}

pub(crate) async fn plain(login: &Login) -> Result<Connection, ConnectError> {
    let config = client_config(&TlsSettings::default());
    connect(login, Transport::Plaintext, &config, "test", &SaltedPasswords::default(), soon(10_000)).await
}

pub(crate) fn soon(milliseconds: u64) -> Deadline {
    Deadline::after(Duration::from_millis(milliseconds))
}

/// No byte that the server saw holds the password.
pub(crate) fn assert_kept(malicious: &MaliciousPostgres) {
    let received = malicious.received();
    assert!(!received.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()));
}
