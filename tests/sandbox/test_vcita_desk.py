"""The desk from which the vcita suites work: the sandbox on a real socket, with the calls they share. And its demonstration data."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import pytest

from app.sandbox.kernel import Clock
from app.sandbox.vcita import VcitaSandbox
from tests.support.serving import served

NOTES = "/v3/payments/credit_notes"
INVOICES = "/v3/payments/invoices"
BUSINESS = "/business/payments/v1"
PLATFORM = "/platform/v1"


@dataclass(frozen=True, slots=True)
class Desk:
    """The sandbox, its clock, and a client with a staff token."""

    sandbox: VcitaSandbox
    clock: Clock
    client: httpx.Client

    def fresh(self) -> Desk:
        """The same desk with everything back at the start."""
        self.sandbox.switches.reset()
        self.sandbox.reset()
        return self

    def get(self, path: str, *, headers: Mapping[str, str] | None = None, **query: str | int) -> httpx.Response:
        return self.client.get(path, params=query or None, headers=headers)

    def post(self, path: str, body: object, *, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.client.post(path, content=as_json(body), headers=headers)

    def put(self, path: str, body: object) -> httpx.Response:
        return self.client.put(path, content=as_json(body))

    def note(self, invoice: int, *lines: dict[str, object], **members: object) -> httpx.Response:
        """Ask for a note against a demonstration invoice."""
        return self.post(NOTES, {"invoice_uid": invoice_uid(invoice), "line_items": list(lines), **members})

    def issued(self, invoice: int, amount: object) -> dict[str, Any]:
        """A note of one untaxed line."""
        answer = self.note(invoice, line(amount))
        assert answer.status_code == 201, answer.text
        note: dict[str, Any] = data(answer)
        return note

    def act(self, action: str, **arguments: Any) -> Any:
        return self.sandbox.act(action, arguments)

    def row(self, kind: str, id: str) -> dict[str, Any]:
        """One row of the books."""
        return next(row for row in self.sandbox.books()[kind] if row["id"] == id)


@contextlib.contextmanager
def open_desk() -> Iterator[Desk]:
    """A desk while the block runs."""
    clock = Clock()
    sandbox = VcitaSandbox(clock)
    with served(sandbox.app) as url, httpx.Client(base_url=url, headers=bearer("staff-token")) as client:
        yield Desk(sandbox, clock, client)


def bearer(token: str, **further: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **further}


def line(amount: object, *taxes: dict[str, object], quantity: object = 1, name: str = "Goodwill") -> dict[str, object]:
    return {"name": name, "quantity": quantity, "unit_amount": amount, **({"taxes": list(taxes)} if taxes else {})}


def tax(rate: object, amount: object, name: str = "VAT") -> dict[str, object]:
    return {"name": name, "rate": rate, "tax_total": amount}


def invoice_uid(number: int) -> str:
    return f"inv{number:013d}"


def as_json(body: object) -> bytes:
    """JSON with decimals written exactly."""

    def written(value: object) -> str:
        if isinstance(value, Decimal):
            return format(value, "f")
        if isinstance(value, dict):
            return "{" + ",".join(f"{json.dumps(name)}:{written(member)}" for name, member in value.items()) + "}"
        if isinstance(value, list | tuple):
            return "[" + ",".join(written(member) for member in value) + "]"
        return json.dumps(value)

    return body if isinstance(body, bytes) else written(body).encode()


def exact(answer: httpx.Response) -> Any:
    """The body with its numbers as decimals."""
    return json.loads(answer.content, parse_float=Decimal)


def data(answer: httpx.Response) -> Any:
    """What a successful answer of the newer services carries."""
    body = exact(answer)
    assert body["success"] is True, body
    return body["data"]


def errors(answer: httpx.Response) -> list[dict[str, Any]]:
    """What an unsuccessful one complains about."""
    body = answer.json()
    assert body["success"] is False, body
    found: list[dict[str, Any]] = body["errors"]
    return found


@pytest.fixture(scope="module")
def opened() -> Iterator[Desk]:
    with open_desk() as desk:
        yield desk


@pytest.fixture
def desk(opened: Desk) -> Iterator[Desk]:
    yield opened.fresh()
    assert opened.sandbox.violations() == []


@pytest.mark.parametrize(
    ("number", "currency", "total", "creditable"),
    [
        (1001, "EUR", 119_00, 119_00),
        (1002, "USD", 500_00, 500_00),
        (1003, "JPY", 15_000, 15_000),
        (1004, "EUR", 200_00, 200_00),
        (1005, "EUR", 80_00, 0),
        (1006, "EUR", 282_70, 282_70),
        (1007, "EUR", 129_70, 129_70),
        (1008, "EUR", 90_00, 0),
    ],
)
def test_the_demonstration_invoices_are_creditable_as_expected(
    desk: Desk, number: int, currency: str, total: int, creditable: int
) -> None:
    row = desk.row("invoices", invoice_uid(number))
    assert (row["currency"], row["minor"], row["creditable_minor"]) == (currency, total, creditable)


def test_sixty_older_notes_exist_in_both_states_and_in_five_currencies(desk: Desk) -> None:
    notes = desk.sandbox.books()["notes"]
    assert [note["id"] for note in notes] == [f"cn{index:014d}" for index in range(1, 61)]
    assert {note["currency"] for note in notes} == {"EUR", "USD", "JPY", "GBP", "KWD"}
    assert sum(note["status"] == "SETTLED" for note in notes) == 15
    assert {note["notes"] for note in notes} >= {"Order cancellation", "Waiver"}


def test_the_demonstration_has_paid_partly_paid_cancelled_draft_and_inclusive_invoices(desk: Desk) -> None:
    rows = {row["number"]: row for row in desk.sandbox.books()["invoices"]}
    assert [(rows[number]["status"], rows[number]["paid_minor"]) for number in ("1001", "1002", "1004", "1005", "1008")] == [
        ("ISSUED", 119_00),
        ("ISSUED", 0),
        ("ISSUED", 50_00),
        ("CANCELLED", 0),
        ("DRAFT", 0),
    ]
    assert rows["1007"]["tax_mode"] == "include"


def test_a_reset_brings_back_the_same_ids(desk: Desk) -> None:
    def ids() -> dict[str, list[object]]:
        kinds = ("invoices", "notes", "payments", "taxes")
        return {kind: [row["id"] for row in desk.sandbox.books()[kind]] for kind in kinds}

    before, lines = ids(), data(desk.get(f"{BUSINESS}/invoices/{invoice_uid(1001)}"))["invoice"]["items"]
    desk.issued(1002, 1)
    desk.sandbox.reset()
    assert ids() == before
    assert data(desk.get(f"{BUSINESS}/invoices/{invoice_uid(1001)}"))["invoice"]["items"] == lines
    assert VcitaSandbox(Clock()).books()["notes"][0]["id"] == before["notes"][0]


def test_numbers_and_uids_do_not_come_twice_not_even_after_a_reset(desk: Desk) -> None:
    first = desk.issued(1002, 1)
    desk.sandbox.reset()
    second = desk.issued(1002, 1)
    assert int(second["unique_number"]) > int(first["unique_number"]) > 60
    assert second["uid"] != first["uid"]
    assert len(second["uid"]) == 16
    assert second["uid"].isalnum()
    assert second["uid"].islower()
