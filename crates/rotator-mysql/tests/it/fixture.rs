//! A server, a user and a master of one test.

use database_net::TlsSettings;
use rotation_core::{
    Applied, Authority, ChangeReport, Invocation, Invoker, Password, PasswordPolicy, PasswordSettings,
    RelatedSecretError, RelatedSecrets, RotationError, SecretDocument, SecretId, StoreError, Target,
    Versions,
};
use rotation_database::{
    Change, Credentials, Database, DatabaseSettings, Engine, PairOwner, Session, StatementError, Strategy,
    Turn, Username,
};
use rotation_suites::EngineScene;
use rotator_mysql::{MySql, Settings};
use test_servers::{MysqlFlavor, MysqlServer, MysqlVersion, TestLogin};

pub(crate) use rotation_suites::{deadline, owner, owner_named};

pub(crate) struct Lab {
    pub(crate) server: &'static MysqlServer,
    pub(crate) app: TestLogin,
    pub(crate) master: TestLogin,
    pub(crate) settings: Settings,
}

/// What an RDS master has and may grant, without what a server does not know.
const MASTER: &str = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, \
    ALTER, SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION \
    CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER";

pub(crate) fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

pub(crate) fn username(name: &str) -> Username {
    Username::parse(name, &MySql::PROFILE).unwrap()
}

pub(crate) fn document(server: &MysqlServer, login: &TestLogin) -> SecretDocument {
    let document = serde_json::json!({
        "engine": "mysql", "host": server.host(), "port": server.port(),
        "username": login.username, "password": login.password,
    });
    SecretDocument::parse(&document.to_string()).unwrap()
}

pub(crate) fn engine(server: &MysqlServer, settings: Settings) -> MySql {
    let tls = TlsSettings::default().with_ca_bundle(server.authority().certificate_pem()).unwrap();
    MySql::new(tls, settings)
}

/// The name of a user in a statement.
pub(crate) fn at(user: &str, host: &str) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"));
    format!("{}@{}", quoted(user), quoted(host))
}

impl Lab {
    /// A user with these options of CREATE USER.
    pub(crate) async fn new(version: impl Into<MysqlVersion>, options: &str) -> Self {
        let server = MysqlServer::shared(version).unwrap();
        let app = server.create_user(options).await.unwrap();
        let master = create_master(server).await;
        Self { server, app, master, settings: Settings::default() }
    }

    pub(crate) async fn admin(&self, statements: &[&str]) {
        self.server.execute(statements).await.unwrap();
    }

    pub(crate) async fn opens(&self, password: &str) -> bool {
        let login = TestLogin { username: self.app.username.clone(), password: password.to_owned() };
        match self.connect(&login).await {
            Ok(_) => true,
            Err(error) if error.is_refusal() => false,
            Err(error) => panic!("{error}"),
        }
    }

    /// The user changes its password from `old`.
    pub(crate) async fn change(&self, old: &str, new: &str) -> Result<Vec<String>, StatementError> {
        let login = TestLogin { username: self.app.username.clone(), password: old.to_owned() };
        self.stage_own(&login, new).await?.commit().await.map(|report| report.notes)
    }

    /// `setSecret` of the single-user strategy, with the lab's user under `AWSCURRENT`.
    pub(crate) async fn set_secret(&self, pending: &str) -> Result<Applied, RotationError> {
        let policy = PasswordPolicy::new(PasswordSettings::default(), &MySql::PROFILE.password_rule);
        let engine = engine(self.server, self.settings);
        let invocation = Invocation::new(Invoker::Person, deadline());
        let settings = DatabaseSettings { require_tls: true, ..DatabaseSettings::new(policy.unwrap()) };
        let target = Database::<_>::new(engine, Strategy::SingleUser, settings, &invocation);
        let versions = Versions {
            secret: SecretId::new("arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf").unwrap(),
            current: document(self.server, &self.app),
            pending: document(self.server, &self.app).with_text("password", pending),
            related: None,
        };
        target.apply(&versions, &Granted, &Granted).await
    }

    /// The master's change on behalf of another secret.
    pub(crate) async fn changed_for(
        &self,
        owner: &PairOwner,
        next: &TestLogin,
    ) -> Result<ChangeReport, StatementError> {
        let pair = self.pair();
        let next = Credentials { username: username(&next.username), password: password(&next.password) };
        let live = pair.other(&next.username);
        let mut session = self.connect(&self.master).await.unwrap();
        session
            .stage(
                &Change::OtherUser { pair: &pair, live, next: &next, owner, method: None },
                &Turn::default(),
                deadline(),
            )
            .await?;
        session.commit().await
    }
}

/// The labels are as they should be.
pub(crate) struct Granted;

impl Authority for Granted {
    async fn confirm(&self) -> Result<(), RotationError> {
        Ok(())
    }
}

impl RelatedSecrets for Granted {
    async fn previous(&self) -> Result<Option<SecretDocument>, RotationError> {
        Ok(None)
    }

    async fn current_of(&self, _: &SecretId) -> Result<SecretDocument, RelatedSecretError> {
        unreachable!("a single user has no master")
    }

    async fn tags_of(&self, _: &SecretId) -> Result<Vec<(String, String)>, StoreError> {
        unreachable!("a single user has no master")
    }
}

/// A master as RDS creates it: no SUPER, but it may create users and grant what it has.
pub(crate) async fn create_master(server: &MysqlServer) -> TestLogin {
    let master = server.create_user("").await.unwrap();
    let to = at(&master.username, "%");
    let mut statements = vec![format!("GRANT {MASTER} ON *.* TO {to} WITH GRANT OPTION")];
    if server.flavor() == MysqlFlavor::MariaDb {
        // Without all that ALL includes, a master of MariaDB cannot grant ALL on a database.
        let newer = if server.version() == MysqlVersion::MariaDb11 { ", SHOW CREATE ROUTINE" } else { "" };
        statements.push(format!("GRANT DELETE HISTORY{newer} ON *.* TO {to} WITH GRANT OPTION"));
    } else {
        statements.push(format!(
            "GRANT CREATE ROLE, DROP ROLE, ROLE_ADMIN, APPLICATION_PASSWORD_ADMIN, SET_ANY_DEFINER, \
             SYSTEM_VARIABLES_ADMIN, XA_RECOVER_ADMIN ON *.* TO {to} WITH GRANT OPTION"
        ));
    }
    for statement in &statements {
        server.execute(&[statement]).await.unwrap();
    }
    master
}
