"""Nested stacks, whose outputs others refer to, and custom resources, answered in this process."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from moto.awslambda.utils import get_backend
from moto.cloudformation.custom_model import CustomModel
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Stack, cloudformation_backends
from moto.cloudformation.utils import get_stack_from_s3_url
from moto.utilities.utils import get_partition

Json = Any


def install(answer: Callable[[Mapping[str, Any]], Mapping[str, str]]) -> None:
    """Gives nested stacks outputs and updates in place, and custom resources the answers of `answer`."""
    parse = cache(Stack.parse_template)
    # Reading YAML is most of what a deployment costs here, and the same texts are read again and again.
    Stack.parse_template = staticmethod(lambda text: deepcopy(parse(text)))
    Stack.get_cfn_attribute = _output
    Stack.create_from_cloudformation_json = classmethod(_create_stack)
    Stack.update_from_cloudformation_json = classmethod(_update_stack)

    def create(
        cls: type[CustomModel], /, name: str, resource: Json, account: str, region: str, **context: Any
    ) -> CustomModel:
        custom = CustomModel(region, "request", context["LogicalId"], name)
        return _answered(custom, resource, account, region, answer)

    def update(
        cls: type[CustomModel],
        /,
        original_resource: CustomModel,
        new_resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
    ) -> CustomModel:
        return _answered(original_resource, cloudformation_json, account_id, region_name, answer)

    def delete(cls: type[CustomModel], /, name: str, resource: Json, account: str, region: str) -> None:
        """Nothing was made, so nothing has to go."""

    CustomModel.create_from_cloudformation_json = classmethod(create)
    CustomModel.update_from_cloudformation_json = classmethod(update)
    CustomModel.delete_from_cloudformation_json = classmethod(delete)
    CustomModel.get_cfn_attribute = _attribute


def _output(self: Stack, attribute: str) -> str:
    kind, _, key = attribute.partition(".")
    found = {output["OutputKey"]: output["OutputValue"] for output in self.outputs or []}
    if kind != "Outputs" or key not in found:
        raise ValidationError(message=f"Template error: stack {self.name} has no output {attribute}")
    return found[key]


def _body(resource: Json, account: str, region: str) -> str:
    return get_stack_from_s3_url(resource["Properties"]["TemplateURL"], account, get_partition(region))


def _parameters(resource: Json) -> dict[str, str]:
    return {key: str(value) for key, value in resource["Properties"].get("Parameters", {}).items()}


def _create_stack(
    cls: type[Stack], /, name: str, resource: Json, account: str, region: str, **_: Any
) -> Stack:
    backend = cloudformation_backends[account][region]
    return backend.create_stack(
        name=name, template=_body(resource, account, region), parameters=_parameters(resource)
    )


def _update_stack(
    cls: type[Stack],
    /,
    original_resource: Stack,
    new_resource_name: str,
    cloudformation_json: Json,
    account_id: str,
    region_name: str,
) -> Stack:
    body = _body(cloudformation_json, account_id, region_name)
    original_resource.update(body, parameters=_parameters(cloudformation_json))
    return original_resource


def _answered(
    custom: CustomModel,
    resource: Json,
    account: str,
    region: str,
    answer: Callable[[Mapping[str, Any]], Mapping[str, str]],
) -> CustomModel:
    properties = resource["Properties"]
    # Fails when the function that should answer was not made.
    get_backend(account, region).get_function(properties["ServiceToken"])
    custom.set_data(dict(answer(properties)))
    return custom


def _attribute(self: CustomModel, attribute: str) -> str:
    if attribute not in self.data:
        raise ValidationError(message=f"CustomResource attribute error: no {attribute} in the response")
    return str(self.data[attribute])
