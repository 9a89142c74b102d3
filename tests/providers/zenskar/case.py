"""Zenskar, for the contract suite."""

from __future__ import annotations

from app.domain.errors import InvalidInput, Rejected
from app.domain.money import Money
from app.domain.vocabulary import ErrorCode, Reason, Status
from app.providers.zenskar import SPEC
from tests.providers.case import ProviderCase
from tests.providers.zenskar import ABSENT_ID, API_KEY, KNOWN_ID, RECORDED, bill, command, settings

CASE = ProviderCase(
    spec=SPEC,
    recorded=RECORDED,
    account=settings(**SPEC.demo_switches),
    auth={"x-api-key": API_KEY, "organisation": "00000000-0000-4000-8000-0000000000a0"},
    secrets=(API_KEY,),
    known_id=KNOWN_ID,
    absent_id=ABSENT_ID,
    wanted=(command(25_00, reason=Reason.WAIVER, reason_text="goodwill"), bill(500_00)),
    amounts={
        "5b0e7a52-7a3e-4c51-9a52-0c7d6a1f0001": Money(25_10, "EUR"),
        "5b0e7a52-7a3e-4c51-9a52-0c7d6a1f0002": Money(1_500, "JPY"),
        "5b0e7a52-7a3e-4c51-9a52-0c7d6a1f0003": Money(12_345, "KWD"),
    },
    collections=("/credit_notes",),
    page_size=2,
    note=lambda body: body,
    notes=lambda body: body["results"],
    alone=lambda entry: entry,
    statuses={
        "in_progress": Status.PENDING,
        "issued": Status.ISSUED,
        "paid": Status.ISSUED,
        "void": Status.VOIDED,
    },
    published=("components", "schemas", "CreditNoteStatuses"),
    refusals={
        "rejected": (InvalidInput, ErrorCode.INVALID_INPUT),
        "over_balance": (Rejected, ErrorCode.PROVIDER_REJECTED),
    },
    deviates={
        "test_more_than_is_left_is_told_as_such": "Zenskar publishes no code for it, and prose is not read",
    },
)
