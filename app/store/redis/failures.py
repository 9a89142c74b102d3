"""What may go wrong between here and a Redis, as the store's one failure; and what may simply be asked once more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.exceptions import AuthenticationError, RedisError, ResponseError
from redis.exceptions import ConnectionError as Disconnected

from app.store import StoreFailure

T = TypeVar("T")


def accepted(answer: object) -> object:
    """The answer, unless it is a refusal."""
    if isinstance(answer, ResponseError):
        raise _refused(answer) from answer
    return answer


async def guarded(call: Callable[[], Awaitable[T]]) -> T:
    """Raises StoreFailure for whatever the client raises."""
    try:
        return await call()
    except ResponseError as refused:
        raise _refused(refused) from refused
    except AuthenticationError as refused:
        message = f"Redis does not let this user in: {refused}"
        raise StoreFailure(message) from refused
    except (RedisError, OSError, TimeoutError) as failed:
        message = "Redis is out of reach"
        raise StoreFailure(message) from failed


async def again(call: Callable[[], Awaitable[T]]) -> T:
    """For what may happen twice: once more over a new connection, since a restart leaves every pooled one dead."""
    try:
        return await guarded(call)
    except StoreFailure as failed:
        if isinstance(failed.__cause__, Disconnected):
            return await guarded(call)
        raise


def _refused(refusal: ResponseError) -> StoreFailure:
    return StoreFailure(f"Redis refuses what it is asked: {refusal}")
