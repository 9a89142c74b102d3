"""The suite every provider passes: what can't be read shows in the account's health, and a list is never absent."""

from __future__ import annotations

import pytest

from app.domain.commands import CreditNoteFilter, PageRequest
from app.domain.errors import BadPayload, GatewayError, NotFound
from tests.providers.case import ProviderCase
from tests.providers.conftest import Opened
from tests.providers.recordings import Reply

pytestmark = pytest.mark.anyio

PAGE: dict[str, str] = {"content-type": "text/html; charset=utf-8"}
MANY = 30
"""More than the failures after which a breaker opens."""


def _health(opened: Opened) -> str:
    return opened.account.line.health.status


async def _listed(opened: Opened) -> GatewayError | None:
    try:
        await opened.adapter.list(CreditNoteFilter(), PageRequest(size=1))
    except GatewayError as failed:
        return failed
    return None


@pytest.mark.parametrize("body", ['{"message": "no"}', "<html>Not here</html>", ""])
async def test_a_list_is_never_absent(opened: Opened, case: ProviderCase, body: str) -> None:
    opened.desk.lay_out({"status": 404, "headers": {}, "body": body})
    failed = await _listed(opened)
    assert isinstance(failed, BadPayload), case
    assert failed.message.startswith("the provider knows no such list: ")
    assert failed.account == opened.account.name
    assert failed.provider is not None
    assert failed.provider.http_status == 404
    with pytest.raises(BadPayload):
        await opened.adapter.probe()


@pytest.mark.parametrize(
    "reply",
    [
        {"status": 200, "headers": {}, "body": '{"half": '},
        {"status": 200, "headers": PAGE, "body": "<html>Welcome</html>"},
        {"status": 404, "headers": {}, "body": ""},
        {"status": 404, "headers": PAGE, "body": "<html>Not here</html>"},
        {"status": 400, "headers": PAGE, "body": "<html>Bad gateway</html>"},
        {"status": 302, "headers": {"location": "https://example.com/"}, "body": ""},
    ],
    ids=["garbage", "a page", "no list", "a page that says 404", "a page that says 400", "elsewhere"],
)
async def test_an_account_whose_answers_cannot_be_read_is_degraded(opened: Opened, case: ProviderCase, reply: Reply) -> None:
    opened.desk.lay_out(reply)
    for _ in range(MANY):
        assert await _listed(opened) is not None
    assert (_health(opened), opened.account.line.breaker.is_open) == ("DEGRADED", False), case


async def test_the_next_answer_that_can_be_read_ends_it(opened: Opened, case: ProviderCase) -> None:
    opened.desk.lay_out({"status": 200, "headers": {}, "body": "["})
    assert await _listed(opened) is not None
    assert _health(opened) == "DEGRADED"
    await opened.read("found")
    assert _health(opened) == "OK", case


async def test_a_page_in_place_of_a_note_degrades_the_account(opened: Opened, case: ProviderCase) -> None:
    opened.desk.lay_out({"status": 404, "headers": PAGE, "body": "<html>Not here</html>"})
    assert isinstance(await opened.fetch(), NotFound | BadPayload)
    assert _health(opened) == "DEGRADED", case


@pytest.mark.parametrize(("status", "health"), [(401, "UNAUTHENTICATED"), (429, "RATE_LIMITED")])
async def test_what_is_known_of_an_account_is_not_blurred_by_a_page(
    opened: Opened, case: ProviderCase, status: int, health: str
) -> None:
    opened.desk.lay_out({"status": status, "headers": PAGE, "body": "<html>No</html>"})
    assert await _listed(opened) is not None
    assert _health(opened) == health, case
