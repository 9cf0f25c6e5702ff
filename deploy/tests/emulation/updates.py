"""Parameters, rules and updates of a stack, as CloudFormation treats them.

moto updates a resource only when its own text or a parameter that it refers to has changed. CloudFormation
compares the resolved properties, so that a changed output of a nested stack, or a condition that flips, is a
change as well.
"""

import copy
import re
from collections.abc import Iterator
from inspect import signature
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Stack
from moto.cloudformation.parsing import ResourceMap
from moto.cloudformation.utils import get_stack_from_s3_url
from moto.core.exceptions import ServiceException
from moto.utilities.utils import get_partition
from werkzeug.exceptions import HTTPException

Json = Any

RESOLVED = "_resolved_properties"
"""Where a resource map keeps what each resource's properties came to when it was made or last updated."""


def install() -> None:
    """Replaces moto's notion of an update, and lets it look at constraints and rules."""
    load, create, clean = ResourceMap.load, parsing.parse_and_create_resource, parsing.clean_json

    def without_gaps(node: Json, resources: ResourceMap) -> Json:
        """`AWS::NoValue` takes its item out of a list; moto leaves a null there.

        And `!GetAtt Stack.Outputs.Name` names one attribute, of which moto makes two parts.
        """
        if isinstance(node, dict) and len(node.get("Fn::GetAtt", ())) > 2:
            resource, *attribute = node["Fn::GetAtt"]
            node = {"Fn::GetAtt": [resource, ".".join(attribute)]}
        cleaned = clean(node, resources)
        return [item for item in cleaned if item is not None] if isinstance(cleaned, list) else cleaned

    def checked_load(self: ResourceMap) -> None:
        _check_parameters(self)
        load(self)
        _check_rules(self)

    def recorded_create(name: str, resource: Json, resources: ResourceMap, **context: Any) -> Json:
        try:
            made = create(name, resource, resources, **context)
        except (HTTPException, ServiceException) as refusal:
            # The services speak different protocols; the caller waits for one of CloudFormation's.
            raise ValidationError(message=f"{name}: {_said(refusal)}") from refusal
        if made is not None:
            _resolved(resources)[name] = resolve(resources, name)
        return made

    ResourceMap.load = checked_load
    ResourceMap.update = _update
    ResourceMap.delete = _delete
    parsing.parse_and_create_resource = recorded_create
    parsing.clean_json = without_gaps


def _said(refusal: Any) -> str:
    """The message of a refusal, without the answer's wrapping in JSON or XML."""
    return str(getattr(refusal, "message", None) or getattr(refusal, "description", None) or refusal)


def resolve(resources: ResourceMap, name: str) -> Json:
    """What a resource's properties come to now."""
    resource = resources._resource_json_map[name]
    properties = copy.deepcopy(parsing.clean_json(resource.get("Properties", {}), resources))
    if resource["Type"] == Stack.cloudformation_type():
        # A nested template may have changed behind the same URL.
        partition = get_partition(resources._region_name)
        url = properties["TemplateURL"]
        properties["Template"] = get_stack_from_s3_url(url, resources._account_id, partition)
    return properties


def _resolved(resources: ResourceMap) -> dict[str, Json]:
    return resources.__dict__.setdefault(RESOLVED, {})


def _check_parameters(resources: ResourceMap) -> None:
    if not resources._template:
        # moto makes the stack of a change set before it looks at the template.
        return
    declared = resources._template.get("Parameters", {})
    for name, value in resources.input_parameters.items():
        if name not in declared:
            raise ValidationError(message=f"Parameters: [{name}] do not exist in the template")
        parameter, text = declared[name], str(value)
        allowed = parameter.get("AllowedValues")
        pattern = parameter.get("AllowedPattern")
        low, high = parameter.get("MinValue", float("-inf")), parameter.get("MaxValue", float("inf"))
        held = (
            (allowed is None or text in map(str, allowed))
            and (pattern is None or re.fullmatch(pattern, text))
            and (parameter["Type"] != "Number" or low <= float(text) <= high)
        )
        if not held:
            raise ValidationError(message=f"Parameter {name} failed to satisfy constraint: {text!r}")


def _check_rules(resources: ResourceMap) -> None:
    parameters: Any = resources._parsed_resources
    for name, rule in resources._template.get("Rules", {}).items():
        if not parsing.parse_condition(rule.get("RuleCondition", True), parameters, {}):
            continue
        for assertion in rule["Assertions"]:
            if not parsing.parse_condition(assertion["Assert"], parameters, {}):
                raise ValidationError(message=f"Rule {name}: {assertion['AssertDescription']}")


def _update(self: ResourceMap, template: Json, parameters: dict[str, Any] | None = None) -> None:
    before = self._resource_json_map
    self._template, self._resource_json_map = template, template["Resources"]
    if parameters:
        self.input_parameters = parameters
    self.resolved_parameters = {}
    self.load()
    live = [name for name in in_order(template["Resources"]) if _is_wanted(self, name)]
    for name in live:
        if name not in self._parsed_resources:
            _ = self[name]
        elif (now := resolve(self, name)) != _resolved(self)[name]:
            self._parsed_resources[name] = _change(self, name)
            _resolved(self)[name] = now
    for name in reversed(list(in_order(before))):
        if name in self._parsed_resources and name not in live:
            _remove(self, name, before[name])


def _delete(self: ResourceMap) -> None:
    for name in reversed(list(in_order(self._resource_json_map))):
        if name in self._parsed_resources:
            _remove(self, name, self._resource_json_map[name])


def _remove(resources: ResourceMap, name: str, resource: Json) -> None:
    """moto tries in any order, and takes some failures for success."""
    made = resources._parsed_resources.pop(name)
    where = resources._account_id, resources._region_name
    if len(signature(getattr(made, "delete", _remove)).parameters) == len(where):
        made.delete(*where)
        return
    if hasattr(type(made).delete_from_cloudformation_json, "__isabstractmethod__"):
        raise NotImplementedError(f"moto cannot delete {name}")
    parsing.parse_and_delete_resource(made.physical_resource_id, resource, *where)


def _is_wanted(resources: ResourceMap, name: str) -> bool:
    condition = resources._resource_json_map[name].get("Condition")
    return condition is None or resources.lazy_condition_map[condition]


def _change(resources: ResourceMap, name: str) -> Json:
    context = {"account_id": resources._account_id, "region_name": resources._region_name}
    changed = parsing.parse_and_update_resource(
        name, resources._resource_json_map[name], resources, **context
    )
    if changed is None:
        raise NotImplementedError(f"moto cannot update {name}")
    return changed


def in_order(resources: dict[str, Json]) -> Iterator[str]:
    """Resources after those that they refer to."""
    seen: set[str] = set()

    def visit(name: str) -> Iterator[str]:
        if name in seen:
            return
        seen.add(name)
        for other in _references(resources[name]):
            if other in resources:
                yield from visit(other)
        yield name

    for name in resources:
        yield from visit(name)


def _references(node: Json) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("Ref", "DependsOn") and isinstance(value, str):
                yield value
            elif key in ("Fn::GetAtt", "DependsOn"):
                yield from value[:1] if key == "Fn::GetAtt" else value
            elif key == "Fn::Sub":
                text = value if isinstance(value, str) else value[0]
                yield from re.findall(r"\$\{([A-Za-z0-9]+)", text)
                yield from _references(value)
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)
