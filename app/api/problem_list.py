"""Gathers what is wrong with an input, so that a client is told everything at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from app.domain.errors import GatewayError, InvalidInput, InvalidInputs, Path

T = TypeVar("T")


class ProblemList:
    """The problems so far."""

    def __init__(self) -> None:
        self._problems: list[GatewayError] = []

    def add(self, message: str, path: Path) -> None:
        """One more."""
        self._problems.append(InvalidInput(message, path=path))

    def collect(self, read: Callable[[Path], T], path: Path) -> T | None:
        """What `read` makes of the input there, or None and its problem noted."""
        try:
            return read(path)
        except InvalidInput as wrong:
            self._problems.append(wrong)
            return None

    def refuse(self) -> None:
        """Raises the one problem, or all of them; nothing when there is none."""
        if len(self._problems) == 1:
            raise self._problems[0]
        if self._problems:
            raise InvalidInputs(self._problems)
