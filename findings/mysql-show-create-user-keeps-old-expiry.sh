#!/usr/bin/env bash
# MySQL 9.7.4 (Debian 9.7.4-2): SHOW CREATE USER prints a password lifetime that no longer applies.
#
#   CREATE USER app IDENTIFIED BY … PASSWORD EXPIRE INTERVAL 30 DAY
#   ALTER USER app PASSWORD EXPIRE DEFAULT
#   SHOW CREATE USER app        ->  … PASSWORD EXPIRE INTERVAL 30 DAY …
#   mysql.user.password_lifetime ->  NULL
#   FLUSH PRIVILEGES, SHOW CREATE USER app  ->  … PASSWORD EXPIRE DEFAULT …
#
# Only the print is stale: the login follows the new statement at once (a password 60 days old, 1862 before, logs in).
#
# Why it matters to a rotation: a second user that is made from the first one's SHOW CREATE USER gets a lifetime that the
# first one does not have, and starts to fail with 1862 a month later. Read mysql.user.password_lifetime instead.
set -euo pipefail
package=mysql-server-core=9.7.4-2

work=$(mktemp -d) server=
trap 'status=$?; trap "" INT TERM; set +e; kill $server 2>/dev/null; wait; rm -rf "$work"; exit $status' EXIT
trap 'exit 143' INT TERM
chmod 711 "$work"
mkdir -p "$work"/{etc/apt,var/lib/apt/lists/partial,var/lib/dpkg,var/cache/apt/archives/partial,root,run}
as=(setpriv --pdeathsig TERM)
[ "$(id -u)" != 0 ] || { as+=(--reuid=nobody --regid=nogroup --clear-groups); chown nobody "$work/run"; }

# The package and all that it needs, down to the C library, from Debian unstable; apt works on a state of its own.
mirror=$(apt-get --print-uris update 2>/dev/null | sed -n "s|^'\(.*/debian/\)dists/.*|\1|p" | awk 'NR == 1')
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror unstable main" >"$work/etc/apt/sources.list"
: >"$work/var/lib/dpkg/status"
apt=(apt-get -qq -o Dir="$work" -o Acquire::Languages=none -o APT::Sandbox::User=root)
{ "${apt[@]}" update && "${apt[@]}" -y --no-install-recommends --download-only install "$package"; } >"$work/log" 2>&1 ||
    { echo "cannot fetch $package: Debian unstable may have a newer one by now" >&2; exit 2; }
for archive in "$work"/var/cache/apt/archives/*.deb; do dpkg-deb --extract "$archive" "$work/root"; done
python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet --disable-pip-version-check pymysql==1.2.4 cryptography==50.0.2

usr=$work/root/usr
mysqld=("${as[@]}" "$usr/lib64/ld-linux-x86-64.so.2"
    --library-path "$usr/lib/x86_64-linux-gnu:$usr/lib/mysql/private" "$usr/sbin/mysqld" --no-defaults --basedir="$usr"
    --datadir="$work/run/data" --lc-messages-dir="$usr/share/mysql" --secure-file-priv=NULL --skip-log-bin
    --skip-networking --mysqlx=OFF --socket="$work/run/socket")
"${mysqld[@]}" --initialize-insecure 2>"$work/log" || { cat "$work/log" >&2; exit 2; }
"${mysqld[@]}" >"$work/log" 2>&1 &
server=$!
until grep -q 'ready for connections' "$work/log"; do
    kill -0 "$server" || { cat "$work/log" >&2; exit 2; }; sleep 0.1
done

"$work/python/bin/python" - "$work/run/socket" <<'PYTHON'
import sys, pymysql

def ask(user, password, sql="SELECT 'in'"):
    """The last column of the first row, or the number of the error."""
    try:
        connection = pymysql.connect(unix_socket=sys.argv[1], user=user, password=password, autocommit=True)
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return (cursor.fetchone() or ["OK"])[-1]
    except pymysql.Error as error:
        return error.args[0]

def root(sql):
    return ask("root", "", sql)

def expect(what, seen, wanted):
    print(f"{what}: {seen}")
    if seen != wanted:
        sys.exit(f"CHANGED: {what} was {wanted!r}, is {seen!r}")

def printed():
    return root("SHOW CREATE USER app").partition("PASSWORD EXPIRE ")[2].partition(" ACCOUNT")[0]

def stored(user):
    return root(f"SELECT password_lifetime FROM mysql.user WHERE user = '{user}'")

expect("version", root("SELECT VERSION()"), "9.7.4-2")
root("CREATE USER app IDENTIFIED BY 'first' PASSWORD EXPIRE INTERVAL 30 DAY")
root("UPDATE mysql.user SET password_last_changed = NOW() - INTERVAL 60 DAY WHERE user = 'app'")
root("FLUSH PRIVILEGES")
expect("login with a password of 60 days, lifetime 30", ask("app", "first"), 1862)
expect("PASSWORD EXPIRE DEFAULT", root("ALTER USER app PASSWORD EXPIRE DEFAULT"), "OK")
expect("login", ask("app", "first"), "in")
expect("stored lifetime", stored("app"), None)
expect("printed lifetime", printed(), "INTERVAL 30 DAY")
root("SET GLOBAL print_identified_with_as_hex = ON")
root(root("SHOW CREATE USER app").replace("`app`", "`app_clone`"))
expect("stored lifetime of a user made from what is printed", stored("app_clone"), 30)
root("FLUSH PRIVILEGES")
expect("printed lifetime after FLUSH PRIVILEGES", printed(), "DEFAULT")
PYTHON
