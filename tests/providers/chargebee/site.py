"""Servers for the suites of Chargebee: the sandbox with what arrives noted down, and recorded replies. No test lives here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qsl

import httpx
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.sandbox.chargebee import ChargebeeSandbox
from app.sandbox.kernel import Clock
from tests.providers.chargebee import API_KEY, reply
from tests.providers.sandboxed import Sandboxed
from tests.support.serving import served


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Recorder:
    """Notes down what arrives at an app, and lets it pass."""

    app: ASGIApp
    requests: list[Request]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        query = dict(parse_qsl(scope["query_string"].decode()))
        self.requests.append(Request(scope["method"], scope["path"], query, headers))
        await self.app(scope, receive, send)


@dataclass(frozen=True)
class Site(Sandboxed[ChargebeeSandbox]):
    """The sandbox, being served, with its clock and what arrived."""

    clock: Clock
    requests: list[Request]

    def fresh(self) -> None:
        """Nothing noted down, too."""
        super().fresh()
        self.requests.clear()

    def delete(self, id: str) -> None:
        """Delete a note, as somebody at Chargebee would."""
        answer = httpx.post(f"{self.url}/api/v2/credit_notes/{id}/delete", auth=(API_KEY, ""))
        answer.raise_for_status()
        self.requests.pop()


@contextmanager
def serving() -> Iterator[Site]:
    """The sandbox on a socket of its own."""
    clock = Clock()
    sandbox = ChargebeeSandbox(clock)
    requests: list[Request] = []
    with served(Recorder(sandbox.app, requests)) as url:
        yield Site(sandbox, url, clock, requests)


@contextmanager
def answering(meaning: str) -> Iterator[str]:
    """A server that gives this recorded reply to everything."""
    recorded = reply(meaning)
    body = recorded["body"] if isinstance(recorded["body"], str) else json.dumps(recorded["body"])
    with responding({"": Response(body, recorded["status"], recorded["headers"])}) as url:
        yield url


@contextmanager
def responding(by_path: Mapping[str, Response]) -> Iterator[str]:
    """A server that gives the response of the first path that is the end of the one asked for."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = next(given for end, given in by_path.items() if scope["path"].endswith(end))
        await response(scope, receive, send)

    with served(app) as url:
        yield url
