"""Credentials go to the account's own address and nowhere else; what a provider repeats of them goes no further."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import http, telemetry
from app.domain.errors import BadPayload, GatewayError, InvalidInputs
from app.providers.line import Line
from app.providers.policy import Deadline
from app.providers.upstream import Upstream
from tests.providers.lines import AUTH, GOOD, SECRET, line_to, read, write
from tests.support.peer import Peer, answer, cut

pytestmark = pytest.mark.anyio


class Rerouted(httpx.AsyncHTTPTransport):
    """The real transport, with every host at one address; TLS ends before it."""

    def __init__(self, url: str) -> None:
        super().__init__(trust_env=False)
        self._url = httpx.URL(url)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host=self._url.host, port=self._url.port)
        return await super().handle_async_request(request)


@pytest.fixture
async def line(peer: Peer) -> AsyncIterator[Line]:
    """An account at a host with a base path, of which the peer plays every part of the world."""
    async with line_to("https://api.acme.test/v1", transport=Rerouted(peer.url)) as line:
        yield line


@pytest.mark.parametrize("path", ["/notes/1", "/notes/1?next=https://elsewhere.test/x", "//elsewhere.test/x", "/:@elsewhere.test"])
async def test_a_path_is_at_the_accounts_own_address(peer: Peer, line: Line, path: str) -> None:
    await read(line, path)
    (heard,) = peer.heard
    assert (heard.headers["host"], heard.headers["authorization"]) == ("api.acme.test", AUTH)
    assert heard.target.startswith("/v1/")


async def test_a_link_to_the_accounts_own_address_is_followed_with_its_credentials(peer: Peer, line: Line) -> None:
    await read(line, "https://api.acme.test/v1/notes/1?page=2")
    (heard,) = peer.heard
    assert (heard.target, heard.headers["authorization"]) == ("/v1/notes/1?page=2", AUTH)


@pytest.mark.parametrize(
    "link",
    [
        "https://files.acme.test/lines.json",
        "https://api.acme.test/v2/lines.json",
        "https://api.acme.test:8443/v1/lines.json",
        "https://api.acme.test.elsewhere.test/v1/lines.json",
        "https://api.acme.test/v1@elsewhere.test/lines.json",
        "https://api.acme.test@elsewhere.test/v1/lines.json",
        "https://elsewhere.test/https://api.acme.test/v1/lines.json",
    ],
)
async def test_a_link_to_anywhere_else_is_followed_without_them(peer: Peer, line: Line, link: str) -> None:
    await read(line, link)
    (heard,) = peer.heard
    assert AUTH not in heard.headers.values()
    assert SECRET not in str(heard)


@pytest.mark.parametrize(
    "link",
    [
        "http://api.acme.test/v1/lines.json", "http://elsewhere.test/", "ftp://elsewhere.test/", "file:///etc/passwd", "javascript:0",
        "HTTPS://elsewhere.test/", "lines.json", "", "https:elsewhere.test", "https:///notes", "https://xn--/", "https://else where.test/\x00",
        "https://elsewhere.test:port/", "https://elsewhere.test:99999999/", "https://" + "a" * 70_000,
    ],
    ids=lambda link: link[:30],
)  # fmt: skip
async def test_what_is_no_safe_address_is_bad_payload_and_asked_nowhere(peer: Peer, line: Line, link: str) -> None:
    with pytest.raises(BadPayload) as failed:
        await read(line, link)
    assert failed.value.account == "acme-eu"
    assert len(failed.value.message) < 600
    assert peer.heard == []


@given(path=st.text(max_size=40).map(lambda text: "/" + text))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_path_leads_away_from_the_account(line: Line, path: str) -> None:
    try:
        request = Upstream(line, Deadline(5))._request("GET", path)
    except BadPayload:
        return
    assert (request.url.scheme, request.url.host, request.url.port) == ("https", "api.acme.test", None)


@given(link=st.text(max_size=40).map(lambda text: "https://" + text) | st.text(max_size=40))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_link_takes_the_credentials_along(line: Line, link: str) -> None:
    try:
        request = Upstream(line, Deadline(5))._request("GET", link)
    except BadPayload:
        return
    is_own = (request.url.scheme, request.url.host, request.url.port) == ("https", "api.acme.test", None)
    assert is_own or AUTH not in request.headers.values()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_anywhere(peer: Peer, line: Line, status: int) -> None:
    peer.will(answer("", status, location="https://elsewhere.test/"))
    for call in (read, write):
        with pytest.raises(GatewayError):
            await call(line)
    assert {heard.headers["host"] for heard in peer.heard} == {"api.acme.test"}


@pytest.mark.parametrize("status", [200, 400, 401, 404, 409, 422, 429, 500])
@pytest.mark.parametrize("said", ["", "known", "several"])
async def test_a_secret_the_provider_repeats_is_in_no_part_of_the_error(peer: Peer, line: Line, status: int, said: str) -> None:
    peer.will(answer(f"{said} {SECRET} {AUTH}", status, x_request_id=SECRET))
    for call in (read, write):
        with pytest.raises(GatewayError) as failed:
            await call(line)
        error = failed.value
        problems = error.problems if isinstance(error, InvalidInputs) else ()
        for each in (error, *problems):
            for text in (str(each), repr(each), repr(vars(each)), *traceback.format_exception(each)):
                assert SECRET not in text


async def test_a_long_tale_is_cut(peer: Peer, line: Line) -> None:
    peer.will(answer("known " + "a" * 100_000, 422))
    with pytest.raises(GatewayError) as failed:
        await read(line)
    assert len(failed.value.message) <= 500
    assert failed.value.provider is not None
    assert len(failed.value.provider.message or "") <= 500


async def test_a_line_prints_no_secret(line: Line) -> None:
    assert SECRET not in repr(line)
    assert SECRET not in str(line)


@pytest.fixture(params=[True, False], ids=["json", "text"])
def logs(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """The process's own log format, at its loudest."""
    before = structlog.get_config()
    telemetry.configure(json=request.param, level=logging.DEBUG)
    yield capsys
    structlog.configure(**before)


async def test_no_log_line_holds_a_secret_not_even_of_a_bug(
    peer: Peer, line: Line, logs: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    peer.will(GOOD, answer(SECRET, 401), answer(SECRET, 500), cut)
    await read(line)
    for _ in range(3):
        with pytest.raises(GatewayError):
            await write(line)
    try:
        _bug(dict(line.headers), [http.Headers(line.headers)])
    except ZeroDivisionError as bug:
        telemetry.internal_error(bug)
    written = logs.readouterr().out
    assert "ZeroDivisionError" in written
    assert written.count("acme-eu") >= 4
    assert SECRET not in written
    assert SECRET not in json.dumps(caplog.text)


def _bug(headers: dict[str, str], more: list[http.Headers]) -> float:
    return len(headers) / (len(more) - 1)
