"""The execution role: AWS's guide, nothing more, nothing less; and all that other parameters add to it."""

import re
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

import templates
from account import Account
from grants import Grant, grants, guide

Json = Any

KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = "arn:aws:kms:eu-central-1:999999999999:key/abcd1234-12ab-34cd-56ef-1234567890ab"


def allowed(account: Account, made: dict[str, str]) -> set[Grant]:
    """What the deployed role may do, but for writing into its own log."""
    found = grants(account.statements(made["RoleArn"]))
    log = {grant for grant in found if grant.action.startswith("logs:")}
    assert {grant.action for grant in log} == {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert all(grant.resource.endswith(f":log-group:{made['LogGroupName']}") for grant in log)
    return found - log


def expected(account: Account, made: dict[str, str], strategy: str, mode: str) -> set[Grant]:
    """What the guide gives it."""
    function, secrets = made["RotationLambdaARN"], [account.secret]
    return guide(strategy, function, secrets, account.master, in_vpc=mode == "vpc")


def deploy(account: Account, strategy: str, mode: str, **parameters: str) -> dict[str, str]:
    if mode == "public":
        account.network.update(account.public_network())
    if strategy == "master_user":
        parameters["superuserSecretArn"] = account.master
    return account.deploy_root(Strategy=strategy, **parameters)


@pytest.mark.parametrize(("strategy", "mode"), list(product(templates.STRATEGIES, ("vpc", "public"))))
def test_the_role_may_do_what_the_guide_says_and_nothing_else(
    account: Account, strategy: str, mode: str
) -> None:
    made = deploy(account, strategy, mode)
    assert allowed(account, made) == expected(account, made, strategy, mode)


# Each is a way in which the template could go wrong: what is replaced by what, and what the comparison must
# then show.
DEFECTS = {
    "one action more": (
        "              - secretsmanager:UpdateSecretVersionStage\n",
        "              - secretsmanager:UpdateSecretVersionStage\n"
        "              - secretsmanager:DeleteSecret\n",
        {"secretsmanager:DeleteSecret"},
        set(),
    ),
    "one action less": (
        "              - secretsmanager:PutSecretValue\n",
        "",
        set(),
        {"secretsmanager:PutSecretValue"},
    ),
    "the condition missing": (
        "            Condition:\n"
        "              StringEquals:\n"
        "                secretsmanager:resource/AllowRotationLambdaArn: !Ref FunctionArn\n",
        "",
        {
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
            "secretsmanager:UpdateSecretVersionStage",
        },
        {
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
            "secretsmanager:UpdateSecretVersionStage",
        },
    ),
    "another condition": (
        "resource/AllowRotationLambdaArn: !Ref FunctionArn",
        'resource/AllowRotationLambdaArn: "*"',
        {
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
            "secretsmanager:UpdateSecretVersionStage",
        },
        {
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
            "secretsmanager:UpdateSecretVersionStage",
        },
    ),
    "every master": (
        "Action: secretsmanager:GetSecretValue\n              Resource: !Ref superuserSecretArn",
        'Action: secretsmanager:GetSecretValue\n              Resource: "*"',
        {"secretsmanager:GetSecretValue"},
        {"secretsmanager:GetSecretValue"},
    ),
    "one network action more": (
        "              - ec2:DescribeNetworkInterfaces\n",
        "              - ec2:DescribeNetworkInterfaces\n              - ec2:AttachNetworkInterface\n",
        {"ec2:AttachNetworkInterface"},
        set(),
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defective_policy_is_noticed(account: Account, defect: str) -> None:
    right, wrong, more, less = DEFECTS[defect]
    text = templates.text("iam")
    assert text.count(right) == 1, f"the defect is not where it was looked for: {defect}"
    account.put_template("iam", text.replace(right, wrong))
    made = deploy(account, "master_user", "vpc")
    found, wanted = allowed(account, made), expected(account, made, "master_user", "vpc")
    assert {grant.action for grant in found - wanted} == more
    assert {grant.action for grant in wanted - found} == less


def test_a_customers_keys_are_used_through_secrets_manager_and_for_these_secrets_only(
    account: Account,
) -> None:
    made = deploy(account, "master_user", "vpc", kmsKeyArn=KEY, superuserSecretKmsKeyArn=OTHER_KEY)

    def through(secret: Json) -> Json:
        service = "secretsmanager.eu-central-1.amazonaws.com"
        return {"StringEquals": {"kms:EncryptionContext:SecretARN": secret, "kms:ViaService": service}}

    keys = [
        {
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": KEY,
            "Condition": through([account.secret]),
        },
        {
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": OTHER_KEY,
            "Condition": through(account.master),
        },
    ]
    assert allowed(account, made) - expected(account, made, "master_user", "vpc") == grants(keys)


def test_where_the_masters_server_is_may_be_asked_with_the_actions_that_the_functions_name(
    account: Account,
) -> None:
    crates = templates.FOLDER.parent / "crates"
    sources = [source.read_text() for source in crates.glob("aws-databases/src/**/database_lookup.rs")]
    named = {
        action
        for source in sources
        for action in re.findall(r'"((?:rds|redshift|redshift-serverless):\w+)"', source)
    }
    assert len(named) > 5
    made = deploy(account, "master_user", "vpc", MasterLookup="true")
    lookups = [
        {"Effect": "Allow", "Action": "secretsmanager:DescribeSecret", "Resource": account.master},
        {"Effect": "Allow", "Action": sorted(named), "Resource": "*"},
    ]
    assert allowed(account, made) - expected(account, made, "master_user", "vpc") == grants(lookups)


def test_a_function_of_several_secrets_may_touch_each_and_no_other(account: Account) -> None:
    other = account.client("secretsmanager").create_secret(Name="other", SecretString="{}")["ARN"]
    made = deploy(account, "single_user", "public", OtherSecretArns=other)
    one = expected(account, made, "single_user", "public")
    both = one | {replace(grant, resource=other) for grant in one if grant.resource == account.secret}
    assert allowed(account, made) == both


def test_tracing_adds_what_tracing_needs(account: Account) -> None:
    made = deploy(account, "single_user", "public", Tracing="Active")
    trace = {
        "Effect": "Allow",
        "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
        "Resource": "*",
    }
    assert allowed(account, made) - expected(account, made, "single_user", "public") == grants([trace])


def test_a_boundary_and_a_path_reach_every_role(account: Account) -> None:
    boundary = f"arn:aws:iam::{account.NUMBER}:policy/boundary"
    account.deploy_root(PermissionsBoundary=boundary, RolePath="/rotation/")
    roles = account.client("iam").list_roles()["Roles"]
    assert len(roles) == 4
    for role in roles:
        assert role["Path"] == "/rotation/"
        described = account.client("iam").get_role(RoleName=role["RoleName"])["Role"]
        assert described["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary


def test_a_role_of_ones_own_is_used_and_left_alone(account: Account) -> None:
    role = account.role()
    made = account.deploy_root(RoleArn=role)
    assert account.function(made["FunctionName"])["Role"] == made["RoleArn"] == role
    assert not account.statements(role)
    assert account.client("secretsmanager").describe_secret(SecretId=account.secret)["RotationEnabled"]


def test_secrets_of_another_account_invoke_from_there(account: Account) -> None:
    made = account.deploy_root(SecretAccountId="999999999999", AllowForeignSecrets="true")
    (invoker,) = account.invokers(made["FunctionName"])
    assert invoker["Condition"] == {"StringEquals": {"AWS:SourceAccount": "999999999999"}}
    assert account.environment(made["FunctionName"])["ALLOW_FOREIGN_SECRETS"] == "true"


def test_discovery_may_ask_what_its_program_asks_and_reads_the_secret_only_to_learn_the_host(
    account: Account,
) -> None:
    crates = templates.FOLDER.parent / "crates"
    folders = [crates / "network-discovery" / "src", crates / "aws-databases" / "src"]
    sources = [source.read_text() for folder in folders for source in folder.rglob("*.rs")]
    calls = r'"((?:Describe|List|Get)[A-Za-z]+)"'
    asked = {name for source in sources for name in re.findall(calls, source)}
    # What an answer is wrapped in.
    asked = {name for name in asked if not name.endswith("Result")}
    # Discovery follows no custom endpoint, and finds workgroups in the list.
    asked -= {"DescribeDBClusterEndpoints", "GetWorkgroup", "GetNamespace"}
    # Secrets are read by rotation-aws.
    asked |= {"DescribeSecret", "GetSecretValue"}
    assert len(asked) > 8

    account.deploy_root()
    (role,) = [
        role["RoleName"]
        for role in account.client("iam").list_roles()["Roles"]
        if "Discovery" in role["RoleName"]
    ]
    actions = {grant.action for grant in grants(account.statements(f"role/{role}"))}
    log = {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert {action.split(":")[1] for action in actions - log} == asked
    assert log <= actions

    account.deploy_root(Host="app.example.com")
    without = {grant.action for grant in grants(account.statements(f"role/{role}"))}
    assert actions - without == {"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"}
