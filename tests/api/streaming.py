"""A gateway whose streams a test listens to, and looks behind: over a socket, or as events."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from starlette.routing import Route
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from app.api.schema import make_schema
from app.api.streams import Streams
from app.api.view import View
from app.asgi import create_app
from app.edge_settings import EdgeSettings
from app.gateway.feed import Feed
from app.sandbox.server import Addresses
from app.settings import Settings
from tests.support.demo import UNPAID, invoice_id
from tests.support.running import GatewayClient, Json, asking, settings
from tests.support.serving import served

PROTOCOL = Subprotocol("graphql-transport-ws")
CHANGES = "subscription { creditNoteChanged { kind creditNoteId } }"
SCHEMA = make_schema()


def until(happened: Callable[[], bool]) -> None:
    """Wait for what the gateway does in its own thread, but not for ever."""
    give_up = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < give_up
        time.sleep(0.005)


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One client's socket."""

    socket: ClientConnection

    def say(self, type: str, **more: object) -> None:
        self.socket.send(json.dumps({"type": type, **more}))

    def hear(self) -> Json:
        """The next message."""
        message: Json = json.loads(self.socket.recv(timeout=10))
        return message

    def greet(self, **payload: object) -> None:
        """Be let in."""
        self.say("connection_init", payload=payload)
        assert self.hear() == {"type": "connection_ack"}

    def ask(self, id: str, query: str, **more: object) -> None:
        """Begin an operation."""
        self.say("subscribe", id=id, payload={"query": query, **more})

    def answer(self, query: str, **more: object) -> Json:
        """The only answer of an operation that ends, or the errors it was refused with."""
        self.ask("only", query, **more)
        first = self.hear()
        if first["type"] == "next":
            assert self.hear() == {"id": "only", "type": "complete"}
        answer: Json = first["payload"] if first["type"] == "next" else {"errors": first["payload"]}
        return answer

    def code(self, query: str, **more: object) -> str:
        """The code of the only error."""
        (error,) = self.answer(query, **more)["errors"]
        code: str = error["extensions"]["code"]
        return code

    def closed(self) -> tuple[int, str]:
        """With what the gateway closes it, saying nothing more."""
        with pytest.raises(ConnectionClosed) as closed:
            self.socket.recv(timeout=10)
        frame = closed.value.rcvd
        assert frame is not None
        return frame.code, frame.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Streaming:
    """A gateway, and what it streams with."""

    client: GatewayClient
    url: str
    view: View

    @property
    def feed(self) -> Feed:
        return self.view._services.feed

    @property
    def streams(self) -> Streams:
        return self.view.streams

    @contextlib.contextmanager
    def talking(self, *, greeted: bool = True, protocol: str | None = PROTOCOL, **headers: str) -> Iterator[Talk]:
        """A socket of a client, let in unless it has to see to that itself."""
        protocols = None if protocol is None else [Subprotocol(protocol)]
        with connect(self.url.replace("http", "ws", 1), subprotocols=protocols, additional_headers=headers) as socket:
            talk = Talk(socket=socket)
            if greeted:
                talk.greet()
            yield talk

    def listened(self, count: int = 1) -> None:
        """Wait until so many listen."""
        until(lambda: self.feed.subscribers == count)

    def issued(self, account: str = "chargebee-demo") -> Json:
        """A new note."""
        payload = self.client.issue(account, invoice_id(account, UNPAID), {"total": {"amount": "1.00", "currency": "USD"}})
        assert payload["outcome"] == "APPLIED", payload
        note: Json = payload["creditNote"]
        return note


@contextlib.contextmanager
def streaming(addresses: Addresses, *, edge: EdgeSettings | None = None, changed: Settings | None = None) -> Iterator[Streaming]:
    """A gateway of its own over the sandboxes, or with settings of its own."""
    given = changed or settings(addresses)
    app = create_app(replace(given, edge=edge or given.edge), schema=SCHEMA)
    (view,) = (one.endpoint for one in app.routes if isinstance(one, Route) and isinstance(one.endpoint, View))
    with served(app, lifespan=True) as url, asking(url) as client:
        yield Streaming(client=client, url=f"{url}/graphql", view=view)
