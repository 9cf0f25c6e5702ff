//! Sessions of the clone through a pooler in transaction mode: a server connection stays what it was at its
//! login, whoever uses it, until the pooler opens it again.

use database_net::client_config;
use postgres_session::{Connection, SaltedPasswords};
use rotation_database::{Engine, Login, Session, StatementFault, Transport};
use rotation_suites::EngineScene;
use test_servers::{PgBouncer, PoolerList, PoolerVersion, PostgresVersion, TestLogin};

use crate::fixture::{Application, Lab, deadline, engine, quoted, tls};

fn poolers() -> impl Iterator<Item = (PoolerVersion, PostgresVersion)> {
    PoolerVersion::ALL
        .into_iter()
        .zip([PostgresVersion::V14, PostgresVersion::V18])
        .filter(|(_, server)| server.is_to_be_tested())
}

async fn application(lab: &Lab<'_>, pooler: &PgBouncer, login: &TestLogin) -> Application {
    let login = Login { port: pooler.port(), ..lab.login(login) };
    let config = client_config(&tls(lab.server));
    let salted = SaltedPasswords::default();
    let session: Connection =
        postgres_session::connect(&login, Transport::Tls, &config, "application", &salted, deadline())
            .await
            .unwrap();
    Application(session)
}

/// The proof of the clone's session through the pooler, and the statements that it advises where it fails.
async fn prove(lab: &Lab<'_>, pooler: &PgBouncer) -> Option<String> {
    let login = Login { port: pooler.port(), ..lab.login(&lab.clone()) };
    let mut session =
        engine(lab.server, lab.objects).connect(&login, Transport::Tls, deadline()).await.unwrap();
    match session.probe(Some(&lab.pair())).await.map_err(|error| error.fault) {
        Ok(()) => None,
        Err(StatementFault::SessionDiffers { needed }) => Some(needed),
        Err(fault) => panic!("{fault:?}"),
    }
}

const WHO: &str = "SELECT current_user";

/// A pooled connection keeps the role of its login.
#[tokio::test]
async fn connection_keeps_its_login_role() {
    for (pooler_version, version) in poolers() {
        let lab = Lab::new(version).await;
        let pooler = PgBouncer::start_version(pooler_version, lab.server, &PoolerList::Query).unwrap();
        let (app, clone) = (lab.app.username.clone(), lab.clone());
        lab.rotate_to(&clone).await.unwrap();
        let mut client = application(&lab, &pooler, &clone).await;
        for _ in 0..3 {
            assert_eq!(client.value(WHO).await, app, "{version}");
        }
        let by = if version.major() >= 16 {
            format!(" GRANTED BY {}", quoted(&lab.master.username))
        } else {
            String::new()
        };
        lab.admin(&format!("REVOKE {app} FROM {}{by}", clone.username)).await;
        // A connected client, a new one, and one that resets its session: all have the server's connection as
        // it was. Only the proof of a rotation checks what a new one would be.
        assert_eq!(client.value(WHO).await, app, "{pooler_version:?}, {version}");
        assert_eq!(application(&lab, &pooler, &clone).await.value(WHO).await, app, "{version}");
        client.value("DISCARD ALL").await;
        assert_eq!(client.value(WHO).await, app, "{version}");
        let needed = prove(&lab, &pooler).await.expect("a new session would be the clone's own");
        // A connection that the pooler opens now is the clone itself.
        pooler.console("RECONNECT").await.unwrap();
        assert_eq!(client.value(WHO).await, clone.username, "{version}");
        // The advised statements make the next session the original's again.
        lab.admin(&needed).await;
        let after = prove(&lab, &pooler).await;
        assert!(
            after.is_some_and(|needed| needed.contains("RECONNECT")),
            "{version}: a session has left its role"
        );
        pooler.console("RECONNECT").await.unwrap();
        assert_eq!(client.value(WHO).await, app, "{version}");
        assert_eq!(prove(&lab, &pooler).await, None, "{version}");
    }
}

/// A rotation leaves pooled connections as they are.
/// A rotation, of which the pooler is not notified: its connections go on, and the client's next transaction
/// works like the last.
#[tokio::test]
async fn rotation_leaves_pooled_connections() {
    for (pooler_version, version) in poolers() {
        let lab = Lab::new(version).await;
        let pooler = PgBouncer::start_version(pooler_version, lab.server, &PoolerList::Query).unwrap();
        let (app, clone) = (lab.app.username.clone(), lab.clone());
        lab.rotate_to(&clone).await.unwrap();
        let mut client = application(&lab, &pooler, &clone).await;
        assert_eq!(client.value(WHO).await, app, "{version}");
        lab.rotate_to(&TestLogin { password: "the original's next".to_owned(), ..lab.app.clone() })
            .await
            .unwrap();
        lab.rotate_to(&lab.clone_with("the clone's next")).await.unwrap();
        assert_eq!(client.value(WHO).await, app, "{version}");
        assert_eq!(
            application(&lab, &pooler, &lab.clone_with("the clone's next")).await.value(WHO).await,
            app
        );
    }
}
