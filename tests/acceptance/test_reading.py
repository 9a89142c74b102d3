"""Shown by 1: the accounts, every old note by paging, and the balance of every demo invoice."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.acceptance.reading import balance, page
from tests.support.demo import ACCOUNTS, PAID, PARTLY_PAID, UNPAID, VOID, YEN
from tests.support.running import GatewayClient, SandboxControl


def test_the_three_accounts_are_there(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    assert gateway.gql("{ accounts { name provider } }")["accounts"] == [
        {"name": "chargebee-demo", "provider": "CHARGEBEE"},
        {"name": "vcita-demo", "provider": "VCITA"},
        {"name": "zenskar-demo", "provider": "ZENSKAR"},
    ]


def test_a_hundred_and_eighty_old_notes_are_reached_by_paging_none_twice_newest_first(
    gateway: GatewayClient, sandbox: SandboxControl
) -> None:
    found, sizes, after = [], [], None
    while True:
        one = page(gateway, 25, after)
        found += one["nodes"]
        sizes.append(len(one["nodes"]))
        assert all(source["complete"] and source["error"] is None for source in one["sources"])
        after = one["pageInfo"]["endCursor"]
        if not one["pageInfo"]["hasNextPage"]:
            break
    assert sizes == [25] * 7 + [5]
    assert len({note["id"] for note in found}) == 180
    assert {name: sum(note["account"]["name"] == name for note in found) for name in ACCOUNTS} == dict.fromkeys(ACCOUNTS, 60)
    instants = [datetime.fromisoformat(note["createdAt"]) for note in found]
    assert instants == sorted(instants, reverse=True)
    assert 29 <= (instants[0] - instants[-1]).days <= 30


PARTS = ("chargebee-demo", "zenskar-demo")  # vcita ties no note to a part


@pytest.mark.parametrize("account", PARTS)
@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (PAID, ("0.00", "119.00", "119.00")),
        (UNPAID, ("500.00", "0.00", "500.00")),
        (YEN, ("0", "15000", "15000")),
        (PARTLY_PAID, ("150.00", "50.00", "200.00")),
        (VOID, ("0.00", "0.00", "0.00")),
    ],
)
def test_each_demo_invoice_has_the_balance_of_the_table(
    gateway: GatewayClient, sandbox: SandboxControl, account: str, number: int, expected: tuple[str, str, str]
) -> None:
    assert balance(gateway, account, number) == expected


@pytest.mark.parametrize(
    ("number", "total"), [(PAID, "119.00"), (UNPAID, "500.00"), (YEN, "15000"), (PARTLY_PAID, "200.00"), (VOID, "0.00")]
)
def test_each_demo_invoice_at_vcita_has_the_total_of_the_table(
    gateway: GatewayClient, sandbox: SandboxControl, number: int, total: str
) -> None:
    assert balance(gateway, "vcita-demo", number) == ("-", "-", total)
