"""Zenskar's sandbox on a real socket: the client the other suites use, who may call, and what a malformed call gets."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest

from app.sandbox.control import Sandbox
from app.sandbox.kernel import BadControl, Clock, Json
from app.sandbox.zenskar import ZenskarSandbox
from tests.support.serving import served

HEADERS = {"x-api-key": "sandbox_key", "organisation": "6f1c1f2e-0000-4000-8000-000000000000"}


def demo(tail: int | str) -> str:
    return f"00000000-0000-4000-8000-{tail:0>12}"


ACME, GLOBEX = demo("00000000ac3e"), demo("0000000910be")


class Zenskar:
    """A client of the sandbox, and the sandbox itself."""

    def __init__(self, sandbox: ZenskarSandbox, control: Sandbox, http: httpx.Client) -> None:
        self.sandbox = sandbox
        self.control = control
        self.clock = control.clock
        self.http = http

    def get(self, path: str, **query: str | int) -> Any:
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def issue(self, tail: int, amount: float | str, **more: object) -> httpx.Response:
        body = {"credit_note_amount": amount, "reason": "Order change", **more}
        return self.http.post(f"/invoices/{demo(tail)}/credit_note", json=body)

    def issued(self, tail: int, amount: float, **more: object) -> dict[str, Any]:
        answer = self.issue(tail, amount, **more)
        assert answer.status_code == 200, answer.text
        return cast("dict[str, Any]", answer.json())

    def act(self, action: str, **arguments: Json) -> Any:
        return self.sandbox.act(action, arguments)

    def switch(self, **chosen: str) -> None:
        for name, value in chosen.items():
            self.sandbox.switches.set(name, value)

    def invoice(self, tail: int) -> dict[str, Any]:
        return cast("dict[str, Any]", self.get(f"/invoices/{demo(tail)}"))

    def originals(self, tail: int) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", self.get(f"/payments/invoice/{demo(tail)}/without_refunds"))

    def row(self, kind: str, id: str) -> dict[str, Any]:
        return next(row for row in self.sandbox.books()[kind] if row["id"] == id)

    def creditable(self, tail: int) -> tuple[int, int, int]:
        """What a reader combines: what is due, what payments and wallet credits could give back, and `invoice_total`."""
        invoice, rows = self.invoice(tail), self.sandbox.books()["notes"]
        notes = [row for row in rows if row["invoice_id"] == demo(tail) and row["status"] != "void"]
        parts = [part for payment in self.originals(tail) for part in payment["invoices"] if part["invoice_id"] == demo(tail)]
        kept = sum(int(part["amount"]) - int(part["amount_refunded"]) for part in parts)
        not_off_due = sum(cast("int", note["minor"]) - cast("int", note["adjusted"]) for note in notes)
        refundable = min(kept, sum(int(part["amount"]) for part in parts) - not_off_due) + invoice["applied_balance"]
        return invoice["amount_due"], refundable, invoice["invoice_total"]


@contextlib.contextmanager
def running() -> Iterator[Zenskar]:
    """The sandbox behind its fault switches, on a free port."""
    clock = Clock()
    sandbox = ZenskarSandbox(clock)
    control = Sandbox(clock, [sandbox])
    with served(control.app("zenskar")) as url, httpx.Client(base_url=url, headers=HEADERS) as http:
        yield Zenskar(sandbox, control, http)


@pytest.fixture(scope="module")
def server() -> Iterator[Zenskar]:
    with running() as zenskar:
        yield zenskar


@pytest.fixture
def zenskar(server: Zenskar) -> Zenskar:
    server.control.reset()
    return server


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_missing_or_wrong_key_is_answered_401(zenskar: Zenskar, key: str) -> None:
    answer = zenskar.http.get("/credit_notes", headers={"x-api-key": key})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Unauthorized"})


@pytest.mark.parametrize("organisation", ["", "wrong"])
def test_a_missing_or_wrong_organisation_is_answered_by_the_front_gateway(zenskar: Zenskar, organisation: str) -> None:
    answer = zenskar.http.get("/credit_notes", headers={"organisation": organisation})
    assert answer.status_code == 403
    assert answer.json() == {"Message": "User is not authorized to access this resource with an explicit deny"}


def test_both_headers_are_asked_for_before_the_path_is_looked_at(zenskar: Zenskar) -> None:
    bare = httpx.get(f"{zenskar.http.base_url}/nowhere")
    assert bare.status_code == 401


def test_a_dashboard_token_stands_for_the_key(zenskar: Zenskar) -> None:
    headers = {"authorization": "Bearer eyJ0", "organisation": "any"}
    assert httpx.get(f"{zenskar.http.base_url}/invoices/{demo(1001)}", headers=headers).status_code == 200
    headers["authorization"] = "Bearer wrong"
    assert httpx.get(f"{zenskar.http.base_url}/invoices/{demo(1001)}", headers=headers).status_code == 401


def test_unknown_paths_methods_and_ids_are_refused_without_an_accident(zenskar: Zenskar) -> None:
    assert zenskar.http.get("/nowhere").status_code == 404
    assert zenskar.http.get("/credit_notes/").status_code == 404
    assert zenskar.http.delete(f"/credit_notes/{demo(3001)}").status_code == 405
    absent = zenskar.http.get(f"/credit_notes/{uuid.uuid4()}")
    assert absent.status_code == 404
    assert absent.json()["detail"].startswith("NOT_FOUND")
    malformed = zenskar.http.get("/credit_notes/CN-1")
    assert malformed.status_code == 422
    assert malformed.json()["detail"][0]["loc"] == ["path", "credit_note_id"]


@pytest.mark.parametrize("path", ["/invoices/{}", "/payments/{}", "/payments/invoice/{}", "/payments/invoice/{}/without_refunds"])
def test_reads_of_unknown_ids_are_answered_404(zenskar: Zenskar, path: str) -> None:
    assert zenskar.http.get(path.format(uuid.uuid4())).status_code == 404


def test_a_version_that_is_no_number_is_refused(zenskar: Zenskar) -> None:
    assert zenskar.http.get("/credit_notes", headers={"apiversion": "20230501"}).status_code == 200
    answer = zenskar.http.get("/credit_notes", headers={"apiversion": "latest"})
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["header", "apiversion"])


@pytest.mark.parametrize(
    ("sent", "type_"),
    [
        (b"", "missing"),
        (b"{", "json_invalid"),
        (b"\xff\xfe", "json_invalid"),
        (b"[1]", "model_attributes_type"),
        (b"null", "model_attributes_type"),
        (b'{"credit_note_amount": NaN, "reason": "x"}', "json_invalid"),
        (b'{"credit_note_amount": 1e99999999999999999999, "reason": "x"}', "json_invalid"),
        (b'{"credit_note_amount": 1e400, "reason": "x"}', "finite_number"),
        (b'{"credit_note_amount": 1e-400, "reason": "x"}', "decimal_max_places"),
        (b'{"credit_note_amount": 1, "reason": "\\ud800"}', "json_invalid"),
        (b'{"credit_note_amount": ' + b"9" * 5000 + b', "reason": "x"}', "json_invalid"),
        (b'{"credit_note_amount": 1, "reason": "x", "deep": ' + b"[" * 90_000 + b"]" * 90_000 + b"}", "json_invalid"),
        (b'{"credit_note_amount": 1, "reason": "x", "deep": ' + b"[" * 200 + b"]" * 200 + b"}", "json_invalid"),
    ],
    ids=range(13),
)
def test_a_malformed_body_is_answered_422(zenskar: Zenskar, sent: bytes, type_: str) -> None:
    headers = {"content-type": "application/json"}
    answer = zenskar.http.post(f"/invoices/{demo(1002)}/credit_note", content=sent, headers=headers)
    assert (answer.status_code, answer.json()["detail"][0]["type"]) == (422, type_)
    assert zenskar.invoice(1002)["amount_due"] == 50_000


def test_a_body_that_is_not_called_json_is_not_read(zenskar: Zenskar) -> None:
    headers = {"content-type": "text/plain"}
    answer = zenskar.http.post(
        f"/invoices/{demo(1002)}/credit_note", content=b'{"credit_note_amount": 1, "reason": ""}', headers=headers
    )
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body"])


def test_every_status_has_a_refusal(zenskar: Zenskar) -> None:
    for status in (200, 204, 304, 400, 401, 403, 404, 409, 422, 429, 500, 503, 599):
        answer = zenskar.sandbox.refusal(status)
        assert answer.status_code == status
        assert bool(answer.body) == (status not in {204, 304})


def test_a_note_can_exist_although_the_caller_saw_an_error(zenskar: Zenskar) -> None:
    assert zenskar.control._add_fault({"fault": "status", "status": 500, "after": True, "times": 1, "method": "POST"}) == {
        "ok": True
    }
    assert zenskar.issue(1002, 25).status_code == 500
    assert zenskar.get("/credit_notes", invoice_id=demo(1002))["total_count"] == 1


@pytest.mark.parametrize("host", ["elsewhere:1", "[", "a b"])
def test_a_strange_host_header_does_no_harm(zenskar: Zenskar, host: str) -> None:
    answer = zenskar.http.get(f"/credit_notes/{demo(3001)}", headers={"host": host})
    assert answer.status_code == 400 or answer.json()["line_items_url"].startswith(f"http://{host}/")


def test_an_unknown_action_names_the_known_ones(zenskar: Zenskar) -> None:
    with pytest.raises(BadControl, match=r"apply_credits.*issue.*pay.*settle"):
        zenskar.act("fly")
    with pytest.raises(BadControl, match="minor is missing"):
        zenskar.act("pay", invoice_id=demo(1002))
    with pytest.raises(BadControl, match="minor"):
        zenskar.act("pay", invoice_id=demo(1002), minor=1.5)
    with pytest.raises(BadControl, match="INVOICE_CANNOT_BE_PAID"):
        zenskar.act("pay", invoice_id=demo(1002), minor=50_001)
