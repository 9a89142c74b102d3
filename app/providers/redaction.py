"""What a provider said, made fit to be passed on: named after the account, without its secrets, no longer than a person reads."""

from __future__ import annotations

from app import http
from app.domain.errors import GatewayError, InvalidInputs, ProviderFault
from app.providers.answers import request_id
from app.providers.line import Line

LONGEST = 500


def fault(response: http.Response, line: Line) -> ProviderFault:
    """What is known of an answer before its body is read."""
    id = request_id(response)
    return ProviderFault(http_status=response.status_code, request_id=None if id is None else scrubbed(id, line))


def adopt(error: GatewayError, line: Line, known: ProviderFault, *, retry_after: float | None) -> None:
    """Make a refusal the account's own, and every problem it holds."""
    error.account = line.account
    error.message = scrubbed(error.message, line)
    error.args = (error.message,)
    if error.provider is not None:
        error.provider = _scrubbed_fault(error.provider, line, known)
    if error.retry_after is None:
        error.retry_after = retry_after
    for problem in error.problems if isinstance(error, InvalidInputs) else ():
        adopt(problem, line, known, retry_after=retry_after)


def scrubbed(text: str, line: Line) -> str:
    """The text without the account's secrets, cut to length."""
    for secret in line.secrets:
        if secret.reveal():
            text = text.replace(secret.reveal(), "***")
    return text[:LONGEST]


def _scrubbed_fault(said: ProviderFault, line: Line, known: ProviderFault) -> ProviderFault:
    code, message, field = (None if text is None else scrubbed(text, line) for text in (said.code, said.message, said.field))
    return ProviderFault(http_status=known.http_status, code=code, message=message, field=field, request_id=known.request_id)
