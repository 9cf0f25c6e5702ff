"""Policies taken apart into single grants, so that two of them can be compared."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = Any

_GUIDE = Path(__file__).parent / "guide"


@dataclass(frozen=True)
class Grant:
    """One action on one resource under one set of conditions."""

    effect: str
    action: str
    resource: str
    condition: str


def grants(statements: Iterable[Json]) -> set[Grant]:
    """What the statements allow or deny. Unusual keys are refused: they could change the meaning."""
    return {grant for statement in statements for grant in _grants(statement)}


def _grants(statement: Json) -> Iterator[Grant]:
    unknown = statement.keys() - {"Sid", "Effect", "Action", "Resource", "Condition"}
    assert not unknown, f"a statement has {unknown}"
    for action in _list(statement["Action"]):
        for resource in _list(statement["Resource"]):
            condition = json.dumps(statement.get("Condition", {}), sort_keys=True)
            yield Grant(statement["Effect"], action, resource, condition)


def _list(value: Json) -> list[str]:
    return value if isinstance(value, list) else [value]


def guide(strategy: str, function: str, secrets: list[str], master: str, *, in_vpc: bool) -> set[Grant]:
    """The grants of the example policy in AWS's guide, for one deployment.

    It differs from the example where the guide's prose does: network interfaces are for functions in a VPC,
    and the secrets are named where the example has `*`, which its condition narrows to the same ones.
    """
    text = (_GUIDE / f"{strategy}.json").read_text()
    filled = json.loads(text.replace("<lambda_arn>", function).replace("<master_arn>", master))
    statements = []
    for statement in filled["Statement"]:
        if "Condition" in statement:
            statement["Resource"] = secrets
        if in_vpc or not statement["Action"][0].startswith("ec2:"):
            statements.append(statement)
    return grants(statements)
