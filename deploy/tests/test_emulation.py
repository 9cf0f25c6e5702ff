"""That the emulator is strict: what it cannot do is an error, never silence."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from account import Account


def create(account: Account, template: dict[str, Any], **parameters: str) -> None:
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    account.client("cloudformation").create_stack(
        StackName="strict", TemplateBody=json.dumps(template), Parameters=given
    )


def topic(**properties: object) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


def test_a_resource_type_that_moto_would_skip_is_an_error(account: Account) -> None:
    with pytest.raises(NotImplementedError, match="AWS::Backup::BackupVault"):
        create(account, {"Resources": {"Vault": {"Type": "AWS::Backup::BackupVault", "Properties": {}}}})


def test_an_attribute_that_there_is_not_is_an_error(account: Account) -> None:
    with pytest.raises(ClientError, match="Colour"):
        create(
            account, {"Resources": {"A": topic(), "B": topic(DisplayName={"Fn::GetAtt": ["A", "Colour"]})}}
        )


@pytest.mark.parametrize(
    "declared",
    [{"AllowedValues": ["red"]}, {"AllowedPattern": "r.*"}, {"Type": "Number", "MaxValue": 3}],
)
def test_a_value_that_a_parameter_does_not_take_is_an_error(
    account: Account, declared: dict[str, Any]
) -> None:
    parameter = {"Type": "String"} | declared
    with pytest.raises(ClientError, match="failed to satisfy constraint"):
        create(account, {"Parameters": {"P": parameter}, "Resources": {"A": topic()}}, P="4")


def test_a_secret_takes_no_function_that_it_may_not_invoke(account: Account) -> None:
    made = account.deploy_root()
    account.client("lambda").remove_permission(
        FunctionName=made["FunctionName"], StatementId=account.invokers(made["FunctionName"])[0]["Sid"]
    )
    with pytest.raises(ClientError):
        account.deploy("schedule", "second", SecretArn=account.master, FunctionArn=made["RotationLambdaARN"])


def test_a_custom_resource_needs_its_function(account: Account) -> None:
    token = f"arn:aws:lambda:{account.REGION}:{account.NUMBER}:function:nobody"
    with pytest.raises(ClientError, match="nobody"):
        resource = {"Type": "Custom::NetworkDiscovery", "Properties": {"ServiceToken": token}}
        create(account, {"Resources": {"P": resource}})
