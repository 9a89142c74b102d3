"""Who may listen, and to what: credentials by header or in the greeting, tenants apart, and nothing told to a key that is over."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from app.callers_file import ApiKey, Callers
from app.identity_settings import IdentitySettings
from app.sandbox.server import Addresses
from tests.api.callers import CHARGEBEE, GIVEN, TENANTS, VCITA, ZENSKAR, KnownCallers
from tests.api.changing import global_id
from tests.api.streaming import CHANGES, Streaming, Talk, streaming, until
from tests.api.test_stream_events import COMPLETE, EVENTS, Events
from tests.identity.made import made
from tests.support.demo import UNPAID, invoice_id
from tests.support.running import Json, SandboxControl, settings

FILTERED = "subscription($filter: CreditNoteChangedFilter) { creditNoteChanged(filter: $filter) { creditNoteId } }"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known(KnownCallers):
    """A gateway that knows its callers, and what it streams with."""

    streaming: Streaming


@contextlib.contextmanager
def knowing(addresses: Addresses, *more: ApiKey) -> Iterator[Known]:
    keys = {name: made(name, **{"tenant": "acme", **told}) for name, told in GIVEN.items()}
    plain = settings(addresses)
    accounts = {name: replace(account, tenant=TENANTS[name]) for name, account in plain.accounts.items()}
    callers = Callers(keys=(*(key for _, key in keys.values()), *more))
    unlimited = IdentitySettings(rate_requests=0, rate_reads=0)
    with streaming(addresses, changed=replace(plain, accounts=accounts, callers=callers, identity=unlimited)) as found:
        yield Known(client=found.client, texts={name: text for name, (text, _) in keys.items()}, streaming=found)


@pytest.fixture(scope="module")
def known(addresses: Addresses, control: SandboxControl) -> Iterator[Known]:
    control.reset()
    with knowing(addresses) as found:
        yield found


@contextlib.contextmanager
def socket(known: Known, **headers: str) -> Iterator[Talk]:
    with known.streaming.talking(greeted=False, **headers) as talk:
        yield talk


def issued(known: Known, name: str, account: str) -> Json:
    with known.calling(name) as client:
        payload = client.issue(account, invoice_id(account, UNPAID), {"total": {"amount": "1.00", "currency": "USD"}})
    assert payload["errors"] == []
    note: Json = payload["creditNote"]
    return note


def bearer(known: Known, name: str) -> str:
    return f"Bearer {known.texts[name]}"


def test_a_key_is_shown_by_header_or_in_the_greeting(known: Known) -> None:
    with socket(known, Authorization=bearer(known, "acme")) as by_header, socket(known) as greeting, socket(known) as other:
        by_header.greet()
        greeting.greet(Authorization=bearer(known, "acme"))
        other.greet(**{"x-api-key": known.texts["acme"]}, more={"of": "the client's own"})
        for talk in (by_header, greeting, other):
            assert len(talk.answer("{ accounts { name } }")["data"]["accounts"]) == 2


@pytest.mark.parametrize("shown", [{}, {"Authorization": "Bearer nobody"}, {"authorization": "☃"}, {"X-API-Key": ""}])
def test_who_shows_nothing_that_is_valid_is_forbidden(known: Known, shown: dict[str, str]) -> None:
    with socket(known) as talk:
        talk.say("connection_init", payload=shown)
        assert talk.closed() == (4403, "an API key or a token that is valid here is needed")


def test_two_keys_are_none(known: Known) -> None:
    with socket(known, Authorization=bearer(known, "acme")) as talk:
        talk.say("connection_init", payload={"Authorization": bearer(known, "acme")})
        assert talk.closed()[0] == 4403


def test_who_may_not_read_may_not_listen(known: Known) -> None:
    with socket(known, Authorization=bearer(known, "writer")) as talk:
        talk.greet()
        assert talk.code(CHANGES) == "FORBIDDEN"


def test_an_event_stream_needs_a_key_as_everything_does(known: Known) -> None:
    headers = {"Accept": EVENTS}
    refused = known.client.http.post("/graphql", json={"query": CHANGES}, headers=headers)
    assert (refused.status_code, refused.headers["content-type"]) == (401, "application/json")
    assert refused.headers["www-authenticate"].startswith("Bearer")
    headers["Authorization"] = bearer(known, "reader")
    with known.client.http.stream("POST", "/graphql", json={"query": "{ accounts { name } }"}, headers=headers) as response:
        events = Events(response)
        assert (len(events.next()["data"]["accounts"]), events.rest()) == (2, COMPLETE)


def test_a_change_is_told_only_to_those_for_whom_its_account_exists(known: Known) -> None:
    with known.calling("globex") as client:
        ours = client.issue(VCITA, invoice_id(VCITA, UNPAID), {"total": {"amount": "1.00", "currency": "USD"}})["creditNote"]["id"]
    with contextlib.ExitStack() as stack:
        talks = {
            name: stack.enter_context(socket(known, Authorization=bearer(known, name))) for name in ("acme", "globex", "narrow")
        }
        for name, talk in talks.items():
            talk.greet()
            talk.ask("all", FILTERED)
            if name != "globex":
                talk.ask("theirs", FILTERED, variables={"filter": {"ids": [ours, global_id("n", "nowhere", "x")]}})
        known.streaming.listened(5)
        first = issued(known, "acme", CHARGEBEE)["id"]
        second = issued(known, "globex", VCITA)["id"]
        third = issued(known, "acme", ZENSKAR)["id"]
        heard = {"acme": [first, third], "globex": [second], "narrow": [third]}
        for name, ids in heard.items():
            for id in ids:
                change = {"creditNoteChanged": {"creditNoteId": id}}
                assert talks[name].hear() == {"id": "all", "type": "next", "payload": {"data": change}}


def test_an_account_of_others_is_refused_as_one_that_is_not_there(known: Known) -> None:
    with socket(known, Authorization=bearer(known, "acme")) as talk:
        talk.greet()
        errors = [talk.answer(FILTERED, variables={"filter": {"accounts": [name]}})["errors"][0] for name in (VCITA, "not-there")]
    told = [(error["message"].replace(VCITA, "not-there"), error["path"], error["extensions"]["path"]) for error in errors]
    assert told[0] == told[1]
    assert [error["extensions"]["code"] for error in errors] == ["NOT_FOUND"] * 2


def test_nothing_is_told_to_a_key_that_is_over(addresses: Addresses) -> None:
    over_at = datetime.now(UTC) + timedelta(seconds=2)
    text, key = made("brief", tenant="acme", expires_at=over_at)
    with knowing(addresses, key) as known, socket(known, Authorization=f"Bearer {text}") as talk:
        talk.greet()
        talk.ask("1", FILTERED)
        known.streaming.listened()
        first = issued(known, "acme", CHARGEBEE)["id"]
        assert talk.hear()["payload"] == {"data": {"creditNoteChanged": {"creditNoteId": first}}}
        until(lambda: datetime.now(UTC) > over_at)
        issued(known, "acme", CHARGEBEE)
        assert talk.closed() == (4403, "an API key or a token that is valid here is needed")


def test_a_stream_that_is_silent_ends_too_when_its_key_is_over(addresses: Addresses) -> None:
    over_at = datetime.now(UTC) + timedelta(seconds=2)
    text, key = made("brief", tenant="acme", expires_at=over_at)
    with knowing(addresses, key) as known:
        known.streaming.streams.recheck_s = 0.05
        headers = {"Accept": EVENTS, "Authorization": f"Bearer {text}"}
        with (
            socket(known, Authorization=f"Bearer {text}") as talk,
            known.client.http.stream("POST", "/graphql", json={"query": CHANGES}, headers=headers) as response,
        ):
            talk.greet()
            talk.ask("1", FILTERED)
            events = Events(response)
            assert talk.closed() == (4403, "an API key or a token that is valid here is needed")
            assert datetime.now(UTC) > over_at
            assert events.next()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
            assert events.rest() == COMPLETE
