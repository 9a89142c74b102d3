"""Who is calling: the kind of token, and whose business or matter it may see. Which operation asks what is `api`'s business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from app.sandbox.kernel import Switches
from app.sandbox.seed import CUSTOMERS
from app.sandbox.vcita.refusals import Denial, Unauthorized, bare_status


class Kind(Enum):
    """docs: Get access."""

    STAFF = "staff"
    DIRECTORY = "directory"
    CLIENT = "client"


ANYONE = frozenset(Kind)
STAFF = frozenset({Kind.STAFF})
STAFF_AND_DIRECTORY = frozenset({Kind.STAFF, Kind.DIRECTORY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An accepted token; `matter_uid` is the one matter a client token sees, nothing for the others."""

    kind: Kind
    matter_uid: str | None = None


def matter_of(customer: str) -> str:
    """The matter of a demonstration customer."""
    return f"matter{customer:0>9}0"


def admit(headers: Mapping[str, str], allowed: frozenset[Kind], switches: Switches, *, declares_business: bool) -> Caller:
    """The caller, or a 401 or 403.

    A token says by a word in it what it is: `directory`, `client` (with a customer's name: `client-acme`), else staff.
    """
    token = _token(headers)
    kind = _kind(token)
    _check_business(headers, kind, switches["on_behalf_of"], declares_business=declares_business)
    if kind not in allowed:
        raise bare_status(403)
    if kind is not Kind.CLIENT:
        return Caller(kind=kind)
    own = next((customer for customer in CUSTOMERS if customer in token), None)
    return Caller(kind=kind, matter_uid=matter_of(own) if own else "")  # a client nobody knows has no matter


def _token(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or token in {"", "wrong"}:
        raise Unauthorized(Denial.UNKNOWN)
    return token


def _kind(token: str) -> Kind:
    if "directory" in token:
        return Kind.DIRECTORY
    return Kind.CLIENT if "client" in token else Kind.STAFF


def _check_business(headers: Mapping[str, str], kind: Kind, rule: str, *, declares_business: bool) -> None:
    business = headers.get("x-on-behalf-of")
    if business and rule == "refused" and not declares_business:
        raise Unauthorized(Denial.BUSINESS)
    if kind is not Kind.DIRECTORY:
        return
    if not business and rule == "required":
        raise Unauthorized(Denial.BUSINESS)
    if business == "wrong":
        raise Unauthorized(Denial.MISMATCH)
