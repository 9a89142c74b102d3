"""Texts that a provider has cut in the middle of a character, as happens where they are counted in UTF-16: readable all the same."""

from __future__ import annotations

import re

_MAY_HAVE_HALVES = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)", re.DOTALL)
"""Every escape of a JSON text, pairs of halves first; the group is a half by itself."""


def whole_characters(body: bytes) -> bytes:
    """The JSON with every half of a character replaced by U+FFFD: one text cut short must not make its whole document unreadable."""
    if _MAY_HAVE_HALVES.search(body) is None:
        return body
    return _ESCAPE.sub(lambda escape: escape[0] if escape[1] is None else rb"\ufffd", body)
