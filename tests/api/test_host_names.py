"""By what names the gateway is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.sandbox.server import Addresses
from tests.api.callers import knowing
from tests.support.running import GatewayClient, serving, settings

OWN = ["localhost", "LocalHost:80", "127.0.0.1:1", "127.9.9.9", "[::1]", "[::1]:8000", "api.localhost:8000", "localhost."]
OTHERS = ["evil.example", "localhost.evil.example", "evil-localhost", "127.0.0.1.evil.example", "[::2]", "10.0.0.1", "", "127.0.0.1@evil.example", "a b"]  # fmt: skip


def status(client: GatewayClient, host: str, path: str = "/graphql") -> int:
    return client.http.get(path, params={"query": "{ accounts { name } }"}, headers={"Host": host}).status_code


@pytest.mark.parametrize("host", OWN)
def test_an_open_gateway_on_loopback_has_loopbacks_names(gateway: GatewayClient, host: str) -> None:
    assert status(gateway, host) == 200


@pytest.mark.parametrize("host", OTHERS)
def test_and_no_others(gateway: GatewayClient, host: str) -> None:
    answer = gateway.http.get("/graphql", headers={"Host": host, "Origin": f"http://{host}"})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (421, "FORBIDDEN")


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_who_keeps_it_running_may_call_it_what_he_likes(gateway: GatewayClient, path: str) -> None:
    assert status(gateway, "balancer", path) == 200


def test_where_callers_are_known_any_name_will_do(addresses: Addresses) -> None:
    with knowing(addresses) as known:
        assert status(known.client, "api.acme.example") == 401


def test_one_that_is_said_to_be_open_has_any_name(addresses: Addresses) -> None:
    with serving(replace(settings(addresses), is_open=True)) as client:
        assert status(client, "api.acme.example") == 200
