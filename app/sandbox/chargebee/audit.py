"""Recomputes every figure on the books from the rows it stands for, and says in words what does not fit. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.sandbox.chargebee.balances import WRITE_OFF
from app.sandbox.chargebee.books import Books
from app.sandbox.chargebee.records import (
    Invoice,
    InvoiceStatus,
    Line,
    Note,
    NoteStatus,
    NoteType,
    Payment,
    Refund,
    TransactionStatus,
)

Rule = tuple[bool, str]


def violations(books: Books) -> list[str]:
    """Everything the books break now; empty is the only good answer."""
    found = _broken("books", _whole(books))
    for invoice in books.invoices.values():
        found += _broken(invoice.id, _invoice(invoice))
    for note in books.notes.values():
        found += _broken(note.id, _note(note))
    for payment in books.payments.values():
        found += _broken(payment.id, _payment(payment, books.refunds.values()))
    for refund in books.refunds.values():
        found += _broken(refund.id, _refund(refund))
    return found


def _broken(subject: str, rules: Iterable[Rule]) -> list[str]:
    return [f"{subject}: {words}" for holds, words in rules if not holds]


def _whole(books: Books) -> Iterator[Rule]:
    resources = [*books.notes.values(), *books.invoices.values()]
    sequences = [*(one.sequence for one in resources), *(event.sequence for event in books.events)]
    events = [event.id for event in books.events]
    transactions = [*books.payments, *books.refunds]
    yield len(set(sequences)) == len(sequences), "a sequence was given twice"
    yield len(set(events)) == len(events), "an event id was given twice"
    yield len(set(transactions)) == len(transactions), "a transaction id was given twice"
    yield all(id == note.id for id, note in books.notes.items()), "a note stands under another id"
    yield all(note in note.invoice.notes for note in books.notes.values() if note.invoice), "an invoice does not know its note"
    listed = {note for invoice in books.invoices.values() for note in invoice.notes}
    yield listed <= set(books.notes.values()), "an invoice lists a note that is not in the books"
    used = {one for invoice in books.invoices.values() for one in invoice.allocations}
    yield (
        used == {one for note in books.notes.values() for one in note.allocations},
        "allocations differ between notes and invoices",
    )


def _invoice(invoice: Invoice) -> Iterator[Rule]:
    paid = sum(payment.amount for payment in invoice.payments if payment.status is TransactionStatus.SUCCESS)
    adjusted = sum(one.amount for one in invoice.allocations if one.note.type is NoteType.ADJUSTMENT)
    credits = sum(one.amount for one in invoice.allocations if one.note.type is not NoteType.ADJUSTMENT)
    live = [note for note in invoice.notes if note.status is not NoteStatus.VOIDED and not note.deleted]
    written_off = sum(note.total for note in live if note.reason_code == WRITE_OFF)
    issued = sum(note.total for note in live if note.type is not NoteType.ADJUSTMENT)
    net, tax = sum(line.net for line in invoice.lines), sum(line.tax for line in invoice.lines)
    yield from _lines(invoice.lines)
    yield (invoice.sub_total, invoice.tax, invoice.total) == (net, tax, net + tax), f"totals are not {net} and {tax}, as its lines"
    yield invoice.amount_paid == paid, f"amount_paid {invoice.amount_paid} is not {paid}, the sum of its payments"
    yield invoice.amount_adjusted == adjusted, f"amount_adjusted {invoice.amount_adjusted} is not {adjusted}"
    yield invoice.credits_applied == credits, f"credits_applied {invoice.credits_applied} is not {credits}"
    yield invoice.write_off_amount == written_off, f"write_off_amount {invoice.write_off_amount} is not {written_off}"
    due = invoice.total - paid - adjusted - credits
    yield invoice.amount_due == due, f"amount_due {invoice.amount_due} is not {due}"
    yield due >= invoice.in_progress, f"owes {due}, less than the {invoice.in_progress} on its way"
    yield issued <= paid + credits, f"notes for {issued} were issued, but only {paid + credits} was paid or credited"
    yield (invoice.status is InvoiceStatus.PAID) == (due == 0), f"is {invoice.status} and owes {due}"
    yield (invoice.paid_at is not None) == (due == 0), f"has paid_at {invoice.paid_at} and owes {due}"
    yield (
        (invoice.status is InvoiceStatus.VOIDED) == (invoice.voided_at is not None),
        "is voided without an instant, or not voided with one",
    )
    if invoice.status in {InvoiceStatus.VOIDED, InvoiceStatus.PENDING}:
        yield not live and due == invoice.total, f"is {invoice.status} and was paid or credited"


def _note(note: Note) -> Iterator[Rule]:
    allocated = sum(one.amount for one in note.allocations)
    refunded = sum(refund.amount for refund in note.live_refunds)
    net, tax = sum(line.net for line in note.lines), sum(line.tax for line in note.lines)
    yield from _lines(note.lines)
    yield (note.sub_total, note.total) == (net, net + tax), f"totals are not {net} and {tax}, as its lines"
    yield note.total > 0, "credits nothing"
    yield note.amount_refunded == refunded, f"amount_refunded {note.amount_refunded} is not {refunded}"
    yield note.amount_available >= 0, "has less than nothing left"
    yield note.invoice is None or note.currency == note.invoice.currency, "is in another currency than its invoice"
    yield note.invoice is None or note.customer_id == note.invoice.customer_id, "is of another customer than its invoice"
    yield note.invoice is None or note.date >= note.invoice.date, "is older than its invoice"
    yield all(one.invoice.customer_id == note.customer_id for one in note.allocations), "was used for another customer"
    yield (
        (note.status is NoteStatus.REFUNDED) == (note.refunded_at is not None),
        "is used up without an instant, or has one too early",
    )
    yield (note.status is NoteStatus.VOIDED) == (note.voided_at is not None), "is voided without an instant, or not voided with one"
    if note.status is NoteStatus.VOIDED or note.deleted:
        yield not note.allocations and not note.live_refunds, "is gone, but was used"
        return
    whole = note.amount_allocated + note.amount_refunded + note.amount_available
    yield note.amount_allocated == allocated, f"amount_allocated {note.amount_allocated} is not {allocated}"
    yield whole == note.total, f"total {note.total} is not {whole}, what was allocated, refunded and is left"
    expected = NoteStatus.REFUND_DUE if note.amount_available else NoteStatus.REFUNDED
    if note.type is NoteType.ADJUSTMENT:
        expected = NoteStatus.ADJUSTED
        yield note.amount_allocated == note.total, "adjusts less than its total"
        yield [one.invoice for one in note.allocations] == [note.invoice], "adjusts another invoice than its own"
    yield note.status is expected, f"is {note.status}, not {expected}"


def _payment(payment: Payment, refunds: Iterable[Refund]) -> Iterator[Rule]:
    live = (refund for refund in refunds if refund.status is not TransactionStatus.FAILURE)
    refunded = sum(amount for refund in live for part, amount in refund.parts if part is payment)
    yield payment in payment.invoice.payments, "is not known to its invoice"
    yield payment.amount > 0, "pays nothing"
    yield payment.refunded == refunded, f"refunded {payment.refunded} is not {refunded}"
    yield refunded <= payment.amount, f"was refunded {refunded} of {payment.amount}"


def _refund(refund: Refund) -> Iterator[Rule]:
    booked = sum(amount for _, amount in refund.parts)
    yield refund in refund.note.refunds, "is not known to its note"
    yield refund.amount > 0, "refunds nothing"
    yield booked <= refund.amount, f"refunds {refund.amount}, but {booked} is booked against payments"
    yield not refund.online or booked == refund.amount, f"sent back {refund.amount}, but only {booked} of payments"


def _lines(lines: tuple[Line, ...]) -> Iterator[Rule]:
    for line in lines:
        yield line.net == line.quantity * line.unit_amount, f"line {line.id}: {line.net} is not quantity by unit amount"
        yield line.net >= 0 and line.tax >= 0, f"line {line.id}: is negative"
        yield line.tax == 0 or line.tax_rate > 0, f"line {line.id}: has tax without a rate"
