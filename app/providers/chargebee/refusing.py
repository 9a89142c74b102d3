"""Telling all that is wrong with a request at once. What is wrong is decided elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.errors import GatewayError, InvalidInputs


def refuse(problems: Iterable[GatewayError]) -> None:
    """Raise the one problem there is, or all of them; with none, go on."""
    found = list(problems)
    if len(found) == 1:
        raise found[0]
    if found:
        raise InvalidInputs(found)
