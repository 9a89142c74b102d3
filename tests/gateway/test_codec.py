"""Domain values as bytes: every one comes back as it was, and nothing that is not one is taken for one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.domain.commands import IssuePlan, Page
from app.domain.credit_note import CreditNote, LineItem
from app.domain.invoice import Invoice
from app.domain.money import Money
from app.gateway import codec
from app.gateway.codec import Codec
from app.gateway.entries import Entry
from tests.gateway.stub import note

Lines = tuple[LineItem, ...]

texts = st.text(max_size=8)
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=None) | st.decimals(min_value=-9999, max_value=9999, places=4)
zones = st.sampled_from((UTC, *(timezone(delta) for delta in (timezone.max.utcoffset(None), timezone.min.utcoffset(None)) if delta)))
instants = st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2200, 1, 1), timezones=zones)  # noqa: DTZ001 - `timezones` makes them aware
money = st.builds(Money, st.integers(-(2**63), 2**63 - 1), st.sampled_from(("EUR", "JPY", "KWD", "CLF", "HRK")))

for kind, strategy in {Decimal: decimals, datetime: instants, Money: money, str: texts, bytes: st.binary(max_size=8)}.items():
    st.register_type_strategy(kind, strategy)  # type: ignore[arg-type]  # each strategy makes its kind

KINDS: dict[str, Any] = {"note": CreditNote, "invoice": Invoice, "page": Page, "lines": Lines, "plan": IssuePlan, "entry": Entry}
thorough = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@kinds
@thorough
@given(data=st.data())
def test_every_value_comes_back_equal(kind: Any, data: st.DataObject) -> None:
    value = data.draw(st.from_type(kind))
    stored: Codec[Any] = Codec(kind)
    assert stored.decode(stored.encode(value)) == value


@given(amount=decimals)
@example(Decimal("1.10"))
@example(Decimal("1E+5"))
def test_a_decimal_keeps_its_digits_not_only_its_value(amount: Decimal) -> None:
    stored: Codec[Decimal] = Codec(Decimal)
    back = stored.decode(stored.encode(amount))
    assert back is not None
    assert back.as_tuple() == amount.as_tuple()


def test_a_day_stays_a_day_and_an_instant_is_shown_in_utc() -> None:
    stored = Codec(CreditNote)
    value = note("CN-1", at=datetime.fromisoformat("2026-03-01T01:30:00.000001+05:00"), issued_on=date(2026, 3, 1))
    back = stored.decode(stored.encode(value))
    assert back is not None
    assert back.issued_at.isoformat() == "2026-02-28T20:30:00.000001+00:00"
    assert back.issued_on == date(2026, 3, 1)


def test_nothing_is_a_miss() -> None:
    assert Codec(CreditNote).decode(None) is None
    assert Codec(CreditNote).decode(b"") is None


def test_a_value_of_another_version_is_a_miss_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = Codec(CreditNote)
    today = stored.encode(note("CN-1"))
    monkeypatch.setattr(codec, "VERSION", codec.VERSION + 1)
    assert stored.decode(today) is None
    tomorrow = stored.encode(note("CN-1"))
    assert stored.decode(tomorrow) == note("CN-1")
    monkeypatch.undo()
    assert stored.decode(tomorrow) is None


def test_a_value_of_another_kind_is_a_miss() -> None:
    assert Codec(Invoice).decode(Codec(CreditNote).encode(note("CN-1"))) is None
    assert Codec(CreditNote).decode(Codec(str).encode("CN-1")) is None


@kinds
@thorough
@given(data=st.data(), noise=st.binary(min_size=1, max_size=4))
def test_bytes_that_are_damaged_are_a_miss_or_a_value_and_never_an_error(kind: Any, data: st.DataObject, noise: bytes) -> None:
    stored: Codec[Any] = Codec(kind)
    whole = stored.encode(data.draw(st.from_type(kind)))
    place = data.draw(st.integers(1, len(whole)))
    stored.decode(whole[:place])
    stored.decode(whole[:place] + noise + whole[place + len(noise) :])
    stored.decode(bytes([codec.VERSION]) + noise)


def test_an_amount_in_a_currency_nobody_knows_is_a_miss() -> None:
    stored = Codec(CreditNote)
    known = stored.encode(replace(note("CN-1"), total=Money(100, "EUR")))
    assert stored.decode(known.replace(b"EUR", b"QQQ")) is None
