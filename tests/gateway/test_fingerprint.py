"""What makes two requests the same, however they are spelled, and what makes them two."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.commands import (
    CreditLine,
    CreditLines,
    CreditRemaining,
    CreditTotal,
    CustomerTarget,
    DispositionPart,
    InvoiceTarget,
    IssueCreditNote,
    LineTax,
)
from app.domain.credit_note import Ref
from app.domain.money import Money
from app.domain.vocabulary import Disposition, Reason
from app.gateway.entries import fingerprint
from app.providers.chargebee.options import ChargebeeOptions

COMMAND = IssueCreditNote(
    key="k",
    target=InvoiceTarget(invoice=Ref("acme", "inv-1")),
    credit=CreditTotal(total=Money(100, "EUR")),
    reason=Reason.ORDER_CHANGE,
)


refs = st.builds(Ref, st.sampled_from(("acme", "other")), st.sampled_from(("inv-1", "inv-2")))
money = st.builds(Money, st.integers(1, 3), st.sampled_from(("EUR", "USD")))
texts = st.none() | st.sampled_from(("", "a", "null"))
days = st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 2))
quantities = st.none() | st.sampled_from([Decimal(text) for text in ("1", "2", "1.5", "10", "1.0000000000000000000000000000001")])
taxes = st.builds(LineTax, name=st.sampled_from("ab"), rate=st.sampled_from((Decimal(19), Decimal(7))), amount=st.none() | money)
lines = st.builds(
    CreditLine,
    invoice_line_item_id=texts,
    description=texts,
    quantity=quantities,
    unit_amount=quantities,
    amount=st.none() | money,
    taxes=st.none() | st.lists(taxes, max_size=2).map(tuple),
    period_start=days,
    period_end=days,
)
commands = st.builds(
    IssueCreditNote,
    key=st.just("k"),
    target=st.builds(InvoiceTarget, invoice=refs)
    | st.builds(CustomerTarget, customer=refs, currency=st.sampled_from(("EUR", "USD"))),
    credit=st.builds(CreditTotal, total=money)
    | st.builds(CreditLines, lines=st.lists(lines, min_size=1, max_size=2).map(tuple))
    | st.just(CreditRemaining()),
    reason=st.sampled_from((Reason.ORDER_CHANGE, Reason.FRAUDULENT)),
    reason_text=texts,
    dispositions=st.lists(
        st.builds(DispositionPart, disposition=st.sampled_from(Disposition), amount=st.none() | money, payment_id=texts), max_size=2
    ).map(tuple),
    number=texts,
    issued_on=days,
    customer_note=texts,
    internal_note=texts,
    notify_customer=st.none() | st.booleans(),
    options=st.none() | st.builds(ChargebeeOptions, create_reason_code=st.just("a") | st.just("b"), skip_actions=st.booleans()),
)


@given(one=commands, other=commands)
def test_requests_of_other_content_have_other_fingerprints(one: IssueCreditNote, other: IssueCreditNote) -> None:
    assert (fingerprint(one) == fingerprint(other)) == (one == other)


@given(one=commands, other=commands, data=st.data())
def test_one_changed_member_is_other_content(one: IssueCreditNote, other: IssueCreditNote, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name for name in IssueCreditNote.__slots__ if name != "key"]))
    changed = replace(one, **{name: getattr(other, name)})
    assume(changed != one)
    assert fingerprint(changed) != fingerprint(one)


@given(lines=st.lists(lines, min_size=1, max_size=2), other=lines, data=st.data())
def test_one_changed_member_of_a_line_is_other_content(lines: list[CreditLine], other: CreditLine, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(CreditLine.__slots__))
    changed = [replace(lines[0], **{name: getattr(other, name)}), *lines[1:]]
    assume(changed != lines)
    one, two = (replace(COMMAND, credit=CreditLines(lines=tuple(content))) for content in (lines, changed))
    assert fingerprint(one) != fingerprint(two)


@given(command=commands, key=st.text(max_size=5))
def test_the_key_is_not_content(command: IssueCreditNote, key: str) -> None:
    assert fingerprint(replace(command, key=key)) == fingerprint(command)


def of(unit_amount: Decimal) -> str:
    return fingerprint(replace(COMMAND, credit=CreditLines(lines=(CreditLine(unit_amount=unit_amount),))))


@given(one=st.decimals(allow_nan=False, allow_infinity=False), zeros=st.integers(0, 30))
def test_a_number_is_the_same_in_every_spelling(one: Decimal, zeros: int) -> None:
    sign, digits, exponent = one.as_tuple()
    assume(isinstance(exponent, int) and -60 < exponent < 60)
    assert of(Decimal((sign, (*digits, *[0] * zeros), exponent - zeros))) == of(one)  # type: ignore[operator]  # an int, as assumed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.0000000000000000000000000000001", "1"),
        ("12345678901234567890123456789012345678.5", "12345678901234567890123456789012345678.4"),
        ("1", "10"),
        ("100", "10"),
        ("-1", "1"),
    ],
)
def test_numbers_that_differ_anywhere_are_other_content(one: str, other: str) -> None:
    assert of(Decimal(one)) != of(Decimal(other))


def test_what_is_left_out_is_what_it_stands_for_when_given() -> None:
    assert fingerprint(replace(COMMAND, options=ChargebeeOptions())) == fingerprint(COMMAND)
    assert fingerprint(replace(COMMAND, dispositions=(), reason_text=None)) == fingerprint(COMMAND)


def test_a_line_without_taxes_is_not_a_line_with_its_invoices_taxes() -> None:
    untaxed, as_invoiced = (
        replace(COMMAND, credit=CreditLines(lines=(CreditLine(amount=Money(100, "EUR"), taxes=taxes),))) for taxes in ((), None)
    )
    assert fingerprint(untaxed) != fingerprint(as_invoiced)
