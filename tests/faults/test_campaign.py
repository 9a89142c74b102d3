"""The campaign in short: no write is doubled, lost or told wrongly, whatever dies meanwhile; and where that is not so, it is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.campaign import campaign
from tests.faults.plan import Plan

pytestmark = pytest.mark.anyio


async def test_no_write_is_doubled_lost_or_told_wrongly_while_processes_die_and_providers_misbehave(tmp_path: Path) -> None:
    plan = Plan(operations=60, clients=16, kill_every_s=(0.1, 1.0), freeze_s=(0.3, 3.0))
    report = await campaign(plan, tmp_path)
    found = report.verdict
    assert (found.doubled, found.lost, found.untrue, found.unended, found.violations) == ([], [], [], [], []), report
    assert report.internal_errors == 0, report
    assert len(report.operations) >= 60
    assert report.kills["gateway"] >= 2
    assert report.kills["Redis"] >= 1
    assert set(report.freezes) == {"gateway", "Redis"}
    assert report.faults.total() >= report.calls / 10
    assert {each.provider for each in report.operations if each.applied} == {"chargebee", "vcita", "zenskar"}


async def test_a_store_that_writes_without_looking_is_found_out(tmp_path: Path) -> None:
    plan = Plan(
        operations=6,
        clients=2,
        has_mishaps=False,
        longest_settling_s=3,
        breaks_commit=True,
        behaviours={"crowd": 1},
        providers={"vcita": 1, "zenskar": 1},  # the other knows a repeat by its key, and may save the day
    )
    report = await campaign(plan, tmp_path)
    assert report.verdict.doubled
    assert not report.is_good
