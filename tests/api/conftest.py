"""A gateway of its own for every test, over the sandbox that is put back to the start before each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.sandbox.server import Addresses
from tests.support.running import GatewayClient, SandboxControl, running


@pytest.fixture
def gateway(addresses: Addresses, sandbox: SandboxControl) -> Iterator[GatewayClient]:
    with running(addresses) as client:
        yield client


@pytest.fixture(scope="module")
def asked(addresses: Addresses, control: SandboxControl) -> Iterator[GatewayClient]:
    """One gateway for a whole file: for tests that leave nothing behind, and for properties."""
    control.reset()
    with running(addresses) as client:
        yield client
