"""One call of the API as an operation sees it, and how an operation is announced. No route is served here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.responses import Response

from app.sandbox.vcita.access import ANYONE, Caller, Kind
from app.sandbox.vcita.business import Business
from app.sandbox.vcita.reading import Given, decoded
from app.sandbox.vcita.refusals import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An accepted request, complete: an operation never waits, so nothing comes between its checks and its changes."""

    caller: Caller
    now: float
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes

    def object(self, *, empty: bytes = b"") -> dict[str, Given]:
        """The body as an object; `empty` stands for no body."""
        return decoded(self.body, default=empty)


Operation = Callable[[Business, Call], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An operation, where it is found, and who may call it."""

    method: str
    path: str
    operation: Operation
    family: Family
    tokens: frozenset[Kind] = ANYONE
    declares_business: bool = True
