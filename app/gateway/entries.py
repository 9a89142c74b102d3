"""What the ledger remembers of one write: the shapes that are stored. Final: an entry outlives the version that wrote it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal

import msgspec

from app.domain.commands import CustomerTarget, InvoiceTarget, IssueCreditNote, RefundCreditNote, VoidCreditNote
from app.domain.credit_note import CreditNote
from app.domain.plans import Payout, WritePlan
from app.domain.vocabulary import ErrorCode, Operation
from app.gateway.accounts import Account


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One send: when (epoch seconds), and what became of it."""

    at: float
    code: str | None = None
    """None until it has ended; OK, or the code of the error."""
    provider_request_id: str | None = None
    step: int = 1

    @property
    def may_be_at_work(self) -> bool:
        """Whether the provider may have got it without having answered: a refusal is an answer."""
        return self.code in {None, ErrorCode.OUTCOME_UNKNOWN.value}


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One write, by (tenant, account, operation, client key)."""

    state: str
    """started | sent | done | refused | unknown"""
    operation: str
    key: str
    """The client's."""
    fingerprint: str
    generation: int = 1
    """Rises after each definite refusal: the provider sees a new key then, and never after an unknown outcome."""
    step: int = 1
    """Which call of an operation of several; those before it have succeeded."""
    subject: str | None = None
    """What was written on: the invoice, or the customer of a note without one."""
    plan: WritePlan | None = None
    """Of this step's call, once it was on record."""
    payouts: tuple[Payout, ...] = ()
    """From the second step on: what is still to be paid out, this step's payout first. In *done*: what was given up."""
    snapshot: tuple[str, ...] = ()
    """What there was before the first send of this generation: the invoice's notes or, of a refund, the note's refunds."""
    sent_at: float | None = None
    """Of the first send of this generation."""
    settles_at: float = 0.0
    """Before this, the note's absence at the provider says nothing."""
    at_work: bool = False
    """Whether the last send may still be at work at the provider: it timed out, or whoever sent it died."""
    attempts: tuple[Attempt, ...] = ()
    note: CreditNote | None = None
    """The note after the last step that succeeded."""
    refund_id: str | None = None
    surplus: CreditNote | None = None
    """A note the provider made by itself, beside what was asked."""
    difference: str | None = None
    """How the provider's answer differs from what was asked."""
    ended_at: float | None = None
    """When it was done or refused."""
    refusal: str | None = None
    """The code of the last definite refusal."""
    refusal_message: str | None = None
    is_unpayable: bool = False
    """Whether that refusal was the note's own: as it has become, what is missing can't be paid out of it."""

    @property
    def is_open(self) -> bool:
        """Whether something was sent whose end is not known."""
        return self.state in {"sent", "unknown"}

    @property
    def is_between_steps(self) -> bool:
        """Whether earlier steps have succeeded and later ones remain, with nothing under way."""
        return self.step > 1 and self.state in {"started", "refused"}

    def anew(self, state: str, *, generation: int) -> Entry:
        """The entry with nothing of this step sent, keeping what earlier steps have done."""
        return msgspec.structs.replace(
            self,
            state=state,
            generation=generation,
            plan=None,
            snapshot=(),
            sent_at=None,
            settles_at=0.0,
            at_work=False,
            is_unpayable=False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryKeys:
    """Where a write is remembered. All keys of an account live in one hash slot, so that a step over several is atomic."""

    account: Account
    operation: Operation
    key: str

    @property
    def entry(self) -> str:
        """The entry itself."""
        return entry_key(self.account.tag, self.digest)

    @property
    def lease(self) -> str:
        """Held by whoever works on the entry now."""
        return f"cn:1:ledger-lease:{self.account.tag}:{self.digest}"

    def turn(self, subject: str) -> str:
        """Held by whoever writes on the subject now."""
        return f"cn:1:turn:{self.account.tag}:{subject}"

    def pending(self, subject: str) -> str:
        """Holds the mark of the one write on the subject whose end is not known."""
        return f"cn:1:pending:{self.account.tag}:{subject}"

    def claim(self, made: str) -> str:
        """Says which entry a note belongs to, or a refund."""
        return f"cn:1:claim:{self.account.tag}:{made}"

    @property
    def mark(self) -> bytes:
        """Names this write where its end is pending."""
        return f"{self.operation.value}\0{self.key}".encode()

    @property
    def digest(self) -> str:
        """The operation and the client's key, of one length."""
        return hashlib.sha256(self.mark).hexdigest()

    def provider_key(self, generation: int, step: int) -> str:
        """The key the provider gets: the same for every resend of a generation, never the client's own text."""
        parts = (self.account.settings.tenant, self.account.name, self.operation.value, self.key, str(generation), str(step))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def open_entries(tag: str) -> str:
    """Where the digests of an account's entries without a known end stand."""
    return f"cn:1:open:{tag}"


def entry_key(tag: str, digest: str) -> str:
    """Where an entry stands."""
    return f"cn:1:ledger:{tag}:{digest}"


def subject(command: IssueCreditNote) -> str:
    """What the command writes on, in one spelling: some providers read ids in either case."""
    match command.target:
        case InvoiceTarget(invoice=ref):
            return f"invoice:{ref.external_id.casefold()}"
        case CustomerTarget(customer=ref):
            return f"customer:{ref.external_id.casefold()}"


def subject_of(note: CreditNote) -> str:
    """What a change of a note writes on: the same as issuing it did."""
    if note.invoice_id is not None:
        return f"invoice:{note.invoice_id.casefold()}"
    if note.customer is not None:
        return f"customer:{note.customer.provider_id.casefold()}"
    return f"note:{note.ref.external_id.casefold()}"


def fingerprint(command: IssueCreditNote | VoidCreditNote | RefundCreditNote) -> str:
    """What makes two requests the same: the content in canonical form, defaults left out, the key itself left out."""
    return hashlib.sha256(msgspec.json.encode(_canonical(replace(command, key="")), order="sorted")).hexdigest()


def _canonical(value: object) -> object:
    match value:
        case tuple():
            return [_canonical(member) for member in value]
        case Decimal():
            return _digits(value)
        case _ if is_dataclass(value):
            given = {
                field.name: getattr(value, field.name) for field in fields(value) if getattr(value, field.name) != field.default
            }
            members = {name: _canonical(member) for name, member in given.items()}
            return {name: member for name, member in members.items() if member != {}}
        case _:
            return value


def _digits(value: Decimal) -> str:
    """1.0 and 1.00 are the same request; `normalize` would round to the context's 28 digits."""
    text = format(value or Decimal(0), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
