"""One Chargebee site: its books, its API, and what the control API asks of it."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from app.sandbox.chargebee import refusals
from app.sandbox.chargebee.actions import Actions
from app.sandbox.chargebee.api import make_api
from app.sandbox.chargebee.audit import violations
from app.sandbox.chargebee.books import Books as SiteBooks
from app.sandbox.chargebee.books import Ids
from app.sandbox.chargebee.currency import iso_minor
from app.sandbox.chargebee.gate import Gate
from app.sandbox.chargebee.seeding import seed
from app.sandbox.chargebee.switches import CHOICES
from app.sandbox.kernel import Books, Clock, Json, Numbers, Switches


class ChargebeeSandbox:
    """Chargebee's API v2 over one site's books, in memory."""

    name = "chargebee"

    def __init__(self, clock: Clock) -> None:
        self.switches = Switches(CHOICES)
        self._books = SiteBooks(clock, self.switches, Ids(Numbers()))
        self._gate = Gate(self._books)
        self._actions = Actions(self._books, self._gate)
        self.app = make_api(self._gate, self.switches)
        seed(self._books)

    def reset(self) -> None:
        """Books back to the demonstration data; ids given since are not given again."""
        self._gate.reset()
        self._books.clear()
        seed(self._books)

    def books(self) -> Books:
        """Every row with the members all sandboxes show, beside some of Chargebee's own."""
        return {"invoices": self._invoices(), "notes": self._notes(), "payments": self._payments(), "refunds": self._refunds()}

    def violations(self) -> list[str]:
        """Rules the books break now, in words."""
        return violations(self._books)

    def act(self, action: str, arguments: Mapping[str, Json]) -> Json:
        """Do something behind the callers' back."""
        return self._actions.act(action, arguments)

    def refusal(self, status: int) -> Response:
        """An answer with this status, as Chargebee would word it."""
        return refusals.refusal(status, self.switches)

    def _invoices(self) -> list[dict[str, Json]]:
        return [
            {
                "id": one.id,
                "invoice_id": one.id,
                "customer_id": one.customer_id,
                "currency": one.currency,
                "status": one.status.value,
                "minor": iso_minor(one.total, one.currency),
                "due_minor": iso_minor(one.amount_due, one.currency),
                "adjustable_minor": iso_minor(one.adjustable, one.currency),
                "refundable_minor": iso_minor(one.refundable, one.currency),
            }
            for one in self._books.invoices.values()
        ]

    def _notes(self) -> list[dict[str, Json]]:
        return [
            {
                "id": one.id,
                "invoice_id": one.invoice.id if one.invoice else None,
                "customer_id": one.customer_id,
                "currency": one.currency,
                "status": one.status.value,
                "minor": iso_minor(one.total, one.currency),
                "created_at": one.date,
                "type": one.type.value,
                "allocated_minor": iso_minor(one.amount_allocated, one.currency),
                "refunded_minor": iso_minor(one.amount_refunded, one.currency),
                "available_minor": iso_minor(one.amount_available, one.currency),
                "comment": one.comment,
                "deleted": one.deleted,
            }
            for one in self._books.notes.values()
        ]

    def _payments(self) -> list[dict[str, Json]]:
        return [
            {
                "id": one.id,
                "invoice_id": one.invoice.id,
                "currency": one.invoice.currency,
                "status": one.status.value,
                "minor": iso_minor(one.amount, one.invoice.currency),
                "refunded_minor": iso_minor(one.refunded, one.invoice.currency),
                "method": one.method,
            }
            for one in self._books.payments.values()
        ]

    def _refunds(self) -> list[dict[str, Json]]:
        return [
            {
                "id": one.id,
                "note_id": one.note.id,
                "invoice_id": one.note.invoice.id if one.note.invoice else None,
                "currency": one.note.currency,
                "status": one.status.value,
                "minor": iso_minor(one.amount, one.note.currency),
                "online": one.online,
                "parts": {payment.id: iso_minor(amount, one.note.currency) for payment, amount in one.parts},
            }
            for one in self._books.refunds.values()
        ]
