"""The Terraform module: its form, and what it makes on the emulator. Left out where Terraform is missing."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from moto.server import ThreadedMotoServer

import terraform
from account import Account
from grants import grants, guide
from test_settings import VARIABLES

pytestmark = pytest.mark.skipif(terraform.missing() is not None, reason=terraform.missing() or "")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """moto over HTTP, for programs that are not Python."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    # Turning rotation on runs the function, for which moto would want Docker.
    requests.post(f"{url}/moto-api/config", json={"lambda": {"use_docker": False}}, timeout=10)
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    yield url
    requests.post(f"{url}/moto-api/reset", timeout=10)
    server.stop()


def test_the_module_is_valid_and_formatted(tmp_path: Path) -> None:
    workspace = terraform.Workspace(tmp_path, "http://127.0.0.1:9")
    workspace.run("fmt", "-check", "-recursive", str(terraform.MODULE))
    workspace.write(function_name="app", secret_arn="arn", engine="postgres", code_bucket="artifacts")
    workspace.run("init", "-input=false", f"-plugin-dir={terraform.mirror()}")
    workspace.run("validate")


def test_the_module_makes_what_the_stacks_make(tmp_path: Path, server: str) -> None:
    account = Account()
    before = account.inventory()
    topic = account.client("sns").create_topic(Name="own")["TopicArn"]
    workspace = terraform.Workspace(tmp_path, server)
    given = {
        "function_name": "rotate-app",
        "secret_arn": account.secret,
        "engine": "postgres",
        "code_bucket": account.BUCKET,
        "settings": {"PASSWORD_LENGTH": "40"},
    }
    network = {
        "vpc_id": account.vpc,
        "subnet_ids": account.subnets,
        "database_security_group_ids": [account.database_group],
        "database_port": 6543,
    }
    master = {"strategy": "master_user", "superuser_secret_arn": account.master}
    workspace.write(**given, **master, network=network, topic_arn=topic)
    workspace.run("init", "-input=false", f"-plugin-dir={terraform.mirror()}")
    workspace.run("apply", "-auto-approve", "-input=false")
    check_in_vpc(account, workspace.outputs())

    workspace.write(**given)
    workspace.run("apply", "-auto-approve", "-input=false")
    check_outside(account, workspace.outputs())

    workspace.run("destroy", "-auto-approve", "-input=false")
    assert account.inventory() == before | {"topics": {topic}}
    assert not account.ingress(account.database_group)


def check_in_vpc(account: Account, made: dict[str, str]) -> None:
    function = account.function("rotate-app")
    (own,) = function["VpcConfig"]["SecurityGroupIds"]
    (endpoint,) = account.endpoints()
    (endpoint_group,) = (group["GroupId"] for group in endpoint["Groups"])
    assert sorted(function["VpcConfig"]["SubnetIds"]) == sorted(account.subnets)
    assert account.egress(own) == {(6543, account.database_group), (443, endpoint_group)}
    assert account.ingress(account.database_group) == {(6543, own)}
    assert account.ingress(endpoint_group) == {(443, own)}
    assert account.environment("rotate-app") == {
        "SECRETS_MANAGER_ENDPOINT": f"https://{endpoint['DnsEntries'][0]['DnsName']}",
        "MASTER_SECRET_ARN": account.master,
        "PASSWORD_LENGTH": "40",
    }
    check_role(account, made, "master_user", in_vpc=True)
    assert len(account.inventory()["alarms"]) == 3
    secret = account.client("secretsmanager").describe_secret(SecretId=account.secret)
    assert secret["RotationLambdaARN"] == function["FunctionArn"]


def check_outside(account: Account, made: dict[str, str]) -> None:
    assert not account.function("rotate-app").get("VpcConfig", {}).get("SubnetIds")
    assert account.environment("rotate-app") == {"PASSWORD_LENGTH": "40"}
    check_role(account, made, "single_user", in_vpc=False)


def check_role(account: Account, made: dict[str, str], strategy: str, *, in_vpc: bool) -> None:
    found = grants(account.statements(made["role_arn"]))
    function = account.function("rotate-app")["FunctionArn"]
    wanted = guide(strategy, function, [account.secret], account.master, in_vpc=in_vpc)
    assert {grant for grant in found if not grant.action.startswith("logs:")} == wanted
    (invoker,) = account.invokers("rotate-app")
    assert invoker["Condition"] == {"StringEquals": {"AWS:SourceAccount": account.NUMBER}}


def test_the_module_knows_the_settings_that_the_stacks_know() -> None:
    text = (terraform.MODULE / "variables.tf").read_text()
    (listed,) = re.findall(r"setsubtract\(keys\(var\.settings\), \[(.*?)\]\)", text, re.DOTALL)
    assert set(re.findall(r'"([A-Z_]+)"', listed)) == VARIABLES.keys()
