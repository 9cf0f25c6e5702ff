"""Properties that moto's models drop although its backends, or the API's answers, have a place for them."""

import copy
from typing import Any

from moto.awslambda.models import LambdaFunction, Permission
from moto.ec2.models import ec2_backends
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupIngress
from moto.ec2.models.vpcs import VPCEndPoint
from moto.logs.models import LogGroup, logs_backends

Json = Any


def install() -> None:
    """Replaces the models' makers."""
    _correct_functions()
    _correct_groups()
    _correct_endpoints()
    _correct_log_groups()


def _correct_functions() -> None:
    create, configuration = LambdaFunction.create_from_cloudformation_json, LambdaFunction.get_configuration

    def created(
        cls: type[LambdaFunction], /, name: str, resource: Json, account: str, region: str, **context: Any
    ) -> Json:
        return _fill(create(name, resource, account, region, **context), resource["Properties"])

    def updated(
        cls: type[LambdaFunction],
        /,
        original_resource: LambdaFunction,
        new_resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
    ) -> LambdaFunction:
        properties = cloudformation_json["Properties"]
        original_resource.update_configuration(properties)
        original_resource.update_function_code(copy.deepcopy(properties["Code"]))
        # What is no longer there is taken away, which moto's own update does not do.
        original_resource._vpc_config = properties.get("VpcConfig")
        original_resource.environment_vars = properties.get("Environment", {}).get("Variables", {})
        return _fill(original_resource, properties)

    def answered(self: LambdaFunction, *arguments: Any, **context: Any) -> dict[str, Any]:
        answer = configuration(self, *arguments, **context)
        answer["LoggingConfig"] = self.__dict__.get("_logging_config")
        return answer

    def unpermitted(self: Permission, _account: str, _region: str) -> None:
        """It goes with its function."""

    LambdaFunction.create_from_cloudformation_json = classmethod(created)
    LambdaFunction.update_from_cloudformation_json = classmethod(updated)
    LambdaFunction.get_configuration = answered
    Permission.delete = unpermitted


def _fill(function: LambdaFunction, properties: Json) -> LambdaFunction:
    function.architectures = properties["Architectures"]
    function.tracing_config = properties.get("TracingConfig", {"Mode": "PassThrough"})
    function.code_signing_config_arn = properties.get("CodeSigningConfigArn")
    function.kms_key_arn = properties.get("KmsKeyArn")
    function.__dict__["_logging_config"] = properties.get("LoggingConfig")
    return function


def _correct_groups() -> None:
    create = SecurityGroup.create_from_cloudformation_json

    def created(
        cls: type[SecurityGroup], /, name: str, resource: Json, account: str, region: str, **context: Any
    ) -> Json:
        group = create(name, resource, account, region, **context)
        backend = ec2_backends[account][region]
        rules = resource["Properties"].get("SecurityGroupEgress", [])
        if rules:
            backend.revoke_security_group_egress(group.id, "-1", None, None, [{"CidrIp": "0.0.0.0/0"}])
        for rule in rules:
            backend.authorize_security_group_egress(group.id, **_rule(rule))
        return group

    def updated(
        cls: type[SecurityGroupIngress],
        /,
        original_resource: SecurityGroupIngress,
        new_resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
    ) -> SecurityGroupIngress:
        closed(original_resource, account_id, region_name)
        return SecurityGroupIngress.create_from_cloudformation_json(
            new_resource_name, cloudformation_json, account_id, region_name
        )

    def closed(self: SecurityGroupIngress, account: str, region: str) -> None:
        backend = ec2_backends[account][region]
        backend.revoke_security_group_ingress(self.properties["GroupId"], **_rule(self.properties))

    def deleted(self: SecurityGroup, account: str, region: str) -> None:
        ec2_backends[account][region].delete_security_group(group_id=self.id)

    SecurityGroup.create_from_cloudformation_json = classmethod(created)
    SecurityGroup.delete = deleted
    SecurityGroupIngress.update_from_cloudformation_json = classmethod(updated)
    SecurityGroupIngress.delete = closed


def _rule(rule: Json) -> dict[str, Any]:
    group = rule.get("DestinationSecurityGroupId") or rule.get("SourceSecurityGroupId")
    address = {"CidrIp": rule.get("CidrIp"), "Description": rule.get("Description")}
    return {
        "ip_protocol": rule["IpProtocol"],
        "from_port": rule.get("FromPort"),
        "to_port": rule.get("ToPort"),
        "ip_ranges": [address] if "CidrIp" in rule else [],
        "source_groups": [{"GroupId": group}] if group else [],
    }


def _correct_endpoints() -> None:
    def attribute(self: VPCEndPoint, name: str) -> list[str]:
        assert name == "DnsEntries", f"moto has no {name} of an endpoint"
        return [f"{entry['hosted_zone_id']}:{entry['dns_name']}" for entry in self.dns_entries or []]

    def deleted(self: VPCEndPoint, account: str, region: str) -> None:
        ec2_backends[account][region].vpc_end_points.pop(self.id)

    VPCEndPoint.get_cfn_attribute = attribute
    VPCEndPoint.delete = deleted


def _correct_log_groups() -> None:
    def created(
        cls: type[LogGroup], /, name: str, resource: Json, account: str, region: str, **_: Any
    ) -> LogGroup:
        properties = resource["Properties"]
        return logs_backends[account][region].create_log_group(
            name, {}, RetentionInDays=properties["RetentionInDays"], kmsKeyId=properties.get("KmsKeyId")
        )

    LogGroup.create_from_cloudformation_json = classmethod(created)
