"""Alarms, notices and the overdue check, as far as they can be run here."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from jsonata import Jsonata
from moto.events.models import EventPattern

import templates
from account import Account

Json = Any


def test_the_alarms_watch_errors_throttles_and_four_fifths_of_the_timeout(account: Account) -> None:
    made = account.deploy_root(TimeoutSeconds="45")
    alarms = account.client("cloudwatch").describe_alarms()["MetricAlarms"]
    simple = {alarm["MetricName"]: alarm for alarm in alarms if "MetricName" in alarm}
    assert simple.keys() == {"Errors", "Throttles"}
    for alarm in simple.values():
        assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": made["FunctionName"]}]
        assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")
    (slowness,) = [alarm for alarm in alarms if "MetricName" not in alarm]
    share, duration = slowness["Metrics"]
    assert share["Expression"] == "100 * duration / (1000 * 45)"
    assert duration["MetricStat"]["Metric"]["Dimensions"][0]["Value"] == made["FunctionName"]
    assert (slowness["Threshold"], slowness["ComparisonOperator"]) == (80, "GreaterThanThreshold")
    for alarm in alarms:
        assert alarm["AlarmActions"] == [made["TopicArn"]]
        assert alarm["TreatMissingData"] == "notBreaching"


def event(name: str, secret: str, key: str = "SecretId") -> Json:
    return {
        "source": "aws.secretsmanager",
        "detail-type": "AWS Service Event via CloudTrail",
        "detail": {
            "eventSource": "secretsmanager.amazonaws.com",
            "eventName": name,
            "additionalEventData": {key: secret},
        },
    }


@pytest.mark.parametrize(
    ("name", "key", "own", "notified"),
    [
        ("RotationFailed", "SecretId", True, True),
        ("RotationAbandoned", "SecretId", True, True),
        ("TestRotationFailed", "SecretId", True, True),
        ("RotationFailed", "arn", True, True),
        ("RotationFailed", "aRN", True, True),
        ("RotationFailed", "SecretId", False, False),
        ("RotationSucceeded", "SecretId", True, False),
    ],
)
def test_failed_and_abandoned_rotations_of_this_secret_are_told(
    account: Account, name: str, key: str, own: bool, notified: bool
) -> None:
    made = account.deploy_root(NetworkDiscovery="explicit", NetworkMode="public")
    events = account.client("events")
    (rule,) = [rule for rule in events.list_rules()["Rules"] if "EventPattern" in rule]
    (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert target["Arn"] == made["TopicArn"]
    secret = account.secret if own else account.master
    assert EventPattern.load(rule["EventPattern"]).matches_event(event(name, secret, key)) == notified


def test_the_topic_takes_messages_from_this_accounts_alarms_and_rules(account: Account) -> None:
    made = account.deploy_root(AlarmEmail="ops@example.com")
    sns = account.client("sns")
    (statement,) = json.loads(sns.get_topic_attributes(TopicArn=made["TopicArn"])["Attributes"]["Policy"])[
        "Statement"
    ]
    assert statement["Principal"] == {"Service": ["events.amazonaws.com", "cloudwatch.amazonaws.com"]}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": account.NUMBER}}
    (subscription,) = sns.list_subscriptions()["Subscriptions"]
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "ops@example.com")


def test_a_topic_of_ones_own_is_used(account: Account) -> None:
    topic = account.client("sns").create_topic(Name="own")["TopicArn"]
    assert account.deploy_root(TopicArn=topic)["TopicArn"] == topic
    assert account.inventory()["topics"] == {topic}


def test_nothing_is_watched_where_that_is_not_wanted(account: Account) -> None:
    made = account.deploy_root(Observability="false")
    assert "TopicArn" not in made
    assert not account.inventory()["alarms"]


NOW = datetime.now(UTC)


def days_ago(days: float) -> str:
    return (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.mark.parametrize(
    ("described", "overdue"),
    [
        ({"LastRotatedDate": days_ago(44), "RotationRules": {"AutomaticallyAfterDays": 30}}, False),
        ({"LastRotatedDate": days_ago(46), "RotationRules": {"AutomaticallyAfterDays": 30}}, True),
        ({"LastRotatedDate": days_ago(1), "RotationRules": {"AutomaticallyAfterDays": 1}}, False),
        ({"LastRotatedDate": days_ago(2), "RotationRules": {"AutomaticallyAfterDays": 1}}, True),
        ({"RotationRules": {"AutomaticallyAfterDays": 30}}, False),
        ({"CreatedDate": days_ago(400), "RotationRules": {"AutomaticallyAfterDays": 30}}, False),
        ({"NextRotationDate": days_ago(14), "RotationRules": {"AutomaticallyAfterDays": 30}}, False),
        ({"NextRotationDate": days_ago(16), "RotationRules": {"AutomaticallyAfterDays": 30}}, True),
        (
            {"NextRotationDate": days_ago(0.5), "RotationRules": {"ScheduleExpression": "rate(4 hours)"}},
            False,
        ),
        ({"NextRotationDate": days_ago(1.5), "RotationRules": {"ScheduleExpression": "rate(4 hours)"}}, True),
        ({"RotationEnabled": False, "LastRotatedDate": days_ago(1)}, True),
    ],
)
def test_a_secret_is_overdue_after_one_and_a_half_intervals(
    account: Account, described: Json, overdue: bool
) -> None:
    made = account.deploy_root(NetworkDiscovery="explicit", NetworkMode="public")
    machines = account.client("stepfunctions")
    (machine,) = machines.list_state_machines()["stateMachines"]
    definition = json.loads(
        machines.describe_state_machine(stateMachineArn=machine["stateMachineArn"])["definition"]
    )
    states = definition["States"]
    assert states["Describe"]["Arguments"] == {"SecretId": account.secret}
    assert states["Tell"]["Arguments"]["TopicArn"] == made["TopicArn"]
    (choice,) = states["Compare"]["Choices"]
    assert (choice["Next"], states["Compare"]["Default"]) == ("Tell", "InTime")

    condition = Jsonata(choice["Condition"].removeprefix("{%").removesuffix("%}").strip())
    # As Step Functions binds the state's input.
    condition.assign("states", {"input": {"CreatedDate": days_ago(3), "RotationEnabled": True} | described})
    assert condition.evaluate(None) is overdue


def test_the_overdue_check_runs_daily_and_may_do_no_more_than_it_does(account: Account) -> None:
    account.deploy_root()
    (machine,) = account.client("stepfunctions").list_state_machines()["stateMachines"]
    events = account.client("events")
    (rule,) = [rule for rule in events.list_rules()["Rules"] if "ScheduleExpression" in rule]
    assert rule["ScheduleExpression"] == "rate(1 day)"
    (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert target["Arn"] == machine["stateMachineArn"]
    described = account.client("stepfunctions").describe_state_machine(
        stateMachineArn=machine["stateMachineArn"]
    )
    actions = {"check": described["roleArn"], "start": target["RoleArn"]}
    granted = {who: [each["Action"] for each in account.statements(role)] for who, role in actions.items()}
    assert granted == {
        "check": ["secretsmanager:DescribeSecret", "sns:Publish"],
        "start": ["states:StartExecution"],
    }


def dashboard(account: Account) -> list[Json]:
    """The widgets of the one dashboard."""
    cloudwatch = account.client("cloudwatch")
    (entry,) = cloudwatch.list_dashboards()["DashboardEntries"]
    return json.loads(cloudwatch.get_dashboard(DashboardName=entry["DashboardName"])["DashboardBody"])[
        "widgets"
    ]


def test_the_dashboard_names_the_function_and_its_alarms(account: Account) -> None:
    made = account.deploy_root()
    calls, times, overview, words = dashboard(account)[:4]
    for widget in (calls, times):
        assert widget["properties"]["metrics"][0][2:4] == ["FunctionName", made["FunctionName"]]
    assert len(overview["properties"]["alarms"]) == 3
    alarms = account.client("cloudwatch").describe_alarms()["MetricAlarms"]
    runbook = "docs/how-to/operations.md"
    assert runbook in words["properties"]["markdown"]
    assert alarms and all(runbook in alarm["AlarmDescription"] for alarm in alarms)


def expanded(metrics: list[list[Any]]) -> list[list[Any]]:
    """Rows of a widget with what "..." stands for: the row before, but for its last words."""
    rows: list[list[Any]] = []
    for row in metrics:
        rows.append(rows[-1][: len(rows[-1]) - len(row) + 1] + row[1:] if row[0] == "..." else row)
    return rows


CRATES = templates.FOLDER.parent / "crates"


def sources(crate: str) -> str:
    return "".join(file.read_text() for file in sorted((CRATES / crate / "src").rglob("*.rs")))


@pytest.mark.parametrize("engine", templates.ENGINES)
@pytest.mark.parametrize("strategy", templates.STRATEGIES)
def test_the_dashboard_shows_what_the_functions_write(account: Account, engine: str, strategy: str) -> None:
    account.deploy(
        "observability", FunctionName="f", SecretArn=account.secret, Engine=engine, Strategy=strategy
    )
    profiles = sources(f"rotator-{engine.replace('mariadb', 'mysql')}")
    # As the functions name the engine and the strategy in their metrics.
    assert engine in re.findall(r'(?:\bid:|const ID: &\'static str =) "(\w+)"', profiles)
    assert f' => "{strategy}",' in sources("rotation-config")
    steps = ["createSecret", "setSecret", "testSecret", "finishSecret"]
    shown = [row for widget in dashboard(account)[4:] for row in expanded(widget["properties"]["metrics"])]
    assert shown == [
        ["Rotators", metric, "engine", engine, "strategy", strategy, "step", step]
        for metric in ("Outcome", "StepDuration", "GrantDrift", "TlsFailure")
        for step in (["setSecret"] if metric == "GrantDrift" else steps)
    ]
    source = sources("rotation-lambda")
    assert 'NAMESPACE: &str = "Rotators"' in source
    assert 'DIMENSIONS: [&str; 3] = ["engine", "strategy", "step"]' in source
    assert [row[1] for row in shown if f'("{row[1]}", "' not in source] == []


def test_the_dashboard_of_a_function_that_writes_no_metrics_shows_lambdas_alone(account: Account) -> None:
    account.deploy("observability", FunctionName="someones", SecretArn=account.secret)
    assert [widget["type"] for widget in dashboard(account)] == ["metric", "metric", "alarm", "text"]
