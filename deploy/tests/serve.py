"""An emulated account for other programs: prints its endpoint, and serves until standard input ends.

`python serve.py SECRETS`, where SECRETS is JSON: for each of `app` and `master` its `arn` and its `value`.
"""

import json
import logging
import os
import sys

from moto import mock_aws
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.secretsmanager.models import secretsmanager_backends

import emulation
from account import Account

os.environ |= Account.ENVIRONMENT


def main() -> None:
    """Serves."""
    # A line for each call would bury what the tests say.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with mock_aws():
        account = Account()
        emulation.install(lambda _properties: account.network)
        secrets = secretsmanager_backends[account.NUMBER][account.REGION].secrets
        for name, secret in json.loads(sys.argv[1]).items():
            account.client("secretsmanager").put_secret_value(SecretId=name, SecretString=secret["value"])
            # Known elsewhere by this ARN, which a service chooses by itself.
            secrets[name].arn = secret["arn"]
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        _, port = server.get_host_and_port()
        # Templates are found below this name alone.
        print(f"http://localhost:{port}", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
