#!/usr/bin/env bash
# MySQL 9.7.4 (Debian 9.7.4-2): REVOKE GRANT OPTION ON *.* takes the grant options of dynamic privileges along,
# although each dynamic privilege has a grant option of its own, which GRANT gives to that privilege alone.
#
#   GRANT XA_RECOVER_ADMIN ON *.* TO app WITH GRANT OPTION   ->  that privilege alone may be granted on
#   GRANT SELECT ON *.* TO app WITH GRANT OPTION
#   REVOKE GRANT OPTION ON *.* FROM app                      ->  neither may be granted on
#
# Another privilege's REVOKE does not do this: REVOKE SELECT ON *.* leaves the option of XA_RECOVER_ADMIN.
#
# Why it matters to a rotation: a clone whose grants are compared with the original's, and corrected grant by
# grant, lacks options that no statement named. It has to be read again after the correction.
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

expect("version", root("SELECT VERSION()"), "9.7.4-2")
dynamic = "SELECT with_grant_option FROM mysql.global_grants WHERE user = 'app' AND priv = 'XA_RECOVER_ADMIN'"
static = "SELECT grant_priv FROM mysql.user WHERE user = 'app'"
root("CREATE USER app IDENTIFIED BY 'first'")
root("GRANT XA_RECOVER_ADMIN ON *.* TO app WITH GRANT OPTION")
expect("option of the dynamic privilege, of the others", (root(dynamic), root(static)), ("Y", "N"))
root("GRANT SELECT ON *.* TO app WITH GRANT OPTION")
expect("with SELECT WITH GRANT OPTION as well", (root(dynamic), root(static)), ("Y", "Y"))
expect("revoking SELECT", root("REVOKE SELECT ON *.* FROM app"), "OK")
expect("then", (root(dynamic), root(static)), ("Y", "Y"))
expect("revoking GRANT OPTION", root("REVOKE GRANT OPTION ON *.* FROM app"), "OK")
expect("then", (root(dynamic), root(static)), ("N", "N"))
PYTHON
