"""Puts the corrections in place, once for the life of the process."""

import logging
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, NoReturn

from moto.cloudformation import parsing

from emulation import corrections, models, nested, updates

Answer = Callable[[Mapping[str, Any]], Mapping[str, str]]
"""What a custom resource's function would answer: from its properties to its `Data`."""


def install(answer: Answer) -> None:
    """Corrects moto's CloudFormation in this process; afterwards `answer` answers custom resources."""
    # Importing `models` is what tells moto of them; it finds models by looking for subclasses.
    parsing.get_model_list.cache_clear()
    parsing.get_model_map.cache_clear()
    parsing.get_name_type_map.cache_clear()
    assert models.RotationSchedule.cloudformation_type() in parsing.get_model_map()

    parsing.warnings = SimpleNamespace(warn=_refuse)
    parsing.logger = _Strict("moto.cloudformation")
    updates.install()
    nested.install(answer)
    corrections.install()


def _refuse(message: str, *_: object, **__: object) -> NoReturn:
    raise NotImplementedError(message)


class _Strict(logging.Logger):
    """moto warns, in its log, of what it leaves out."""

    def warning(self, msg: object, *args: object, **_: Any) -> NoReturn:
        _refuse(str(msg) % args)
