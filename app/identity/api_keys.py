"""API keys: made here, known by their hashes only, found in the accounts file or in the store.

A key is 256 random bits, so a plain SHA-256 of it can't be turned back; slow hashes are for what people choose.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app import telemetry
from app.callers_file import ApiKey
from app.domain.errors import StoreUnavailable
from app.gateway.accounts import Caller
from app.identity.key_ring import KeyRing
from app.store import StoreFailure

PREFIX = "cn_"
"""What every key begins with, so that one that was published by mistake is found by those who look for such."""
STALE_S = 600.0
"""How long a key that was seen goes on when the store that holds it is away: nobody can revoke one meanwhile either."""
MOST_REMEMBERED = 10_000

_SHAPE = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")


def new_key() -> str:
    """A key nobody else has."""
    return PREFIX + secrets.token_urlsafe(32)


def fingerprint(key: str) -> str:
    """What is kept of a key: its SHA-256, in hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()


def is_api_key(text: str) -> bool:
    """Whether it looks like one."""
    return _SHAPE.fullmatch(text) is not None


def caller_of(key: ApiKey) -> Caller:
    """Whoever holds the key."""
    return Caller(name=f"key:{key.name}", tenant=key.tenant, scopes=key.scopes, accounts=key.accounts)


@dataclass(frozen=True, slots=True)
class _Seen:
    key: ApiKey
    at: float


class ApiKeys:
    """Every key there is. One from the store is remembered for `memory_s`: so soon its revocation is seen in every process."""

    def __init__(
        self, of_file: Sequence[ApiKey], ring: KeyRing | None, *, memory_s: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._of_file = tuple(of_file)
        self._ring = ring
        self._memory_s = memory_s
        self._clock = clock
        self._seen: OrderedDict[str, _Seen] = OrderedDict()

    def replace(self, of_file: Sequence[ApiKey]) -> None:
        """From now on the file holds these."""
        self._of_file = tuple(of_file)

    async def caller(self, text: str) -> Caller | None:
        """Whose key it is; None for one that is not known, was revoked, or has expired. Raises StoreUnavailable where that can't be told."""
        if not is_api_key(text):
            return None
        hash = fingerprint(text)
        key = _match(hash, self._of_file) or await self._of_ring(hash)
        if key is None or key.is_over(datetime.fromtimestamp(self._clock(), UTC)):
            return None
        return caller_of(key)

    async def _of_ring(self, hash: str) -> ApiKey | None:
        if self._ring is None:
            return None
        seen, now = self._seen.get(hash), self._clock()
        if seen is not None and now - seen.at < self._memory_s:
            return seen.key
        try:
            found = await self._ring.find(hash)
        except StoreFailure as failed:
            telemetry.store_failed(operation="API key", error=failed)
            if seen is not None and now - seen.at < STALE_S:
                return seen.key
            message = "who is calling cannot be told now: API keys are out of reach"
            raise StoreUnavailable(message) from failed
        key = None if found is None else _match(hash, [found])
        self._remember(hash, key, now)
        return key

    def _remember(self, hash: str, key: ApiKey | None, now: float) -> None:
        self._seen.pop(hash, None)
        if key is not None:
            self._seen[hash] = _Seen(key, now)
            if len(self._seen) > MOST_REMEMBERED:
                self._seen.popitem(last=False)


def _match(hash: str, keys: Sequence[ApiKey]) -> ApiKey | None:
    """All of them are compared, each in the same time, so that how long it took tells nothing."""
    found = None
    for key in keys:
        if hmac.compare_digest(key.sha256, hash):
            found = key
    return found
