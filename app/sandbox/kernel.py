"""What the provider sandboxes share: the clock, numbers that never repeat, switches, and the shape of a sandbox."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Protocol, TypeAlias

from starlette.applications import Starlette
from starlette.responses import Response

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Books: TypeAlias = dict[str, list[dict[str, Json]]]


class BadControl(ValueError):
    """A control call that names something this sandbox does not have; answered 400 with the message."""


class Clock:
    """Real time plus what `POST /clock` has added; it never goes backwards."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Put the clock forward."""
        if seconds < 0:
            message = "advance_s must not be negative"
            raise BadControl(message)
        self._ahead += seconds


class Numbers:
    """Counts up from the moment of the start in milliseconds, so that no number comes twice, not even after a restart."""

    def __init__(self) -> None:
        # Years since 2026 keep the numbers short; a sandbox would have to issue 1,000 a second to overtake itself.
        self._last = int((time.time() - 1_767_225_600) * 1000)

    def next(self) -> int:
        """The next number, greater than every one before it."""
        self._last += 1
        return self._last


class Switches:
    """The choices a sandbox makes where the provider's behaviour is not published: name -> value, with the allowed values."""

    def __init__(self, allowed: Mapping[str, tuple[str, ...]]) -> None:
        self._allowed = dict(allowed)
        self._chosen = {name: values[0] for name, values in allowed.items()}  # the first value is the default

    def __getitem__(self, name: str) -> str:
        return self._chosen[name]

    def set(self, name: str, value: str) -> None:
        """Choose; raises BadControl for an unknown name or value."""
        if value not in self._allowed.get(name, ()):
            choices = {known: list(values) for known, values in self._allowed.items()}
            message = f"no switch {name}={value}; there are {choices}"
            raise BadControl(message)
        self._chosen[name] = value

    def reset(self) -> None:
        """Back to the defaults."""
        self._chosen = {name: values[0] for name, values in self._allowed.items()}

    def as_json(self) -> dict[str, Json]:
        """What is chosen, and what could be."""
        return {name: {"value": self._chosen[name], "values": list(values)} for name, values in self._allowed.items()}


class ProviderSandbox(Protocol):
    """One provider's API over one set of in-memory books."""

    name: str
    app: Starlette
    switches: Switches

    def reset(self) -> None:
        """Books back to the demonstration data; ids and numbers given since are not given again."""

    def books(self) -> Books:
        """Everything in the books, under `invoices`, `notes`, `payments` and `refunds`.

        Every row has `id` and, where it applies, `invoice_id`, `currency`, `status` and `minor` (ISO 4217 minor units),
        beside the provider's own members.
        """

    def violations(self) -> list[str]:
        """Rules the books break now, in words; empty is the only good answer."""

    def act(self, action: str, arguments: Mapping[str, Json]) -> Json:
        """Do something behind the gateway's back: pay, renew, settle, issue ...; raises BadControl for what it cannot do."""

    def refusal(self, status: int) -> Response:
        """An answer with this status and the body this provider would send with it."""
