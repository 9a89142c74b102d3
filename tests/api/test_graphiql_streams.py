"""Listening from the page: a subscription that is typed in shows what happens, until it is stopped or the gateway ends."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from app.sandbox.server import Addresses
from tests.api.browsing import Visit, browsing, built_or_skip, visiting
from tests.api.streaming import Streaming, streaming
from tests.api.test_stream_identity import issued, knowing
from tests.support.console import Child, running_command
from tests.support.demo import UNPAID, invoice_id
from tests.support.running import SandboxControl, asking

CHANGES = "subscription Changes { creditNoteChanged { kind creditNote { providerId } } }"
EVENTS = "text/event-stream"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    built_or_skip()
    with browsing() as started:
        yield started


@pytest.fixture
def gateway(addresses: Addresses, sandbox: SandboxControl) -> Iterator[Streaming]:
    with streaming(addresses) as found:
        yield found


def origin(gateway: Streaming) -> str:
    return gateway.url.removesuffix("/graphql")


def told(page: Page, text: str) -> None:
    """Wait until the page shows it as an answer."""
    expect(page.locator(".graphiql-response")).to_contain_text(text)


def streams(visit: Visit) -> list[Request]:
    """What was asked for as a stream."""
    return [request for request in visit.sent if request.headers.get("accept") == EVENTS]


def test_a_subscription_shows_each_change_until_it_is_stopped(browser: Browser, gateway: Streaming) -> None:
    with visiting(browser, origin(gateway)) as visit:
        visit.opened()
        visit.type("Changes", CHANGES)
        visit.run()
        gateway.listened(1)
        for _ in range(2):
            told(visit.page, gateway.issued()["providerId"])
        told(visit.page, '"CREATED"')
        visit.page.get_by_role("button", name="Stop query").click()
        gateway.listened(0)
        visit.type("Names", "query Names { accounts { name } }")
        visit.run()
        told(visit.page, '"zenskar-demo"')
        (asked,) = streams(visit)
        assert (asked.method, asked.url) == ("POST", gateway.url)
        assert visit.complaints == []


@pytest.mark.parametrize("leaving", ["about:blank", ""], ids=["another page", "no page"])
def test_whoever_leaves_the_page_listens_no_longer(browser: Browser, gateway: Streaming, leaving: str) -> None:
    with visiting(browser, origin(gateway)) as visit:
        visit.opened()
        visit.type("Changes", CHANGES)
        visit.run()
        gateway.listened(1)
        if leaving:
            visit.page.goto(leaving)
        else:
            visit.page.close()
        gateway.listened(0)


def test_a_subscription_that_is_refused_says_why(browser: Browser, gateway: Streaming) -> None:
    with visiting(browser, origin(gateway)) as visit:
        visit.opened()
        visit.type("Refused", 'subscription Refused { creditNoteChanged(filter: { accounts: ["nobody"] }) { id } }')
        visit.run()
        told(visit.page, '"NOT_FOUND"')
        expect(visit.page.get_by_role("button", name="Execute query")).to_be_visible()
        assert visit.complaints == []


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_the_headers_tab_reaches_the_stream(browser: Browser, addresses: Addresses, sandbox: SandboxControl, header: str) -> None:
    with knowing(addresses) as known, visiting(browser, origin(known.streaming)) as visit:
        visit.opened()
        visit.type("Changes", CHANGES)
        visit.run()
        told(visit.page, '"UNAUTHENTICATED"')  # the gateway's own words, though the status alone refuses it
        text = known.texts["acme"]
        visit.show({header: text if header == "X-API-Key" else f"Bearer {text}"})
        visit.run()
        known.streaming.listened(1)
        told(visit.page, issued(known, "acme", "chargebee-demo")["providerId"])


@contextlib.contextmanager
def hearing(browser: Browser) -> Iterator[tuple[Child, Visit]]:
    """A gateway in a process of its own, and a page that has heard of a note from it."""
    with running_command("serve", "--port", "0") as child:
        url = child.address("GraphiQL")
        child.answers(f"{url}/livez")
        with visiting(browser, url) as visit, asking(url) as client:
            visit.opened()
            visit.type("Changes", CHANGES)
            with visit.page.expect_response(lambda response: EVENTS in response.headers.get("content-type", "")):  # it hears all
                visit.run()
            note = client.issue("chargebee-demo", invoice_id("chargebee-demo", UNPAID), {"remaining": True})["creditNote"]
            told(visit.page, note["providerId"])
            visit.loaded()
            yield child, visit


def test_the_end_of_the_gateway_is_told_on_the_page(browser: Browser) -> None:
    with hearing(browser) as (child, visit):
        child.process.send_signal(signal.SIGTERM)
        told(visit.page, '"GATEWAY_UNAVAILABLE"')
        expect(visit.page.get_by_role("button", name="Execute query")).to_be_visible()
        assert child.process.wait(30) in {0, -signal.SIGTERM}
        assert "Traceback" not in child.printed
        assert visit.complaints == []


def test_a_stream_that_breaks_off_is_told_and_not_taken_up_again(browser: Browser) -> None:
    with hearing(browser) as (child, visit):
        child.process.kill()
        told(visit.page, '"network error"')
        expect(visit.page.get_by_role("button", name="Execute query")).to_be_visible()
        assert len(streams(visit)) == 1
