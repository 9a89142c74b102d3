"""Voiding, refunding and previewing as a client asks for them; and notes that were issued to be changed."""

from __future__ import annotations

import base64
import itertools

from tests.support.demo import PAID, UNPAID, invoice_id, provider
from tests.support.running import PAYLOAD, GatewayClient, Json, SandboxControl

CHARGEBEE, VCITA, ZENSKAR = "chargebee-demo", "vcita-demo", "zenskar-demo"
VOIDING, REFUNDING = (CHARGEBEE, ZENSKAR), (CHARGEBEE, VCITA)
PAYMENT = {VCITA: {"paymentId": "pay0000000001001"}}
"""What pays back the paid demo invoice, where that has to be named."""

VOID = f"mutation($input: VoidCreditNoteInput!) {{ voidCreditNote(input: $input) {{ {PAYLOAD} }} }}"
REFUND = f"mutation($input: RefundCreditNoteInput!) {{ refundCreditNote(input: $input) {{ refundId {PAYLOAD} }} }}"
PREVIEW = """query($input: PreviewCreditNoteInput!) { previewCreditNote(input: $input) {
  preview {
    exact total { amount currency } subtotal { amount } tax { amount }
    creditable { exact total { amount } adjustable { amount } refundable { amount } }
    allocations { disposition amount { amount } invoice { providerId } }
  }
  errors { code message path account retryable
    __typename
    ... on AmountProblem { requested { amount currency } maximum { amount currency } }
    ... on UnsupportedProblem { operation supportedBy } } } }"""

_numbers = itertools.count(1)


def global_id(kind: str, account: str, provider_id: str) -> str:
    """The id as the gateway writes it: n a note, i an invoice, a an account."""
    return base64.urlsafe_b64encode(f"{kind}:{account}:{provider_id}".encode()).decode().rstrip("=")


def void(gateway: GatewayClient, id: str, **more: object) -> Json:
    """The payload of voiding; every call with a key of its own unless one is given."""
    return _changed(gateway, VOID, {"id": id, **more})


def refund(gateway: GatewayClient, id: str, **more: object) -> Json:
    """The payload of a refund; every call with a key of its own unless one is given."""
    return _changed(gateway, REFUND, {"id": id, **more})


def preview(gateway: GatewayClient, account: str, invoice: str, credit: Json, **more: object) -> Json:
    """The payload of a preview against an invoice."""
    input = {"against": {"invoice": {"reference": {"account": account, "providerId": invoice}}}, "credit": credit, **more}
    payload: Json = gateway.gql(PREVIEW, input=input)["previewCreditNote"]
    return payload


def voidable(gateway: GatewayClient, account: str) -> str:
    """The id of a note of USD 10.00 off the unpaid invoice."""
    return _id(gateway.issue(account, invoice_id(account, UNPAID), {"total": {"amount": "10.00", "currency": "USD"}}))


def refundable(gateway: GatewayClient, account: str) -> str:
    """The id of a note of all of the paid invoice, EUR 119.00, kept as credit where that can be said."""
    return _id(gateway.issue(account, invoice_id(account, PAID), {"remaining": True}))


def eur(amount: str) -> Json:
    """Money of the paid invoices."""
    return {"amount": amount, "currency": "EUR"}


def refunds_on(sandbox: SandboxControl, account: str, number: int) -> list[Json]:
    """The refunds in the books of a demo invoice's payments."""
    rows = sandbox.books()[provider(account)]["refunds"]
    return [row for row in rows if row["invoice_id"] == invoice_id(account, number)]


def said(payload: Json) -> tuple[str, list[tuple[str, list[str] | None]]]:
    """Outcome, and the problems by code and path."""
    return payload["outcome"], [(problem["code"], problem["path"]) for problem in payload["errors"]]


def _changed(gateway: GatewayClient, mutation: str, input: Json) -> Json:
    (payload,) = gateway.gql(mutation, input={"idempotencyKey": f"change-{next(_numbers)}", **input}).values()
    found: Json = payload
    return found


def _id(payload: Json) -> str:
    assert payload["errors"] == []
    id: str = payload["creditNote"]["id"]
    return id
