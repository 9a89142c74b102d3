"""Media types as HTTP compares them: which one an Accept header prefers, and whether a body says that it is JSON.

What stands in a body does not belong here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
EVENTS = "text/event-stream"
HTML = "text/html"

_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")
_UTF8 = {"utf-8", "utf8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Range:
    """One member of an Accept header."""

    type: str
    quality: float

    def specificity(self, offered: str) -> int:
        """How closely it names the type; 0: not at all."""
        if self.type == offered:
            return 3
        if self.type == offered.partition("/")[0] + "/*":
            return 2
        return 1 if self.type == "*/*" else 0


def negotiated(accept: str, offered: Sequence[str]) -> str | None:
    """The type the header prefers, the first offered where it has no preference; None where it takes none of them."""
    ranges = list(filter(None, map(_range, accept.split(",")))) if accept.strip() else [_Range(type="*/*", quality=1)]
    best, chosen = (0.0, 0, 0), None
    for type in offered:
        # The closest range decides about a type, even where a wider one likes it better (RFC 9110, section 12.5.1).
        specificity, earliness, quality = max(
            (one.specificity(type), -place, one.quality) for place, one in enumerate(ranges or _NONE)
        )
        rank = (quality, specificity, earliness)
        if specificity and quality and (chosen is None or rank > best):
            best, chosen = rank, type
    return chosen


_NONE = [_Range(type="", quality=0)]


def _range(text: str) -> _Range | None:
    type, parameters = _parts(text)
    quality = parameters.get("q", "1")
    if not _QUALITY.fullmatch(quality) or not _is_utf8(parameters, also="*"):
        return None
    return _Range(type=type, quality=float(quality))


def is_json(content_types: Sequence[str]) -> bool:
    """Whether one header says exactly JSON, in UTF-8: a looser match would let another site's form run a mutation."""
    if len(content_types) != 1:
        return False
    type, parameters = _parts(content_types[0])
    return type == JSON and _is_utf8(parameters)


def _is_utf8(parameters: Mapping[str, str], *, also: str = "utf-8") -> bool:
    return parameters.get("charset", "utf-8") in {*_UTF8, also}


def _parts(text: str) -> tuple[str, dict[str, str]]:
    """The type and its parameters, all in lower case: no parameter that is looked at here tells the cases apart."""
    type, *parameters = (part.strip() for part in text.lower().split(";"))
    pairs = (parameter.partition("=") for parameter in parameters)
    return type, {name.strip(): value.strip().strip('"') for name, _, value in pairs}
