"""What the suites of refunds need at vcita's desk: a note, a plan to refund it, and what the books say of it. No test lives here."""

from __future__ import annotations

from typing import Any

from app.domain.commands import CreditTotal, RefundCreditNote
from app.domain.credit_note import CreditNote
from app.domain.money import Money
from app.domain.plans import WritePlan
from app.providers.contract import AccountSettings
from tests.providers.vcita.desk import Teller

REFUNDS = "/business/payments/v1/refunds"
FULL, FIRST, SECOND, YEN = "pay0000000001001", "pay0000000001004", "pay0000000011004", "pay0000000001003"


async def issued(teller: Teller, number: int = 1004, minor: int = 50_00, **more: Any) -> CreditNote:
    """A note of this amount."""
    return await teller.issue(number, CreditTotal(total=Money(minor, "JPY" if number == 1003 else "EUR")), **more)


async def planned(
    teller: Teller, note: CreditNote, payment_id: str | None = FIRST, account: AccountSettings | None = None, **members: Any
) -> WritePlan:
    """A refund of it."""
    command = RefundCreditNote(key="key-1", note=note.ref, payment_id=payment_id, **members)
    return await teller.adapter(account).plan_refund(command, note)


def booked(teller: Teller) -> list[tuple[Any, ...]]:
    """Every refund there is: payment, amount, state."""
    return [(row["payment_id"], row["minor"], row["status"]) for row in teller.desk.sandbox.books()["refunds"]]
