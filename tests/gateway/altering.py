"""Notes of every provider that can be voided or refunded, made through the gateway, and what the books say of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from decimal import Decimal

from app.domain.commands import CreditRemaining, DispositionPart, InvoiceTarget, IssueCreditNote, RefundCreditNote, VoidCreditNote
from app.domain.credit_note import Ref
from app.domain.money import Money
from app.domain.vocabulary import Disposition, Reason
from app.gateway.results import WriteResult
from tests.gateway.writing import Desk, command
from tests.support.demo import PAID, invoice_id, provider
from tests.support.running import Json, SandboxControl

VOIDING = ("chargebee-demo", "zenskar-demo")
REFUNDING = ("chargebee-demo", "vcita-demo")
PAYMENT = {"vcita-demo": "pay0000000001001"}
"""What is paid back, where that has to be named."""
REFUND_PATH = {"chargebee-demo": "*/refund", "vcita-demo": "*/refunds"}
VOID_METHOD = {"chargebee-demo": "POST", "zenskar-demo": "PATCH"}

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A note that was issued for a test."""

    account: str
    id: str

    def void(self, key: str, *, text: str | None = None) -> VoidCreditNote:
        """Void it."""
        return VoidCreditNote(key=key, note=Ref(self.account, self.id), text=text)

    def refund(self, key: str, amount: str | None = None) -> RefundCreditNote:
        """Pay it out, in EUR."""
        given = None if amount is None else Money.from_major(Decimal(amount), "EUR")
        return RefundCreditNote(key=key, note=Ref(self.account, self.id), amount=given, payment_id=PAYMENT.get(self.account))

    def in_books(self, sandbox: SandboxControl) -> Json:
        """As the provider has it."""
        return next(note for note in sandbox.books()[provider(self.account)]["notes"] if note["id"] == self.id)

    def refunds(self, sandbox: SandboxControl) -> list[Json]:
        """Money that went back from it; vcita books refunds of payments."""
        booked: list[Json] = sandbox.books()[provider(self.account)]["refunds"]
        return [one for one in booked if one.get("note_id", self.id) == self.id]


async def voidable(desk: Desk, account: str) -> Held:
    """USD 10.00 off an unpaid invoice."""
    return held(account, await desk.issue(command(account, key=f"voidable-{next(_numbers)}")))


async def refundable(desk: Desk, account: str) -> Held:
    """All of a paid invoice, EUR 119.00, kept as credit where that can be said."""
    return held(account, await desk.issue(all_of(account, f"refundable-{next(_numbers)}", Disposition.CUSTOMER_CREDIT)))


def all_of(account: str, key: str, *to: Disposition, invoice: int = PAID) -> IssueCreditNote:
    """All that is left of an invoice; vcita can't be told where it goes."""
    parts = () if account == "vcita-demo" else tuple(DispositionPart(disposition=one) for one in to)
    return IssueCreditNote(
        key=key,
        target=InvoiceTarget(invoice=Ref(account, invoice_id(account, invoice))),
        credit=CreditRemaining(),
        reason=Reason.ORDER_CHANGE,
        dispositions=parts,
    )


def paying_out(command: IssueCreditNote, *parts: DispositionPart) -> IssueCreditNote:
    """The same, going elsewhere."""
    return replace(command, dispositions=parts)


def held(account: str, issued: WriteResult) -> Held:
    """The note of a result."""
    assert issued.note is not None, issued.errors
    return Held(account=account, id=issued.note.ref.external_id)
