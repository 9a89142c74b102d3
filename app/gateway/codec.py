"""Domain values as bytes for the store, with a version: an entry of another version is a miss, never an error."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

VERSION = 1
"""Raised whenever a stored shape changes."""


class Codec(Generic[T]):
    """One type to bytes and back."""

    def __init__(self, kind: type[T]) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(kind)

    def encode(self, value: T) -> bytes:
        """The value behind its version."""
        return bytes([VERSION]) + self._encoder.encode(value)

    def decode(self, data: bytes | None) -> T | None:
        """The value, or None for nothing, another version, or bytes that are not this type."""
        if not data or data[0] != VERSION:
            return None
        try:
            return self._decoder.decode(data[1:])
        except (msgspec.DecodeError, msgspec.ValidationError):
            return None
