"""Books the demonstration data, each piece at its own instant in the past, through the rules every request goes through."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from app.sandbox.chargebee import allocations, invoices, notes, refunds
from app.sandbox.chargebee.books import Books, Occasion
from app.sandbox.chargebee.notes import Draft
from app.sandbox.chargebee.records import InvoiceStatus, Line, NoteType, Payment, TransactionStatus
from app.sandbox.seed import DAY, INVOICES, DemoInvoice, DemoLine, OldNote, State, old_notes

Step = tuple[float, Callable[[Occasion], object]]

STORE_NOTES = frozenset({10, 40})
STANDALONE_NOTES = frozenset({14, 35})
USED_AFTER = 0.3  # days between a note's issue and its use: less than to the next note
# What a part or all of the paid notes was used for, in turn.
RECORDED, REFUNDED, ALLOCATED = range(3)
SITE_REASONS = {
    "product_unsatisfactory": "Product Unsatisfactory", "service_unsatisfactory": "Service Unsatisfactory",
    "order_change": "Order Change", "order_cancellation": "Order Cancellation", "waiver": "Waiver", "other": "Other",
}  # fmt: skip


def seed(books: Books) -> None:
    """Fill empty books; ids are the same every time."""
    now = books.clock.now()
    steps = [step for demo in INVOICES for step in _demo_steps(books, demo, now)]
    steps += [step for old in old_notes(kwd=False) for step in _old_steps(books, old, now)]
    with books.ids.counted():
        for at, step in sorted(steps, key=lambda step: step[0]):  # a stable sort: steps of one instant keep their order
            step(Occasion(at=at, source="admin_console"))


def _demo_steps(books: Books, demo: DemoInvoice, now: float) -> list[Step]:
    issued = now - demo.days_old * DAY
    id = f"INV-{demo.number}"
    lines = _lines(demo.number, demo.lines, int(issued))
    wanted = invoices.Bill(id=id, customer_id=demo.customer, currency=demo.currency, lines=lines)
    steps: list[Step] = [(issued, lambda occasion: invoices.bill(books, wanted, occasion))]
    for index, amount in enumerate(demo.payments, start=1):
        steps.append((issued + index * DAY, _paying(books, id, f"txn_{demo.number}_{index}", amount, "card")))
    if demo.state is State.VOID:
        steps.append((issued, lambda occasion: invoices.void_invoice(books, books.invoice(id), occasion)))
    return steps


def _old_steps(books: Books, old: OldNote, now: float) -> list[Step]:
    issued = now - old.days_old * DAY
    number = 2000 + old.index
    steps = _old_invoice(books, old, number, issued - 2 * DAY)
    steps.append((issued, lambda occasion: notes.issue(books, _draft(books, old), occasion, id=_note_id(old))))
    used = issued + USED_AFTER * DAY
    if old.voided:
        steps.append((used, lambda occasion: notes.void(books, books.note(_note_id(old)), "Issued by mistake", occasion)))
    elif old.paid and (old.settled or old.index % 8 == 2):
        steps.append((used, lambda occasion: _use(books, old, occasion)))
    return steps


def _old_invoice(books: Books, old: OldNote, number: int, billed: float) -> list[Step]:
    line = DemoLine(description="Subscription", quantity=1, net=old.invoice_total, tax=0, tax_percent=0)
    wanted = invoices.Bill(
        id=f"INV-{number}",
        customer_id=old.customer,
        currency=old.currency,
        lines=_lines(number, (line,), int(billed)),
        status=(InvoiceStatus.PAYMENT_DUE, InvoiceStatus.NOT_PAID, InvoiceStatus.POSTED)[old.index // 3 % 3],
    )
    steps: list[Step] = [(billed, lambda occasion: invoices.bill(books, wanted, occasion))]
    if old.paid:
        method = "card" if old.index % 3 == 1 else "bank_transfer"
        steps.append((billed + DAY, _paying(books, wanted.id, f"txn_{number}_1", old.invoice_total, method)))
    return steps


def _note_id(old: OldNote) -> str:
    return f"CN-{old.index:04d}"


def _draft(books: Books, old: OldNote) -> Draft:
    type = NoteType.REFUNDABLE if old.paid else NoteType.ADJUSTMENT
    if old.index in STORE_NOTES:
        type = NoteType.STORE
    by_site_code = old.index % 5 == 0
    return Draft(
        type=type,
        invoice=None if old.index in STANDALONE_NOTES else books.invoice(f"INV-{2000 + old.index}"),
        customer_id=old.customer,
        currency=old.currency,
        total=old.credited,
        reason_code=None if by_site_code else old.reason,
        create_reason_code=SITE_REASONS[old.reason] if by_site_code else None,
        customer_notes="With our apologies" if old.index % 7 == 0 else None,
    )


def _use(books: Books, old: OldNote, occasion: Occasion) -> None:
    """Use all of a settled note, half of another, in the way its turn and its kind allow."""
    note = books.note(_note_id(old))
    amount = note.total if old.settled else note.total // 2
    way = old.index // 12 % 3
    if old.index in STORE_NOTES or way == ALLOCATED:
        wanted = invoices.Bill(
            id=f"INV-{3000 + old.index}",
            customer_id=old.customer,
            currency=old.currency,
            lines=(invoices.untaxed_line(books, "Renewal", amount, occasion),),
        )
        allocations.allocate(books, invoices.bill(books, wanted, occasion), [note], occasion)
    elif way == REFUNDED and old.index % 3 == 1 and old.index not in STANDALONE_NOTES:
        refunds.refund(books, note, amount, None, occasion)
    else:
        payout = refunds.Payout(amount=amount, method="bank_transfer", date=occasion.second, reference_number=f"R-{old.index}")
        refunds.record(books, note, payout, occasion)


def _lines(number: int, lines: tuple[DemoLine, ...], date: int) -> tuple[Line, ...]:
    return tuple(
        Line(
            id=f"li_{number}_{index}",
            description=line.description,
            quantity=line.quantity,
            unit_amount=line.net // line.quantity,
            net=line.net,
            tax=line.tax,
            tax_rate=Decimal(line.tax_percent),
            date_from=date,
            date_to=date,
        )
        for index, line in enumerate(lines, start=1)
    )


def _paying(books: Books, invoice_id: str, id: str, amount: int, method: str) -> Callable[[Occasion], None]:
    def step(occasion: Occasion) -> None:
        invoice = books.invoice(invoice_id)
        payment = Payment(
            id=id, invoice=invoice, amount=amount, at=occasion.second, method=method, status=TransactionStatus.SUCCESS
        )
        invoices.pay(books, invoice, payment, occasion)

    return step
