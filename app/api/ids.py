"""Global ids and cursors: opaque to clients, checked when they come back. A cursor is signed, an id is not a secret."""

from __future__ import annotations

import base64
import binascii
import copy
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum

import msgspec

from app.domain.credit_note import Ref
from app.domain.errors import InvalidInput, Path
from app.gateway.accounts import Caller
from app.gateway.walk import Mark, StreamKey
from app.secret import Secret

LONGEST_ID = 1024
LONGEST_CURSOR = 512 * 1024
"""Well above the longest there can be: two hundred invoices, each with a place of its own."""

_SIGNATURE = 16


class Kind(Enum):
    """What an id names."""

    NOTE = "n"
    INVOICE = "i"
    ACCOUNT = "a"


def encode_id(kind: Kind, ref: Ref) -> str:
    """The global id: URL-safe text of kind, account and the provider's id."""
    return _text(f"{kind.value}:{ref.account}:{ref.external_id}".encode())


def decode_id(id: str, *, path: Path) -> tuple[Kind, Ref]:
    """What a global id names; raises InvalidInput for anything this gateway cannot have made."""
    wrong = InvalidInput("this is not an id of this gateway", path=path)
    if len(id) > LONGEST_ID:
        raise wrong
    try:
        kind, account, external = _data(id).decode().split(":", 2)
        found = Kind(kind), Ref(account, external)
    except ValueError:  # not Base64, not UTF-8, too few parts, an unknown kind
        raise wrong from None
    if not account or not external:
        raise wrong
    return found


def decode_ref(id: str, kind: Kind, *, path: Path) -> Ref:
    """The same where only one kind will do."""
    found, ref = decode_id(id, path=path)
    if found is not kind:
        message = f"this is the id of another kind of thing, not of {'an invoice' if kind is Kind.INVOICE else 'a credit note'}"
        raise InvalidInput(message, path=path)
    return ref


class _Place(msgspec.Struct, array_like=True, frozen=True):
    account: str
    part: int
    at_us: int
    ids: tuple[str, ...]
    token: str | None
    ended: bool


class _Cursor(msgspec.Struct, array_like=True, frozen=True):
    version: int
    arguments: bytes
    places: tuple[_Place, ...]


class Cursors:
    """Encodes where a walk stands, and reads it back only if this gateway wrote it for the same arguments."""

    def __init__(self, keys: Sequence[Secret]) -> None:
        self._keys = [hashlib.sha256(b"cursor\0" + key.reveal().encode()).digest() for key in keys]
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(_Cursor)

    def only_for(self, caller: Caller) -> Cursors:
        """The same for one caller: a cursor made for callers who may use other accounts is none here."""
        accounts = None if caller.accounts is None else sorted(caller.accounts)
        whose = self._encoder.encode((caller.tenant, accounts))
        theirs = copy.copy(self)
        theirs._keys = [hmac.digest(key, whose, "sha256") for key in self._keys]  # noqa: SLF001 - it is one of its own kind
        return theirs

    def encode(self, arguments: bytes, marks: Mapping[StreamKey, Mark]) -> str:
        """The cursor behind these marks."""
        places = tuple(
            _Place(account, part, _microseconds(mark.at), mark.ids, mark.token, mark.ended)
            for (account, part), mark in sorted(marks.items())
        )
        data = self._encoder.encode(_Cursor(1, arguments, places))
        return _text(_signature(self._keys[0], data) + data)

    def decode(self, cursor: str, arguments: bytes, *, path: Path = ("after",)) -> dict[StreamKey, Mark]:
        """The marks; raises InvalidInput for a cursor that is not ours, was changed, or belongs to other arguments."""
        wrong = InvalidInput("this is not a cursor of this gateway", path=path)
        if len(cursor) > LONGEST_CURSOR:
            raise wrong
        try:
            signed = _data(cursor)
        except ValueError:
            raise wrong from None
        signature, data = signed[:_SIGNATURE], signed[_SIGNATURE:]
        if not any(hmac.compare_digest(signature, _signature(key, data)) for key in self._keys):
            raise wrong
        read = self._decoder.decode(data)
        if read.version != 1 or read.arguments != arguments:
            message = "this cursor belongs to a query with other arguments"
            raise InvalidInput(message, path=path)
        return {
            (place.account, place.part): Mark(
                at=datetime.fromtimestamp(place.at_us // 1_000_000, UTC).replace(microsecond=place.at_us % 1_000_000),
                ids=place.ids,
                token=place.token,
                ended=place.ended,
            )
            for place in read.places
        }


def _microseconds(instant: datetime) -> int:
    return int(instant.replace(microsecond=0).timestamp()) * 1_000_000 + instant.microsecond


def _signature(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")[:_SIGNATURE]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _data(text: str) -> bytes:
    """What `_text` has made into this; raises ValueError for anything it cannot have made."""
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as wrong:
        message = "not Base64"
        raise ValueError(message) from wrong
    if _text(data) != text:
        message = "not as this gateway writes it"
        raise ValueError(message)
    return data
