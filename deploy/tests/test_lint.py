"""cfn-lint and checkov, with the suppressions of `suppressions.yaml` and no others."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import cfnlint.api
import cfnlint.config
import pytest
import yaml

import templates
from account import Account

SUPPRESSED: dict[str, dict[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "suppressions.yaml").read_text()
)


def lint(paths: list[Path]) -> list[str]:
    """What cfn-lint reports, as `rule template: message`."""
    config = cfnlint.config.ManualArgs(regions=[Account.REGION], templates=[str(path) for path in paths])
    runner = cfnlint.runner.Runner(cfnlint.config.ConfigMixIn(**config))
    return [f"{match.rule.id} {Path(match.filename).stem}: {match.message}" for match in runner.run()]


def test_cfn_lint_says_only_what_is_suppressed_with_a_reason(tmp_path: Path) -> None:
    said = {line.split()[0]: line for line in lint(templates.write_with_local_links(tmp_path))}
    assert said.keys() == SUPPRESSED["cfn-lint"].keys(), list(said.values())


def test_a_parameter_that_a_nested_stack_lacks_is_noticed(tmp_path: Path) -> None:
    root = templates.write_with_local_links(tmp_path)[0]
    right = "        vpcSubnetIds: !GetAtt Network.Outputs.SubnetIds\n"
    assert right in root.read_text()
    root.write_text(root.read_text().replace(right, right.replace("vpcSubnetIds", "subnets")))
    assert any(line.startswith("E3043") for line in lint([root]))


def test_checkov_says_only_what_is_suppressed_with_a_reason() -> None:
    # Without a way out, it does not ask its maker for the texts of its rules.
    environment = os.environ | {
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "BC_SKIP_MAPPING": "TRUE",
        "LOG_LEVEL": "CRITICAL",
    }
    command = [
        sys.executable,
        "-m",
        "checkov.main",
        "--framework",
        "cloudformation",
        "--output",
        "json",
        "--compact",
        "--skip-download",
        "--skip-results-upload",
        "--soft-fail",
    ]
    for name in templates.NAMES:
        command += ["--file", str(templates.path(name))]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=180)
    results = json.loads(run.stdout)["results"]
    assert len(results["passed_checks"]) > 50, "checkov looked at too little"
    assert not results["parsing_errors"]
    said = {
        f"{check['check_id']} {Path(check['file_path']).stem} {check['resource']}"
        for check in results["failed_checks"]
    }
    assert said == SUPPRESSED["checkov"].keys()


@pytest.mark.parametrize("name", templates.NAMES)
def test_a_template_has_no_parameter_or_condition_that_nothing_uses(name: str) -> None:
    template = templates.read(name)
    text = templates.text(name)
    for parameter in template["Parameters"]:
        assert re.search(rf"(!Ref|Ref:) {parameter}\b|\$\{{{parameter}\}}", text), parameter
    for condition in template.get("Conditions", {}):
        assert re.search(rf"Condition: {condition}\b|!If(\n\s+-| \[) ?{condition}\b", text), condition


def test_the_code_of_these_checks_is_clean() -> None:
    for command in (["ruff", "check", "--no-cache"], ["ruff", "format", "--check", "--no-cache"], ["mypy"]):
        subprocess.run(
            [sys.executable, "-m", *command, "."], cwd=Path(__file__).parent, check=True, timeout=180
        )
