"""Answers vcita should not give: none of them becomes a wrong figure, and a write that may have happened is never called undone."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import http
from app.domain.commands import CreditNoteFilter, CreditTotal, PageRequest
from app.domain.credit_note import CreditNote
from app.domain.errors import BadPayload, GatewayError, OutcomeUnknown, RateLimited, Rejected, Unavailable
from app.domain.vocabulary import ErrorCode, Status
from app.providers.vcita.adapter import Vcita
from tests.providers.test_vcita_refunding import plan as refund_plan
from tests.providers.vcita import ABSENT_ID, INVOICE_ID, KNOWN_ID, PAGE_SIZE, adapter, command, euro, invoice, line, reply, tax
from tests.support.serving import served

pytestmark = pytest.mark.anyio

Answer = Callable[[Request], dict[str, Any]]


@contextlib.asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[Vcita]:
    """An adapter whose provider answers with these replies."""

    async def endpoint(request: Request) -> Response:
        told = answer(request)
        body = told["body"]
        content = body.encode() if isinstance(body, str) else msgspec.json.encode(body)
        return Response(content, status_code=told["status"], headers=told["headers"])

    app = Starlette(routes=[Route("/{path:path}", endpoint, methods=["GET", "POST"])])
    with served(app) as url:
        async with http.AsyncClient() as client:
            yield adapter(url, client)


def always(meaning: str) -> Answer:
    return lambda _: reply(meaning)


def data(body: object) -> dict[str, Any]:
    return {"status": 200, "headers": {}, "body": {"success": True, "data": body}}


async def fetched(answer: Answer, id: str = KNOWN_ID) -> CreditNote | GatewayError:
    async with answering(answer) as vcita:
        return (await vcita.fetch_many([id]))[id]


@pytest.mark.parametrize(
    ("meaning", "code"),
    [
        ("absent", ErrorCode.NOT_FOUND),
        ("unauthorized", ErrorCode.PROVIDER_UNAUTHENTICATED),
        ("broken", ErrorCode.PROVIDER_UNAVAILABLE),
        ("malformed", ErrorCode.PROVIDER_BAD_PAYLOAD),
        ("not_json", ErrorCode.PROVIDER_BAD_PAYLOAD),
    ],
)
async def test_a_read_that_fails_says_how(meaning: str, code: ErrorCode) -> None:
    failed = await fetched(always(meaning), ABSENT_ID)
    assert isinstance(failed, GatewayError)
    assert (failed.code, failed.account) == (code, "vcita-test")


async def test_an_unpublished_status_is_shown_as_unknown_and_told() -> None:
    with structlog.testing.capture_logs() as told:
        note = await fetched(always("unknown_status"))
    assert unpublished(told) == [("status", "WITHDRAWN")]
    assert isinstance(note, CreditNote)
    assert (note.status, note.provider_values.status) == (Status.UNKNOWN, "WITHDRAWN")


def unpublished(told: list[Any]) -> list[tuple[str, str]]:
    return [(event["what"], event["value"]) for event in told if event["event"] == "unknown provider value"]


async def test_unpublished_words_of_an_invoice_are_told() -> None:
    with structlog.testing.capture_logs() as told:
        await read(with_notes(lambda _: data({"credit_notes": []}), status="FROZEN", metadata={"tax_mode": "mixed"}))
    assert set(unpublished(told)) == {("invoice status", "FROZEN"), ("tax_mode", "mixed")}


async def test_pages_follow_each_other_until_a_short_one() -> None:
    replies = {"1": reply("page_first"), "2": reply("page_last")}
    async with answering(lambda request: replies[request.query_params["page"]]) as vcita:
        first = await vcita.list(CreditNoteFilter(), PageRequest(size=PAGE_SIZE))
        last = await vcita.list(CreditNoteFilter(), PageRequest(size=PAGE_SIZE, token=first.next))
    assert (first.token, first.next, last.token, last.next) == ("1:2", "2:2", "2:2", None)
    assert [note.currency for note in (*first.notes, *last.notes)] == ["EUR", "JPY", "KWD"]


async def test_being_asked_to_wait_is_carried_on() -> None:
    async with answering(always("rate_limited")) as vcita:
        with pytest.raises(RateLimited) as raised:
            await vcita.issue(plan(vcita), key="key-1")
    assert raised.value.retry_after == 7


def plan(vcita: Vcita, **more: Any) -> Any:
    return vcita.plan(command(CreditTotal(total=euro(100_00)), **more), invoice(line(100_00, tax("19", 19_00))))


@pytest.mark.parametrize(("status", "code"), [(409, "duplicate"), (422, "taken"), (422, "duplicate")])
async def test_a_duplicate_is_refused_where_a_number_can_be_one_and_else_may_be_the_note_itself(status: int, code: str) -> None:
    body = {"success": False, "errors": [{"code": code, "message": "again"}]}
    async with answering(lambda _: {"status": status, "headers": {}, "body": body}) as vcita:
        with pytest.raises(OutcomeUnknown) as unknown:
            await vcita.issue(plan(vcita), key="key-1")
        with pytest.raises(Rejected) as refused:
            await vcita.issue(plan(vcita, number="CN-7"), key="key-1")
    assert unknown.value.provider is not None
    assert (unknown.value.provider.http_status, unknown.value.timed_out) == (status, False)
    assert (refused.value.code, refused.value.path) == (ErrorCode.DUPLICATE, ("number",))


@pytest.mark.parametrize("meaning", ["broken", "malformed", "not_json"])
async def test_a_write_answered_by_something_unreadable_may_have_happened(meaning: str) -> None:
    async with answering(always(meaning)) as vcita:
        with pytest.raises(OutcomeUnknown):
            await vcita.issue(plan(vcita), key="key-1")


@pytest.mark.parametrize(
    "members", [{"grand_total": 100.001}, {"currency": "EURO"}, {"created_at": "yesterday"}, {"line_items": None}]
)
async def test_a_note_issued_and_answered_with_impossible_figures_may_have_happened(members: dict[str, Any]) -> None:
    body = {**reply("issued")["body"]["data"], **members}
    async with answering(lambda _: {**data(body), "status": 201}) as vcita:
        with pytest.raises(OutcomeUnknown) as raised:
            await vcita.issue(plan(vcita), key="key-1")
    assert raised.value.account == "vcita-test"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (201, {"success": True, "data": {"refund": {"uid": "re1", "amount": "5.0", "currency": "EUR", "payment_uid": "pay1"}}}),
        (201, {"success": True, "data": {"refund": {"amount": "50.0"}}}),
        (200, {"success": True}),
        (409, {"success": False, "errors": [{"code": "duplicate", "message": "again"}]}),
        (409, {"success": False, "errors": [{"code": "brand_new"}]}),
        (422, {"success": False, "errors": [{"code": "taken", "field": "payment_uid"}]}),
    ],
)
async def test_a_refund_answered_with_another_one_or_with_itself_may_have_happened(status: int, body: object) -> None:
    async with answering(lambda _: {"status": status, "headers": {}, "body": body}) as vcita:
        with pytest.raises(OutcomeUnknown) as raised:
            await vcita.refund(refund_plan(), key="key-1")
    assert raised.value.account == "vcita-test"


async def test_a_reference_given_can_be_a_duplicate_of_anothers() -> None:
    body = {"success": False, "errors": [{"code": "duplicate", "message": "again"}]}
    async with answering(lambda _: {"status": 409, "headers": {}, "body": body}) as vcita:
        with pytest.raises(Rejected) as raised:
            await vcita.refund(refund_plan(external=True, reference="re_1"), key="key-1")
    assert (raised.value.code, raised.value.path) == (ErrorCode.DUPLICATE, ("reference",))


async def test_an_envelope_without_success_is_not_a_note() -> None:
    async with answering(lambda _: {"status": 200, "headers": {}, "body": {"success": False, "data": None}}) as vcita:
        assert isinstance((await vcita.fetch_many(["a"]))["a"], BadPayload)
        with pytest.raises(OutcomeUnknown):
            await vcita.issue(plan(vcita), key="key-1")


INVOICE = {"id": INVOICE_ID, "uid": INVOICE_ID, "status": "ISSUED", "currency": "EUR", "total": 119, "amount": 119, "items": []}


def with_notes(notes: Answer, **members: Any) -> Answer:
    """The invoice under both its addresses, and these answers for the list of its notes."""
    return lambda request: notes(request) if "credit_notes" in request.url.path else data({"invoice": {**INVOICE, **members}})


async def read(answer: Answer) -> object:
    async with answering(answer) as vcita:
        return (await vcita.invoices([INVOICE_ID]))[INVOICE_ID]


async def test_notes_of_other_invoices_are_not_counted_as_this_ones() -> None:
    assert isinstance(await read(with_notes(always("found_many"))), BadPayload)


async def test_a_list_that_never_ends_is_given_up() -> None:
    notes = [{**reply("found")["body"]["data"], "uid": f"cn_{index}"} for index in range(100)]
    assert isinstance(await read(with_notes(lambda _: data({"credit_notes": notes}))), BadPayload)


async def test_an_invoice_whose_notes_cannot_be_found_is_not_absent() -> None:
    assert isinstance(await read(with_notes(always("absent"))), BadPayload)


async def test_an_invoice_without_its_notes_is_not_answered() -> None:
    failed = await read(with_notes(always("broken")))
    assert isinstance(failed, Unavailable)


@pytest.mark.parametrize("members", [{"total": 119.001}, {"currency": "EURO"}, {"total": None}])
async def test_an_invoice_with_an_impossible_total_is_not_read(members: dict[str, Any]) -> None:
    assert isinstance(await read(with_notes(lambda _: data({"credit_notes": []}), **members)), BadPayload)


async def test_the_platform_apis_failure_is_not_taken_for_a_refusal() -> None:
    def answer(request: Request) -> dict[str, Any]:
        if "/platform/" in request.url.path:
            return reply("broken")
        return data({"credit_notes": [], "invoice": INVOICE})

    assert isinstance(await read(answer), Unavailable)
