#!/usr/bin/env bash
# MariaDB 11.8.9 (Debian 1:11.8.9+ds-4): SET PASSWORD answers an error and has changed the password.
#
#   CREATE USER app IDENTIFIED VIA unix_socket OR mysql_native_password USING PASSWORD('first')
#   SET PASSWORD = PASSWORD('second')   (by app; SET PASSWORD FOR app by an administrator does the same)
#     ->  1699, SET PASSWORD is not applicable for users authenticating via unix_socket plugin
#
# From then on 'first' is refused (1045) and 'second' logs in, also after FLUSH PRIVILEGES: the first method has no password
# to set, the second one has taken it. SHOW WARNINGS has no more than the error. With the methods the other way round
# (mysql_native_password OR unix_socket) the same statement succeeds.
#
# Why it matters to a rotation: "the server refused the new password" is no proof that the present one is still valid. A
# program that throws the new password away on this error has lost the account's only password.
set -euo pipefail
package=mariadb-server-core=1:11.8.9+ds-4

work=$(mktemp -d) server=
trap 'status=$?; trap "" INT TERM; set +e; kill $server 2>/dev/null; wait; rm -rf "$work"; exit $status' EXIT
trap 'exit 143' INT TERM
chmod 711 "$work"
mkdir -p "$work"/{etc/apt,var/lib/apt/lists/partial,var/lib/dpkg,var/cache/apt/archives/partial,root,run}
as=(setpriv --pdeathsig TERM)
[ "$(id -u)" != 0 ] || { as+=(--reuid=nobody --regid=nogroup --clear-groups); chown nobody "$work/run"; }

# The package and all that it needs, down to the C library, from Debian unstable; apt works on a state of its own.
mirror=$(apt-get --print-uris update 2>/dev/null | sed -n "s|^'\(.*/debian/\)dists/.*|\1|p" | awk 'NR == 1')
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keyring] $mirror unstable main" >"$work/etc/apt/sources.list"
: >"$work/var/lib/dpkg/status"
apt=(apt-get -qq -o Dir="$work" -o Acquire::Languages=none -o APT::Sandbox::User=root)
{ "${apt[@]}" update && "${apt[@]}" -y --no-install-recommends --download-only install "$package"; } >"$work/log" 2>&1 ||
    { echo "cannot fetch $package: Debian unstable may have a newer one by now" >&2; exit 2; }
for archive in "$work"/var/cache/apt/archives/*.deb; do dpkg-deb --extract "$archive" "$work/root"; done
python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet --disable-pip-version-check pymysql==1.2.4

share=$work/root/usr/share/mariadb
mariadbd=("${as[@]}" "$work/root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$work/root/usr/lib/x86_64-linux-gnu"
    "$work/root/usr/sbin/mariadbd" --no-defaults --basedir="$work/root/usr" --datadir="$work/run" --skip-networking
    --lc-messages-dir="$share" --character-sets-dir="$share/charsets" --socket="$work/run/socket")
{ printf 'create database mysql;\nuse mysql;\n'; cat "$share"/mariadb_system_tables{,_data}.sql; } >"$work/tables.sql"
"${mariadbd[@]}" --bootstrap --skip-grant-tables <"$work/tables.sql" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 2; }
printf "create user admin@'%%' identified by 'admin';\ngrant all on *.* to admin@'%%';\n" >"$work/init.sql"
"${mariadbd[@]}" --init-file="$work/init.sql" >"$work/log" 2>&1 &
server=$!
until grep -q 'ready for connections' "$work/log"; do
    kill -0 "$server" || { cat "$work/log" >&2; exit 2; }
    sleep 0.1
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
    return ask("admin", "admin", sql)

def expect(what, seen, wanted):
    print(f"{what}: {seen}")
    if seen != wanted:
        sys.exit(f"CHANGED: {what} was {wanted!r}, is {seen!r}")

def logins(user, *passwords):
    return [password for password in passwords if ask(user, password) == "in"]

expect("version", root("SELECT VERSION()"), "11.8.9-MariaDB-4 from Debian")
root("CREATE USER app IDENTIFIED VIA unix_socket OR mysql_native_password USING PASSWORD('first')")
expect("SET PASSWORD by the user", ask("app", "first", "SET PASSWORD = PASSWORD('second')"), 1699)
expect("passwords that log in", logins("app", "first", "second"), ["second"])
expect("SET PASSWORD by an administrator", root("SET PASSWORD FOR app = PASSWORD('third')"), 1699)
expect("passwords that log in", logins("app", "first", "second", "third"), ["third"])
root("FLUSH PRIVILEGES")
expect("after FLUSH PRIVILEGES", logins("app", "first", "second", "third"), ["third"])
root("CREATE USER reversed IDENTIFIED VIA mysql_native_password USING PASSWORD('first') OR unix_socket")
expect("the other way round", root("SET PASSWORD FOR reversed = PASSWORD('second')"), "OK")
expect("passwords that log in", logins("reversed", "first", "second"), ["second"])
PYTHON
