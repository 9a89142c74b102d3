"""Keyed requests: the answer of the first is kept and given again, the work is not done again (docs: Idempotency).

Instants come from the sandbox's clock. What is not published is asked of the switches.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.responses import Response

from app.sandbox.chargebee.refusals import Refusal, wrong_state
from app.sandbox.kernel import Clock, Switches

HEADER = "chargebee-idempotency-key"
REPLAYED = "chargebee-idempotency-replayed"
LONGEST_KEY = 100
WINDOWS = {"30 minutes": 1_800.0, "24 hours": 86_400.0}

Slot = tuple[str, ...]
Content = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that can be given twice."""

    status: int
    body: bytes

    def response(self, *, replayed: bool = False) -> Response:
        """The answer as it goes out; the header is there on a replay only, whatever its value would be."""
        headers = {REPLAYED: "true"} if replayed else None
        return Response(self.body, self.status, headers, media_type="application/json")


@dataclass(slots=True, kw_only=True, eq=False)
class Entry:
    """A key that was seen: with what, when first, and what was answered; nothing yet while the request runs."""

    content: Content
    at: float
    reply: Reply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """What tells one keyed request from another: whose it is, where it goes and what it says."""

    key: str
    api_key: str
    path: str
    fields: tuple[tuple[str, str], ...]

    def slot(self, scope: str) -> Slot:
        """What the key is unique in."""
        return {"site": (self.key,), "api_key": (self.api_key, self.key), "endpoint": (self.path, self.key)}[scope]

    @property
    def content(self) -> Content:
        """What must be the same when the key comes again; the order of parameters means nothing."""
        return self.path, tuple(sorted(self.fields))


class Keys:
    """The keys of the last half hour."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self._clock = clock
        self._switches = switches
        self._entries: OrderedDict[Slot, Entry] = OrderedDict()

    def clear(self) -> None:
        """No key was ever seen."""
        self._entries.clear()

    def seen(self, request: Keyed) -> Entry | None:
        """The entry of this key, unless its window is over; refuses a key that came with other content."""
        if len(request.key) > LONGEST_KEY:
            message = f"{HEADER} must not be longer than {LONGEST_KEY} characters"
            raise Refusal(400, message)
        self._forget_old()
        entry = self._entries.get(request.slot(self._switches["idempotency_scope"]))
        if entry is not None and entry.content != request.content:
            message = "This idempotency key was used with other parameters"
            raise Refusal(422, message)
        return entry

    def check_wait(self) -> None:
        """Whether a repeat of a request that still runs may wait for it; refuses it otherwise."""
        match self._switches["idempotency_running"]:
            case "lock_timeout":
                message = "A request with this idempotency key is being processed"
                raise Refusal(429, message, code="lock_timeout")
            case "invalid_state":
                raise wrong_state(self._switches, "A request with this idempotency key is being processed")

    @contextlib.contextmanager
    def running(self, request: Keyed) -> Iterator[Entry]:
        """Hold the key while its request runs; without a reply kept in the entry the key is free afterwards."""
        slot = request.slot(self._switches["idempotency_scope"])
        entry = self._entries[slot] = Entry(content=request.content, at=self._clock.now())
        try:
            yield entry
        finally:
            if entry.reply is None and self._entries.get(slot) is entry:
                del self._entries[slot]

    def is_held(self, request: Keyed, entry: Entry) -> bool:
        """Whether the entry still stands: a reset in between has taken it away."""
        return self._entries.get(request.slot(self._switches["idempotency_scope"])) is entry

    def keeps(self, reply: Reply) -> bool:
        """Whether this answer is given again."""
        return reply.status < 400 or self._switches["idempotency_refusals"] == "replayed"

    def _forget_old(self) -> None:
        window = WINDOWS[self._switches["idempotency_window"]]
        oldest = self._clock.now() - window
        while self._entries:
            first = next(iter(self._entries.values()))  # they stand in the order of their instants
            if first.at > oldest or first.reply is None:
                break
            self._entries.popitem(last=False)
