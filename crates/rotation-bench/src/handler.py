"""Rotates a single-user PostgreSQL secret: the baseline of the bench.

The client is made when the module is loaded, which is at least as fast to the first answer as making it in
the handler, and faster for every later one. psycopg2 loads in half the time that pg8000 takes.
"""

import json
import os

import boto3
import psycopg2
from psycopg2 import sql

store = boto3.client("secretsmanager", endpoint_url=os.environ["SECRETS_MANAGER_ENDPOINT"])


def handler(event, context):
    secret, token = event["SecretId"], event["ClientRequestToken"]
    stages = store.describe_secret(SecretId=secret)["VersionIdsToStages"]
    if "AWSCURRENT" in stages[token]:
        return
    if "AWSPENDING" not in stages[token]:
        raise ValueError("this version is not pending")
    steps = {"createSecret": create, "setSecret": change, "testSecret": test, "finishSecret": finish}
    steps[event["Step"]](secret, token, stages)


def create(secret, token, stages):
    document = read(secret, "AWSCURRENT")
    try:
        store.get_secret_value(SecretId=secret, VersionId=token, VersionStage="AWSPENDING")
    except store.exceptions.ResourceNotFoundException:
        made = store.get_random_password(PasswordLength=32, ExcludeCharacters=":/@\"'\\")
        document["password"] = made["RandomPassword"]
        store.put_secret_value(
            SecretId=secret,
            ClientRequestToken=token,
            SecretString=json.dumps(document),
            VersionStages=["AWSPENDING"],
        )


def change(secret, token, stages):
    current, pending = read(secret, "AWSCURRENT"), read(secret, "AWSPENDING", token)
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
    with connect(current) as connection, connection.cursor() as cursor:
        user, password = sql.Identifier(pending["username"]), sql.Literal(pending["password"])
        cursor.execute(statement.format(user, password))


def test(secret, token, stages):
    with connect(read(secret, "AWSPENDING", token)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT now()")


def finish(secret, token, stages):
    current = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
    store.update_secret_version_stage(
        SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )


def read(secret, stage, version=None):
    which = {"VersionStage": stage} | ({"VersionId": version} if version else {})
    return json.loads(store.get_secret_value(SecretId=secret, **which)["SecretString"])


def connect(document):
    return psycopg2.connect(
        host=document["host"],
        port=document["port"],
        user=document["username"],
        password=document["password"],
        dbname=document["dbname"],
        sslmode="verify-full",
        sslrootcert=os.environ["TLS_CA_BUNDLE"],
        connect_timeout=5,
    )
