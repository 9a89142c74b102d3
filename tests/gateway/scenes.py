"""A small world over the sandboxes for the machine of all writes: which keys there are, what each asks, and what the books say of each."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from decimal import Decimal

from app.domain.commands import CreditTotal, DispositionPart, InvoiceTarget, IssueCreditNote, RefundCreditNote, VoidCreditNote
from app.domain.credit_note import Ref
from app.domain.money import Money
from app.domain.vocabulary import Disposition, Reason
from app.gateway.results import WriteResult
from tests.gateway.writing import Desk
from tests.support.demo import PAID, UNPAID, invoice_id, provider
from tests.support.running import Json, SandboxControl

CURRENCY = {UNPAID: "USD", PAID: "EUR"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One idempotency key. `amounts` are of its first content and of another one; nobody else uses either."""

    name: str
    account: str
    amounts: tuple[str, str]
    invoice: int = UNPAID
    to: Disposition | None = None
    void_of: str | None = None
    refund_of: str | None = None

    @property
    def minors(self) -> set[int]:
        """Both amounts."""
        return {int(Decimal(amount) * 100) for amount in self.amounts}


def _issue(account: str, name: str, first: str, other: str, *, invoice: int = UNPAID, to: Disposition | None = None) -> Key:
    return Key(name=f"{account}/{name}", account=account, amounts=(first, other), invoice=invoice, to=to)


def _keys(account: str) -> list[Key]:
    keys = [_issue(account, "a", "1.01", "1.02"), _issue(account, "b", "1.03", "1.04")]
    if account != "vcita-demo":
        keys.append(Key(name=f"{account}/void a", account=account, amounts=("", ""), void_of=f"{account}/a"))
    if account == "chargebee-demo":
        keys += [
            _issue(account, "paid out", "2.01", "2.02", invoice=PAID, to=Disposition.PAYMENT_REFUND),
            _issue(account, "kept", "3.01", "3.02", invoice=PAID, to=Disposition.CUSTOMER_CREDIT),
            Key(name=f"{account}/refund kept", account=account, amounts=("1.51", "1.52"), refund_of=f"{account}/kept"),
        ]
    return keys


KEYS = {key.name: key for account in ("chargebee-demo", "vcita-demo", "zenskar-demo") for key in _keys(account)}


@dataclass(slots=True, kw_only=True)
class Scene:
    """What has come of the keys so far. `notes`: the note each issuing key was told of."""

    sandbox: SandboxControl
    notes: dict[str, str]

    def ask(self, desk: Desk, key: Key, content: int) -> Awaitable[WriteResult] | None:
        """Send what the key stands for; None for a void or refund of a note that is not known yet."""
        target = self.notes.get(key.void_of or key.refund_of or "")
        if key.void_of is not None:
            text = None if content == 0 or key.account != "chargebee-demo" else "another word"
            return target and desk.void(VoidCreditNote(key=key.name, note=Ref(key.account, target), text=text))  # type: ignore[return-value]  # "" is not in the notes
        if key.refund_of is not None:
            if target is None:
                return None
            amount = Money.from_major(Decimal(key.amounts[content]), "EUR")
            return desk.refund(RefundCreditNote(key=key.name, note=Ref(key.account, target), amount=amount))
        return desk.issue(_command(key, content))

    def done(self, key: Key, books: Json) -> list[str]:
        """What the key has brought about, by id: as many as there are of it in the books."""
        held = books[provider(key.account)]
        if key.void_of is not None:
            target = self.notes.get(key.void_of)
            return [note["id"] for note in held["notes"] if note["id"] == target and note["status"] in {"voided", "void"}]
        if key.refund_of is not None:
            target = self.notes.get(key.refund_of)
            return [one["id"] for one in held["refunds"] if one["note_id"] == target and one["minor"] in key.minors]
        on = invoice_id(key.account, key.invoice)
        return [note["id"] for note in held["notes"] if note["invoice_id"] == on and note["minor"] in key.minors]

    def paid_out(self, key: Key, books: Json) -> int:
        """How many refunds the note of an issuing key has had."""
        made = self.done(key, books)
        return sum(one["note_id"] in made for one in books[provider(key.account)]["refunds"])


def _command(key: Key, content: int) -> IssueCreditNote:
    currency = CURRENCY[key.invoice]
    command = IssueCreditNote(
        key=key.name,
        target=InvoiceTarget(invoice=Ref(key.account, invoice_id(key.account, key.invoice))),
        credit=CreditTotal(total=Money.from_major(Decimal(key.amounts[content]), currency)),
        reason=Reason.ORDER_CHANGE,
    )
    return command if key.to is None else replace(command, dispositions=(DispositionPart(disposition=key.to),))
