"""The way to the database and to Secrets Manager, in the situations that a VPC may be in."""

import pytest
from botocore.exceptions import ClientError

from account import Account
from test_stacks import check_network

FOUND = "vpce-0123456789abcdef0"


def group_of(account: Account, made: dict[str, str]) -> str:
    (group,) = account.function(made["FunctionName"])["VpcConfig"]["SecurityGroupIds"]
    return str(group)


def endpoint_of(account: Account, made: dict[str, str]) -> str:
    return account.environment(made["FunctionName"]).get("SECRETS_MANAGER_ENDPOINT", "")


def test_an_endpoint_that_is_there_is_used_and_opened(account: Account) -> None:
    account.network |= {
        "SecretsManagerEndpointId": FOUND,
        "SecretsManagerEndpointSecurityGroupIds": f"{account.endpoint_group},sg-0123456789abcdef0",
    }
    made = account.deploy_root()
    own = group_of(account, made)
    assert made["SecretsManagerEndpointId"] == FOUND
    assert not account.endpoints()
    assert account.ingress(account.endpoint_group) == {(443, own)}
    assert account.egress(own) == {(6543, account.database_group), (443, account.endpoint_group)}
    # Its private DNS leads the regional name there.
    assert endpoint_of(account, made) == ""


def test_nat_takes_the_way_out_and_makes_no_endpoint(account: Account) -> None:
    account.network["HasNatRoute"] = "true"
    made = account.deploy_root(SecretsManagerAccess="nat")
    own = group_of(account, made)
    assert not account.endpoints()
    assert account.egress(own) == {(6543, account.database_group), (443, "0.0.0.0/0")}
    assert endpoint_of(account, made) == ""


def test_existing_makes_nothing_for_secrets_manager(account: Account) -> None:
    made = account.deploy_root(SecretsManagerAccess="existing")
    assert not account.endpoints()
    assert account.egress(group_of(account, made)) == {(6543, account.database_group), (443, "0.0.0.0/0")}


def test_the_new_endpoint_serves_the_functions_role_alone(account: Account) -> None:
    made = account.deploy_root()
    (endpoint,) = account.endpoints()
    assert endpoint["PrivateDnsEnabled"] is False
    (statement,) = account.resolved("Network", "Endpoint")["PolicyDocument"]["Statement"]
    assert statement["Condition"] == {"ArnEquals": {"aws:PrincipalArn": made["RoleArn"]}}
    assert len(statement["Action"]) == 5
    name = endpoint["DnsEntries"][0]["DnsName"]
    assert endpoint_of(account, made) == f"https://{name}"


def test_an_endpoint_with_private_dns_admits_those_whose_way_it_changes(account: Account) -> None:
    made = account.deploy_root(EndpointPrivateDns="true", EndpointClientCidr="10.0.0.0/16")
    (endpoint,) = account.endpoints()
    assert endpoint["PrivateDnsEnabled"] is True
    (group,) = (group["GroupId"] for group in endpoint["Groups"])
    assert account.ingress(group) == {(443, group_of(account, made)), (443, "10.0.0.0/16")}
    (statement,) = account.resolved("Network", "Endpoint")["PolicyDocument"]["Statement"]
    assert statement["Action"] == "secretsmanager:*"
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": account.NUMBER}}
    assert endpoint_of(account, made) == ""


def test_an_update_that_finds_the_stacks_own_endpoint_keeps_it(account: Account) -> None:
    wishes = {"EndpointPrivateDns": "true", "EndpointClientCidr": "10.0.0.0/16"}
    made = account.deploy_root(**wishes)
    (endpoint,) = account.endpoints()
    (group,) = (group["GroupId"] for group in endpoint["Groups"])
    account.network |= {
        "SecretsManagerEndpointId": endpoint["VpcEndpointId"],
        "SecretsManagerEndpointSecurityGroupIds": group,
    }
    again = account.deploy_root(Host="app.example.com", **wishes)
    assert [kept["VpcEndpointId"] for kept in account.endpoints()] == [endpoint["VpcEndpointId"]]
    assert again["SecretsManagerEndpointId"] == made["SecretsManagerEndpointId"]
    assert account.ingress(group) == {(443, group_of(account, again)), (443, "10.0.0.0/16")}


def test_groups_of_ones_own_are_used_and_the_databases_is_left_alone(account: Account) -> None:
    own = account.client("ec2").create_security_group(GroupName="own", Description="own", VpcId=account.vpc)[
        "GroupId"
    ]
    made = account.deploy_root(vpcSecurityGroupIds=own, vpcSubnetIds=account.subnets[1])
    config = account.function(made["FunctionName"])["VpcConfig"]
    assert (config["SecurityGroupIds"], config["SubnetIds"]) == ([own], [account.subnets[1]])
    assert not account.ingress(account.database_group)
    (endpoint,) = account.endpoints()
    (group,) = (group["GroupId"] for group in endpoint["Groups"])
    assert account.ingress(group) == {(443, own)}


def test_a_url_of_ones_own_for_secrets_manager_wins(account: Account) -> None:
    made = account.deploy_root(endpoint="https://secrets.example.com")
    assert endpoint_of(account, made) == "https://secrets.example.com"


def test_an_explicit_network_needs_no_custom_resource(account: Account) -> None:
    account.network.clear()
    made = account.deploy_root(
        NetworkDiscovery="explicit",
        NetworkMode="vpc",
        VpcId=account.vpc,
        vpcSubnetIds=",".join(account.subnets),
        DatabaseSecurityGroupIds=account.database_group,
        DatabasePort="6543",
    )
    check_network(account, made, "vpc")
    assert [name for name in account.inventory()["functions"] if "Discovery" in name] == []


def test_a_database_without_a_known_group_is_reached_by_its_addresses(account: Account) -> None:
    account.network |= {"DatabaseSecurityGroupIds": "", "Port": ""}
    made = account.deploy_root(
        DatabaseCidr="10.0.9.0/24", DatabasePort="5433", SecretsManagerAccess="existing"
    )
    assert account.egress(group_of(account, made)) == {(5433, "10.0.9.0/24"), (443, "0.0.0.0/0")}


def test_a_public_database_whose_port_nobody_knows_is_no_obstacle(account: Account) -> None:
    account.network.update(account.public_network() | {"Port": "", "VpcId": "", "SubnetIds": ""})
    assert account.deploy_root()["Warning"] == "open to the world"


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"SecretsManagerAccess": "nat"}, "no route to a NAT gateway"),
        ({"EndpointPrivateDns": "true"}, "EndpointClientCidr must admit it"),
        ({"NetworkDiscovery": "explicit"}, "needs NetworkMode vpc or public"),
        ({"NetworkDiscovery": "explicit", "NetworkMode": "vpc"}, "needs VpcId and vpcSubnetIds"),
        ({"Strategy": "master_user"}, "needs superuserSecretArn"),
        ({"SecretArn": "app"}, "SecretArn"),
        ({"ScheduleExpression": "rate(1 hours)"}, "ScheduleExpression"),
        ({"AutomaticallyAfterDays": "5000"}, "AutomaticallyAfterDays"),
        ({"Duration": "90m"}, "Duration"),
        ({"Engine": "oracle"}, "Engine"),
        ({"Colour": "blue"}, "Colour"),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(
    account: Account, parameters: dict[str, str], reason: str
) -> None:
    with pytest.raises(ClientError, match=reason):
        account.deploy_root(**parameters)


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ("DatabaseSecurityGroupIds", "needs DatabaseSecurityGroupIds, or DatabaseCidr"),
        ("Port", "needs DatabasePort"),
    ],
)
def test_a_private_database_that_cannot_be_reached_is_refused(
    account: Account, missing: str, reason: str
) -> None:
    account.network[missing] = ""
    with pytest.raises(ClientError, match=reason):
        account.deploy_root()
