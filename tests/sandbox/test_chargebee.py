"""The Chargebee sandbox's front door: who may come in, what is served, what malformed requests get, and what a reset keeps.

The other `test_chargebee_*` suites take the site on a socket from here.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from app.sandbox.chargebee import ChargebeeSandbox
from app.sandbox.faults import Faults, Faulty
from app.sandbox.kernel import Clock, Json
from tests.support.serving import served

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Site:
    """A site on a socket, and a client that has a key."""

    url: str
    client: httpx.Client
    sandbox: ChargebeeSandbox
    clock: Clock
    faults: Faults

    def fresh(self) -> Site:
        self.faults.clear()
        self.sandbox.switches.reset()
        self.sandbox.reset()
        return self

    def switch(self, **choices: str) -> None:
        for name, value in choices.items():
            self.sandbox.switches.set(name, value)

    def get(self, path: str, **query: str) -> Answer:
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def send(self, path: str, form: Mapping[str, object] | None = None, **headers: str) -> httpx.Response:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, data={name: str(value) for name, value in (form or {}).items()}, headers=given)

    def post(self, path: str, form: Mapping[str, object] | None = None, **headers: str) -> Answer:
        answer = self.send(path, form, **headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def refused(self, path: str, form: Mapping[str, object] | None = None) -> tuple[int, str, str | None]:
        """Status, code and parameter of a refusal; the books must still be in order."""
        answer = self.send(path, form)
        body = answer.json()
        assert body["message"]
        assert self.sandbox.violations() == []
        return answer.status_code, body["api_error_code"], body.get("param")

    def issue(self, invoice: str = "INV-1001", total: int = 5000, **form: object) -> Answer:
        """A note by total: an adjustment of an invoice that is owed, refundable for a paid one."""
        type = "refundable" if invoice in {"INV-1001", "INV-1003"} else "adjustment"
        return dict(
            self.post("/credit_notes", {"reference_invoice_id": invoice, "type": type, "total": total, **form})["credit_note"]
        )

    def act(self, action: str, **arguments: Json) -> Answer:
        done = self.sandbox.act(action, arguments)
        assert isinstance(done, dict)
        return dict(done)

    def note(self, id: str) -> Answer:
        return dict(self.get(f"/credit_notes/{id}")["credit_note"])

    def invoice(self, id: str) -> Answer:
        return dict(self.get(f"/invoices/{id}")["invoice"])


OPENED = pytest.StashKey[Site]()


@contextlib.contextmanager
def opened() -> Iterator[Site]:
    clock, faults = Clock(), Faults()
    sandbox = ChargebeeSandbox(clock)
    with (
        served(Faulty(sandbox, faults, Counter())) as url,
        httpx.Client(base_url=f"{url}/api/v2", auth=("test_key", ""), trust_env=False) as client,
    ):
        yield Site(url, client, sandbox, clock, faults)


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Site:
    """One server for the whole session; books, faults and switches are fresh for each test."""
    stash = request.session.stash
    if OPENED not in stash:
        stack = contextlib.ExitStack()
        stash[OPENED] = stack.enter_context(opened())
        request.session.addfinalizer(stack.close)
    return stash[OPENED].fresh()


@pytest.mark.parametrize("auth", [None, ("wrong", ""), ("", "test_key")])
def test_a_request_without_a_good_key_is_not_let_in(site: Site, auth: tuple[str, str] | None) -> None:
    answer = site.client.get("/credit_notes", auth=auth)
    assert answer.status_code == 401
    assert answer.json()["api_error_code"] == "api_authentication_failed"
    assert answer.json()["type"] == "untyped"


@pytest.mark.parametrize(
    "credentials", ["Bearer test_key", "Basic", "Basic ***", "Basic /////w==", "basic dGVzdF9rZXk=x", "Basic \xe9"]
)
def test_credentials_that_cannot_be_read_are_not_let_in(site: Site, credentials: str) -> None:
    answer = site.client.get("/credit_notes", auth=None, headers={b"Authorization": credentials.encode("latin-1")})
    assert answer.status_code == 401


def test_a_401_may_lack_its_type(site: Site) -> None:
    site.switch(unauthorized_type="absent")
    answer = site.client.request("POST", "/credit_notes", auth=None)
    assert (answer.status_code, "type" in answer.json()) == (401, False)


def test_the_host_name_does_not_choose_the_site(site: Site) -> None:
    answer = site.client.get("/invoices/INV-1001", headers={"Host": "other-test.chargebee.com"})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/nothing", "/credit_notes/CN-0001/nothing", "/credit_notes/", "/../v1/credit_notes"])
def test_an_unknown_path_is_not_found(site: Site, path: str) -> None:
    answer = site.client.get(path)
    assert (answer.status_code, answer.json()["api_error_code"]) == (404, "resource_not_found")


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/credit_notes"), ("DELETE", "/credit_notes/CN-0001"), ("GET", "/credit_notes/CN-0001/void")]
)
def test_every_change_is_a_post(site: Site, method: str, path: str) -> None:
    answer = site.client.request(method, path)
    assert (answer.status_code, answer.json()["api_error_code"]) == (405, "http_method_not_supported")


def test_strangers_do_not_learn_which_paths_there_are(site: Site) -> None:
    assert site.client.get("/nothing", auth=None).status_code == 401


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe", b"type=%ff", b"type=%ed%a0%80", b"[]=", b"a[b", b"total=" + b"9" * 5000, b"{}", b"&&&==&", b"=1", b"type[]=1",
     b"type=refundable&line_items[unit_amount][99999]=1", b"type=refundable&line_items[unit_amount][x]=1", b"x=1&" * 20_000],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/credit_notes", "/credit_notes/CN-0001/record_refund"])
def test_a_malformed_body_is_the_callers_fault(site: Site, path: str, body: bytes) -> None:
    answer = site.client.post(path, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert 400 <= answer.status_code < 500
    assert answer.json()["type"] == "invalid_request"


def test_a_site_in_maintenance_fails_writes_only(site: Site) -> None:
    site.switch(site_mode="read_only")
    assert site.refused("/credit_notes/CN-0001/void") == (503, "site_read_only_mode", None)
    assert site.client.get("/credit_notes").status_code == 200


def test_a_site_that_is_not_ready_fails_everything(site: Site) -> None:
    site.switch(site_mode="not_ready")
    answer = site.client.get("/credit_notes")
    assert (answer.status_code, answer.json()["api_error_code"]) == (503, "site_not_ready")


@pytest.mark.parametrize(("status", "type", "code"), [
    (400, "invalid_request", "invalid_request"), (401, "untyped", "api_authentication_failed"),
    (403, "untyped", "api_authorization_failed"), (404, "invalid_request", "resource_not_found"),
    (409, "invalid_request", "invalid_state_for_request"), (422, "invalid_request", "unable_to_process_request"),
    (429, "operation_failed", "api_request_limit_exceeded"), (500, "operation_failed", "internal_error"),
    (503, "operation_failed", "internal_temporary_error"), (418, "invalid_request", "invalid_request"),
    (507, "operation_failed", "internal_error"),
])  # fmt: skip
def test_any_status_can_be_had_with_chargebees_body(site: Site, status: int, type: str, code: str) -> None:
    answer = site.sandbox.refusal(status)
    body = httpx.Response(status, content=bytes(answer.body)).json()
    assert answer.status_code == status
    assert (body["type"], body["api_error_code"]) == (type, code)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_the_edge_answers_with_a_page(site: Site, status: int) -> None:
    site.switch(code_503="html")
    answer = site.sandbox.refusal(status)
    assert answer.media_type == "text/html"
    assert str(status).encode() in bytes(answer.body)


@pytest.mark.parametrize(("switch", "status", "code"), [
    ("code_403", 403, "request_blocked"), ("code_429", 429, "lock_timeout"), ("code_503", 503, "site_not_ready"),
])  # fmt: skip
def test_the_code_of_a_refusal_can_be_chosen(site: Site, switch: str, status: int, code: str) -> None:
    site.switch(**{switch: code})
    assert code.encode() in bytes(site.sandbox.refusal(status).body)
