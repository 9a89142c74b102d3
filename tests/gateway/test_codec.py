"""Domain values as bytes: every one comes back as it was, and nothing that is not one is taken for one."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.commands import Page
from app.domain.credit_note import CreditNote, LineItem
from app.domain.invoice import Invoice
from app.domain.money import Money
from app.domain.plans import WritePlan
from app.gateway.cache import Fetched
from app.gateway.codec import VERSION, Codec
from app.gateway.entries import Entry
from tests.gateway.cached import World
from tests.gateway.stub import note
from tests.gateway.values import decimals, of

KINDS: dict[str, Any] = {
    "note": CreditNote,
    "invoice": Invoice,
    "page": Page,
    "lines": tuple[LineItem, ...],
    "plan": WritePlan,
    "entry": Entry,
}
kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
some = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@kinds
@some
@given(data=st.data())
def test_every_value_comes_back_equal(kind: Any, data: st.DataObject) -> None:
    value = data.draw(of(kind))
    stored: Codec[Any] = Codec(kind)
    assert stored.decode(stored.encode(value)) == value


@given(amount=decimals)
def test_a_decimal_keeps_its_digits_and_not_only_its_value(amount: Decimal) -> None:
    stored = Codec(Decimal)
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


def test_the_largest_amount_that_can_be_counted_in_64_bits_is_kept() -> None:
    stored = Codec(Money)
    for minor in (2**63 - 1, -(2**63)):
        assert stored.decode(stored.encode(Money(minor, "EUR"))) == Money(minor, "EUR")


@pytest.mark.anyio
async def test_a_larger_amount_is_shown_without_being_kept_and_harms_no_other_note(world: World) -> None:
    world.provider.notes["a"] = note("a", minor=2**64)
    for _ in range(2):
        found = await world.get("a", "b")
        assert [isinstance(found[id], Fetched) for id in "ab"] == [True, True]
    assert world.provider.asked == [("a", "b"), ("a",)]


def test_nothing_is_a_miss() -> None:
    assert Codec(CreditNote).decode(None) is None
    assert Codec(CreditNote).decode(b"") is None


def test_a_value_of_another_version_is_a_miss_both_ways() -> None:
    today, tomorrow = Codec(CreditNote), Codec(CreditNote, version=VERSION + 1)
    assert tomorrow.decode(today.encode(note("CN-1"))) is None
    assert tomorrow.decode(tomorrow.encode(note("CN-1"))) == note("CN-1")
    assert today.decode(tomorrow.encode(note("CN-1"))) is None


def test_a_value_of_another_kind_is_a_miss() -> None:
    assert Codec(Invoice).decode(Codec(CreditNote).encode(note("CN-1"))) is None
    assert Codec(CreditNote).decode(Codec(str).encode("CN-1")) is None


def test_an_amount_in_a_currency_nobody_knows_is_a_miss() -> None:
    stored = Codec(CreditNote)
    known = stored.encode(note("CN-1"))
    assert known.count(b"EUR") == 1
    assert stored.decode(known.replace(b"EUR", b"QQQ")) is None


@kinds
@some
@given(data=st.data(), noise=st.binary(min_size=1, max_size=4))
def test_damaged_bytes_are_a_miss_or_a_value_and_never_an_error(kind: Any, data: st.DataObject, noise: bytes) -> None:
    stored: Codec[Any] = Codec(kind)
    whole = stored.encode(data.draw(of(kind)))
    place = data.draw(st.integers(1, len(whole)))
    stored.decode(whole[:place])
    stored.decode(whole[:place] + noise + whole[place + len(noise) :])
    stored.decode(bytes([VERSION]) + noise)


def test_a_text_that_is_not_utf_8_is_a_miss() -> None:
    assert Codec(str).decode(bytes([VERSION, 0xA2, 0xFF, 0xFE])) is None
