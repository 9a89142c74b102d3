"""Answers of Chargebee that cannot be read: one of many leaves the others, and nothing is called absent that is only unreadable."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from app.domain.commands import CreditNoteFilter, PageRequest
from app.domain.errors import BadPayload, GatewayError, NotFound, Unavailable
from app.domain.invoice import Invoice
from app.domain.vocabulary import ErrorCode
from tests.providers.chargebee import INVOICE_ID, KNOWN_ID, opened, reply
from tests.providers.chargebee.site import answering, responding

pytestmark = pytest.mark.anyio
NO_NOTES = JSONResponse({"list": []})


def invoices(*changes: dict[str, Any]) -> Response:
    """The recorded invoice, once for each change."""
    recorded = reply("issued")["body"]["invoice"]
    return JSONResponse({"list": [{"invoice": {**recorded, **change}} for change in changes]})


async def test_one_note_leaves_the_others() -> None:
    with answering("malformed") as url:
        async with opened(url) as adapter:
            found = await adapter.fetch_many([KNOWN_ID, "CN-1"])
            with pytest.raises(BadPayload):
                await adapter.list(CreditNoteFilter(), PageRequest(size=10))
    assert isinstance(found[KNOWN_ID], BadPayload)
    assert isinstance(found["CN-1"], NotFound)


async def test_a_note_that_does_not_say_which_it_is_spoils_the_answer() -> None:
    with responding({"": JSONResponse({"list": [{"credit_note": {"id": None}}]})}) as url:
        async with opened(url) as adapter:
            with pytest.raises(BadPayload):
                await adapter.fetch_many([KNOWN_ID])


async def test_one_invoice_leaves_the_others() -> None:
    found = invoices({"total": "200"}, {"id": "INV-1", "deleted": True}, {"id": "INV-2"}, {"id": "INV-3", "currency_code": "EUX"})
    with responding({"credit_notes": NO_NOTES, "invoices": found}) as url:
        async with opened(url) as adapter:
            answers = await adapter.invoices([INVOICE_ID, "INV-1", "INV-2", "INV-3"])
    kinds = {id: type(answer) for id, answer in answers.items()}
    assert kinds == {INVOICE_ID: BadPayload, "INV-1": NotFound, "INV-2": Invoice, "INV-3": BadPayload}


@pytest.mark.parametrize(
    "parts",
    [
        {"credit_notes": Response("oops", 500), "": JSONResponse({"invoice": reply("issued")["body"]["invoice"]})},
        {"credit_notes": NO_NOTES, "": Response("oops", 500)},
    ],
)
async def test_an_invoice_of_which_only_half_was_told_is_not_shown(parts: dict[str, Response]) -> None:
    with responding(parts) as url:
        async with opened(url) as adapter:
            with pytest.raises(Unavailable):
                await adapter.invoices([INVOICE_ID])


@pytest.mark.parametrize(
    ("meaning", "code"),
    [
        ("not_json", ErrorCode.PROVIDER_BAD_PAYLOAD),
        ("broken", ErrorCode.PROVIDER_UNAVAILABLE),
        ("unauthorized", ErrorCode.PROVIDER_UNAUTHENTICATED),
    ],
)
async def test_an_answer_to_a_read_that_is_none_is_told(meaning: str, code: ErrorCode) -> None:
    with answering(meaning) as url:
        async with opened(url) as adapter:
            with pytest.raises(GatewayError) as caught:
                await adapter.fetch_many([KNOWN_ID])
    assert caught.value.code is code


async def test_an_absent_invoice_is_absent_and_an_absent_site_is_not() -> None:
    answers = {"resource_not_found": NotFound, "site_not_found": None}
    for code, kind in answers.items():
        refusal = {"message": "Sorry", "type": "invalid_request", "api_error_code": code}
        with responding({"credit_notes": NO_NOTES, "": Response(json.dumps(refusal), 404)}) as url:
            async with opened(url) as adapter:
                if kind is not None:
                    assert isinstance((await adapter.invoices(["INV-1"]))["INV-1"], kind)
                    continue
                with pytest.raises(GatewayError) as caught:
                    await adapter.invoices(["INV-1"])
                assert caught.value.code is ErrorCode.PROVIDER_UNAUTHENTICATED


@pytest.mark.parametrize(
    "body", [json.dumps({"api_error_code": "resource_not_found", "message": "Sorry"}), "<html>Not here</html>"]
)
async def test_a_list_that_is_not_there_does_not_make_its_notes_absent(body: str) -> None:
    with responding({"": Response(body, 404)}) as url:
        async with opened(url) as adapter:
            reads = (
                adapter.fetch_many([KNOWN_ID]),
                adapter.list(CreditNoteFilter(), PageRequest(size=1)),
                adapter.invoices(["INV-1"]),
                adapter.invoices(["INV-1", "INV-2"]),
                adapter.probe(),
            )
            for read in reads:
                with pytest.raises(BadPayload) as caught:
                    await read
                assert caught.value.provider is not None
                assert caught.value.provider.http_status == 404
