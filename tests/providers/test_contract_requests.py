"""The suite every provider passes: what is sent, under whose name, and that nothing secret leaves by another way."""

from __future__ import annotations

import json
import logging
import traceback
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
import structlog.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.commands import CreditTotal
from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError, InvalidInput, NotFound
from app.gateway.recall import fits, mismatch
from tests.providers.case import MEANINGS, ProviderCase
from tests.providers.conftest import KEY, Opened
from tests.providers.recordings import Reply

pytestmark = pytest.mark.anyio

# The same on every call of every account: the HTTP library's own, and the gateway's.
ON_EVERY_CALL = {"host", "accept", "accept-encoding", "connection", "content-length", "user-agent"}


async def test_an_issue_is_sent_as_recorded(opened: Opened, case: ProviderCase) -> None:
    await opened.issue("issued")
    sent, recorded = opened.desk.only(), case.expected("issue.request")
    assert (sent.method, sent.target) == (recorded["method"], recorded["path"])
    usual = {*ON_EVERY_CALL, *case.auth}
    headers = {name: value for name, value in sent.headers.items() if name not in usual and value != KEY}
    assert headers == recorded["headers"]
    assert body(sent.body, sent.headers["content-type"]) == recorded["body"]


async def test_every_call_says_who_is_asking(opened: Opened, case: ProviderCase) -> None:
    await opened.read("found")
    await opened.issue("issued")
    for request in opened.desk.arrived:
        assert {name: request.headers.get(name) for name in case.auth} == dict(case.auth)
        assert (request.headers["user-agent"], request.headers["accept"]) == ("credit-notes", "application/json")


async def test_no_call_carries_what_an_earlier_answer_left(opened: Opened, case: ProviderCase) -> None:
    reply = case.reply("found")
    reply["headers"]["set-cookie"] = "session=of-somebody-else; Path=/"
    opened.desk.lay_out(reply)
    for _ in range(2):
        await opened.fetch()
    first, second = opened.desk.arrived
    assert first == second


async def test_the_idempotency_key_goes_with_the_issue_where_the_provider_takes_one(opened: Opened, case: ProviderCase) -> None:
    await opened.issue("issued")
    sent = opened.desk.only()
    assert (KEY in str(sent.headers)) is case.spec.capabilities.native_idempotency
    assert KEY not in sent.asked


async def test_a_plan_kept_and_sent_again_is_the_same_request(opened: Opened, case: ProviderCase) -> None:
    opened.desk.lay_out(case.reply("issued"))
    plan = opened.adapter.plan(*case.wanted)
    for _ in range(2):
        await opened.adapter.issue(plan, key=KEY)
    first, again = opened.desk.arrived
    assert first == again


async def test_amount_currency_and_invoice_come_back_as_asked(opened: Opened, case: ProviderCase) -> None:
    command, invoice = case.wanted
    note = await opened.issue("issued")
    assert isinstance(note, CreditNote), note
    assert isinstance(command.credit, CreditTotal)
    assert (note.total, note.invoice_id) == (command.credit.total, invoice.ref.external_id)
    expected = opened.adapter.plan(command, invoice).expected
    assert (expected.total, expected.currency, expected.invoice_id) == (note.total, note.currency, note.invoice_id)
    assert mismatch(expected, note) is None


async def test_an_issue_of_its_own_is_recognised_again(opened: Opened, case: ProviderCase) -> None:
    note = await opened.issue("issued")
    expected = opened.adapter.plan(*case.wanted).expected
    assert isinstance(note, CreditNote)
    assert fits(expected, note)
    other = await opened.read("found")
    assert isinstance(other, CreditNote)
    assert not fits(expected, other)


@pytest.mark.parametrize("factor", [10, 100, 1000])
async def test_an_answer_over_another_amount_is_noticed(opened: Opened, case: ProviderCase, factor: int) -> None:
    reply = case.reply("issued")
    note = case.note(reply["body"])
    for name, value in list(note.items()):
        if "total" in name or name == "amount":
            note[name] = value * factor
    opened.desk.lay_out(reply)
    answered = await opened.send()
    assert isinstance(answered, CreditNote), answered
    assert mismatch(opened.adapter.plan(*case.wanted).expected, answered) is not None


@given(
    id=st.text(max_size=60) | st.sampled_from(["", ".", "..", "../invoices", "a/b", "a?b=c", "a#b", "%2e%2e", "a\\b", "\r\nX: y"])
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_an_id_is_never_more_than_an_id(opened: Opened, case: ProviderCase, id: str) -> None:
    for read in (opened.adapter.fetch_many, opened.adapter.invoices):
        opened.desk.clear()
        opened.desk.lay_out(case.reply("absent"))
        opened.desk.lay_out({"status": 404, "headers": {}, "body": ""}, where="invoice")
        found = await read([id])
        assert set(found) == {id}
        assert isinstance(found[id], (NotFound, InvalidInput)), found[id]
        for request in opened.desk.arrived:
            steps = [unquote(step) for step in request.path.split("/")]
            in_the_query = request.path in case.collections and (
                id in request.asked or msgspec.json.encode(id).decode() in request.asked
            )
            assert id in steps or in_the_query
            assert not {".", ".."} & set(steps)
            assert "#" not in request.target


async def test_secrets_show_up_nowhere(opened: Opened, case: ProviderCase, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    with structlog.testing.capture_logs() as logged:
        for meaning in set(MEANINGS) - {"page_first"}:  # which leads on to a page that is not there
            for answer in (await opened.read(meaning), await opened.issue(meaning)):
                said += everything(answer)
        opened.desk.lay_out(None)
        for answer in (await opened.fetch(), await opened.send()):
            said += everything(answer)
    said += [str(logged), caplog.text]
    said += [request.target for request in opened.desk.arrived]
    said += [request.body.decode() for request in opened.desk.arrived]
    account = opened.account
    said += [repr(value) for value in (account, account.line, account.settings, opened.adapter, case.spec.client(case.account))]
    assert len(opened.desk.arrived) >= 2 * len(MEANINGS)
    for secret in case.secrets:
        assert not [text for text in said if secret in text]


async def test_a_secret_the_provider_repeats_is_not_passed_on(opened: Opened, case: ProviderCase) -> None:
    assert case.secrets
    for meaning in ("absent", "rejected", "over_balance", "unauthorized", "rate_limited", "broken"):
        opened.desk.lay_out(repeating(case.reply(meaning), " and ".join(case.secrets)))
        for answer in (await opened.fetch(), await opened.send()):
            assert isinstance(answer, GatewayError)
            for text in everything(answer):
                assert not [secret for secret in case.secrets if secret in text], text


def body(sent: bytes, content_type: str) -> Any:
    """JSON as its members, every digit as written; a form as its text, which keeps the order."""
    return json.loads(sent, parse_float=str) if content_type == "application/json" else sent.decode()


def everything(answer: CreditNote | GatewayError) -> list[str]:
    """All that could be printed of an answer."""
    if isinstance(answer, CreditNote):
        return [repr(answer)]
    shown = [str(answer), repr(answer), repr(vars(answer)), answer.message]
    problems = getattr(answer, "problems", ())
    return [*shown, *traceback.format_exception(answer), *(text for problem in problems for text in everything(problem))]


def repeating(reply: Reply, secret: str) -> Reply:
    """The reply with the secret in every text it has."""

    def said(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: said(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [said(inner) for inner in value]
        return f"{value}: {secret}" if isinstance(value, str) else value

    return {**reply, "body": said(reply["body"])}
