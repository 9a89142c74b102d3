"""Zenskar's sandbox: no request, however odd, makes it fail or leaves its books broken."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.test_zenskar import ACME, Zenskar, demo, running

WRITES = (
    ("POST", f"/invoices/{demo(1004)}/credit_note"),
    ("POST", "/credit_notes"),
    ("PATCH", f"/credit_notes/{demo(3003)}"),
    ("PATCH", f"/invoices/{demo(1006)}/approve"),
    ("PATCH", f"/invoices/{demo(1002)}/void"),
    ("POST", "/payments"),
    ("POST", f"/payments/{demo(11004)}/refund"),
)
LISTS = ("/credit_notes", "/invoices", "/payments", f"/credit_notes/{demo(3001)}", f"/invoices/{demo(1004)}/payments")

odd = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5),
    st.sampled_from(("EUR", "void", "paid", "credits", "external", "success", ACME, demo(1004), demo(11004), demo(21004), 1, 5, 0, 1e308, 1e-9)),
)  # fmt: skip
names = st.sampled_from((
    "amount", "credit_note_amount", "reason", "refund_destination", "refund_amount_split", "payment_id", "status", "currency",
    "customer_id", "repayment_method", "line_items", "custom_data", "id", "invoice_id", "credit_note_number", "refund_amount",
    "payment_parts", "currency_code", "type", "writeoff_invoices", "refund_payment_part_amounts", "timestamp", "credits_returned",
))  # fmt: skip
nested = st.recursive(odd, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4), max_leaves=8)
bodies = st.dictionaries(names, nested, max_size=9)
parameters = st.sampled_from((
    "cursor", "limit", "order", "search", "sort_key", "sort_type", "status", "status__in", "amount__gte", "created_at__lte",
    "customer_id", "include_line_items", "invoice_number__like",
))  # fmt: skip
PATIENT = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def server() -> Iterator[Zenskar]:
    with running() as zenskar:
        yield zenskar


@pytest.fixture
def zenskar(server: Zenskar) -> Zenskar:
    server.control.reset()
    return server


@PATIENT
@given(call=st.sampled_from(WRITES), body=bodies)
def test_no_body_makes_it_fail(zenskar: Zenskar, call: tuple[str, str], body: dict[str, object]) -> None:
    method, path = call
    headers = {"content-type": "application/json"}
    answer = zenskar.http.request(method, path, content=json.dumps(body), headers=headers)
    assert answer.status_code in {200, 400, 404, 409, 422}
    assert zenskar.sandbox.violations() == []
    for readable in LISTS:
        assert zenskar.http.get(readable).status_code == 200


@PATIENT
@given(path=st.sampled_from(LISTS), query=st.dictionaries(parameters, st.text(max_size=8) | st.integers().map(str), max_size=4))
def test_no_query_makes_it_fail(zenskar: Zenskar, path: str, query: dict[str, str]) -> None:
    assert zenskar.http.get(path, params=query).status_code in {200, 400, 422}


@PATIENT
@given(path=st.text(max_size=20))
def test_no_path_makes_it_fail(zenskar: Zenskar, path: str) -> None:
    encoded = "".join(f"%{byte:02x}" for byte in path.encode(errors="surrogatepass"))
    for place in ("/credit_notes/", "/invoices/external_id/", "/payments/invoice/"):
        assert zenskar.http.get(place + encoded).status_code in {200, 404, 422}
