"""What is kept of one thing, and how it is spelled in the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from app.gateway.codec import Codec

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Generic[T]):
    """A value, with its times in seconds since 1970, and the account's epoch it was asked for in."""

    value: T | None
    """None: it was absent."""
    fetched_at: float
    """When it was asked for."""
    fresh_until: float
    stale_until: float
    kept_until: float
    """Between the two it is told only in place of a failure."""
    epoch: bytes


class _Envelope(msgspec.Struct, frozen=True, array_like=True):
    value: bytes | None
    fetched_at: float
    fresh_until: float
    stale_until: float
    kept_until: float
    epoch: bytes


class Records(Generic[T]):
    """Records of one kind to bytes and back."""

    def __init__(self, codec: Codec[T]) -> None:
        self._codec = codec
        self._envelopes = Codec(_Envelope)

    def encode(self, record: Record[T]) -> bytes | None:
        """The record as bytes; None for one that bytes cannot hold: an amount beyond 64 bits is shown as told, and not kept."""
        try:
            value = None if record.value is None else self._codec.encode(record.value)
        except OverflowError:
            return None
        times = record.fetched_at, record.fresh_until, record.stale_until, record.kept_until
        return self._envelopes.encode(_Envelope(value, *times, record.epoch))

    def decode(self, data: bytes | None, epoch: bytes) -> Record[T] | None:
        """The record, or None for nothing, one of another epoch, of another version, or what is no record."""
        envelope = self._envelopes.decode(data)
        if envelope is None or envelope.epoch != epoch:
            return None
        value = None if envelope.value is None else self._codec.decode(envelope.value)
        if value is None and envelope.value is not None:
            return None
        return Record(
            value=value,
            fetched_at=envelope.fetched_at,
            fresh_until=envelope.fresh_until,
            stale_until=envelope.stale_until,
            kept_until=envelope.kept_until,
            epoch=epoch,
        )
