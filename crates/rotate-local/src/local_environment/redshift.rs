//! Redshift in the local environment: it cannot be started outside AWS, so PostgreSQL behind a guard of its
//! grammar replaces it.

use std::sync::Arc;

use anyhow::Result;
use local_aws::BoxFuture;
use rotation_cli::Screen;
use test_servers::{DatabaseServer, RedshiftServer, TestLogin};

use super::{
    server::{Access, Continuity, Finding, Ledger, Logins, Server, Users},
    shop::{CLONE, DATABASE, MASTER, OWNER, REPORTING},
};

/// What the demo runs on, shown before anything else.
const GROUND: &str =
    "No Redshift server: PostgreSQL behind a guard that takes Redshift's documented grammar alone.";
/// The guard's answer to a wrong password.
const REFUSED: &str = "28P01";

/// Starts PostgreSQL and the guard in front of it.
///
/// # Errors
/// PostgreSQL is not there, or it does not start.
pub(super) fn start(screen: &Screen) -> Result<Arc<dyn Server>> {
    screen.line(GROUND);
    let server = screen.during("PostgreSQL and its guard start", RedshiftServer::start)?;
    Ok(Arc::new(server))
}

impl Server for RedshiftServer {
    fn server(&self) -> &dyn DatabaseServer {
        self
    }

    /// The master is a superuser, as Redshift's administrator is. `checkout` owns a schema with a table, may
    /// read a table by its group, and has a setting.
    fn populate(&self) -> BoxFuture<'_, Result<Users>> {
        Box::pin(async {
            let server = self.behind();
            server.execute("postgres", &format!("CREATE DATABASE {DATABASE}")).await?;
            let users = Users {
                master: server.create_role_named(MASTER, "SUPERUSER").await?,
                reporting: server.create_role_named(REPORTING, "").await?,
                owner: server.create_role_named(OWNER, "CONNECTION LIMIT 50").await?,
            };
            let tables = format!(
                "CREATE GROUP cashiers; ALTER GROUP cashiers ADD USER {OWNER}; \
                 CREATE TABLE public.customers (id int PRIMARY KEY, name text); \
                 GRANT SELECT ON public.customers TO GROUP cashiers; GRANT SELECT ON public.customers TO \
                 {REPORTING}; CREATE SCHEMA sales AUTHORIZATION {OWNER}; \
                 CREATE TABLE sales.purchases (id int PRIMARY KEY, item text NOT NULL); \
                 INSERT INTO sales.purchases VALUES (1, 'tea'), (2, 'cake'); \
                 ALTER TABLE sales.purchases OWNER TO {OWNER}; \
                 ALTER ROLE {OWNER} SET search_path = sales, public"
            );
            server.execute(DATABASE, &tables).await?;
            Ok(users)
        })
    }

    /// Compared with the form of the password that the server stores, followed by a session behind the guard,
    /// which accepts no statements of applications: so the functions alone pass the guard, and are counted
    /// there.
    fn try_login<'a>(&'a self, login: &'a TestLogin) -> BoxFuture<'a, Access> {
        Box::pin(async {
            match self.knows(login).await {
                Ok(true) => {}
                Ok(false) => return Access::Refused(REFUSED.to_owned()),
                Err(error) => return Access::Refused(error.code.unwrap_or(error.message)),
            }
            match self.behind().query_as(login, DATABASE, "SELECT 1").await {
                Ok(_) => Access::LogsIn,
                Err(error) => Access::Refused(error.code.unwrap_or(error.message)),
            }
        })
    }

    fn logins(&self) -> Logins {
        let mut logins = Logins::default();
        for user in [MASTER, REPORTING, OWNER, CLONE] {
            let (accepted, refused) = self.logins_of(user);
            logins.accepted += accepted;
            logins.refused.insert(user.to_owned(), refused);
        }
        logins
    }

    fn ledger(&self) -> Ledger {
        Ledger::Guard
    }

    fn log_title(&self) -> &'static str {
        "the logs of the guard and of PostgreSQL (every statement)"
    }

    fn continuity(&self) -> Continuity {
        Continuity::OnePassword
    }

    fn rights(&self) -> Vec<String> {
        vec![
            format!("{CLONE} reads and writes the table of {OWNER}"),
            format!("{CLONE} has the rights of {OWNER}, no more and no fewer"),
        ]
    }

    fn inspect<'a>(&'a self, clone: &'a TestLogin) -> BoxFuture<'a, Vec<Finding>> {
        Box::pin(async { vec![works(self, clone).await, same_rights(self).await] })
    }
}

async fn works(server: &RedshiftServer, clone: &TestLogin) -> Finding {
    // The first name by the setting of the original, the second by its group.
    let work =
        "INSERT INTO purchases VALUES (3, 'milk'); SELECT count(*) FROM customers; SELECT id FROM purchases";
    let rows = server.behind().query_as(clone, DATABASE, work).await.map_err(|error| error.to_string())?;
    // One row of the first query, and those of the second.
    let count = rows.len().saturating_sub(1);
    let found = format!("added 1 and read {count}");
    if count == 3 { Ok(found) } else { Err(found) }
}

async fn same_rights(server: &RedshiftServer) -> Finding {
    let (owner, clone) = (rights(server, OWNER).await?, rights(server, CLONE).await?);
    if owner == clone && !owner.is_empty() {
        return Ok(format!("{} the same", owner.len()));
    }
    let lacking = owner.iter().filter(|right| !clone.contains(right)).map(|right| format!("no {right}"));
    let beyond = clone.iter().filter(|right| !owner.contains(right)).cloned();
    Err(lacking.chain(beyond).collect::<Vec<_>>().join("; "))
}

/// What the user may do, however it got there, and how it is set up.
async fn rights(server: &RedshiftServer, user: &str) -> Result<Vec<String>, String> {
    let sql = format!(
        "SELECT concat_ws(' ', 'user', u.usesuper, u.usecreatedb, u.useconfig, i.connection_limit) \
             FROM redshift.pg_user u JOIN redshift.svv_user_info i ON i.user_id = u.usesysid WHERE u.usename \
         = '{user}' UNION ALL SELECT 'group ' || g.groname FROM redshift.pg_group g JOIN redshift.pg_user u \
             ON u.usesysid = ANY(g.grolist) WHERE u.usename = '{user}' AND g.groname NOT LIKE 'clone:%' \
         UNION ALL SELECT concat_ws(' ', p, 'in', nspname) FROM pg_namespace, \
             unnest(ARRAY['CREATE', 'USAGE']) p WHERE nspname IN ('sales', 'public') \
             AND has_schema_privilege('{user}', oid, p) \
         UNION ALL SELECT concat_ws(' ', p, 'on', c.relname) FROM pg_class c, \
             unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES']) p \
             WHERE c.relkind = 'r' AND c.relnamespace IN ('sales'::regnamespace, 'public'::regnamespace) \
             AND has_table_privilege('{user}', c.oid, p) ORDER BY 1"
    );
    let rows = server.behind().query(DATABASE, &sql).await.map_err(|error| error.to_string())?;
    Ok(rows.into_iter().flatten().flatten().collect())
}
