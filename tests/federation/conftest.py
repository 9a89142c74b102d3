"""A gateway that is a subgraph as well, and what a router sends it."""

from __future__ import annotations

import base64
import contextlib
import functools
from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.api.federation import make_subgraph
from app.asgi import create_app
from app.callers_file import Callers
from app.domain.vocabulary import Scope
from app.identity_settings import IdentitySettings
from app.sandbox.server import Addresses
from app.settings import Settings
from tests.identity.made import made
from tests.support.running import GatewayClient, SandboxControl, asking, settings
from tests.support.serving import served

schema = functools.cache(make_subgraph)  # slow to make

TENANTS = {"chargebee-demo": "acme", "zenskar-demo": "acme", "vcita-demo": "globex"}


def note(number: int, account: str = "chargebee-demo") -> str:
    """The global id of one of Chargebee's notes: the demonstration has CN-0001 to CN-0060."""
    return global_id(f"n:{account}:CN-{number:04}")


def global_id(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@contextlib.contextmanager
def serving(settings: Settings) -> Iterator[GatewayClient]:
    with served(create_app(settings, schema=schema()), lifespan=True) as url, asking(url) as client:
        yield client


@pytest.fixture
def subgraph(addresses: Addresses, sandbox: SandboxControl) -> Iterator[GatewayClient]:
    """With nothing cached yet."""
    with serving(settings(addresses)) as client:
        yield client


@pytest.fixture(scope="module")
def asked(addresses: Addresses, control: SandboxControl) -> Iterator[GatewayClient]:
    """One for a whole file: for tests that leave nothing behind."""
    control.reset()
    with serving(settings(addresses)) as client:
        yield client


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    """The texts of the keys that `guarded` gives out, by the name of who holds them."""
    return {}


@pytest.fixture(scope="module")
def guarded(addresses: Addresses, control: SandboxControl, keys: dict[str, str]) -> Iterator[GatewayClient]:
    """One that lets in the holders of keys only: `acme`, `globex`, and a `writer` at acme who may not read."""
    control.reset()
    plain = settings(addresses)
    accounts = {name: replace(account, tenant=TENANTS[name]) for name, account in plain.accounts.items()}
    given = {
        "acme": made("acme", tenant="acme"),
        "globex": made("globex", tenant="globex"),
        "writer": made("writer", tenant="acme", scopes=frozenset({Scope.WRITE})),
    }
    keys.update({name: text for name, (text, _) in given.items()})
    callers = Callers(keys=tuple(key for _, key in given.values()), issuers=())
    with serving(replace(plain, accounts=accounts, callers=callers, identity=IdentitySettings())) as client:
        yield client
