//! What all database servers have in common, for programs that run any of them.

use serde_json::{Value, json};

use crate::{DocdbServer, MysqlFlavor, MysqlServer, PostgresServer, RedshiftServer, TestLogin};

/// A running database server. Dropping it ends it and removes its files.
pub trait DatabaseServer: Send + Sync {
    /// For messages, with its version where it has one: `PostgreSQL 16`.
    fn title(&self) -> String;

    /// The `engine` of its secrets.
    fn engine(&self) -> &'static str;

    /// The name to connect to, which its certificate carries.
    fn host(&self) -> &'static str;

    /// The TCP port on 127.0.0.1.
    fn port(&self) -> u16;

    /// PEM of the authority that signed its certificate.
    fn authority_pem(&self) -> &str;

    /// Everything that it has logged, statements included.
    fn log(&self) -> String;

    /// The value of a secret for this login over TLS, without a database.
    fn document(&self, login: &TestLogin) -> Value {
        json!({
            "engine": self.engine(), "host": self.host(), "port": self.port(),
            "username": login.username, "password": login.password, "ssl": true,
        })
    }
}

macro_rules! database_servers {
    ($($server:ty: $title:expr, $engine:expr;)+) => {$(
        impl DatabaseServer for $server {
            fn title(&self) -> String {
                let title: fn(&Self) -> String = $title;
                title(self)
            }

            fn engine(&self) -> &'static str {
                let engine: fn(&Self) -> &'static str = $engine;
                engine(self)
            }

            fn host(&self) -> &'static str {
                self.host()
            }

            fn port(&self) -> u16 {
                self.port()
            }

            fn authority_pem(&self) -> &str {
                self.authority().certificate_pem()
            }

            fn log(&self) -> String {
                self.log()
            }
        }
    )+};
}

database_servers! {
    PostgresServer: |server| server.version().to_string(), |_| "postgres";
    MysqlServer: |server| server.version().to_string(), |server| match server.flavor() {
        MysqlFlavor::MySql => "mysql",
        MysqlFlavor::MariaDb => "mariadb",
    };
    DocdbServer: |server| server.product().to_string(), |_| "mongo";
    RedshiftServer: |_| "Stand-in for Redshift".to_owned(), |_| "redshift";
}
