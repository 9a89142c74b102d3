"""What a note says beside its amount: reason, texts, number, date (docs: Create a credit note). Problems first, parameters second; pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from app.domain.commands import IssueCreditNote
from app.domain.errors import GatewayError, InvalidInput, Path, Unsupported
from app.domain.invoice import Invoice
from app.domain.vocabulary import IssueField, Reason
from app.providers.chargebee.instants import has_timestamp, midnight, seconds
from app.providers.chargebee.issue import Issue
from app.providers.chargebee.texts import LONGEST_COMMENT, LONGEST_CUSTOMER_NOTES, is_whole, text_problems
from app.providers.contract import AccountSettings

# The deprecated codes a caller may send; Chargebee sets the others itself (docs: Create a credit note, `reason_code`).
REASON_CODE = {
    Reason.PRODUCT_UNSATISFACTORY: "product_unsatisfactory",
    Reason.SERVICE_UNSATISFACTORY: "service_unsatisfactory",
    Reason.ORDER_CHANGE: "order_change",
    Reason.ORDER_CANCELLATION: "order_cancellation",
    Reason.WAIVER: "waiver",
    Reason.OTHER: "other",
}
LONGEST_REASON_CODE = 100

_CODE: Path = ("options", "chargebee", "createReasonCode")

Pair = tuple[str, str]


def detail_problems(issue: Issue) -> Iterator[GatewayError]:
    """What of these cannot be honoured, or is not valid."""
    command = issue.command
    if command.number is not None:
        message = "Chargebee numbers its notes itself"
        yield Unsupported(message, path=("number",), ability=IssueField.NUMBER)
    yield from _reason_problems(issue)
    yield from _text_problems(command)
    if command.issued_on is not None:
        yield from _date_problems(command.issued_on, issue)


def detail_pairs(issue: Issue) -> Iterator[Pair]:
    """The parameters, given that there are no problems."""
    command = issue.command
    yield from _reason_pairs(issue)
    if command.customer_note:
        yield "customer_notes", command.customer_note
    if comment := command.internal_note or command.reason_text:
        yield "comment", comment
    if dated_on := sent_date(issue):
        yield "date", seconds(_instant(dated_on, issue.invoice))


def detail_inputs(issue: Issue) -> dict[str, Path]:
    """Where those parameters came from that have several inputs."""
    return {
        "create_reason_code": ("reason",) if issue.options.create_reason_code is None else _CODE,
        "comment": ("internalNote",) if issue.command.internal_note else ("reasonText",),
    }


def account_reasons(settings: AccountSettings) -> frozenset[Reason]:
    """The reasons that can be given at an account without naming a code of the site."""
    return frozenset({*REASON_CODE, *settings.reason_codes, Reason.UNSPECIFIED})


def sent_date(issue: Issue) -> date | None:
    """The date asked for, unless it is today: that is what Chargebee takes by itself, by its own clock."""
    asked = issue.command.issued_on
    return None if asked == issue.today else asked


def _reason_problems(issue: Issue) -> Iterator[GatewayError]:
    reason, code = issue.command.reason, issue.options.create_reason_code
    if code is not None and not (code.strip() and len(code) <= LONGEST_REASON_CODE and is_whole(code)):
        message = f"a reason code has 1 to {LONGEST_REASON_CODE} characters"
        yield InvalidInput(message, path=_CODE)
    elif code is None and reason is not Reason.UNSPECIFIED and not list(_reason_pairs(issue)):
        message = (
            f"Chargebee has no code for {reason.value}: name the site's own in options.chargebee.createReasonCode, "
            "or map it in the account's reason_codes"
        )
        yield Unsupported(message, path=("reason",), ability=IssueField.REASON_CODE)


def _reason_pairs(issue: Issue) -> Iterator[Pair]:
    reason = issue.command.reason
    own = issue.options.create_reason_code or issue.settings.reason_codes.get(reason)
    if own:
        yield "create_reason_code", own
    elif reason in REASON_CODE:
        yield "reason_code", REASON_CODE[reason]


def _text_problems(command: IssueCreditNote) -> Iterator[GatewayError]:
    if command.reason_text and command.internal_note:
        message = "Chargebee has one comment: reasonText and internalNote cannot both be kept"
        yield Unsupported(message, path=("internalNote",), ability=IssueField.INTERNAL_NOTE)
    yield from text_problems(
        (
            ("reasonText", command.reason_text, LONGEST_COMMENT),
            ("internalNote", command.internal_note, LONGEST_COMMENT),
            ("customerNote", command.customer_note, LONGEST_CUSTOMER_NOTES),
        )
    )


def _date_problems(issued_on: date, issue: Issue) -> Iterator[GatewayError]:
    billed_on = _billed_on(issue.invoice)
    if issued_on > issue.today:
        yield InvalidInput(f"issuedOn is in the future: today is {issue.today} in UTC", path=("issuedOn",))
    elif not has_timestamp(issued_on):
        yield InvalidInput(f"{issued_on} is a day Chargebee has no timestamp for", path=("issuedOn",))
    elif billed_on is not None and issued_on < billed_on:
        yield InvalidInput(f"issuedOn is before the invoice, which is of {billed_on}", path=("issuedOn",))


def _instant(issued_on: date, invoice: Invoice | None) -> datetime:
    """The start of the day; on the invoice's own day the invoice's instant, since a note must not be older than its invoice."""
    if invoice is not None and invoice.issued_at is not None and issued_on == _billed_on(invoice):
        return invoice.issued_at
    return midnight(issued_on)


def _billed_on(invoice: Invoice | None) -> date | None:
    return None if invoice is None or invoice.issued_at is None else invoice.issued_at.astimezone(UTC).date()
