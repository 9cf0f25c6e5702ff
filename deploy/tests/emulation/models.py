"""Resource types of the stacks that moto's CloudFormation lacks, each on top of a backend that moto has."""

import json
from typing import Any, Self

from moto.awslambda.utils import get_backend as lambda_backend
from moto.cloudformation.exceptions import ValidationError
from moto.cloudwatch.models import Dimension, Metric, MetricDataQuery, MetricStat, cloudwatch_backends
from moto.core.common_models import CloudFormationModel
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends

Json = Any


class _Model:
    """A resource that is made from its properties and, when they change, unmade and made again.

    Its kinds name `CloudFormationModel` themselves, because moto looks at direct subclasses alone.
    """

    def __init__(self, name: str, account: str, region: str, properties: Json) -> None:
        self.name, self.account, self.region, self.properties = name, account, region, properties

    def make(self) -> None:
        """Afterwards the backend has the resource."""
        raise NotImplementedError

    def unmake(self) -> None:
        """Afterwards the backend does not have it any more."""
        raise NotImplementedError

    @property
    def physical_resource_id(self) -> str:
        return self.name

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str, **_: Any
    ) -> Self:
        made = cls(resource_name, account_id, region_name, cloudformation_json["Properties"])
        made.make()
        return made

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Self,
        new_resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
    ) -> Self:
        original_resource.unmake()
        return cls.create_from_cloudformation_json(
            original_resource.name, cloudformation_json, account_id, region_name
        )

    def delete(self, _account: str, _region: str) -> None:
        """Called by moto."""
        self.unmake()

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""


class RotationSchedule(_Model, CloudFormationModel):
    """Written into the secret. moto's own `RotateSecret` would run the function in Docker."""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SecretsManager::RotationSchedule"

    def _secret(self) -> Any:
        return secretsmanager_backends[self.account][self.region].secrets[self.properties["SecretId"]]

    def make(self) -> None:
        secret, rules = self._secret(), self.properties["RotationRules"]
        # Secrets Manager takes no function that it may not invoke.
        policy = lambda_backend(self.account, self.region).get_policy(self.properties["RotationLambdaARN"])
        statements = json.loads(json.loads(policy)["Policy"])["Statement"]
        if {"Service": "secretsmanager.amazonaws.com"} not in [
            statement["Principal"] for statement in statements
        ]:
            raise ValidationError(message="Secrets Manager cannot invoke the specified Lambda function.")
        secret.rotation_requested = secret.rotation_enabled = True
        secret.rotation_lambda_arn = self.properties["RotationLambdaARN"]
        secret.auto_rotate_after_days = int(rules.get("AutomaticallyAfterDays", 0))

    def unmake(self) -> None:
        secret = self._secret()
        secret.rotation_enabled, secret.rotation_lambda_arn = False, ""


class Alarm(_Model, CloudFormationModel):
    """A metric alarm, by one metric or by an expression."""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudWatch::Alarm"

    def make(self) -> None:
        given = self.properties
        cloudwatch_backends[self.account][self.region].put_metric_alarm(
            name=self.name,
            namespace=given.get("Namespace"),
            metric_name=given.get("MetricName"),
            metric_data_queries=[_query(query) for query in given.get("Metrics", [])] or None,
            comparison_operator=given["ComparisonOperator"],
            evaluation_periods=given["EvaluationPeriods"],
            period=given.get("Period"),
            threshold=given["Threshold"],
            statistic=given.get("Statistic"),
            description=given["AlarmDescription"],
            dimensions=given.get("Dimensions", []),
            alarm_actions=given["AlarmActions"],
            treat_missing_data=given["TreatMissingData"],
        )

    def unmake(self) -> None:
        cloudwatch_backends[self.account][self.region].delete_alarms([self.name])

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Arn"

    def get_cfn_attribute(self, _attribute: str) -> str:
        """The ARN, the one attribute that there is."""
        return f"arn:aws:cloudwatch:{self.region}:{self.account}:alarm:{self.name}"


def _query(query: Json) -> MetricDataQuery:
    stat = None
    if given := query.get("MetricStat"):
        dimensions = [Dimension(each["Name"], each["Value"]) for each in given["Metric"]["Dimensions"]]
        metric = Metric(given["Metric"]["MetricName"], given["Metric"]["Namespace"], dimensions)
        stat = MetricStat(metric, str(given["Period"]), given["Stat"], "")
    returned = str(query.get("ReturnData", True)).lower()
    return MetricDataQuery(query["Id"], query.get("Label", ""), None, returned, query.get("Expression"), stat)


class TopicPolicy(_Model, CloudFormationModel):
    """Who may publish."""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SNS::TopicPolicy"

    def make(self) -> None:
        for topic in self.properties["Topics"]:
            policy = json.dumps(self.properties["PolicyDocument"])
            sns_backends[self.account][self.region].topics[topic].policy = policy

    def unmake(self) -> None:
        """It goes with its topic."""


class Subscription(_Model, CloudFormationModel):
    """Who is notified."""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SNS::Subscription"

    def make(self) -> None:
        given = self.properties
        backend = sns_backends[self.account][self.region]
        self.arn = backend.subscribe(given["TopicArn"], given["Endpoint"], given["Protocol"]).arn

    def unmake(self) -> None:
        sns_backends[self.account][self.region].unsubscribe(self.arn)


class EventInvokeConfig(_Model, CloudFormationModel):
    """Repeats of asynchronous invocations."""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Lambda::EventInvokeConfig"

    def make(self) -> None:
        backend = lambda_backend(self.account, self.region)
        config = {"MaximumRetryAttempts": self.properties["MaximumRetryAttempts"]}
        backend.put_function_event_invoke_config(self.properties["FunctionName"], config)

    def unmake(self) -> None:
        """It goes with its function."""
