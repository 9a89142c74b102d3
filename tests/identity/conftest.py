"""One issuer for the whole suite, put back to the start before each test; and keys as operators make them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.identity.issuer import IssuerServer, issuing


@pytest.fixture(scope="session")
def running_issuer() -> Iterator[IssuerServer]:
    with issuing() as server:
        yield server


@pytest.fixture
def issuer(running_issuer: IssuerServer) -> IssuerServer:
    running_issuer.reset()
    return running_issuer
