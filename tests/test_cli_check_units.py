"""`credit-notes check` where an account's writes are stopped: its line says so, and the command fails until somebody has looked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import telemetry
from app.sandbox.server import Addresses
from tests.gateway.writing import Desk, command
from tests.support.installation import Site, install
from tests.support.running import SandboxControl


@pytest.fixture(autouse=True)
def usual_logs() -> Iterator[None]:
    yield
    telemetry.configure(json=True)  # the command sets the process's log format by its settings


@pytest.fixture
def site(addresses: Addresses, sandbox: SandboxControl, redis_url: str, tmp_path: Path) -> Site:
    return install(addresses, redis_url, tmp_path)


def test_an_account_whose_writes_are_stopped_is_not_ok(site: Site, sandbox: SandboxControl) -> None:
    sandbox.switch("zenskar", "amount_unit", "minor")  # 1000.00 would be taken for 10.00

    async def off_by_a_power_of_ten(desk: Desk) -> None:
        done = await desk.issue(command("zenskar-demo", "100.00"))
        assert [error.code.value for error in done.errors] == ["INTEGRITY_MISMATCH"]

    assert site.run("check").exit_code == 0
    site.writing(off_by_a_power_of_ten)
    stopped = site.run("check")
    lines = {line.split()[0]: line for line in stopped.stdout.splitlines()}
    assert stopped.exit_code == 1
    assert "its writes are stopped: an amount was a power of ten off" in lines["zenskar-demo"]
    assert " OK " in lines["chargebee-demo"]
    confirmed = site.run("check", "--confirm-units")
    assert (confirmed.exit_code, site.run("check").exit_code) == (0, 0)
