"""Those who are known, replaced while the process serves: at once, without asking an issuer again that is where it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from app.callers_file import ApiKey, Callers, Issuer
from app.domain.errors import Unauthenticated
from app.gateway.accounts import OPEN
from app.identity.authenticator import Authenticator
from app.identity.key_ring import KeyRing
from app.identity_settings import IdentitySettings
from app.settings import Settings
from app.store.memory import MemoryStore
from tests.identity.issuer import IssuerServer
from tests.identity.made import made

pytestmark = pytest.mark.anyio


def known(*callers: ApiKey | Issuer) -> Callers:
    return Callers(
        keys=tuple(one for one in callers if isinstance(one, ApiKey)),
        issuers=tuple(one for one in callers if isinstance(one, Issuer)),
    )


@asynccontextmanager
async def opened(*callers: ApiKey | Issuer, identity: IdentitySettings | None = None) -> AsyncIterator[Authenticator]:
    store = MemoryStore()
    settings = Settings(accounts={}, callers=known(*callers), identity=identity or IdentitySettings())
    found = Authenticator(settings, store)
    yield found
    await found.aclose()
    await store.aclose()


async def name(authenticator: Authenticator, shown: str | None) -> str | None:
    """Who shows this; None for nobody known."""
    try:
        return (await authenticator.caller(shown)).name
    except Unauthenticated:
        return None


async def test_keys_are_those_that_were_given_last() -> None:
    (first, first_key), (second, second_key) = made("first"), made("second")
    async with opened(first_key) as authenticator:
        assert [await name(authenticator, text) for text in (first, second)] == ["key:first", None]
        authenticator.replace(known(second_key))
        assert [await name(authenticator, text) for text in (first, second)] == [None, "key:second"]


async def test_it_is_open_while_nobody_is_known_anywhere() -> None:
    text, key = made("first")
    async with opened() as authenticator:
        assert await authenticator.caller(None) is OPEN
        authenticator.replace(known(key))
        assert (authenticator.is_open, await name(authenticator, None)) == (False, None)
    async with opened(key, identity=IdentitySettings(api_keys="redis")) as authenticator:
        authenticator.replace(known())
        assert [authenticator.is_open, await name(authenticator, text), await name(authenticator, None)] == [False, None, None]


async def test_keys_of_the_store_stay_whatever_the_file_holds() -> None:
    text, key = made("of-store")
    store = MemoryStore()
    await KeyRing(store).add(key)
    authenticator = Authenticator(Settings(accounts={}, identity=IdentitySettings(api_keys="redis")), store)
    for callers in (known(made("of-file")[1]), known()):
        authenticator.replace(callers)
        assert await name(authenticator, text) == "key:of-store"
    await authenticator.aclose()


UNCHANGED: dict[str, Callable[[IssuerServer], Issuer]] = {
    "as it was": lambda issuer: issuer.configured(),
    "another claim": lambda issuer: issuer.configured(scopes_claim="rights"),
    "another algorithm besides": lambda issuer: issuer.configured(algorithms=("ES256", "RS256")),
}


@pytest.mark.parametrize("changed", UNCHANGED.values(), ids=UNCHANGED)
async def test_an_issuer_whose_keys_are_where_they_were_is_not_asked_again(
    issuer: IssuerServer, changed: Callable[[IssuerServer], Issuer]
) -> None:
    async with opened(issuer.configured()) as authenticator:
        assert await name(authenticator, issuer.token()) == "jwt:ours:ann"
        for _ in range(3):
            authenticator.replace(known(changed(issuer), made("new")[1]))
            assert await name(authenticator, issuer.token()) == "jwt:ours:ann"
        assert issuer.fetches == 1


async def test_what_has_changed_about_an_issuer_holds_at_once(issuer: IssuerServer) -> None:
    async with opened(issuer.configured()) as authenticator:
        token = issuer.token(kid="ec", algorithm="ES256")
        assert await name(authenticator, token) == "jwt:ours:ann"
        authenticator.replace(known(issuer.configured(algorithms=("RS256",))))
        assert await name(authenticator, token) is None
        authenticator.replace(known(issuer.configured(audiences=("somebody-else",))))
        assert await name(authenticator, issuer.token()) is None
        assert await name(authenticator, issuer.token(aud="somebody-else")) == "jwt:ours:ann"
        assert issuer.fetches == 1


async def test_an_issuer_whose_keys_are_elsewhere_is_asked_there(issuer: IssuerServer) -> None:
    async with opened(issuer.configured()) as authenticator:
        assert await name(authenticator, issuer.token()) == "jwt:ours:ann"
        authenticator.replace(known(issuer.configured(jwks_url=None)))
        assert await name(authenticator, issuer.token()) == "jwt:ours:ann"
        assert issuer.asked == ["/jwks", "/.well-known/openid-configuration", "/jwks"]


@pytest.mark.parametrize("stays", [True, False])
async def test_a_token_whose_keys_are_being_fetched_is_judged_by_the_issuers_there_are_by_then(
    issuer: IssuerServer, stays: bool
) -> None:
    async with opened(issuer.configured()) as authenticator:
        waiting = asyncio.create_task(name(authenticator, issuer.token()))
        await asyncio.sleep(0)
        assert authenticator._tokens._issuers[issuer.url].is_fetching
        authenticator.replace(known(made("new")[1], *([issuer.configured(jwks_url=None)] if stays else [])))
        assert await waiting == ("jwt:ours:ann" if stays else None)


async def test_what_an_issuer_that_is_gone_is_still_asked_ends_with_the_rest(issuer: IssuerServer) -> None:
    async with opened(issuer.configured()) as authenticator:
        waiting = asyncio.create_task(authenticator.caller(issuer.token()))
        await asyncio.sleep(0)
        authenticator.replace(known(made("new")[1]))
        (gone,) = authenticator._tokens._gone
        assert gone.is_fetching
        waiting.cancel()
        await authenticator.aclose()
        assert not gone.is_fetching


async def test_whoever_waits_for_others_to_be_known_hears_of_each_time() -> None:
    async with opened() as authenticator:
        for number in range(3):
            replaced = authenticator.replaced
            assert not replaced.is_set()
            authenticator.replace(known(made(f"key{number}")[1]))
            assert replaced.is_set()
