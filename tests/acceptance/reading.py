"""How these tests look: always at the provider's word of now, because the books are put back behind the gateway's back."""

from __future__ import annotations

from tests.support.demo import invoice_id
from tests.support.running import GatewayClient, Json

NOW = {"maxAgeSeconds": 0}

PAGE = """query($first: Int, $after: String, $now: FreshnessInput) {
  creditNotes(first: $first, after: $after, freshness: $now) {
    nodes { id providerId createdAt account { name } total { amount currency } invoice { providerId } }
    pageInfo { hasNextPage endCursor } sources { account { name } complete count error { code account } } } }"""
NOTE = "query($id: ID!, $now: FreshnessInput) { creditNote(id: $id, freshness: $now) { id total { amount currency } invoice { providerId } } }"
BALANCE = """query($account: String!, $id: String!, $now: FreshnessInput) {
  invoiceByReference(account: $account, by: { providerId: $id }, freshness: $now) {
    details { creditable { total { amount currency } adjustable { amount } refundable { amount } } } } }"""


def page(gateway: GatewayClient, first: int, after: str | None = None) -> Json:
    """One page over all accounts."""
    found: Json = gateway.gql(PAGE, first=first, after=after, now=NOW)["creditNotes"]
    return found


def note(gateway: GatewayClient, id: str) -> Json:
    """One note by its global id."""
    found: Json = gateway.gql(NOTE, id=id, now=NOW)["creditNote"]
    return found


def balance(gateway: GatewayClient, account: str, number: int) -> tuple[str, str, str]:
    """What may still be credited, as the table of the demo invoices has it: adjustable, refundable, total; "-" where a part is not told."""
    found = gateway.gql(BALANCE, account=account, id=invoice_id(account, number), now=NOW)
    creditable = found["invoiceByReference"]["details"]["creditable"]
    parts = [creditable[part] for part in ("adjustable", "refundable", "total")]
    adjustable, refundable, total = ("-" if part is None else part["amount"] for part in parts)
    return adjustable, refundable, total
