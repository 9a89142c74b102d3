"""One call that creates a note, as it is stored before it is sent and sent again as stored (docs: Create a credit note)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import msgspec

from app.providers.answers import Call

PATH = "/api/v2/credit_notes"
KEY_HEADER = "chargebee-idempotency-key"  # docs: Idempotency

Pairs = Sequence[tuple[str, str]]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """The resolved body and headers of one create."""

    form: str
    headers: dict[str, str]


def encoded(pairs: Pairs, headers: Mapping[str, str]) -> bytes:
    """The call as a plan keeps it: the parameters as a form, lists already column-wise."""
    return msgspec.json.encode(Order(form=urlencode(pairs), headers=dict(headers)))


def call(request: bytes, *, key: str) -> Call:
    """The call a plan kept, ready to be sent under this key."""
    order = msgspec.json.decode(request, type=Order)
    return Call(
        path=PATH,
        content=order.form.encode(),
        content_type="application/x-www-form-urlencoded",
        headers={**order.headers, KEY_HEADER: key},
    )
