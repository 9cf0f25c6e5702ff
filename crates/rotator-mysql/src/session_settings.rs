//! The settings of the function's sessions, so that its statements mean the same everywhere and end in time,
//! whatever the server, the user or `init_connect` has chosen.
//!
//! | Setting | Why it is pinned |
//! |---|---|
//! | `sql_mode` | it decides how quotes and backslashes are read, and whether a GRANT may create a user |
//! | `lock_wait_timeout`, `innodb_lock_wait_timeout`, `max_execution_time`, `max_statement_time` | they bound a statement; it must end just before the deadline and not earlier |
//! | `wait_timeout` | a session that was frozen releases its lock once the deadline has passed |
//! | `transaction_read_only` (`tx_read_only`) | a server may begin sessions read-only; users cannot be changed in such a session |
//! | `transaction_isolation` (`tx_isolation`) | reads under SERIALIZABLE take locks that others wait for |
//! | `autocommit` | without it the second read of the users would repeat the result of the first |
//! | `sql_quote_show_create` | without it SHOW CREATE USER and SHOW GRANTS print names that cannot be distinguished from words |
//! | `print_identified_with_as_hex` | it changes the form of what SHOW CREATE USER prints |
//! | `sql_select_limit`, `sql_big_selects` | they truncate or refuse a read of the server's own tables |
//! | `max_error_count` | MariaDB keeps the reason of a refusal among the warnings |
//! | `collation_connection`, `character_set_client`, `character_set_results` | names and passwords are sent and read as UTF-8 |
//! | `old_passwords` | `PASSWORD(...)` of older servers makes a hash that current logins do not accept |
//!
//! No setting decides which plugin or hash an account gets: every statement names the plugin, or keeps the
//! account's own.

use std::time::Duration;

use crate::{dialect::Dialect, statement::Statement};

/// Pins the settings. The work in the session may take at most this time.
pub(crate) fn pin(dialect: Dialect, time: Duration) -> Statement {
    let seconds = time.as_secs().clamp(1, 300);
    let mut settings = vec![
        format!("sql_mode = '{}'", dialect.sql_mode()),
        format!("lock_wait_timeout = {seconds}"),
        format!("wait_timeout = {}", seconds + 1),
    ];
    let (read_only, isolation) = transaction_variables(dialect);
    settings.extend([format!("{read_only} = 0"), format!("{isolation} = 'REPEATABLE-READ'")]);
    settings.extend(
        [
            "autocommit = 1",
            "sql_quote_show_create = 1",
            "sql_select_limit = 18446744073709551615",
            "sql_big_selects = 1",
            "character_set_client = utf8mb4",
            "character_set_results = utf8mb4",
            "collation_connection = utf8mb4_general_ci",
        ]
        .map(str::to_owned),
    );
    match dialect {
        Dialect::MySql(version) if version >= (8, 0, 0) => {
            settings.push(format!("innodb_lock_wait_timeout = {seconds}"));
            settings.extend((version >= (8, 0, 17)).then(|| "print_identified_with_as_hex = 0".to_owned()));
        }
        Dialect::MySql(_) => settings.push("old_passwords = 0".to_owned()),
        // On MySQL only privileged users may set it, and nothing is read from the warnings there.
        Dialect::MariaDb(_) => {
            settings.extend(["old_passwords = 0", "max_error_count = 64"].map(str::to_owned));
        }
    }
    let settings = settings.into_iter().map(|setting| format!("SESSION {setting}"));
    let settings: Vec<_> = settings.chain(dialect.query_limit(time)).collect();
    Statement::new("set session", format!("SET {}", settings.join(", ")))
}

/// Their names: MySQL 5.7.20 brought new ones and 8.0.3 removed the old ones; MariaDB changed them in 11.1.1.
/// Aurora 2 reports 5.7 and has only the old ones in some versions.
fn transaction_variables(dialect: Dialect) -> (&'static str, &'static str) {
    let renamed = match dialect {
        Dialect::MySql(version) => version >= (8, 0, 3),
        Dialect::MariaDb(version) => version >= (11, 1, 1),
    };
    if renamed {
        ("transaction_read_only", "transaction_isolation")
    } else {
        ("tx_read_only", "tx_isolation")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each server is asked only for variables that it has.
    /// A variable that a server does not know would make every rotation fail there.
    #[test]
    fn variables_of_each_server_only() {
        let text = |version: &str| pin(Dialect::parse(version), Duration::from_secs(9)).sql.to_string();
        let has = |version: &str, word: &str| text(version).contains(&format!("SESSION {word} = "));
        for (version, word) in [
            ("5.6.51", "tx_read_only"),
            ("5.7.44", "tx_read_only"),
            ("5.7.mysql_aurora.2.11.2", "tx_isolation"),
            ("8.0.mysql_aurora.3.08.0", "transaction_read_only"),
            ("5.7.44", "old_passwords"),
            ("8.0.40", "print_identified_with_as_hex"),
            ("8.0.40", "innodb_lock_wait_timeout"),
            ("10.11.14-MariaDB", "tx_isolation"),
            ("10.11.14-MariaDB", "old_passwords"),
            ("11.8.2-MariaDB", "transaction_isolation"),
        ] {
            assert!(has(version, word), "{version}: {word}");
        }
        for (version, word) in [
            ("8.0.16", "print_identified_with_as_hex"),
            ("9.7.4", "old_passwords"),
            ("9.7.4", "tx_read_only"),
            ("10.11.14-MariaDB", "transaction_read_only"),
            ("10.11.14-MariaDB", "innodb_lock_wait_timeout"),
            ("11.8.2-MariaDB", "tx_read_only"),
        ] {
            assert!(!has(version, word), "{version}: {word}");
        }
        let limits = "lock_wait_timeout = 9, SESSION wait_timeout = 10";
        assert!(text("9.7.4").contains(limits), "{}", text("9.7.4"));
    }
}
