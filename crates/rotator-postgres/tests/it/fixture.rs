//! A server, a database, a master and a user of one test.

use database_net::{TlsSettings, client_config};
use postgres_session::{Connection, SaltedPasswords, Statement};
use rotation_core::{CredentialSource, Reader, RotationError, SecretDocument};
use rotation_database::{
    ConnectError, DatabaseError, Engine, Login, LoginMethod, MASTER_SECRET, PairOwner, StatementError,
    Transport, Username,
};
use rotation_suites::EngineScene;
use rotator_postgres::{CloneObjects, Postgres, PostgresSession};
use test_servers::{PostgresServer, PostgresVersion, TestLogin};

pub(crate) use rotation_suites::{deadline, owner, owner_named};

pub(crate) struct Lab<'s> {
    pub(crate) server: &'s PostgresServer,
    pub(crate) database: String,
    /// Has CREATEROLE and is no superuser; may grant `app` where the version requires that.
    pub(crate) master: TestLogin,
    pub(crate) app: TestLogin,
    pub(crate) objects: CloneObjects,
    /// The secret on whose behalf the pair is changed.
    pub(crate) owner: PairOwner,
    /// How the pair's live user logs in.
    pub(crate) method: Option<LoginMethod>,
}

/// The versions that every test runs on.
pub(crate) fn versions() -> impl Iterator<Item = PostgresVersion> {
    PostgresVersion::TESTED.into_iter().filter(|version| version.is_to_be_tested())
}

/// These and the ones in between: for what differs by version.
pub(crate) fn every_version() -> impl Iterator<Item = PostgresVersion> {
    PostgresVersion::EVERY.into_iter().filter(|version| version.is_to_be_tested())
}

pub(crate) fn document(server: &PostgresServer, database: &str, login: &TestLogin) -> SecretDocument {
    let document = serde_json::json!({
        "engine": "postgres", "host": server.host(), "port": server.port(), "dbname": database,
        "username": login.username, "password": login.password,
    });
    SecretDocument::parse(&document.to_string()).unwrap()
}

pub(crate) fn engine(server: &PostgresServer, objects: CloneObjects) -> Postgres {
    Postgres::new(tls(server), objects)
}

pub(crate) fn tls(server: &PostgresServer) -> TlsSettings {
    TlsSettings::default().with_ca_bundle(server.authority().certificate_pem()).unwrap()
}

pub(crate) fn username(name: &str) -> Username {
    Username::parse(name, &Postgres::PROFILE).unwrap()
}

pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Lab<'static> {
    pub(crate) async fn new(version: PostgresVersion) -> Self {
        Self::on(PostgresServer::shared(version).unwrap()).await
    }
}

impl<'s> Lab<'s> {
    pub(crate) async fn on(server: &'s PostgresServer) -> Self {
        let app = server.create_role("").await.unwrap();
        Self::with_app(server, app).await
    }

    pub(crate) async fn with_app(server: &'s PostgresServer, app: TestLogin) -> Self {
        let database = server.create_database().await.unwrap();
        let master = server.create_role("CREATEROLE CREATEDB").await.unwrap();
        let objects = CloneObjects::Original;
        let method = Some(LoginMethod("scram-sha-256"));
        let lab = Self { server, database, master, app, objects, owner: owner(), method };
        lab.let_master_grant().await;
        lab
    }

    /// The user is the master's to grant, and may make objects.
    pub(crate) async fn let_master_grant(&self) {
        let app = quoted(&self.app.username);
        if self.server.version().major() >= 16 {
            // As if the master had made it, as on RDS.
            let options = "WITH ADMIN TRUE, INHERIT FALSE, SET FALSE";
            self.admin(&format!("GRANT {app} TO {} {options}", self.master.username)).await;
        }
        self.admin(&format!("GRANT CREATE ON DATABASE {} TO {app}", self.database)).await;
    }

    pub(crate) async fn admin(&self, sql: &str) {
        self.server.execute(&self.database, sql).await.unwrap();
    }

    pub(crate) async fn query(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        self.server.query(&self.database, sql).await.unwrap()
    }

    /// The first value of a query as the superuser.
    pub(crate) async fn value(&self, sql: &str) -> String {
        self.query(sql).await[0][0].clone().unwrap_or_default()
    }

    /// The first value of a query as another user.
    pub(crate) async fn value_as(&self, login: &TestLogin, sql: &str) -> String {
        let rows = self.server.query_as(login, &self.database, sql).await.unwrap();
        rows[0][0].clone().unwrap_or_default()
    }

    pub(crate) async fn connect_to(&self, login: &Login) -> Result<PostgresSession, ConnectError> {
        engine(self.server, self.objects).connect(login, Transport::Tls, deadline()).await
    }

    /// A session of an application, which stays open for several messages.
    pub(crate) async fn session(&self, login: &TestLogin) -> Application {
        let config = client_config(&tls(self.server));
        let login = self.login(login);
        let salted = SaltedPasswords::default();
        let session =
            postgres_session::connect(&login, Transport::Tls, &config, "application", &salted, deadline());
        Application(session.await.unwrap())
    }

    pub(crate) fn clone_with(&self, password: &str) -> TestLogin {
        TestLogin { password: password.to_owned(), ..self.clone() }
    }

    /// All that the catalogue has about roles whose name contains the user's or the master's.
    pub(crate) async fn snapshot(&self) -> String {
        let (app, master) = (self.app.username.replace('\'', "''"), &self.master.username);
        let sql = format!(
            "SELECT (SELECT array_agg(a ORDER BY a.oid) FROM pg_authid a \
                WHERE strpos(rolname, '{app}') > 0 OR rolname = '{master}')::text, \
             (SELECT array_agg(m ORDER BY m) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member \
                WHERE strpos(rolname, '{app}') > 0 OR rolname = '{master}')::text, \
             (SELECT array_agg(s ORDER BY s) FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole \
                WHERE strpos(rolname, '{app}') > 0)::text"
        );
        format!("{:?}", self.query(&sql).await)
    }
}

impl Lab<'_> {
    /// The memberships of the master.
    pub(crate) async fn snapshot_of_master(&self) -> String {
        let sql = format!(
            "SELECT array_agg((to_jsonb(m) - 'oid')::text ORDER BY (to_jsonb(m) - 'oid')::text)::text \
             FROM pg_auth_members m WHERE m.member = '{}'::regrole",
            self.master.username
        );
        self.value(&sql).await
    }
}

pub(crate) struct Application(pub(crate) Connection);

impl Application {
    /// The first value of what a message gives.
    pub(crate) async fn value(&mut self, sql: &str) -> String {
        let rows = self.0.run(&[Statement::new("application", sql)]).await.unwrap().remove(0);
        rows.first().and_then(|row| row[0].clone()).unwrap_or_default()
    }
}

/// The statement that the advice gives an administrator of the database.
pub(crate) fn advised(error: impl Into<RotationError>) -> String {
    let hint = error.into().remediation(Reader::Operator);
    let statement = hint.split_once("As an administrator of the database: ");
    statement.unwrap_or_else(|| panic!("no statement in: {hint}")).1.to_owned()
}

/// The failure of a login as a rotation sees it.
pub(crate) fn of_login(credential: CredentialSource, error: ConnectError) -> RotationError {
    DatabaseError::Login { credential, error, remedies: Postgres::PROFILE.remedies }.into()
}

/// The failure of a statement of the master as a rotation sees it.
pub(crate) fn of_master(error: StatementError) -> RotationError {
    let credential = MASTER_SECRET;
    DatabaseError::Statement { credential, error, remedies: Postgres::PROFILE.remedies }.into()
}
