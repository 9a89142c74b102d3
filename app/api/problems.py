"""Expected failures as data: what a payload or a list source says when something could not be done."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

import strawberry

from app.api.money import Money
from app.api.provider import Provider, provider_enum
from app.api.types import CreditNote
from app.domain.errors import (
    AmountTooHigh,
    GatewayError,
    IntegrityMismatch,
    InvalidInputs,
    OutcomeUnknown,
    ProviderFault,
    Unsupported,
)
from app.domain.vocabulary import Disposition, ErrorCode, Filter, IssueField, Operation, Order
from app.providers import PROVIDERS


@strawberry.type(description="What the provider said, in its own words: for people, beside our code.")
class ProviderProblem:
    """The provider's part of a problem."""

    http_status: int | None = strawberry.field(description="Status of the provider's answer.")
    code: str | None = strawberry.field(description="The provider's machine code.")
    message: str | None = strawberry.field(description="The provider's text.")
    field: str | None = strawberry.field(description="The field the provider complains of, in its own spelling.")
    request_id: str | None = strawberry.field(description="The provider's id of the request, for its support.")

    @classmethod
    def of(cls, fault: ProviderFault | None) -> ProviderProblem | None:
        """The fault as shown."""
        if fault is None:
            return None
        return cls(
            http_status=fault.http_status, code=fault.code, message=fault.message, field=fault.field, request_id=fault.request_id
        )


@strawberry.interface(description="An expected failure. The same codes appear in `errors[].extensions.code` of a query.")
class Problem:
    """What every problem says."""

    code: ErrorCode = strawberry.field(description="What went wrong.")
    message: str = strawberry.field(description="For people; never parse it.")
    path: list[str] | None = strawberry.field(description="Path into the input, where the input is at fault.")
    account: str | None = strawberry.field(description="The account it is about.")
    retryable: bool = strawberry.field(description="Whether the same request may succeed later.")
    retry_after_seconds: int | None = strawberry.field(description="Seconds to wait before that, where known.")
    provider: ProviderProblem | None = strawberry.field(description="What the provider said.")


@strawberry.type(description="A problem with nothing more to tell.")
class GeneralProblem(Problem):
    """A plain problem."""


@strawberry.type(description="More was asked than is left.")
class AmountProblem(Problem):
    """An amount that is too high."""

    requested: Money | None = strawberry.field(description="What was asked.")
    maximum: Money | None = strawberry.field(description="The most that is possible now.")


@strawberry.type(description="The provider did something else than asked, or it can't be told which of these notes is ours.")
class OutcomeProblem(Problem):
    """A write whose outcome needs a look."""

    candidates: list[CreditNote] = strawberry.field(description="The notes in question.")


@strawberry.type(description="The account's provider can't do that; nothing was sent.")
class UnsupportedProblem(Problem):
    """Something this provider does not have."""

    operation: Operation | None = strawberry.field(description="The operation that is not there, where it is a whole one.")
    supported_by: list[Provider] = strawberry.field(description="The providers that have it.")


class _Said(TypedDict):
    """The members every problem has."""

    code: ErrorCode
    message: str
    path: list[str] | None
    account: str | None
    retryable: bool
    retry_after_seconds: int | None
    provider: ProviderProblem | None


def problems(errors: Sequence[GatewayError], *, recorded_at: datetime | None = None) -> list[Problem]:
    """Every error as a problem; one that holds several gives several. `recorded_at`: since when the ledger has known of a mismatch."""
    shown = []
    for error in errors:
        for single in error.problems if isinstance(error, InvalidInputs) else (error,):
            single.account = single.account or error.account
            shown.append(problem(single, recorded_at=recorded_at))
    return shown


def problem(error: GatewayError, *, recorded_at: datetime | None = None) -> Problem:
    """One error as a client sees it."""
    said: _Said = {
        "code": error.code,
        "message": error.message,
        "path": None if error.path is None else list(error.path),
        "account": error.account,
        "retryable": error.retryable,
        "retry_after_seconds": retry_after_seconds(error),
        "provider": ProviderProblem.of(error.provider),
    }
    match error:
        case AmountTooHigh():
            return AmountProblem(**said, requested=Money.maybe(error.requested), maximum=Money.maybe(error.maximum))
        case Unsupported() if error.code is not ErrorCode.FEATURE_DISABLED:
            operation = error.ability if isinstance(error.ability, Operation) else None
            return UnsupportedProblem(**said, operation=operation, supported_by=_supported_by(error))
        case IntegrityMismatch():
            note = CreditNote.live(error.note) if recorded_at is None else CreditNote.recorded(error.note, recorded_at)
            return OutcomeProblem(**said, candidates=[note])
        case OutcomeUnknown():
            return OutcomeProblem(**said, candidates=[CreditNote.live(note) for note in error.candidates])
        case _:
            return GeneralProblem(**said)


def retry_after_seconds(error: GatewayError) -> int | None:
    """Whole seconds, rounded up."""
    return None if error.retry_after is None else math.ceil(error.retry_after)


def _supported_by(error: Unsupported) -> list[Provider]:
    ability = error.ability
    found = []
    for spec in PROVIDERS.values():
        can = spec.capabilities
        has = (
            (isinstance(ability, IssueField) and ability in can.issue_fields)
            or (isinstance(ability, Disposition) and ability in can.dispositions)
            or (isinstance(ability, Operation) and spec.has(ability))
            or (isinstance(ability, Filter) and ability in can.filters)
            or (isinstance(ability, Order) and ability in can.orders)
        )
        if has:
            found.append(provider_enum(spec.name))
    return found
