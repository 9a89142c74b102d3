"""The operations of the older interfaces: reading invoices, payments and payment requests, cancelling, refunding."""

from __future__ import annotations

import re

from starlette.responses import Response

from app.domain.money import InexactAmount, Money
from app.sandbox.vcita import legacy
from app.sandbox.vcita.access import STAFF, STAFF_AND_DIRECTORY, Kind
from app.sandbox.vcita.answers import Shown, answer
from app.sandbox.vcita.business import Business
from app.sandbox.vcita.calls import Call, Endpoint
from app.sandbox.vcita.filters import page_of, sorted_invoices
from app.sandbox.vcita.reading import Given, Reader
from app.sandbox.vcita.records import Invoice, Payment
from app.sandbox.vcita.refunding import RefundOrder
from app.sandbox.vcita.refusals import Family, GatewayRefused, Refused, refusal

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


def _data(data: Shown, status: int = 200) -> Response:
    return answer({"success": True, "data": data}, status)


def _missing(business: Business, field: str) -> Refused:
    """docs: Get Payment; what is not there is answered 422."""
    return refusal(int(business.switches["legacy_missing"]), field, "Not Found", code="missing")


def _invoice(business: Business, call: Call) -> Invoice:
    invoice = business.books.invoices.get(call.path["invoice_uid"])
    if invoice is None:
        raise _missing(business, "invoice_uid")
    return invoice


def get_business_invoice(business: Business, call: Call) -> Response:
    """docs: Get Invoice."""
    return _data({"invoice": legacy.business_invoice(_invoice(business, call), business.switches)})


def cancel_invoice(business: Business, call: Call) -> Response:
    """docs: Cancel Invoice; activities are not kept here, so there are none to unlink."""
    invoice = _invoice(business, call)
    reader = Reader(call.object(empty=b"{}"))
    reader.flag("unlink_activities")
    reader.finish()
    cancelled = business.invoicing.cancel(invoice, call.now)
    return _data({"invoice": legacy.business_invoice(cancelled, business.switches)})


def get_payment(business: Business, call: Call) -> Response:
    """docs: Get Payment; its sample wraps the data twice."""
    found = business.books.payments.get(call.path["payment_uid"])
    if found is None:
        raise _missing(business, "payment_uid")
    shown: Shown = {"payment": legacy.payment(found, business.books.invoices[found.invoice_uid])}
    doubled = business.switches["payment_nesting"] == "doubled"
    return _data({"data": shown, "success": True} if doubled else shown)


def get_payment_request(business: Business, call: Call) -> Response:
    """docs: GET Payment Request."""
    uid = call.path["uid"]
    invoice = next((invoice for invoice in business.books.invoices.values() if invoice.request_uid == uid), None)
    if invoice is None:
        raise _missing(business, "payment_request_uid")
    return _data({"payment_request": legacy.payment_request(invoice, business.books, business.switches)})


def create_refund(business: Business, call: Call) -> Response:
    """docs: Create Refund; documented failures are 422 throughout."""
    try:
        payment, order = _read_refund(business, call.object())
    except Refused as refused:
        if refused.status != 400:
            raise
        raise Refused(422, *refused.complaints) from refused
    uid = business.issuing.refund(order, payment, call.now)
    return _data({"refund": legacy.refund(business.books.refunds[uid], business.switches)}, 201)


def _read_refund(business: Business, body: dict[str, Given]) -> tuple[Payment, RefundOrder]:
    outer = Reader(body)
    reader = outer.object("refund", required=True) or Reader({})  # without one, `outer.finish()` refuses
    payment_uid, transaction = reader.text("payment_uid"), reader.text("provider_transaction_id")
    amount = reader.number("amount")
    recorded = reader.flag("record_refund") or False
    refund_id, refund_time = reader.text("provider_refund_id"), reader.text("refund_time")
    if payment_uid is None and transaction is None:
        reader.complain("payment_uid", "or provider_transaction_id is required", code="required")
    if not recorded and (refund_id or refund_time):
        reader.complain("record_refund", "must be true where provider_refund_id or refund_time is given")
    if refund_time is not None and not _INSTANT.fullmatch(refund_time):
        reader.complain("refund_time", "must be an instant in ISO 8601")
    outer.finish()
    payment = _payment(business, payment_uid, transaction)
    try:
        minor = None if amount is None else Money.from_major(amount, payment.currency).minor
    except InexactAmount as inexact:
        raise refusal(422, "refund.amount", str(inexact)) from inexact
    return payment, RefundOrder(amount=minor, recorded=recorded, provider_refund_id=refund_id, refund_time=refund_time)


def _payment(business: Business, uid: str | None, transaction: str | None) -> Payment:
    for payment in business.books.payments.values():
        if payment.uid == uid or (uid is None and payment.transaction_id == transaction):
            return payment
    raise _missing(business, "payment_uid")


def get_platform_invoice(business: Business, call: Call) -> Response:
    """docs: Get Invoice By ID; documented with 201."""
    _pass_gateway(business, call)
    invoice = business.books.invoices.get(call.path["invoice_id"])
    if invoice is None or not _sees(call, invoice):
        raise refusal(422, "invoice_id", "Invoice not found", code="not_found")
    return _platform({"invoice": _platform_shown(business, invoice)}, business)


def list_platform_invoices(business: Business, call: Call) -> Response:
    """docs: Get Invoices List; documented with 201."""
    _pass_gateway(business, call)
    states = call.query.get("filter[state][in]")
    wanted = None if states is None else set(states.split(","))
    own = [
        invoice
        for invoice in business.books.invoices.values()
        if _sees(call, invoice) and (wanted is None or invoice.status.value.lower() in wanted)
    ]
    page = page_of(sorted_invoices(own, call.query), call.query)
    return _platform({"invoices": [_platform_shown(business, invoice) for invoice in page]}, business)


def _pass_gateway(business: Business, call: Call) -> None:
    """developers-hub: some old paths refuse a staff token at the gateway."""
    if business.switches["platform_staff"] == "refused" and call.caller.kind is Kind.STAFF:
        raise GatewayRefused


def _sees(call: Call, invoice: Invoice) -> bool:
    return call.caller.matter_uid in {None, invoice.client.matter_uid}


def _platform_shown(business: Business, invoice: Invoice) -> Shown:
    notes_count = business.switches["note_lowers_balance"] == "yes"
    return legacy.platform_invoice(invoice, balance=business.books.balance(invoice, notes_count=notes_count))


def _platform(data: Shown, business: Business) -> Response:
    return answer({"status": "OK", "data": data}, int(business.switches["platform_status"]))


_V1 = "/business/payments/v1"
_PLATFORM = "/platform/v1/invoices"

LEGACY_ENDPOINTS = (
    Endpoint(
        method="GET", path=f"{_V1}/invoices/{{invoice_uid}}", operation=get_business_invoice, family=Family.BUSINESS, tokens=STAFF
    ),
    Endpoint(
        method="PUT",
        path=f"{_V1}/invoices/{{invoice_uid}}/cancel",
        operation=cancel_invoice,
        family=Family.BUSINESS,
        tokens=STAFF_AND_DIRECTORY,
    ),
    Endpoint(method="GET", path=f"{_V1}/payments/{{payment_uid}}", operation=get_payment, family=Family.BUSINESS, tokens=STAFF),
    Endpoint(
        method="GET", path=f"{_V1}/payment_requests/{{uid}}", operation=get_payment_request, family=Family.BUSINESS, tokens=STAFF
    ),
    Endpoint(method="POST", path=f"{_V1}/refunds", operation=create_refund, family=Family.BUSINESS, tokens=STAFF_AND_DIRECTORY),
    Endpoint(method="GET", path=_PLATFORM, operation=list_platform_invoices, family=Family.PLATFORM),
    Endpoint(method="GET", path=f"{_PLATFORM}/{{invoice_id}}", operation=get_platform_invoice, family=Family.PLATFORM),
)
