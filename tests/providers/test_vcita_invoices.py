"""vcita's two ways of showing an invoice: what is left to credit, how far it is paid, what its lines and taxes are."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.credit_note import CreditNote
from app.domain.invoice import CreditableBalance, Invoice
from app.domain.money import Money
from app.domain.vocabulary import InvoiceStatus
from app.providers.vcita import mapping, wire
from app.providers.vcita.arithmetic import half_up, on_top, within
from app.providers.vcita.invoice_lines import gross_of, platform_lines
from app.providers.vcita.invoices import business_invoice, platform_invoice
from tests.providers.vcita import ACCOUNT, INVOICE_ID, euro, reply, tax

VAT = {"name": "VAT", "rate": "19.0"}


def business(*items: dict[str, Any], total: Any = 119, **members: Any) -> wire.BusinessInvoice:
    told = {"uid": INVOICE_ID, "status": "ISSUED", "currency": "EUR", "total": total, "invoice_number": "7", "items": items}
    return msgspec.convert({**told, "metadata": {"tax_mode": "exclude"}, **members}, wire.BusinessInvoice)


def item(sub_total: str, grand_total: str, *taxes: dict[str, Any], quantity: float = 2.0) -> dict[str, Any]:
    return {
        "uid": "itm1", "name": "Plan", "quantity": quantity, "sub_total": sub_total, "grand_total": grand_total, "taxes": taxes,
    }  # fmt: skip


def platform(*items: dict[str, Any], amount: Any = 119, balance: Any = 0, **members: Any) -> wire.PlatformInvoice:
    told = {"id": INVOICE_ID, "status": "issued", "currency": "EUR", "amount": amount, "payment_balance": balance, "items": items}
    return msgspec.convert({**told, "client_id": "client1", "invoice_number": 7, **members}, wire.PlatformInvoice)


def note(total: float, **members: Any) -> CreditNote:
    told = {**reply("found")["body"]["data"], "grand_total": total, **members}
    return mapping.credit_note(ACCOUNT, msgspec.convert(told, wire.Note), b"{}")


def both(balance: Any, *notes: CreditNote) -> Invoice:
    return business_invoice(ACCOUNT, business(item("100.0", "119.0", VAT)), notes, platform(balance=balance))


def test_what_is_left_is_the_total_less_all_notes_and_is_inferred() -> None:
    left = both(0, note(19.5), note(50.25, uid="cn_2", status="SETTLED"))
    assert left.creditable == CreditableBalance(total=euro(49_25), exact=False)
    assert left.note_ids == ("cn_abc123def456", "cn_2")
    assert left.total == euro(119_00)


def test_more_notes_than_the_invoice_leave_nothing_rather_than_less() -> None:
    assert both(0, note(200)).creditable == CreditableBalance(total=euro(0), exact=False)


@pytest.mark.parametrize(("word", "status"), [("CANCELLED", InvoiceStatus.VOIDED), ("DRAFT", InvoiceStatus.DRAFT)])
def test_nothing_is_left_of_a_draft_or_a_cancelled_invoice(word: str, status: InvoiceStatus) -> None:
    closed = business_invoice(ACCOUNT, business(item("100.0", "119.0", VAT), status=word), (), platform(status=word.lower()))
    assert (closed.status, closed.provider_status, closed.amount_paid) == (status, word, None)
    assert closed.creditable == CreditableBalance(total=euro(0), exact=False)


def test_an_unpublished_word_is_unknown_and_closes_nothing() -> None:
    odd = business_invoice(ACCOUNT, business(item("100.0", "119.0", VAT), status="FROZEN"), (), platform())
    assert (odd.status, odd.provider_status) == (InvoiceStatus.UNKNOWN, "FROZEN")
    assert odd.creditable == CreditableBalance(total=euro(119_00), exact=False)


def test_notes_in_another_currency_contradict_the_invoice() -> None:
    torn = both(0, note(10, currency="USD"))
    assert torn.creditable is None
    assert torn.conflict == "the invoice is in EUR, notes against it are in USD"


@pytest.mark.parametrize(
    ("balance", "credited", "status", "paid"),
    [
        (0, (), InvoiceStatus.PAID, 119_00),
        (119, (), InvoiceStatus.OPEN, 0),
        (20, (), InvoiceStatus.PARTIALLY_PAID, 99_00),
        (0, (119,), InvoiceStatus.PAID, None),
        (100, (19,), InvoiceStatus.OPEN, None),  # the note may have lowered it, or a payment
        (90, (19,), InvoiceStatus.PARTIALLY_PAID, None),  # more than the note can have done
        (None, (), InvoiceStatus.UNKNOWN, None),
    ],
)
def test_how_far_an_invoice_is_paid_is_said_only_where_the_balance_proves_it(
    balance: int | None, credited: tuple[int, ...], status: InvoiceStatus, paid: int | None
) -> None:
    told = both(balance, *(note(total) for total in credited))
    assert told.status is status
    assert told.amount_due == (None if balance is None else euro(balance * 100))
    assert told.amount_paid == (None if paid is None else euro(paid))


def test_without_the_platform_api_payment_is_not_told() -> None:
    alone = business_invoice(ACCOUNT, business(item("100.0", "119.0", VAT)), (), None)
    assert (alone.status, alone.amount_due, alone.amount_paid, alone.customer) == (InvoiceStatus.UNKNOWN, None, None, None)
    assert alone.payments is None
    assert alone.creditable == CreditableBalance(total=euro(119_00), exact=False)


def test_a_business_line_is_net_after_discount_with_what_its_gross_says_of_tax() -> None:
    two = ({"name": "VAT", "rate": 19}, {"name": "City tax", "rate": "2.5"})
    told = business_invoice(ACCOUNT, business(item("134.73", "163.7", *two, quantity=3.0), total=163.7), (), None)
    (line,) = told.lines
    assert (line.net, line.quantity, line.provider_id) == (euro(134_73), Decimal(3), "itm1")
    assert line.taxes == (tax("19", 25_60), tax("2.5", 3_37, name="City tax"))
    assert not told.tax_inclusive


def test_the_taxes_a_line_tells_itself_are_taken_where_they_add_up() -> None:
    uneven = ({"name": "A", "rate": 10, "tax_total": "9.0"}, {"name": "B", "rate": 10, "tax_total": "11.0"})
    lied = ({"name": "A", "rate": 10, "tax_total": "9.0"}, {"name": "B", "rate": 10, "tax_total": "9.0"})
    for taxes, amounts in ((uneven, [9_00, 11_00]), (lied, [10_00, 10_00])):
        told = business_invoice(ACCOUNT, business(item("100.0", "120.0", *taxes), total=120), (), None)
        assert [part.amount.minor for part in told.lines[0].taxes] == amounts


@pytest.mark.parametrize("sub_total", ["100.0", "119.0"])
def test_a_tax_inclusive_line_is_its_gross_whatever_sub_total_means(sub_total: str) -> None:
    told = business_invoice(ACCOUNT, business(item(sub_total, "119.0", VAT), metadata={"tax_mode": "include"}), (), None)
    assert told.tax_inclusive
    assert (told.lines[0].net, told.lines[0].taxes) == (euro(119_00), (tax("19.0", 19_00),))


@pytest.mark.parametrize("metadata", [None, {}, {"tax_mode": "mixed"}])
def test_taxed_lines_without_a_known_tax_mode_are_not_read(metadata: object) -> None:
    assert business_invoice(ACCOUNT, business(item("100.0", "119.0", VAT), metadata=metadata), (), None).lines == ()
    untaxed = business_invoice(ACCOUNT, business(item("119.0", "119.0"), metadata=metadata), (), None)
    assert untaxed.lines[0].net == euro(119_00)


def test_lines_in_sections_count_like_the_others() -> None:
    told = business(item("10.0", "10.0"), sections=[{"items": [item("20.0", "20.0")]}, {"items": None}], total=30)
    assert [line.net for line in business_invoice(ACCOUNT, told, (), None).lines] == [euro(10_00), euro(20_00)]


def test_the_documented_platform_sample_is_read_as_discount_before_tax() -> None:
    sample = {"title": "Item", "amount": 10, "quantity": 1, "discount": 2, "taxes": [{"name": "10 tax", "rate": 10}]}
    told = platform_invoice(ACCOUNT, platform(sample, amount=8.8, balance=5.0), ())
    assert (told.lines[0].net, told.lines[0].taxes) == (euro(8_00), (tax("10", 80, name="10 tax"),))
    assert (told.tax_inclusive, told.status, told.number) == (False, InvoiceStatus.PARTIALLY_PAID, "7")
    assert told.customer is not None
    assert told.customer.provider_id == "client1"


@pytest.mark.parametrize(
    ("amount", "net", "inclusive"),
    [
        (Decimal(238), 200_00, False),
        (Decimal(200), 200_00, True),
        (Decimal(119), 100_00, False),
        (Decimal(100), 100_00, True),
    ],
)
def test_the_platform_reading_that_adds_up_is_taken(amount: Decimal, net: int, *, inclusive: bool) -> None:
    """Amounts of a piece or of the line, before tax or with it: the invoice's own total says which."""
    told = platform_invoice(ACCOUNT, platform({"amount": 100, "quantity": 2, "taxes": [VAT]}, amount=amount), ())
    assert (told.lines[0].net, told.tax_inclusive) == (euro(net), inclusive)


def test_platform_lines_that_add_up_to_nothing_known_are_not_read_and_the_balance_stands() -> None:
    told = platform_invoice(ACCOUNT, platform({"amount": 100, "quantity": 2, "taxes": [VAT]}, amount=150), ())
    assert told.lines == ()
    assert told.creditable == CreditableBalance(total=euro(150_00), exact=False)


RATES = st.lists(st.sampled_from(["2.5", "5", "7", "19", "21"]), max_size=3, unique=True)
LINES = st.lists(st.tuples(st.integers(100, 10**8), RATES), min_size=1, max_size=5)


@given(LINES, st.booleans())
def test_whatever_reading_made_the_total_is_found_or_none_is_claimed(lines: list[tuple[int, list[str]]], inclusive: bool) -> None:
    items = [
        {"amount": str(Money(minor, "EUR").major), "quantity": 1, "taxes": [{"name": rate, "rate": rate} for rate in rates]}
        for minor, rates in lines
    ]
    taxes = sum(sum(on_top(minor, [Decimal(rate) for rate in rates])) for minor, rates in lines)
    gross = sum(minor for minor, _ in lines) + (0 if inclusive else taxes)
    reading = platform_lines(platform(*items, amount=str(euro(gross).major)), euro(gross))
    assert reading.lines == () or sum(gross_of(line, tax_inclusive=reading.tax_inclusive) for line in reading.lines) == gross
    if taxes > len(lines):
        assert (len(reading.lines), reading.tax_inclusive) == (len(lines), inclusive)


@given(st.integers(0, 10**12), RATES)
def test_net_and_taxes_within_a_gross_add_up_to_it(gross: int, rates: list[str]) -> None:
    net, parts = within(gross, [Decimal(rate) for rate in rates])
    assert net + sum(parts) == gross
    assert net == half_up(Fraction(gross) / (1 + sum(map(Fraction, rates), Fraction(0)) / 100))
    assert min(parts, default=0) >= 0
