"""What a wanted note comes down to at vcita: what must be refused, what is sent, what the answer has to say; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from app.domain.commands import CreditLines, CreditRemaining, CreditTotal, CustomerTarget, IssueCreditNote
from app.domain.errors import (
    AmountTooHigh,
    BadPayload,
    GatewayError,
    InvalidInput,
    Path,
    Unsupported,
    WrongState,
)
from app.domain.invoice import Invoice
from app.domain.money import Money
from app.domain.plans import Expected, Preview, WritePlan
from app.domain.vocabulary import Disposition, ErrorCode, InvoiceStatus, IssueField, Reason
from app.providers.contract import AccountSettings
from app.providers.vcita import wire
from app.providers.vcita.arithmetic import is_storable
from app.providers.vcita.lines import PlannedLine, lines_of_amount, planned_line
from app.providers.vcita.options import VcitaOptions
from app.providers.vcita.wanted import LINES, foreign_amounts, line_problems, refuse

PATH = "/v3/payments/credit_notes"
LONGEST_NOTES = 200  # docs: Create a Credit Note

_BODY = msgspec.json.Encoder(decimal_format="number")  # exact: binary floats never touch an amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The lines a command comes down to, against its invoice."""

    invoice: Invoice
    lines: tuple[PlannedLine, ...]

    @property
    def gross(self) -> Money:
        """What they come to with taxes."""
        on_top = 0 if self.invoice.tax_inclusive else self.tax.minor
        return Money(self.amount.minor + on_top, self.invoice.currency)

    @property
    def amount(self) -> Money:
        """What they come to as lines: without taxes, unless the invoice is tax-inclusive."""
        return Money(sum(line.amount for line in self.lines), self.invoice.currency)

    @property
    def tax(self) -> Money:
        """The taxes sent with them."""
        return Money(sum(line.tax for line in self.lines), self.invoice.currency)

    @property
    def inexact(self) -> int:
        """Lines whose rounding is vcita's, which does not publish it: a minor unit each."""
        return sum(not line.exact for line in self.lines)


def issue_plan(command: IssueCreditNote, invoice: Invoice | None, settings: AccountSettings) -> WritePlan:
    """Resolve a command against its invoice; raises everything that must be refused before anything is sent."""
    resolved = _resolved(command, invoice, settings)
    body = _body(command, resolved)
    call = wire.StoredCall(path=PATH, body=_BODY.encode(body).decode(), invoice_uid=body.invoice_uid)
    return WritePlan(request=msgspec.json.encode(call), expected=_expected(body, resolved))


def issue_preview(command: IssueCreditNote, invoice: Invoice | None, settings: AccountSettings) -> Preview:
    """What the plan of this command would come to; no allocations, for no note is tied to a part. Raises what the plan raises."""
    resolved = _resolved(command, invoice, settings)
    net = None if resolved.inexact else resolved.gross - resolved.tax
    return Preview(total=resolved.gross, subtotal=net, tax=resolved.tax)


def _resolved(command: IssueCreditNote, invoice: Invoice | None, settings: AccountSettings) -> Resolved:
    if isinstance(command.target, CustomerTarget) or invoice is None:
        message = "a vcita credit note is always against an invoice"
        raise Unsupported(message, path=("against", "customer"), ability=IssueField.WITHOUT_INVOICE)
    if invoice.status in {InvoiceStatus.DRAFT, InvoiceStatus.VOIDED}:
        message = f"an invoice in status {invoice.provider_status} cannot be credited"
        raise WrongState(message, code=ErrorCode.INVOICE_NOT_CREDITABLE, path=("against", "invoice"))
    refuse(list(_foreign(command, invoice)))
    if invoice.conflict is not None or invoice.creditable is None or not is_storable(invoice.creditable.total):
        raise BadPayload(invoice.conflict or "the provider does not tell what can still be credited")
    if invoice.creditable.total and not invoice.lines:
        message = "the provider does not tell the invoice's lines unmistakably, so the taxes of a credit cannot be known"
        raise BadPayload(message)
    refuse([*_unsupported(command, settings), *_invalid(command, invoice)])
    return _lines(command, invoice, invoice.creditable.total)


def notes_text(reason: Reason, text: str | None) -> str | None:
    """The reason as vcita keeps it, in the text: "label: text"; OTHER and UNSPECIFIED do not label a text."""
    said = text if text is not None and text.strip() else None
    if reason is Reason.UNSPECIFIED or (reason is Reason.OTHER and said):
        return said
    label = reason.value.replace("_", " ").capitalize()
    return f"{label}: {said}" if said else label


def _foreign(command: IssueCreditNote, invoice: Invoice) -> Iterator[GatewayError]:
    match command.credit:
        case CreditTotal(total=total) if total.currency != invoice.currency:
            message = f"the invoice is in {invoice.currency}, not in {total.currency}"
            yield InvalidInput(message, code=ErrorCode.CURRENCY_MISMATCH, path=("credit", "total", "currency"))
        case CreditLines():
            yield from foreign_amounts(command.credit, invoice.currency)


def _unsupported(command: IssueCreditNote, settings: AccountSettings) -> Iterator[GatewayError]:
    for place, part in enumerate(command.dispositions):
        if part.disposition is Disposition.UNKNOWN:
            yield InvalidInput("UNKNOWN is an answer, not a request", path=("dispositions", str(place), "disposition"))
    if command.dispositions and not any(part.disposition is Disposition.UNKNOWN for part in command.dispositions):
        message = "at vcita no credit note is tied to a part of the invoice or to a payment; leave dispositions out"
        yield Unsupported(message, path=("dispositions",), ability=command.dispositions[0].disposition)
    for name, given, ability in (
        ("issuedOn", command.issued_on, IssueField.ISSUED_ON),
        ("customerNote", command.customer_note, IssueField.CUSTOMER_NOTE),
        ("internalNote", command.internal_note, IssueField.INTERNAL_NOTE),
    ):
        if given is not None:
            yield Unsupported(f"vcita takes no {name}", path=(name,), ability=ability)
    if command.options is not None:
        yield from _options(command, settings)


def _options(command: IssueCreditNote, settings: AccountSettings) -> Iterator[GatewayError]:
    if not isinstance(command.options, VcitaOptions):
        yield InvalidInput("these options are another provider's", path=("options",))
    elif command.options.source_payment_uid is not None:
        path = ("options", "vcita", "sourcePaymentUid")
        if settings.switches.get("source_payment") != "accepted":
            message = "what vcita does with a source payment is not published; the account must set source_payment = accepted"
            yield Unsupported(message, path=path)
        elif not command.options.source_payment_uid.strip():
            yield InvalidInput("a payment's uid must not be empty", path=path)


def _invalid(command: IssueCreditNote, invoice: Invoice) -> Iterator[GatewayError]:
    notes = notes_text(command.reason, command.reason_text) or ""
    if len(notes) > LONGEST_NOTES:
        message = f"reason and reasonText come to {len(notes)} characters, vcita takes {LONGEST_NOTES}"
        yield InvalidInput(message, path=("reasonText",))
    if command.number is not None and not command.number.strip():
        yield InvalidInput("a number must not be empty", path=("number",))
    match command.credit:
        case CreditTotal(total=total) if total.minor <= 0 or not is_storable(total):
            yield InvalidInput("the amount must be greater than zero, and of a reasonable size", path=("credit", "total"))
        case CreditLines():
            yield from line_problems(command.credit, invoice)


def _lines(command: IssueCreditNote, invoice: Invoice, maximum: Money) -> Resolved:
    match command.credit:
        case CreditTotal(total=total):
            _check(total, maximum, 0, ("credit", "total"))
            return Resolved(invoice=invoice, lines=lines_of_amount(invoice, total))
        case CreditRemaining():
            if not maximum:
                raise AmountTooHigh.of(None, maximum, path=("credit", "remaining"))
            return Resolved(invoice=invoice, lines=lines_of_amount(invoice, maximum))
        case CreditLines(lines=wanted):
            resolved = Resolved(invoice=invoice, lines=tuple(planned_line(invoice, line) for line in wanted))
            _check(resolved.gross, maximum, resolved.inexact, LINES)
            return resolved


def _check(requested: Money, maximum: Money, tolerance: int, path: Path) -> None:
    if not is_storable(requested):
        message = "the lines come to more than can be kept in minor units"
        raise InvalidInput(message, path=path)
    if requested.minor > maximum.minor + tolerance or not maximum:
        raise AmountTooHigh.of(requested, maximum, path=path)


def _body(command: IssueCreditNote, resolved: Resolved) -> wire.WantedNote:
    return wire.WantedNote(
        invoice_uid=resolved.invoice.ref.external_id,
        line_items=tuple(line.sent for line in resolved.lines),
        notes=notes_text(command.reason, command.reason_text),
        unique_number=command.number,
        source_payment_uid=command.options.source_payment_uid if isinstance(command.options, VcitaOptions) else None,
        notify_recipient=command.notify_customer,
    )


def _expected(body: wire.WantedNote, resolved: Resolved) -> Expected:
    return Expected(
        currency=resolved.invoice.currency,
        total=resolved.gross,
        net=None if resolved.invoice.tax_inclusive or resolved.inexact else resolved.amount,
        tolerance=resolved.inexact,
        invoice_id=body.invoice_uid,
        number=body.unique_number,
        reason_text=body.notes,
        descriptions=tuple(line.name for line in body.line_items),
    )
