"""What the suites need to speak of Chargebee: an account, ids, recorded replies, invoices to credit. No test lives here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from app import http
from app.domain.commands import (
    CreditLine,
    CreditLines,
    CreditRemaining,
    CreditTotal,
    CustomerTarget,
    DispositionPart,
    InvoiceTarget,
    IssueCreditNote,
)
from app.domain.credit_note import Party, Ref, TaxLine
from app.domain.errors import GatewayError
from app.domain.invoice import CreditableBalance, Invoice, InvoiceLine
from app.domain.money import Money
from app.domain.plans import WritePlan
from app.domain.vocabulary import Disposition, InvoiceStatus, Reason
from app.providers.chargebee import SPEC
from app.providers.chargebee.adapter import Chargebee
from app.providers.chargebee.issue import Issue
from app.providers.chargebee.issuing import plan
from app.providers.chargebee.order import Order
from app.providers.contract import AccountSettings
from app.secret import Secret
from tests.providers.readings import read_invoice, refusal_of
from tests.providers.recordings import Recordings
from tests.providers.upstreams import upstream

RECORDED = Recordings(Path(__file__).parent)
reply, expected = RECORDED.reply, RECORDED.expected
ACCOUNT = "chargebee-test"
API_KEY = "test_key_of_the_test"
KEY = "0123456789abcdef" * 4  # what the gateway gives as the provider key
KNOWN_ID = "CN-1042"  # replies/found.json
ABSENT_ID = "CN-0000"
INVOICE_ID = "INV-2077"  # the invoice of the replies
TODAY = date(2026, 11, 20)
BILLED_AT = datetime(2026, 11, 3, 14, 5, 9, tzinfo=UTC)

Credit = CreditTotal | CreditLines | CreditRemaining


def settings(**given: Any) -> AccountSettings:
    """An account as the configuration would give it."""
    account = AccountSettings(
        name=ACCOUNT,
        tenant="tests",
        provider="chargebee",
        credentials={"api_key": Secret(API_KEY)},
        options={"site": "acme-test"},
        reason_codes={},
        switches={},
    )
    return replace(account, **given)


@asynccontextmanager
async def opened(url: str, account: AccountSettings | None = None) -> AsyncIterator[Chargebee]:
    """The adapter of an account at this address."""
    account = replace(account or settings(), base_url=url)
    async with http.AsyncClient() as client:
        yield Chargebee(upstream(SPEC, account, client), account)


def money(minor: int, currency: str = "EUR") -> Money:
    return Money(minor, currency)


def total(minor: int, currency: str = "EUR") -> CreditTotal:
    return CreditTotal(total=Money(minor, currency))


def amount(minor: int, currency: str = "EUR", **given: Any) -> CreditLine:
    """A line to be credited."""
    return CreditLine(amount=Money(minor, currency), **given)


def line(id: str, net: int, *rates: str, currency: str = "EUR") -> InvoiceLine:
    """A line of an invoice, taxed at these rates."""
    taxes = tuple(
        TaxLine(amount=Money(int(net * Decimal(rate) / 100), currency), name=f"VAT {rate}", rate=Decimal(rate)) for rate in rates
    )
    return InvoiceLine(provider_id=id, description=f"Line {id}", quantity=Decimal(1), net=Money(net, currency), taxes=taxes)


def bill(due: int, held: int, *, currency: str = "EUR", **given: Any) -> Invoice:
    """An invoice with this much due and this much paid."""
    whole = Money(due + held, currency)
    balance = CreditableBalance(total=whole, adjustable=Money(due, currency), refundable=Money(held, currency), exact=True)
    invoice = Invoice(
        ref=Ref(ACCOUNT, INVOICE_ID),
        status=InvoiceStatus.OPEN,
        provider_status="payment_due",
        total=whole,
        creditable=balance,
        customer=Party(provider_id="acme"),
        issued_at=BILLED_AT,
        lines=(line("li_1", due + held, currency=currency),),
    )
    return replace(invoice, **given)


def command(credit: Credit, **given: Any) -> IssueCreditNote:
    """A wanted note against the invoice, or against what `target` says."""
    wanted: dict[str, Any] = {"target": target(INVOICE_ID), "reason": Reason.UNSPECIFIED, **given}
    return IssueCreditNote(key="key-1", credit=credit, **wanted)


def target(invoice_id: str) -> InvoiceTarget:
    """An invoice to be credited."""
    return InvoiceTarget(invoice=Ref(ACCOUNT, invoice_id))


def parts(*named: Disposition | None) -> dict[str, Any]:
    """The input `dispositions`, as keyword."""
    return {"dispositions": tuple(DispositionPart(disposition=one) for one in named if one is not None)}


def customer(currency: str = "EUR", id: str = "acme") -> CustomerTarget:
    """A customer to be credited without an invoice."""
    return CustomerTarget(customer=Ref(ACCOUNT, id), currency=currency)


def planned(command: IssueCreditNote, invoice: Invoice | None, account: AccountSettings | None = None) -> WritePlan:
    """The plan made on TODAY."""
    return plan(Issue.of(command, invoice, account or settings(), today=TODAY))


def refusal(command: IssueCreditNote, invoice: Invoice | None, account: AccountSettings | None = None) -> GatewayError:
    """Why there is no plan."""
    return refusal_of(planned, command, invoice, account)


def order(plan: WritePlan) -> Order:
    """The call a plan keeps."""
    return msgspec.json.decode(plan.request, type=Order)


def form(plan: WritePlan) -> dict[str, str]:
    """The parameters a plan sends."""
    pairs = parse_qsl(order(plan).form, keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def columns(plan: WritePlan) -> dict[str, str]:
    """Those of the line items a plan sends, without the list's name."""
    return {name.removeprefix("line_items"): value for name, value in form(plan).items() if name.startswith("line_items")}


def wanted() -> tuple[IssueCreditNote, Invoice]:
    """What replies/issued.json answers, and the invoice it is against; sent as in expected/issue.request.json."""
    return command(total(50_00), reason=Reason.WAIVER, reason_text="late & sorry", notify_customer=False), bill(150_00, 50_00)


async def plan_for(adapter: Chargebee, id: str, credit: Credit, **given: Any) -> WritePlan:
    """The plan of an open adapter against an invoice as it is now."""
    return adapter.plan(command(credit, target=target(id), **given), await read_invoice(adapter, id))
