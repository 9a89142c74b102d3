"""The routes. An endpoint awaits its body and nothing else: what it then does happens as a whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.sandbox.zenskar import requests
from app.sandbox.zenskar.desk import Desk
from app.sandbox.zenskar.door import Door
from app.sandbox.zenskar.filters import (
    INVOICE_FILTERS,
    INVOICE_KEYS,
    NOTE_FILTERS,
    NOTE_KEYS,
    PAYMENT_FILTERS,
    PAYMENT_KEYS,
    selected,
)
from app.sandbox.zenskar.kinds import Shape, Value, boolean, uuid
from app.sandbox.zenskar.paging import Listed, Page, page
from app.sandbox.zenskar.problems import Invalid
from app.sandbox.zenskar.reading import Call, read
from app.sandbox.zenskar.refusals import Refused, answer, missing, on_demand, refused, unprocessable
from app.sandbox.zenskar.wire import Presenter

R = TypeVar("R", bound=Listed)
Handler = Callable[[Call, Presenter], Value]


class Api:
    """Every operation: the desk decides, the presenter shows."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._books = desk.books
        self._switches = desk.switches

    def app(self) -> Starlette:
        """The provider's application."""
        app = Starlette(
            routes=self._routes(),
            middleware=[Middleware(Door, switches=self._switches)],
            exception_handlers={Refused: self._on_refused, Invalid: self._on_invalid, HTTPException: self._on_http},
        )
        app.router.redirect_slashes = False
        return app

    def _routes(self) -> list[Route]:
        table: list[tuple[str, str, Shape, Handler]] = [
            ("POST", "/invoices/{invoice_id}/credit_note", requests.ISSUE_CALL, self._issue),
            ("GET", "/credit_notes", requests.NOTES_CALL, self._notes),
            ("POST", "/credit_notes", requests.RECORD_CALL, self._record),
            ("GET", "/credit_notes/{credit_note_id}", requests.NOTE_CALL, self._note),
            ("PATCH", "/credit_notes/{credit_note_id}", requests.CHANGE_CALL, self._change),
            ("GET", "/files/credit_notes/{credit_note_id}/line_items.json", requests.NOTE_CALL, self._note_lines),
            ("GET", "/invoices", requests.INVOICES_CALL, self._invoices),
            ("GET", "/invoices/internal", requests.INVOICES_CALL, self._invoices),  # where the MCP server lists
            ("GET", "/invoices/external_id/{external_id}", requests.EXTERNAL_CALL, self._external_invoice),
            ("GET", "/invoices/{invoice_id}", requests.INVOICE_CALL, self._invoice),
            ("GET", "/invoices/{invoice_id}/line_items", requests.INVOICE_CALL, self._invoice_lines),
            ("GET", "/invoices/{invoice_id}/payments", requests.INVOICE_CALL, self._invoice_payments),
            ("PATCH", "/invoices/{invoice_id}/approve", requests.APPROVE_CALL, self._approve),
            ("PATCH", "/invoices/{invoice_id}/void", requests.VOID_CALL, self._void),
            ("GET", "/payments", requests.PAYMENTS_CALL, self._payments),
            ("POST", "/payments", requests.PAY_CALL, self._pay),
            ("GET", "/payments/invoice/{invoice_id}", requests.INVOICE_CALL, self._invoice_payments),
            ("GET", "/payments/invoice/{invoice_id}/without_refunds", requests.INVOICE_CALL, self._originals),
            ("GET", "/payments/{payment_id}", requests.PAYMENT_CALL, self._payment),
            ("POST", "/payments/{payment_id}/refund", requests.REFUND_CALL, self._refund),
        ]
        return [self._route(*entry) for entry in table]

    def _route(self, method: str, path: str, shape: Shape, handle: Handler) -> Route:
        async def endpoint(request: Request) -> Response:
            call = await read(request, shape)
            self._desk.catch_up()
            return answer(handle(call, Presenter(self._books, call.origin)))

        return Route(path, endpoint, methods=[method])

    def _issue(self, call: Call, show: Presenter) -> Value:
        invoice = self._books.invoice(uuid(call.path["invoice_id"]))
        order = requests.order(call, invoice.currency, self._switches)
        return show.note(self._desk.notes.issue(order, self._desk.stamp()))

    def _record(self, call: Call, show: Presenter) -> Value:
        return show.note(self._desk.notes.record(requests.record(call), self._desk.stamp()))

    def _note(self, call: Call, show: Presenter) -> Value:
        return show.note(self._books.note(uuid(call.path["credit_note_id"])))

    def _note_lines(self, call: Call, show: Presenter) -> Value:
        return show.note_lines(self._books.note(uuid(call.path["credit_note_id"])))

    def _change(self, call: Call, show: Presenter) -> Value:
        note_id = uuid(call.path["credit_note_id"])
        return show.note(self._desk.notes.change(note_id, requests.change(call), self._desk.clock.now()))

    def _notes(self, call: Call, show: Presenter) -> Value:
        rows = list(self._books.notes.values())
        if "invoice_id" in call.query:  # looked up rather than searched
            rows = self._books.notes_of(uuid(call.query["invoice_id"]))
        found = page(selected(rows, call.query, NOTE_FILTERS, NOTE_KEYS, self._switches), NOTE_KEYS, call.query, self._switches)
        return self._page(found, show.note)

    def _invoices(self, call: Call, show: Presenter) -> Value:
        rows = selected(list(self._books.invoices.values()), call.query, INVOICE_FILTERS, INVOICE_KEYS, self._switches)
        found = page(rows, INVOICE_KEYS, call.query, self._switches)
        return self._page(found, show.listed_invoice)

    def _invoice(self, call: Call, show: Presenter) -> Value:
        invoice = self._books.invoice(uuid(call.path["invoice_id"]))
        if boolean(call.query.get("include_line_items", False)):
            return {**show.invoice(invoice), "line_items": show.lines(invoice)}
        return show.invoice(invoice)

    def _external_invoice(self, call: Call, show: Presenter) -> Value:
        wanted = str(call.path["external_id"])
        for invoice in self._books.invoices.values():
            if invoice.external_id == wanted:
                return show.invoice(invoice)
        raise missing(wanted, "Invoice")

    def _invoice_lines(self, call: Call, show: Presenter) -> Value:
        return show.lines(self._books.invoice(uuid(call.path["invoice_id"])))

    def _invoice_payments(self, call: Call, show: Presenter) -> Value:
        return show.payments_of_invoice(self._desk.ledger.of_invoice(uuid(call.path["invoice_id"])))

    def _originals(self, call: Call, show: Presenter) -> Value:
        return show.payments_of_invoice(self._desk.ledger.without_refunds(uuid(call.path["invoice_id"])))

    def _approve(self, call: Call, show: Presenter) -> Value:
        """`check_duplicate_invoice` finds nothing: no two invoices here share a contract and a period."""
        return show.invoice(self._desk.invoices.approve(uuid(call.path["invoice_id"]), self._desk.clock.now()))

    def _void(self, call: Call, show: Presenter) -> Value:
        return show.invoice(self._desk.invoices.void(uuid(call.path["invoice_id"]), self._desk.clock.now()))

    def _payments(self, call: Call, show: Presenter) -> Value:
        rows = selected(self._desk.ledger.all(), call.query, PAYMENT_FILTERS, PAYMENT_KEYS, self._switches)
        found = page(rows, PAYMENT_KEYS, call.query, self._switches)
        return self._page(found, show.payment)

    def _payment(self, call: Call, show: Presenter) -> Value:
        return show.payment(self._desk.ledger.row(uuid(call.path["payment_id"])))

    def _pay(self, call: Call, show: Presenter) -> Value:
        payment = self._desk.payments.record(requests.receipt(call), self._desk.stamp())
        return show.payment(self._desk.ledger.payment(payment))

    def _refund(self, call: Call, _: Presenter) -> Value:
        self._desk.payments.refund(requests.returned(call), self._desk.stamp())
        return {}  # docs: Refund payment: an empty schema

    def _page(self, found: Page[R], show: Callable[[R], Value]) -> Value:
        total = found.total if self._switches["total_count"] == "present" else None
        return {"results": [show(row) for row in found.rows], "next": found.next, "previous": found.previous, "total_count": total}

    async def _on_refused(self, _: Request, error: Exception) -> Response:
        return refused(error, self._switches) if isinstance(error, Refused) else on_demand(500, self._switches)

    async def _on_invalid(self, _: Request, error: Exception) -> Response:
        return unprocessable(error.problems, self._switches) if isinstance(error, Invalid) else on_demand(500, self._switches)

    async def _on_http(self, _: Request, error: Exception) -> Response:
        return on_demand(error.status_code if isinstance(error, HTTPException) else 500, self._switches)
