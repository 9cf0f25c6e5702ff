//! A PostgreSQL server as the conformance suite needs it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, OnceLock},
};

use rotation_suites::{Database, DatabaseError, Owner, Tenant};
use serde_json::{Value, json};
use test_servers::{DatabaseServer, Logins, PostgresServer, PostgresVersion, QueryError, TestLogin};

use crate::fixture::quoted;

/// What a tenant's application does: reads and writes what it was granted, itself and through its group;
/// creates, changes and drops what is its own.
const WORK: &str = "INSERT INTO public.shared VALUES (1); SELECT count(*) FROM public.shared; \
    SELECT count(*) FROM public.archive; INSERT INTO data.ledger VALUES (1); \
    ALTER TABLE data.ledger SET (fillfactor = 90); CREATE TABLE data.scratch (); DROP TABLE data.scratch";

/// The server that all tests of one version share.
pub(super) struct Server {
    server: &'static PostgresServer,
    tally: Mutex<Tally>,
}

impl Server {
    pub(super) fn shared(version: PostgresVersion) -> Self {
        let server = PostgresServer::shared(version);
        let server = server.expect("scripts/setup-postgres provides the tested versions");
        Self { server, tally: Mutex::default() }
    }

    fn document(&self, database: &str, login: &TestLogin) -> Value {
        json!({
            "engine": "postgres",
            "host": self.server.host(),
            "port": self.server.port(),
            "dbname": database,
            "username": login.username,
            "password": login.password,
        })
    }

    async fn admin(&self, database: &str, sql: &str) -> Result<(), DatabaseError> {
        self.server.execute(database, sql).await.map_err(DatabaseError::new)
    }
}

impl Database for Server {
    const TEST_QUERY: &'static str = "SELECT count(*) FROM public.shared";
    const REFUSED_STATEMENT: &'static str = "SELECT count(*) FROM never_to_be_written_down";

    fn server(&self) -> &dyn DatabaseServer {
        self.server
    }

    fn owners(&self) -> Vec<(Owner, &'static str)> {
        vec![(Owner::Instance, "postgres"), (Owner::Cluster, "aurora-postgresql")]
    }

    /// As in a managed service, the master has CREATEROLE and is no superuser; it may administer the roles
    /// that it would have created.
    async fn create_tenant(&self) -> Result<Tenant, DatabaseError> {
        let database = self.server.create_database().await.map_err(DatabaseError::new)?;
        let app =
            self.server.create_role("CREATEDB CONNECTION LIMIT 50").await.map_err(DatabaseError::new)?;
        let master = self.server.create_role("CREATEROLE CREATEDB").await.map_err(DatabaseError::new)?;
        let (user, group) = (quoted(&app.username), quoted(&format!("{}_group", app.username)));
        self.admin(
            &database,
            &format!(
                "CREATE ROLE {group}; GRANT {group} TO {user}; \
                 GRANT {user} TO {master} WITH ADMIN OPTION; \
                 CREATE SCHEMA data AUTHORIZATION {user}; CREATE TABLE data.ledger (amount int); \
                 ALTER TABLE data.ledger OWNER TO {user}; CREATE TABLE public.shared (n int); \
                 GRANT SELECT, INSERT ON public.shared TO {user}; CREATE TABLE public.archive (n int); \
                 GRANT SELECT ON public.archive TO {group}; GRANT CREATE ON DATABASE {database} TO {user}; \
                 ALTER ROLE {user} SET search_path = data, public; \
                 ALTER ROLE {user} IN DATABASE {database} SET work_mem = '8MB'",
                master = quoted(&master.username),
                database = quoted(&database),
            ),
        )
        .await?;
        Ok(Tenant {
            clone: format!("{}_clone", app.username),
            document: self.document(&database, &app),
            master: self.document("postgres", &master),
        })
    }

    async fn opens(&self, document: &Value) -> Result<bool, DatabaseError> {
        let text = |field: &str| document[field].as_str().unwrap_or_default().to_owned();
        let login = TestLogin { username: text("username"), password: text("password") };
        let database = text("dbname");
        // The master works in no tenant's database.
        let work = if database == "postgres" { "SELECT 1" } else { WORK };
        match self.server.query_as(&login, &database, work).await {
            Ok(_) => Ok(true),
            Err(QueryError { code: Some(code), .. }) if code.starts_with("28") => Ok(false),
            Err(error) => Err(DatabaseError::new(error)),
        }
    }

    async fn rights(&self, tenant: &Tenant, username: &str) -> Result<String, DatabaseError> {
        let database = tenant.document["dbname"].as_str().unwrap_or_default();
        let original = tenant.original();
        let sql = format!(
            "SELECT 'attributes', (SELECT concat_ws(' ', rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, \
                 rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil) FROM pg_roles WHERE rolname = u) \
             FROM (VALUES ('{username}'::name)) v(u) \
             UNION ALL SELECT 'setting', concat_ws(' ', d.datname, s) FROM pg_db_role_setting \
                 JOIN pg_roles r ON r.oid = setrole LEFT JOIN pg_database d ON d.oid = setdatabase, \
                 unnest(setconfig) s WHERE r.rolname = '{username}' AND s NOT LIKE 'role=%' \
             UNION ALL SELECT 'role', rolname FROM pg_roles \
                 WHERE rolname IN ('{original}', '{original}_group') AND pg_has_role('{username}', oid, \
             'USAGE') UNION ALL SELECT 'database', p FROM unnest(ARRAY['CREATE', 'CONNECT', 'TEMP']) p \
                 WHERE has_database_privilege('{username}', '{database}', p) \
             UNION ALL SELECT 'schema', concat_ws(' ', nspname, p) FROM pg_namespace, \
                 unnest(ARRAY['CREATE', 'USAGE']) p WHERE nspname IN ('data', 'public') \
                 AND has_schema_privilege('{username}', oid, p) \
             UNION ALL SELECT 'table', concat_ws(' ', c.relname, p) FROM pg_class c, \
                 unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) \
                 p WHERE c.relnamespace IN ('data'::regnamespace, 'public'::regnamespace) \
                 AND has_table_privilege('{username}', c.oid, p) \
             ORDER BY 1, 2"
        );
        let rows = self.server.query(database, &sql).await.map_err(DatabaseError::new)?;
        let lines = rows.into_iter().map(|row| row.into_iter().flatten().collect::<Vec<_>>().join(" "));
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }

    async fn set_password(&self, username: &str, password: &str) -> Result<(), DatabaseError> {
        let password = password.replace('\'', "''");
        self.admin("postgres", &format!("ALTER ROLE {} PASSWORD '{password}'", quoted(username))).await
    }

    fn elsewhere(&self) -> Result<Self, DatabaseError> {
        static SECOND: OnceLock<PostgresServer> = OnceLock::new();
        let start = || PostgresServer::builder(PostgresVersion::V18).start().expect("a second server starts");
        Ok(Self { server: SECOND.get_or_init(start), tally: Mutex::default() })
    }

    async fn add_user(&self, login: &TestLogin, is_master: bool) -> Result<(), DatabaseError> {
        let (user, password) = (quoted(&login.username), login.password.replace('\'', "''"));
        let rights = if is_master { "CREATEROLE" } else { "NOCREATEROLE" };
        self.admin("postgres", &format!("CREATE ROLE {user} LOGIN {rights} PASSWORD '{password}'")).await
    }

    async fn give(&self, tenant: &Tenant, username: &str) -> Result<(), DatabaseError> {
        let database = tenant.document["dbname"].as_str().unwrap_or_default();
        let sql = "CREATE TABLE public.given (n int); GRANT SELECT ON public.given TO";
        self.admin(database, &format!("{sql} {}", quoted(username))).await
    }

    async fn has_user(&self, username: &str) -> Result<bool, DatabaseError> {
        let sql = format!("SELECT 1 FROM pg_roles WHERE rolname = '{username}'");
        let rows = self.server.query("postgres", &sql).await.map_err(DatabaseError::new)?;
        Ok(!rows.is_empty())
    }

    async fn drop_user(&self, tenant: &Tenant, username: &str) -> Result<(), DatabaseError> {
        let database = tenant.document["dbname"].as_str().unwrap_or_default();
        let user = quoted(username);
        let sql = format!("REASSIGN OWNED BY {user} TO admin; DROP OWNED BY {user}; DROP ROLE {user}");
        self.admin(database, &sql).await
    }

    async fn lock_user(&self, username: &str) -> Result<(), DatabaseError> {
        self.admin("postgres", &format!("ALTER ROLE {} NOLOGIN", quoted(username))).await
    }

    fn logins(&self, username: &str) -> Logins {
        let mut tally = self.tally.lock().expect("no holder panics");
        tally.read(&self.server.log());
        tally.logins.get(username).copied().unwrap_or_default()
    }
}

/// The logins in the server's log, counted incrementally: the suite asks often, and the log is long.
#[derive(Default)]
struct Tally {
    read: usize,
    logins: BTreeMap<String, Logins>,
}

impl Tally {
    fn read(&mut self, log: &str) {
        let whole = log.rfind('\n').map_or(0, |end| end + 1);
        for line in log[self.read..whole].lines() {
            // The format of the launcher's prefix: process, SQLSTATE, user, database.
            let mut fields = line.splitn(5, '|').skip(1);
            let (Some(code), Some(user), Some(_), Some(words)) =
                (fields.next(), fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let accepted = usize::from(words.contains("connection authorized: user="));
            let refused = usize::from(words.starts_with("FATAL:") && code.starts_with("28"));
            if accepted + refused > 0 {
                let logins = self.logins.entry(user.to_owned()).or_default();
                *logins = *logins + Logins { accepted, refused };
            }
        }
        self.read = whole;
    }
}
