"""The gateway over the providers' sandboxes, all on real sockets: what a test asks, and what it does behind the gateway's back."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx

from app.api.schema import make_schema
from app.asgi import create_app, with_sandbox
from app.http import AsyncBaseTransport
from app.sandbox.server import Addresses
from app.settings import Settings
from app.timings import Timings
from tests.support.serving import served

Json: TypeAlias = dict[str, Any]

_numbers = itertools.count(1)
_schema = functools.cache(make_schema)  # the same for every gateway, and slow to make

PAYLOAD = """
  outcome replayed
  creditNote { id providerId status dispositions total { amount currency } remaining { amount } refunded { amount }
    invoice { id providerId } lineItems { description quantity amount { amount } } reason reasonText }
  errors { code message path account retryable retryAfterSeconds provider { httpStatus code message field requestId }
    __typename
    ... on AmountProblem { requested { amount currency } maximum { amount currency } }
    ... on OutcomeProblem { candidates { providerId } }
    ... on UnsupportedProblem { operation supportedBy } }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxControl:
    """A running sandbox, looked into and tampered with."""

    http: httpx.Client

    def books(self) -> Json:
        """Everything in the books; fails where they break a rule of their own."""
        found: Json = self.http.get("/books").raise_for_status().json()
        assert found["invariants"] == {"ok": True, "violations": []}
        return found

    def requests(self) -> dict[tuple[str, str, str], int]:
        """How often each call has been made since the last reset: (provider, method, path) -> count."""
        rows = self.http.get("/requests").raise_for_status().json()
        return {(row["provider"], row["method"], row["path"]): row["count"] for row in rows}

    def calls(self, provider: str, method: str = "GET") -> int:
        """How many calls of one method a provider has had."""
        return sum(count for (name, verb, _), count in self.requests().items() if (name, verb) == (provider, method))

    def fault(self, **rule: object) -> None:
        """Put a rule in force."""
        self._post("/faults", rule)

    def switch(self, provider: str, switch: str, value: str) -> None:
        """Choose what the provider does where nobody has published it."""
        self._post("/switches", {"provider": provider, "switch": switch, "value": value})

    def act(self, provider: str, action: str, **arguments: object) -> Json:
        """Do something behind the gateway's back."""
        return self._post("/act", {"provider": provider, "action": action, **arguments})

    def reset(self) -> None:
        """Back to the start."""
        self._post("/reset", {})

    def _post(self, path: str, body: Json) -> Json:
        answer = self.http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayClient:
    """A running gateway as its clients see it."""

    http: httpx.Client

    def ask(self, query: str, **variables: object) -> Json:
        """The whole answer, data and errors."""
        response = self.http.post("/graphql", json={"query": query, "variables": variables})
        assert response.status_code == 200, response.text
        answer: Json = response.json()
        return answer

    def gql(self, query: str, **variables: object) -> Json:
        """The data of an answer without errors."""
        answer = self.ask(query, **variables)
        assert "errors" not in answer, answer["errors"]
        data: Json = answer["data"]
        return data

    def error(self, query: str, **variables: object) -> Json:
        """The only error of an answer."""
        (error,) = self.ask(query, **variables)["errors"]
        found: Json = error
        return found

    def code(self, query: str, **variables: object) -> str:
        """The only error's code."""
        code: str = self.error(query, **variables)["extensions"]["code"]
        return code

    def issue(self, account: str, invoice: str, credit: Json, **more: object) -> Json:
        """The payload of issuing against an invoice; every call with a key of its own unless one is given."""
        input = {
            "idempotencyKey": f"test-{next(_numbers)}",
            "against": {"invoice": {"reference": {"account": account, "providerId": invoice}}},
            "credit": credit,
            "reason": "ORDER_CHANGE",
            **more,
        }
        mutation = f"mutation($input: IssueCreditNoteInput!) {{ issueCreditNote(input: $input) {{ {PAYLOAD} }} }}"
        payload: Json = self.gql(mutation, input=input)["issueCreditNote"]
        return payload


@contextlib.contextmanager
def controlling(url: str) -> Iterator[SandboxControl]:
    """A client of a sandbox's control API."""
    with httpx.Client(base_url=url, timeout=10, verify=False) as http:
        yield SandboxControl(http=http)


@contextlib.contextmanager
def asking(url: str) -> Iterator[GatewayClient]:
    """A client of a gateway."""
    with httpx.Client(base_url=url, timeout=60, verify=False) as http:
        yield GatewayClient(http=http)


@contextlib.contextmanager
def running(
    addresses: Addresses, *, timings: Timings | None = None, transport: AsyncBaseTransport | None = None
) -> Iterator[GatewayClient]:
    """A gateway of its own, with nothing cached and nothing written yet, over a sandbox that runs."""
    with serving(settings(addresses, timings=timings), transport=transport) as client:
        yield client


@contextlib.contextmanager
def serving(settings: Settings, *, transport: AsyncBaseTransport | None = None) -> Iterator[GatewayClient]:
    """A gateway with these settings."""
    app = create_app(settings, schema=_schema(), transport=transport)
    with served(app, lifespan=True) as url, asking(url) as client:
        yield client


def settings(addresses: Addresses, *, timings: Timings | None = None) -> Settings:
    """The demo accounts at a sandbox that runs."""
    return with_sandbox(Settings(accounts={}, timings=timings or Timings()), addresses.providers)
