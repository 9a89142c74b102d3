"""The adapter of Zenskar against answers the sandbox does not give: shapes, cursors and addresses nobody ruled out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.domain.commands import CreditNoteFilter, PageRequest
from app.domain.credit_note import CreditNote
from app.domain.errors import BadPayload, GatewayError, NotFound, OutcomeUnknown, Unavailable
from app.domain.vocabulary import Filter, Status
from tests.providers.zenskar import API_KEY, INVOICE_ID, KNOWN_ID, bill, command, demo, opened, planned, reply
from tests.providers.zenskar.provider import Answer, Provider, note, page
from tests.support.serving import served

pytestmark = pytest.mark.anyio

INVOICE = {"id": INVOICE_ID, "status": "paid", "currency": "EUR", "invoice_total": 100_00, "amount_due": 0, "applied_balance": 0}
PAYMENTS = f"/payments/invoice/{INVOICE_ID}/without_refunds"


def payment(number: int, amount: str, refunded: str = "0") -> dict[str, Any]:
    part = {"invoice_id": INVOICE_ID, "amount": amount, "amount_refunded": refunded}
    return {"id": demo(number), "status": "success", "type": "payment", "invoices": [part]}


async def test_a_filter_that_was_ignored_is_not_called_applied() -> None:
    provider = Provider({"/credit_notes": page(note(), note(invoice_id=demo(1), status="void"))})
    where = CreditNoteFilter(invoice_ids=(INVOICE_ID,), statuses=frozenset({Status.VOIDED}))
    with served(provider.app) as url:
        async with opened(url) as adapter:
            found = await adapter.list(where, PageRequest(size=2))
    assert (found.unapplied, found.total_count) == (frozenset({Filter.INVOICE, Filter.STATUS}), None)
    assert dict(provider.asked[0].query_params) == {
        "limit": "2",
        "order": "-created_at",
        "invoice_id": INVOICE_ID,
        "status": "void",
    }


@pytest.mark.parametrize(
    "notes",
    [
        {"/credit_notes": page(note(invoice_id=demo(1)))},
        {"/credit_notes": page(note(), next="a"), "/credit_notes?a": page(note(), next="a")},
        {"/credit_notes": page(note(amount="1"))},
    ],
)
async def test_notes_that_cannot_all_be_counted_make_no_balance(notes: dict[str, object]) -> None:
    provider = Provider({**notes, f"/invoices/{INVOICE_ID}": INVOICE, PAYMENTS: []})
    with served(provider.app) as url:
        async with opened(url) as adapter:
            assert isinstance((await adapter.invoices([INVOICE_ID]))[INVOICE_ID], BadPayload)


async def test_every_page_of_payments_is_read() -> None:
    answers = {
        "/credit_notes": page(),
        f"/invoices/{INVOICE_ID}": INVOICE,
        PAYMENTS: {"results": [payment(1, "6000")], "next": "b"},
        f"{PAYMENTS}?b": {"results": [payment(2, "4000")], "next": None},
    }
    with served(Provider(answers).app) as url:
        async with opened(url) as adapter:
            invoice = (await adapter.invoices([INVOICE_ID]))[INVOICE_ID]
    assert not isinstance(invoice, GatewayError)
    assert [paid.provider_id for paid in invoice.payments or ()] == [demo(1), demo(2)]
    assert invoice.creditable is not None


ALL_PAYMENTS = f"/payments/invoice/{INVOICE_ID}"
REFUNDED = note(amount=1, repayment_method="external_payment", status="paid")  # what is left says that a payment is missing


@pytest.mark.parametrize(("answer", "kind"), [((503, {}), Unavailable), ((404, {}), NotFound), ("soon", BadPayload)])
@pytest.mark.parametrize("which", [f"/invoices/{INVOICE_ID}", PAYMENTS, "/credit_notes", ALL_PAYMENTS])
async def test_an_invoice_is_not_read_by_halves(which: str, answer: Answer | object, kind: type[GatewayError]) -> None:
    if kind is NotFound and which != f"/invoices/{INVOICE_ID}":
        kind = BadPayload  # the invoice is there
    payments = [payment(1, "10000")]
    whole: dict[str, object] = {"/credit_notes": page(REFUNDED), f"/invoices/{INVOICE_ID}": INVOICE, PAYMENTS: payments}
    with served(Provider({**whole, which: answer}).app) as url:
        async with opened(url) as adapter:
            assert isinstance((await adapter.invoices([INVOICE_ID]))[INVOICE_ID], kind)


async def test_another_note_or_invoice_than_asked_for_is_not_taken_for_it() -> None:
    answers = {
        f"/credit_notes/{KNOWN_ID}": note(id=demo(1)),
        f"/invoices/{INVOICE_ID}": {**INVOICE, "id": demo(1)},
        "/credit_notes": page(),
        PAYMENTS: [],
    }
    with served(Provider(answers).app) as url:
        async with opened(url) as adapter:
            assert isinstance((await adapter.fetch_many([KNOWN_ID]))[KNOWN_ID], BadPayload)
            assert isinstance((await adapter.invoices([INVOICE_ID]))[INVOICE_ID], BadPayload)


async def test_an_id_in_capitals_is_the_same_id() -> None:
    with served(Provider({f"/credit_notes/{KNOWN_ID.upper()}": note()}).app) as url:
        async with opened(url) as adapter:
            found = await adapter.fetch_many([KNOWN_ID.upper()])
    assert isinstance(found[KNOWN_ID.upper()], CreditNote)


@pytest.mark.parametrize(
    ("address", "readable"),
    [
        ("/files/1", True),
        ("{own}/files/1", True),
        ("files/1", False),
        ("@{host}/files/1", False),
        ("http://{host}:1/files/1", False),
        ("", False),
    ],
)
async def test_lines_are_fetched_without_lending_the_credentials(address: str, readable: bool) -> None:
    provider = Provider({"/files/1": [{"name": "Credit", "amount": 2510}], f"/credit_notes/{KNOWN_ID}": note()})
    with served(provider.app) as url:
        async with opened(url) as adapter:
            place = address.format(own=url, host=url.removeprefix("http://"))
            found = (await adapter.fetch_many([KNOWN_ID]))[KNOWN_ID]
            assert isinstance(found, CreditNote)
            lines = (await adapter.lines([replace(found, line_items_url=place)]))[KNOWN_ID]
    assert isinstance(lines, BadPayload) is not readable
    assert {request.headers.get("x-api-key") for request in provider.asked} == {API_KEY}


ISSUE = f"/invoices/{INVOICE_ID}/credit_note"


@pytest.mark.parametrize("answer", [note(amount="25.00"), note(currency="XXX"), b"<html></html>", b"", (500, {}), (409, {})])
async def test_an_answer_to_a_write_that_says_nothing_leaves_the_outcome_unknown(answer: Answer | object) -> None:
    provider = Provider({ISSUE: answer})
    with served(provider.app) as url:
        async with opened(url) as adapter:
            with pytest.raises(OutcomeUnknown) as caught:
                await adapter.issue(planned(command(), bill(500_00)), key="key-1")
    assert caught.value.account == adapter._up.account
    assert len(provider.asked) == 1


async def test_a_plan_is_sent_as_stored_once_and_without_a_key() -> None:
    provider = Provider({ISSUE: reply("issued")["body"]})
    with served(provider.app) as url:
        async with opened(url) as adapter:
            await adapter.issue(planned(command(), bill(500_00)), key="the-idempotency-key")
    (asked,) = provider.asked
    assert (asked.method, asked.headers["content-type"]) == ("POST", "application/json")
    assert provider.bodies == [b'{"credit_note_amount":25.00,"reason":"Other"}']
    assert "the-idempotency-key" not in str(asked.headers)


async def test_words_nobody_published_are_shown_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    with served(Provider({f"/credit_notes/{KNOWN_ID}": reply("unknown_status")["body"]}).app) as url:
        async with opened(url) as adapter:
            found = (await adapter.fetch_many([KNOWN_ID]))[KNOWN_ID]
    assert isinstance(found, CreditNote)
    assert (found.status, found.provider_values.status) == (Status.UNKNOWN, "under_review")
    told = capsys.readouterr().out
    assert "under_review" in told
    assert "gift_card" in told
