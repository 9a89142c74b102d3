"""The demonstration data in provider-neutral words; each sandbox books it through its own rules.

Dates are relative to the start, ids are fixed, amounts are gross minor units.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

DAY = 86_400.0


class State(Enum):
    """How far an invoice of the demonstration is paid."""

    PAID = "paid"
    UNPAID = "unpaid"
    PARTLY_PAID = "partly paid"
    VOID = "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLine:
    """One invoice line; `net` is before tax."""

    description: str
    quantity: int
    net: int
    tax: int
    tax_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoInvoice:
    """One invoice. `payments` are the parts paid, oldest first, each a day apart and after the issue."""

    number: int
    customer: str
    currency: str
    state: State
    lines: tuple[DemoLine, ...]
    payments: tuple[int, ...] = ()
    days_old: float

    @property
    def total(self) -> int:
        """Gross."""
        return sum(line.net + line.tax for line in self.lines)


def _flat(description: str, amount: int) -> tuple[DemoLine, ...]:
    return (DemoLine(description=description, quantity=1, net=amount, tax=0, tax_percent=0),)


CUSTOMERS = {
    "acme": ("Acme GmbH", "billing@acme.example"),
    "globex": ("Globex Inc", "billing@globex.example"),
}

INVOICES = (
    DemoInvoice(
        number=1001, customer="acme", currency="EUR", state=State.PAID, payments=(119_00,), days_old=10,
        lines=(
            DemoLine(description="Team plan", quantity=2, net=80_00, tax=15_20, tax_percent=19),
            DemoLine(description="Support", quantity=1, net=20_00, tax=3_80, tax_percent=19),
        ),
    ),
    DemoInvoice(number=1002, customer="globex", currency="USD", state=State.UNPAID, days_old=9, lines=_flat("Annual licence", 500_00)),
    DemoInvoice(
        number=1003, customer="acme", currency="JPY", state=State.PAID, payments=(15_000,), days_old=8, lines=_flat("Workshop", 15_000)
    ),
    DemoInvoice(
        number=1004, customer="globex", currency="EUR", state=State.PARTLY_PAID, payments=(30_00, 20_00), days_old=7,
        lines=_flat("Consulting", 200_00),
    ),
    DemoInvoice(number=1005, customer="acme", currency="EUR", state=State.VOID, days_old=6, lines=_flat("Cancelled order", 80_00)),
)  # fmt: skip

OLD_NOTES = 60
OLD_CURRENCIES = ("EUR", "USD", "JPY", "EUR", "GBP", "KWD")
OLD_REASONS = ("product_unsatisfactory", "service_unsatisfactory", "order_change", "order_cancellation", "waiver", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class OldNote:
    """One of the older notes: issued `days_old` days before the start, against invoice 2000 + index, for part of it."""

    index: int
    customer: str
    currency: str
    reason: str
    invoice_total: int
    credited: int
    days_old: float
    paid: bool
    """Whether its invoice was paid: such a note leaves credit or moves money, the others lower what is owed."""
    settled: bool
    """Whether nothing of it is left to use or to pay out."""
    voided: bool


def old_notes(*, kwd: bool) -> tuple[OldNote, ...]:
    """Sixty notes over the thirty days before the start, oldest first; without KWD its places are taken by USD."""
    return tuple(_old_note(index, kwd=kwd) for index in range(1, OLD_NOTES + 1))


def _old_note(index: int, *, kwd: bool) -> OldNote:
    currency = OLD_CURRENCIES[index % len(OLD_CURRENCIES)]
    if currency == "KWD" and not kwd:
        currency = "USD"
    scale = {"JPY": 100, "KWD": 1000}.get(currency, 100)
    return OldNote(
        index=index,
        customer=("acme", "globex")[index % 2],
        currency=currency,
        reason=OLD_REASONS[index % len(OLD_REASONS)],
        invoice_total=(100 + index) * scale,
        credited=(10 + index) * scale + (index * 7 % 100 if currency != "JPY" else 0),
        days_old=(OLD_NOTES - index + 1) * 30 / (OLD_NOTES + 1),
        paid=index % 3 != 0,
        settled=index % 4 == 0,
        voided=index % 15 == 0,
    )
