"""SIGHUP and those who listen: a stream of somebody who is gone ends at once, though nothing happens; all others go on."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from app.sandbox.server import Addresses
from tests.api.streaming import CHANGES, PROTOCOL, Talk
from tests.api.test_stream_events import COMPLETE, EVENTS, Events
from tests.identity.made import made
from tests.support.accounts_file import AccountsFile
from tests.support.console import Child
from tests.support.running import SandboxControl
from tests.test_operating_callers import FRESH, TAKEN, served
from tests.test_operating_reload import hung_up

OVER = "an API key or a token that is valid here is needed"
CHANGED = "the caller's rights have changed: connect again"


@pytest.fixture
def file(tmp_path: Path, addresses: Addresses) -> AccountsFile:
    return AccountsFile(place=tmp_path / "accounts.toml", provider=addresses.providers["vcita"])


@contextlib.contextmanager
def talking(child: Child, shown: str | None) -> Iterator[Talk]:
    headers = {} if shown is None else {"Authorization": f"Bearer {shown}"}
    url = f"{child.address('GraphQL').replace('http', 'ws', 1)}/graphql"
    with connect(url, subprotocols=[PROTOCOL], additional_headers=headers) as socket:
        talk = Talk(socket=socket)
        talk.greet()
        yield talk


@contextlib.contextmanager
def hearing(child: Child, shown: str) -> Iterator[Events]:
    """An event stream that hears everything from now on."""
    headers = {"Authorization": f"Bearer {shown}", "Accept": EVENTS}
    url = f"{child.address('GraphQL')}/graphql"
    with httpx.stream("POST", url, json={"query": CHANGES}, headers=headers, timeout=60) as response:
        events = Events(response)
        assert events.part() == ":"
        yield events


def test_what_a_revoked_key_listens_to_ends_and_what_others_listen_to_goes_on(file: AccountsFile) -> None:
    (kept, kept_key), (gone, gone_key) = made("kept"), made("gone")
    with contextlib.ExitStack() as stack:
        child = stack.enter_context(served(file, kept_key, gone_key))
        listening, idle, other = (stack.enter_context(talking(child, shown)) for shown in (gone, gone, kept))
        listening.ask("1", CHANGES)
        other.ask("1", CHANGES)
        events = stack.enter_context(hearing(child, gone))
        file.write(kept_key)
        hung_up(child, TAKEN)
        assert [talk.closed() for talk in (listening, idle)] == [(4403, OVER)] * 2
        (error,) = events.next()["errors"]
        assert (error["message"], error["extensions"]["code"]) == (OVER, "UNAUTHENTICATED")
        assert events.rest() == COMPLETE
        assert other.answer("{ accounts { name } }") == {"data": {"accounts": [{"name": "books"}]}}


def test_a_socket_of_one_who_is_gone_is_closed_once_its_work_has_ended(file: AccountsFile, sandbox: SandboxControl) -> None:
    text, key = made("shop")
    with served(file, key) as child, talking(child, text) as talk:
        talk.ask("listens", CHANGES)
        before = sandbox.calls("vcita")
        sandbox.fault(fault="delay", provider="vcita", delay_ms=1500, times=1)
        talk.ask("works", FRESH["query"])
        while sandbox.calls("vcita") == before:
            pass
        file.write(made("other")[1])
        hung_up(child, TAKEN)
        answer = talk.hear()
        assert (answer["id"], answer["payload"]) == ("works", {"data": {"creditNotes": {"sources": [{"complete": True}]}}})
        assert talk.hear() == {"id": "works", "type": "complete"}
        assert talk.closed() == (4403, OVER)


def test_who_listened_to_an_open_gateway_does_not_to_one_that_is_closed(file: AccountsFile) -> None:
    with served(file) as child, talking(child, None) as talk:
        talk.ask("1", CHANGES)
        file.write(made("first")[1])
        hung_up(child, TAKEN)
        assert talk.closed() == (4403, OVER)


def test_other_rights_than_those_it_began_with_end_a_stream(file: AccountsFile) -> None:
    text, key = made("shop")
    with served(file, key) as child, hearing(child, text) as events:
        file.write(dataclasses.replace(key, tenant="globex"))
        hung_up(child, TAKEN)
        (error,) = events.next()["errors"]
        assert (error["message"], error["extensions"]["code"]) == (CHANGED, "UNAUTHENTICATED")
        assert events.rest() == COMPLETE
