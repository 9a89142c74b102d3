"""The HTTP side of an account: every call of every adapter is made, limited, retried, timed and classified here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from app import http, telemetry
from app.domain.errors import BadPayload, NotFound, OutcomeUnknown, Unavailable
from app.domain.vocabulary import ErrorCode
from app.providers.answers import Call, Explain, Explanation, Refusal, is_definite, is_page, request_id, retry_after
from app.providers.characters import whole_characters
from app.providers.exchange import Lost, sent
from app.providers.line import Line
from app.providers.policy import Deadline
from app.providers.redaction import adopt, fault, scrubbed

T = TypeVar("T")
QueryParams = list[tuple[str, str | int | float | bool | None]]
Params = Mapping[str, str] | Sequence[tuple[str, str]]

ACCEPTED = 202
"""Not done yet: whoever was asked is still at work."""

GAVE_UP = frozenset({408, 504, 524})
"""Somebody in between stopped waiting: whoever was asked may still be at work."""


class Upstream:
    """An account's line for the length of one operation, which ends at the deadline."""

    __slots__ = ("_deadline", "_line", "request_id")

    def __init__(self, line: Line, deadline: Deadline) -> None:
        self._line = line
        self._deadline = deadline
        self.request_id: str | None = None
        """The provider's own id of the last write it answered, for its support."""

    @property
    def account(self) -> str:
        """The account's name."""
        return self._line.account

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self._line.provider

    def absent(self, id: str) -> NotFound:
        """What to answer for an id the provider did not return."""
        return NotFound(f"no {id[:100]!r} at this account", account=self._line.account)

    def unknown_value(self, what: str, value: str) -> None:
        """Tell that the provider used a word nobody has published."""
        telemetry.unknown_value(provider=self._line.provider, account=self._line.account, what=what, value=value)

    async def read(self, path: str, *, into: type[T], explain: Explain, params: Params | None = None) -> T:
        """GET and decode. Tried again while that can help and time is left. Raises Unavailable, BadPayload or what `explain` says."""
        self._line.budget.called()
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._read_once(path, params, into, explain)
            except Unavailable as failed:
                failed.account = self._line.account
                wait = self._line.retry.wait(attempt, failed.retry_after)
                if wait >= self._deadline.left() or not self._may_retry(attempt):
                    raise
                await asyncio.sleep(wait)

    async def write(self, call: Call, *, into: type[T], explain: Explain) -> T:
        """Send once. Sent again only if it was certainly not sent.

        Raises Unavailable if it was not sent, what `explain` says if the provider refused, and OutcomeUnknown for everything else.
        """
        self._line.budget.called()
        attempt = 0
        while True:
            attempt += 1
            try:
                headers = {"Content-Type": call.content_type, **(call.headers or {})}
                response = await self._sent(self._request(call.method, call.path, content=call.content, headers=headers))
            except Unavailable as failed:
                if failed.retry_after is not None or not self._deadline.left() or not self._may_retry(attempt):
                    raise
                await asyncio.sleep(min(self._line.retry.wait(attempt, None), self._deadline.left()))
            except Lost as lost:
                raise self._unknown(timed_out=lost.timed_out) from lost
            else:
                self.request_id = request_id(response)
                return self._written(response, into, explain)

    def _may_retry(self, attempt: int) -> bool:
        """Whether another attempt may help: not where the account is being left alone, nor where its retries are used up."""
        return attempt < self._line.retry.attempts and not self._line.breaker.is_open and self._line.budget.spend()

    async def _read_once(self, path: str, params: Params | None, into: type[T], explain: Explain) -> T:
        query: QueryParams = list(params.items() if isinstance(params, Mapping) else params or ())
        try:
            response = await self._sent(self._request("GET", path, params=query or None))
        except Lost as lost:
            code = ErrorCode.PROVIDER_TIMEOUT if lost.timed_out else ErrorCode.PROVIDER_UNAVAILABLE
            message = "the provider did not answer in time" if lost.timed_out else "the provider cut the connection"
            raise Unavailable(message, code=code, account=self._line.account) from lost
        if not response.is_success:
            raise self._refused(response, explain).error
        return self._decoded(response, into)

    def _written(self, response: http.Response, into: type[T], explain: Explain) -> T:
        if response.status_code == ACCEPTED:
            raise self._unknown(timed_out=True, response=response)
        if response.is_success:
            try:
                return self._decoded(response, into)
            except BadPayload as unreadable:
                raise self._unknown(timed_out=False, response=response) from unreadable
        explained = self._refused(response, explain)
        status = response.status_code
        definite = is_definite(status, by_code=explained.by_code) if explained.definite is None else explained.definite
        if definite:
            raise explained.error
        raise self._unknown(timed_out=status in GAVE_UP, response=response) from explained.error

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: QueryParams | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> http.Request:
        """A request to the account's own address, with its credentials; to any other without them, and over TLS only."""
        base = self._line.base_url
        url = base + path if path.startswith("/") else path
        if url.startswith(base + "/"):
            headers = {**self._line.headers, **(headers or {})}
        elif not url.startswith("https://"):
            message = "the provider points to an address that is neither its own nor protected by TLS"
            raise BadPayload(message, account=self._line.account)
        try:
            request = self._line.client.build_request(method, url, params=params, content=content, headers=headers)
            is_address = bool(request.url.host) and (request.url.port or 0) <= 65_535
        except (http.InvalidURL, ValueError):  # the latter for a host that is no domain name
            is_address = False
        if not is_address:
            message = "the provider points to something that is no address"
            raise BadPayload(message, account=self._line.account)
        return request

    async def _sent(self, request: http.Request) -> http.Response:
        return await sent(self._line, self._deadline, request)

    def _decoded(self, response: http.Response, into: type[T]) -> T:
        try:
            decoded: T = _decoder(into).decode(whole_characters(response.content))
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as unreadable:
            where = scrubbed(str(unreadable), self._line)
            message = f"the provider answered something that can't be read: {where}"
            self._line.health.unreadable()
            raise BadPayload(message, account=self._line.account, provider=fault(response, self._line)) from unreadable
        return decoded

    def _refused(self, response: http.Response, explain: Explain) -> Explanation:
        known = fault(response, self._line)
        explained = explain(
            Refusal(status=response.status_code, body=whole_characters(response.content), request_id=known.request_id)
        )
        wait = retry_after(response.headers.get("retry-after"), now=datetime.now(UTC))
        adopt(explained.error, self._line, known, retry_after=wait)
        if isinstance(explained.error, BadPayload) or is_page(response):
            self._line.health.unreadable()
        return explained

    def _unknown(self, *, timed_out: bool, response: http.Response | None = None) -> OutcomeUnknown:
        message = "the write was sent and its answer was lost; repeat it with the same idempotency key"
        error = OutcomeUnknown(
            message, account=self._line.account, provider=None if response is None else fault(response, self._line)
        )
        error.timed_out = timed_out
        return error


_decoders: dict[object, msgspec.json.Decoder[Any]] = {}  # one per Struct: as many as there are wire shapes


def _decoder(into: object) -> msgspec.json.Decoder[Any]:
    if into not in _decoders:
        _decoders[into] = msgspec.json.Decoder(into)
    return _decoders[into]
