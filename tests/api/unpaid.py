"""Issuing against the unpaid demo invoice, USD 500.00, which exists at every provider."""

from __future__ import annotations

from tests.support.demo import UNPAID, invoice_id, provider
from tests.support.running import GatewayClient, Json, SandboxControl

TEN = {"total": {"amount": "10.00", "currency": "USD"}}
ISSUING = {
    "chargebee-demo": ("chargebee", "POST", "/api/v2/credit_notes"),
    "vcita-demo": ("vcita", "POST", "/v3/payments/credit_notes"),
    "zenskar-demo": ("zenskar", "POST", "/invoices/{invoice_id}/credit_note"),
}


def notes_against(sandbox: SandboxControl, account: str, number: int) -> list[Json]:
    return [note for note in sandbox.books()[provider(account)]["notes"] if note["invoice_id"] == invoice_id(account, number)]


def issue_unpaid(gateway: GatewayClient, account: str, credit: Json | None = None, **more: object) -> Json:
    return gateway.issue(account, invoice_id(account, UNPAID), credit or TEN, **more)
