"""Filters of the Chargebee sandbox's lists: every operator, the three spellings in use, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.sandbox.seed import DAY
from tests.sandbox import test_chargebee
from tests.sandbox.test_chargebee import Answer, Site
from tests.sandbox.test_chargebee_lists import pages, refused

site = test_chargebee.site


def found(site: Site, **query: str) -> list[Answer]:
    return pages(site, "/credit_notes", {"limit": "100", **query})


def ids(site: Site, **query: str) -> list[str]:
    return [note["id"] for note in found(site, **query)]


@pytest.mark.parametrize(("query", "test"), [
    ({"status[is]": "adjusted"}, lambda note: note["status"] == "adjusted"),
    ({"status[is_not]": "adjusted"}, lambda note: note["status"] != "adjusted"),
    ({"status[in]": '["voided","refunded"]'}, lambda note: note["status"] in {"voided", "refunded"}),
    ({"type[not_in]": '["adjustment"]'}, lambda note: note["type"] != "adjustment"),
    ({"customer_id[is]": "globex"}, lambda note: note["customer_id"] == "globex"),
    ({"customer_id[starts_with]": "glo"}, lambda note: note["customer_id"] == "globex"),
    ({"reference_invoice_id[is_present]": "false"}, lambda note: "reference_invoice_id" not in note),
    ({"reference_invoice_id[is_present]": "True"}, lambda note: "reference_invoice_id" in note),
    ({"reference_invoice_id[starts_with]": "INV-200"}, lambda note: note.get("reference_invoice_id", "").startswith("INV-200")),
    ({"subscription_id[is_present]": "true"}, lambda _: False),
    ({"reason_code[is]": "waiver"}, lambda note: note.get("reason_code") == "waiver"),
    ({"create_reason_code[is]": "Waiver"}, lambda note: note.get("create_reason_code") == "Waiver"),
    ({"create_reason_code[is]": "waiver"}, lambda _: False),
    ({"price_type[is]": "tax_exclusive"}, lambda _: True),
    ({"channel[in]": '["app_store"]'}, lambda _: False),
    ({"einvoice[status][is]": "success"}, lambda _: False),
    ({"total[gt]": "5000"}, lambda note: note["total"] > 5000),
    ({"total[gte]": "3402"}, lambda note: note["total"] >= 3402),
    ({"total[lt]": "1107"}, lambda note: note["total"] < 1107),
    ({"total[lte]": "1107"}, lambda note: note["total"] <= 1107),
    ({"total[is]": "1107"}, lambda note: note["total"] == 1107),
    ({"total[is_not]": "1107"}, lambda note: note["total"] != 1107),
    ({"total[between]": "[1107,2000]"}, lambda note: 1107 <= note["total"] <= 2000),
    ({"amount_available[is]": "0"}, lambda note: note["amount_available"] == 0),
    ({"amount_refunded[gt]": "0"}, lambda note: note["amount_refunded"] > 0),
    ({"amount_allocated[gt]": "0", "type[is_not]": "adjustment"}, lambda note: bool(note["allocations"]) and note["type"] != "adjustment"),
])  # fmt: skip
def test_a_filter_finds_what_it_says(site: Site, query: dict[str, str], test: Callable[[Answer], bool]) -> None:
    everything = found(site)
    assert [note["id"] for note in found(site, **query)] == [note["id"] for note in everything if test(note)]


@pytest.mark.parametrize("spelling", [
    '["CN-0001","CN-0002"]', "['CN-0001', 'CN-0002']", "[CN-0001,CN-0002]", "[ 'CN-0001' , \"CN-0002\" ]",
])  # fmt: skip
def test_a_list_is_read_in_every_spelling_in_use(site: Site, spelling: str) -> None:
    assert ids(site, **{"id[in]": spelling}) == ["CN-0001", "CN-0002"]
    assert len(ids(site, **{"id[not_in]": spelling})) == 58


@pytest.mark.parametrize("spelling", ["[{0},{1}]", "['{0}', '{1}']", '["{0}","{1}"]', "[{0}, {1}]"])
def test_a_range_is_read_in_every_spelling_in_use(site: Site, spelling: str) -> None:
    first, last = site.note("CN-0003")["date"], site.note("CN-0005")["date"]
    assert ids(site, **{"date[between]": spelling.format(first, last)}) == ["CN-0003", "CN-0004", "CN-0005"]


def test_a_quote_inside_a_word_is_kept(site: Site) -> None:
    assert ids(site, **{"id[in]": """["it's","CN-0001"]"""}) == ["CN-0001"]
    assert ids(site, **{"id[in]": r"['a\'b, c', 'CN-0001']"}) == ["CN-0001"]
    assert ids(site, **{"id[in]": "[]"}) == []


@pytest.mark.parametrize(("switch", "query", "expected"), [
    ({}, {"date[between]": "[{0},{1}]"}, [3, 4, 5]), ({"filter_between": "exclusive"}, {"date[between]": "[{0},{1}]"}, [4]),
    ({}, {"date[after]": "{0}", "date[before]": "{1}"}, [4]),
    ({"filter_after_before": "inclusive"}, {"date[after]": "{0}", "date[before]": "{1}"}, [3, 4, 5]),
    ({"filter_on": "instant"}, {"date[on]": "{0}"}, [3]),
])  # fmt: skip
def test_what_bounds_mean_is_not_published(site: Site, switch: dict[str, str], query: dict[str, str], expected: list[int]) -> None:
    site.switch(**switch)
    first, last = site.note("CN-0003")["date"], site.note("CN-0005")["date"]
    asked = {name: value.format(first, last) for name, value in query.items()}
    assert ids(site, **asked) == [f"CN-{index:04d}" for index in expected]


def test_on_means_the_whole_day_in_utc(site: Site) -> None:
    date = site.note("CN-0003")["date"]
    same_day = [note["id"] for note in found(site) if note["date"] // DAY == date // DAY]
    assert ids(site, **{"date[on]": str(date)}) == same_day


def test_a_change_is_found_by_its_instant(site: Site) -> None:
    site.clock.advance(10)
    since = str(int(site.clock.now()) - 5)
    site.post("/credit_notes/CN-0001/update", {"cf_x": "1"})
    assert ids(site, **{"updated_at[after]": since}) == ["CN-0001"]
    site.post("/credit_notes/CN-0003/void")
    assert ids(site, **{"voided_at[after]": since}) == ["CN-0003"]


def test_filters_hold_together(site: Site) -> None:
    query = {"type[is]": "refundable", "status[is]": "refund_due", "customer_id[is]": "acme", "total[gt]": "4000"}
    notes = found(site, **query)
    assert notes
    assert all(note["total"] > 4000 and note["customer_id"] == "acme" and note["status"] == "refund_due" for note in notes)


@pytest.mark.parametrize(("name", "value"), [
    ("status[is]", "open"), ("status[in]", '["open"]'), ("status[in]", "adjusted"), ("type[is]", "Refundable"), ("total[gt]", "x"),
    ("total[gt]", "1.5"), ("total[between]", "[1]"), ("total[between]", "[1,2,3]"), ("total[between]", "1,2"), ("date[after]", "170000000"),
    ("date[after]", "2026-01-01"), ("date[on]", "17000000000"), ("date[between]", "['a','b']"), ("id[in]", "[['a']]"), ("id[in]", "['a"),
    ("reference_invoice_id[is_present]", "yes"), ("einvoice[status][is]", "done"), ("include_deleted", "maybe"), ("id[in]", '["a" "b"]'),
])  # fmt: skip
def test_a_filter_that_cannot_be_read_is_refused_by_name(site: Site, name: str, value: str) -> None:
    assert refused(site, "/credit_notes", **{name: value}) == (400, "param_wrong_value", name)


@pytest.mark.parametrize("name", ["currency_code[is]", "refunded_at[after]", "status[like]", "cf_x[is]", "date[is]"])
def test_an_unknown_filter_is_ignored_or_refused(site: Site, name: str) -> None:
    assert len(ids(site, **{name: "EUR"})) == 60
    site.switch(unknown_filters="refused")
    assert refused(site, "/credit_notes", **{name: "EUR"}) == (400, "param_wrong_value", name)


def test_an_empty_filter_is_not_given(site: Site) -> None:
    assert len(ids(site, **{"status[is]": "", "total[gt]": ""})) == 60


@pytest.mark.parametrize(("query", "expected"), [
    ({"status[is]": "voided"}, {"INV-1005"}), ({"amount_due[gt]": "40000"}, {"INV-1002"}),
    ({"id[in]": "['INV-1001', 'INV-1002']"}, {"INV-1001", "INV-1002"}), ({"amount_paid[between]": "[5000,5000]"}, {"INV-1004"}),
    ({"recurring[is]": "true"}, set()), ({"dunning_status[is_present]": "true"}, set()), ({"payment_owner[is]": "acme"}, set()),
    ({"credits_applied[gt]": "0", "id[starts_with]": "INV-1"}, set()),
    ({"recurring[is]": "false", "id[starts_with]": "INV-100", "paid_at[after]": "1000000000"}, {"INV-1001", "INV-1003"}),
])  # fmt: skip
def test_invoices_have_filters_of_their_own(site: Site, query: dict[str, str], expected: set[str]) -> None:
    assert {invoice["id"] for invoice in pages(site, "/invoices", {"limit": "100", **query})} == expected
