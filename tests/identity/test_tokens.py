"""Tokens: which are believed, and what they say of their holder. Everything wrong with one is the same to its holder."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as new_rsa
from hypothesis import given
from hypothesis import strategies as st

from app import http
from app.callers_file import Issuer
from app.domain.vocabulary import Scope
from app.gateway.accounts import Caller
from app.identity import tokens
from app.identity.signing_keys import SigningKeys
from app.identity.tokens import LONGEST, Tokens
from tests.identity.issuer import AUDIENCE, IssuerServer, jwk, pem

pytestmark = pytest.mark.anyio

Open = Callable[..., Tokens]
LEEWAY_S = 10


@pytest.fixture
async def opened(issuer: IssuerServer) -> AsyncIterator[Open]:
    """Makes a verifier for the issuer as it is configured."""
    client = http.AsyncClient(trust_env=False)

    def make(*configured: Issuer) -> Tokens:
        issuers = configured or (issuer.configured(),)
        return Tokens([SigningKeys(one, client, refetch_s=60) for one in issuers], leeway_s=LEEWAY_S)

    yield make
    await client.aclose()


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("kid", "algorithm"), [("rsa", "RS256"), ("ec", "ES256"), ("ed", "EdDSA"), ("rsa", "PS256"), ("rsa", "RS512")]
)
async def test_a_token_of_the_issuer_is_believed(issuer: IssuerServer, opened: Open, kid: str, algorithm: str) -> None:
    tokens = opened(issuer.configured(algorithms=("RS256", "ES256", "EdDSA", "PS256", "RS512")))
    expected = Caller(name="jwt:ours:ann", tenant="acme", scopes=frozenset({Scope.READ, Scope.WRITE}))
    assert await tokens.caller(issuer.token(kid=kid, algorithm=algorithm)) == expected


NOW = time.time
WRONG_CLAIMS: dict[str, Callable[[], dict[str, Any]]] = {
    "expired": lambda: {"exp": NOW() - LEEWAY_S - 5},
    "never expires": lambda: {"exp": None},
    "not yet": lambda: {"nbf": NOW() + LEEWAY_S + 60},
    "issued in the future": lambda: {"iat": NOW() + LEEWAY_S + 60},
    "another audience": lambda: {"aud": "somebody-else"},
    "no audience": lambda: {"aud": None},
    "another issuer": lambda: {"iss": "https://elsewhere.test"},
    "the issuer with a slash": lambda: {"iss": "http://127.0.0.1/"},
    "no issuer": lambda: {"iss": None},
    "nobody": lambda: {"sub": None},
    "an empty name": lambda: {"sub": ""},
    "a long name": lambda: {"sub": "a" * 256},
    "a name of two lines": lambda: {"sub": "a\nb"},
    "no tenant": lambda: {"tenant": None},
    "a tenant that is a list": lambda: {"tenant": ["acme"]},
    "scopes that are no words": lambda: {"scope": {"read": True}},
    "scopes that are numbers": lambda: {"scope": [1]},
    "accounts that are no words": lambda: {"accounts": 7},
    "an account that is no text": lambda: {"accounts": ["a", "\ud800"]},
    "accounts that are no text": lambda: {"accounts": "a \udfff"},
    "a name that is no text": lambda: {"sub": "ann\ud800"},
    "a tenant that is no text": lambda: {"tenant": "\ud800"},
    "a scope that is no text": lambda: {"scope": ["read", "\udbff"]},
}


@pytest.mark.parametrize("claims", WRONG_CLAIMS.values(), ids=WRONG_CLAIMS)
async def test_a_token_that_is_not_for_now_or_not_for_us_is_nobodys(
    issuer: IssuerServer, opened: Open, claims: Callable[[], dict[str, Any]]
) -> None:
    assert await opened().caller(issuer.token(**claims())) is None


async def test_clocks_may_differ_a_little(issuer: IssuerServer, opened: Open) -> None:
    tokens = opened()
    assert await tokens.caller(issuer.token(exp=time.time() - LEEWAY_S / 2))
    assert await tokens.caller(issuer.token(nbf=time.time() + LEEWAY_S / 2))


async def test_any_of_the_audiences_that_are_configured_will_do_and_no_other(issuer: IssuerServer, opened: Open) -> None:
    tokens = opened(issuer.configured(audiences=("one", "two")))
    assert await tokens.caller(issuer.token(aud=["three", "two"]))
    assert await tokens.caller(issuer.token(aud=["three", AUDIENCE])) is None


async def test_a_token_that_nobody_signed_is_nobodys_and_nothing_is_fetched_for_it(issuer: IssuerServer, opened: Open) -> None:
    tokens = opened()
    for algorithm in ("none", "None", "NONE", "nOnE"):
        unsigned = f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': 'rsa'})}.{part(issuer.claims())}."
        assert await tokens.caller(unsigned) is None
    assert issuer.fetches == 0


@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
async def test_the_public_key_is_no_secret_to_sign_with(issuer: IssuerServer, opened: Open, algorithm: str) -> None:
    """Signed by hand: the library itself refuses to take a public key for a shared secret."""
    signed = f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': 'rsa'})}.{part(issuer.claims())}"
    for secret in (pem(issuer.rsa), pem(issuer.rsa).strip(), json.dumps(jwk(issuer.rsa, "rsa")).encode()):
        signature = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), hashlib.sha256)).decode().rstrip("=")
        assert await opened().caller(f"{signed}.{signature}") is None


async def test_a_shared_secret_that_an_issuer_publishes_proves_nothing(issuer: IssuerServer, opened: Open) -> None:
    secret = b"a shared secret of thirty-two bytes or more"
    issuer.keys = [{"kty": "oct", "kid": "oct", "k": base64.urlsafe_b64encode(secret).decode().rstrip("="), "alg": "HS256"}]
    assert await opened().caller(jwt.encode(issuer.claims(), secret, algorithm="HS256", headers={"kid": "oct"})) is None


async def test_a_key_signs_only_as_it_is_published_and_as_the_operator_allows(issuer: IssuerServer, opened: Open) -> None:
    issuer.keys = [jwk(issuer.rsa, "rsa", alg="RS512"), jwk(issuer.rsa, "enc", use="enc")]
    tokens = opened(issuer.configured(algorithms=("RS256", "RS512")))
    assert await tokens.caller(issuer.token(algorithm="RS256")) is None
    assert await tokens.caller(issuer.token(algorithm="RS512"))
    assert await tokens.caller(issuer.token(algorithm="PS256")) is None
    assert await tokens.caller(issuer.token(algorithm="RS256", kid="enc")) is None
    assert await tokens.caller(issuer.token(algorithm="ES256", kid="rsa")) is None


async def test_keys_may_share_a_name_where_they_sign_differently(issuer: IssuerServer, opened: Open) -> None:
    other = new_rsa(65537, 2048)
    issuer.keys = [jwk(issuer.ed, "k"), jwk(issuer.rsa, "k", alg="RS256"), jwk(issuer.ec, "k"), jwk(other, "k", alg="PS256")]
    tokens = opened(issuer.configured(algorithms=("RS256", "PS256", "ES256", "EdDSA")))
    for algorithm in ("RS256", "ES256", "EdDSA"):
        assert await tokens.caller(issuer.token(kid="k", algorithm=algorithm))
    assert await tokens.caller(issuer.token(kid="k", algorithm="PS256")) is None  # by the key for the other algorithm
    assert await tokens.caller(jwt.encode(issuer.claims(), other, algorithm="PS256", headers={"kid": "k"}))


async def test_a_private_key_that_an_issuer_publishes_proves_nothing(issuer: IssuerServer, opened: Open) -> None:
    issuer.keys = [{**jwk(issuer.rsa, "rsa"), "d": "AQAB"}]
    assert await opened().caller(issuer.token()) is None


async def test_a_key_that_is_too_short_proves_nothing(issuer: IssuerServer, opened: Open) -> None:
    short = new_rsa(65537, 1024)
    issuer.keys = [jwk(short, "rsa")]
    with pytest.warns(UserWarning, match="below the minimum"):
        token = jwt.encode(issuer.claims(), short, algorithm="RS256", headers={"kid": "rsa"})
    assert await opened().caller(token) is None


async def test_a_token_signed_by_somebody_else_is_nobodys(issuer: IssuerServer, opened: Open) -> None:
    token = jwt.encode(issuer.claims(), new_rsa(65537, 2048), algorithm="RS256", headers={"kid": "rsa"})
    assert await opened().caller(token) is None


async def test_a_token_that_was_changed_is_nobodys(issuer: IssuerServer, opened: Open) -> None:
    head, _, signature = issuer.token().split(".")
    assert await opened().caller(f"{head}.{part(issuer.claims(tenant='globex'))}.{signature}") is None


async def test_one_issuer_cannot_speak_with_anothers_keys(issuer: IssuerServer, opened: Open) -> None:
    other = Issuer(name="other", issuer="https://other.test", audiences=(AUDIENCE,), jwks_url=f"{issuer.url}/none")
    tokens = opened(issuer.configured(), other)
    assert await tokens.caller(issuer.token())
    head, body, signature = issuer.token(iss="https://other.test").split(".")
    issuer.answer = None
    with pytest.raises(Exception, match="out of reach"):  # the other's keys are asked for, and they alone
        await tokens.caller(f"{head}.{body}.{signature}")


@pytest.mark.parametrize("header", [{}, {"kid": 7}, {"kid": None}, {"kid": ["rsa"]}, {"kid": "rsa", "crit": ["x"], "x": 1}])
async def test_a_token_that_does_not_name_its_key_plainly_is_nobodys(
    issuer: IssuerServer, opened: Open, header: dict[str, object]
) -> None:
    signed = f"{part({'alg': 'RS256', **header})}.{part(issuer.claims())}"
    assert await opened().caller(f"{signed}.{issuer.token().rpartition('.')[2]}") is None


async def test_what_is_too_long_is_not_looked_at(issuer: IssuerServer, opened: Open) -> None:
    assert await opened().caller(issuer.token(padding="x" * LONGEST)) is None
    assert issuer.fetches == 0


async def test_where_the_claims_stand_is_the_operators_word(issuer: IssuerServer, opened: Open) -> None:
    elsewhere = issuer.configured(
        tenant_claim="https://acme.test/org", scopes_claim="scp", accounts_claim="books", scope_prefix="notes:"
    )
    token = issuer.token(
        **{"https://acme.test/org": "globex"}, tenant="acme", scp=["notes:read", "write", "notes:other"], books="a b"
    )
    assert await opened(elsewhere).caller(token) == Caller(
        name="jwt:ours:ann", tenant="globex", scopes=frozenset({Scope.READ}), accounts=frozenset({"a", "b"})
    )


async def test_an_issuer_for_one_tenant_speaks_for_no_other(issuer: IssuerServer, opened: Open) -> None:
    found = await opened(issuer.configured(tenant="globex")).caller(issuer.token(tenant="acme"))
    assert found is not None
    assert found.tenant == "globex"


async def test_no_account_named_is_not_all_accounts(issuer: IssuerServer, opened: Open) -> None:
    for accounts, expected in (([], frozenset()), ("", frozenset()), (None, None)):
        found = await opened().caller(issuer.token(accounts=accounts))
        assert found is not None
        assert found.accounts == expected


async def test_an_account_claim_of_null_names_none(issuer: IssuerServer, opened: Open) -> None:
    claims = {**issuer.claims(), "accounts": None, "scope": None}
    found = await opened().caller(jwt.encode(claims, issuer.rsa, algorithm="RS256", headers={"kid": "rsa"}))
    assert found == Caller(name="jwt:ours:ann", tenant="acme", scopes=frozenset(), accounts=frozenset())


WORDS = st.text("a \n\x00\ud800\udfff", max_size=3)
CLAIM = st.just("a") | st.none() | st.integers() | WORDS | st.lists(WORDS | st.none(), max_size=2)


@given(claims=st.fixed_dictionaries(dict.fromkeys(("tenant", "scope", "accounts"), CLAIM) | {"sub": st.just("ann") | WORDS}))
def test_whatever_a_claim_holds_what_is_made_of_it_can_be_written(claims: dict[str, object]) -> None:
    issuer = Issuer(name="ours", issuer="https://login.test", audiences=(AUDIENCE,))
    found = tokens._caller(issuer, claims)
    if found is not None:
        assert "".join([found.name, found.tenant or "", *(found.accounts or ())]).encode()


@given(st.text(max_size=60) | st.lists(st.binary(max_size=30), min_size=3, max_size=3).map(lambda it: ".".join(
    base64.urlsafe_b64encode(one).decode().rstrip("=") for one in it
)))  # fmt: skip
async def test_random_text_is_nobodys_and_never_a_bug(text: str) -> None:
    assert await Tokens([], leeway_s=0).caller(text) is None
