"""The Chargebee sandbox's books stay in order, whatever is done to them and however much of it at once."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.sandbox.chargebee.records import NoteStatus
from app.sandbox.kernel import BadControl, Json
from tests.sandbox import test_chargebee
from tests.sandbox.test_chargebee import Answer, Site

site = test_chargebee.site

AMOUNTS = st.integers(0, 500) | st.integers(0, 30_000)
TYPES = st.sampled_from(["adjustment", "refundable", "store"])
Operation = tuple[str, int, int, int, str]

OPERATIONS = st.tuples(
    st.sampled_from([
        "issue", "issue", "lines", "credit", "void", "delete", "refund", "record", "pay", "owe", "settle", "fail", "renew", "bill",
        "apply", "remove", "write_off", "void_invoice", "later", "under_way",
    ]),
    st.integers(0, 1000), st.integers(0, 1000), AMOUNTS, TYPES,
)  # fmt: skip


class Run:
    """A series of operations, each on whatever the books hold by then; refusals are part of it, broken books are not."""

    def __init__(self, site: Site) -> None:
        self.site = site.fresh()
        self.statuses: list[int] = []

    def invoice(self, pick: int) -> str:
        rows = [str(row["id"]) for row in self.site.sandbox.books()["invoices"]]
        recent = [id for id in rows if id not in SEEDED]
        return [*recent, "INV-1001", "INV-1002", "INV-1004", "INV-1005", "INV-2003"][pick % (len(recent) + 5)]

    def note(self, pick: int) -> str:
        rows = [str(row["id"]) for row in self.site.sandbox.books()["notes"]]
        return rows[-1 - pick % min(len(rows), 8)]

    def user(self, note: str, pick: int) -> str:
        """An invoice the note was used for, if there is one."""
        used = [one.invoice.id for one in self.site.sandbox._books.notes[note].allocations]
        return used[pick % len(used)] if used else self.invoice(pick)

    def transaction(self, pick: int) -> str:
        books = self.site.sandbox.books()
        rows = [str(row["id"]) for row in (*books["payments"], *books["refunds"]) if row["status"] == "in_progress"]
        return rows[pick % len(rows)] if rows else "none"

    def send(self, path: str, form: dict[str, object]) -> None:
        answer = self.site.send(path, form)
        assert answer.status_code < 500, answer.text
        self.statuses.append(answer.status_code)

    def act(self, action: str, **arguments: Json) -> None:
        try:
            self.site.sandbox.act(action, arguments)
        except BadControl:
            self.statuses.append(400)

    def do(self, operation: Operation) -> None:
        name, first, second, amount, type = operation
        invoice, note = self.invoice(first), self.note(second)
        paid = {"transaction[payment_method]": "cash", "transaction[date]": 1_700_000_000, "transaction[amount]": amount}
        reference: dict[str, object] = {"reference_invoice_id": invoice, "type": type}
        credit: dict[str, object] = {"type": "refundable", "customer_id": "acme", "currency_code": "EUR", "total": amount}
        lines = {"line_items[unit_amount][0]": amount // 3, "line_items[quantity][0]": 2, "line_items[unit_amount][4]": 7}
        bill: dict[str, Json] = {"customer_id": "acme", "currency": "EUR", "minor": amount}
        steps: dict[str, Callable[[], None]] = {
            "issue": lambda: self.send("/credit_notes", {**reference, "total": amount}),
            "lines": lambda: self.send("/credit_notes", {**reference, **lines}),
            "credit": lambda: self.send("/credit_notes", credit),
            "void": lambda: self.send(f"/credit_notes/{note}/void", {}),
            "delete": lambda: self.send(f"/credit_notes/{note}/delete", {}),
            "refund": lambda: self.send(f"/credit_notes/{note}/refund", {"refund_amount": amount} if amount % 2 else {}),
            "record": lambda: self.send(f"/credit_notes/{note}/record_refund", paid),
            "pay": lambda: self.act("pay", invoice_id=invoice, minor=amount),
            "owe": lambda: self.act("pay", invoice_id=invoice, minor=amount, in_progress=True),
            "settle": lambda: self.act("settle", id=self.transaction(first)),
            "fail": lambda: self.act("fail", id=self.transaction(first)),
            "renew": lambda: self.act("renew", **bill),
            "bill": lambda: self.act("bill", **bill),
            "apply": lambda: self.send(f"/invoices/{invoice}/apply_credits", {"credit_notes[id][0]": note} if amount % 2 else {}),
            "remove": lambda: self.send(f"/invoices/{self.user(note, first)}/remove_credit_note", {"credit_note[id]": note}),
            "write_off": lambda: self.send(f"/invoices/{invoice}/write_off", {}),
            "void_invoice": lambda: self.act("void_invoice", invoice_id=invoice),
            "later": lambda: self.site.clock.advance(amount),
            "under_way": lambda: self.site.switch(refund_result=("in_progress", "success")[amount % 2]),
        }
        steps[name]()


SEEDED = {f"INV-{number}" for base in (1000, 2000, 3000) for number in range(base, base + 61)}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # each run starts afresh
@given(operations=st.lists(OPERATIONS, min_size=5, max_size=25))
def test_whatever_is_done_the_books_stay_in_order(site: Site, operations: list[Operation]) -> None:
    run = Run(site)
    for operation in operations:
        run.do(operation)
        assert site.sandbox.violations() == [], operation


@pytest.mark.anyio
async def test_notes_issued_at_once_never_take_more_than_there_is(site: Site) -> None:
    statuses: list[int] = []
    form = {"reference_invoice_id": "INV-1002", "type": "adjustment", "total": "15000"}

    async def issue(client: httpx.AsyncClient) -> None:
        statuses.append((await client.post("/credit_notes", data=form)).status_code)

    async with (
        httpx.AsyncClient(base_url=f"{site.url}/api/v2", auth=("test_key", ""), trust_env=False) as client,
        anyio.create_task_group() as requests,
    ):
        for _ in range(8):
            requests.start_soon(issue, client)
    assert sorted(statuses) == [200] * 3 + [400] * 5
    assert site.invoice("INV-1002")["amount_due"] == 5000
    assert site.sandbox.violations() == []


def test_numbers_do_not_repeat_over_resets(site: Site) -> None:
    seen: list[Answer] = []
    for _ in range(3):
        site.sandbox.reset()
        seen += [
            site.post("/credit_notes", {"reference_invoice_id": "INV-1001", "type": "refundable", "total": 1}) for _ in range(3)
        ]
    assert len({one["credit_note"]["id"] for one in seen}) == 9
    assert len({line["id"] for one in seen for line in one["credit_note"]["line_items"]}) == 9


def damages(site: Site) -> dict[str, Callable[[], None]]:
    """Ways to put the books out of order by hand."""
    books = site.sandbox._books
    owed, paid, note = books.invoices["INV-1002"], books.invoices["INV-1001"], books.notes["CN-0001"]
    return {
        "amount_due": lambda: setattr(owed, "amount_due", 1),
        "is paid": lambda: setattr(owed, "status", paid.status),
        "amount_paid": lambda: setattr(paid, "amount_paid", 1),
        "amount_adjusted": lambda: setattr(owed, "amount_adjusted", 1),
        "credits_applied": lambda: setattr(owed, "credits_applied", 1),
        "were issued": lambda: paid.notes.extend([note] * 12),
        "amount_refunded": lambda: setattr(note, "amount_refunded", 1),
        "what was allocated, refunded and is left": lambda: setattr(note, "amount_available", 1),
        "less than nothing": lambda: setattr(note, "amount_available", -1),
        "without an instant": lambda: setattr(note, "status", NoteStatus.VOIDED),
        "another id": lambda: setattr(note, "id", "CN-x"),
        "refunded 5": lambda: setattr(books.payments["txn_1001_1"], "refunded", 5),
        "older than its invoice": lambda: setattr(note, "date", 1),
        "another currency": lambda: setattr(note, "currency", "JPY"),
        "a sequence": lambda: setattr(note, "sequence", owed.sequence),
    }


@pytest.mark.parametrize("words", [
    "amount_due", "is paid", "amount_paid", "amount_adjusted", "credits_applied", "were issued", "amount_refunded",
    "what was allocated, refunded and is left", "less than nothing", "without an instant", "another id", "refunded 5",
    "older than its invoice", "another currency", "a sequence",
])  # fmt: skip
def test_books_out_of_order_are_told_in_words(site: Site, words: str) -> None:
    damages(site)[words]()
    assert any(words in violation for violation in site.sandbox.violations())
