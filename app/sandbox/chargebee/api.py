"""The routes of Chargebee's API v2 that this site serves, and its answers to those it does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.sandbox.chargebee import invoices_api, lists, notes_api
from app.sandbox.chargebee.gate import Gate, Handler
from app.sandbox.chargebee.refusals import Refusal
from app.sandbox.kernel import Switches

BASE = "/api/v2"

READS: dict[str, Handler] = {
    "/credit_notes": lists.credit_notes,
    "/credit_notes/{id}": notes_api.retrieve,
    "/credit_notes/{id}/download_einvoice": notes_api.electronic,
    "/customers/{id}/credit_notes": lists.customer_notes,
    "/invoices": lists.invoices,
    "/invoices/{id}": invoices_api.retrieve,
    "/events": lists.events,
    "/events/{id}": lists.event,
}
WRITES: dict[str, Handler] = {
    "/credit_notes": notes_api.create,
    "/credit_notes/import_credit_note": notes_api.import_note,
    "/credit_notes/{id}/update": notes_api.update,
    "/credit_notes/{id}/void": notes_api.void,
    "/credit_notes/{id}/delete": notes_api.delete,
    "/credit_notes/{id}/refund": notes_api.refund,
    "/credit_notes/{id}/record_refund": notes_api.record_refund,
    "/credit_notes/{id}/remove_tax_withheld_refund": notes_api.remove_tax_withheld_refund,
    "/credit_notes/{id}/pdf": notes_api.pdf,
    "/credit_notes/{id}/resend_einvoice": notes_api.electronic,
    "/credit_notes/{id}/send_einvoice": notes_api.electronic,
    "/credit_notes/{id}/send_email": notes_api.send_email,
    "/invoices/{id}/apply_credits": invoices_api.apply_credits,
    "/invoices/{id}/remove_credit_note": invoices_api.remove_credit_note,
    "/invoices/{id}/write_off": invoices_api.write_off,
}
UNKEYED = "/send_email"  # a key is not used to tell repeats there


def make_api(gate: Gate, switches: Switches) -> Starlette:
    """The application behind the gate."""
    reads = [Route(BASE + path, gate.read(handler), methods=["GET"]) for path, handler in READS.items()]
    writes = [
        Route(BASE + path, gate.write(handler, keyed=not path.endswith(UNKEYED)), methods=["POST"])
        for path, handler in WRITES.items()
    ]

    async def refused(_: Request, refusal: Exception) -> Response:
        if not isinstance(refusal, Refusal):
            raise refusal
        return refusal.response(switches)

    app = Starlette(
        routes=[*reads, *writes],
        exception_handlers={Refusal: refused, 404: _absent(gate, switches, 404), 405: _absent(gate, switches, 405)},
    )
    app.router.redirect_slashes = False
    return app


def _absent(gate: Gate, switches: Switches, status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    """No such path, or no such method of it; strangers learn neither."""

    async def endpoint(request: Request, _: Exception) -> Response:
        try:
            gate.admit(request)
        except Refusal as refused:
            return refused.response(switches)
        words = "does not exist" if status == 404 else f"does not support {request.method}"
        return Refusal(status, f"{request.url.path[:100]} {words}").response(switches)

    return endpoint
