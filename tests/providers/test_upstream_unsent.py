"""What was certainly never sent: told as such, tried again, and kept apart from all that may have arrived."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
import structlog.testing

from app import http, telemetry
from app.domain.errors import OutcomeUnknown, Unavailable
from app.domain.vocabulary import ErrorCode
from app.providers.contract import Limits
from app.providers.limiter import Limiter
from tests.providers.lines import failure, limited, line_to, read, write
from tests.support.peer import Peer, say_nothing

pytestmark = pytest.mark.anyio


class Reluctant(httpx.AsyncHTTPTransport):
    """The real transport, which fails so often before it lets a request through."""

    def __init__(self, *, failures: int, error: type[httpx.HTTPError] = httpx.ConnectError) -> None:
        super().__init__(trust_env=False)
        self._failures = [error("made up") for _ in range(failures)]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._failures:
            raise self._failures.pop()
        return await super().handle_async_request(request)


@pytest.fixture
def loud() -> Iterator[None]:
    """Every event is told, whatever the process's own level."""
    before = structlog.get_config()
    telemetry.configure(json=True, level=logging.DEBUG)
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("loud")
async def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with line_to(f"http://127.0.0.1:{taken.getsockname()[1]}") as line:
            with structlog.testing.capture_logs() as logged:
                failed = await failure(write(line))
    assert (type(failed), failed.code) == (Unavailable, ErrorCode.PROVIDER_UNAVAILABLE)
    assert [event["result"] for event in logged if event["event"] == "upstream"] == ["PROVIDER_UNAVAILABLE"] * 3


@pytest.mark.parametrize("seconds", [0, 0.001, 0.2])
async def test_what_could_not_be_sent_before_the_deadline_was_not_sent(seconds: float) -> None:
    with ExitStack() as sockets:
        full = sockets.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):  # the queue of connections is full: one more is neither taken nor refused
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - the standard library's
            waiting.connect_ex(full.getsockname())
        async with line_to(f"http://127.0.0.1:{full.getsockname()[1]}") as line:
            failed = await failure(write(line, seconds=seconds))
    assert (type(failed), failed.code) == (Unavailable, ErrorCode.PROVIDER_UNAVAILABLE)


async def test_what_was_not_sent_is_sent_at_last_and_once(peer: Peer) -> None:
    async with line_to(peer.url, transport=Reluctant(failures=2)) as line:
        assert (await write(line)).id == "CN-1"
    assert peer.methods == ["POST"]


@pytest.mark.parametrize("error", http.NOT_SENT, ids=lambda error: error.__name__)
async def test_what_the_library_never_sent_is_unavailable(peer: Peer, error: type[httpx.HTTPError]) -> None:
    async with line_to(peer.url, transport=Reluctant(failures=3, error=error)) as line:
        failed = await failure(write(line))
    assert (type(failed), failed.code) == (Unavailable, ErrorCode.PROVIDER_UNAVAILABLE)
    assert peer.heard == []


@pytest.mark.parametrize(
    "error", [httpx.ReadError, httpx.WriteError, httpx.CloseError, httpx.RemoteProtocolError, httpx.ReadTimeout, httpx.WriteTimeout]
)
async def test_what_the_library_may_have_sent_is_unknown(peer: Peer, error: type[httpx.HTTPError]) -> None:
    async with line_to(peer.url, transport=Reluctant(failures=1, error=error)) as line:
        failed = await failure(write(line))
    assert isinstance(failed, OutcomeUnknown)
    assert failed.timed_out is issubclass(error, httpx.TimeoutException)
    assert peer.heard == []


async def test_a_write_that_waits_too_long_for_its_turn_was_not_sent(peer: Peer) -> None:
    peer.will(say_nothing)
    async with line_to(peer.url, limiter=Limiter(Limits(concurrent=1))) as line:
        reading = asyncio.create_task(read(line))
        await peer.arrived.wait()
        failed = await failure(write(line, seconds=0.1))
        reading.cancel()
    assert (type(failed), failed.code) == (Unavailable, ErrorCode.PROVIDER_UNAVAILABLE)
    assert peer.methods == ["GET"]


async def test_a_write_over_the_accounts_rate_was_not_sent_and_says_when(peer: Peer) -> None:
    async with line_to(peer.url, limiter=limited(Limits(per_minute=1))) as line:
        await write(line)
        failed = await failure(write(line))
    assert type(failed) is Unavailable
    assert failed.retry_after is not None
    assert 50 < failed.retry_after <= 60
    assert peer.methods == ["POST"]
