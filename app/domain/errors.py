"""What can go wrong, in one tree. An error says when it happened, whose fault it is and whether to try again.

Born at the upstream or in a mapping, carried unchanged, presented in `api/errors.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from app.domain.vocabulary import Disposition, ErrorCode, Filter, IssueField, Operation, Order

if TYPE_CHECKING:
    from app.domain.credit_note import CreditNote
    from app.domain.money import Money


Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFault:
    """What the provider said, in its own words: for people, beside our code."""

    http_status: int | None = None
    code: str | None = None
    message: str | None = None
    field: str | None = None
    request_id: str | None = None


class GatewayError(Exception):
    """Anything a caller may be told. Carried unchanged from where it is born to where it is presented."""

    code: ErrorCode = ErrorCode.INTERNAL
    allowed: ClassVar[frozenset[ErrorCode]] = frozenset()
    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        code: ErrorCode | None = None,
        path: Path | None = None,
        account: str | None = None,
        provider: ProviderFault | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        if code is not None:
            if code not in {type(self).code, *self.allowed}:
                wrong = f"{type(self).__name__} cannot carry {code.value}"
                raise TypeError(wrong)
            self.code = code
        self.message = message
        self.path = path
        self.account = account
        self.provider = provider
        self.retry_after = retry_after


class InvalidInput(GatewayError):
    """The client must change something; `path` says what."""

    code = ErrorCode.INVALID_INPUT
    allowed = frozenset({ErrorCode.CURRENCY_MISMATCH})


class InvalidInputs(GatewayError):
    """Several things to change, all told at once."""

    code = ErrorCode.INVALID_INPUT

    def __init__(self, problems: Sequence[GatewayError]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


class Unauthenticated(GatewayError):
    """Nobody known is asking."""

    code = ErrorCode.UNAUTHENTICATED


class Forbidden(GatewayError):
    """Somebody known may not do this."""

    code = ErrorCode.FORBIDDEN


class LimitExceeded(GatewayError):
    """One of the gateway's own limits; the message names limit and value."""

    code = ErrorCode.LIMIT_EXCEEDED


class Unsupported(GatewayError):
    """The account can't do that; refused before anything is sent."""

    code = ErrorCode.UNSUPPORTED
    allowed = frozenset({ErrorCode.UNSUPPORTED_FILTER, ErrorCode.FEATURE_DISABLED})

    def __init__(
        self,
        message: str,
        *,
        code: ErrorCode | None = None,
        path: Path | None = None,
        account: str | None = None,
        retry_after: float | None = None,
        ability: Operation | IssueField | Disposition | Filter | Order | None = None,
    ) -> None:
        super().__init__(message, code=code, path=path, account=account, retry_after=retry_after)
        self.ability = ability
        """What was asked for, so that the answer can name the providers that have it."""


class NotFound(GatewayError):
    """No such note, invoice or account; the same answer where the caller may not see it."""

    code = ErrorCode.NOT_FOUND


class Rejected(GatewayError):
    """The provider understood and refused."""

    code = ErrorCode.PROVIDER_REJECTED
    allowed = frozenset({ErrorCode.DUPLICATE, ErrorCode.CONFLICT})


class Conflict(Rejected):
    """Another write stands in the way; try again once it has ended."""

    code = ErrorCode.CONFLICT
    allowed = frozenset()
    retryable = True


class AmountTooHigh(Rejected):
    """Over what is left."""

    code = ErrorCode.AMOUNT_EXCEEDS_CREDITABLE
    allowed = frozenset({ErrorCode.AMOUNT_EXCEEDS_REFUNDABLE})

    requested: Money | None = None
    maximum: Money | None = None

    @classmethod
    def of(
        cls,
        requested: Money | None,
        maximum: Money,
        *,
        path: Path,
        what: str = "credited on this invoice",
        code: ErrorCode | None = None,
    ) -> AmountTooHigh:
        """The refusal made by the gateway itself, which knows both figures."""
        asked = f"{requested} is more than" if requested is not None else "this is more than"
        error = cls(f"{asked} the {maximum} that can still be {what}", path=path, code=code)
        error.requested = requested
        error.maximum = maximum
        return error


class WrongState(Rejected):
    """A state that forbids it."""

    code = ErrorCode.WRONG_STATE
    allowed = frozenset({ErrorCode.INVOICE_NOT_CREDITABLE})


class RefundFailed(Rejected):
    """The second step of a write failed: the note stands, the money did not move."""

    code = ErrorCode.REFUND_FAILED
    allowed = frozenset()


class KeyReused(GatewayError):
    """The idempotency key was used for a different request."""

    code = ErrorCode.IDEMPOTENCY_KEY_REUSED


class InProgress(GatewayError):
    """The first request with this key is still running."""

    code = ErrorCode.IDEMPOTENCY_IN_PROGRESS
    retryable = True


class Unavailable(GatewayError):
    """Not sent, or a read got no answer: nothing has happened at the provider."""

    code = ErrorCode.PROVIDER_UNAVAILABLE
    allowed = frozenset({ErrorCode.PROVIDER_TIMEOUT})
    retryable = True


class RateLimited(Unavailable):
    """The provider asks to wait."""

    code = ErrorCode.PROVIDER_RATE_LIMITED
    allowed = frozenset()


class StoreUnavailable(GatewayError):
    """The gateway's own memory is out of reach; nothing was sent."""

    code = ErrorCode.GATEWAY_UNAVAILABLE
    retryable = True


class AccountRefused(GatewayError):
    """The provider refuses the account's credentials or rights."""

    code = ErrorCode.PROVIDER_UNAUTHENTICATED
    allowed = frozenset({ErrorCode.PROVIDER_FORBIDDEN})


class BadPayload(GatewayError):
    """The provider answered something that can't be read."""

    code = ErrorCode.PROVIDER_BAD_PAYLOAD


class IntegrityMismatch(GatewayError):
    """The answer differs from what was asked: the note exists and is attached."""

    code = ErrorCode.INTEGRITY_MISMATCH

    def __init__(self, message: str, *, note: CreditNote, account: str | None = None) -> None:
        super().__init__(message, account=account)
        self.note = note


class OutcomeUnknown(GatewayError):
    """A write was sent and the answer was lost; repeat with the same key."""

    code = ErrorCode.OUTCOME_UNKNOWN
    retryable = True
    timed_out: bool = False
    """The provider may still be at work: absence means little for longer."""
    candidates: tuple[CreditNote, ...] = ()
