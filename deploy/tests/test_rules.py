"""What cfn-lint misses: schedules that Secrets Manager refuses, and seams between the stacks."""

import json
import re
from typing import Any

import pytest

import templates
from templates import Template

SCHEDULE = templates.read("schedule")["Parameters"]
ROOT = templates.read("rotation")

# What the root leaves to a nested template's default, with the reason.
LEFT_OUT = {
    "Role": {
        "RoleName": "this instance makes the role",
        "FunctionArn": "the function is not there yet",
        "LogGroupArn": "nor is its log",
        "SecretArns": "the other instance, with the function",
        "superuserSecretArn": "the other instance, with the function",
        "MasterLookup": "the other instance, with the function",
        "kmsKeyArn": "the other instance, with the function",
        "superuserSecretKmsKeyArn": "the other instance, with the function",
        "Tracing": "the other instance, with the function",
    },
    "Permissions": {
        "NetworkMode": "the first instance, without the function",
        "ManagedPolicyArns": "the role is there",
        "PermissionsBoundary": "the role is there",
        "RolePath": "the role is there",
    },
}


def accepts(parameter: str, value: str) -> bool:
    declared = SCHEDULE[parameter]
    if declared["Type"] == "Number":
        return bool(declared["MinValue"] <= int(value) <= declared["MaxValue"])
    return re.fullmatch(declared["AllowedPattern"], value) is not None


@pytest.mark.parametrize(
    ("parameter", "taken", "refused"),
    [
        ("AutomaticallyAfterDays", ["1", "30", "1000"], ["0", "-1", "1001", "5000"]),
        ("Duration", ["", "1h", "3h", "24h"], ["0h", "25h", "3", "3m", "h", "03h"]),
        (
            "ScheduleExpression",
            [
                "",
                "rate(4 hours)",
                "rate(10 hours)",
                "rate(999 hours)",
                "rate(1 day)",
                "rate(10 days)",
                "cron(0 16 1 * ? *)",
                "cron(0 /12 * * ? *)",
                "cron(0 1 ? 1,4,7,10 SUN#1 *)",
            ],
            [
                "rate(1 hours)",
                "rate(3 hours)",
                "rate(1 hour)",
                "rate(30 minutes)",
                "rate(0 days)",
                "rate(1 days)",
                "rate(4 hours",
                "cron(15 16 1 * ? *)",
                "cron(0 16 1 * ? 2027)",
                "cron(0 16 1 * ?)",
                "at(2027-01-01)",
            ],
        ),
    ],
)
def test_a_schedule_that_secrets_manager_refuses_is_refused_here(
    parameter: str, taken: list[str], refused: list[str]
) -> None:
    assert [value for value in taken if not accepts(parameter, value)] == []
    assert [value for value in refused if accepts(parameter, value)] == []
    assert accepts(parameter, str(SCHEDULE[parameter]["Default"]))


def nested() -> dict[str, tuple[Template, dict[str, Any]]]:
    """The nested stacks of the root: the template of each and the parameters that it is given."""
    stacks = {}
    for name, resource in ROOT["Resources"].items():
        link = resource["Properties"]["TemplateURL"]["Fn::Sub"]
        template = templates.read(link.removeprefix("${TemplateBase}/").removesuffix(".yaml"))
        stacks[name] = (template, resource["Properties"]["Parameters"])
    return stacks


def test_the_root_nests_every_template() -> None:
    links = {resource["Properties"]["TemplateURL"]["Fn::Sub"] for resource in ROOT["Resources"].values()}
    assert links == {f"${{TemplateBase}}/{name}.yaml" for name in templates.NAMES if name != "rotation"}


def test_every_parameter_of_a_nested_stack_is_given_or_left_out_for_a_reason() -> None:
    for name, (template, given) in nested().items():
        missing = template["Parameters"].keys() - given.keys()
        assert missing == LEFT_OUT.get(name, {}).keys(), name


def test_every_output_that_the_root_reads_is_there() -> None:
    stacks = nested()
    read = re.findall(r'"Fn::GetAtt": \["(\w+)", "Outputs\.(\w+)"\]', json.dumps(ROOT))
    assert len(read) > 20
    assert [(stack, output) for stack, output in read if output not in stacks[stack][0]["Outputs"]] == []


def test_a_parameter_means_the_same_in_every_template() -> None:
    for name, (template, given) in nested().items():
        for parameter, value in given.items():
            if value != {"Ref": parameter}:
                continue
            ours, theirs = ROOT["Parameters"][parameter], template["Parameters"][parameter]
            for key in ("Type", "AllowedValues", "AllowedPattern", "MinValue", "MaxValue", "NoEcho"):
                both = (ours.get(key), theirs.get(key))
                # Alone, discovery can find the engine out, a schedule may be of any secret, and alarms of any
                # function.
                exempt = (name, parameter) in {
                    ("Discovery", "Engine"),
                    ("Watch", "Engine"),
                    ("Schedule", "SecretArn"),
                    ("Watch", "SecretArn"),
                }
                assert exempt or both[0] == both[1], (name, parameter, key, both)


# All that CloudFormation's guide allows in a rule. cfn-lint lets others pass.
IN_RULES = {"Fn::And", "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::Equals", "Fn::Not",
            "Fn::Or", "Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"}  # fmt: skip


@pytest.mark.parametrize("name", templates.NAMES)
def test_rules_use_what_rules_may_use(name: str) -> None:
    rules = json.dumps(templates.read(name).get("Rules", {}))
    assert set(re.findall(r'"(Fn::\w+)"', rules)) <= IN_RULES


def test_the_root_is_small_enough_to_be_given_without_a_bucket() -> None:
    assert templates.path("rotation").stat().st_size < 51_200
