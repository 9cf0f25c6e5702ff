//! What a session knows about its server; no setting of a server, a user, or `init_connect` changes its
//! behavior.

use rotation_database::{LoginMethod, Session};
use rotation_suites::EngineScene;
use test_servers::{MysqlFlavor, MysqlVersion, TestLogin};

use crate::{
    fixture::{Lab, at},
    refusals::own_server,
};

/// A session knows its address and its method.
/// The master's login is pinned to that address, and doctor trusts no login without a method.
#[tokio::test]
async fn address_and_method_are_known() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        let mut session = lab.connect(&lab.app).await.unwrap();
        session.probe(None).await.unwrap();
        assert!(session.peer().is_some_and(|address| address.is_loopback()), "{version}");
        let method = match version.flavor() {
            MysqlFlavor::MySql => "caching_sha2_password",
            MysqlFlavor::MariaDb => "mysql_native_password",
        };
        assert_eq!(session.method(), Some(LoginMethod(method)), "{version}");
    }
}

/// A server without grant tables asks for no password.
/// MySQL then accepts no connection over TCP; MariaDB does.
#[tokio::test]
async fn server_without_grant_tables() {
    let lab = own_server(MysqlFlavor::MariaDb, &[]).await;
    let open = test_servers::MysqlServer::builder(MysqlFlavor::MariaDb).setting("skip-grant-tables", "1");
    let open: &'static _ = Box::leak(Box::new(open.start().unwrap()));
    let lab = Lab { server: open, ..lab };
    let anybody = TestLogin { username: "anybody".to_owned(), password: "whatever".to_owned() };
    let mut session = lab.connect(&anybody).await.unwrap();
    session.probe(None).await.unwrap();
    assert_eq!(session.method(), Some(LoginMethod::NONE));
}

/// A server of one test with these global settings, which apply to sessions that begin afterwards. Its user
/// has names that need quotes, and two roles.
async fn lab_with(version: MysqlVersion, settings: &[&str]) -> Lab {
    let lab = own_server(version, &[]).await;
    let name = &lab.app.username;
    let (user, master) = (at(name, "%"), at(&lab.master.username, "%"));
    let database = format!("`{name}-data`");
    let mut statements =
        vec![format!("CREATE DATABASE {database}"), format!("GRANT SELECT ON {database}.* TO {user}")];
    for role in [format!("'{name}_one'"), format!("'{name}_two'")] {
        statements.push(format!("CREATE ROLE {role}"));
        statements.push(format!("GRANT {role} TO {user}"));
        statements.push(format!("GRANT {role} TO {master} WITH ADMIN OPTION"));
    }
    let all: Vec<_> = statements.iter().map(String::as_str).chain(settings.iter().copied()).collect();
    lab.admin(&all).await;
    lab
}

/// A rotation of either strategy, with passwords that need quotes.
async fn check(lab: &Lab) {
    let version = lab.server.version();
    let (old, new) = (lab.app.password.clone(), "new'password\\with \"quotes-1A-é");
    lab.change(&old, new).await.unwrap();
    assert!(lab.opens(new).await && !lab.opens(&old).await, "{version}");
    let clone = lab.clone();
    lab.rotate_to(&clone).await.unwrap();
    lab.connect(&clone).await.unwrap().probe(None).await.unwrap();
    assert_eq!(lab.change_to(&clone).await.unwrap().drift, 0, "{version}");
}

/// A server whose transactions are read-only by default is rotated.
/// A server that begins every session read-only is no replica.
#[tokio::test]
async fn server_of_read_only_transactions() {
    for version in MysqlVersion::to_be_tested() {
        let setting = match version.flavor() {
            MysqlFlavor::MySql => "SET GLOBAL transaction_read_only = 1",
            MysqlFlavor::MariaDb => "SET GLOBAL tx_read_only = 1",
        };
        check(&lab_with(version, &[setting]).await).await;
    }
}

/// Names are shown in quotes, whatever the server's settings are.
#[tokio::test]
async fn names_are_always_in_quotes() {
    for version in MysqlVersion::to_be_tested() {
        check(&lab_with(version, &["SET GLOBAL sql_quote_show_create = 0"]).await).await;
    }
}

/// Settings of the server do not steer a session.
/// Each changes the meaning of a statement, the form of an answer, or its length.
#[tokio::test]
async fn server_settings_steer_no_session() {
    for version in MysqlVersion::to_be_tested() {
        let mut settings = vec![
            "SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT'",
            "SET GLOBAL sql_select_limit = 1",
            "SET GLOBAL sql_big_selects = 0",
            "SET GLOBAL max_join_size = 1",
            "SET GLOBAL autocommit = 0",
            "SET GLOBAL lock_wait_timeout = 1",
            "SET GLOBAL init_connect = 'SET NAMES latin1'",
        ];
        settings.extend(match version.flavor() {
            MysqlFlavor::MySql => [
                "SET GLOBAL transaction_isolation = 'SERIALIZABLE'",
                "SET GLOBAL print_identified_with_as_hex = 1",
            ],
            MysqlFlavor::MariaDb => {
                ["SET GLOBAL tx_isolation = 'SERIALIZABLE'", "SET GLOBAL max_error_count = 0"]
            }
        });
        check(&lab_with(version, &settings).await).await;
    }
}
