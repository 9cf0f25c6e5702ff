"""Runs commands for the tests: one JSON request a line in, one JSON answer a line out, until the input ends."""

import json
import sys

from bson import json_util
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

port, authority = sys.argv[1:3]
kept = {}


def connect(login):
    options = {"directConnection": True, "maxPoolSize": 1, "retryWrites": False}
    # A test that waits for ever tells nothing.
    options |= {"serverSelectionTimeoutMS": 15000, "connectTimeoutMS": 15000, "socketTimeoutMS": 30000}
    if authority:
        options |= {"tls": True, "tlsCAFile": authority}
    if login:
        options |= {"username": login["username"], "password": login["password"], "authSource": login["home"]}
    return MongoClient("localhost", int(port), **options)


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
    # What the client refuses by itself, such as a password that SASLprep prohibits.
    except (PyMongoError, ValueError) as error:
        return {"message": type(error).__name__ + ": " + str(error)}
    finally:
        if request.get("keep"):
            kept[key] = client
        elif key not in kept:
            client.close()


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
