"""What Zenskar's documents leave open and an account has to tell; nothing here decides what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from app.providers.contract import AccountSettings

SWITCHES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        # Of `refund_amount_split[].amount`. Nobody states it, so no split is sent until the account does.
        "split_unit": ("unset", "major", "minor"),
        # Of the money strings of a payment.
        "payment_unit": ("minor", "major"),
        # Whether `invoice_total` falls with each note or stays as billed.
        "invoice_total": ("remaining", "original"),
        # Of `credit_note_amount`. Official MCP server, `createInvoiceCreditNote`: "25 for $25".
        "amount_unit": ("major", "minor"),
        # What changing a note's `status` to void does to its invoice, its payments and the wallet. Nobody states it, so no note is
        # voided until the account accepts whatever it is.
        "void": ("unset", "accepted"),
    }
)


def chosen(settings: AccountSettings, name: str) -> str:
    """What the account says, else the default."""
    return settings.switches.get(name, SWITCHES[name][0])
