"""No request, however strange, shakes the vcita sandbox: it answers, below 500, and the books hold."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.test_vcita_desk import BUSINESS, INVOICES, NOTES, PLATFORM, Desk, invoice_uid, open_desk

NAMES = st.sampled_from(
    [
        "invoice_uid", "line_items", "name", "quantity", "unit_amount", "taxes", "rate", "tax_total", "notes", "unique_number",
        "matter_uid", "issue_date", "due_date", "currency", "line_item_groups", "line_item_group_index", "tax_uids", "discount",
        "discount_type", "amount", "status", "refund", "payment_uid", "record_refund", "refund_time", "event", "target_url",
    ]
)  # fmt: skip
WORDS = st.sampled_from(
    [
        invoice_uid(1002),
        "EUR",
        "KWD",
        "2026-01-01",
        "9999-12-31",
        "matter00000acme0",
        "percent",
        "amount",
        "DRAFT",
        "pay0000000001001",
    ]
)
NUMBERS = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False) | st.decimals(0, 100, places=2)
LEAVES = st.none() | st.booleans() | NUMBERS | WORDS | st.text(max_size=20)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6), max_leaves=20)
BODIES = st.dictionaries(NAMES, VALUES, max_size=8)
PATHS = st.sampled_from([NOTES, INVOICES, f"{BUSINESS}/refunds", f"{PLATFORM}/webhook/unsubscribe"])


@pytest.fixture(scope="module")
def opened() -> Iterator[Desk]:
    with open_desk() as desk:
        yield desk


@given(path=PATHS, body=BODIES)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_body_is_answered_below_500(opened: Desk, path: str, body: dict[str, object]) -> None:
    assert opened.post(path, body).status_code < 500
    assert opened.sandbox.violations() == []


@given(
    line=st.fixed_dictionaries(
        {
            "name": st.text(min_size=1, max_size=5),
            "quantity": st.decimals("0.001", 1000, places=3) | NUMBERS,
            "unit_amount": st.decimals("0.0001", 100, places=4) | NUMBERS,
            "taxes": st.lists(
                st.fixed_dictionaries({"name": st.text(max_size=3), "rate": st.decimals(0, 100, places=3), "tax_total": NUMBERS}),
                max_size=3,
            ),
        }
    ),
    invoice=st.sampled_from([1001, 1003, 1004, 1006, 1007, 2005]),
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_line_is_credited_or_refused(opened: Desk, line: dict[str, object], invoice: int) -> None:
    assert opened.note(invoice, line).status_code in {201, 422}
    assert opened.sandbox.violations() == []


@given(query=st.dictionaries(st.sampled_from(["page", "per_page", "sort", "invoice_uid"]), st.text(max_size=12)))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_query_is_answered_below_500(opened: Desk, query: dict[str, str]) -> None:
    assert opened.client.get(NOTES, params=query).status_code in {200, 400, 422}
