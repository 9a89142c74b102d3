"""What can be done to the books behind the gateway's back, by control call. The rules are those of the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from app.sandbox.kernel import BadControl, Json
from app.sandbox.vcita.business import Business
from app.sandbox.vcita.document import document
from app.sandbox.vcita.records import Invoice, Note, NoteStatus, Payment
from app.sandbox.vcita.refunding import RefundOrder
from app.sandbox.vcita.refusals import Refused

_Row = TypeVar("_Row")


def act(business: Business, action: str, arguments: Mapping[str, Json]) -> Json:
    """Do it; raises BadControl for what is unknown or what the rules refuse."""
    perform = _ACTIONS.get(action)
    if perform is None:
        message = f"no action {action!r}; there are {sorted(_ACTIONS)}"
        raise BadControl(message)
    try:
        return perform(business, arguments)
    except Refused as refused:
        raise BadControl(str(refused)) from refused


def _pay(business: Business, arguments: Mapping[str, Json]) -> Json:
    payment = business.refunding.pay(_invoice(business, arguments), _minor(arguments), business.ripen())
    return {"payment_id": payment.uid}


def _issue(business: Business, arguments: Mapping[str, Json]) -> Json:
    note = business.issuing.issue_amount(_invoice(business, arguments), _minor(arguments), business.ripen())
    return {"note_id": note.uid, "number": note.number}


def _settle(business: Business, arguments: Mapping[str, Json]) -> Json:
    now = business.ripen()
    note = _note(business, arguments)
    if note.status is NoteStatus.ISSUED:
        business.books.settle(note, now)
    return {"note_id": note.uid, "status": NoteStatus.SETTLED.value}


def _refund(business: Business, arguments: Mapping[str, Json]) -> Json:
    payment = _payment(business, arguments)
    return {"refund_id": business.issuing.refund(RefundOrder(amount=_minor(arguments)), payment, business.ripen())}


def _cancel(business: Business, arguments: Mapping[str, Json]) -> Json:
    invoice = business.invoicing.cancel(_invoice(business, arguments), business.ripen())
    return {"invoice_id": invoice.uid, "status": invoice.status.value}


def _document(business: Business, arguments: Mapping[str, Json]) -> Json:
    note = _note(business, arguments)
    return {"note_id": note.uid, "xml": document(note, business.books.invoices[note.invoice_uid])}


_ACTIONS: dict[str, Callable[[Business, Mapping[str, Json]], Json]] = {
    "pay": _pay,  # invoice_id, minor
    "issue": _issue,  # invoice_id, minor
    "settle": _settle,  # note_id
    "refund": _refund,  # payment_id, minor
    "cancel": _cancel,  # invoice_id
    "document": _document,  # note_id: the XML kept for it
}


def _invoice(business: Business, arguments: Mapping[str, Json]) -> Invoice:
    return _row(business.books.invoices, arguments, "invoice_id")


def _note(business: Business, arguments: Mapping[str, Json]) -> Note:
    return _row(business.books.notes, arguments, "note_id")


def _payment(business: Business, arguments: Mapping[str, Json]) -> Payment:
    return _row(business.books.payments, arguments, "payment_id")


def _row(rows: Mapping[str, _Row], arguments: Mapping[str, Json], name: str) -> _Row:
    uid = arguments.get(name)
    if not isinstance(uid, str) or uid not in rows:
        message = f"{name} must name what is in the books, not {uid!r}"
        raise BadControl(message)
    return rows[uid]


def _minor(arguments: Mapping[str, Json]) -> int:
    minor = arguments.get("minor")
    if isinstance(minor, bool) or not isinstance(minor, int) or minor <= 0:
        message = "minor must be a positive whole number of minor units"
        raise BadControl(message)
    return minor
