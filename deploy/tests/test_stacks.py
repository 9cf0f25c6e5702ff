"""The root stack, created, updated and deleted, and what it made read back through the API."""

from itertools import product

import pytest

import templates
from account import Account

COMBINATIONS = list(product(("vpc", "public"), templates.STRATEGIES, templates.ENGINES))


@pytest.mark.parametrize(("mode", "strategy", "engine"), COMBINATIONS)
def test_every_combination_is_created_as_promised_and_deleted_without_a_trace(
    account: Account, mode: str, strategy: str, engine: str
) -> None:
    if mode == "public":
        account.network.update(account.public_network())
    before = account.inventory()
    master = {"superuserSecretArn": account.master} if strategy == "master_user" else {}
    made = account.deploy_root(Engine=engine, Strategy=strategy, **master)

    assert made["NetworkMode"] == mode
    check_function(account, made, f"Rotates database passwords: {engine}, {strategy}")
    check_network(account, made, mode)
    check_environment(account, made, mode, master)
    check_permissions(account, made, mode, master)
    check_rotation(account, made)

    account.delete()
    assert account.inventory() == before
    assert not account.ingress(account.database_group)
    assert not account.client("secretsmanager").describe_secret(SecretId=account.secret)["RotationEnabled"]


def check_function(account: Account, made: dict[str, str], description: str) -> None:
    function = account.function(made["FunctionName"])
    assert function["FunctionArn"] == made["RotationLambdaARN"]
    assert function["Description"] == description
    assert (function["Runtime"], function["Architectures"]) == ("provided.al2023", ["arm64"])
    assert (function["MemorySize"], function["Timeout"]) == (128, 30)
    assert function["LoggingConfig"] == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": "INFO",
        "LogGroup": made["LogGroupName"],
    }
    groups = account.client("logs").describe_log_groups(logGroupNamePrefix=made["LogGroupName"])["logGroups"]
    assert [group["retentionInDays"] for group in groups] == [365]
    retries = account.client("lambda").get_function_event_invoke_config(FunctionName=made["FunctionName"])
    assert retries["MaximumRetryAttempts"] == 0


def check_network(account: Account, made: dict[str, str], mode: str) -> None:
    config = account.function(made["FunctionName"]).get("VpcConfig", {})
    if mode == "public":
        assert not config.get("SubnetIds")
        assert not config.get("SecurityGroupIds")
        assert not account.endpoints()
        return
    assert config["SubnetIds"] == account.subnets
    (own,) = config["SecurityGroupIds"]
    (endpoint,) = account.endpoints()
    (endpoint_group,) = (group["GroupId"] for group in endpoint["Groups"])
    assert endpoint["ServiceName"] == f"com.amazonaws.{account.REGION}.secretsmanager"
    assert endpoint["SubnetIds"] == account.subnets[:1]
    assert account.egress(own) == {(6543, account.database_group), (443, endpoint_group)}
    assert account.ingress(account.database_group) == {(6543, own)}
    assert account.ingress(endpoint_group) == {(443, own)}


def check_environment(account: Account, made: dict[str, str], mode: str, master: dict[str, str]) -> None:
    variables = account.environment(made["FunctionName"])
    endpoint = variables.pop("SECRETS_MANAGER_ENDPOINT", "")
    assert endpoint.startswith("https://vpce-") == (mode == "vpc")
    assert variables == ({"MASTER_SECRET_ARN": account.master} if master else {})


def check_permissions(account: Account, made: dict[str, str], mode: str, master: dict[str, str]) -> None:
    (invoker,) = account.invokers(made["FunctionName"])
    assert invoker["Principal"] == {"Service": "secretsmanager.amazonaws.com"}
    assert (invoker["Effect"], invoker["Action"]) == ("Allow", "lambda:InvokeFunction")
    assert invoker["Resource"] == made["RotationLambdaARN"]
    assert invoker["Condition"] == {"StringEquals": {"AWS:SourceAccount": account.NUMBER}}
    # What the statements say is compared with AWS's guide in test_policies.py; here, that they belong
    # together.
    statements = account.statements(made["RoleArn"])
    assert any("ec2:CreateNetworkInterface" in statement["Action"] for statement in statements) == (
        mode == "vpc"
    )
    assert any(statement["Resource"] == account.master for statement in statements) == bool(master)


def check_rotation(account: Account, made: dict[str, str]) -> None:
    secret = account.client("secretsmanager").describe_secret(SecretId=account.secret)
    assert secret["RotationEnabled"]
    assert secret["RotationLambdaARN"] == made["RotationLambdaARN"]
    assert secret["RotationRules"]["AutomaticallyAfterDays"] == 30


def test_an_update_reaches_the_nested_stacks(account: Account) -> None:
    made = account.deploy_root()
    changed = account.deploy_root(TimeoutSeconds="60", passwordLength="40", AutomaticallyAfterDays="7")
    function = account.function(changed["FunctionName"])
    assert changed["FunctionName"] == made["FunctionName"]
    assert function["Timeout"] == 60
    assert account.environment(changed["FunctionName"])["PASSWORD_LENGTH"] == "40"
    rules = account.client("secretsmanager").describe_secret(SecretId=account.secret)["RotationRules"]
    assert rules["AutomaticallyAfterDays"] == 7


def test_a_database_that_became_private_takes_the_function_into_its_vpc_and_back(account: Account) -> None:
    private, public = account.private_network(), account.public_network()
    account.network.update(public)
    empty = account.inventory()
    made = account.deploy_root()
    before = account.inventory()
    account.network.update(private)
    # The custom resource is asked again when its properties change.
    made = account.deploy_root(Host="app.example.com")
    check_network(account, made, "vpc")
    check_permissions(account, made, "vpc", {})
    account.network.update(public)
    made = account.deploy_root(Host="")
    check_network(account, made, "public")
    check_permissions(account, made, "public", {})
    assert account.inventory() == before
    assert not account.ingress(account.database_group)
    account.delete()
    assert account.inventory() == empty


def test_a_change_of_strategy_changes_permissions_and_code(account: Account) -> None:
    account.deploy_root()
    made = account.deploy_root(Strategy="master_user", superuserSecretArn=account.master)
    check_function(account, made, "Rotates database passwords: postgres, master_user")
    check_permissions(account, made, "vpc", {"superuserSecretArn": account.master})
