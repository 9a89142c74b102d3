"""vcita's sandbox on a socket, with adapters that talk to it."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Receive, Scope, Send

from app import http
from app.domain.commands import CreditLines, CreditNoteFilter, CreditRemaining, CreditTotal, PageRequest, Place
from app.domain.credit_note import CreditNote
from app.domain.invoice import Invoice
from app.domain.vocabulary import Order
from app.providers.contract import AccountSettings
from app.providers.vcita.adapter import Vcita
from app.sandbox.faults import Fault, Faults, Faulty
from app.sandbox.kernel import Clock
from app.sandbox.vcita import VcitaSandbox
from tests.providers.readings import read_invoice
from tests.providers.sandboxed import Sandboxed
from tests.providers.vcita import adapter, command, settings
from tests.support.serving import served

DIRECTORY = settings(token="directory-token", on_behalf_of="business00000001")
CLIENT = settings(token="client-acme-token")


def uid(number: int) -> str:
    """The id of a demonstration invoice."""
    return f"inv{number:013d}"


@dataclass(frozen=True)
class Desk(Sandboxed[VcitaSandbox]):
    """The sandbox, the requests it has seen, and what goes wrong with them."""

    faults: Faults
    seen: list[str] = field(default_factory=list)

    def fault(self, **rule: Any) -> None:
        """The next request that fits the rule goes wrong."""
        self.faults.add(Fault(**{"times": 1, **rule}))

    def fresh(self) -> None:
        """Nothing seen and nothing to go wrong, too."""
        super().fresh()
        self.faults.clear()
        self.seen.clear()

    def row(self, note_id: str) -> dict[str, Any]:
        """A note as the books have it."""
        return next(row for row in self.sandbox.books()["notes"] if row["id"] == note_id)


@dataclass(frozen=True, slots=True)
class Teller:
    """A desk with a client."""

    desk: Desk
    client: http.AsyncClient

    def adapter(self, account: AccountSettings | None = None) -> Vcita:
        return adapter(self.desk.url, self.client, account)

    async def invoice(self, number: int, account: AccountSettings | None = None) -> Invoice:
        """The invoice as read now."""
        return await read_invoice(self.adapter(account), uid(number))

    async def issue(
        self,
        invoice: int,
        credit: CreditTotal | CreditLines | CreditRemaining,
        *,
        account: AccountSettings | None = None,
        **more: Any,
    ) -> CreditNote:
        """Plan and issue; the answer says what was expected of it."""
        teller = self.adapter(account)
        plan = teller.plan(command(credit, invoice_id=uid(invoice), **more), await self.invoice(invoice, account))
        note = await teller.issue(plan, key="key-1")
        expected = plan.expected
        assert (note.total, note.currency, note.invoice_id) == (expected.total, expected.currency, expected.invoice_id)
        assert expected.net in {None, note.subtotal}
        assert note.reason_text == expected.reason_text
        assert tuple(line.description for line in note.line_items or ()) == expected.descriptions
        return note

    async def walk(
        self, order: Order = Order.ISSUED_DESC, size: int = 25, where: CreditNoteFilter | None = None, resume: Place | None = None
    ) -> list[CreditNote]:
        """All notes, page by page."""
        notes: list[CreditNote] = []
        token: str | None = None
        while True:
            asked = PageRequest(size=size, order=order, token=token, resume=resume if token is None else None)
            page = await self.adapter().list(where or CreditNoteFilter(), asked)
            notes += page.notes
            token = page.next
            if token is None:
                return notes


@contextlib.asynccontextmanager
async def telling(desk: Desk) -> AsyncIterator[Teller]:
    """A client of the desk as it is at the start; whatever it does, no rule of the books is broken."""
    desk.fresh()
    async with http.AsyncClient() as client:
        yield Teller(desk, client)
    assert desk.sandbox.violations() == []


@contextlib.contextmanager
def open_desk() -> Iterator[Desk]:
    """A desk while the block runs."""
    sandbox, faults = VcitaSandbox(Clock()), Faults()
    misbehaving = Faulty(sandbox, faults, Counter())
    seen: list[str] = []

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(f"{scope['method']} {scope['raw_path'].decode()}")
        await misbehaving(scope, receive, send)

    with served(counted) as url:
        yield Desk(sandbox, url, faults, seen)
