"""From vcita's two ways of showing an invoice, and the notes against it, to the domain's invoice; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.credit_note import CreditNote, Party, Ref
from app.domain.errors import AccountRefused, GatewayError, NotFound, Rejected
from app.domain.invoice import CreditableBalance, Invoice
from app.domain.money import Money
from app.domain.money import total as sum_of
from app.domain.vocabulary import InvoiceStatus
from app.providers.vcita import wire
from app.providers.vcita.invoice_lines import Lines, business_lines, platform_lines

# docs: Create an invoice; the platform API writes the same words in lower case. ISSUED says nothing about payment.
STATUS = {"DRAFT": InvoiceStatus.DRAFT, "ISSUED": InvoiceStatus.UNKNOWN, "CANCELLED": InvoiceStatus.VOIDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What both APIs tell."""

    uid: str
    status: str
    total: Money
    number: str | int | None
    lines: Lines


def joined(
    account: str,
    business: wire.BusinessInvoice | GatewayError | None,
    platform: wire.PlatformInvoice | GatewayError,
    notes: Sequence[CreditNote],
) -> Invoice | GatewayError:
    """The business API tells tax mode and ids of lines, the platform API what is left to pay; not every token may ask both.

    So a refusal of one leaves unknown what only it tells; that one of them fails to answer does not.
    """
    match business, platform:
        case wire.BusinessInvoice(), wire.PlatformInvoice():
            return business_invoice(account, business, notes, platform)
        case wire.BusinessInvoice(), AccountRefused() | Rejected() | NotFound():
            return business_invoice(account, business, notes, None)
        case ((None | AccountRefused()), wire.PlatformInvoice()):
            return platform_invoice(account, platform, notes)
        case Rejected(), NotFound():  # the business API may refuse without a code what it does not have
            return platform
        case GatewayError(), _:
            return business
        case _, GatewayError():
            return platform
    raise AssertionError  # every pair is above


def business_invoice(
    account: str, invoice: wire.BusinessInvoice, notes: Sequence[CreditNote], payable: wire.PlatformInvoice | None
) -> Invoice:
    """Read an invoice of the business API; `payable` is the same invoice of the platform API, where the token may read it."""
    currency = invoice.currency.upper()
    told = _Told(
        uid=invoice.uid,
        status=invoice.status,
        total=Money.from_major(invoice.total, currency),
        number=invoice.invoice_number,
        lines=business_lines(invoice, currency),
    )
    return _invoice(account, told, notes, payable)


def platform_invoice(account: str, invoice: wire.PlatformInvoice, notes: Sequence[CreditNote]) -> Invoice:
    """Read an invoice of the platform API, which tells no ids of lines."""
    total = Money.from_major(invoice.amount, invoice.currency.upper())
    told = _Told(
        uid=invoice.id,
        status=invoice.status,
        total=total,
        number=invoice.invoice_number,
        lines=platform_lines(invoice, total),
    )
    return _invoice(account, told, notes, invoice)


def _invoice(account: str, told: _Told, notes: Sequence[CreditNote], payable: wire.PlatformInvoice | None) -> Invoice:
    balance = None if payable is None else _balance(payable, told.total.currency)
    foreign = sorted({note.currency for note in notes} - {told.total.currency})
    credited = None if foreign else sum_of([note.total for note in notes], told.total.currency)
    standing = STATUS.get(told.status.upper(), InvoiceStatus.UNKNOWN)
    return Invoice(
        ref=Ref(account, told.uid),
        status=_status(told, balance, credited),
        provider_status=told.status,
        total=told.total,
        number=None if told.number is None else str(told.number),
        amount_due=balance,
        # Whether a note lowers the balance is not published: only without notes is the rest what was paid.
        amount_paid=told.total - balance if balance is not None and not notes and standing is InvoiceStatus.UNKNOWN else None,
        creditable=None if credited is None else _creditable(told.total, credited, standing),
        conflict=f"the invoice is in {told.total.currency}, notes against it are in {', '.join(foreign)}" if foreign else None,
        lines=told.lines.lines,
        tax_inclusive=told.lines.tax_inclusive,
        note_ids=tuple(note.ref.external_id for note in notes),
        customer=Party(provider_id=payable.client_id) if payable is not None and payable.client_id else None,
    )


def _balance(payable: wire.PlatformInvoice, currency: str) -> Money | None:
    return None if payable.payment_balance is None else Money.from_major(payable.payment_balance, currency)


def _creditable(total: Money, credited: Money, standing: InvoiceStatus) -> CreditableBalance:
    """Total less notes; nothing on a draft or a cancelled invoice. Inferred: no member of vcita's exposes it."""
    closed = standing in {InvoiceStatus.DRAFT, InvoiceStatus.VOIDED}
    return CreditableBalance(total=Money(0 if closed else max(0, total.minor - credited.minor), total.currency), exact=False)


def _status(told: _Told, balance: Money | None, credited: Money | None) -> InvoiceStatus:
    """How far an issued invoice is paid, as far as its balance proves it whether or not notes lower that balance."""
    standing = STATUS.get(told.status.upper(), InvoiceStatus.UNKNOWN)
    if told.status.upper() != "ISSUED" or balance is None:
        return standing
    if not balance:
        return InvoiceStatus.PAID
    lowered = told.total.minor - balance.minor
    return InvoiceStatus.PARTIALLY_PAID if credited is not None and lowered > credited.minor else InvoiceStatus.OPEN
