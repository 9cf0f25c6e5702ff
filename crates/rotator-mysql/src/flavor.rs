//! What differs between MySQL and MariaDB before the server has identified itself.

use rotation_database::{NameLimit, Remedies};

/// The names of a server in secrets and in messages, and its hints.
pub trait Flavor {
    /// The product's name in its official spelling.
    const NAME: &'static str;
    /// The identifier: `mysql` or `mariadb`.
    const ID: &'static str;
    /// The `engine` of secrets.
    const ENGINES: &'static [&'static str];
    /// The same within a sentence.
    const ENGINES_TEXT: &'static str;
    /// The longest user name on the newest server.
    const NAME_LIMIT: NameLimit;
    /// The parts of hints that are particular to it.
    const REMEDIES: &'static Remedies;
}

/// MySQL and Aurora MySQL.
#[derive(Clone, Copy, Debug)]
pub enum MySqlFlavor {}

/// MariaDB.
#[derive(Clone, Copy, Debug)]
pub enum MariaDbFlavor {}

impl Flavor for MySqlFlavor {
    const NAME: &'static str = "MySQL";
    const ID: &'static str = "mysql";
    const ENGINES: &'static [&'static str] = &["mysql", "aurora-mysql"];
    const ENGINES_TEXT: &'static str = "mysql or aurora-mysql";
    /// Since 5.7.8.
    const NAME_LIMIT: NameLimit = NameLimit::Characters(32);
    const REMEDIES: &'static Remedies = &REMEDIES;
}

impl Flavor for MariaDbFlavor {
    const NAME: &'static str = "MariaDB";
    const ID: &'static str = "mariadb";
    const ENGINES: &'static [&'static str] = &["mariadb"];
    const ENGINES_TEXT: &'static str = "mariadb";
    /// Since 10.6; `USERNAME_CHARACTER_LIMIT` lowers it to the 80 of older servers.
    const NAME_LIMIT: NameLimit = NameLimit::Characters(128);
    const REMEDIES: &'static Remedies = &Remedies {
        authentication: "Let the account use mysql_native_password, ed25519 or parsec: ALTER USER \
            'USER'@'HOST' IDENTIFIED VIA ed25519 USING PASSWORD('PASSWORD'). A password is never sent in \
            cleartext.",
        ..REMEDIES
    };
}

const REMEDIES: Remedies = Remedies {
    set_password: "ALTER USER 'USER'@'HOST' IDENTIFIED BY 'PASSWORD'",
    unlock: "ALTER USER 'USER'@'HOST' ACCOUNT UNLOCK",
    prolong: "ALTER USER 'USER'@'HOST' IDENTIFIED BY 'PASSWORD'; PASSWORD EXPIRE NEVER alone does not end an \
        expiry",
    access_rules: "the host of the account, REQUIRE, and require_secure_transport",
    authentication: "Let the account use caching_sha2_password, over TLS: ALTER USER 'USER'@'HOST' \
        IDENTIFIED WITH caching_sha2_password BY 'PASSWORD'. A password is never sent in cleartext.",
    make_clone: "grant it exactly what the original has",
    oldest: "Upgrade the server.",
    also_refused: "The server gives the same answer to a host that the account is not for, and where the \
        account demands TLS.",
};
