"""A function of one's own: the key of its code, its role's managed policies, its settings, and its place."""

import json

import pytest

import templates
from account import Account

KEY = "functions/1.0/my_rotation.zip"
POLICY = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"
SETTINGS = {"SERVICE_URL": "https://api.example.com", "PASSWORD_LENGTH": "40"}


def deploy(account: Account, **parameters: str) -> dict[str, str]:
    given = {
        "Engine": "custom",
        "CodeKey": KEY,
        "NetworkDiscovery": "explicit",
        "NetworkMode": "public",
        "ManagedPolicyArns": POLICY,
        "CustomSettings": json.dumps(SETTINGS),
    }
    return account.deploy_root(**(given | parameters))


def test_code_policies_and_settings_arrive(account: Account) -> None:
    made = deploy(account)
    code = account.resolved("Function", "Function")["Code"]
    assert (code["S3Bucket"], code["S3Key"]) == (account.BUCKET, KEY)
    function = account.function(made["FunctionName"])
    assert function["Description"] == f"Rotates a secret: {KEY}"
    assert json.loads(account.environment(made["FunctionName"])["CUSTOM_SETTINGS"]) == SETTINGS
    # The emulator attaches none of AWS's own policies.
    assert account.resolved("Role", "Role")["ManagedPolicyArns"] == [POLICY]
    secret = account.client("secretsmanager").describe_secret(SecretId=account.secret)
    assert secret["RotationLambdaARN"] == made["RotationLambdaARN"]


def test_a_place_in_a_vpc_is_said(account: Account) -> None:
    made = deploy(
        account,
        NetworkMode="vpc",
        VpcId=account.vpc,
        vpcSubnetIds=",".join(account.subnets),
        DatabaseCidr="10.0.0.0/16",
        DatabasePort="443",
    )
    assert account.function(made["FunctionName"])["VpcConfig"]["SubnetIds"] == account.subnets


@pytest.mark.parametrize(
    ("template", "missing"),
    [("function", "CodeKey"), ("rotation", "CodeKey"), ("rotation", "NetworkDiscovery")],
)
def test_what_is_missing_is_refused(template: str, missing: str) -> None:
    """cfn-lint and the emulator take no notice of rules; here, that each is written down."""
    rule = templates.read(template)["Rules"]["Custom"]
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "Engine"}, "custom"]}
    assert any(missing in json.dumps(assertion["Assert"]) for assertion in rule["Assertions"])


def test_no_role_has_managed_policies_without_being_asked(account: Account) -> None:
    account.deploy_root()
    assert "ManagedPolicyArns" not in account.resolved("Role", "Role")
