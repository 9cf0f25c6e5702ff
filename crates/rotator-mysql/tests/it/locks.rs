//! Clusters that refuse the lock by which rotations of one user take turns. No cluster is available here: a
//! server is scripted to answer like one.

use database_net::TlsSettings;
use rotation_core::{ChangeReport, CredentialSource, Reader, RotationError, SecretDocument};
use rotation_database::{
    Change, DatabaseError, Engine, Login, Session, StatementError, StatementFault, Transport, Turn,
};
use rotator_mysql::{MySql, Settings};
use test_servers::{MaliciousMysql, MysqlAnswer, MysqlGreeting, MysqlMischief, MysqlScript};

use crate::fixture::{deadline, password};

/// A cluster's answer, and the change after which it grants the lock.
struct Cluster {
    version: &'static str,
    code: u16,
    message: &'static str,
    way: &'static str,
}

/// Percona's cluster and older clusters of MariaDB.
const CLUSTERS: [Cluster; 2] = [
    Cluster {
        version: "8.4.5-5.1",
        code: 1105,
        message: "Percona-XtraDB-Cluster prohibits use of GET_LOCK with pxc_strict_mode = ENFORCING",
        way: "SET GLOBAL pxc_strict_mode = MASTER",
    },
    Cluster {
        version: "5.5.5-10.3.39-MariaDB",
        code: 1235,
        message: "This version of MariaDB doesn't yet support 'GET_LOCK in cluster (WSREP_ON=ON)'",
        way: "upgrade the cluster",
    },
];

/// A user changes its own password on such a cluster. Returns also the statements that followed the refusal.
async fn change(
    cluster: &Cluster,
    allow_unlocked: bool,
) -> (Result<ChangeReport, StatementError>, Vec<String>) {
    let script =
        |statement: &str, answer| MysqlScript { statement: statement.to_owned(), answers: vec![answer] };
    let row = |text: &str| MysqlAnswer::Rows(vec![vec![Some(text.to_owned())]]);
    let scripts = vec![
        script("GET_LOCK", MysqlAnswer::Error(cluster.code, cluster.message.to_owned())),
        script("SELECT CURRENT_USER", row("app@%")),
        script(
            "SHOW CREATE USER",
            row("CREATE USER `app`@`%` IDENTIFIED BY PASSWORD '*F4846054A7F9B708854BD5F2CFD097CACB67CF58'"),
        ),
        script("SHOW GRANTS", row("GRANT USAGE ON *.* TO `app`@`%`")),
    ];
    let greeting = MysqlGreeting { version: cluster.version.to_owned(), ..MysqlGreeting::default() };
    let server = MaliciousMysql::start(MysqlMischief::Answers(scripts), greeting).await.unwrap();
    let document = serde_json::json!({
        "engine": "mysql", "host": "localhost", "port": server.port(),
        "username": "app", "password": "app-password", "ssl": false,
    });
    let document = SecretDocument::parse(&document.to_string()).unwrap();
    let login = Login::from_document(&document, &MySql::PROFILE).unwrap();
    let engine = MySql::new(TlsSettings::default(), Settings { allow_unlocked, ..Settings::default() });
    let mut session = engine.connect(&login, Transport::Plaintext, deadline()).await.unwrap();
    let new = password("new-password");
    let staged = session.stage(&Change::OwnPassword { new: &new }, &Turn::default(), deadline()).await;
    let outcome = match staged {
        Ok(()) => session.commit().await,
        Err(error) => Err(error),
    };
    let all = server.statements();
    let after = all.iter().position(|statement| statement.contains("GET_LOCK")).unwrap() + 1;
    (outcome, all[after..].to_vec())
}

/// A cluster that gives no lock is named as such, and nothing is changed there.
/// The remediation names both ways: the cluster grants locks, or the operator does without.
#[tokio::test]
async fn cluster_that_gives_no_lock() {
    for cluster in &CLUSTERS {
        let (outcome, after) = change(cluster, false).await;
        let error = outcome.unwrap_err();
        assert!(matches!(error.fault, StatementFault::LockUnavailable { .. }), "{error}");
        assert!(after.is_empty(), "{after:?}");
        let remedies = MySql::PROFILE.remedies;
        let error = RotationError::from(DatabaseError::Statement {
            credential: CredentialSource::Current,
            error,
            remedies,
        });
        assert_eq!(error.code().name(), "DB_LOCK_UNAVAILABLE");
        let hint = error.remediation(Reader::Operator);
        assert!(hint.contains(cluster.way) && hint.contains("ALLOW_UNLOCKED=true"), "{hint}");
        let is_percona = cluster.version.starts_with('8');
        assert_eq!(hint.contains("pxc_strict_mode"), is_percona, "{hint}");
    }
}

/// An operator may do without the lock, which the outcome notes.
#[tokio::test]
async fn operator_may_do_without() {
    for cluster in &CLUSTERS {
        let (outcome, after) = change(cluster, true).await;
        let notes = outcome.unwrap().notes;
        let sets_password = |statement: &String| {
            statement.starts_with("ALTER USER USER()") || statement.starts_with("SET PASSWORD")
        };
        assert!(notes.iter().any(|note| note.contains("ALLOW_UNLOCKED")), "{notes:?}");
        assert!(after.iter().any(sets_password), "{after:?}");
    }
}
