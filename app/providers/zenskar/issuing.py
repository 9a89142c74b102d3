"""What issuing comes down to at Zenskar: what is refused before anything is sent, and the body that is; pure.

How the amount divides is in `dispositions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import msgspec

from app.domain.commands import CreditLines, CreditTotal, CustomerTarget, IssueCreditNote
from app.domain.errors import BadPayload, GatewayError, InvalidInput, InvalidInputs, Path, Unsupported, WrongState
from app.domain.invoice import CreditableBalance, Invoice
from app.domain.money import Money
from app.domain.plans import Expected, Preview, WritePlan
from app.domain.vocabulary import ErrorCode, IssueField, Reason
from app.providers.contract import AccountSettings
from app.providers.zenskar import dispositions
from app.providers.zenskar.dispositions import DESTINATION, Route
from app.providers.zenskar.invoices import CREDITED_NEVER
from app.providers.zenskar.switches import chosen

LARGEST = 2**63 - 1
"""Minor units that can be put on record, and told in GraphQL."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """The call as it is stored and sent: `body` is the JSON text itself, so that a resend is the same to the byte."""

    invoice_id: str
    path: str
    body: str


class _Split(msgspec.Struct, frozen=True, kw_only=True):
    payment_id: str
    amount: msgspec.Raw


class _Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """docs: Create a credit note against an invoice. Numbers are exact decimal text, never a binary float."""

    credit_note_amount: msgspec.Raw
    reason: str
    refund_destination: str | None = None
    refund_amount_split: tuple[_Split, ...] = ()


def plan(settings: AccountSettings, command: IssueCreditNote, invoice: Invoice | None) -> WritePlan:
    """Resolve a command against the invoice as read; raises what must be refused before anything is sent."""
    invoice = _credited(command, invoice)
    resolved = _route(settings, command, invoice)
    request = Request(
        invoice_id=invoice.ref.external_id,
        path=f"/invoices/{quote(invoice.ref.external_id, safe='')}/credit_note",
        body=msgspec.json.encode(_body(settings, command, resolved)).decode(),
    )
    expected = Expected(
        currency=invoice.currency,
        total=resolved.total,
        invoice_id=invoice.ref.external_id,
        customer_id=invoice.customer.provider_id if invoice.customer else None,
    )
    return WritePlan(request=msgspec.json.encode(request), expected=expected)


def preview(settings: AccountSettings, command: IssueCreditNote, invoice: Invoice | None) -> Preview:
    """What the plan of this command would come to; raises what `plan` raises. A note is one amount, so taxes are not told."""
    invoice = _credited(command, invoice)
    resolved = _route(settings, command, invoice)
    return Preview(total=resolved.total, allocations=resolved.allocations(invoice.ref.external_id))


def _credited(command: IssueCreditNote, invoice: Invoice | None) -> Invoice:
    if invoice is None or isinstance(command.target, CustomerTarget):
        message = "a note without an invoice would only be written down here: it would move nothing"
        raise Unsupported(message, path=("against", "customer"), ability=IssueField.WITHOUT_INVOICE)
    return invoice


def _route(settings: AccountSettings, command: IssueCreditNote, invoice: Invoice) -> Route:
    _check_state(invoice)
    _raise(_currency_problems(command, invoice))
    splits = chosen(settings, "split_unit") != "unset"
    _raise([*_field_problems(command), *_size_problems(command), *dispositions.problems(command, splits=splits)])
    resolved = dispositions.route(command, invoice, _balance(invoice))
    if resolved.total.minor > LARGEST:  # all that is left: an amount that was given has been looked at
        raise InvalidInput(_TOO_LARGE, path=("credit", "remaining"))
    return resolved


def _check_state(invoice: Invoice) -> None:
    """docs: Life cycle of an invoice: notes that add up to all of it make it void too, and that is a question of amounts."""
    void_by_hand = invoice.provider_status == "void" and not (invoice.note_ids and invoice.total)
    if void_by_hand or invoice.provider_status in CREDITED_NEVER:
        message = f"an invoice that is {invoice.provider_status} takes no credit notes"
        raise WrongState(message, code=ErrorCode.INVOICE_NOT_CREDITABLE, path=("against", "invoice"))


def _balance(invoice: Invoice) -> CreditableBalance:
    if invoice.creditable is None:
        raise BadPayload(invoice.conflict or "the provider does not tell what can be credited", path=("against", "invoice"))
    return invoice.creditable


def _amounts(command: IssueCreditNote) -> list[tuple[Path, Money]]:
    """Every amount that was given, with its place in the input."""
    given = [(("credit", "total"), command.credit.total)] if isinstance(command.credit, CreditTotal) else []
    parts = [(("dispositions", str(place), "amount"), part.amount) for place, part in enumerate(command.dispositions)]
    return [*given, *((path, amount) for path, amount in parts if amount is not None)]


def _currency_problems(command: IssueCreditNote, invoice: Invoice) -> list[GatewayError]:
    return [
        InvalidInput(f"the invoice is in {invoice.currency}", code=ErrorCode.CURRENCY_MISMATCH, path=(*path, "currency"))
        for path, amount in _amounts(command)
        if amount.currency != invoice.currency
    ]


_TOO_LARGE = "an amount this large cannot be told in minor units"


def _size_problems(command: IssueCreditNote) -> list[GatewayError]:
    return [InvalidInput(_TOO_LARGE, path=(*path, "amount")) for path, amount in _amounts(command) if amount.minor > LARGEST]


def _field_problems(command: IssueCreditNote) -> list[GatewayError]:
    found: list[GatewayError] = [
        Unsupported(f"{message} here", path=path, ability=ability)
        for given, message, path, ability in (
            (isinstance(command.credit, CreditLines), "a note is one amount", ("credit", "lineItems"), IssueField.LINE_ITEMS),
            (command.number is not None, "notes number themselves", ("number",), IssueField.NUMBER),
            (command.issued_on is not None, "a note is of the day it is issued", ("issuedOn",), IssueField.ISSUED_ON),
            (command.customer_note is not None, "a note has no text for its customer", ("customerNote",), IssueField.CUSTOMER_NOTE),
            (command.internal_note is not None, "a note has no internal text", ("internalNote",), IssueField.INTERNAL_NOTE),
            (command.notify_customer is True, "nobody can be notified", ("notifyCustomer",), IssueField.NOTIFY_CUSTOMER),
        )
        if given
    ]
    if command.options is not None:
        found.append(Unsupported("these options are another provider's", path=("options", command.options.provider)))
    if isinstance(command.credit, CreditTotal) and command.credit.total.minor <= 0:
        found.append(InvalidInput("an amount must be above zero", path=("credit", "total")))
    if command.reason is Reason.UNSPECIFIED and not _text(command):
        found.append(InvalidInput("a text is needed where no reason is given", path=("reasonText",)))
    return found


def _raise(problems: Sequence[GatewayError]) -> None:
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise InvalidInputs(problems)


def _body(settings: AccountSettings, command: IssueCreditNote, resolved: Route) -> _Body:
    split_unit = chosen(settings, "split_unit")
    return _Body(
        credit_note_amount=_number(resolved.total, chosen(settings, "amount_unit")),
        reason=_reason(command),
        refund_destination=None if resolved.destination is None else DESTINATION[resolved.destination],
        refund_amount_split=tuple(_Split(payment_id=id, amount=_number(amount, split_unit)) for id, amount in resolved.split),
    )


def _number(amount: Money, unit: str) -> msgspec.Raw:
    text = str(amount.minor) if unit == "minor" else f"{amount.major:f}"
    return msgspec.Raw(text.encode())


def _reason(command: IssueCreditNote) -> str:
    """The reason as text, since there is no code: `label: text`, or the text alone where the label would say nothing."""
    text, label = _text(command), command.reason.value.replace("_", " ").capitalize()
    if not text:
        return label
    return text if command.reason in {Reason.OTHER, Reason.UNSPECIFIED} else f"{label}: {text}"


def _text(command: IssueCreditNote) -> str:
    return (command.reason_text or "").strip()
