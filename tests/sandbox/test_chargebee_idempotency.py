"""Idempotency at the Chargebee sandbox: replays, windows, other content, running requests, answers lost on the way."""

from __future__ import annotations

import anyio
import httpx
import pytest

from app.sandbox.chargebee.idempotency import Keyed, Keys, Reply
from app.sandbox.chargebee.switches import CHOICES
from app.sandbox.faults import Fault
from app.sandbox.kernel import Clock, Switches
from tests.sandbox import test_chargebee
from tests.sandbox.test_chargebee import Site

pytestmark = pytest.mark.anyio
site = test_chargebee.site

FORM = {"reference_invoice_id": "INV-1002", "type": "adjustment", "total": "100"}
REPLAYED = "chargebee-idempotency-replayed"


def keyed(site: Site, key: str, form: dict[str, str] | None = None, path: str = "/credit_notes") -> httpx.Response:
    return site.send(path, FORM if form is None else form, chargebee_idempotency_key=key)


def notes_of(site: Site) -> int:
    return len(site.invoice("INV-1002")["adjustment_credit_notes"])


def test_a_repeated_key_gets_the_first_answer_again(site: Site) -> None:
    first, second = keyed(site, "k"), keyed(site, "k")
    assert (first.status_code, REPLAYED in first.headers) == (200, False)
    assert second.headers[REPLAYED] == "true"
    assert second.content == first.content
    assert notes_of(site) == 1


def test_without_a_key_the_work_is_done_again(site: Site) -> None:
    assert REPLAYED not in site.send("/credit_notes", FORM).headers
    assert keyed(site, "").status_code == 200
    assert notes_of(site) == 2


def test_the_order_of_parameters_means_nothing(site: Site) -> None:
    keyed(site, "k")
    assert keyed(site, "k", dict(reversed(FORM.items()))).headers[REPLAYED] == "true"


def test_the_window_is_half_an_hour_on_the_sandboxs_clock(site: Site) -> None:
    keyed(site, "k")
    site.clock.advance(1790)
    assert keyed(site, "k").headers[REPLAYED] == "true"
    site.clock.advance(10)
    assert REPLAYED not in keyed(site, "k").headers
    assert notes_of(site) == 2


class Stopped(Clock):
    """A clock that stands still unless it is advanced."""

    def now(self) -> float:
        return 1_000_000.0 + self._ahead


def test_after_exactly_half_an_hour_the_key_is_free() -> None:
    clock = Stopped()
    keys = Keys(clock, Switches(CHOICES))
    request = Keyed(key="k", api_key="a", path="/credit_notes", fields=())
    with keys.running(request) as entry:
        entry.reply = Reply(status=200, body=b"{}")
    clock.advance(1799.5)
    assert keys.seen(request) is entry
    clock.advance(0.5)
    assert keys.seen(request) is None


def test_a_replay_does_not_prolong_the_window(site: Site) -> None:
    keyed(site, "k")
    for _ in range(2):
        site.clock.advance(899)
        assert keyed(site, "k").headers[REPLAYED] == "true"
    site.clock.advance(2)
    assert REPLAYED not in keyed(site, "k").headers


def test_the_window_may_be_a_day(site: Site) -> None:
    site.switch(idempotency_window="24 hours")
    keyed(site, "k")
    site.clock.advance(86_000)
    assert keyed(site, "k").headers[REPLAYED] == "true"


@pytest.mark.parametrize("change", [{"total": "101"}, {"comment": "x"}, {"cf_x": "1"}])
def test_the_same_key_with_other_content_is_refused(site: Site, change: dict[str, str]) -> None:
    keyed(site, "k")
    answer = keyed(site, "k", FORM | change)
    assert (answer.status_code, answer.json()["api_error_code"]) == (422, "unable_to_process_request")
    assert notes_of(site) == 1
    assert keyed(site, "k").headers[REPLAYED] == "true"


@pytest.mark.parametrize(
    ("scope", "path_status", "key_status"), [("site", 422, 200), ("endpoint", 200, 200), ("api_key", 422, 200)]
)
def test_what_a_key_is_unique_in_is_not_published(site: Site, scope: str, path_status: int, key_status: int) -> None:
    site.switch(idempotency_scope=scope)
    id = keyed(site, "k").json()["credit_note"]["id"]
    assert keyed(site, "k", FORM, f"/credit_notes/{id}/update").status_code == path_status
    headers = {"chargebee-idempotency-key": "k"}
    other = site.client.post("/credit_notes", data=FORM, headers=headers, auth=("other_key", ""))
    assert other.status_code == key_status
    assert (REPLAYED in other.headers) == (scope != "api_key")


def test_a_refusal_is_given_again(site: Site) -> None:
    refused = {**FORM, "total": "60000"}
    first, second = keyed(site, "k", refused), keyed(site, "k", refused)
    assert (first.status_code, second.status_code) == (400, 400)
    assert second.headers[REPLAYED] == "true"
    assert keyed(site, "k").status_code == 422


def test_or_a_refusal_frees_its_key(site: Site) -> None:
    site.switch(idempotency_refusals="executed_again")
    first = keyed(site, "k", {**FORM, "total": "60000"})
    assert (first.status_code, keyed(site, "k").status_code) == (400, 200)


def test_a_refusal_before_the_work_is_never_kept(site: Site) -> None:
    site.switch(site_mode="read_only")
    assert keyed(site, "k").status_code == 503
    site.switch(site_mode="open")
    assert REPLAYED not in keyed(site, "k").headers


def test_a_key_has_its_length(site: Site) -> None:
    assert keyed(site, "k" * 101).status_code == 400
    assert keyed(site, "k" * 100).status_code == 200


def test_reads_and_mails_know_no_keys(site: Site) -> None:
    for _ in range(2):
        assert REPLAYED not in site.client.get("/credit_notes", headers={"chargebee-idempotency-key": "k"}).headers
        assert REPLAYED not in keyed(site, "k", {}, "/credit_notes/CN-0001/send_email").headers


def test_a_reset_forgets_the_keys(site: Site) -> None:
    keyed(site, "k")
    site.sandbox.reset()
    assert REPLAYED not in keyed(site, "k").headers


@pytest.mark.parametrize("fault", ["drop_after", "garbage", "html", "status"])
def test_an_answer_that_was_lost_can_be_had_by_its_key(site: Site, fault: str) -> None:
    site.faults.add(Fault(fault=fault, method="POST", status=500, times=1, after=True))  # type: ignore[arg-type]  # names from the list
    try:
        keyed(site, "k")
    except httpx.RemoteProtocolError:
        assert fault == "drop_after"
    answer = keyed(site, "k")
    assert (answer.status_code, answer.headers[REPLAYED]) == (200, "true")
    assert notes_of(site) == 1


def asynchronous(site: Site) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"{site.url}/api/v2", auth=("test_key", ""), trust_env=False)


async def race(site: Site, *, release_after_first: bool) -> list[httpx.Response]:
    """Two requests with one key, both held until one of them was answered, or let go at once."""
    answers: list[httpx.Response] = []
    answered = anyio.Event()

    async def send(client: httpx.AsyncClient) -> None:
        answers.append(await client.post("/credit_notes", data=FORM, headers={"chargebee-idempotency-key": "k"}))
        answered.set()

    site.sandbox.act("hold", {})
    async with asynchronous(site) as client, anyio.create_task_group() as requests:
        requests.start_soon(send, client)
        requests.start_soon(send, client)
        if release_after_first:
            with anyio.move_on_after(10):  # a second request that is held too would never be answered
                await answered.wait()
        site.sandbox.act("release", {})
    return answers


@pytest.mark.parametrize(("choice", "status", "code"), [
    ("lock_timeout", 429, "lock_timeout"), ("invalid_state", 409, "invalid_state_for_request"),
])  # fmt: skip
async def test_a_key_whose_request_still_runs_is_refused(site: Site, choice: str, status: int, code: str) -> None:
    site.switch(idempotency_running=choice)
    refused, done = await race(site, release_after_first=True)
    assert (refused.status_code, refused.json()["api_error_code"]) == (status, code)
    assert (done.status_code, REPLAYED in done.headers) == (200, False)
    assert notes_of(site) == 1


async def test_or_it_waits_for_the_answer(site: Site) -> None:
    site.switch(idempotency_running="waits")
    answers = await race(site, release_after_first=False)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert sorted(REPLAYED in answer.headers for answer in answers) == [False, True]
    assert notes_of(site) == 1


async def test_a_request_held_over_a_reset_is_not_carried_out(site: Site) -> None:
    site.sandbox.act("hold", {})
    answers: list[httpx.Response] = []

    async def send(client: httpx.AsyncClient) -> None:
        answers.append(await client.post("/credit_notes", data=FORM, headers={"chargebee-idempotency-key": "k"}))

    async with asynchronous(site) as client, anyio.create_task_group() as requests:
        requests.start_soon(send, client)
        while not site.sandbox._gate.keys._entries:
            await anyio.lowlevel.checkpoint()
        site.sandbox.reset()
    assert [answer.status_code for answer in answers] == [503]
    assert notes_of(site) == 0
