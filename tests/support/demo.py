"""The fixed ids of the demonstration data, as the issue's table and the seeds state them; nothing is computed by the code under test."""

from __future__ import annotations

ACCOUNTS = ("chargebee-demo", "vcita-demo", "zenskar-demo")

_INVOICES = {"chargebee-demo": "INV-{}", "vcita-demo": "inv000000000{}", "zenskar-demo": "00000000-0000-4000-8000-00000000{}"}

FIRST_NOTES = {
    "chargebee-demo": ("CN-0001", "bjpjaGFyZ2ViZWUtZGVtbzpDTi0wMDAx"),
    "vcita-demo": ("cn00000000000001", "bjp2Y2l0YS1kZW1vOmNuMDAwMDAwMDAwMDAwMDE"),
    "zenskar-demo": (
        "00000000-0000-4000-8000-000000003001",
        "bjp6ZW5za2FyLWRlbW86MDAwMDAwMDAtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAzMDAx",
    ),
}
"""The oldest note of each account: the provider's id and the global one. USD 11.07 for globex against invoice 2001."""

PAID, UNPAID, YEN, PARTLY_PAID, VOID = 1001, 1002, 1003, 1004, 1005


def invoice_id(account: str, number: int) -> str:
    """The provider's id of a demo invoice."""
    return _INVOICES[account].format(number)


def provider(account: str) -> str:
    """Whose account it is, as the sandbox calls it."""
    return account.removesuffix("-demo")
