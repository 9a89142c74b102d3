"""Zenskar: how an account is addressed, what it can do, and which of its unpublished habits an account may choose."""

from __future__ import annotations

from types import MappingProxyType

from app.domain.vocabulary import Disposition, Filter, IssueField, Operation, Order
from app.providers.contract import AccountSettings, Capabilities, ClientOptions, Limits, ProviderSpec
from app.providers.zenskar.adapter import Zenskar
from app.providers.zenskar.switches import SWITCHES

BASE_URL = "https://api.zenskar.com"


def _client(settings: AccountSettings) -> ClientOptions:
    """docs: Overview: a key and the organisation go with every call; the version is a choice."""
    headers = {
        "Accept": "application/json",
        "x-api-key": settings.credentials["api_key"].reveal(),
        "organisation": settings.options["organisation"],
    }
    if "api_version" in settings.options:
        headers["apiversion"] = settings.options["api_version"]
    return ClientOptions(base_url=(settings.base_url or BASE_URL).rstrip("/"), headers=headers)


_NOTES = {
    Operation.ISSUE: "The reason goes in the text, which the provider does not give back: a note read says UNSPECIFIED.",
    Operation.VOID: (
        "Offered where the account's switch `void` says `accepted`. Which notes may be voided, and what becomes of their invoice, payments"
        " and credits, is published nowhere: but for a note that is void already, the provider decides. It takes no text."
    ),
    Operation.REFUND: "A note cannot be refunded later: money goes back only as it is issued, by its dispositions.",
}

SPEC = ProviderSpec(
    name="zenskar",
    credentials=("api_key",),
    options=("organisation",),
    optional=("api_version",),
    client=_client,
    adapter=Zenskar,
    capabilities=Capabilities(
        counts=True,
        dispositions=frozenset(Disposition) - {Disposition.UNKNOWN},
        issue_fields=frozenset({IssueField.REASON_TEXT, IssueField.DISPOSITIONS, IssueField.PAYMENT_SPLIT}),
        filters=frozenset({Filter.INVOICE, Filter.CUSTOMER, Filter.STATUS}),
        untold=frozenset({Filter.UPDATED}),
        orders=frozenset(Order),
        notes=MappingProxyType(_NOTES),
    ),
    switches=SWITCHES,
    gates=MappingProxyType({Operation.VOID: ("void", "accepted")}),
    demo_switches=MappingProxyType({"split_unit": "major", "void": "accepted"}),
    limits=Limits(),
)

__all__ = ["SPEC"]
