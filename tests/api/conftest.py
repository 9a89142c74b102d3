"""A gateway of its own for every test, over one sandbox that is put back to the start before each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.sandbox.server import Addresses, serving_in_thread
from tests.support.running import GatewayClient, SandboxControl, controlling, running


@pytest.fixture(scope="session")
def addresses() -> Iterator[Addresses]:
    with serving_in_thread() as found:
        yield found


@pytest.fixture(scope="session")
def control(addresses: Addresses) -> Iterator[SandboxControl]:
    with controlling(addresses.control) as found:
        yield found


@pytest.fixture
def sandbox(control: SandboxControl) -> SandboxControl:
    control.reset()
    return control


@pytest.fixture
def gateway(addresses: Addresses, sandbox: SandboxControl) -> Iterator[GatewayClient]:
    with running(addresses) as client:
        yield client
