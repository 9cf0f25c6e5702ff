"""An emulated AWS account: what a person has before the first deployment, and what is read back after it."""

import functools
import io
import json
import os
import zipfile
from typing import Any, ClassVar

import boto3
from moto.cloudformation.models import cloudformation_backends

import templates
from emulation import updates

Json = Any


@functools.cache
def _client(service: str, region: str, endpoint: str | None) -> Any:
    """It takes a tenth of a second to make one, and each test asks for fifty."""
    return boto3.client(service, region_name=region, endpoint_url=endpoint)


class Account:
    """Needs `moto.mock_aws` around it."""

    REGION: ClassVar[str] = "eu-central-1"
    NUMBER: ClassVar[str] = "123456789012"
    BUCKET: ClassVar[str] = "artifacts"
    # For boto3, which would look for the credentials of the machine, and moto, which takes a second to fill
    # each account with images of machines.
    ENVIRONMENT: ClassVar[dict[str, str]] = {
        "AWS_ACCESS_KEY_ID": "emulated",
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_DEFAULT_REGION": REGION,
        "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    }

    def __init__(self) -> None:
        self.vpc = self.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [self._subnet("10.0.1.0/24", "a"), self._subnet("10.0.2.0/24", "b")]
        self.database_group = self._group("database")
        self.endpoint_group = self._group("endpoint")
        self.secret = self._secret("app")
        self.master = self._secret("master")
        self._fill_bucket()
        self.network = self.private_network()

    @classmethod
    def client(cls, service: str) -> Any:
        """A client of one service."""
        return _client(service, cls.REGION, os.environ.get("AWS_ENDPOINT_URL"))

    def role(self) -> str:
        """A role of one's own that Lambda may take on, with no policies."""
        allows = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        trust = json.dumps({"Version": "2012-10-17", "Statement": [allows]})
        return self.client("iam").create_role(RoleName="own", AssumeRolePolicyDocument=trust)["Role"]["Arn"]

    def private_network(self) -> dict[str, str]:
        """What discovery returns for a database that is not publicly accessible."""
        return {
            "NetworkMode": "vpc",
            "VpcId": self.vpc,
            "SubnetIds": ",".join(self.subnets),
            "DatabaseSecurityGroupIds": self.database_group,
            "Port": "6543",
            "SecretsManagerEndpointId": "",
            "SecretsManagerEndpointSecurityGroupIds": "",
            "HasNatRoute": "false",
            "DatabaseArn": f"arn:aws:rds:{self.REGION}:{self.NUMBER}:db:app",
            "Engine": "postgres",
            "Warning": "",
        }

    def public_network(self) -> dict[str, str]:
        """What discovery returns for one that is."""
        return self.private_network() | {"NetworkMode": "public", "Warning": "open to the world"}

    def put_template(self, name: str, text: str | None = None) -> None:
        """Uploads a template, or another text in its place."""
        body = templates.text(name) if text is None else text
        self.client("s3").put_object(Bucket=self.BUCKET, Key=f"{name}.yaml", Body=body.encode())

    def deploy(self, name: str = "rotation", stack: str = "app", **parameters: str) -> dict[str, str]:
        """Creates a stack, or updates it, and gives its outputs."""
        cloudformation = self.client("cloudformation")
        body = templates.text(name)
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        exists = any(each["StackName"] == stack for each in cloudformation.describe_stacks()["Stacks"])
        put = cloudformation.update_stack if exists else cloudformation.create_stack
        put(StackName=stack, TemplateBody=body, Parameters=given, Capabilities=["CAPABILITY_IAM"])
        made = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        assert made["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), made["StackStatus"]
        return {output["OutputKey"]: output["OutputValue"] for output in made.get("Outputs", [])}

    def deploy_root(self, **parameters: str) -> dict[str, str]:
        """Creates or updates the root stack; parameters in addition to those of every deployment."""
        given = {
            "SecretArn": self.secret,
            "Engine": "postgres",
            "CodeBucket": self.BUCKET,
            "TemplateBase": f"https://{self.BUCKET}.s3.{self.REGION}.amazonaws.com",
        }
        return self.deploy("rotation", "app", **(given | parameters))

    def resolved(self, nested: str, resource: str) -> Json:
        """What the properties of a nested stack's resource came to, for what the API does not give back."""
        backend = cloudformation_backends[self.NUMBER][self.REGION]
        (found,) = [stack for stack in backend.stacks.values() if stack.name.startswith(f"app-{nested}-")]
        return updates.resolve(found.resource_map, resource)

    def delete(self, stack: str = "app") -> None:
        """Deletes a stack."""
        self.client("cloudformation").delete_stack(StackName=stack)

    def function(self, name: str) -> Json:
        """A function's configuration."""
        return self.client("lambda").get_function(FunctionName=name)["Configuration"]

    def environment(self, name: str) -> dict[str, str]:
        """A function's environment variables."""
        return dict(self.function(name).get("Environment", {}).get("Variables", {}))

    def invokers(self, name: str) -> list[Json]:
        """The statements of a function's resource policy."""
        return json.loads(self.client("lambda").get_policy(FunctionName=name)["Policy"])["Statement"]

    def statements(self, role_arn: str) -> list[Json]:
        """All statements of a role's policies. It has inline ones only."""
        iam, role = self.client("iam"), role_arn.rsplit("/", 1)[1]
        assert not iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
        return [statement for document in documents for statement in document["Statement"]]

    def ingress(self, group: str) -> set[tuple[int, str]]:
        """Which ports of a security group are open to which group or addresses."""
        return self._openings(group, "IpPermissions")

    def egress(self, group: str) -> set[tuple[int, str]]:
        """Which ports of which group or addresses may be reached from a security group."""
        return self._openings(group, "IpPermissionsEgress")

    def _openings(self, group: str, direction: str) -> set[tuple[int, str]]:
        (found,) = self.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]
        openings = set()
        for permission in found[direction]:
            others = [pair["GroupId"] for pair in permission["UserIdGroupPairs"]]
            others += [block["CidrIp"] for block in permission["IpRanges"]]
            assert permission["IpProtocol"] != "tcp" or permission["FromPort"] == permission["ToPort"]
            openings |= {(permission.get("FromPort", -1), other) for other in others}
        return openings

    def endpoints(self) -> list[Json]:
        """The interface endpoints. The API goes on telling of those that were deleted."""
        found = self.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
        return [endpoint for endpoint in found if endpoint["State"] != "deleted"]

    def inventory(self) -> dict[str, set[str]]:
        """The names of all that stacks make, by kind."""
        found = {
            "functions": (self.client("lambda").list_functions()["Functions"], "FunctionName"),
            "roles": (self.client("iam").list_roles()["Roles"], "RoleName"),
            "groups": (self.client("ec2").describe_security_groups()["SecurityGroups"], "GroupId"),
            "endpoints": (self.endpoints(), "VpcEndpointId"),
            "log groups": (self.client("logs").describe_log_groups()["logGroups"], "logGroupName"),
            "alarms": (self.client("cloudwatch").describe_alarms()["MetricAlarms"], "AlarmName"),
            "dashboards": (self.client("cloudwatch").list_dashboards()["DashboardEntries"], "DashboardName"),
            "rules": (self.client("events").list_rules()["Rules"], "Name"),
            "topics": (self.client("sns").list_topics()["Topics"], "TopicArn"),
            "machines": (self.client("stepfunctions").list_state_machines()["stateMachines"], "name"),
        }
        return {kind: {item[key] for item in items} for kind, (items, key) in found.items()}

    def _subnet(self, block: str, zone: str) -> str:
        ec2 = self.client("ec2")
        made = ec2.create_subnet(VpcId=self.vpc, CidrBlock=block, AvailabilityZone=f"{self.REGION}{zone}")
        return made["Subnet"]["SubnetId"]

    def _group(self, name: str) -> str:
        return self.client("ec2").create_security_group(GroupName=name, Description=name, VpcId=self.vpc)[
            "GroupId"
        ]

    def _secret(self, name: str) -> str:
        return self.client("secretsmanager").create_secret(Name=name, SecretString="{}")["ARN"]

    def _fill_bucket(self) -> None:
        s3 = self.client("s3")
        s3.create_bucket(Bucket=self.BUCKET, CreateBucketConfiguration={"LocationConstraint": self.REGION})
        artifacts = [
            f"{engine}_{strategy}" for engine in templates.ENGINES for strategy in templates.STRATEGIES
        ]
        for artifact in [*artifacts, "network_discovery"]:
            s3.put_object(Bucket=self.BUCKET, Key=f"{artifact}.zip", Body=_package())
        for name in templates.NAMES:
            self.put_template(name)


def _package() -> bytes:
    """A package of the right form. What is in it never runs here."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("bootstrap", "")
    return buffer.getvalue()
