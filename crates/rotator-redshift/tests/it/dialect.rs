//! The guard catches what PostgreSQL has and Redshift does not have, put into each statement that rotations
//! send.

use database_net::{TlsSettings, client_config};
use postgres_session::{Connection, Statement, connect_to_redshift};
use rotation_database::{StatementFault, Transport};
use rotation_suites::EngineScene;

use crate::fixture::{Lab, deadline};

async fn connect(lab: &Lab) -> Connection {
    let tls = TlsSettings::default().with_ca_bundle(lab.server.authority().certificate_pem()).unwrap();
    let login = lab.login(&lab.master);
    connect_to_redshift(&login, Transport::Tls, &client_config(&tls), "test", deadline()).await.unwrap()
}

/// A statement as rotations send it, and constructs of PostgreSQL put into it.
const STATEMENTS: &[(&str, &[&str])] = &[
    (
        "BEGIN READ WRITE",
        &[
            "START TRANSACTION READ WRITE",
            "BEGIN DEFERRABLE",
            "BEGIN READ WRITE NOT DEFERRABLE",
            "SAVEPOINT a",
        ],
    ),
    (
        "SET LOCAL search_path TO pg_catalog",
        &[
            "SET LOCAL ROLE NONE",
            "SET LOCAL lock_timeout TO 5",
            "SET LOCAL idle_in_transaction_session_timeout TO 5",
            "SET LOCAL search_path TO pg_catalog; SET LOCAL statement_timeout TO 1",
        ],
    ),
    ("SELECT getdate()", &["SELECT pg_catalog.now()", "SELECT now()", "SELECT clock_timestamp()"]),
    (
        "SELECT u.usename, coalesce(u.valuntil <= getdate(), false) FROM pg_user u \
         WHERE u.usename = current_user",
        &[
            "SELECT r.rolname FROM pg_roles r",
            "SELECT u.usebypassrls FROM pg_user u",
            "SELECT u.usename FROM pg_user u WHERE u.usename = session_user",
            "SELECT u.useconfig::text FROM pg_user u",
            "SELECT u.usename FROM pg_user u WHERE u.usename = E'a'",
            "SELECT u.usename FROM pg_user u WHERE u.usename = $$a$$",
            "SELECT u.usename FROM pg_user u ORDER BY 1 NULLS FIRST",
            "SELECT unnest(u.useconfig) FROM pg_user u",
            "SELECT string_agg(u.usename, ',') FROM pg_user u",
            "SELECT u.usename FROM pg_user u CROSS JOIN LATERAL (SELECT 1) x",
            "SELECT count(*) FILTER (WHERE true) FROM pg_user u",
            "SELECT ARRAY[u.usename] FROM pg_user u",
        ],
    ),
    (
        "SELECT g.groname FROM pg_group g LEFT JOIN pg_user u ON u.usesysid = ANY(g.grolist)",
        &["SELECT m.admin_option FROM pg_auth_members m", "SELECT a.rolname FROM pg_authid a"],
    ),
    (
        "SELECT r.user_name, r.role_name, r.admin_option FROM svv_user_grants r",
        &["SELECT pg_has_role('a', 'b', 'USAGE')", "SELECT s.setconfig FROM pg_db_role_setting s"],
    ),
    (
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace",
        &[
            "SELECT c.relrowsecurity FROM pg_class c",
            "SELECT c.relname FROM pg_class c WHERE c.oid = 'a'::regclass",
            "SELECT s.deptype FROM pg_shdepend s",
        ],
    ),
    (
        "SELECT oidvectortypes(p.proargtypes), p.prokind FROM pg_proc_info p",
        &[
            "SELECT p.prokind FROM pg_proc p",
            "SELECT pg_get_function_identity_arguments(p.prooid) FROM pg_proc_info p",
        ],
    ),
    (
        "SELECT p.namespace_name, p.privilege_type, p.privilege_scope FROM svv_schema_privileges p",
        &[
            "SELECT aclexplode(n.nspacl) FROM pg_namespace n",
            "SELECT p.grantor FROM svv_relation_privileges p",
        ],
    ),
    (
        "SELECT p.schema_name, p.object_type, p.grantee_name FROM svv_default_privileges p",
        &["SELECT d.defaclrole FROM pg_default_acl d"],
    ),
    ("SELECT e.schemaname FROM svv_external_schemas e", &["SELECT s.srvname FROM pg_foreign_server s"]),
    (
        "CREATE USER \"NAME\" PASSWORD DISABLE NOCREATEDB SYSLOG ACCESS RESTRICTED VALID UNTIL 'infinity' \
         CONNECTION LIMIT UNLIMITED SESSION TIMEOUT 600",
        &[
            "CREATE ROLE \"NAME\" LOGIN",
            "CREATE USER \"NAME\"",
            "CREATE USER \"NAME\" PASSWORD NULL",
            "CREATE USER \"NAME\" PASSWORD DISABLE INHERIT",
            "CREATE USER \"NAME\" PASSWORD DISABLE CONNECTION LIMIT -1",
            "CREATE USER \"NAME\" PASSWORD DISABLE SESSION TIMEOUT 5",
            "CREATE USER \"NAME\" PASSWORD DISABLE IN ROLE a",
        ],
    ),
    (
        "ALTER USER \"NAME\" PASSWORD 'md50123456789abcdef0123456789abcdef'",
        &[
            "ALTER ROLE \"NAME\" PASSWORD 'md50123456789abcdef0123456789abcdef'",
            "ALTER USER \"NAME\" PASSWORD 'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU='",
            "ALTER USER \"NAME\" ENCRYPTED PASSWORD 'Password1'",
            "ALTER USER \"NAME\" PASSWORD 'sha256|beef|cafe'",
            "ALTER USER \"NAME\" PASSWORD E'Password1'",
        ],
    ),
    (
        "ALTER USER \"NAME\" SYSLOG ACCESS UNRESTRICTED",
        &["ALTER USER \"NAME\" NOINHERIT", "ALTER USER \"NAME\" BYPASSRLS", "ALTER USER \"NAME\" CREATEROLE"],
    ),
    (
        "ALTER USER \"NAME\" SET search_path TO '$user', \"public\"",
        &[
            "ALTER USER \"NAME\" SET role TO 'a'",
            "ALTER USER \"NAME\" SET work_mem TO '8MB'",
            "ALTER USER \"NAME\" IN DATABASE dev SET search_path TO 'a'",
            "ALTER USER \"NAME\" RESET ALL",
        ],
    ),
    ("CREATE GROUP \"clone:NAME:0\"", &["CREATE ROLE \"clone:NAME:1\""]),
    ("CREATE GROUP \"NAME:clone\"", &["CREATE GROUP \"NAME:b\" NOINHERIT", "CREATE GROUP \"NAME:b\" ROLE a"]),
    (
        "ALTER GROUP \"NAME:clone\" ADD USER \"NAME\"",
        &[
            "GRANT \"NAME:clone\" TO \"NAME\"",
            "REVOKE \"NAME:clone\" FROM \"NAME\"",
            "ALTER GROUP a ADD ROLE b",
        ],
    ),
    (
        "GRANT ROLE \"NAME\" TO \"NAME\"",
        &["GRANT ROLE a TO b WITH INHERIT TRUE", "GRANT ROLE a TO b GRANTED BY c"],
    ),
    (
        "GRANT SELECT, DROP, ALTER, TRUNCATE ON TABLE \"public\".\"t\" TO \"NAME\" WITH GRANT OPTION",
        &[
            "GRANT TRIGGER ON TABLE \"public\".\"t\" TO \"NAME\"",
            "GRANT MAINTAIN ON TABLE \"public\".\"t\" TO \"NAME\"",
            "GRANT USAGE ON SEQUENCE s TO \"NAME\"",
            "GRANT SELECT ON TABLE \"public\".\"t\" TO \"NAME\" GRANTED BY CURRENT_USER",
            "GRANT CONNECT ON DATABASE dev TO \"NAME\"",
            "GRANT USAGE ON FOREIGN SERVER s TO \"NAME\"",
            "GRANT EXECUTE ON ROUTINE \"public\".\"f\"() TO \"NAME\"",
            "GRANT SET ON PARAMETER work_mem TO \"NAME\"",
            "GRANT SELECT ON TABLE \"public\".\"t\" TO GROUP g WITH GRANT OPTION",
        ],
    ),
    (
        "GRANT SELECT, DROP ON TABLE \"public\".\"t\", \"public\".\"t\" TO \"NAME\"",
        &[
            "GRANT SELECT ON TABLE \"public\".\"t\", SCHEMA \"public\" TO \"NAME\"",
            "GRANT SELECT ON \"public\".\"t\", TABLE \"public\".\"t\" TO \"NAME\"",
        ],
    ),
    (
        "REVOKE GRANT OPTION FOR SELECT ON TABLE \"public\".\"t\" FROM \"NAME\"",
        &[
            "REVOKE SELECT ON TABLE \"public\".\"t\" FROM \"NAME\" GRANTED BY a",
            "REVOKE CONNECT ON DATABASE dev FROM \"NAME\"",
        ],
    ),
    (
        "ALTER DEFAULT PRIVILEGES FOR USER \"NAME\" IN SCHEMA \"public\" GRANT SELECT ON TABLES TO PUBLIC",
        &[
            "ALTER DEFAULT PRIVILEGES FOR ROLE \"NAME\" GRANT SELECT ON TABLES TO PUBLIC",
            "ALTER DEFAULT PRIVILEGES FOR USER \"NAME\" GRANT USAGE ON SEQUENCES TO PUBLIC",
            "ALTER DEFAULT PRIVILEGES FOR USER \"NAME\" GRANT USAGE ON TYPES TO PUBLIC",
            "ALTER DEFAULT PRIVILEGES FOR USER \"NAME\" GRANT EXECUTE ON ROUTINES TO PUBLIC",
        ],
    ),
    (
        "ALTER TABLE \"public\".\"t\" OWNER TO \"NAME\"",
        &[
            "REASSIGN OWNED BY a TO \"NAME\"",
            "DROP OWNED BY a",
            "ALTER TABLE \"public\".\"t\" OWNER TO CURRENT_USER CASCADE",
            "ALTER ROUTINE \"public\".\"f\"() OWNER TO \"NAME\"",
            "ALTER TABLE \"public\".\"t\" SET (fillfactor = 90)",
        ],
    ),
    ("COMMIT", &["COMMIT AND CHAIN", "COMMIT PREPARED 'a'", "DO $$BEGIN END$$"]),
];

/// Every construct of PostgreSQL alone is refused, and every statement of ours is accepted.
#[tokio::test]
async fn postgres_only_constructs_are_refused() {
    let lab = Lab::new().await;
    lab.admin("CREATE TABLE public.t (n int)").await;
    let mut connection = connect(&lab).await;
    let name = format!("user_{}", lab.database);
    let begin = "BEGIN READ WRITE";
    lab.admin(&format!("CREATE ROLE \"role:{name}\"")).await;
    for (ours, theirs) in STATEMENTS {
        let ours = ours.replace("NAME", &name);
        if ours != begin {
            let exact =
                ["SET LOCAL search_path TO pg_catalog", "SET LOCAL enable_case_sensitive_identifier TO true"];
            let settings = exact.map(|sql| Statement::new("set", sql));
            connection.run(&settings).await.unwrap();
        }
        let taken = connection.run(&[Statement::new("ours", &ours)]).await;
        taken.unwrap_or_else(|error| panic!("{ours}: {error:?}"));
        for sql in *theirs {
            let sql = sql.replace("NAME", &name);
            let mut other = connect(&lab).await;
            let error = other.run(&[Statement::new("theirs", &sql)]).await;
            let Err(error) = error else { panic!("the guard let through: {sql}") };
            assert_eq!(error.fault, StatementFault::Other { code: "42601".to_owned() }, "{sql}");
            assert!(lab.server.refused().contains(&sql), "PostgreSQL refused it, not the guard: {sql}");
        }
    }
}

/// Quoted names are folded until a session asks for exact ones.
#[tokio::test]
async fn names_fold_until_exact_on_request() {
    let lab = Lab::new().await;
    let mut connection = connect(&lab).await;
    let name = format!("Mixed_{}", lab.database);
    let create = Statement::new("create", format!("CREATE GROUP \"{name}\""));
    connection.run(std::slice::from_ref(&create)).await.unwrap();
    let exact = Statement::new("set", "SET enable_case_sensitive_identifier TO true");
    connection.run(&[exact, create]).await.unwrap();
    let count = format!("SELECT count(*) FROM pg_roles WHERE rolname IN ('{name}', lower('{name}'))");
    assert_eq!(lab.query(&count).await[0][0].as_deref(), Some("2"));
}
