"""What the suites share: the contract's cases and accounts opened as the gateway opens them, each provider's sandbox, a peer with a line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import pytest

from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError
from app.gateway.accounts import Account, Accounts, Caller
from app.providers.contract import AccountSettings, Adapter, ProviderSpec
from app.providers.limiter import Limiter
from app.providers.line import Line
from app.providers.policy import Deadline, RetryPolicy
from tests.providers import CASES
from tests.providers.case import ProviderCase
from tests.providers.chargebee import site as chargebee
from tests.providers.desk import Desk
from tests.providers.lines import GOOD, line_to
from tests.providers.vcita import desk as vcita
from tests.providers.zenskar import Organisation
from tests.providers.zenskar import serving as serving_zenskar
from tests.support.peer import Peer, listening
from tests.support.serving import served

T = TypeVar("T")

SUITE = "test_contract"
KEY = "9f" * 32
"""What the gateway gives an adapter as the provider key."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test of the suite is asked of every provider; what a case says it deviates in must fail."""
    if metafunc.module.__name__.rpartition(".")[2].startswith(SUITE) and "case" in metafunc.fixturenames:
        name = metafunc.function.__name__
        metafunc.parametrize("case", [_asked(case, name) for case in CASES], indirect=False)


def _asked(case: ProviderCase, test: str) -> object:
    reason = case.deviates.get(test)
    marks = () if reason is None else (pytest.mark.xfail(reason=reason, strict=True),)
    return pytest.param(case, id=case.name, marks=marks)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Opened:
    """A provider's account, open, with its other side."""

    case: ProviderCase
    account: Account
    desk: Desk

    @property
    def adapter(self) -> Adapter:
        """Ready for one operation, which knows nothing of a wait that was asked of an earlier one."""
        account = replace(self.account, line=replace(self.account.line, limiter=Limiter()))
        return account.adapter(Deadline(5))

    async def read(self, meaning: str) -> CreditNote | GatewayError:
        """The known note, as this reply tells it, or the failure, however it came."""
        self.desk.lay_out(self.case.reply(meaning))
        return await self.fetch()

    async def fetch(self) -> CreditNote | GatewayError:
        """The known note as it is laid out."""
        try:
            return (await self.adapter.fetch_many([self.case.known_id]))[self.case.known_id]
        except GatewayError as failed:
            return failed

    async def issue(self, meaning: str) -> CreditNote | GatewayError:
        """The wanted note, answered by this reply, or the failure."""
        self.desk.lay_out(self.case.reply(meaning))
        return await self.send()

    async def send(self) -> CreditNote | GatewayError:
        """The wanted note, answered as it is laid out."""
        adapter = self.adapter
        plan = adapter.plan(*self.case.wanted)
        try:
            return await adapter.issue(plan, key=KEY)
        except GatewayError as failed:
            return failed


@pytest.fixture(scope="session")
def served_desk() -> Iterator[tuple[Desk, str]]:
    desk = Desk()
    with served(desk) as url:
        yield desk, url


@pytest.fixture
async def opened(case: ProviderCase, served_desk: tuple[Desk, str]) -> AsyncIterator[Opened]:
    """The case's account at the desk."""
    desk, url = served_desk
    desk.clear()
    async with open_account(case.spec, replace(case.account, base_url=url)) as account:
        yield Opened(case=case, account=account, desk=desk)


@asynccontextmanager
async def open_account(spec: ProviderSpec, settings: AccountSettings) -> AsyncIterator[Account]:
    """As the gateway opens it. Retries don't wait, and a wait asked for by the provider is longer than the deadline."""
    accounts = Accounts(settings={settings.name: settings}, providers={spec.name: spec})
    found = accounts.find(Caller(name="tests"), settings.name)
    yield replace(found, line=replace(found.line, retry=RetryPolicy(first_s=0)))
    await accounts.aclose()


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    """Answers well, unless told."""
    async with listening() as peer:
        yield peer.will(GOOD)


@pytest.fixture
async def line(peer: Peer) -> AsyncIterator[Line]:
    async with line_to(peer.url) as line:
        yield line


@pytest.fixture(scope="module")
def served_chargebee() -> Iterator[chargebee.Site]:
    with chargebee.serving() as site:
        yield site


@pytest.fixture
def site(served_chargebee: chargebee.Site) -> chargebee.Site:
    """Chargebee's sandbox as it is at its start."""
    served_chargebee.fresh()
    return served_chargebee


@pytest.fixture(scope="module")
def served_vcita() -> Iterator[vcita.Desk]:
    with vcita.open_desk() as desk:
        yield desk


@pytest.fixture
async def teller(served_vcita: vcita.Desk) -> AsyncIterator[vcita.Teller]:
    """A client of vcita's sandbox as it is at its start."""
    async with vcita.telling(served_vcita) as teller:
        yield teller


@pytest.fixture(scope="module")
def served_zenskar() -> Iterator[Organisation]:
    with serving_zenskar() as organisation:
        yield organisation


@pytest.fixture
def zenskar(served_zenskar: Organisation) -> Organisation:
    """Zenskar's sandbox as it is at its start."""
    served_zenskar.fresh()
    return served_zenskar
