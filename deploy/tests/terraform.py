"""Terraform on this machine, and one working folder that uses the module."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import templates
from account import Account

MODULE = templates.FOLDER / "terraform"

# Where Terraform itself looks for providers that are on the machine, and where people put them. The first is
# for whoever keeps them elsewhere.
_MIRRORS = [
    os.environ.get("TERRAFORM_PLUGINS", ""),
    "/usr/share/terraform/plugins",
    "/usr/local/share/terraform/plugins",
    str(Path.home() / ".terraform.d/plugins"),
]


def missing() -> str | None:
    """Why Terraform cannot be run here, if it cannot."""
    if shutil.which("terraform") is None:
        return "terraform: not installed, left out"
    if mirror() is None:
        return "terraform: no hashicorp/aws provider on this machine (TERRAFORM_PLUGINS), left out"
    return None


def mirror() -> Path | None:
    """A folder with the provider in it, so that nothing is fetched."""
    folders = [Path(folder) for folder in _MIRRORS if folder] + sorted(Path("/opt").glob("*"))
    return next((folder for folder in folders if any(folder.glob("*/hashicorp/aws"))), None)


class Workspace:
    """A folder whose one module is ours."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder, self.endpoint = folder, endpoint

    def write(self, **arguments: Any) -> None:
        """Sets the variables of the module."""
        provider = {
            "region": Account.REGION,
            "skip_credentials_validation": True,
            "skip_metadata_api_check": True,
            "skip_region_validation": True,
        }
        outputs = {name: {"value": f"${{module.rotation.{name}}}"} for name in ("function_name", "role_arn")}
        configuration = {
            "provider": {"aws": provider},
            "module": {"rotation": {"source": str(MODULE), **arguments}},
            "output": outputs,
        }
        (self.folder / "main.tf.json").write_text(json.dumps(configuration))

    def run(self, *arguments: str) -> str:
        """Runs Terraform, whose failure is the test's."""
        environment = os.environ | {
            "AWS_ENDPOINT_URL": self.endpoint,
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
        }
        # A configuration that is named and not there would be warned of at each call.
        environment.pop("TF_CLI_CONFIG_FILE", None)
        command = ["terraform", f"-chdir={self.folder}", *arguments, "-no-color"]
        run = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert run.returncode == 0, f"{command}\n{run.stdout}\n{run.stderr}"
        return run.stdout

    def outputs(self) -> dict[str, str]:
        """The module's outputs."""
        return {name: output["value"] for name, output in json.loads(self.run("output", "-json")).items()}
