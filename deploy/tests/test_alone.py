"""Each nested template without the root."""

from account import Account


def test_the_role_of_a_function_whose_name_is_fixed_needs_one_stack(account: Account) -> None:
    function = f"arn:aws:lambda:{account.REGION}:{account.NUMBER}:function:rotate-app"
    made = account.deploy("iam", FunctionArn=function, SecretArns=account.secret, NetworkMode="vpc")
    actions = [statement["Action"] for statement in account.statements(made["RoleArn"])]
    assert [
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
    ] in actions
    assert "secretsmanager:GetRandomPassword" in actions
    assert made["FunctionArn"] == function


def test_the_function_takes_any_role_and_network(account: Account) -> None:
    role = account.role()
    made = account.deploy(
        "function",
        Engine="mysql",
        Strategy="single_user",
        CodeBucket=account.BUCKET,
        RoleArn=role,
        vpcSubnetIds=account.subnets[0],
        vpcSecurityGroupIds=account.database_group,
    )
    function = account.function(made["FunctionName"])
    assert function["Role"] == role
    assert function["VpcConfig"]["SubnetIds"] == account.subnets[:1]


def test_the_network_tells_what_a_function_needs_to_know(account: Account) -> None:
    made = account.deploy(
        "network",
        NetworkMode="vpc",
        VpcId=account.vpc,
        vpcSubnetIds=",".join(account.subnets),
        DatabaseSecurityGroupIds=account.database_group,
        DatabasePort="5432",
    )
    assert made["SubnetIds"] == ",".join(account.subnets)
    assert account.ingress(account.database_group) == {(5432, made["SecurityGroupIds"])}
    assert made["EndpointUrl"].startswith("https://vpce-")


def test_discovery_gives_all_that_it_found(account: Account) -> None:
    made = account.deploy("network-discovery", SecretArn=account.secret, CodeBucket=account.BUCKET)
    assert made.pop("DatabasePort") == account.network.pop("Port")
    assert made == account.network


def test_a_second_secret_is_scheduled_with_a_function_that_is_there(account: Account) -> None:
    function = account.deploy_root(OtherSecretArns=account.master)["RotationLambdaARN"]
    account.deploy(
        "schedule",
        "second",
        SecretArn=account.master,
        FunctionArn=function,
        ScheduleExpression="rate(4 hours)",
    )
    described = account.client("secretsmanager").describe_secret(SecretId=account.master)
    assert described["RotationLambdaARN"] == function


def test_alarms_watch_any_function(account: Account) -> None:
    account.deploy("observability", FunctionName="someones", SecretArn=account.secret)
    assert len(account.inventory()["alarms"]) == 3
