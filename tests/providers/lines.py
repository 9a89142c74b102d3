"""An account's line to a peer, for the suites of the upstream: no waits between attempts, one secret, one error code known."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from app import http
from app.domain.errors import GatewayError, InvalidInput, InvalidInputs, ProviderFault, Rejected
from app.gateway.background import Background
from app.gateway.cache.guard import Guard
from app.gateway.pacing import AccountPacer
from app.providers.answers import Call, Explanation, Refusal, by_status
from app.providers.contract import Limits
from app.providers.limiter import Limiter
from app.providers.line import Line
from app.providers.policy import Breaker, Clock, Deadline, RetryPolicy
from app.providers.upstream import Upstream
from app.secret import Secret
from app.store import Store
from tests.support.peer import answer

SECRET = "s3cret/of+the=line"
AUTH = f"Bearer {SECRET}"
POST = Call(path="/notes", content=b'{"total":1}', content_type="application/json")
ACCOUNT = "acme-eu"
GOOD = answer('{"id": "CN-1"}')


def limited(limits: Limits, store: Store | None = None, clock: Clock = time.monotonic, *, key: str = "cn:1:gate:{test}") -> Limiter:
    """A process's limiter as the gateway makes it; those at one shared store are of one account."""
    guard = None if store is None else Guard(store, Background())
    return Limiter(limits, AccountPacer(guard, key, limits, clock), clock)


class Note(msgspec.Struct):
    """What the peer answers."""

    id: str


def explain(refusal: Refusal) -> Explanation:
    """`known` in the body is a machine code, `several` complains of two inputs; anything else goes by its status."""
    said = refusal.body.decode("utf-8", "replace")
    fault = ProviderFault(http_status=refusal.status, code=said[:80] or None, message=said or None, field=said[:80] or None)
    if "known" in said:
        return Explanation(error=Rejected(said, provider=fault), by_code=True)
    if "several" in said:
        faults = [InvalidInput(said, path=(name,), provider=fault) for name in ("number", "reasonText")]
        return Explanation(error=InvalidInputs(faults), by_code=False)
    return Explanation(error=by_status(refusal.status, fault), by_code=False)


@asynccontextmanager
async def line_to(url: str, *, transport: http.AsyncBaseTransport | None = None, **given: Any) -> AsyncIterator[Line]:
    """A line to this address; `given` are members of it."""
    async with http.AsyncClient(transport=transport, trust_env=False) as client:
        members: dict[str, Any] = {
            "provider": "acme",
            "account": ACCOUNT,
            "client": client,
            "base_url": url,
            "headers": {"Authorization": AUTH},
            "limiter": Limiter(),
            "breaker": Breaker(),
            "secrets": (Secret(SECRET),),
            "retry": RetryPolicy(first_s=0),
            **given,
        }
        yield Line(**members)


async def read(line: Line, path: str = "/notes/1", *, seconds: float = 5) -> Note:
    """One read within this time."""
    return await Upstream(line, Deadline(seconds)).read(path, into=Note, explain=explain)


async def write(line: Line, call: Call = POST, *, seconds: float = 5) -> Note:
    """One write within this time."""
    return await Upstream(line, Deadline(seconds)).write(call, into=Note, explain=explain)


async def failure(call: Awaitable[Note]) -> GatewayError:
    """What comes of a call that must fail: told as the account's."""
    with pytest.raises(GatewayError) as failed:
        await call
    assert failed.value.account == ACCOUNT
    return failed.value
