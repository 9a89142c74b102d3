"""Faults on demand: any request of a provider sandbox made slow, refused, cut off or garbled, by rule."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import translate
from typing import Literal, get_args

from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Message, Receive, Scope, Send

from app.sandbox.kernel import BadControl, Json, ProviderSandbox

FaultKind = Literal["delay", "status", "drop_before", "drop_after", "garbage", "html"]


@dataclass(slots=True, kw_only=True)
class Fault:
    """One rule. `after` says that the books are changed before the fault shows (delay and status; garbage and html always do)."""

    fault: FaultKind
    provider: str = "*"
    method: str = "*"
    path: str = "*"
    status: int = 500
    retry_after: int | str | None = None
    delay_ms: int = 1000
    times: int | None = None
    after: bool = False
    _pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._pattern = re.compile(translate(self.path))

    def matches(self, provider: str, method: str, path: str) -> bool:
        """Whether the rule still has turns left and speaks of this request; `*` in a path matches `/` too."""
        return (
            self.times != 0
            and self.provider in {"*", provider}
            and self.method.upper() in {"*", method}
            and self._pattern.match(path) is not None
        )

    def use(self) -> Fault:
        """Count one turn."""
        if self.times is not None:
            self.times -= 1
        return self


def read_fault(body: Json) -> Fault:
    """A rule from a control call; raises BadControl that names what is wrong."""
    if not isinstance(body, dict):
        message = "a fault is an object"
        raise BadControl(message)
    wanted: dict[str, type | tuple[type, ...]] = {
        "fault": str, "provider": str, "method": str, "path": str, "status": int, "retry_after": (int, str),
        "delay_ms": int, "times": int, "after": bool,
    }  # fmt: skip
    given = {name: value for name, value in body.items() if value is not None}
    for name, value in given.items():
        if name not in wanted or not isinstance(value, wanted[name]):
            message = f"{name}: unknown, or not of the right type; a fault has {sorted(wanted)}"
            raise BadControl(message)
    if given.get("fault") not in get_args(FaultKind):
        message = f"fault must be one of {list(get_args(FaultKind))}"
        raise BadControl(message)
    return Fault(**given)  # type: ignore[arg-type]  # names and types were checked one by one above


class Faults:
    """The rules in force, in the order they were made; the first that matches acts."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self.resets = 0
        """How often all was begun anew: what was asked before then must not change the books that are there now."""

    def add(self, fault: Fault) -> None:
        """Put a rule in force."""
        self._rules.append(fault)

    def clear(self) -> None:
        """No rules."""
        self._rules.clear()
        self.resets += 1

    def take(self, provider: str, method: str, path: str) -> Fault | None:
        """The rule for this request, one turn of it used up."""
        return next((rule.use() for rule in self._rules if rule.matches(provider, method, path)), None)


class Faulty:
    """A provider's app with its requests counted and the rules applied to them."""

    def __init__(self, sandbox: ProviderSandbox, faults: Faults, requests: Counter[tuple[str, str, str]]) -> None:
        self._sandbox = sandbox
        self._faults = faults
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or misbehave as the first matching rule says."""
        if scope["type"] != "http":
            await self._sandbox.app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        self._requests[self._sandbox.name, method, self._template(scope)] += 1
        fault = self._faults.take(self._sandbox.name, method, path)
        if fault is None:
            await self._sandbox.app(scope, receive, send)
        else:
            await self._misbehave(fault, scope, receive, send)

    async def _misbehave(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.fault:
            case "delay":
                await self._delayed(fault, scope, receive, send)
            case "status":
                if fault.after:
                    await self._sandbox.app(scope, receive, _swallow)
                await self._refusal(fault)(scope, receive, send)
            case "drop_before":
                _cut(send)
            case "drop_after":
                await self._sandbox.app(scope, receive, _swallow)
                _cut(send)
            case "garbage":
                await self._sandbox.app(scope, receive, _swallow)
                garbled = Response(b'{"credit_note": {"id": "CN-', media_type="application/json")
                await garbled(scope, receive, send)
            case "html":
                await self._sandbox.app(scope, receive, _swallow)
                page = Response("<html><body><h1>Be right back</h1></body></html>", media_type="text/html")
                await page(scope, receive, send)

    async def _delayed(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        heard = await _heard(receive)  # before the wait: a slow provider does what it was asked although the client has left
        if fault.after:
            await self._sandbox.app(scope, heard, hold)
        resets = self._faults.resets
        await asyncio.sleep(fault.delay_ms / 1000)
        if self._faults.resets != resets:
            _cut(send)
            return
        if not fault.after:
            await self._sandbox.app(scope, heard, send)
        for message in held:
            await send(message)

    def _refusal(self, fault: Fault) -> Response:
        answer = self._sandbox.refusal(fault.status)
        if fault.retry_after is not None:
            answer.headers["Retry-After"] = str(fault.retry_after)
        return answer

    def _template(self, scope: Scope) -> str:
        for route in self._sandbox.app.routes:
            match, _ = route.matches(scope)
            if match is not Match.NONE:
                return str(getattr(route, "path", scope["path"]))
        return str(scope["path"])


async def _heard(receive: Receive) -> Receive:
    """The request as it came, to be given to the app later."""
    messages: list[Message] = []
    while not messages or messages[-1].get("more_body"):
        messages.append(await receive())

    async def replay() -> Message:
        return messages.pop(0) if messages else await receive()

    return replay


async def _swallow(_: Message) -> None:
    """The answer nobody gets."""


def _cut(send: Send) -> None:
    """Close the connection under the client, as a crash between commit and answer does.

    ASGI has no message for it; the server's request cycle, whose method `send` is, holds the transport.
    """
    cycle = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:
        message = "this server does not let a connection be cut"
        raise RuntimeError(message)
    transport.abort()
