//! A database, a master and a user of one test on the shared stand-in for Redshift.

use database_net::{TlsSettings, client_config};
use postgres_session::{Statement, connect_to_redshift};
use rotation_database::{PairOwner, Session, StatementError, Transport};
use rotation_suites::EngineScene;
use rotator_redshift::Options;
use test_servers::{RedshiftServer, TestLogin};

pub(crate) use rotation_suites::{deadline, owner, owner_named};

pub(crate) struct Lab {
    pub(crate) server: &'static RedshiftServer,
    pub(crate) database: String,
    /// A superuser, as Redshift's administrator is.
    pub(crate) master: TestLogin,
    pub(crate) app: TestLogin,
    pub(crate) options: Options,
    /// The secret on whose behalf the pair is changed.
    pub(crate) owner: PairOwner,
}

pub(crate) fn server() -> &'static RedshiftServer {
    RedshiftServer::shared().expect("scripts/setup-postgres provides the server behind the guard")
}

pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Lab {
    pub(crate) async fn new() -> Self {
        let server = server();
        let app = server.behind().create_role("").await.unwrap();
        Self::with_app(app).await
    }

    pub(crate) async fn with_app(app: TestLogin) -> Self {
        Self::on(server(), app).await
    }

    pub(crate) async fn on(server: &'static RedshiftServer, app: TestLogin) -> Self {
        let database = server.behind().create_database().await.unwrap();
        let master = server.behind().create_role("SUPERUSER").await.unwrap();
        Self { server, database, master, app, options: Options::default(), owner: owner() }
    }

    pub(crate) async fn admin(&self, sql: &str) {
        self.server
            .behind()
            .execute(&self.database, sql)
            .await
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    /// Runs Redshift statements through the guard, as an administrator does.
    pub(crate) async fn as_master(&self, statements: &str) {
        let tls = TlsSettings::default().with_ca_bundle(self.server.authority().certificate_pem()).unwrap();
        let login = self.login(&self.master);
        let config = client_config(&tls);
        let connecting = connect_to_redshift(&login, Transport::Tls, &config, "test", deadline());
        let mut connection = connecting.await.unwrap();
        for sql in statements.split("; ") {
            let run = connection.run(&[Statement::new("administrator's", sql)]).await;
            run.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        }
    }

    pub(crate) async fn query(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        self.server.behind().query(&self.database, sql).await.unwrap()
    }

    pub(crate) async fn change(&self, new: &str) -> Result<Vec<String>, StatementError> {
        self.stage_own(&self.app, new).await?.commit().await.map(|report| report.notes)
    }

    /// Every row of the catalog's views that is about the user, with its name removed.
    pub(crate) async fn rights(&self, user: &str) -> Vec<String> {
        let user = user.replace('\'', "''");
        let views = [
            "database_name, privilege_type, admin_option FROM redshift.svv_database_privileges",
            "namespace_name, privilege_type, admin_option FROM redshift.svv_schema_privileges",
            "namespace_name, relation_name, privilege_type, admin_option \
             FROM redshift.svv_relation_privileges",
            "namespace_name, function_name, argument_types, privilege_type, admin_option \
             FROM redshift.svv_function_privileges",
            "language_name, privilege_type, admin_option FROM redshift.svv_language_privileges",
        ];
        let mut parts: Vec<String> = views
            .iter()
            .map(|view| {
                let (columns, from) = view.split_once(" FROM ").unwrap();
                format!(
                    "SELECT '{from}', concat_ws('|', {columns}) FROM {from} \
                     WHERE identity_type = 'user' AND identity_name = '{user}'"
                )
            })
            .collect();
        parts.push(format!(
            "SELECT 'user', concat_ws('|', u.usesuper, u.usecreatedb, coalesce(nullif(u.valuntil, \
             'infinity')::text, ''), u.useconfig, i.connection_limit, i.syslog_access, i.session_timeout) \
             FROM redshift.pg_user u JOIN redshift.svv_user_info i ON i.user_id = u.usesysid \
             WHERE u.usename = '{user}'"
        ));
        parts.push(format!(
            "SELECT 'group', groname FROM redshift.pg_group g JOIN redshift.pg_user u ON u.usesysid = \
             ANY(g.grolist) WHERE u.usename = '{user}' AND groname NOT LIKE '%:clone' \
             AND groname NOT LIKE 'clone:%'"
        ));
        parts.push(format!(
            "SELECT 'role', concat_ws('|', role_name, admin_option) FROM redshift.svv_user_grants \
             WHERE user_name = '{user}'"
        ));
        parts.push(format!(
            "SELECT 'default', concat_ws('|', schema_name, object_type, nullif(owner_name, '{user}'), \
             privilege_type, grantee_type, nullif(grantee_name, '{user}'), admin_option) FROM \
             redshift.svv_default_privileges WHERE '{user}' IN (owner_name, grantee_name)"
        ));
        let rows = self.query(&format!("{} ORDER BY 1, 2", parts.join(" UNION ALL "))).await;
        rows.into_iter().map(|row| row.into_iter().flatten().collect::<Vec<_>>().join(": ")).collect()
    }
}
