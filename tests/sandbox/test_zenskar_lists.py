"""Zenskar's sandbox: pages, orders, filters and search of its three lists."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.test_zenskar import ACME, Zenskar, demo, running

FORGED = (
    b"{}", b"1", b"[]", b"\xff", b'["-created_at","after",5]', b'["created_at","after",[1,"x"]]', b'["-created_at","after",["x","y"]]',
    b'["-created_at","up",[1,"x"]]', b'["-created_at","offset",-1]', b'["-created_at","after",[[],"x"]]', b"[" * 20_000,
)  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Zenskar]:
    with running() as zenskar:
        yield zenskar


@pytest.fixture
def zenskar(server: Zenskar) -> Zenskar:
    server.control.reset()
    return server


def all_pages(zenskar: Zenskar, path: str, **query: str | int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    page = zenskar.get(path, **query)
    rows += page["results"]
    while page["next"] is not None:
        page = zenskar.get(path, **{**query, "cursor": page["next"]})
        rows += page["results"]
    return rows


def test_a_page_holds_ten_rows_newest_first(zenskar: Zenskar) -> None:
    page = zenskar.get("/credit_notes")
    assert set(page) == {"results", "next", "previous", "total_count"}
    assert [note["id"] for note in page["results"]] == [demo(3060 - index) for index in range(10)]
    assert (page["previous"], page["total_count"]) == (None, 60)
    assert isinstance(base64.urlsafe_b64decode(page["next"]), bytes)


@pytest.mark.parametrize("path", ["/credit_notes", "/invoices", "/invoices/internal", "/payments"])
@pytest.mark.parametrize("limit", [7, 100, 1000])
def test_every_row_is_on_exactly_one_page(zenskar: Zenskar, path: str, limit: int) -> None:
    ids = [row["id"] for row in all_pages(zenskar, path, limit=limit)]
    assert len(ids) == len(set(ids)) == zenskar.get(path)["total_count"]


@pytest.mark.parametrize("cursor", ["keyset", "offset"])
def test_previous_leads_back(zenskar: Zenskar, cursor: str) -> None:
    zenskar.switch(cursor=cursor)
    first = zenskar.get("/credit_notes", limit=25)
    second = zenskar.get("/credit_notes", limit=25, cursor=first["next"])
    third = zenskar.get("/credit_notes", limit=25, cursor=second["next"])
    assert (len(third["results"]), third["next"]) == (10, None)
    assert zenskar.get("/credit_notes", limit=25, cursor=third["previous"])["results"] == second["results"]
    back = zenskar.get("/credit_notes", limit=25, cursor=second["previous"])
    assert (back["results"], back["previous"]) == (first["results"], None)


def test_a_shorter_way_back_repeats_nothing(zenskar: Zenskar) -> None:
    first = zenskar.get("/credit_notes", limit=3)
    second = zenskar.get("/credit_notes", limit=3, cursor=first["next"])
    assert zenskar.get("/credit_notes", limit=10, cursor=second["previous"])["results"] == first["results"]


def test_a_note_issued_meanwhile_shifts_no_page(zenskar: Zenskar) -> None:
    first = zenskar.get("/credit_notes")
    zenskar.issued(1002, 25)
    second = zenskar.get("/credit_notes", cursor=first["next"])
    assert second["results"][0]["id"] == demo(3050)


@pytest.mark.parametrize(
    "cursor",
    ["%%%", "bm90IGpzb24=", "é", *(base64.urlsafe_b64encode(forged).decode() for forged in FORGED)],
)
def test_a_cursor_of_no_list_is_refused(zenskar: Zenskar, cursor: str) -> None:
    answer = zenskar.http.get("/credit_notes", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["detail"].partition(":")[0]) == (400, "INVALID_CURSOR")


@pytest.mark.parametrize(
    ("query", "loc"),
    [
        ({"limit": "0"}, ["query", "limit"]),
        ({"limit": "ten"}, ["query", "limit"]),
        ({"customer_id": "acme"}, ["query", "customer_id"]),
        ({"invoice_id": ""}, ["query", "invoice_id"]),
        ({"status": "adjusted"}, ["query", "status"]),
    ],
)
def test_a_malformed_query_is_refused(zenskar: Zenskar, query: dict[str, str], loc: list[str]) -> None:
    answer = zenskar.http.get("/credit_notes", params=query)
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, loc)


@pytest.mark.parametrize("query", [{"order": "size"}, {"sort_key": "size"}, {"sort_key": "id", "sort_type": "up"}])
def test_an_unknown_order_is_refused(zenskar: Zenskar, query: dict[str, str]) -> None:
    answer = zenskar.http.get("/credit_notes", params=query)
    assert (answer.status_code, answer.json()["detail"].partition(":")[0]) == (400, "INVALID_ORDER")


@pytest.mark.parametrize(
    ("query", "member", "descending"),
    [
        ({"order": "created_at"}, "created_at", False),
        ({"order": "-amount"}, "amount", True),
        ({"sort_key": "id", "sort_type": "desc"}, "id", True),
        ({"sort_key": "credit_note_number"}, "credit_note_number", False),
        ({"order": "invoice_id"}, "invoice_id", False),
    ],
)
def test_notes_can_be_ordered(zenskar: Zenskar, query: dict[str, str], member: str, *, descending: bool) -> None:
    values = [note[member] for note in all_pages(zenskar, "/credit_notes", **query)]
    assert values == sorted(values, reverse=descending)
    assert len(values) == 60


@pytest.mark.parametrize(
    ("query", "member", "value"),
    [
        ({"customer_id": ACME}, "customer_id", ACME),
        ({"invoice_id": demo(2007)}, "invoice_id", demo(2007)),
        ({"status": "void"}, "status", "void"),
        ({"search": "currency=jpy"}, "currency", "JPY"),
        ({"search": " status=paid , repayment_method=external_payment"}, "repayment_method", "external_payment"),
        ({"search": "credit_note_number=CN-000007"}, "id", demo(3007)),
        ({"status": "in_progress", "search": "currency=KWD"}, "currency", "KWD"),
    ],
)
def test_notes_can_be_filtered_and_searched(zenskar: Zenskar, query: dict[str, str], member: str, value: str) -> None:
    found = all_pages(zenskar, "/credit_notes", **query)
    everything = all_pages(zenskar, "/credit_notes")
    assert found
    assert {note[member] for note in found} == {value}
    if len(query) == 1 and "," not in str(query):
        assert found == [note for note in everything if note[member] == value]


@pytest.mark.parametrize("search", ["colour=red", "issued"])
def test_a_search_by_nothing_known_is_refused(zenskar: Zenskar, search: str) -> None:
    answer = zenskar.http.get("/credit_notes", params={"search": search})
    assert (answer.status_code, answer.json()["detail"].partition(":")[0]) == (400, "INVALID_SEARCH")


@pytest.mark.parametrize(
    ("query", "tails"),
    [
        ({"id": demo(1001)}, [1001]),
        ({"external_id": "inv-1004"}, [1004]),
        ({"status": "draft"}, [1006]),
        ({"status__in": "draft,void"}, [1006, 1005]),
        ({"invoice_number__like": "INV-100%"}, [1009, 1008, 1007, 1006, 1005, 1004, 1003, 1002, 1001]),
        ({"invoice_total__gte": "5000000"}, []),
        ({"amount_due__gte": "1500", "amount_due__lte": "2000.5", "status": "partially_paid"}, [1007]),
        ({"contract_id": demo(1)}, []),
        ({"due_date__gte": "2100-01-01T00:00:00Z"}, []),
        ({"created_at__lte": "2001-01-01T00:00:00+02:00"}, []),
        ({"customer__customer_name__ilike": "%GLOBEX%", "status__in": "partially_paid"}, [1004]),
        ({"customer__external_id": "nobody"}, []),
    ],
)
def test_invoices_can_be_filtered(zenskar: Zenskar, query: dict[str, str], tails: list[int]) -> None:
    found = zenskar.get("/invoices", order="-id", **query)
    assert [invoice["id"] for invoice in found["results"]] == [demo(tail) for tail in tails]
    assert all("currency" not in invoice for invoice in found["results"])


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"id": demo(11001)}, [demo(11001)]),
        ({"invoice__id": demo(1004)}, [demo(21004), demo(11004)]),
        ({"parent_id": demo(12004)}, [demo(92004)]),
        (
            {"type": "refund", "status": "success", "search": "currency_code=GBP", "payment_method": "card"},
            [demo(92052), demo(92028), demo(92004)],
        ),
        ({"amount__gte": "12000", "amount__lte": "12000", "status": "success"}, [demo(11008)]),
        ({"amount_refunded__gte": "99999999"}, []),
        ({"created_at__gte": "2100-01-01T00:00:00Z"}, []),
        ({"customer_id": demo(1)}, []),
        ({"connector_id": demo(1)}, []),
    ],
)
def test_payments_can_be_filtered(zenskar: Zenskar, query: dict[str, str], ids: list[str]) -> None:
    assert [payment["id"] for payment in zenskar.get("/payments", order="-id", **query)["results"]] == ids
