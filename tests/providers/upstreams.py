"""An account's upstream made as its provider declares it, without a gateway: for the suites of one provider."""

from __future__ import annotations

from app import http
from app.providers.contract import AccountSettings, Limits, ProviderSpec
from app.providers.limiter import Limiter
from app.providers.line import Line
from app.providers.policy import Breaker, Deadline
from app.providers.upstream import Upstream


def upstream(spec: ProviderSpec, account: AccountSettings, client: http.AsyncClient) -> Upstream:
    """On a line of its own, to where the account says."""
    options = spec.client(account)
    line = Line(
        provider=spec.name,
        account=account.name,
        client=client,
        base_url=options.base_url,
        headers=options.headers,
        limiter=Limiter(Limits()),
        breaker=Breaker(),
        secrets=tuple(account.credentials.values()),
    )
    return Upstream(line, Deadline(10))
