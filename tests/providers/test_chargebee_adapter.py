"""Reading at Chargebee, over real sockets: by id, by invoice and filter, invoices with what is left of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from app.domain.commands import CreditNoteFilter, PageRequest
from app.domain.credit_note import CreditNote
from app.domain.errors import AccountRefused, GatewayError, NotFound
from app.domain.invoice import Invoice
from app.domain.vocabulary import Disposition, Filter, InvoiceStatus, Status
from app.providers.chargebee import SPEC
from app.secret import Secret
from tests.providers.chargebee import ACCOUNT, API_KEY, KNOWN_ID, opened, reply, settings
from tests.providers.chargebee.site import Site, answering

pytestmark = pytest.mark.anyio
OLD = [f"CN-{index:04d}" for index in range(1, 61)]
SILENCE: dict[str, str] = {}


def note(found: CreditNote | GatewayError) -> CreditNote:
    assert isinstance(found, CreditNote), found
    return found


def invoice(found: Invoice | GatewayError) -> Invoice:
    assert isinstance(found, Invoice), found
    return found


def figures(found: Invoice | GatewayError) -> tuple[str, str, str]:
    balance = invoice(found).creditable
    assert balance is not None
    return str(balance.adjustable), str(balance.refundable), str(balance.total)


async def test_many_notes_are_one_call_and_absent_ones_are_told(site: Site) -> None:
    ids = [*OLD, "CN-nobody", OLD[0], "", "x" * 51]
    async with opened(site.url) as adapter:
        found = await adapter.fetch_many(ids)
    assert set(found) == set(ids)
    assert [note(found[id]).ref.external_id for id in OLD] == OLD
    assert all(isinstance(found[id], NotFound) for id in ("CN-nobody", "", "x" * 51))
    assert [(one.method, one.path) for one in site.requests] == [("GET", "/api/v2/credit_notes")]


async def test_ids_that_cannot_be_cost_no_call(site: Site) -> None:
    async with opened(site.url) as adapter:
        assert set(await adapter.fetch_many(["", "x" * 51])) == {"", "x" * 51}
        assert set(await adapter.invoices(["", "x" * 51])) == {"", "x" * 51}
    assert site.requests == []


async def test_an_id_is_not_taken_for_several(site: Site) -> None:
    odd = 'CN-0001","CN-0002'
    async with opened(site.url) as adapter:
        found = await adapter.fetch_many([odd, "../invoices", "CN-0003"])
        assert isinstance(found[odd], NotFound)
        assert isinstance(found["../invoices"], NotFound)
        assert note(found["CN-0003"]).number == "CN-0003"
        assert isinstance((await adapter.invoices(["../credit_notes/CN-0001"]))["../credit_notes/CN-0001"], NotFound)


@pytest.mark.parametrize("id_of_deleted", ["suffixed", "kept"])
async def test_a_deleted_note_is_absent(site: Site, id_of_deleted: str) -> None:
    site.switch(deleted_id=id_of_deleted)
    made = site.act("issue", invoice_id="INV-1002", minor=1_00)["credit_note"]
    site.delete(made["id"])
    async with opened(site.url) as adapter:
        assert isinstance((await adapter.fetch_many([made["id"]]))[made["id"]], NotFound)


@pytest.mark.parametrize("wanted", [Status.ISSUED, Status.VOIDED, Status.DELETED, Status.PENDING, Status.UNKNOWN])
async def test_a_status_narrows_the_list(site: Site, wanted: Status) -> None:
    site.delete(site.act("issue", invoice_id="INV-1002", minor=1_00)["credit_note"]["id"])
    async with opened(site.url) as adapter:
        page = await adapter.list(CreditNoteFilter(statuses=frozenset({wanted})), PageRequest(size=100))
    emulated = wanted is Status.DELETED
    assert page.unapplied == (frozenset({Filter.STATUS}) if emulated else frozenset())
    shown = [one for one in page.notes if one.status is wanted or not emulated]
    assert {one.status for one in shown} <= {wanted}
    assert len(shown) == {Status.ISSUED: 56, Status.VOIDED: 4, Status.DELETED: 1}.get(wanted, 0)
    assert len(site.requests) == (0 if wanted is Status.PENDING else 1)


@pytest.mark.parametrize(
    "wanted", [{Status.ISSUED, Status.UNKNOWN}, {Status.ISSUED, Status.VOIDED, Status.UNKNOWN}, {Status.VOIDED, Status.PENDING}]
)
async def test_several_statuses_narrow_to_all_of_them(site: Site, wanted: set[Status]) -> None:
    site.switch(unknown_filters="refused")
    async with opened(site.url) as adapter:
        page = await adapter.list(CreditNoteFilter(statuses=frozenset(wanted)), PageRequest(size=100))
    assert {one.status for one in page.notes} == wanted & {Status.ISSUED, Status.VOIDED}
    assert page.unapplied == frozenset()


async def test_many_invoices_notes_are_one_list(site: Site) -> None:
    site.switch(unknown_filters="refused")
    ids = tuple(f"INV-{number}" for number in range(2001, 2061))
    async with opened(site.url) as adapter:
        page = await adapter.list(CreditNoteFilter(invoice_ids=(*ids, "x" * 51)), PageRequest(size=100))
        nobody = await adapter.list(CreditNoteFilter(invoice_ids=("x" * 51,)), PageRequest(size=100))
    assert {one.invoice_id for one in page.notes} == {id for id in ids if id not in {"INV-2014", "INV-2035"}}
    assert (nobody.notes, nobody.next) == ((), None)
    assert len(site.requests) == 1


DEMO = {
    "INV-1001": (InvoiceStatus.PAID, ("0.00 EUR", "119.00 EUR", "119.00 EUR")),
    "INV-1002": (InvoiceStatus.OPEN, ("500.00 USD", "0.00 USD", "500.00 USD")),
    "INV-1003": (InvoiceStatus.PAID, ("0 JPY", "15000 JPY", "15000 JPY")),
    "INV-1004": (InvoiceStatus.PARTIALLY_PAID, ("150.00 EUR", "50.00 EUR", "200.00 EUR")),
    "INV-1005": (InvoiceStatus.VOIDED, ("0.00 EUR", "0.00 EUR", "0.00 EUR")),
}


@pytest.mark.parametrize("due_of_void", ["kept", "zero"])
async def test_the_demo_invoices_have_their_figures_alone_and_together(site: Site, due_of_void: str) -> None:
    site.switch(voided_due=due_of_void)
    async with opened(site.url) as adapter:
        together = dict(await adapter.invoices([*DEMO, "INV-nobody"]))
        calls = len(site.requests)
        alone = {id: (await adapter.invoices([id]))[id] for id in DEMO}
    assert isinstance(together.pop("INV-nobody"), NotFound)
    assert together == alone
    assert {id: (invoice(found).status, figures(found)) for id, found in alone.items()} == DEMO
    assert calls == 2
    assert {one.path for one in site.requests[:calls]} == {"/api/v2/invoices", "/api/v2/credit_notes"}


async def test_the_payments_of_an_invoice_are_told(site: Site) -> None:
    site.act("pay", invoice_id="INV-1004", minor=10_00, in_progress=True)
    async with opened(site.url) as adapter:
        found = (await adapter.invoices(["INV-1004"]))["INV-1004"]
    assert [str(one.amount) for one in invoice(found).payments or ()] == ["30.00 EUR", "20.00 EUR"]
    assert figures(found) == ("140.00 EUR", "50.00 EUR", "190.00 EUR")


@pytest.mark.parametrize("entries", ["kept", "dropped"])
async def test_every_note_against_an_invoice_is_named_whatever_became_of_it(site: Site, entries: str) -> None:
    site.switch(voided_entries=entries, deleted_id="kept")
    made = [site.act("issue", invoice_id="INV-1004", minor=1_00 + index)["credit_note"]["id"] for index in range(4)]
    site.act("void", note_id=made[1])
    site.delete(made[2])
    async with opened(site.url) as adapter:
        for ids in (["INV-1004"], ["INV-1004", "INV-1001"]):
            found = invoice((await adapter.invoices(ids))["INV-1004"])
            assert sorted(found.note_ids) == sorted(made)
            assert figures(found) == ("147.97 EUR", "50.00 EUR", "197.97 EUR")


async def test_a_refund_stands_beside_the_type(site: Site) -> None:
    made = site.act("issue", invoice_id="INV-1001", minor=19_00, type="refundable")["credit_note"]["id"]
    site.act("settle", note_id=made)
    async with opened(site.url) as adapter:
        shown = note((await adapter.fetch_many([made]))[made])
    assert shown.dispositions == (Disposition.CUSTOMER_CREDIT, Disposition.UNKNOWN)
    assert str(shown.refunded) == "19.00 EUR"


async def test_the_probe_is_one_small_read(site: Site) -> None:
    async with opened(site.url) as adapter:
        await adapter.probe()
    assert [one.query["limit"] for one in site.requests] == ["1"]


async def test_a_key_that_is_not_accepted_is_told_and_not_shown(site: Site) -> None:
    account = replace(settings(), credentials={"api_key": Secret("wrong")})
    async with opened(site.url, account) as adapter:
        with pytest.raises(AccountRefused) as caught:
            await adapter.probe()
    assert "wrong" not in str(caught.value)
    assert caught.value.account == ACCOUNT


async def test_a_word_nobody_has_published_is_shown_and_told() -> None:
    with answering("unknown_status") as url, capture_logs() as logs:
        async with opened(url) as adapter:
            shown = note((await adapter.fetch_many([KNOWN_ID]))[KNOWN_ID])
    assert (shown.status, shown.provider_values.status) == (Status.UNKNOWN, "partially_refunded")
    assert [(one["what"], one["value"]) for one in logs if one["event"] == "unknown provider value"] == [
        ("credit note status", "partially_refunded")
    ]


async def test_the_pages_recorded_are_one_walk() -> None:
    with answering("page_first") as url:
        async with opened(url) as adapter:
            first = await adapter.list(CreditNoteFilter(), PageRequest(size=2))
    with answering("page_last") as url:
        async with opened(url) as adapter:
            last = await adapter.list(CreditNoteFilter(), PageRequest(size=2, token=first.next))
    assert [one.number for one in (*first.notes, *last.notes)] == ["CN-1045", "CN-1044", "CN-1043", "CN-1042"]
    assert last.next is None
    assert len(reply("found_many")["body"]["list"]) == 4


def test_an_account_is_addressed_by_its_site_or_as_told() -> None:
    account = settings(options={"site": "acme-test", "business_entity_id": "be_1"})
    client = SPEC.client(account)
    assert client.base_url == "https://acme-test.chargebee.com"
    assert client.headers == {
        "Authorization": "Basic dGVzdF9rZXlfb2ZfdGhlX3Rlc3Q6",
        "Accept": "application/json",
        "chargebee-business-entity-id": "be_1",
    }
    assert API_KEY not in repr(account)
    elsewhere = replace(account, base_url="http://127.0.0.1:9101/", options=SILENCE)
    assert SPEC.client(elsewhere).base_url == "http://127.0.0.1:9101"
