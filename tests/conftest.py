"""Fixtures every suite uses; nothing here knows a provider."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings

from app import telemetry
from app.sandbox.server import Addresses, serving_in_thread
from tests.identity.issuer import IssuerServer, issuing
from tests.support.accounts_file import AccountsFile
from tests.support.measuring import unmeasured
from tests.support.redis_cluster import RedisCluster, running_cluster
from tests.support.redis_server import RedisServer
from tests.support.running import SandboxControl, controlling
from tests.support.sentinels import Guarded, running_sentinels

settings.register_profile("unhurried", deadline=None)  # how long an example takes says nothing on a shared machine
settings.load_profile("unhurried")
telemetry.configure(json=True)  # as `serve` does; the library's own default takes seconds to draw an exception


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command run within a test sets the process's log; the next test reads what it says."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis for the whole session; whoever asks keeps to keys of its own."""
    server = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def redis_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    """Three real masters for the whole session; whoever stops one starts it again."""
    with running_cluster(tmp_path_factory.mktemp) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def redis_guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A real master, its replica and three sentinels for the whole session; whoever makes them change places lets them settle."""
    with running_sentinels(tmp_path_factory.mktemp) as guarded:
        yield guarded


@pytest.fixture(scope="session")
def addresses() -> Iterator[Addresses]:
    """The sandboxes have tests of their own: here they only answer."""
    with contextlib.ExitStack() as running:
        with unmeasured():
            found = running.enter_context(serving_in_thread())
        yield found


@pytest.fixture(scope="session")
def control(addresses: Addresses) -> Iterator[SandboxControl]:
    with controlling(addresses.control) as found:
        yield found


@pytest.fixture
def sandbox(control: SandboxControl) -> SandboxControl:
    """Put back to the start."""
    control.reset()
    return control


@pytest.fixture(scope="session")
def specification() -> Callable[[str], dict[str, Any]]:
    """Read one OpenAPI extract by file name, or skip aloud where the folder is not given."""
    folder = os.environ.get("CREDIT_NOTES_SPECS")

    def read(name: str) -> dict[str, Any]:
        if not folder:
            pytest.skip("CREDIT_NOTES_SPECS is not set: it names the folder of the providers' specification extracts")
        document: dict[str, Any] = json.loads((Path(folder) / name).read_text())
        return document

    return read


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Coverage looks away while a test repeats itself: any by hypothesis, and those marked."""
    repeats = any(item.get_closest_marker(name) for name in ("hypothesis", "rounds"))
    with unmeasured() if repeats else contextlib.nullcontext():
        yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Where every part is installed (`CREDIT_NOTES_NO_SKIPS`), a skipped test is a failed one: it would have proved nothing."""
    outcome: Any = yield
    report = outcome.get_result()
    if os.environ.get("CREDIT_NOTES_NO_SKIPS") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped where nothing may be: {call.excinfo and call.excinfo.value}"


@pytest.fixture
def file(tmp_path: Path, addresses: Addresses) -> AccountsFile:
    """An accounts file of the test's own."""
    return AccountsFile(place=tmp_path / "accounts.toml", provider=addresses.providers["vcita"])


@pytest.fixture(scope="session")
def running_issuer() -> Iterator[IssuerServer]:
    """One for the whole suite."""
    with issuing() as server:
        yield server


@pytest.fixture
def issuer(running_issuer: IssuerServer) -> IssuerServer:
    """Put back to the start."""
    running_issuer.reset()
    return running_issuer
