"""`credit-notes operations` and `credit-notes resolve` over a write of which a part was done, and the rest was not."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.sandbox.server import Addresses
from tests.gateway.altering import Held, held
from tests.gateway.operating import lost, paid_back
from tests.gateway.writing import Desk
from tests.support.installation import Site, install, refusal
from tests.support.running import SandboxControl

RESOLVE = ("resolve", "chargebee-demo", "ISSUE", "k")


@pytest.fixture
def site(addresses: Addresses, sandbox: SandboxControl, redis_url: str, tmp_path: Path) -> Site:
    return install(addresses, redis_url, tmp_path)


@pytest.fixture
def note(site: Site, sandbox: SandboxControl) -> str:
    """The note of a write whose refund was refused, beside one whose answer was lost."""
    return site.writing(lambda desk: _left(desk, sandbox))


async def _left(desk: Desk, sandbox: SandboxControl) -> str:
    await lost(desk, sandbox, "zenskar-demo", made=True)
    sandbox.fault(provider="chargebee", method="POST", path="*/refund", fault="status", status=400, times=1)
    return held("chargebee-demo", await desk.issue(paid_back("k"))).id


def test_what_is_half_done_is_listed_by_itself(site: Site, note: str) -> None:
    (row,) = site.rows("operations", "--half-done")
    assert row == ["chargebee-demo", "ISSUE", "k", "REFUSED", "PARTIALLY_APPLIED", "60 min", "2", note, "PROVIDER_REJECTED"]
    both = site.run("operations", "--half-done", "--unknown")
    assert (both.exit_code, both.stdout) == (2, "")


def test_what_a_person_gives_up_is_ended(site: Site, note: str) -> None:
    (row,) = site.rows(*RESOLVE, "--given-up")
    assert (row[3:5], row[7]) == (["DONE", "PARTIALLY_APPLIED"], note)
    assert site.rows("operations", "--half-done") == []
    assert "of which a part is missing" in refusal(site.run(*RESOLVE, "--given-up"))


def test_what_was_paid_out_by_another_key_is_done(site: Site, note: str) -> None:
    assert "does not show" in refusal(site.run(*RESOLVE, "--note", note))
    assert "is given up" in refusal(site.run(*RESOLVE, "--absent"))
    site.writing(lambda desk: desk.refund(Held(account="chargebee-demo", id=note).refund("other")))
    (row,) = site.rows(*RESOLVE, "--note", note)
    assert (row[3:5], row[7]) == (["DONE", "APPLIED"], note)
