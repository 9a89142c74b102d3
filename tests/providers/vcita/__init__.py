"""What the suites need to speak of vcita: an account, ids of the demonstration data, recorded replies. No test lives here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from app import http
from app.domain.commands import CreditLines, CreditRemaining, CreditTotal, InvoiceTarget, IssueCreditNote
from app.domain.credit_note import Ref, TaxLine
from app.domain.invoice import CreditableBalance, Invoice, InvoiceLine
from app.domain.money import Money
from app.domain.vocabulary import InvoiceStatus, Reason
from app.providers.contract import AccountSettings
from app.providers.vcita import SPEC
from app.providers.vcita.adapter import Vcita
from app.secret import Secret
from tests.providers.recordings import Recordings
from tests.providers.upstreams import upstream

RECORDED = Recordings(Path(__file__).parent)
reply, expected = RECORDED.reply, RECORDED.expected
ACCOUNT = "vcita-test"
TOKEN = "staff-token-of-the-test"
KNOWN_ID = "cn_abc123def456"  # replies/found.json
ABSENT_ID = "cn_nobodyhasthis"
INVOICE_ID = "59ny6pi00qjyww82"  # the invoice of the replies
PAGE_SIZE = 2  # replies/page_first.json is a full page of this size, page_last.json a short one


def settings(*, token: str = TOKEN, source_payment: str = "accepted", refunds: str = "flex", **options: str) -> AccountSettings:
    """An account as the configuration would give it."""
    return AccountSettings(
        name=ACCOUNT,
        tenant="tests",
        provider="vcita",
        credentials={"token": Secret(token)},
        options=options,
        reason_codes={},
        switches={"source_payment": source_payment, "refunds": refunds},
    )


def adapter(url: str, client: http.AsyncClient, account: AccountSettings | None = None) -> Vcita:
    """An adapter with a line of its own to this address."""
    account = replace(account or settings(), base_url=url)
    return Vcita(upstream(SPEC, account, client), account)


def euro(minor: int) -> Money:
    return Money(minor, "EUR")


def tax(rate: str, minor: int, *, name: str = "VAT", currency: str = "EUR") -> TaxLine:
    return TaxLine(amount=Money(minor, currency), name=name, rate=Decimal(rate))


def line(net: int, *taxes: TaxLine, id: str | None = None, quantity: str = "1", currency: str = "EUR") -> InvoiceLine:
    """A line of an invoice."""
    return InvoiceLine(
        provider_id=id, description=f"Line {id or net}", quantity=Decimal(quantity), net=Money(net, currency), taxes=taxes
    )


def invoice(*lines: InvoiceLine, left: int | None = None, tax_inclusive: bool = False, **members: Any) -> Invoice:
    """An invoice with these lines, of which `left` may still be credited: all of it, unless told."""
    gross = sum(one.net.minor + (0 if tax_inclusive else sum(part.amount.minor for part in one.taxes)) for one in lines)
    total = Money(gross, lines[0].net.currency)
    creditable = CreditableBalance(total=Money(gross if left is None else left, total.currency), exact=False)
    given: Mapping[str, Any] = {"status": InvoiceStatus.OPEN, "creditable": creditable, **members}
    return Invoice(
        ref=Ref(ACCOUNT, INVOICE_ID),
        provider_status="ISSUED",
        total=total,
        number="1001",
        lines=lines,
        tax_inclusive=tax_inclusive,
        **given,
    )


def command(
    credit: CreditTotal | CreditLines | CreditRemaining,
    *,
    invoice_id: str = INVOICE_ID,
    reason: Reason = Reason.UNSPECIFIED,
    **more: Any,
) -> IssueCreditNote:
    """A wanted note."""
    return IssueCreditNote(
        key="key-1", target=InvoiceTarget(invoice=Ref(ACCOUNT, invoice_id)), credit=credit, reason=reason, **more
    )
