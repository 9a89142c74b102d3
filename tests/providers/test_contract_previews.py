"""The suite every provider passes: a preview comes to what the plan sends, refuses what the plan refuses, and asks nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from app.domain.commands import CreditRemaining, CreditTotal, CustomerTarget, DispositionPart, IssueCreditNote
from app.domain.credit_note import Ref
from app.domain.errors import GatewayError, InvalidInputs
from app.domain.invoice import CreditableBalance, Invoice
from app.domain.money import Money, total
from app.domain.plans import Preview, WritePlan
from app.domain.vocabulary import Disposition, ErrorCode, InvoiceStatus, IssueField
from tests.providers.case import ProviderCase
from tests.providers.conftest import Opened
from tests.providers.test_contract_abilities import ASKED, asking

pytestmark = pytest.mark.anyio

Refusal = tuple[ErrorCode, tuple[str, ...] | None]


def told(
    make: Callable[[IssueCreditNote, Invoice | None], WritePlan | Preview], *asked: Any
) -> list[Refusal] | WritePlan | Preview:
    """What comes of it, or why nothing does: code and path of every problem."""
    try:
        return make(*asked)
    except InvalidInputs as several:
        return [(problem.code, problem.path) for problem in several.problems]
    except GatewayError as refused:
        return [(refused.code, refused.path)]


def compared(opened: Opened, command: IssueCreditNote, invoice: Invoice | None) -> list[Refusal] | Preview:
    """The preview, or why there is none, after a look at the plan."""
    shown, planned = told(opened.adapter.preview, command, invoice), told(opened.adapter.plan, command, invoice)
    assert opened.desk.arrived == []
    if isinstance(shown, list):
        assert shown == planned
        return shown
    assert isinstance(shown, Preview)
    assert isinstance(planned, WritePlan), planned
    check(shown, planned)
    return shown


def check(shown: Preview, planned: WritePlan) -> None:
    """One currency, parts that add up, and the amounts that are sent."""
    amounts = [shown.total, shown.subtotal, shown.tax, *(part.amount for part in shown.allocations)]
    assert {amount.currency for amount in amounts if amount is not None} == {planned.expected.currency}
    assert all(part.amount.minor > 0 for part in shown.allocations)
    if shown.allocations:
        assert total([part.amount for part in shown.allocations], shown.total.currency) == shown.total
    if shown.subtotal is not None and shown.tax is not None:
        assert shown.subtotal + shown.tax == shown.total
    if planned.expected.total is not None:
        assert abs((planned.expected.total - shown.total).minor) <= planned.expected.tolerance


def plain(case: ProviderCase) -> tuple[IssueCreditNote, Invoice]:
    """The wanted note without texts, as a preview is asked for."""
    command, invoice = case.wanted
    return replace(command, reason_text=None), invoice


async def test_a_preview_is_of_the_amount_asked(opened: Opened, case: ProviderCase) -> None:
    command, invoice = plain(case)
    assert isinstance(command.credit, CreditTotal)
    shown = compared(opened, command, invoice)
    assert isinstance(shown, Preview), shown
    assert shown.total == command.credit.total
    for part in shown.allocations:
        assert (part.invoice_id is not None) is (part.disposition is Disposition.INVOICE_BALANCE)
        assert part.invoice_id in {None, invoice.ref.external_id}
        assert part.disposition in case.spec.capabilities.dispositions


async def test_a_preview_of_all_that_is_left_says_how_much_that_is(opened: Opened, case: ProviderCase) -> None:
    command, invoice = plain(case)
    shown = compared(opened, replace(command, credit=CreditRemaining()), invoice)
    left = invoice.creditable
    assert left is not None
    if isinstance(shown, Preview):
        assert shown.total == left.total
    else:  # of two parts, one note holds one
        assert left.adjustable
        assert left.refundable


@pytest.mark.parametrize("field", ASKED, ids=lambda field: field.value)
async def test_a_preview_takes_what_an_issue_takes(opened: Opened, case: ProviderCase, field: IssueField) -> None:
    shown = compared(opened, *asking(case, field))
    assert field in case.spec.capabilities.issue_fields or isinstance(shown, list)


@pytest.mark.parametrize("disposition", Disposition, ids=lambda disposition: disposition.value)
async def test_a_preview_sends_the_value_where_the_issue_would(
    opened: Opened, case: ProviderCase, disposition: Disposition
) -> None:
    command, invoice = plain(case)
    shown = compared(opened, replace(command, dispositions=(DispositionPart(disposition=disposition),)), invoice)
    if isinstance(shown, Preview):
        assert {part.disposition for part in shown.allocations} == {disposition}


def more(money: Money) -> Money:
    return Money(money.minor + 1, money.currency)


def of(minor: int, currency: str = "EUR") -> CreditTotal:
    return CreditTotal(total=Money(minor, currency))


def with_left(invoice: Invoice, minor: int) -> Invoice:
    """The invoice with this much left, none of it paid."""
    left, none = Money(minor, invoice.currency), Money.zero(invoice.currency)
    parts = invoice.creditable is not None and invoice.creditable.adjustable is not None
    balance = CreditableBalance(total=left, adjustable=left if parts else None, refundable=none if parts else None, exact=False)
    return replace(invoice, creditable=balance)


# What is asked of which invoice, and the code it must be refused with; None: whichever the provider has for it.
REFUSED: Mapping[str, tuple[Callable[[IssueCreditNote, Invoice], tuple[IssueCreditNote, Invoice | None]], ErrorCode | None]] = {
    "another currency": (lambda asked, invoice: (replace(asked, credit=of(1, "JPY")), invoice), ErrorCode.CURRENCY_MISMATCH),
    "nothing": (lambda asked, invoice: (replace(asked, credit=of(0)), invoice), ErrorCode.INVALID_INPUT),
    "less than nothing": (lambda asked, invoice: (replace(asked, credit=of(-1)), invoice), ErrorCode.INVALID_INPUT),
    "more than 64 bits count": (lambda asked, invoice: (replace(asked, credit=of(2**63)), invoice), ErrorCode.INVALID_INPUT),
    "more than is left": (
        lambda asked, invoice: (replace(asked, credit=CreditTotal(total=more(invoice.total))), invoice),
        ErrorCode.AMOUNT_EXCEEDS_CREDITABLE,
    ),
    "all of nothing": (
        lambda asked, invoice: (replace(asked, credit=CreditRemaining()), with_left(invoice, 0)),
        ErrorCode.AMOUNT_EXCEEDS_CREDITABLE,
    ),
    "an unknown balance": (
        lambda asked, invoice: (asked, replace(invoice, creditable=None, conflict="they contradict each other")),
        ErrorCode.PROVIDER_BAD_PAYLOAD,
    ),
    "a draft": (
        lambda asked, invoice: (asked, replace(invoice, status=InvoiceStatus.DRAFT, provider_status="draft")),
        ErrorCode.INVOICE_NOT_CREDITABLE,
    ),
    "no invoice": (
        lambda asked, _: (replace(asked, target=CustomerTarget(customer=Ref(asked.account, "acme"), currency="XXX")), None),
        None,
    ),
    "nowhere": (
        lambda asked, invoice: (replace(asked, dispositions=(DispositionPart(disposition=Disposition.UNKNOWN),)), invoice),
        None,
    ),
    "two wrongs": (
        lambda asked, invoice: (replace(asked, credit=of(0), customer_note="x" * 5000), invoice),
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_a_preview_refuses_what_an_issue_refuses(opened: Opened, case: ProviderCase, name: str) -> None:
    change, code = REFUSED[name]
    shown = compared(opened, *change(*plain(case)))
    assert isinstance(shown, list), shown
    assert code is None or {found for found, _ in shown} == {code}
    assert all(path for _, path in shown) or code is ErrorCode.PROVIDER_BAD_PAYLOAD
