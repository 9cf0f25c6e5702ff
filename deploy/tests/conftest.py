"""What every check starts from."""

import os
from collections.abc import Iterator

import pytest
from moto import mock_aws

import emulation
from account import Account

os.environ |= Account.ENVIRONMENT

_networks: list[dict[str, str]] = []


@pytest.fixture(scope="session", autouse=True)
def _emulation() -> None:
    emulation.install(lambda _properties: _networks[-1])


@pytest.fixture
def account() -> Iterator[Account]:
    """An empty account with a database, a bucket with artifacts and templates, and the secrets."""
    with mock_aws():
        made = Account()
        _networks.append(made.network)
        yield made
        _networks.pop()
