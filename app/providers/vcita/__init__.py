"""vcita (inTandem), declared: what an account needs and what the provider can do. No call is made here."""

from __future__ import annotations

from types import MappingProxyType

from app.domain.vocabulary import Filter, IssueField, Operation, Order
from app.providers.contract import AccountSettings, Capabilities, ClientOptions, ProviderSpec
from app.providers.vcita.adapter import Vcita

BASE_URL = "https://api.vcita.biz"  # docs: API policies and conventions


def client_options(settings: AccountSettings) -> ClientOptions:
    """The address and the token; a directory's token also names the business it acts for."""
    headers = {"Authorization": f"Bearer {settings.credentials['token'].reveal()}"}
    business = settings.options.get("on_behalf_of")
    if business:
        headers["X-On-Behalf-Of"] = business
    return ClientOptions(base_url=(settings.base_url or BASE_URL).rstrip("/"), headers=headers)


SPEC = ProviderSpec(
    name="vcita",
    credentials=("token",),
    optional=("on_behalf_of",),
    capabilities=Capabilities(
        issue_fields=frozenset(
            {IssueField.LINE_ITEMS, IssueField.TAXES, IssueField.REASON_TEXT, IssueField.NUMBER, IssueField.NOTIFY_CUSTOMER}
        ),
        filters=frozenset({Filter.INVOICE}),
        untold=frozenset({Filter.CUSTOMER}),
        orders=frozenset({Order.ISSUED_DESC, Order.ISSUED_ASC}),
        notes=MappingProxyType(
            {
                Operation.ISSUE: "The reason goes into the note's text.",
                Operation.VOID: "A note cannot be withdrawn at this provider.",
                Operation.REFUND: "Gives back a whole payment of the note's invoice, named by paymentId, where the account says"
                " refunds = flex: in Strict Mode a refund may make a note of its own.",
            }
        ),
    ),
    client=client_options,
    adapter=Vcita,
    switches={"source_payment": ("unset", "accepted"), "refunds": ("unset", "flex")},
    gates={Operation.REFUND: ("refunds", "flex")},
    demo_switches={"source_payment": "accepted", "refunds": "flex"},
)
