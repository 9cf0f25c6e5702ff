//! The query that finds what a clone holds by itself and the original cannot use.

use postgres_session::{Statement, quote_identifier, quote_literal};
use rotation_database::UserPair;

/// The most rows that are read; each row carries the total count.
const MOST_ROWS: usize = 100;

/// A class of objects that have an access list: the catalog, the keyword of GRANT, the letter of
/// `acldefault`, and the columns of the list and of the owner.
struct Class(&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const CLASSES: [Class; 9] = [
    Class("pg_proc", "pg_proc", "ROUTINE", "f", "proacl", "proowner"),
    Class("pg_namespace", "pg_namespace", "SCHEMA", "n", "nspacl", "nspowner"),
    Class("pg_type", "pg_type", "TYPE", "T", "typacl", "typowner"),
    Class("pg_language", "pg_language", "LANGUAGE", "l", "lanacl", "lanowner"),
    Class("pg_database", "pg_database", "DATABASE", "d", "datacl", "datdba"),
    Class("pg_tablespace", "pg_tablespace", "TABLESPACE", "t", "spcacl", "spcowner"),
    Class(
        "pg_foreign_data_wrapper",
        "pg_foreign_data_wrapper",
        "FOREIGN DATA WRAPPER",
        "F",
        "fdwacl",
        "fdwowner",
    ),
    Class("pg_foreign_server", "pg_foreign_server", "FOREIGN SERVER", "S", "srvacl", "srvowner"),
    // The catalog of dependencies refers to the table that their pages belong to.
    Class("pg_largeobject", "pg_largeobject_metadata", "LARGE OBJECT", "L", "lomacl", "lomowner"),
];

/// Rows of kind, object, the statement that would give it to the original, and the number of rows: what the
/// clone owns, and what it was granted and the original may not use.
pub(crate) fn read_excess(pair: &UserPair, major: u32) -> Statement {
    let (original, clone) = (quote_literal(pair.original.as_str()), quote_literal(pair.clone.as_str()));
    let to = quote_literal(&quote_identifier(pair.original.as_str()));
    let lists = access_lists(major);
    // An entry of the list that the original may use as its own, or an owner of which it is a member.
    let covered = |list: &str, owner: &str| {
        format!(
            "coalesce(pg_has_role(u.original, {owner}, 'USAGE'), false) OR EXISTS (SELECT FROM \
             aclexplode({list}) AS c WHERE c.privilege_type = p.privilege_type AND (c.is_grantable OR NOT \
             p.is_grantable) AND (c.grantee = 0 OR pg_has_role(u.original, c.grantee, 'USAGE')))"
        )
    };
    let (by_list, by_default) = (covered("l.cover", "l.owner"), covered("d.defaclacl", "d.defaclrole"));
    let sql = format!(
        "WITH u AS (SELECT (SELECT oid FROM pg_roles WHERE rolname = {original}) AS original, \
             (SELECT oid FROM pg_roles WHERE rolname = {clone}) AS clone), \
         held AS MATERIALIZED (SELECT s.classid, s.objid, s.objsubid, bool_or(s.deptype = 'o') AS owned \
             FROM pg_shdepend s, u WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = u.clone \
             AND s.deptype IN ('o', 'a', 'r') AND s.classid <> 'pg_auth_members'::regclass \
             AND s.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) GROUP BY 1, \
         2, 3), lists AS ({lists}), \
         lacking AS (SELECT l.classid, l.objid, l.kind, \
             string_agg(p.privilege_type || l.columns, ', ' ORDER BY p.privilege_type) AS privileges \
             FROM lists l, u, LATERAL aclexplode(l.acl) AS p \
             WHERE p.grantee = u.clone AND NOT ({by_list}) GROUP BY l.classid, l.objid, l.kind, l.columns), \
         defaults AS (SELECT d.*, (SELECT quote_ident(nspname) FROM pg_namespace WHERE oid = \
             d.defaclnamespace) AS place, CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN \
             'SEQUENCES' WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE \
             OBJECTS' END AS kind, CASE d.defaclobjtype WHEN 'S' THEN 's'::\"char\" ELSE \
             d.defaclobjtype END AS letter \
             FROM held h JOIN pg_default_acl d ON d.oid = h.objid WHERE h.classid = \
         'pg_default_acl'::regclass), surplus AS (\
             SELECT 'owned' AS kind, h.classid, h.objid, NULL AS what, coalesce((SELECT string_agg(format(\
                'GRANT %s ON %s %s TO %s', k.privileges, k.kind, i.identity, {to}), '; ') FROM lacking k, \
                LATERAL pg_identify_object(k.classid, k.objid, 0) AS i \
                WHERE k.classid = h.classid AND k.objid = h.objid), '') AS needed \
             FROM held h WHERE h.owned AND h.classid NOT IN ('pg_default_acl'::regclass, \
             'pg_user_mapping'::regclass) UNION ALL SELECT 'granted', k.classid, k.objid, NULL, \
                format('GRANT %s ON %s %s TO %s', k.privileges, k.kind, (pg_identify_object(k.classid, \
             k.objid, 0)).identity, {to}) FROM lacking k WHERE NOT EXISTS (SELECT FROM held h WHERE h.owned \
             AND h.classid = k.classid AND h.objid = k.objid) UNION ALL SELECT 'granted', \
                'pg_class'::regclass, r.polrelid, format('row policy %I', r.polname), format('ALTER POLICY \
                %I ON %s TO %s, %s', r.polname, (pg_identify_object('pg_class'::regclass, r.polrelid, \
                0)).identity, (SELECT string_agg(quote_ident(rolname), ', ') FROM pg_roles WHERE oid = ANY \
             (r.polroles)), {to}) FROM held h JOIN pg_policy r ON r.oid = h.objid, u WHERE h.classid = \
             'pg_policy'::regclass AND NOT EXISTS (SELECT FROM unnest(r.polroles) AS role (id) \
                WHERE role.id = 0 OR pg_has_role(u.original, role.id, 'USAGE')) \
             UNION ALL SELECT 'granted', NULL, NULL, 'default privileges on ' || lower(d.kind), \
                format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s GRANT %s ON %s TO %s', \
                pg_get_userbyid(d.defaclrole), coalesce(' IN SCHEMA ' || d.place, ''), \
             string_agg(p.privilege_type, ', '), d.kind, {to}) FROM defaults d, u, LATERAL \
             aclexplode(d.defaclacl) AS p WHERE d.defaclrole <> u.clone AND p.grantee = u.clone AND NOT \
             ({by_default}) GROUP BY d.oid, d.kind, d.place, d.defaclrole \
             UNION ALL SELECT 'personal', NULL, NULL, 'its default privileges on ' || lower(d.kind), \
                format('ALTER DEFAULT PRIVILEGES FOR ROLE %s%s GRANT %s ON %s TO %s', {to}, \
                coalesce(' IN SCHEMA ' || d.place, ''), string_agg(p.privilege_type, ', '), d.kind, \
                CASE p.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(p.grantee)) END) \
             FROM defaults d, u, LATERAL aclexplode(d.defaclacl) AS p \
             WHERE d.defaclrole = u.clone AND p.grantee NOT IN (u.clone, u.original) AND NOT EXISTS (\
                SELECT FROM aclexplode(coalesce((SELECT o.defaclacl FROM pg_default_acl o \
                    WHERE o.defaclrole = u.original AND o.defaclnamespace = d.defaclnamespace \
                    AND o.defaclobjtype = d.defaclobjtype), \
                    CASE d.defaclnamespace WHEN 0 THEN acldefault(d.letter, u.original) END)) AS c \
                WHERE c.grantee = p.grantee AND c.privilege_type = p.privilege_type) \
             GROUP BY d.oid, d.kind, d.place, p.grantee \
             UNION ALL SELECT 'mapping', NULL, NULL, format('the user mapping for the server %I', \
                m.srvname), format('CREATE USER MAPPING FOR %s SERVER %I', {to}, m.srvname) FROM \
             pg_user_mappings m, u WHERE m.umuser = u.clone AND NOT EXISTS (SELECT FROM pg_user_mappings o \
                WHERE o.srvid = m.srvid AND o.umuser IN (0, u.original))), \
         listed AS (SELECT *, count(*) OVER () AS total FROM surplus LIMIT {MOST_ROWS}) \
         SELECT kind, concat_ws(' on ', what, CASE WHEN classid IS NOT NULL THEN \
            (SELECT i.type || ' ' || i.identity FROM pg_identify_object(classid, objid, 0) AS i) END), \
         needed, total FROM listed"
    );
    Statement::new("read excess", sql)
}

/// What the clone holds that has an access list, with that list, the lists by which the original may have the
/// same privileges, and the owner: one branch for each catalog.
fn access_lists(major: u32) -> String {
    let columns = "h.classid, h.objid";
    let relation =
        "coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's'::\"char\" ELSE 'r' END, c.relowner))";
    let mut branches = vec![
        format!(
            "SELECT {columns}, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, '' AS \
             columns, {relation} AS acl, {relation} AS cover, c.relowner AS owner FROM held h JOIN pg_class \
             c ON c.oid = h.objid WHERE h.classid = 'pg_class'::regclass AND h.objsubid = 0"
        ),
        format!(
            "SELECT {columns}, 'TABLE', ' (' || quote_ident(a.attname) || ')', a.attacl, a.attacl || \
             {relation}, c.relowner FROM held h JOIN pg_class c ON c.oid = h.objid \
             JOIN pg_attribute a ON a.attrelid = h.objid AND a.attnum = h.objsubid \
             WHERE h.classid = 'pg_class'::regclass AND h.objsubid <> 0"
        ),
    ];
    branches.extend(CLASSES.iter().map(|Class(class, catalogue, kind, letter, list, owner)| {
        let list = format!("coalesce(c.{list}, acldefault('{letter}', c.{owner}))");
        format!(
            "SELECT {columns}, '{kind}', '', {list}, {list}, c.{owner} FROM held h JOIN {catalogue} c ON \
             c.oid = h.objid WHERE h.classid = '{class}'::regclass"
        )
    }));
    if major >= 15 {
        branches.push(format!(
            "SELECT {columns}, 'PARAMETER', '', c.paracl, c.paracl, NULL::oid FROM held h \
             JOIN pg_parameter_acl c ON c.oid = h.objid WHERE h.classid = 'pg_parameter_acl'::regclass"
        ));
    }
    branches.join(" UNION ALL ")
}
