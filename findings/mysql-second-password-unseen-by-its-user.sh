#!/usr/bin/env bash
# MySQL 9.7.4 (Debian 9.7.4-2): a user without APPLICATION_PASSWORD_ADMIN cannot find out that it has a second password,
# cannot discard it, and does not end it by changing its own password.
#
#   admin:  ALTER USER app IDENTIFIED BY 'second' RETAIN CURRENT PASSWORD
#   app:    SHOW CREATE USER CURRENT_USER()                 ->  no word of a second password
#           SELECT … FROM information_schema.user_attributes ->  NULL
#           ALTER USER USER() DISCARD OLD PASSWORD          ->  1227
#           ALTER USER USER() IDENTIFIED BY 'third'         ->  OK, 'second' is refused from now on, 'first' still logs in
#
# It stays so at each later change. Only mysql.user.user_attributes shows it, which app may not read.
#
# Why it matters to a rotation: a user that changes its own password cannot prove that the password before last is dead.
# An account that reads mysql.user must look for it and discard it.
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

def logins(*passwords):
    return [password for password in passwords if ask("app", password) == "in"]

expect("version", root("SELECT VERSION()"), "9.7.4-2")
root("CREATE USER app IDENTIFIED BY 'first'")
root("ALTER USER app IDENTIFIED BY 'second' RETAIN CURRENT PASSWORD")
expect("passwords that log in", logins("first", "second"), ["first", "second"])
shown = ask("app", "second", "SHOW CREATE USER CURRENT_USER()")
expect("words for it in SHOW CREATE USER", [word for word in ("RETAIN", "OLD", "SECOND", "ADDITIONAL") if word in shown.upper()], [])
own = "SELECT attribute FROM information_schema.user_attributes WHERE user = 'app'"
expect("its attributes", ask("app", "second", own), None)
expect("reading mysql.user", ask("app", "second", "SELECT user_attributes FROM mysql.user"), 1142)
expect("discarding it", ask("app", "second", "ALTER USER USER() DISCARD OLD PASSWORD"), 1227)
for present, new in ("second", "third"), ("third", "fourth"):
    expect("changing its own password", ask("app", present, f"ALTER USER USER() IDENTIFIED BY '{new}'"), "OK")
expect("passwords that log in", logins("first", "second", "third", "fourth"), ["first", "fourth"])
expect("mysql.user has it", "additional_password" in root("SELECT user_attributes FROM mysql.user WHERE user = 'app'"), True)
root("ALTER USER app DISCARD OLD PASSWORD")
expect("passwords that log in once root has discarded it", logins("first", "fourth"), ["fourth"])
PYTHON
