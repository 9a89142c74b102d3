"""The operations of the newer services: credit notes, and the making and changing of invoices."""

from __future__ import annotations

from starlette.responses import Response

from app.sandbox.vcita.access import STAFF, Kind
from app.sandbox.vcita.answers import Shown, answer
from app.sandbox.vcita.business import Business
from app.sandbox.vcita.calls import Call, Endpoint
from app.sandbox.vcita.filters import page_of, sorted_notes
from app.sandbox.vcita.invoice_request import read_invoice
from app.sandbox.vcita.note_request import read_note
from app.sandbox.vcita.records import Note
from app.sandbox.vcita.refusals import Family, GatewayRefused, bare_status, refusal
from app.sandbox.vcita.wire import invoice_shown, note_shown


def _data(data: Shown, status: int = 200) -> Response:
    return answer({"success": True, "data": data}, status)


def _sees(business: Business, call: Call, note: Note) -> bool:
    return call.caller.matter_uid in {None, business.books.invoices[note.invoice_uid].client.matter_uid}


def create_note(business: Business, call: Call) -> Response:
    """docs: Create a Credit Note; the data is the note itself."""
    order, invoice = read_note(call.object(), business.books, call.caller.matter_uid)
    return _data(note_shown(business.issuing.issue(order, invoice, call.now)), 201)


def get_note(business: Business, call: Call) -> Response:
    """docs: Retrieve a Credit Note."""
    note = business.books.notes.get(call.path["uid"])
    if note is None or not _sees(business, call, note):
        raise refusal(404, "uid", "Credit note not found", code="not_found")
    return _data(note_shown(note))


def list_notes(business: Business, call: Call) -> Response:
    """docs: Get all Credit Notes; neither a total nor a next page is told."""
    rule = business.switches["notes_list"]
    if rule == "gateway_refuses_staff" and call.caller.kind is Kind.STAFF:
        raise GatewayRefused
    if rule == "staff_only" and call.caller.kind is not Kind.STAFF:
        raise bare_status(403)
    books = business.books
    invoice_uid = call.query.get("invoice_uid")
    notes = list(books.notes.values()) if invoice_uid is None else books.notes_of(invoice_uid)
    own = [note for note in notes if _sees(business, call, note)]
    page = page_of(sorted_notes(own, call.query), call.query)
    return _data({"credit_notes": [note_shown(note) for note in page]})


def create_invoice(business: Business, call: Call) -> Response:
    """docs: Create an invoice."""
    order = read_invoice(call.object(), business.books)
    return _data(invoice_shown(business.invoicing.create(order, call.now)), 201)


def update_invoice(business: Business, call: Call) -> Response:
    """docs: Update an invoice."""
    invoice = business.books.invoices.get(call.path["uid"])
    if invoice is None:
        raise refusal(404, "uid", "Invoice not found", code="not_found")
    order = read_invoice(call.object(), business.books, invoice)
    return _data(invoice_shown(business.invoicing.update(invoice, order, call.now)))


_NOTES = "/v3/payments/credit_notes"
_INVOICES = "/v3/payments/invoices"

V3_ENDPOINTS = (
    Endpoint(method="POST", path=_NOTES, operation=create_note, family=Family.V3, declares_business=False),
    Endpoint(method="GET", path=_NOTES, operation=list_notes, family=Family.V3, declares_business=False),
    Endpoint(method="GET", path=f"{_NOTES}/{{uid}}", operation=get_note, family=Family.V3, declares_business=False),
    Endpoint(method="POST", path=_INVOICES, operation=create_invoice, family=Family.V3, tokens=STAFF),
    Endpoint(method="PUT", path=f"{_INVOICES}/{{uid}}", operation=update_invoice, family=Family.V3, tokens=STAFF),
)
