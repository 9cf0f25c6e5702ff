//! The stand-in for Redshift as the conformance suite needs it.

use std::sync::OnceLock;

use rotation_suites::{Database, DatabaseError, Owner, Tenant};
use serde_json::{Value, json};
use test_servers::{DatabaseServer, Logins, QueryError, RedshiftServer, TestLogin};

use crate::fixture::{quoted, server};

/// What a tenant's application does: reads and writes what it was granted, itself and through its group, and
/// what the original owns; creates and drops a table. What it creates belongs to it until the next rotation.
const WORK: &str = "INSERT INTO public.shared VALUES (1); SELECT count(*) FROM public.shared; \
    SELECT count(*) FROM public.archive; INSERT INTO data.ledger VALUES (1); \
    SELECT count(*) FROM data.ledger; CREATE TABLE data.scratch (); DROP TABLE data.scratch";

pub(super) struct Server(&'static RedshiftServer);

impl Server {
    pub(super) fn shared() -> Self {
        Self(server())
    }

    fn document(&self, database: &str, login: &TestLogin) -> Value {
        json!({
            "engine": "redshift",
            "host": self.0.host(),
            "port": self.0.port(),
            "dbname": database,
            "username": login.username,
            "password": login.password,
        })
    }

    async fn admin(&self, database: &str, sql: &str) -> Result<(), DatabaseError> {
        self.0.behind().execute(database, sql).await.map_err(DatabaseError::new)
    }
}

impl Database for Server {
    const TEST_QUERY: &'static str = "SELECT u.usename FROM pg_user u";
    const REFUSED_STATEMENT: &'static str = "SELECT u.nowhere FROM pg_user u";

    fn server(&self) -> &dyn DatabaseServer {
        self.0
    }

    fn owners(&self) -> Vec<(Owner, &'static str)> {
        vec![(Owner::RedshiftCluster, "redshift")]
    }

    /// The master is a superuser, as Redshift's administrator is.
    async fn create_tenant(&self) -> Result<Tenant, DatabaseError> {
        let behind = self.0.behind();
        let database = behind.create_database().await.map_err(DatabaseError::new)?;
        let app = behind.create_role("CREATEDB CONNECTION LIMIT 50").await.map_err(DatabaseError::new)?;
        let master = behind.create_role("SUPERUSER").await.map_err(DatabaseError::new)?;
        let (user, group) = (quoted(&app.username), quoted(&format!("{}_group", app.username)));
        self.admin(
            &database,
            &format!(
                "CREATE GROUP {group}; ALTER GROUP {group} ADD USER {user}; \
                 CREATE SCHEMA data AUTHORIZATION {user}; CREATE TABLE data.ledger (amount int); \
                 ALTER TABLE data.ledger OWNER TO {user}; CREATE TABLE public.shared (n int); \
                 GRANT SELECT, INSERT ON public.shared TO {user}; CREATE TABLE public.archive (n int); \
                 GRANT SELECT ON public.archive TO GROUP {group}; GRANT CREATE ON DATABASE {database} TO \
                 {user}; ALTER ROLE {user} SET search_path = data, public; \
                 ALTER ROLE {user} SET redshift.session_timeout = '600'",
                database = quoted(&database),
            ),
        )
        .await?;
        Ok(Tenant {
            clone: format!("{}_clone", app.username),
            document: self.document(&database, &app),
            master: self.document(&database, &master),
        })
    }

    async fn opens(&self, document: &Value) -> Result<bool, DatabaseError> {
        let text = |field: &str| document[field].as_str().unwrap_or_default().to_owned();
        let login = TestLogin { username: text("username"), password: text("password") };
        if !self.0.knows(&login).await.map_err(DatabaseError::new)? {
            return Ok(false);
        }
        match self.0.behind().query_as(&login, &text("dbname"), WORK).await {
            Ok(_) => Ok(true),
            Err(QueryError { code: Some(code), .. }) if code.starts_with("28") => Ok(false),
            Err(error) => Err(DatabaseError::new(error)),
        }
    }

    async fn rights(&self, tenant: &Tenant, username: &str) -> Result<String, DatabaseError> {
        let database = tenant.document["dbname"].as_str().unwrap_or_default();
        let sql = format!(
            "SELECT 'user', concat_ws(' ', u.usesuper, u.usecreatedb, nullif(u.valuntil, 'infinity'), \
                 u.useconfig, i.connection_limit, i.syslog_access, i.session_timeout) FROM redshift.pg_user \
                 u JOIN redshift.svv_user_info i ON i.user_id = u.usesysid WHERE u.usename = '{username}' \
             UNION ALL SELECT 'group', g.groname FROM redshift.pg_group g JOIN redshift.pg_user u \
                 ON u.usesysid = ANY(g.grolist) WHERE u.usename = '{username}' AND g.groname NOT LIKE \
             'clone:%' UNION ALL SELECT 'database', p FROM unnest(ARRAY['CREATE', 'CONNECT', 'TEMP']) p \
                 WHERE has_database_privilege('{username}', '{database}', p) \
             UNION ALL SELECT 'schema', concat_ws(' ', nspname, p) FROM pg_namespace, \
                 unnest(ARRAY['CREATE', 'USAGE']) p WHERE nspname IN ('data', 'public') \
                 AND has_schema_privilege('{username}', oid, p) \
             UNION ALL SELECT 'table', concat_ws(' ', c.relname, p) FROM pg_class c, \
                 unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES']) p \
                 WHERE c.relnamespace IN ('data'::regnamespace, 'public'::regnamespace) \
                 AND has_table_privilege('{username}', c.oid, p) \
             ORDER BY 1, 2"
        );
        let rows = self.0.behind().query(database, &sql).await.map_err(DatabaseError::new)?;
        let lines = rows.into_iter().map(|row| row.into_iter().flatten().collect::<Vec<_>>().join(" "));
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }

    async fn set_password(&self, username: &str, password: &str) -> Result<(), DatabaseError> {
        let (user, password) = (quoted(username), password.replace('\'', "''"));
        let sql =
            format!("ALTER ROLE {user} PASSWORD '{password}'; ALTER ROLE {user} RESET redshift.password");
        self.admin("postgres", &sql).await
    }

    fn elsewhere(&self) -> Result<Self, DatabaseError> {
        static SECOND: OnceLock<RedshiftServer> = OnceLock::new();
        Ok(Self(SECOND.get_or_init(|| RedshiftServer::start().expect("a second server starts"))))
    }

    async fn add_user(&self, login: &TestLogin, is_master: bool) -> Result<(), DatabaseError> {
        let (user, password) = (quoted(&login.username), login.password.replace('\'', "''"));
        let rights = if is_master { "SUPERUSER" } else { "NOSUPERUSER" };
        self.admin("postgres", &format!("CREATE ROLE {user} LOGIN {rights} PASSWORD '{password}'")).await
    }

    async fn give(&self, tenant: &Tenant, username: &str) -> Result<(), DatabaseError> {
        let database = tenant.document["dbname"].as_str().unwrap_or_default();
        let sql = "CREATE TABLE public.given (n int); GRANT SELECT ON public.given TO";
        self.admin(database, &format!("{sql} {}", quoted(username))).await
    }

    async fn has_user(&self, username: &str) -> Result<bool, DatabaseError> {
        let sql = format!("SELECT 1 FROM pg_roles WHERE rolname = '{username}'");
        let rows = self.0.behind().query("postgres", &sql).await.map_err(DatabaseError::new)?;
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
        let (accepted, refused) = self.0.logins_of(username);
        Logins { accepted, refused }
    }
}
