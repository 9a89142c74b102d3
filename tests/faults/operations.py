"""One key of the campaign: what it asks for, every request that was made with it, and what each was told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Json: TypeAlias = dict[str, Any]
Kind = Literal["issue", "void", "refund"]

OF_THE_REQUEST_ONLY = frozenset({"IDEMPOTENCY_KEY_REUSED", "CONFLICT", "GATEWAY_UNAVAILABLE"})
"""What is told with these says nothing of what other requests with the key have done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A write's answer."""

    outcome: str
    codes: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    is_retryable: bool = False
    retry_after_s: float = 0
    note_id: str | None = None
    """The provider's."""
    id: str | None = None
    """The gateway's."""

    @classmethod
    def of(cls, payload: Json) -> Told:
        errors, note = payload["errors"], payload["creditNote"] or {}
        return cls(
            outcome=payload["outcome"],
            codes=tuple(error["code"] for error in errors),
            messages=tuple(error["message"] for error in errors),
            is_retryable=any(error["retryable"] for error in errors),
            retry_after_s=max((error["retryAfterSeconds"] or 0 for error in errors), default=0),
            note_id=note.get("providerId"),
            id=note.get("id"),
        )

    @property
    def is_applied(self) -> bool:
        return self.outcome == "APPLIED"

    @property
    def is_definite(self) -> bool:
        """Whether its client has nothing more to ask."""
        return self.is_applied or (self.outcome == "NOT_APPLIED" and not self.is_retryable)

    @property
    def denies_the_key(self) -> bool:
        """Whether it says that nothing has come of the key, and nothing will unless it is repeated."""
        return self.outcome == "NOT_APPLIED" and not OF_THE_REQUEST_ONLY & set(self.codes)


@dataclass(slots=True, kw_only=True, eq=False)
class Request:
    """One request of a key: when it was made, and when it was answered or its client gave up. No `told`: there was no answer."""

    started: float
    ended: float = 0.0
    told: Told | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Content:
    """What was asked with a key, and the requests that asked it."""

    input: Json
    minor: int | None = None
    """Of the note or the refund; no other key asks for as much on the same subject."""
    requests: list[Request] = field(default_factory=list)

    @property
    def answers(self) -> list[Told]:
        """In the order they came."""
        answered = sorted((one for one in self.requests if one.told is not None), key=lambda one: one.ended)
        return [one.told for one in answered if one.told is not None]

    @property
    def is_open(self) -> bool:
        """Whether it was asked and its client does not know yet."""
        return bool(self.requests) and not any(told.is_applied for told in self.answers) and not self._is_refused

    @property
    def _is_refused(self) -> bool:
        """By a request that began when all others had ended: what is told while others run says nothing of them."""
        refused = [one for one in self.requests if one.told is not None and one.told.is_definite]
        return any(all(other is one or other.ended <= one.started for other in self.requests) for one in refused)


@dataclass(slots=True, kw_only=True, eq=False)
class Operation:
    """One key. `subject`: the invoice a note is issued on, or the note that is voided or refunded."""

    key: str
    kind: Kind
    provider: str
    subject: str
    contents: list[Content]
    pays_out: bool = False
    """Whether issuing it takes a second call, which refunds all of the note."""
    payment_id: str | None = None

    @property
    def is_open(self) -> bool:
        return any(content.is_open for content in self.contents)

    @property
    def requests(self) -> Iterator[Request]:
        return (request for content in self.contents for request in content.requests)

    @property
    def applied(self) -> list[Told]:
        """Every time it was told to be done."""
        return [told for content in self.contents for told in content.answers if told.is_applied]

    @property
    def end(self) -> str:
        """What its clients know in the end."""
        if self.is_open:
            return "open"
        if self.applied:
            return "APPLIED"
        last = next((content.answers[-1] for content in self.contents if content.answers), None)
        return "never asked" if last is None else " ".join((last.outcome, *last.codes))
