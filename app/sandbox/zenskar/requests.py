"""The members each operation takes, and the values they become. Amounts are read here, with their unit and their digits."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, localcontext

from app.domain.money import InexactAmount, MoneyError, exponent, from_units, to_units
from app.sandbox.kernel import Switches
from app.sandbox.zenskar import kinds
from app.sandbox.zenskar.allocation import Order
from app.sandbox.zenskar.filters import INVOICE_FILTERS, NOTE_FILTERS, PAYMENT_FILTERS
from app.sandbox.zenskar.kinds import Kind, Shape, Value, maybe
from app.sandbox.zenskar.notes import Change, Record
from app.sandbox.zenskar.payments import Receipt, Return
from app.sandbox.zenskar.problems import Wrong, fault
from app.sandbox.zenskar.reading import Call
from app.sandbox.zenskar.records import Share
from app.sandbox.zenskar.refusals import Code, Refused
from app.sandbox.zenskar.words import Destination, NoteStatus, PaymentMethod, PaymentStatus, PaymentType, Repayment

_DESTINATION = kinds.choice(Destination)
_STATUS = kinds.choice(NoteStatus)
_REPAYMENT = kinds.choice(Repayment)
_SPLIT = kinds.listing(Shape(required={"payment_id": kinds.uuid, "amount": kinds.positive}, optional={"refund_id": kinds.uuid}))
_PARTS = kinds.listing(Shape(required={"invoice_id": kinds.uuid, "amount": kinds.positive_integer}))
_RECORD_SPLIT = kinds.listing(
    Shape(
        optional={"payment_id": kinds.uuid, "amount": kinds.positive, "external_payment_id": kinds.text, "connector_id": kinds.uuid}
    )
)


def _limit(value: Value) -> int:
    limit = kinds.whole(value)
    if limit < 1:
        raise fault(Wrong.TOO_LOW)
    return limit


def _listed(filters: Mapping[str, Kind[object]]) -> Shape:
    words = dict.fromkeys(("cursor", "order", "search", "sort_key", "sort_type"), kinds.text)
    return Shape(required={"path": Shape(), "query": Shape(optional={**filters, **words, "limit": _limit})})


def _under(name: str, *, body: Shape | None = None, query: Shape | None = None, body_optional: bool = False) -> Shape:
    required: dict[str, Kind[object]] = {"path": Shape(required={name: kinds.uuid}), "query": query or Shape()}
    if body is None:
        return Shape(required=required)
    if body_optional:
        return Shape(required=required, optional={"body": body})
    return Shape(required={**required, "body": body})


ISSUE = Shape(
    required={"credit_note_amount": kinds.positive, "reason": kinds.text},
    optional={"refund_destination": _DESTINATION, "refund_amount_split": _SPLIT},
)
RECORD = Shape(
    required={
        "amount": kinds.positive_integer, "currency": kinds.currency, "customer_id": kinds.uuid, "status": _STATUS,
        "repayment_method": _REPAYMENT, "line_items": kinds.mapping,
    },
    optional={
        "id": kinds.uuid, "credits_returned": kinds.not_negative, "refund_amount": kinds.not_negative, "invoice_id": kinds.uuid,
        "credit_note_number": kinds.text, "custom_data": kinds.mapping, "refund_destination": _DESTINATION,
        "refund_amount_split": _RECORD_SPLIT,
    },
)  # fmt: skip
CHANGE = Shape(
    optional={
        "amount": kinds.positive_integer, "currency": kinds.currency, "status": _STATUS, "repayment_method": _REPAYMENT,
        "line_items": kinds.mapping, "custom_data": kinds.mapping,
    }
)  # fmt: skip
PAY = Shape(
    required={"amount": kinds.positive_integer, "currency_code": kinds.currency},
    optional={
        "customer_id": kinds.uuid, "payment_parts": _PARTS, "payment_method": kinds.choice(PaymentMethod),
        "type": kinds.choice(PaymentType), "status": kinds.choice(PaymentStatus), "external_id": kinds.text, "timestamp": kinds.instant,
    },
)  # fmt: skip
REFUND = Shape(
    required={"refund_destination": _DESTINATION, "writeoff_invoices": kinds.boolean},
    optional={
        "connector": Shape(optional={"name": kinds.text, "reference_id": kinds.text}), "refund_payment_part_amounts": _PARTS,
        "refund_amount": kinds.not_negative, "description": kinds.text, "timestamp": kinds.instant,
    },
)  # fmt: skip

ISSUE_CALL = _under("invoice_id", body=ISSUE)
RECORD_CALL = Shape(required={"path": Shape(), "query": Shape(), "body": RECORD})
NOTE_CALL = _under("credit_note_id")
CHANGE_CALL = _under("credit_note_id", body=CHANGE)
INVOICE_CALL = _under("invoice_id", query=Shape(optional={"include_line_items": kinds.boolean}))
APPROVE_CALL = _under(
    "invoice_id",
    body=Shape(optional={"check_duplicate_invoice": kinds.boolean}),
    query=Shape(optional={"send_email": kinds.boolean}),
)
VOID_CALL = _under("invoice_id", body=Shape(), body_optional=True)
EXTERNAL_CALL = Shape(required={"path": Shape(required={"external_id": kinds.text}), "query": Shape()})
PAYMENT_CALL = _under("payment_id")
REFUND_CALL = _under("payment_id", body=REFUND)
PAY_CALL = Shape(required={"path": Shape(), "query": Shape(), "body": PAY})
NOTES_CALL = _listed(NOTE_FILTERS)
INVOICES_CALL = _listed(INVOICE_FILTERS)
PAYMENTS_CALL = _listed(PAYMENT_FILTERS)


def order(call: Call, currency: str, switches: Switches) -> Order:
    """A note asked for, its amounts in minor units of the invoice's currency."""
    body = call.body
    split = body.get("refund_amount_split")
    entries = None if split is None else kinds.listing(kinds.mapping)(split)
    amount = _Amount(currency, switches)
    return Order(
        invoice_id=kinds.uuid(call.path["invoice_id"]),
        amount=amount.minor(body["credit_note_amount"], "amount_unit", "credit_note_amount"),
        reason=kinds.text(body["reason"]),
        destination=maybe(body, "refund_destination", _DESTINATION),
        split=None if entries is None else tuple(
            (kinds.uuid(entry["payment_id"]), amount.minor(entry["amount"], "split_unit", "refund_amount_split", index, "amount"))
            for index, entry in enumerate(entries)
        ),
    )  # fmt: skip


def record(call: Call) -> Record:
    """A note to write down; docs: Create credit note: `refund_amount` is the sum of the split."""
    body = call.body
    split = kinds.listing(kinds.mapping)(body.get("refund_amount_split") or [])
    parts = [maybe(entry, "amount", kinds.number) or Decimal(0) for entry in split]
    refund = maybe(body, "refund_amount", kinds.not_negative)
    if (refund is not None or parts) and sum(parts) != (refund or 0):
        raise Refused(Code.INVALID_REFUND_SPLIT, "refund_amount is not the sum of the split")
    return Record(
        id=maybe(body, "id", kinds.uuid),
        number=maybe(body, "credit_note_number", kinds.text),
        amount=kinds.integer(body["amount"]),
        currency=kinds.currency(body["currency"]),
        customer_id=kinds.uuid(body["customer_id"]),
        invoice_id=maybe(body, "invoice_id", kinds.uuid),
        status=_STATUS(body["status"]),
        repayment=_REPAYMENT(body["repayment_method"]),
        credits_returned=maybe(body, "credits_returned", kinds.not_negative),
        custom_data=maybe(body, "custom_data", kinds.mapping),
        line_items=kinds.mapping(body["line_items"]),
        request=body,
    )


def change(call: Call) -> Change:
    """What PATCH asks for."""
    return Change(
        amount=maybe(call.body, "amount", kinds.integer),
        currency=maybe(call.body, "currency", kinds.currency),
        status=maybe(call.body, "status", _STATUS),
        repayment=maybe(call.body, "repayment_method", _REPAYMENT),
        custom_data=maybe(call.body, "custom_data", kinds.mapping),
        line_items=maybe(call.body, "line_items", kinds.mapping),
    )


def receipt(call: Call) -> Receipt:
    """A payment handed in; this sandbox books payments only, no refunds or reversals, by this way."""
    body = call.body
    if maybe(body, "type", kinds.choice(PaymentType)) not in {None, PaymentType.PAYMENT}:
        raise Refused(Code.INVALID_PAYMENT_TYPE, "only rows of the type payment can be recorded")
    status = maybe(body, "status", kinds.choice(PaymentStatus)) or PaymentStatus.CREATED
    if status in {PaymentStatus.REFUNDED, PaymentStatus.PARTIALLY_REFUNDED}:
        raise Refused(Code.INVALID_PAYMENT_STATUS, "a payment becomes refunded by its refunds")
    return Receipt(
        customer_id=maybe(body, "customer_id", kinds.uuid),
        amount=kinds.integer(body["amount"]),
        currency=kinds.currency(body["currency_code"]),
        shares=tuple(_shares(body.get("payment_parts")) or ()),
        method=maybe(body, "payment_method", kinds.choice(PaymentMethod)) or PaymentMethod.OTHER,
        status=status,
        external_id=maybe(body, "external_id", kinds.text),
        at=maybe(body, "timestamp", kinds.instant),
    )


def returned(call: Call) -> Return:
    """A refund asked for without a note; `refund_amount` 0 is the whole payment."""
    body = call.body
    shares = _shares(body.get("refund_payment_part_amounts"))
    return Return(
        payment_id=kinds.uuid(call.path["payment_id"]),
        destination=_DESTINATION(body["refund_destination"]),
        writes_off=kinds.boolean(body["writeoff_invoices"]),
        amount=maybe(body, "refund_amount", kinds.not_negative) or None,
        shares=None if shares is None else tuple(shares),
    )


def _shares(value: Value) -> list[Share] | None:
    if value is None:
        return None
    entries = kinds.listing(kinds.mapping)(value)
    return [Share(invoice_id=kinds.uuid(entry["invoice_id"]), amount=kinds.integer(entry["amount"])) for entry in entries]


class _Amount:
    """Amounts of one currency, in the unit a switch says."""

    def __init__(self, currency: str, switches: Switches) -> None:
        self._digits = exponent(currency)
        self._switches = switches

    def minor(self, value: Value, unit: str, *loc: str | int) -> int:
        """Minor units; raises Invalid for more digits than there are, or rounds, as switched."""
        digits = self._digits if self._switches[unit] == "major" else 0
        amount = kinds.positive(value)
        try:
            minor = to_units(amount, digits)
        except InexactAmount as inexact:
            if self._switches["extra_decimals"] == "refused":
                raise fault(Wrong.TOO_FINE, "body", *loc) from inexact
            minor = to_units(_rounded(amount, digits), digits)
        except MoneyError as wrong:
            raise fault(Wrong.NOT_FINITE, "body", *loc) from wrong
        if minor <= 0:
            raise fault(Wrong.NOT_POSITIVE, "body", *loc)
        return minor


def _rounded(amount: Decimal, digits: int) -> Decimal:
    with localcontext() as context:
        context.prec = 2000
        return amount.quantize(from_units(1, digits), ROUND_HALF_UP)
