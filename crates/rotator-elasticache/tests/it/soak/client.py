"""An application with redis-py: reads AWSCURRENT and logs in with it, again and again, until its input ends.

A refusal counts only while the version that was read is still AWSCURRENT: a version that has become
AWSPREVIOUS may end at the next rotation. Prints one JSON object at the end.
"""

import json
import sys
import threading
import urllib.request

import redis

endpoint, secret, host, port, authority = sys.argv[1:]
seen = {"logins": 0, "refused": 0, "overtaken": 0, "failed": []}
over = threading.Event()


def read(stage):
    body = json.dumps({"SecretId": secret, "VersionStage": stage}).encode()
    headers = {"X-Amz-Target": "secretsmanager.GetSecretValue", "Content-Type": "application/x-amz-json-1.1"}
    with urllib.request.urlopen(urllib.request.Request(endpoint, body, headers)) as answer:
        value = json.load(answer)
    return value["VersionId"], json.loads(value["SecretString"])


def log_in(document):
    client = redis.Redis(
        host=host, port=int(port), username=document["username"], password=document["password"],
        ssl=True, ssl_ca_certs=authority, retry=None, socket_timeout=60,
    )
    try:
        client.ping()
    finally:
        client.close()


def work():
    while not over.is_set():
        version, document = read("AWSCURRENT")
        try:
            log_in(document)
            seen["logins"] += 1
        except redis.exceptions.AuthenticationError:
            again, _ = read("AWSCURRENT")
            seen["refused" if again == version else "overtaken"] += 1
        except Exception as error:  # noqa: BLE001
            seen["failed"].append(type(error).__name__)


worker = threading.Thread(target=work)
worker.start()
print("ready", flush=True)
sys.stdin.read()
over.set()
worker.join()
print(json.dumps(seen), flush=True)
