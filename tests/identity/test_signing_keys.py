"""An issuer's keys: fetched once for however many, not again too soon, and believed for a while when the issuer is away."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest
from starlette.responses import JSONResponse, RedirectResponse, Response

from app import http
from app.callers_file import Issuer
from app.domain.errors import StoreUnavailable
from app.identity import jwks
from app.identity.signing_keys import FRESH_S, MOST_STALE_S, SigningKeys
from app.sandbox.server import bind
from tests.identity.issuer import IssuerServer, jwk
from tests.support.clock import Clock

pytestmark = pytest.mark.anyio

REFETCH_S = 30
ALGORITHMS = {"ec": "ES256", "ed": "EdDSA"}


class Known:
    """One issuer's keys and the time they live in."""

    def __init__(self, issuer: Issuer) -> None:
        self.clock = Clock()
        self.client = http.AsyncClient(trust_env=False, timeout=5)
        self.keys = SigningKeys(issuer, self.client, refetch_s=REFETCH_S, clock=self.clock)

    async def has(self, *kids: str) -> list[bool]:
        return [await self.keys.find(kid, ALGORITHMS.get(kid, "RS256")) is not None for kid in kids]

    async def rested(self) -> None:
        """What is under way has ended."""
        if self.keys._flight is not None:
            await asyncio.wait({self.keys._flight})


@pytest.fixture
async def known(issuer: IssuerServer) -> AsyncIterator[Known]:
    opened = Known(issuer.configured())
    yield opened
    await opened.keys.aclose()
    await opened.client.aclose()


async def test_a_flood_of_unknown_names_is_one_fetch(issuer: IssuerServer, known: Known) -> None:
    found = await asyncio.gather(*(known.keys.find(f"k{number}", "RS256") for number in range(200)))
    assert found == [None] * 200
    assert await known.has(*(f"l{number}" for number in range(200))) == [False] * 200
    assert issuer.fetches == 1
    known.clock.advance(REFETCH_S - 0.1)
    assert await known.has("again") == [False]
    assert issuer.fetches == 1
    known.clock.advance(0.2)
    assert await known.has("again", "and again") == [False, False]
    assert issuer.fetches == 2


async def test_known_keys_cost_no_fetch(issuer: IssuerServer, known: Known) -> None:
    assert await known.has(*["rsa", "ec", "ed"] * 50) == [True] * 150
    assert issuer.fetches == 1


async def test_many_who_come_first_wait_for_one_fetch(issuer: IssuerServer, known: Known) -> None:
    found = await asyncio.gather(*(known.keys.find("rsa", "RS256") for _ in range(50)))
    assert None not in found
    assert issuer.fetches == 1


async def test_one_who_gives_up_leaves_the_fetch_to_the_others(issuer: IssuerServer, known: Known) -> None:
    waiting = [asyncio.create_task(known.keys.find("rsa", "RS256")) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    assert None not in await asyncio.gather(*waiting[1:])
    assert issuer.fetches == 1


async def test_a_new_key_is_known_at_the_next_fetch_and_a_withdrawn_one_is_not(issuer: IssuerServer, known: Known) -> None:
    assert await known.has("rsa", "new") == [True, False]
    issuer.keys = [jwk(issuer.rsa, "new")]
    known.clock.advance(REFETCH_S)
    assert await known.has("new", "rsa") == [True, False]


async def test_a_key_of_another_type_is_asked_for_though_one_of_its_name_is_known(issuer: IssuerServer, known: Known) -> None:
    issuer.keys = [jwk(issuer.rsa, "ec")]
    assert await known.has("ec") == [False]
    assert await known.keys.find("ec", "RS256") == issuer.keys[0]
    issuer.keys.append(jwk(issuer.ec, "ec"))
    known.clock.advance(REFETCH_S)
    assert await known.has("ec") == [True]
    assert await known.keys.find("ec", "RS256") == issuer.keys[0]


async def test_a_withdrawn_key_ends_even_if_nobody_asks_for_another(issuer: IssuerServer, known: Known) -> None:
    assert await known.has("rsa") == [True]
    issuer.keys = [jwk(issuer.ec, "ec")]
    known.clock.advance(FRESH_S)
    assert await known.has("rsa") == [True]  # who comes now does not wait
    await known.rested()
    assert await known.has("rsa", "ec") == [False, True]
    assert issuer.fetches == 2


BROKEN = {
    "an error": Response(status_code=500),
    "no JSON": Response("<html>"),
    "too deep": Response("[" * 100_000),
    "no object": JSONResponse([]),
    "no keys": JSONResponse({}),
    "keys that are none": JSONResponse({"keys": "rsa"}),
    "elsewhere": RedirectResponse("https://elsewhere.test/jwks"),
    "garbled": Response(b"not gzip", headers={"Content-Encoding": "gzip"}),
    "a bomb": Response(gzip.compress(b" " * (jwks.MOST_BYTES + 1)), headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
async def test_an_issuer_that_answers_nonsense_is_away(issuer: IssuerServer, known: Known, answer: Response) -> None:
    issuer.answer = answer
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await known.keys.find("rsa", "RS256")
    assert issuer.fetches == 1
    issuer.answer = None
    known.clock.advance(REFETCH_S)
    assert await known.has("rsa") == [True]


async def test_while_the_issuer_is_away_known_keys_go_on_for_a_day_and_others_cannot_be_told(
    issuer: IssuerServer, known: Known
) -> None:
    assert await known.has("rsa") == [True]
    issuer.answer = Response(status_code=503)
    known.clock.advance(FRESH_S)
    assert await known.has("rsa") == [True]
    await known.rested()
    with pytest.raises(StoreUnavailable):
        await known.keys.find("new", "RS256")
    assert await known.has("rsa") == [True]
    known.clock.advance(MOST_STALE_S - FRESH_S)
    with pytest.raises(StoreUnavailable):
        await known.keys.find("rsa", "RS256")


async def test_an_issuer_nobody_listens_for_is_away() -> None:
    with bind("127.0.0.1", 0) as closed:  # bound and not listening: whoever connects is refused
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        known = Known(Issuer(name="gone", issuer=url, audiences=("us",), jwks_url=f"{url}/jwks"))
        with pytest.raises(StoreUnavailable):
            await known.keys.find("rsa", "RS256")
        await known.client.aclose()


async def test_what_is_no_public_key_with_a_name_is_passed_over(issuer: IssuerServer, known: Known) -> None:
    plain = jwk(issuer.rsa, "rsa")
    nameless = {name: value for name, value in plain.items() if name != "kid"}
    odd = [{**plain, member: ["odd"]} for member in ("kty", "kid", "use", "alg")] + [{**jwk(issuer.ec, "ec"), "crv": {}}]
    issuer.keys = [plain, 7, None, "rsa", nameless, {**plain, "kid": 7}, {"kty": "oct", "kid": "oct", "k": "eA"}, *odd]
    assert await known.has("rsa", "oct") == [True, False]


async def test_where_the_keys_are_is_told_by_the_issuer(issuer: IssuerServer) -> None:
    known = Known(issuer.configured(jwks_url=None))
    assert await known.has("rsa") == [True]
    assert issuer.asked == ["/.well-known/openid-configuration", "/jwks"]
    await known.client.aclose()


@pytest.mark.parametrize(
    "description",
    [
        {"issuer": "https://elsewhere.test"}, {"issuer": "URL", "jwks_uri": "http://elsewhere.test/jwks"}, {"issuer": "URL"},
        {"issuer": "URL", "jwks_uri": 7}, {"issuer": "URL", "jwks_uri": "file:///etc/passwd"}, {"jwks_uri": "URL/jwks"},
    ],
)  # fmt: skip
async def test_a_description_of_another_or_one_that_leads_nowhere_safe_is_not_followed(
    issuer: IssuerServer, description: dict[str, object]
) -> None:
    told = {name: value.replace("URL", issuer.url) if isinstance(value, str) else value for name, value in description.items()}
    issuer.description = {"unused": True, **told}
    known = Known(issuer.configured(jwks_url=None))
    with pytest.raises(StoreUnavailable):
        await known.keys.find("rsa", "RS256")
    assert issuer.fetches == 0
    await known.client.aclose()


async def test_an_issuer_whose_address_is_no_text_is_away(issuer: IssuerServer) -> None:
    known = Known(issuer.configured(jwks_url=None))
    assert await known.has("rsa") == [True]
    issuer.description = {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/\ud800"}
    known.clock.advance(REFETCH_S)
    with pytest.raises(StoreUnavailable):
        await known.keys.find("new", "RS256")
    assert await known.has("rsa") == [True]
    await known.client.aclose()


async def test_a_fetch_under_way_ends_with_the_process(issuer: IssuerServer) -> None:
    known = Known(issuer.configured())
    waiting = asyncio.create_task(known.keys.find("rsa", "RS256"))
    await asyncio.sleep(0)
    flight = known.keys._flight
    assert flight is not None
    await known.keys.aclose()
    assert flight.cancelled()
    with pytest.raises(StoreUnavailable):
        await waiting
    await known.client.aclose()
