"""What the suites need to speak of Zenskar: an account, ids, recorded replies, invoices to credit. No test lives here."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from app import http
from app.domain.commands import CreditTotal, DispositionPart, InvoiceTarget, IssueCreditNote
from app.domain.credit_note import Party, Ref
from app.domain.errors import GatewayError
from app.domain.invoice import CreditableBalance, Invoice, Payment
from app.domain.money import Money, total
from app.domain.plans import WritePlan
from app.domain.vocabulary import Disposition, InvoiceStatus, Reason
from app.providers.contract import AccountSettings
from app.providers.zenskar import SPEC
from app.providers.zenskar.adapter import Zenskar
from app.providers.zenskar.issuing import Request, plan, preview
from app.sandbox.kernel import Clock
from app.sandbox.zenskar import ZenskarSandbox
from app.secret import Secret
from tests.providers.readings import problems, refusal_of
from tests.providers.recordings import Recordings
from tests.providers.sandboxed import Sandboxed
from tests.providers.upstreams import upstream
from tests.support.serving import served

RECORDED = Recordings(Path(__file__).parent)
reply, expected = RECORDED.reply, RECORDED.expected
ACCOUNT = "zenskar-test"
API_KEY = "key-of-the-test"
KNOWN_ID = "5b0e7a52-7a3e-4c51-9a52-0c7d6a1f0001"  # replies/found.json
ABSENT_ID = "5b0e7a52-7a3e-4c51-9a52-0c7d6a1fffff"
INVOICE_ID = "7c1f8b63-8b4f-4d62-8b63-1d8e7b2f0001"  # the invoice of the replies
CUSTOMER_ID = "9d2a9c74-9c5a-4e73-9c74-2e9f8c3a0001"


def demo(tail: int) -> str:
    """The demonstration id with this end."""
    return f"00000000-0000-4000-8000-{tail:012}"


def settings(*, currency: str | None = None, **switches: str) -> AccountSettings:
    """An account with these switches."""
    return AccountSettings(
        name=ACCOUNT,
        tenant="tests",
        provider="zenskar",
        credentials={"api_key": Secret(API_KEY)},
        options={"organisation": "00000000-0000-4000-8000-0000000000a0"},
        currency=currency,
        reason_codes={},
        switches=switches,
    )


@asynccontextmanager
async def opened(url: str, account: AccountSettings | None = None) -> AsyncIterator[Zenskar]:
    """The adapter of an account at this address: of the demonstration account, unless told."""
    account = replace(account or settings(**SPEC.demo_switches), base_url=url)
    async with http.AsyncClient() as client:
        yield Zenskar(upstream(SPEC, account, client), account)


Organisation = Sandboxed[ZenskarSandbox]


@contextmanager
def serving() -> Iterator[Organisation]:
    """The sandbox on a socket of its own."""
    sandbox = ZenskarSandbox(Clock())
    with served(sandbox.app) as url:
        yield Organisation(sandbox, url)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def to(disposition: Disposition, minor: int | None = None, payment: int | None = None) -> DispositionPart:
    """A part of a note: where it goes, how much, out of which demo payment."""
    return DispositionPart(
        disposition=disposition,
        amount=None if minor is None else eur(minor),
        payment_id=None if payment is None else demo(payment),
    )


def bill(due: int, *payments: int, currency: str = "EUR", wallet: int = 0, **given: Any) -> Invoice:
    """An invoice with this much due, these payments (demo ids 7000 up) and this much out of the wallet."""
    held = sum(payments) + wallet
    balance = CreditableBalance(
        total=Money(due + held, currency), adjustable=Money(due, currency), refundable=Money(held, currency), exact=False
    )
    invoice = Invoice(
        ref=Ref(ACCOUNT, INVOICE_ID),
        status=InvoiceStatus.OPEN,
        provider_status="approved",
        total=balance.total,
        creditable=balance,
        payments=tuple(
            Payment(provider_id=demo(7000 + place), amount=Money(part, currency), refundable=Money(part, currency))
            for place, part in enumerate(payments)
        ),
        customer=Party(provider_id=CUSTOMER_ID),
    )
    return replace(invoice, **given)


def command(minor: int = 25_00, currency: str = "EUR", **given: Any) -> IssueCreditNote:
    """A wanted note of this much, unless `credit` says otherwise."""
    wanted: dict[str, Any] = {
        "target": InvoiceTarget(invoice=Ref(ACCOUNT, INVOICE_ID)),
        "credit": CreditTotal(total=Money(minor, currency)),
        "reason": Reason.OTHER,
        **given,
    }
    return IssueCreditNote(key="key-1", **wanted)


def planned(wanted: IssueCreditNote, invoice: Invoice | None, **switches: str) -> WritePlan:
    """The plan of an account that names payments, and has these switches; its preview comes to the same."""
    account = settings(**{"split_unit": "major", **switches})
    made, shown = plan(account, wanted, invoice), preview(account, wanted, invoice)
    assert total([part.amount for part in shown.allocations], shown.total.currency) == shown.total == made.expected.total
    return made


def refused(wanted: IssueCreditNote, invoice: Invoice | None, **switches: str) -> list[GatewayError]:
    """Why there is no plan, problem by problem; there is no preview for the same."""
    account = settings(**{"split_unit": "major", **switches})
    found, previewed = (problems(refusal_of(asked, account, wanted, invoice)) for asked in (plan, preview))
    assert [(one.code, one.path, one.message) for one in found] == [(one.code, one.path, one.message) for one in previewed]
    return found


def body(plan: WritePlan) -> dict[str, Any]:
    """The members a plan sends; numbers as text, so that nothing is rounded in looking at them."""
    request = msgspec.json.decode(plan.request, type=Request)
    members: dict[str, Any] = json.loads(request.body, parse_float=str, parse_int=str)
    return members
