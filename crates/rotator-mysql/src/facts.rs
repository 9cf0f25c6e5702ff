//! What a session finds out about its server.

use std::time::Duration;

use rotation_core::{CharacterClass, PasswordDemand};
use rotation_database::{ServerFacts, StatementError};

use crate::{
    connection::Connection, session_settings::pin, statement::Statement, wire::Answer, writable::takes_writes,
};

/// The note where `TLS_SELF_SIGNED=prove` was used.
const PROVED: &str = "the server's certificate is self-signed, and the server has proved by the user's \
    password that it is its own";

/// More than the reads take.
const LIMIT: Duration = Duration::from_secs(30);

/// Reads the facts that the server reports about itself. Its password policy counts on MySQL alone, which
/// sees passwords; MariaDB sees hashes.
pub(crate) async fn read(connection: &mut Connection) -> Result<ServerFacts, StatementError> {
    connection.run(&pin(connection.dialect, LIMIT)).await?;
    let answer = connection.run(&Statement::new("read facts", "SELECT VERSION()")).await?;
    let version = answer.into_iter().next().and_then(|row| row.into_iter().next()?);
    let writable = takes_writes(connection).await?;
    let (name, demands) = if connection.dialect.is_mariadb() {
        ("MariaDB", Vec::new())
    } else {
        let policy = Statement::new("read facts", r"SHOW GLOBAL VARIABLES LIKE 'validate\_password%'");
        ("MySQL", demands(&connection.run(&policy).await?))
    };
    Ok(ServerFacts {
        version: version.map(|version| format!("{name} {version}")),
        writable: Some(writable),
        hindrance: None,
        password_demands: demands,
        notes: connection.proved.then(|| PROVED.to_owned()).into_iter().collect(),
        second_password: None,
    })
}

/// The requirements of `validate_password`: a component whose variables have a dot, or a plugin whose
/// variables have none. The policy `LOW` checks the length alone.
fn demands(variables: &Answer) -> Vec<PasswordDemand> {
    let value = |name: &str| {
        let named = |row: &&Vec<Option<String>>| {
            let variable = row.first().and_then(Option::as_deref).unwrap_or_default();
            variable.strip_prefix("validate_password").is_some_and(|rest| rest.get(1..) == Some(name))
        };
        variables.iter().find(named).and_then(|row| row.get(1)?.clone())
    };
    let count = |name| value(name).and_then(|count| count.parse().ok()).unwrap_or(0);
    let mut demands = vec![PasswordDemand::Length(count("length"))];
    if !matches!(value("policy").as_deref(), Some("LOW" | "0")) {
        demands.extend([
            PasswordDemand::Class(CharacterClass::Lowercase, count("mixed_case_count")),
            PasswordDemand::Class(CharacterClass::Uppercase, count("mixed_case_count")),
            PasswordDemand::Class(CharacterClass::Digit, count("number_count")),
            PasswordDemand::Class(CharacterClass::Punctuation, count("special_char_count")),
        ]);
    }
    if value("length").is_some() { demands } else { Vec::new() }
}
