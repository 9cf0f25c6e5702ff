"""The templates as files and as data."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint.decode

Template = dict[str, Any]

FOLDER = Path(__file__).parent.parent
NAMES = ("rotation", "network-discovery", "network", "iam", "function", "schedule", "observability")
ENGINES = ("postgres", "mysql", "mariadb", "docdb", "redshift")
STRATEGIES = ("single_user", "master_user")

_NESTED = re.compile(r'!Sub "\$\{TemplateBase\}/([a-z-]+\.yaml)"')


def path(name: str) -> Path:
    """Where a template is."""
    return FOLDER / f"{name}.yaml"


@cache
def text(name: str) -> str:
    """A template as it is written."""
    return path(name).read_text()


def read(name: str) -> Template:
    """A template as data, with its functions in their long forms."""
    template, faults = cfnlint.decode.decode(path(name))
    assert not faults, faults
    # Through JSON, which leaves no line numbers in the strings.
    return json.loads(json.dumps(template, default=str))


def write_with_local_links(folder: Path) -> list[Path]:
    """Copies with nested templates as files in the same folder, as cfn-lint follows no other link."""
    paths = []
    for name in NAMES:
        copy = folder / f"{name}.yaml"
        copy.write_text(_NESTED.sub(r"\1", text(name)))
        paths.append(copy)
    return paths
