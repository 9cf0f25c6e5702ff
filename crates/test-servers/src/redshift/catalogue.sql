-- The views of Redshift's catalog that a rotation reads, with the columns that the "Amazon Redshift Database
-- Developer Guide" documents, over PostgreSQL's catalog and over tables for what PostgreSQL cannot store.
CREATE SCHEMA redshift;
GRANT USAGE ON SCHEMA redshift TO PUBLIC;
CREATE FUNCTION redshift.getdate() RETURNS timestamp LANGUAGE sql STABLE AS 'SELECT now()::timestamp';
CREATE FUNCTION redshift.setting(config text[], name text) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$SELECT substr(c, length(name) + 11) FROM unnest(config) c WHERE c LIKE 'redshift.' || name || '=%'$$;

-- Privileges and default privileges that PostgreSQL does not know.
CREATE TABLE redshift.more_grants (kind text, place text[], privilege text, grantee text, admin_option boolean,
    PRIMARY KEY (kind, place, privilege, grantee));
CREATE FUNCTION redshift.give(kind text, place text[], privilege text, grantee text, option boolean) RETURNS void
    LANGUAGE sql AS $$INSERT INTO redshift.more_grants VALUES (kind, place, privilege, grantee, option)
    ON CONFLICT ON CONSTRAINT more_grants_pkey DO UPDATE SET admin_option = more_grants.admin_option OR excluded.admin_option$$;
CREATE FUNCTION redshift.take(k text, p text[], r text, g text, option_only boolean) RETURNS void LANGUAGE sql AS
    $$UPDATE redshift.more_grants SET admin_option = false
        WHERE (kind, place, privilege, grantee) = (k, p, r, g) AND option_only;
    DELETE FROM redshift.more_grants WHERE (kind, place, privilege, grantee) = (k, p, r, g) AND NOT option_only$$;
CREATE TABLE redshift.more_defaults (schema_name text, object_type text, owner_name text, privilege_type text,
    grantee_type text, grantee_name text, admin_option boolean);
CREATE FUNCTION redshift.take_default(s text, o text, u text, p text, t text, g text) RETURNS void LANGUAGE sql AS
    $$DELETE FROM redshift.more_defaults WHERE schema_name IS NOT DISTINCT FROM s
        AND (object_type, owner_name, privilege_type, grantee_type, grantee_name) = (o, u, p, t, g)$$;
CREATE FUNCTION redshift.give_default(s text, o text, u text, p text, t text, g text, a boolean) RETURNS void
    LANGUAGE sql AS $$SELECT redshift.take_default(s, o, u, p, t, g);
    INSERT INTO redshift.more_defaults VALUES (s, o, u, p, t, g, a)$$;
CREATE TABLE redshift.external_schemas (schemaname text);
CREATE TABLE redshift.datashare_grants (datashare_name text, privilege_type text, identity_name text);

CREATE VIEW redshift.pg_user AS SELECT rolname AS usename, oid AS usesysid, rolcreatedb AS usecreatedb,
    rolsuper AS usesuper, false AS usecatupd, '********'::text AS passwd, rolvaliduntil AS valuntil,
    nullif(ARRAY(SELECT c FROM unnest(rolconfig) c WHERE c NOT LIKE 'redshift.%'), '{}') AS useconfig
    FROM pg_roles WHERE rolcanlogin;
CREATE VIEW redshift.pg_group AS SELECT rolname AS groname, oid AS grosysid,
    ARRAY(SELECT member FROM pg_auth_members m WHERE m.roleid = r.oid) AS grolist
    FROM pg_roles r WHERE NOT rolcanlogin AND rolname NOT LIKE 'role:%' AND rolname NOT LIKE 'pg\_%';
CREATE VIEW redshift.svv_user_info AS SELECT rolname AS user_name, oid AS user_id, rolcreatedb AS createdb,
    rolsuper AS superuser, false AS catalog_update,
    CASE WHEN rolconnlimit < 0 THEN 'UNLIMITED' ELSE rolconnlimit::text END AS connection_limit,
    coalesce(redshift.setting(rolconfig, 'syslog_access'), 'RESTRICTED') AS syslog_access,
    NULL::timestamp AS last_ddl_timestamp,
    coalesce(redshift.setting(rolconfig, 'session_timeout'), '0')::int AS session_timeout, ''::text AS external_user_id
    FROM pg_roles WHERE rolcanlogin;
CREATE VIEW redshift.svv_user_grants AS SELECT u.oid AS user_id, u.rolname AS user_name, g.oid AS role_id,
    substr(g.rolname, 6) AS role_name, m.admin_option FROM pg_auth_members m JOIN pg_roles u ON u.oid = m.member
    JOIN pg_roles g ON g.oid = m.roleid WHERE u.rolcanlogin AND g.rolname LIKE 'role:%';
CREATE VIEW redshift.identity AS SELECT oid AS identity_id,
    CASE WHEN rolname LIKE 'role:%' THEN substr(rolname, 6) ELSE rolname END AS identity_name,
    CASE WHEN rolcanlogin THEN 'user' WHEN rolname LIKE 'role:%' THEN 'role' ELSE 'group' END AS identity_type
    FROM pg_roles UNION ALL SELECT 0, 'public', 'public';
CREATE VIEW redshift.svv_database_privileges AS SELECT datname AS database_name, a.privilege_type, i.*,
    a.is_grantable AS admin_option, 'DATABASE'::text AS privilege_scope
    FROM pg_database d, aclexplode(datacl) a JOIN redshift.identity i ON i.identity_id = a.grantee
    WHERE a.grantee <> d.datdba AND a.privilege_type <> 'CONNECT'
    UNION ALL SELECT place[1], privilege, i.*, admin_option, 'DATABASE' FROM redshift.more_grants
    JOIN redshift.identity i ON i.identity_name = grantee WHERE kind = 'database';
CREATE VIEW redshift.svv_schema_privileges AS SELECT nspname AS namespace_name, a.privilege_type, i.*,
    a.is_grantable AS admin_option, 'SCHEMA'::text AS privilege_scope
    FROM pg_namespace n, aclexplode(nspacl) a JOIN redshift.identity i ON i.identity_id = a.grantee
    WHERE a.grantee <> n.nspowner
    UNION ALL SELECT place[1], privilege, i.*, admin_option, 'SCHEMA' FROM redshift.more_grants
    JOIN redshift.identity i ON i.identity_name = grantee WHERE kind = 'schema';
CREATE VIEW redshift.svv_relation_privileges AS SELECT nspname AS namespace_name, relname AS relation_name,
    a.privilege_type, i.*, a.is_grantable AS admin_option
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace, aclexplode(relacl) a
    JOIN redshift.identity i ON i.identity_id = a.grantee
    WHERE a.grantee <> c.relowner AND relkind IN ('r', 'v') AND a.privilege_type <> 'TRIGGER'
    UNION ALL SELECT place[1], place[2], privilege, i.*, admin_option FROM redshift.more_grants
    JOIN redshift.identity i ON i.identity_name = grantee WHERE kind = 'table';
CREATE VIEW redshift.svv_function_privileges AS SELECT nspname AS namespace_name, proname AS function_name,
    oidvectortypes(proargtypes) AS argument_types, a.privilege_type, i.*, a.is_grantable AS admin_option
    FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace, aclexplode(proacl) a
    JOIN redshift.identity i ON i.identity_id = a.grantee WHERE a.grantee <> p.proowner;
CREATE VIEW redshift.svv_language_privileges AS SELECT lanname AS language_name, a.privilege_type, i.*,
    a.is_grantable AS admin_option FROM pg_language l, aclexplode(lanacl) a
    JOIN redshift.identity i ON i.identity_id = a.grantee WHERE a.grantee <> l.lanowner;
CREATE VIEW redshift.svv_column_privileges AS SELECT nspname AS namespace_name, relname AS relation_name,
    attname AS column_name, a.privilege_type, i.*, a.is_grantable AS admin_option
    FROM pg_attribute t JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace,
    aclexplode(attacl) a JOIN redshift.identity i ON i.identity_id = a.grantee;
CREATE VIEW redshift.svv_datashare_privileges AS SELECT datashare_name, privilege_type, i.*, false AS admin_option
    FROM redshift.datashare_grants d JOIN redshift.identity i USING (identity_name);
CREATE VIEW redshift.svv_external_schemas AS SELECT schemaname FROM redshift.external_schemas;
CREATE VIEW redshift.pg_proc_info AS SELECT oid AS prooid, proname, pronamespace, proowner, proargtypes, prokind
    FROM pg_proc;
CREATE VIEW redshift.svv_default_privileges AS SELECT nspname::text AS schema_name,
    CASE defaclobjtype WHEN 'r' THEN 'RELATION' ELSE 'FUNCTION' END AS object_type, o.rolname::text AS owner_name,
    a.privilege_type, i.identity_type AS grantee_type, i.identity_name::text AS grantee_name, a.is_grantable AS admin_option
    FROM pg_default_acl d JOIN pg_roles o ON o.oid = defaclrole LEFT JOIN pg_namespace n ON n.oid = defaclnamespace,
    aclexplode(defaclacl) a JOIN redshift.identity i ON i.identity_id = a.grantee
    WHERE a.grantee <> defaclrole AND NOT (a.grantee = 0 AND defaclobjtype = 'f') AND defaclobjtype IN ('r', 'f')
    UNION ALL SELECT * FROM redshift.more_defaults;
GRANT SELECT ON ALL TABLES IN SCHEMA redshift TO PUBLIC;
