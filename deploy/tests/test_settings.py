"""Every setting that the README names is a parameter, and arrives in the function's environment."""

import re

import templates
from account import Account

VARIABLES = templates.read("function")["Resources"]["Function"]["Properties"]["Environment"]["Variables"]

# Lambda sets these itself, by LoggingConfig, and refuses them as variables.
LOGGING = {"AWS_LAMBDA_LOG_FORMAT": "LogFormat", "AWS_LAMBDA_LOG_LEVEL": "LogLevel"}


def parameter_of(variable: str) -> str:
    """The parameter that fills a variable, and only where it is not empty."""
    condition, reference, otherwise = VARIABLES[variable]["Fn::If"]
    name: str = reference["Ref"]
    assert otherwise == {"Ref": "AWS::NoValue"}
    assert templates.read("function")["Conditions"][condition] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": name}, ""]}]
    }
    return name


def example(parameter: str) -> str:
    """A value that the parameter takes and that is not its default."""
    declared = templates.read("function")["Parameters"][parameter]
    if "AllowedValues" in declared:
        return str(declared["AllowedValues"][-1])
    if "AllowedPattern" in declared:
        return "17"
    if parameter.endswith("Arn"):
        return f"arn:aws:secretsmanager:{Account.REGION}:{Account.NUMBER}:secret:master-AbCdEf"
    return f"the {parameter}"


def test_every_setting_of_the_readme_is_a_parameter() -> None:
    reference = (templates.FOLDER.parent / "docs/reference/settings.md").read_text()
    rows = [line.split("|")[1] for line in reference.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}
    assert len(named) > 20
    assert named == VARIABLES.keys() | LOGGING.keys()


def test_every_setting_that_is_given_arrives_and_no_other(account: Account) -> None:
    given = {variable: example(parameter_of(variable)) for variable in VARIABLES}
    made = account.deploy_root(
        NetworkDiscovery="explicit",
        NetworkMode="public",
        **{parameter_of(variable): given[variable] for variable in VARIABLES},
    )
    assert account.environment(made["FunctionName"]) == given
    made = account.deploy_root(NetworkDiscovery="explicit", NetworkMode="public")
    assert account.environment(made["FunctionName"]) == {}


def test_a_single_space_excludes_nothing_and_is_not_taken_for_the_default(account: Account) -> None:
    made = account.deploy_root(NetworkDiscovery="explicit", NetworkMode="public", excludeCharacters=" ")
    assert account.environment(made["FunctionName"]) == {"EXCLUDE_CHARACTERS": " "}


def test_what_is_not_a_variable_arrives_as_well(account: Account) -> None:
    key = f"arn:aws:kms:{account.REGION}:{account.NUMBER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    signing = f"arn:aws:lambda:{account.REGION}:{account.NUMBER}:code-signing-config:csc-0123456789abcdef0"
    made = account.deploy_root(
        functionName="rotate-app",
        Architecture="x86_64",
        MemorySize="256",
        TimeoutSeconds="45",
        Tracing="Active",
        CodeSigningConfigArn=signing,
        EnvironmentKmsKeyArn=key,
        LogLevel="DEBUG",
        LogRetentionDays="30",
        LogKmsKeyArn=key,
    )
    function = account.function("rotate-app")
    assert made["FunctionName"] == "rotate-app"
    assert (function["Architectures"], function["MemorySize"], function["Timeout"]) == (["x86_64"], 256, 45)
    assert (function["TracingConfig"], function["KMSKeyArn"]) == ({"Mode": "Active"}, key)
    assert function["LoggingConfig"]["ApplicationLogLevel"] == "DEBUG"
    assert account.resolved("Function", "Function")["CodeSigningConfigArn"] == signing
    (group,) = account.client("logs").describe_log_groups(logGroupNamePrefix=made["LogGroupName"])[
        "logGroups"
    ]
    assert (group["retentionInDays"], group["kmsKeyId"]) == (30, key)


def test_a_log_in_text_has_no_level_of_lambdas(account: Account) -> None:
    made = account.deploy_root(LogFormat="Text")
    logging = {"LogFormat": "Text", "LogGroup": made["LogGroupName"]}
    assert account.function(made["FunctionName"])["LoggingConfig"] == logging


def test_the_table_for_those_who_come_from_aws_names_parameters_that_there_are() -> None:
    readme = (templates.FOLDER / "README.md").read_text()
    table = readme.split("\n## Coming from AWS's rotation functions\n")[1].strip().split("\n\n")[0]
    rows = [line.split("|")[1:4] for line in table.splitlines()[2:]]
    root = templates.read("rotation")
    ours = {name for row in rows for name in re.findall(r"`(\w+)`", row[2])}
    assert ours <= root["Parameters"].keys() | root["Outputs"].keys()
    # All that HostedRotationLambda has.
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row[0])} == {
        "RotationType", "RotationLambdaName", "ExcludeCharacters", "KmsKeyArn", "MasterSecretArn",
        "SuperuserSecretArn", "MasterSecretKmsKeyArn", "SuperuserSecretKmsKeyArn", "VpcSecurityGroupIds",
        "VpcSubnetIds", "Runtime",
    }  # fmt: skip
