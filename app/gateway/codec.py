"""Domain values as bytes for the store, with a version: an entry of another version is a miss, never an error."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

VERSION = 2
"""Raised whenever the shape of something cached changes."""


class Codec(Generic[T]):
    """One type to bytes and back."""

    def __init__(self, kind: type[T], *, version: int = VERSION) -> None:
        self._version = version
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(kind)

    def encode(self, value: T) -> bytes:
        """The value behind its version."""
        return bytes([self._version]) + self._encoder.encode(value)

    def decode(self, data: bytes | None) -> T | None:
        """The value, or None for nothing, another version, or bytes that are not this type."""
        if not data or data[0] != self._version:
            return None
        try:
            return self._decoder.decode(data[1:])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
