"""Chargebee, for the contract suite."""

from __future__ import annotations

from app.domain.errors import AmountTooHigh, Rejected
from app.domain.money import Money
from app.domain.vocabulary import ErrorCode, Status
from app.providers.chargebee import SPEC
from tests.providers.case import ProviderCase
from tests.providers.chargebee import ABSENT_ID, API_KEY, KNOWN_ID, RECORDED, settings, wanted

BASIC = "dGVzdF9rZXlfb2ZfdGhlX3Rlc3Q6"  # Base64 of the key and a colon (docs: Authentication: user name, no password)

CASE = ProviderCase(
    spec=SPEC,
    recorded=RECORDED,
    account=settings(),
    auth={"authorization": f"Basic {BASIC}"},
    secrets=(API_KEY, BASIC),
    known_id=KNOWN_ID,
    absent_id=ABSENT_ID,
    wanted=wanted(),
    # docs: Currencies: amounts are in hundredths, in those without a minor unit in whole units.
    amounts={
        "CN-1045": Money(12_50, "USD"),
        "CN-1044": Money(12_500, "KWD"),
        "CN-1043": Money(15_000, "JPY"),
        "CN-1042": Money(119_00, "EUR"),
    },
    collections=("/api/v2/credit_notes",),
    page_size=2,
    note=lambda body: (body["list"][0] if "list" in body else body)["credit_note"],
    notes=lambda body: body["list"],
    alone=lambda entry: {"list": [entry]},
    statuses={
        "adjusted": Status.ISSUED,
        "refund_due": Status.ISSUED,
        "refunded": Status.ISSUED,
        "voided": Status.VOIDED,
    },
    published=("components", "schemas", "CreditNote", "properties", "status"),
    refusals={
        "rejected": (Rejected, ErrorCode.PROVIDER_REJECTED),
        "over_balance": (AmountTooHigh, ErrorCode.AMOUNT_EXCEEDS_CREDITABLE),
    },
)
