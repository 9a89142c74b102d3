"""vcita, for the contract suite."""

from __future__ import annotations

from app.domain.commands import CreditTotal
from app.domain.errors import Rejected
from app.domain.money import Money
from app.domain.vocabulary import ErrorCode, Reason, Status
from app.providers.vcita import SPEC
from tests.providers.case import ProviderCase
from tests.providers.vcita import ABSENT_ID, KNOWN_ID, PAGE_SIZE, RECORDED, TOKEN, command, euro, invoice, line, settings, tax

CASE = ProviderCase(
    spec=SPEC,
    recorded=RECORDED,
    account=settings(),
    auth={"authorization": f"Bearer {TOKEN}"},
    secrets=(TOKEN,),
    known_id=KNOWN_ID,
    absent_id=ABSENT_ID,
    wanted=(
        command(CreditTotal(total=euro(100_00)), reason=Reason.WAIVER, reason_text="goodwill"),
        invoice(line(100_00, tax("19", 19_00))),
    ),
    amounts={
        "cn_abc123def456": Money(85_50, "EUR"),
        "cn_jpy000000001": Money(1_500, "JPY"),
        "cn_kwd000000001": Money(10_505, "KWD"),
    },
    collections=("/v3/payments/credit_notes",),
    page_size=PAGE_SIZE,
    note=lambda body: body["data"],
    notes=lambda body: body["data"]["credit_notes"],
    alone=lambda entry: {"success": True, "data": entry},
    statuses={"ISSUED": Status.ISSUED, "SETTLED": Status.ISSUED},
    published=("components", "schemas", "CreditNote", "properties", "status"),
    refusals={
        "rejected": (Rejected, ErrorCode.PROVIDER_REJECTED),
        "over_balance": (Rejected, ErrorCode.PROVIDER_REJECTED),
    },
    deviates={
        "test_more_than_is_left_is_told_as_such": "vcita publishes no code for it: `invalid` may be anything, and prose is not read",
    },
)
