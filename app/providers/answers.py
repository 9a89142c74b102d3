"""What an answer of a provider means, before anybody knows which provider it was: statuses, waits, refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from app import http
from app.domain.errors import (
    AccountRefused,
    BadPayload,
    GatewayError,
    NotFound,
    ProviderFault,
    RateLimited,
    Rejected,
    Unavailable,
)
from app.domain.vocabulary import ErrorCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer that says no: what an adapter's mapping has to explain."""

    status: int
    body: bytes
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a refusal means. `by_code`: the provider's own machine code said so, not the status alone."""

    error: GatewayError
    by_code: bool
    definite: bool | None = None
    """Whether it proves that the first send of a write changed nothing, where that is known better than by `is_definite`."""


Explain = Callable[[Refusal], Explanation]


def of_list(explain: Explain) -> Explain:
    """The same for a list, which is never absent: what it says of is missing only where the provider answers without it."""

    def explained(refusal: Refusal) -> Explanation:
        told = explain(refusal)
        if not isinstance(told.error, NotFound):
            return told
        message = f"the provider knows no such list: {told.error.message}"
        return replace(told, error=BadPayload(message, provider=told.error.provider))

    return explained


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One write: sent as it stands."""

    path: str
    content: bytes
    content_type: str
    method: Literal["POST", "PATCH", "PUT"] = "POST"
    headers: Mapping[str, str] | None = None


def by_status(status: int, fault: ProviderFault) -> GatewayError:
    """What a refusal means by its status alone, for bodies without a known code."""
    message = fault.message or f"the provider answered with status {status}"
    match status:
        case 401:
            return AccountRefused("the provider does not accept the account's credentials", provider=fault)
        case 403:
            return AccountRefused("the account may not do this at the provider", code=ErrorCode.PROVIDER_FORBIDDEN, provider=fault)
        case 404:
            return NotFound(message, provider=fault)
        case 429:
            return RateLimited("the provider asks to wait", provider=fault)
        case 408 | 425:
            return Unavailable(message, provider=fault)
        case _ if status >= 500 or status < 400:
            return Unavailable(f"the provider answered with status {status}", provider=fault)
        case _:
            return Rejected(message, provider=fault)


def is_definite(status: int, *, by_code: bool) -> bool:
    """Whether this refusal proves that the first send of a write changed nothing.

    408 and 425 say the request was not handled in time, 409 without a known code may be the write colliding with itself.
    """
    return 400 <= status < 500 and status not in {408, 425} and (status != 409 or by_code)


LONGEST_WAIT_S = 2.0**31 - 1
"""What GraphQL can still say as an Int; no provider means as long."""


def retry_after(header: str | None, *, now: datetime) -> float | None:
    """Seconds to wait, from either form of the header (RFC 9110, 10.2.3); None where it says nothing readable."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(LONGEST_WAIT_S, max(0.0, (moment - now).total_seconds()))


def is_page(response: http.Response) -> bool:
    """Whether it is a page for people: the answer of somebody who stands before the provider."""
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower() == "text/html"


def request_id(response: http.Response) -> str | None:
    """The provider's own id of the exchange, for its support."""
    for name in ("x-request-id", "request-id", "x-amzn-requestid", "x-correlation-id"):
        if name in response.headers:
            return str(response.headers[name])[:200]
    return None
