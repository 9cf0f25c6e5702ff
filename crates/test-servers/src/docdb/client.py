"""Runs commands for the tests: one JSON request per line in, one JSON answer per line out."""

import json
import sys

from bson import json_util
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

# The servers with commas between them, the replica set that they are (or nothing), the authority to trust (or
# nothing).
servers, replica_set, authority = sys.argv[1:4]
kept = {}


def connect(login):
    options = {"maxPoolSize": 1, "retryWrites": False}
    options |= {"replicaSet": replica_set} if replica_set else {"directConnection": True}
    # A test that waits for ever reports nothing.
    options |= {"serverSelectionTimeoutMS": 15000, "connectTimeoutMS": 15000, "socketTimeoutMS": 30000}
    if authority:
        options |= {"tls": True, "tlsCAFile": authority}
    if login:
        options |= {"username": login["username"], "password": login["password"], "authSource": login["home"]}
    return MongoClient(servers.split(","), **options)


def answer(request):
    login = request.get("login")
    key = json.dumps(login)
    client = kept.get(key) or connect(login)
    try:
        for command in request["commands"]:
            reply = client[request["database"]].command(json_util.loads(json.dumps(command)))
        return {"reply": json.loads(json_util.dumps(reply))}
    except OperationFailure as error:
        return {"code": error.code, "message": str(error.details and error.details.get("errmsg"))}
    # Errors of the client itself, such as a password that SASLprep prohibits.
    except (PyMongoError, ValueError) as error:
        return {"message": type(error).__name__ + ": " + str(error)}
    finally:
        if request.get("keep"):
            kept[key] = client
        elif key not in kept:
            client.close()


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
