"""Chargebee (API v2), declared: what it can do, and how an account of it is addressed and authenticated."""

from __future__ import annotations

from base64 import b64encode
from types import MappingProxyType

from app.domain.vocabulary import Disposition, Filter, IssueField, Operation, Order
from app.providers.chargebee.adapter import Chargebee
from app.providers.chargebee.details import account_reasons
from app.providers.chargebee.headers import BUSINESS_ENTITY
from app.providers.contract import AccountSettings, Capabilities, ClientOptions, Limits, ProviderSpec


def _client(settings: AccountSettings) -> ClientOptions:
    """Basic authentication with the key as user name and no password (docs: Authentication)."""
    host = settings.base_url or f"https://{settings.options['site']}.chargebee.com"
    key = settings.credentials["api_key"].reveal()
    headers = {"Authorization": "Basic " + b64encode(f"{key}:".encode()).decode(), "Accept": "application/json"}
    if entity := settings.options.get("business_entity_id"):
        headers[BUSINESS_ENTITY] = entity
    return ClientOptions(base_url=host.rstrip("/").removesuffix("/api/v2"), headers=headers)  # every path begins with it


SPEC = ProviderSpec(
    name="chargebee",
    credentials=("api_key",),
    options=("site",),
    address=("site",),
    optional=("business_entity_id",),
    capabilities=Capabilities(
        batch_size=100,  # docs: Lists and filters, `limit`
        native_idempotency=True,
        issues_without_invoice=True,
        number_is_id=True,
        invoices_per_list=100,
        customers_per_list=100,
        pages_by_instant=True,
        dispositions=frozenset(Disposition) - {Disposition.UNKNOWN},
        issue_fields=frozenset(
            {
                IssueField.LINE_ITEMS,
                IssueField.REASON_CODE,
                IssueField.REASON_TEXT,
                IssueField.DISPOSITIONS,
                IssueField.ISSUED_ON,
                IssueField.CUSTOMER_NOTE,
                IssueField.INTERNAL_NOTE,
                IssueField.NOTIFY_CUSTOMER,
                IssueField.WITHOUT_INVOICE,
            }
        ),
        filters=frozenset(
            {
                Filter.INVOICE,
                Filter.CUSTOMER,
                Filter.STATUS,
                Filter.SETTLEMENT,
                Filter.REASON,
                Filter.ISSUED,
                Filter.UPDATED,
            }
        ),
        orders=frozenset({Order.ISSUED_DESC, Order.ISSUED_ASC}),
        notes=MappingProxyType(
            {
                Operation.ISSUE: "One note lies wholly in one part of the invoice: what is owed, or what was paid. "
                "Reasons Chargebee has no code for need the account's reason_codes or options.chargebee.createReasonCode.",
                Operation.ISSUE_WITHOUT_INVOICE: "Credit for the customer only.",
                Operation.VOID: "A note that was used or refunded must lose that at Chargebee first; one refunded online stays.",
                Operation.REFUND: "Of refundable notes. Money goes back to the invoice's payments, one call for each that it takes; "
                "an external refund is put on record.",
            }
        ),
    ),
    client=_client,
    adapter=Chargebee,
    reasons=account_reasons,
    limits=Limits(per_minute=150),  # docs: API rate limits, the lowest of the published plans
)
