"""Accounts that are slow, that ask to wait and that are broken, beside one that is well: it is served as if it were alone."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.accounts_file import demo_accounts
from app.api.schema import make_schema
from app.asgi import create_app
from app.providers.contract import AccountSettings
from app.sandbox.server import Addresses
from app.secret import Secret
from app.settings import Settings
from app.timings import Timings
from tests.support.peer import Peer, answer, listening, say_nothing
from tests.support.running import GatewayClient, Json, SandboxControl, asking
from tests.support.serving import served

pytestmark = pytest.mark.anyio

READ_S = 1.0
SLACK_S = 2.0  # for a machine that does other things too; a read that is not bounded lasts for ever
SICK = {"slow": say_nothing, "limited": answer("", 429, retry_after="60"), "broken": answer("", 500)}
PAGE = """{ creditNotes(first: 10, freshness: { maxAgeSeconds: 0 }) { nodes { account { name } }
  sources { account { name } complete count error { code retryable retryAfterSeconds account } } } }"""
ONE = '{ creditNoteByReference(account: "%s", by: { providerId: "CN-0001" }, freshness: { maxAgeSeconds: 0 }) { providerId } }'


@pytest.fixture
async def peers() -> AsyncIterator[dict[str, Peer]]:
    """The providers of the accounts that are not well."""
    async with contextlib.AsyncExitStack() as stack:
        yield {name: (await stack.enter_async_context(listening())).will(act) for name, act in SICK.items()}


@pytest.fixture
async def gateway(peers: dict[str, Peer], addresses: Addresses, sandbox: SandboxControl) -> AsyncIterator[GatewayClient]:
    demo = demo_accounts(addresses.providers)
    accounts = {"healthy": named(demo["chargebee-demo"], "healthy", addresses.providers["chargebee"])}
    for name, peer in peers.items():
        accounts[name] = named(demo["vcita-demo"], name, peer.url)
    settings = Settings(accounts=accounts, timings=Timings(read_timeout_s=READ_S))
    with served(create_app(settings, schema=make_schema()), lifespan=True) as url, asking(url) as client:
        yield client


def named(account: AccountSettings, name: str, url: str) -> AccountSettings:
    return replace(account, name=name, base_url=url)


async def ask(gateway: GatewayClient, query: str) -> tuple[Json, float]:
    """An answer and how long it took; the peers live in this loop, so the client must not."""
    started = time.monotonic()
    answer = await asyncio.to_thread(gateway.ask, query)
    return answer, time.monotonic() - started


async def test_a_page_over_all_of_them_arrives_in_time_with_what_there_is_and_says_what_is_missing(
    gateway: GatewayClient, peers: dict[str, Peer]
) -> None:
    answered, took = await ask(gateway, PAGE)
    assert took < READ_S + SLACK_S
    page = answered["data"]["creditNotes"]
    assert [node["account"]["name"] for node in page["nodes"]] == ["healthy"] * 10
    sources = {source["account"]["name"]: source for source in page["sources"]}
    healthy = sources.pop("healthy")
    assert (healthy["complete"], healthy["count"], healthy["error"]) == (True, 10, None)
    assert {name: source["error"]["code"] for name, source in sources.items()} == {
        "slow": "PROVIDER_TIMEOUT", "limited": "PROVIDER_RATE_LIMITED", "broken": "PROVIDER_UNAVAILABLE",
    }  # fmt: skip
    for name, source in sources.items():
        assert (source["complete"], source["count"]) == (False, 0)
        assert (source["error"]["account"], source["error"]["retryable"]) == (name, True)
    assert 55 <= sources["limited"]["error"]["retryAfterSeconds"] <= 60
    assert len(peers["limited"].heard) == 1


async def test_an_account_that_asks_to_wait_is_left_alone_and_the_wait_is_told_at_once(
    gateway: GatewayClient, peers: dict[str, Peer]
) -> None:
    for _ in range(5):
        answered, took = await ask(gateway, ONE % "limited")
        (error,) = answered["errors"]
        assert error["extensions"]["code"] == "PROVIDER_RATE_LIMITED"
        assert 55 <= error["extensions"]["retryAfterSeconds"] <= 60
        assert took < READ_S
    assert len(peers["limited"].heard) == 1


async def test_while_another_account_is_waited_for_one_that_is_well_answers(gateway: GatewayClient, peers: dict[str, Peer]) -> None:
    waiting = [asyncio.create_task(ask(gateway, ONE % "slow")) for _ in range(3)]
    await peers["slow"].arrived.wait()
    answered, _ = await ask(gateway, ONE % "healthy")
    assert not any(task.done() for task in waiting)
    assert answered["data"]["creditNoteByReference"] == {"providerId": "CN-0001"}
    for late, took in await asyncio.gather(*waiting):
        assert late["errors"][0]["extensions"]["code"] == "PROVIDER_TIMEOUT"
        assert took < READ_S + SLACK_S


async def test_an_account_that_keeps_failing_is_left_alone_and_says_so_at_once(
    gateway: GatewayClient, peers: dict[str, Peer]
) -> None:
    told: Json = {"retryAfterSeconds": None}
    for _ in range(21):  # each is at least one failure more
        if told["retryAfterSeconds"] is None:
            heard = len(peers["broken"].heard)
            answered, took = await ask(gateway, ONE % "broken")
            told = answered["errors"][0]["extensions"]
            assert told["code"] == "PROVIDER_UNAVAILABLE"
    assert told["retryAfterSeconds"] is not None
    assert took < READ_S
    assert len(peers["broken"].heard) == heard <= 20


async def test_an_account_that_never_answers_is_left_alone_too(gateway: GatewayClient, peers: dict[str, Peer]) -> None:
    for _ in range(5):
        await asyncio.gather(*(ask(gateway, (ONE % "slow").replace("0001", str(number))) for number in range(10)))
    answered, took = await ask(gateway, ONE % "slow")
    assert answered["errors"][0]["extensions"]["code"] == "PROVIDER_UNAVAILABLE"
    assert took < READ_S
    assert len(peers["slow"].heard) < 50


async def test_what_one_process_was_asked_for_every_process_does(
    peers: dict[str, Peer], addresses: Addresses, redis_url: str
) -> None:
    account = named(demo_accounts(addresses.providers)["vcita-demo"], f"limited-{secrets.token_hex(4)}", peers["limited"].url)
    settings = Settings(
        accounts={account.name: account}, redis_url=Secret(redis_url), signing_keys=(Secret("k" * 32),), timings=Timings()
    )
    app, told = make_schema(), []
    for _ in range(2):
        with served(create_app(settings, schema=app), lifespan=True) as url, asking(url) as client:
            answered, _ = await ask(client, ONE % account.name)
            told.append(answered["errors"][0]["extensions"]["code"])
    assert told == ["PROVIDER_RATE_LIMITED"] * 2
    assert len(peers["limited"].heard) == 1
