#!/usr/bin/env bash
# moto 5.2.5: PutSecretValue with the token of a version that already has a value replaces the value.
#
#   PutSecretValue(token, "two",   stages [AWSPENDING])  ->  version created
#   PutSecretValue(token, "three", stages [AWSPENDING])  ->  success, the same version id
#   GetSecretValue(version id)                           ->  "three"
#
# A value is immutable in AWS Secrets Manager: its manual says that the second call, with another value under the same
# ClientRequestToken, ends with ResourceExistsException and changes nothing. moto answers so for a version with AWSCURRENT
# or without any stage, but not for one with AWSPENDING, which is the version that a rotation writes.
#
# Why it matters to a rotation: createSecret may run twice for one token, and the second run must not replace a password
# that setSecret has already given to the database. The service prevents that; a test against moto cannot show whether the
# code handles the refusal, and code that has the fault passes there.
set -euo pipefail

work=$(mktemp -d)
trap 'trap "" INT TERM; rm -rf "$work"' EXIT
trap 'exit 143' INT TERM
python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet --disable-pip-version-check 'moto[secretsmanager]==5.2.5' boto3==1.44.5

export AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_DEFAULT_REGION=eu-central-1 AWS_CONFIG_FILE=/dev/null
"$work/python/bin/python" - <<'PYTHON'
import sys, boto3
from botocore.exceptions import ClientError
from moto import mock_aws

FIRST, TOKEN = "1" * 32, "2" * 32

def put(token, value, stage):
    try:
        return store.put_secret_value(
            SecretId="db", SecretString=value, ClientRequestToken=token, VersionStages=[stage])["VersionId"]
    except ClientError as error:
        return error.response["Error"]["Code"]

def value(version):
    return store.get_secret_value(SecretId="db", VersionId=version)["SecretString"]

def expect(what, seen, wanted):
    print(f"{what}: {seen}")
    if seen != wanted:
        sys.exit(f"CHANGED: {what} was {wanted!r}, is {seen!r}")

with mock_aws():
    store = boto3.client("secretsmanager")
    store.create_secret(Name="db", SecretString="one", ClientRequestToken=FIRST)
    expect("put under AWSPENDING", put(TOKEN, "two", "AWSPENDING"), TOKEN)
    expect("another value under AWSPENDING", put(TOKEN, "three", "AWSPENDING"), TOKEN)
    expect("value of that version", value(TOKEN), "three")
    expect("another value under AWSCURRENT", put(FIRST, "four", "AWSCURRENT"), "ResourceExistsException")
    expect("value of that version", value(FIRST), "one")
    store.update_secret_version_stage(SecretId="db", VersionStage="AWSPENDING", RemoveFromVersionId=TOKEN)
    expect("another value where the version has no stage", put(TOKEN, "five", "AWSPENDING"), "ResourceExistsException")
    expect("value of that version", value(TOKEN), "three")
PYTHON
