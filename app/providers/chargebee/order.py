"""One call that changes something, as it is stored before it is sent and sent again as stored.

(docs: Create a credit note, Void a credit note, Refund a credit note, Record refund for a credit note.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

import msgspec

from app.domain.errors import Path
from app.providers.answers import Call

PATH = "/api/v2/credit_notes"
KEY_HEADER = "chargebee-idempotency-key"  # docs: Idempotency

Pairs = Sequence[tuple[str, str]]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """The resolved path, body and headers of one call, and which inputs those parameters came from that may come from several."""

    form: str
    headers: dict[str, str]
    path: str = PATH
    inputs: dict[str, Path] = {}


def encoded(pairs: Pairs, headers: Mapping[str, str], *, path: str = PATH, inputs: Mapping[str, Path] | None = None) -> bytes:
    """The call as a plan keeps it: the parameters as a form, lists already column-wise."""
    order = Order(form=urlencode(pairs), headers=dict(headers), path=path, inputs=dict(inputs or {}))
    return msgspec.json.encode(order)


def call(request: bytes, *, key: str) -> Call:
    """The call a plan kept, ready to be sent under this key."""
    order = msgspec.json.decode(request, type=Order)
    return Call(
        path=order.path,
        content=order.form.encode(),
        content_type="application/x-www-form-urlencoded",
        headers={**order.headers, KEY_HEADER: key},
    )


def inputs(request: bytes) -> Mapping[str, Path]:
    """Which inputs a refused parameter of the call a plan kept came from."""
    return msgspec.json.decode(request, type=Order).inputs


def note_path(id: str, *action: str) -> str:
    """Where a note is read, or something is done to it."""
    return "/".join((PATH, quote(id, safe=""), *action))
