//! Every statement as it is sent, with the page of the "Amazon Redshift Database Developer Guide" that
//! permits it.

use std::{fmt::Write as _, time::Duration};

use expect_test::{Expect, expect};
use postgres_session::{Row, Statement};

use crate::{
    batch::{Batch, grant, revoke},
    default_privilege::DefaultPrivilege,
    grant::{Object, Routine, create_group, grant_role, hand_over, join_group, leave_group, revoke_role},
    setting::Setting,
    statements::{self, Access},
    user::User,
};

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "a snapshot is next to its use")]
fn check(statements: impl IntoIterator<Item = Statement>, expected: Expect) {
    let mut text = String::new();
    for Statement { kind, sql, .. } in statements {
        writeln!(text, "{kind}: {sql}").unwrap();
    }
    expected.assert_eq(&text);
}

fn row(cells: &[Option<&str>]) -> Row {
    cells.iter().map(|cell| cell.map(str::to_owned)).collect()
}

fn user(name: &str, cells: [&str; 4]) -> User {
    let [makes_databases, until, limit, timeout] = cells;
    let until = Some(until).filter(|until| !until.is_empty());
    let (f, syslog) = (Some("f"), Some("RESTRICTED"));
    User::parse(&row(&[
        Some(name),
        f,
        f,
        Some(makes_databases),
        until,
        f,
        None,
        Some(limit),
        syslog,
        Some(timeout),
    ]))
    .unwrap()
}

/// "BEGIN", "SET", "COMMIT".
#[test]
fn transactions() {
    let begin = statements::begin(Access::ReadWrite, Duration::from_secs(10));
    check(
        begin.into_iter().chain([statements::commit()]),
        expect![[r"
        begin: BEGIN READ WRITE
        set: SET LOCAL search_path TO pg_catalog
        set: SET LOCAL enable_case_sensitive_identifier TO true
        set: SET LOCAL statement_timeout TO 9000
        set: SET LOCAL datestyle TO 'ISO'
        set: SET LOCAL timezone TO 'UTC'
        commit: COMMIT
    "]],
    );
    let plan = statements::begin(Access::ReadOnly, Duration::from_secs(10));
    check(plan.into_iter().take(1), expect!["begin: BEGIN READ ONLY\n"]);
    // Zero would mean no limit.
    assert!(statements::begin(Access::ReadWrite, Duration::ZERO)[3].sql.ends_with("TO 1"));
    assert!(statements::begin(Access::ReadWrite, Duration::MAX)[3].sql.ends_with("TO 241591910"));
}

/// "GETDATE function", `PG_USER`, "System catalog tables", "SVV metadata views".
#[test]
fn reads() {
    let pair = statements::read_pair("it's", "it's_clone").unwrap();
    check(
        [statements::probe(), statements::read_own(), statements::read_own_groups()].into_iter().chain(pair),
        expect![[r"
            probe: SELECT getdate()
            read own user: SELECT u.usename, coalesce(u.valuntil <= getdate(), false) FROM pg_user u WHERE u.usename = current_user
            read own groups: SELECT g.groname FROM pg_group g JOIN pg_user u ON u.usesysid = ANY(g.grolist) WHERE u.usename = current_user ORDER BY 1
            read users: SELECT u.usename, u.usename = current_user, u.usesuper, u.usecreatedb, u.valuntil, coalesce(u.valuntil <= getdate(), false), u.useconfig, i.connection_limit, i.syslog_access, i.session_timeout FROM pg_user u JOIN svv_user_info i ON i.user_id = u.usesysid WHERE u.usename = current_user OR u.usename IN ('it''s', 'it''s_clone')
            read groups: SELECT g.groname, u.usename FROM pg_group g LEFT JOIN pg_user u ON u.usesysid = ANY(g.grolist) AND u.usename IN ('it''s', 'it''s_clone') ORDER BY 1, 2
            read roles: SELECT r.user_name, r.role_name, r.admin_option FROM svv_user_grants r WHERE r.user_name IN ('it''s', 'it''s_clone') ORDER BY 1, 2
            read owned relations: SELECT u.usename, n.nspname, c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_user u ON u.usesysid = c.relowner WHERE c.relkind IN ('r', 'v') AND n.nspname NOT LIKE 'pg_temp%' AND u.usename IN ('it''s', 'it''s_clone') ORDER BY 1, 2, 3
            read owned schemas: SELECT u.usename, n.nspname, 'schema' FROM pg_namespace n JOIN pg_user u ON u.usesysid = n.nspowner WHERE n.nspname NOT LIKE 'pg_temp%' AND u.usename IN ('it''s', 'it''s_clone') UNION ALL SELECT u.usename, d.datname, 'database' FROM pg_database d JOIN pg_user u ON u.usesysid = d.datdba WHERE u.usename IN ('it''s', 'it''s_clone') ORDER BY 1, 3, 2
            read routines: SELECT n.nspname, p.proname, oidvectortypes(p.proargtypes), p.prokind, u.usename FROM pg_proc_info p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_user u ON u.usesysid = p.proowner WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'redshift') ORDER BY 1, 2, 3
            read privileges: SELECT p.identity_name, p.database_name, null, null, p.privilege_type, p.admin_option, p.privilege_scope FROM svv_database_privileges p WHERE p.identity_type = 'user' AND p.identity_name IN ('it''s', 'it''s_clone') ORDER BY 1, 2, 3, 4, 5
            read privileges: SELECT p.identity_name, p.namespace_name, null, null, p.privilege_type, p.admin_option, p.privilege_scope FROM svv_schema_privileges p WHERE p.identity_type = 'user' AND p.identity_name IN ('it''s', 'it''s_clone') ORDER BY 1, 2, 3, 4, 5
            read privileges: SELECT p.identity_name, p.namespace_name, p.relation_name, null, p.privilege_type, p.admin_option, null FROM svv_relation_privileges p WHERE p.identity_type = 'user' AND p.identity_name IN ('it''s', 'it''s_clone') ORDER BY 1, 2, 3, 4, 5
            read privileges: SELECT p.identity_name, p.namespace_name, p.function_name, p.argument_types, p.privilege_type, p.admin_option, null FROM svv_function_privileges p WHERE p.identity_type = 'user' AND p.identity_name IN ('it''s', 'it''s_clone') ORDER BY 1, 2, 3, 4, 5
            read privileges: SELECT p.identity_name, p.language_name, null, null, p.privilege_type, p.admin_option, null FROM svv_language_privileges p WHERE p.identity_type = 'user' AND p.identity_name IN ('it''s', 'it''s_clone') ORDER BY 1, 2, 3, 4, 5
            read default privileges: SELECT p.schema_name, p.object_type, p.owner_name, p.privilege_type, p.grantee_type, p.grantee_name, p.admin_option FROM svv_default_privileges p WHERE p.owner_name IN ('it''s', 'it''s_clone') OR p.grantee_name IN ('it''s', 'it''s_clone') ORDER BY 1, 2, 3, 4, 5, 6
            read other privileges: SELECT p.identity_name, p.privilege_type, p.namespace_name, p.relation_name, p.column_name FROM svv_column_privileges p WHERE p.identity_type = 'user' AND p.identity_name IN ('it''s', 'it''s_clone') UNION ALL SELECT p.identity_name, p.privilege_type, p.datashare_name, null, null FROM svv_datashare_privileges p WHERE p.identity_type = 'user' AND p.identity_name IN ('it''s', 'it''s_clone') ORDER BY 1, 2, 3, 4, 5
            read external schemas: SELECT e.schemaname FROM svv_external_schemas e
            read databases: SELECT d.datname FROM pg_database d WHERE d.datallowconn AND NOT d.datistemplate AND d.datname <> current_database() AND d.datname NOT IN ('padb_harvest', 'sys:internal')
        "]],
    );
    statements::read_pair("back\\slash", "x").unwrap_err();
}

/// "CREATE USER", "ALTER USER".
#[test]
fn users() {
    let original = user("u", ["t", "2099-01-01 00:00:00+00", "7", "600"]);
    let plain = user("o'dd \"name\"; --", ["f", "", "UNLIMITED", "0"]);
    let mut statements = vec![original.create_like("u_clone").unwrap(), plain.create_like("x").unwrap()];
    for (first, other) in [(&original, &plain), (&plain, &original)] {
        let differing = first.differing(other).unwrap();
        statements.extend(differing.iter().map(|difference| difference.first_for(&other.name)));
        let exceeding: Vec<_> = differing.iter().map(|difference| difference.exceeds).collect();
        assert_eq!(
            exceeding,
            if first.makes_databases { [false, true, true, true] } else { [true, false, false, false] }
        );
    }
    statements.push(statements::set_password("u", "'md5hash'"));
    for setting in Setting::parse_all("{search_path=a,query_group=b}") {
        statements.extend([setting.set("u").unwrap(), setting.reset("u")]);
    }
    check(
        statements,
        expect![[r#"
        create role: CREATE USER "u_clone" PASSWORD DISABLE CREATEDB SYSLOG ACCESS RESTRICTED VALID UNTIL '2099-01-01 00:00:00+00' CONNECTION LIMIT 7 SESSION TIMEOUT 600
        create role: CREATE USER "x" PASSWORD DISABLE NOCREATEDB SYSLOG ACCESS RESTRICTED VALID UNTIL 'infinity' CONNECTION LIMIT UNLIMITED
        alter user: ALTER USER "o'dd ""name""; --" CREATEDB
        alter user: ALTER USER "o'dd ""name""; --" VALID UNTIL '2099-01-01 00:00:00+00'
        alter user: ALTER USER "o'dd ""name""; --" CONNECTION LIMIT 7
        alter user: ALTER USER "o'dd ""name""; --" SESSION TIMEOUT 600
        alter user: ALTER USER "u" NOCREATEDB
        alter user: ALTER USER "u" VALID UNTIL 'infinity'
        alter user: ALTER USER "u" CONNECTION LIMIT UNLIMITED
        alter user: ALTER USER "u" RESET SESSION TIMEOUT
        set password: ALTER USER "u" PASSWORD 'md5hash'
        alter user set: ALTER USER "u" SET search_path TO "a"
        alter user reset: ALTER USER "u" RESET search_path
        alter user set: ALTER USER "u" SET query_group TO 'b'
        alter user reset: ALTER USER "u" RESET query_group
    "#]],
    );
    assert!(original.differing(&original).unwrap().is_empty());
}

/// "CREATE GROUP", "ALTER GROUP", "GRANT", "REVOKE" (roles).
#[test]
fn groups_and_roles() {
    check(
        [
            create_group("clone:s:0"),
            join_group("g", "u"),
            leave_group("g", "u"),
            grant_role("r", "u", false),
            grant_role("r", "u", true),
            revoke_role("r", "u", false),
            revoke_role("r", "u", true),
        ],
        expect![[r#"
            create group: CREATE GROUP "clone:s:0"
            alter group add: ALTER GROUP "g" ADD USER "u"
            alter group drop: ALTER GROUP "g" DROP USER "u"
            grant role: GRANT ROLE "r" TO "u"
            grant role: GRANT ROLE "r" TO "u" WITH ADMIN OPTION
            revoke role: REVOKE ROLE "r" FROM "u"
            revoke role: REVOKE ADMIN OPTION FOR ROLE "r" FROM "u"
        "#]],
    );
}

/// "GRANT", "REVOKE", "ALTER TABLE", "ALTER SCHEMA", "ALTER DATABASE", "ALTER FUNCTION", "ALTER PROCEDURE".
#[test]
fn privileges() {
    let arguments = "integer, character varying".to_owned();
    let routine = Routine { schema: "s".to_owned(), name: "f".to_owned(), arguments };
    let objects = [
        Object::Database("d".to_owned()),
        Object::Schema("s".to_owned()),
        Object::Relation("s".to_owned(), "t \"1\"".to_owned()),
        Object::Function(routine.clone()),
        Object::Procedure(routine),
        Object::Language("plpythonu".to_owned()),
    ];
    let of = |object: &Object| {
        let batch = |objects: &[Object], option| Batch {
            privileges: object.privileges().to_vec(),
            objects: objects.to_vec(),
            option,
        };
        let one = [object.clone()];
        [
            grant(&batch(&[object.clone(), object.clone()], false), "u"),
            grant(&batch(&one, true), "u"),
            revoke(&batch(&[object.clone(), object.clone()], false), "u"),
            revoke(&batch(&one, true), "u"),
        ]
    };
    let owners = objects[..5].iter().map(|object| hand_over(object, "u"));
    check(
        objects.iter().flat_map(of).chain(owners),
        expect![[r#"
            grant: GRANT CREATE, TEMP, USAGE, ALTER ON DATABASE "d", "d" TO "u"
            grant: GRANT CREATE, TEMP, USAGE, ALTER ON DATABASE "d" TO "u" WITH GRANT OPTION
            revoke: REVOKE CREATE, TEMP, USAGE, ALTER ON DATABASE "d", "d" FROM "u"
            revoke: REVOKE GRANT OPTION FOR CREATE, TEMP, USAGE, ALTER ON DATABASE "d" FROM "u"
            grant: GRANT CREATE, USAGE, ALTER, DROP ON SCHEMA "s", "s" TO "u"
            grant: GRANT CREATE, USAGE, ALTER, DROP ON SCHEMA "s" TO "u" WITH GRANT OPTION
            revoke: REVOKE CREATE, USAGE, ALTER, DROP ON SCHEMA "s", "s" FROM "u"
            revoke: REVOKE GRANT OPTION FOR CREATE, USAGE, ALTER, DROP ON SCHEMA "s" FROM "u"
            grant: GRANT SELECT, INSERT, UPDATE, DELETE, REFERENCES, DROP, ALTER, TRUNCATE ON TABLE "s"."t ""1""", "s"."t ""1""" TO "u"
            grant: GRANT SELECT, INSERT, UPDATE, DELETE, REFERENCES, DROP, ALTER, TRUNCATE ON TABLE "s"."t ""1""" TO "u" WITH GRANT OPTION
            revoke: REVOKE SELECT, INSERT, UPDATE, DELETE, REFERENCES, DROP, ALTER, TRUNCATE ON TABLE "s"."t ""1""", "s"."t ""1""" FROM "u"
            revoke: REVOKE GRANT OPTION FOR SELECT, INSERT, UPDATE, DELETE, REFERENCES, DROP, ALTER, TRUNCATE ON TABLE "s"."t ""1""" FROM "u"
            grant: GRANT EXECUTE ON FUNCTION "s"."f"(integer, character varying), "s"."f"(integer, character varying) TO "u"
            grant: GRANT EXECUTE ON FUNCTION "s"."f"(integer, character varying) TO "u" WITH GRANT OPTION
            revoke: REVOKE EXECUTE ON FUNCTION "s"."f"(integer, character varying), "s"."f"(integer, character varying) FROM "u"
            revoke: REVOKE GRANT OPTION FOR EXECUTE ON FUNCTION "s"."f"(integer, character varying) FROM "u"
            grant: GRANT EXECUTE ON PROCEDURE "s"."f"(integer, character varying), "s"."f"(integer, character varying) TO "u"
            grant: GRANT EXECUTE ON PROCEDURE "s"."f"(integer, character varying) TO "u" WITH GRANT OPTION
            revoke: REVOKE EXECUTE ON PROCEDURE "s"."f"(integer, character varying), "s"."f"(integer, character varying) FROM "u"
            revoke: REVOKE GRANT OPTION FOR EXECUTE ON PROCEDURE "s"."f"(integer, character varying) FROM "u"
            grant: GRANT USAGE ON LANGUAGE "plpythonu", "plpythonu" TO "u"
            grant: GRANT USAGE ON LANGUAGE "plpythonu" TO "u" WITH GRANT OPTION
            revoke: REVOKE USAGE ON LANGUAGE "plpythonu", "plpythonu" FROM "u"
            revoke: REVOKE GRANT OPTION FOR USAGE ON LANGUAGE "plpythonu" FROM "u"
            alter owner: ALTER DATABASE "d" OWNER TO "u"
            alter owner: ALTER SCHEMA "s" OWNER TO "u"
            alter owner: ALTER TABLE "s"."t ""1""" OWNER TO "u"
            alter owner: ALTER FUNCTION "s"."f"(integer, character varying) OWNER TO "u"
            alter owner: ALTER PROCEDURE "s"."f"(integer, character varying) OWNER TO "u"
        "#]],
    );
}

/// "ALTER DEFAULT PRIVILEGES".
#[test]
fn default_privileges() {
    let privilege = |schema, kind, privilege, of, name, option| {
        let cells = [schema, Some(kind), Some("o"), Some(privilege), Some(of), Some(name), Some(option)];
        DefaultPrivilege::parse(&row(&cells)).unwrap()
    };
    let known = [
        privilege(None, "RELATION", "SELECT", "user", "u", "t"),
        privilege(Some("s"), "FUNCTION", "EXECUTE", "group", "g", "f"),
        privilege(Some("s"), "PROCEDURE", "EXECUTE", "role", "r", "f"),
        privilege(None, "RELATION", "DROP", "public", "public", "f"),
    ];
    let statements = known.iter().flatten().flat_map(|known| [known.grant(), known.revoke()]);
    check(
        statements,
        expect![[r#"
        alter default privileges: ALTER DEFAULT PRIVILEGES FOR USER "o" GRANT SELECT ON TABLES TO "u" WITH GRANT OPTION
        alter default privileges: ALTER DEFAULT PRIVILEGES FOR USER "o" REVOKE SELECT ON TABLES FROM "u"
        alter default privileges: ALTER DEFAULT PRIVILEGES FOR USER "o" IN SCHEMA "s" GRANT EXECUTE ON FUNCTIONS TO GROUP "g"
        alter default privileges: ALTER DEFAULT PRIVILEGES FOR USER "o" IN SCHEMA "s" REVOKE EXECUTE ON FUNCTIONS FROM GROUP "g"
        alter default privileges: ALTER DEFAULT PRIVILEGES FOR USER "o" IN SCHEMA "s" GRANT EXECUTE ON PROCEDURES TO ROLE "r"
        alter default privileges: ALTER DEFAULT PRIVILEGES FOR USER "o" IN SCHEMA "s" REVOKE EXECUTE ON PROCEDURES FROM ROLE "r"
        alter default privileges: ALTER DEFAULT PRIVILEGES FOR USER "o" GRANT DROP ON TABLES TO PUBLIC
        alter default privileges: ALTER DEFAULT PRIVILEGES FOR USER "o" REVOKE DROP ON TABLES FROM PUBLIC
    "#]],
    );
    assert_eq!(privilege(None, "RELATION", "RULE", "user", "u", "f"), None);
}
