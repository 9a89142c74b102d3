"""Zenskar's invoices as domain values, and what can still be credited on them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app.domain.credit_note import CreditNote, Party
from app.domain.errors import BadPayload
from app.domain.invoice import Invoice
from app.domain.money import Money
from app.domain.vocabulary import InvoiceStatus
from app.providers.zenskar import invoices, mapping, wire
from app.providers.zenskar.invoices import Bill
from tests.providers.zenskar import ACCOUNT, CUSTOMER_ID, INVOICE_ID, demo, eur, reply, settings


def told(total: int, due: int | None, **members: Any) -> wire.Invoice:
    """An invoice as it is sent."""
    base = {
        "id": INVOICE_ID,
        "status": "approved",
        "currency": "eur",
        "customer_id": CUSTOMER_ID,
        "created_at": "2026-11-01T00:00:00Z",
    }
    return msgspec.convert({**base, "invoice_total": total, "amount_due": due, **members}, wire.Invoice)


def payment(amount: str, refunded: str | None = "0", number: int = 1, *, part: str = INVOICE_ID, **members: Any) -> wire.Payment:
    """A payment as it is sent, with one part."""
    base = {"id": demo(7000 + number), "status": "success", "type": "payment", "payment_method": "card", "currency_code": "EUR"}
    share = {"invoice_id": part, "amount": amount, "amount_refunded": refunded}
    return msgspec.convert({**base, "timestamp": "2026-11-02T00:00:00Z", "invoices": [share], **members}, wire.Payment)


def note(minor: int, method: str = "credits_against_payment", number: int = 1, **members: Any) -> CreditNote:
    """A note as it is read."""
    base = {**reply("found")["body"], "id": demo(3000 + number), "amount": minor, "repayment_method": method}
    return mapping.credit_note(ACCOUNT, msgspec.json.encode({**base, **members}))


def read(invoice: wire.Invoice, *others: wire.Payment | CreditNote, currency: str | None = None, **switches: str) -> Invoice:
    bill = Bill(
        invoice=invoice,
        payments=tuple(other for other in others if isinstance(other, wire.Payment)),
        notes=tuple(other for other in others if isinstance(other, CreditNote)),
    )
    return invoices.invoice(settings(currency=currency, **switches), bill)


def balance(invoice: Invoice) -> tuple[int, int, int] | None:
    """Adjustable, refundable, total."""
    left = invoice.creditable
    if left is None:
        assert invoice.conflict
        return None
    assert (invoice.conflict, left.exact) == (None, False)
    assert left.adjustable is not None
    assert left.refundable is not None
    return left.adjustable.minor, left.refundable.minor, left.total.minor


def test_an_invoice_is_read_whole() -> None:
    invoice = read(
        told(200_00, 150_00, status="partially_paid", invoice_number="INV-1"), payment("5000", "0"), note(1, status="void")
    )
    assert (invoice.status, invoice.provider_status, invoice.number) == (InvoiceStatus.PARTIALLY_PAID, "partially_paid", "INV-1")
    assert (invoice.total, invoice.amount_due, invoice.amount_paid) == (eur(200_00), eur(150_00), eur(50_00))
    assert (invoice.note_ids, invoice.customer) == ((demo(3001),), Party(provider_id=CUSTOMER_ID))
    (paid,) = invoice.payments or ()
    assert (paid.provider_id, paid.amount, paid.refundable, paid.method) == (demo(7001), eur(50_00), eur(50_00), "card")


STATUSES = {
    "draft": InvoiceStatus.DRAFT, "upcoming": InvoiceStatus.DRAFT, "approved": InvoiceStatus.OPEN, "edited": InvoiceStatus.UNKNOWN,
    "partially_paid": InvoiceStatus.PARTIALLY_PAID, "paid": InvoiceStatus.PAID, "void": InvoiceStatus.VOIDED,
    "discarded": InvoiceStatus.VOIDED, "haunted": InvoiceStatus.UNKNOWN,
}  # fmt: skip


@pytest.mark.parametrize("word", STATUSES)
def test_every_published_state_is_known_and_others_are_shown(word: str) -> None:
    invoice = read(told(80_00, 80_00, status=word))
    assert (invoice.status, invoice.provider_status) == (STATUSES[word], word)
    creditable = word in {"approved", "partially_paid", "paid", "haunted"}
    assert balance(invoice) == ((80_00, 0, 80_00) if creditable else (0, 0, 0))


BALANCES: list[tuple[wire.Invoice, tuple[wire.Payment | CreditNote, ...], tuple[int, int, int] | None]] = [
    (told(500_00, 500_00), (), (500_00, 0, 500_00)),
    (told(119_00, 0), (payment("11900"),), (0, 119_00, 119_00)),
    (told(200_00, 150_00), (payment("3000"), payment("2000", number=2)), (150_00, 50_00, 200_00)),
    # A note that lowered what is due, one out of a payment, one that did both, one that is void.
    (told(400_00, 400_00), (note(100_00, "invoice_adjusted"),), (400_00, 0, 400_00)),
    (told(100_00, 0), (payment("11900", "1900"), note(19_00)), (0, 100_00, 100_00)),
    (told(30_00, 0), (payment("3000", "2000"), payment("2000", number=2), note(170_00)), (0, 30_00, 30_00)),
    (told(119_00, 0), (payment("11900"), note(19_00, status="void")), (0, 119_00, 119_00)),
    # A refund that is not counted yet, or never is; one without a note.
    (told(100_00, 0), (payment("11900"), note(19_00)), (0, 100_00, 100_00)),
    (told(119_00, 19_00), (payment("11900", "1900"),), (19_00, 100_00, 119_00)),
    (told(100_00, 0), (payment("11900", "1900"),), (0, 100_00, 100_00)),
    # Wallet credits, whether or not a note lowers the figure; used up to the last cent.
    (told(90_00, 20_00, applied_balance=40_00), (payment("3000"),), (20_00, 70_00, 90_00)),
    (told(60_00, 0, applied_balance=40_00), (payment("3000"), note(30_00, "credits")), (0, 60_00, 60_00)),
    (told(60_00, 0, applied_balance=30_00), (payment("3000"), note(30_00, "credits")), (0, 60_00, 60_00)),
    (told(0, 0), (note(119_00),), (0, 0, 0)),
    # Only this invoice's part of a payment counts, only what has been received, and no refund row.
    (told(70_00, 70_00), (payment("5000", part=demo(1)),), (70_00, 0, 70_00)),
    (told(70_00, 70_00), (payment("7000", status="failed"),), (70_00, 0, 70_00)),
    (told(70_00, 0), (payment("7000"), payment("7000", number=2, type="refund", parent_id=demo(7001))), (0, 70_00, 70_00)),
    # Contradictions.
    (told(119_00, 120_00), (), None),
    (told(119_00, -1), (), None),
    (told(119_00, 0), (payment("10000"),), None),
    (told(119_00, 0), (payment("11900", "1900"), note(19_00)), None),
    (told(81_00, 0), (payment("11900", "1900"), note(19_00)), None),
    (told(119_00, 0), (payment("11900"), note(19_00)), None),
    (told(119_00, None), (payment("11900"),), None),
    (told(119_00, 0), (payment("11900", currency_code="USD"),), None),
    (told(119_00, 119_00), (note(1, "invoice_adjusted", currency="USD"),), None),
]


@pytest.mark.parametrize(("invoice", "others", "figures"), BALANCES)
def test_the_balance_follows_from_figures_that_agree(
    invoice: wire.Invoice, others: tuple[wire.Payment | CreditNote, ...], figures: tuple[int, int, int] | None
) -> None:
    assert balance(read(invoice, *others)) == figures


def test_the_total_is_as_billed_whichever_the_provider_shows() -> None:
    lowered = read(told(100_00, 100_00), note(19_00, "invoice_adjusted"))
    kept = read(told(119_00, 100_00), note(19_00, "invoice_adjusted"), invoice_total="original")
    assert lowered.total == kept.total == eur(119_00)
    assert balance(lowered) == balance(kept) == (100_00, 0, 100_00)


@pytest.mark.parametrize("method", ["invoice_adjusted", "credits_against_payment"])
@pytest.mark.parametrize("shown", ["remaining", "original"])
def test_an_account_that_names_the_wrong_total_gets_a_conflict(method: str, shown: str) -> None:
    paid = method != "invoice_adjusted"
    invoice = told(100_00 if shown == "remaining" else 119_00, 0 if paid else 100_00)
    others: list[wire.Payment | CreditNote] = [note(19_00, method)]
    if paid:
        others.append(payment("11900", "1900"))
    wrong = "original" if shown == "remaining" else "remaining"
    assert balance(read(invoice, *others, invoice_total=shown)) is not None
    assert balance(read(invoice, *others, invoice_total=wrong)) is None


@pytest.mark.parametrize(
    ("unit", "amount", "currency", "minor"),
    [
        ("minor", "5000", "EUR", 5000),
        ("minor", "5000.00", "EUR", 5000),
        ("major", "50.00", "EUR", 5000),
        ("major", "50", "JPY", 50),
        ("major", "1.234", "KWD", 1234),
    ],
)
def test_payments_are_read_in_the_unit_the_account_says(unit: str, amount: str, currency: str, minor: int) -> None:
    invoice = read(told(minor, 0, currency=currency), payment(amount, currency_code=currency), payment_unit=unit)
    assert [paid.amount for paid in invoice.payments or ()] == [Money(minor, currency)]


@pytest.mark.parametrize(("unit", "amount"), [("minor", "50.5"), ("minor", "NaN"), ("major", "0.001")])
def test_payments_that_do_not_fit_the_unit_are_bad_payload(unit: str, amount: str) -> None:
    with pytest.raises(BadPayload):
        read(told(50_00, 0), payment(amount), payment_unit=unit)


def test_the_currency_is_the_invoices_else_the_payments_else_the_notes_else_the_accounts() -> None:
    bare = told(50_00, 50_00, currency=None)
    assert read(told(50_00, 50_00, currency="usd"), currency="EUR").currency == "USD"
    assert (
        read(bare, payment("0", currency_code="gbp"), note(1, "invoice_adjusted", currency="GBP"), currency="EUR").currency == "GBP"
    )
    assert read(bare, note(1, "invoice_adjusted", currency="usd"), currency="EUR").currency == "USD"
    assert read(bare, currency="eur").currency == "EUR"
    with pytest.raises(BadPayload):
        read(bare)
