"""One request and its answer: in its turn, within its deadline, and with the account's brakes told what came of it.

What an answer means is not asked here.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from app import http, telemetry
from app.domain.errors import GatewayError, RateLimited, Unavailable
from app.providers.answers import retry_after
from app.providers.line import Line
from app.providers.policy import Deadline

ASKS_TO_WAIT = frozenset({429, 503})
"""With a Retry-After these speak of everybody who calls, not of the one request."""

LEAST_S = 0.01
"""With less time than this nothing is begun: it could not be told apart from what was sent and lost."""


MOST_WAITING = 0.8
"""Of its time a write may wait for its turn: the rest is for the answer, without which nobody knows what became of it."""

NEARLY = 0.1
"""A call cancelled with no more than this share of its time left counts as one that timed out."""


class Lost(Exception):
    """Sent, perhaps, and no answer."""

    def __init__(self, *, timed_out: bool) -> None:
        super().__init__()
        self.timed_out = timed_out


async def sent(line: Line, deadline: Deadline, request: http.Request) -> http.Response:
    """Perform one request. Raises Unavailable if it was certainly not sent, Lost if it may have been."""
    started, result = time.monotonic(), "cancelled"
    try:
        line.breaker.refuse_if_resting()
        async with line.limiter.turn(deadline if request.method == "GET" else deadline.part(MOST_WAITING)):
            telemetry.turn_came(provider=line.provider, account=line.account, waited_s=time.monotonic() - started)
            with line.breaker.turn():
                response = await _exchanged(line, deadline, request)
        result = str(response.status_code)
    except GatewayError as failed:
        failed.account = line.account
        result = failed.code.value
        if isinstance(failed, RateLimited) and failed.retry_after is not None:
            line.health.held(failed.retry_after)
        raise
    except Lost as lost:
        result = "timeout" if lost.timed_out else "lost"
        raise
    finally:
        _told(line, request, result, time.monotonic() - started)
    return response


async def _exchanged(line: Line, deadline: Deadline, request: http.Request) -> http.Response:
    left = deadline.left()
    if left < LEAST_S:
        message = "no time was left to send it"
        raise Unavailable(message)
    # Pool, TCP and TLS come before the first byte. Each has less than a third, so that they end before the deadline does: not sent.
    begin = min(line.connect_s, 0.3 * left)
    request.extensions = {**request.extensions, "timeout": {"connect": begin, "read": left, "write": left, "pool": begin}}
    try:
        async with asyncio.timeout(left):
            response = await line.client.send(request)
    except http.NOT_SENT as failed:
        _failed(line)
        message = f"the provider could not be reached ({type(failed).__name__})"
        raise Unavailable(message) from failed
    except (TimeoutError, http.TimeoutException) as late:
        _failed(line)
        raise Lost(timed_out=True) from late
    except http.HTTPError as cut:
        _failed(line)
        raise Lost(timed_out=False) from cut
    except asyncio.CancelledError:
        if deadline.left() < NEARLY * left:  # whoever asked has given it up, and it had not answered in all but all of its time
            _failed(line)
        raise
    await _answered(line, response)
    return response


async def _answered(line: Line, response: http.Response) -> None:
    status = response.status_code
    wait = retry_after(response.headers.get("retry-after"), now=datetime.now(UTC))
    line.health.answered(status, retry_after=wait)
    if status >= 500:
        line.breaker.failed()
    else:
        line.breaker.succeeded()
    if wait and status in ASKS_TO_WAIT:
        await line.limiter.hold(wait)


def _failed(line: Line) -> None:
    line.breaker.failed()
    line.health.failed()


def _told(line: Line, request: http.Request, result: str, duration_s: float) -> None:
    call = telemetry.UpstreamCall(
        provider=line.provider, account=line.account, method=request.method, path=request.url.path,
        result=result, duration_s=duration_s, breaker_is_open=line.breaker.is_open,
    )  # fmt: skip
    telemetry.upstream_called(call)
