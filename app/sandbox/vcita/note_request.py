"""From the body of a wanted credit note to a `NoteOrder`; what the books say about it is `issuing`'s business."""

from __future__ import annotations

from decimal import Decimal

from app.sandbox.vcita.arithmetic import note_line, to_minor
from app.sandbox.vcita.books import Books
from app.sandbox.vcita.issuing import NoteOrder
from app.sandbox.vcita.reading import Given, Reader
from app.sandbox.vcita.records import Invoice, NoteLine, TaxAmount
from app.sandbox.vcita.refusals import refusal

LONGEST_NOTES = 200  # docs: Create a Credit Note
LONGEST_NUMBER = 255


def read_note(body: dict[str, Given], books: Books, matter_uid: str | None) -> tuple[NoteOrder, Invoice]:
    """The order and its invoice; refuses what is malformed, and invoices of other matters as if they did not exist."""
    reader = Reader(body)
    invoice_uid = reader.text("invoice_uid", required=True) or ""
    notes = reader.text("notes", longest=LONGEST_NOTES)
    number = reader.text("unique_number", longest=LONGEST_NUMBER)
    if number is not None and not number.strip():
        reader.complain("unique_number", "should not be empty")
    source = reader.text("source_payment_uid")
    reader.flag("notify_recipient")  # an e-mail that a sandbox does not send
    wanted = [_line(line) for line in reader.objects("line_items", required=True, least=1)]
    reader.finish()
    invoice = books.invoices.get(invoice_uid)
    if invoice is None or matter_uid not in {None, invoice.client.matter_uid}:
        raise refusal(404, "invoice_uid", "Invoice not found", code="not_found")
    lines = tuple(_in_currency(line, invoice.currency) for line in wanted)
    return NoteOrder(invoice_uid=invoice.uid, lines=lines, notes=notes, number=number, source_payment_uid=source), invoice


_Wanted = tuple[str, Decimal, Decimal, list[tuple[str, Decimal, Decimal]]]


def _line(reader: Reader) -> _Wanted:
    name = reader.text("name", required=True) or ""
    quantity = _above_zero(reader, "quantity")
    unit_amount = _above_zero(reader, "unit_amount")
    return name, quantity, unit_amount, [_tax(tax) for tax in reader.objects("taxes")]


def _tax(reader: Reader) -> tuple[str, Decimal, Decimal]:
    name = reader.text("name", required=True) or ""
    rate = reader.number("rate", required=True)
    amount = reader.number("tax_total", required=True)
    if rate is not None and not 0 <= rate <= 100:
        reader.complain("rate", "must lie between 0 and 100")
    if amount is not None and amount < 0:
        reader.complain("tax_total", "must not be less than 0")
    return name, rate or Decimal(0), amount or Decimal(0)


def _above_zero(reader: Reader, name: str) -> Decimal:
    value = reader.number(name, required=True)
    if value is not None and value <= 0:
        reader.complain(name, "must be a positive number")
    return value or Decimal(0)


def _in_currency(wanted: _Wanted, currency: str) -> NoteLine:
    name, quantity, unit_amount, taxes = wanted
    amounts = tuple(TaxAmount(name=tax, rate=rate, minor=to_minor(amount, currency)) for tax, rate, amount in taxes)
    return note_line(name, quantity, unit_amount, amounts, currency)
