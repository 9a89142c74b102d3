"""The operations on credit notes: each reads its parameters, calls one rule and shows what came of it. No rules here."""

from __future__ import annotations

from app.sandbox.chargebee import invoice_wire, note_wire, notes, refunds
from app.sandbox.chargebee.books import Books
from app.sandbox.chargebee.drafts import read_draft
from app.sandbox.chargebee.gate import Call
from app.sandbox.chargebee.records import Note
from app.sandbox.chargebee.refusals import Refusal, not_configured, not_found
from app.sandbox.kernel import Json

# docs: Record refund for a credit note; the last four are in the official clients only.
PAYOUT_METHODS = (
    "cash", "check", "chargeback", "bank_transfer", "other", "custom", "tamara", "qpay", "blik", "fpx", "wero", "p24",
    "app_store", "play_store", "dana", "touch_n_go",
)  # fmt: skip
DOWNLOAD_LASTS = 3_600  # docs: Retrieve credit note as PDF


def create(books: Books, call: Call) -> dict[str, Json]:
    """`POST /credit_notes`."""
    note = notes.issue(books, read_draft(books, call.fields, call.occasion), call.occasion)
    answer = _shown(books, note)
    if note.invoice is not None:
        answer["invoice"] = invoice_wire.invoice(note.invoice, books.switches)
    return answer


def retrieve(books: Books, call: Call) -> dict[str, Json]:
    """`GET /credit_notes/{id}`."""
    note = books.note(call.path["id"])
    if note.deleted and books.switches["deleted_retrieve"] == "not_found":
        raise not_found(kind="Credit note", id=call.path["id"])
    return _shown(books, note)


def update(books: Books, call: Call) -> dict[str, Json]:
    """`POST /credit_notes/{id}/update`."""
    note = books.present_note(call.path["id"])
    notes.update(books, note, call.fields.text("comment", 300), call.fields.custom(), call.occasion)
    return _shown(books, note)


def void(books: Books, call: Call) -> dict[str, Json]:
    """`POST /credit_notes/{id}/void`."""
    note = books.present_note(call.path["id"])
    notes.void(books, note, call.fields.text("comment", 300), call.occasion)
    return _shown(books, note)


def delete(books: Books, call: Call) -> dict[str, Json]:
    """`POST /credit_notes/{id}/delete`."""
    note = books.present_note(call.path["id"])
    notes.delete(books, note, call.fields.text("comment", 300), call.occasion)
    return _shown(books, note)


def refund(books: Books, call: Call) -> dict[str, Json]:
    """`POST /credit_notes/{id}/refund`."""
    note = books.present_note(call.path["id"])
    amount = call.fields.whole("refund_amount", minimum=1)
    reason = call.fields.text("refund_reason_code", 100)
    call.fields.text("customer_notes", 2000)
    made = refunds.refund(books, note, amount, reason, call.occasion)
    return {**_shown(books, note), "transaction": note_wire.transaction(made)}


def record_refund(books: Books, call: Call) -> dict[str, Json]:
    """`POST /credit_notes/{id}/record_refund`."""
    note = books.present_note(call.path["id"])
    made = refunds.record(books, note, _payout(call), call.occasion)
    return {**_shown(books, note), "transaction": note_wire.transaction(made)}


def remove_tax_withheld_refund(books: Books, call: Call) -> dict[str, Json]:
    """`POST /credit_notes/{id}/remove_tax_withheld_refund`: this site withholds no taxes, so there is never one to remove."""
    books.present_note(call.path["id"])
    id = call.fields.text("tax_withheld[id]", 40)
    if id is None:
        raise call.fields.missing(name="tax_withheld[id]")
    raise not_found(kind="Tax withheld", id=id)


def pdf(books: Books, call: Call) -> dict[str, Json]:
    """`POST /credit_notes/{id}/pdf`: a link of the documented form; nothing is served behind it."""
    note = books.present_note(call.path["id"])
    call.fields.choice("disposition_type", ("attachment", "inline"))
    link = f"https://sandbox.invalid/credit_notes/{note.id}.pdf"
    valid_till = call.occasion.second + DOWNLOAD_LASTS
    return {"download": {"object": "download", "download_url": link, "valid_till": valid_till, "mime_type": "application/pdf"}}


def electronic(books: Books, call: Call) -> dict[str, Json]:
    """The e-invoice operations: refused, as by every site that has not switched e-invoicing on."""
    books.present_note(call.path["id"])
    raise not_configured(why="E-invoicing is not enabled for this site")


def send_email(books: Books, call: Call) -> dict[str, Json]:
    """`POST /credit_notes/{id}/send_email`: refused, as by every site without a published e-mail template."""
    books.present_note(call.path["id"])
    raise not_configured(why="No e-mail template for credit notes is published on this site")


def import_note(books: Books, call: Call) -> dict[str, Json]:
    """`POST /credit_notes/import_credit_note`: refused, as to every key that may not import."""
    del books, call
    message = "This API key is not allowed to import credit notes"
    raise Refusal(403, message)


def _shown(books: Books, note: Note) -> dict[str, Json]:
    return {"credit_note": note_wire.credit_note(note, books.switches)}


def _payout(call: Call) -> refunds.Payout:
    fields = call.fields
    method = fields.choice("transaction[payment_method]", PAYOUT_METHODS)
    if method is None:
        raise fields.missing(name="transaction[payment_method]")
    date = fields.instant("transaction[date]")
    if date is None:
        raise fields.missing(name="transaction[date]")
    fields.text("transaction[custom_payment_method_id]", 50)
    return refunds.Payout(
        amount=fields.whole("transaction[amount]", minimum=0),
        method=method,
        date=date,
        reference_number=fields.text("transaction[reference_number]", 100),
        reason_code=fields.text("refund_reason_code", 100),
        comment=fields.text("comment", 300),
    )
