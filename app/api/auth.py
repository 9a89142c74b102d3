"""How a request shows who is calling, and what it is told when nobody known is. Who that is, is decided in `identity/`."""

from __future__ import annotations

from starlette.datastructures import Headers

from app import telemetry
from app.api.http_request import Refused
from app.domain.errors import Forbidden, StoreUnavailable, Unauthenticated
from app.domain.vocabulary import ErrorCode, Scope
from app.gateway.accounts import Caller
from app.identity.api_keys import is_api_key
from app.identity.authenticator import Authenticator

RETRY_AFTER_S = 5
"""When it makes sense to ask again where callers cannot be told."""

_CHALLENGE = 'Bearer realm="credit-notes"'
_NOT_BELIEVED = f'{_CHALLENGE}, error="invalid_token"'
_NOT_ENOUGH = f'{_CHALLENGE}, error="insufficient_scope", scope="{Scope.OPERATE.value}"'


async def caller(headers: Headers, authenticator: Authenticator) -> Caller:
    """Who is calling; raises Refused: 401 where nobody known is, 503 where it can't be told."""
    try:
        found = await authenticator.caller(_shown(headers))
    except Unauthenticated as unknown:
        # docs: RFC 6750, 3: no error is named to one who has shown nothing
        challenge = _NOT_BELIEVED if "authorization" in headers or "x-api-key" in headers else _CHALLENGE
        raise Refused(401, unknown.message, code=unknown.code, headers={"WWW-Authenticate": challenge}) from unknown
    except StoreUnavailable as away:
        raise Refused(503, away.message, code=ErrorCode.GATEWAY_UNAVAILABLE, retry_after_s=RETRY_AFTER_S) from away
    telemetry.who.set(found.name)
    return found


async def operator(headers: Headers, authenticator: Authenticator) -> Caller:
    """Who is calling, for what only those may see who run the gateway; raises Refused, also 403."""
    found = await caller(headers, authenticator)
    try:
        found.require(Scope.OPERATE)
    except Forbidden as forbidden:
        raise Refused(403, forbidden.message, code=forbidden.code, headers={"WWW-Authenticate": _NOT_ENOUGH}) from forbidden
    return found


def _shown(headers: Headers) -> str | None:
    """The one key or token; None where there is none, or more than one: whoever looked before may have believed the other."""
    authorizations, keys = headers.getlist("authorization"), headers.getlist("x-api-key")
    match authorizations, keys:
        case [[authorization], []]:
            scheme, _, text = authorization.partition(" ")
            return text.strip() if scheme.lower() == "bearer" else None
        case [[], [key]]:
            return key if is_api_key(key) else None
        case _:
            return None
