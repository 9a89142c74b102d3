"""The gateway as somebody starts it who has just cloned the project: `credit-notes serve`, a process of its own, spoken to over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.console import Child, running_command
from tests.support.running import GatewayClient, SandboxControl, asking, controlling


@pytest.fixture(scope="module")
def served() -> Iterator[Child]:
    """One gateway for each file, so that none finds in its memory what another has written."""
    with running_command("serve", "--port", "0") as child:
        child.answers(f"{child.address('GraphiQL')}/livez")
        yield child


@pytest.fixture(scope="module")
def gateway(served: Child) -> Iterator[GatewayClient]:
    with asking(served.address("GraphiQL")) as client:
        yield client


@pytest.fixture
def sandbox(served: Child) -> Iterator[SandboxControl]:
    """The sandbox behind it, put back to the start."""
    with controlling(served.address("sandbox")) as control:
        control.reset()
        yield control
