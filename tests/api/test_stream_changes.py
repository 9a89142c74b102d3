"""`creditNoteChanged`: what is told, to whom, and how a stream ends that cannot go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.domain.errors import StoreUnavailable
from app.sandbox.server import Addresses
from app.secret import Secret
from tests.api.changing import CHARGEBEE, VCITA, ZENSKAR, global_id, refund, refundable, void
from tests.api.streaming import CHANGES, Streaming, Talk, streaming
from tests.support.demo import UNPAID, invoice_id
from tests.support.running import Json, SandboxControl, settings

WHOLE = """subscription($filter: CreditNoteChangedFilter) { creditNoteChanged(filter: $filter) {
  id kind at by creditNoteId creditNote { id providerId status total { amount } account { name } } } }"""


@pytest.fixture
def gateway(addresses: Addresses, sandbox: SandboxControl) -> Iterator[Streaming]:
    with streaming(addresses) as found:
        yield found


def told(talk: Talk) -> Json:
    message = talk.hear()
    assert (message["type"], list(message["payload"])) == ("next", ["data"])
    change: Json = message["payload"]["data"]["creditNoteChanged"]
    return change


def test_a_note_is_told_with_what_it_is(gateway: Streaming, sandbox: SandboxControl) -> None:
    with gateway.talking() as talk:
        talk.ask("1", WHOLE)
        gateway.listened()
        note = gateway.issued()
        reads = sandbox.calls("chargebee")
        change = told(talk)
    assert (change["kind"], change["by"], change["creditNoteId"]) == ("CREATED", "GATEWAY", note["id"])
    shown = {"id": note["id"], "providerId": note["providerId"], "status": "ISSUED", "total": {"amount": "1.00"}}
    assert change["creditNote"] == {**shown, "account": {"name": CHARGEBEE}}
    assert len(change["id"]) == 32
    assert change["at"].endswith("Z")
    assert sandbox.calls("chargebee") == reads  # the cache has it


def test_voids_and_refunds_are_told_as_such_and_repeats_not_at_all(gateway: Streaming) -> None:
    with gateway.talking() as talk:
        talk.ask("1", WHOLE)
        gateway.listened()
        note = gateway.issued()["id"]
        for _ in range(2):
            assert void(gateway.client, note, idempotencyKey="void it")["outcome"] == "APPLIED"
        paid = refundable(gateway.client, CHARGEBEE)
        assert refund(gateway.client, paid)["outcome"] == "APPLIED"
        changes = [told(talk) for _ in range(4)]
    assert [(change["kind"], change["creditNoteId"]) for change in changes] == [
        ("CREATED", note),
        ("VOIDED", note),
        ("CREATED", paid),
        ("REFUNDED", paid),
    ]
    assert len({change["id"] for change in changes}) == 4


def test_a_refused_write_changes_nothing_and_is_not_told(gateway: Streaming) -> None:
    with gateway.talking() as talk:
        talk.ask("1", WHOLE)
        gateway.listened()
        refused = gateway.client.issue(
            CHARGEBEE, invoice_id(CHARGEBEE, UNPAID), {"total": {"amount": "99999.00", "currency": "USD"}}
        )
        assert refused["outcome"] == "NOT_APPLIED"
        assert told_next(gateway, talk)


def told_next(gateway: Streaming, talk: Talk) -> bool:
    """Whether the next that is told is what happens next."""
    return bool(gateway.issued(ZENSKAR)["id"] == told(talk)["creditNoteId"])


@pytest.mark.parametrize("member", ["accounts", "ids", "invoiceIds"])
def test_a_filter_narrows_what_is_told(gateway: Streaming, member: str) -> None:
    first = gateway.issued()
    wanted = {"accounts": CHARGEBEE, "ids": first["id"], "invoiceIds": first["invoice"]["id"]}[member]
    with gateway.talking() as talk:
        talk.ask("1", WHOLE, variables={"filter": {member: [wanted]}})
        gateway.listened()
        gateway.issued(ZENSKAR)
        void(gateway.client, first["id"])
        change = told(talk)
    assert (change["kind"], change["creditNoteId"]) == ("VOIDED", first["id"])


def test_every_member_given_narrows_and_an_empty_list_matches_nothing(gateway: Streaming) -> None:
    with gateway.talking() as talk:
        talk.ask("none", WHOLE, variables={"filter": {"ids": []}})
        talk.ask("neither", WHOLE, variables={"filter": {"accounts": [VCITA], "invoiceIds": [global_id("i", CHARGEBEE, "x")]}})
        talk.ask("all", WHOLE, variables={"filter": {"accounts": None}})
        gateway.listened(3)
        gateway.issued()
        gateway.issued(ZENSKAR)
        assert [talk.hear()["id"] for _ in range(2)] == ["all", "all"]


@pytest.mark.parametrize(
    ("filter", "code", "path"),
    [
        ({"accounts": [CHARGEBEE, "other"]}, "NOT_FOUND", ["filter", "accounts", "1"]),
        ({"ids": ["?"]}, "INVALID_INPUT", ["filter", "ids", "0"]),
        ({"ids": [global_id("i", CHARGEBEE, "x")]}, "INVALID_INPUT", ["filter", "ids", "0"]),
        ({"invoiceIds": [global_id("n", CHARGEBEE, "x")]}, "INVALID_INPUT", ["filter", "invoiceIds", "0"]),
        ({"ids": [global_id("n", CHARGEBEE, "x")] * 201}, "LIMIT_EXCEEDED", ["filter", "ids"]),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(gateway: Streaming, filter: Json, code: str, path: list[str]) -> None:
    with gateway.talking() as talk:
        (error,) = talk.answer(WHOLE, variables={"filter": filter})["errors"]
    assert (error["extensions"]["code"], error["extensions"]["path"]) == (code, path)
    assert gateway.feed.subscribers == 0


def test_where_changes_may_have_been_missed_the_stream_says_so_and_ends(gateway: Streaming) -> None:
    with gateway.talking() as talk:
        talk.ask("1", CHANGES)
        gateway.listened()
        (subscriber,) = gateway.feed._subscribers
        subscriber.end(StoreUnavailable("changes may have been missed"))
        gateway.client.http.get("/livez")  # the end was said in another thread than the gateway's: this wakes its loop
        message = talk.hear()
        assert message["type"] == "next"
        (error,) = message["payload"]["errors"]
        assert (error["message"], error["extensions"]["code"]) == ("changes may have been missed", "GATEWAY_UNAVAILABLE")
        assert talk.hear() == {"id": "1", "type": "complete"}


def test_what_one_process_does_is_told_by_the_others(addresses: Addresses, sandbox: SandboxControl, redis_url: str) -> None:
    plain = settings(addresses)
    accounts = {name: replace(account, tenant="streams") for name, account in plain.accounts.items()}
    shared = replace(plain, redis_url=Secret(redis_url), accounts=accounts)
    with streaming(addresses, changed=shared) as here, streaming(addresses, changed=shared) as there, there.talking() as talk:
        talk.ask("1", WHOLE)
        there.listened()
        ids = [here.issued()["id"], here.issued()["id"], there.issued()["id"]]
        assert [told(talk)["creditNoteId"] for _ in ids] == ids
