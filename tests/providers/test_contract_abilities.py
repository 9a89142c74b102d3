"""The suite every provider passes: what it declares is what it does, and what it does not do is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.domain.commands import (
    CreditLine,
    CreditLines,
    CreditNoteFilter,
    CustomerTarget,
    DispositionPart,
    IssueCreditNote,
    LineTax,
    PageRequest,
    Place,
)
from app.domain.credit_note import CreditNote, Ref
from app.domain.errors import GatewayError, InvalidInputs, Unsupported
from app.domain.invoice import Invoice
from app.domain.money import Money
from app.domain.plans import WritePlan
from app.domain.ranges import DayRange, InstantRange
from app.domain.vocabulary import Disposition, Filter, IssueField, Order, Reason, Settlement, Status
from app.gateway.support import refuse_unsupported
from app.providers.contract import CanRecall, HasLines
from tests.providers.case import ProviderCase
from tests.providers.conftest import Opened

pytestmark = pytest.mark.anyio

LINES = CreditLines(lines=(CreditLine(description="Setup", quantity=Decimal(1), unit_amount=Decimal("10.00")),))
TAXED = CreditLines(lines=(replace(LINES.lines[0], taxes=(LineTax(name="VAT", rate=Decimal(7)),)),))
REFUND = DispositionPart(disposition=Disposition.PAYMENT_REFUND, payment_id="p-1", amount=Money(100, "EUR"))
YESTERDAY = date.today() - timedelta(days=1)  # noqa: DTZ011 - a calendar day, as a person asks for it

# What is asked, and the path that a refusal must name.
ASKED: Mapping[IssueField, tuple[dict[str, Any], str]] = {
    IssueField.LINE_ITEMS: ({"credit": LINES}, "credit.lineItems"),
    IssueField.TAXES: ({"credit": TAXED}, "credit.lineItems.0.taxes"),
    IssueField.REASON_TEXT: ({"reason_text": "in my own words", "internal_note": None}, "reasonText"),
    IssueField.DISPOSITIONS: ({"dispositions": (DispositionPart(disposition=Disposition.INVOICE_BALANCE),)}, "dispositions"),
    IssueField.PAYMENT_SPLIT: ({"dispositions": (REFUND,)}, "dispositions"),
    IssueField.NUMBER: ({"number": "N-1"}, "number"),
    IssueField.ISSUED_ON: ({"issued_on": YESTERDAY}, "issuedOn"),
    IssueField.CUSTOMER_NOTE: ({"customer_note": "for the customer"}, "customerNote"),
    IssueField.INTERNAL_NOTE: ({"internal_note": "for us", "reason_text": None}, "internalNote"),
    IssueField.NOTIFY_CUSTOMER: ({"notify_customer": True}, "notifyCustomer"),
    IssueField.WITHOUT_INVOICE: ({}, "against.customer"),
}
# Shown by other tests: a reason's code is the account's matter, and what a disposition does depends on the invoice.
NOT_SEEN_IN_THE_REQUEST = {IssueField.DISPOSITIONS, IssueField.PAYMENT_SPLIT, IssueField.REASON_CODE, IssueField.NOTIFY_CUSTOMER}


def asking(case: ProviderCase, field: IssueField) -> tuple[IssueCreditNote, Invoice | None]:
    """The wanted note with this asked for as well."""
    command, invoice = case.wanted
    if field is IssueField.WITHOUT_INVOICE:
        target = CustomerTarget(customer=Ref(case.account.name, "acme"), currency="EUR")
        return replace(command, target=target), None
    return replace(command, **ASKED[field][0]), invoice


def outcome(opened: Opened, command: IssueCreditNote, invoice: Invoice | None) -> WritePlan | list[GatewayError]:
    """The plan, or why there is none: by what is declared, and by the adapter itself."""
    try:
        refuse_unsupported(opened.account, command)
        return opened.adapter.plan(command, invoice)
    except InvalidInputs as several:
        return list(several.problems)
    except GatewayError as refused:
        return [refused]


@pytest.mark.parametrize("field", ASKED, ids=lambda field: field.value)
async def test_what_is_not_declared_is_refused_by_its_path_before_anything_is_sent(
    opened: Opened, case: ProviderCase, field: IssueField
) -> None:
    done = outcome(opened, *asking(case, field))
    if field in case.spec.capabilities.issue_fields:
        assert isinstance(done, WritePlan) or not any(type(error) is Unsupported and error.ability is field for error in done)
        return
    assert isinstance(done, list)
    path = ASKED[field][1]
    assert path in {".".join(error.path or ()) for error in done if isinstance(error, Unsupported)}, done
    assert opened.desk.arrived == []


@pytest.mark.parametrize("field", [field for field in ASKED if field not in NOT_SEEN_IN_THE_REQUEST], ids=lambda field: field.value)
async def test_the_adapter_drops_nothing_even_where_nobody_asked_what_it_can(
    opened: Opened, case: ProviderCase, field: IssueField
) -> None:
    command, invoice = asking(case, field)
    try:
        plan = opened.adapter.plan(command, invoice)
    except GatewayError:
        assert field not in case.spec.capabilities.issue_fields
    else:
        assert field in case.spec.capabilities.issue_fields
        assert plan.request != opened.adapter.plan(*case.wanted).request


@pytest.mark.parametrize("notify", [True, False])
async def test_a_wish_about_mails_is_kept_or_refused(opened: Opened, case: ProviderCase, *, notify: bool) -> None:
    command, invoice = case.wanted
    done = outcome(opened, replace(command, notify_customer=notify), invoice)
    if IssueField.NOTIFY_CUSTOMER in case.spec.capabilities.issue_fields:
        assert isinstance(done, WritePlan)
        other = opened.adapter.plan(replace(command, notify_customer=not notify), invoice)
        assert done.request != other.request
    else:
        assert isinstance(done, list) is notify  # nobody is mailed there, which is what False asks for


@pytest.mark.parametrize("disposition", Disposition, ids=lambda disposition: disposition.value)
async def test_a_disposition_is_declared_or_refused(opened: Opened, case: ProviderCase, disposition: Disposition) -> None:
    command, invoice = case.wanted
    asked = replace(command, dispositions=(DispositionPart(disposition=disposition),))
    done = outcome(opened, asked, invoice)
    refused = [error for error in done if getattr(error, "ability", None) is disposition] if isinstance(done, list) else []
    if disposition is Disposition.UNKNOWN:
        assert isinstance(done, list)
    else:
        assert bool(refused) is (disposition not in case.spec.capabilities.dispositions)
    with_field = IssueField.DISPOSITIONS in case.spec.capabilities.issue_fields
    assert with_field is bool(case.spec.capabilities.dispositions)


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.value)
async def test_every_reason_declared_can_be_given_by_an_account_that_knows_it(
    opened: Opened, case: ProviderCase, reason: Reason
) -> None:
    assert reason in case.spec.capabilities.reasons
    knowing = replace(case.account, reason_codes={each: f"code {each.value}" for each in Reason})
    account = replace(opened.account, settings=knowing)
    command, invoice = case.wanted
    requests = set()
    for asked in (reason, next(each for each in Reason if each is not reason)):
        requests.add(replace(opened, account=account).adapter.plan(replace(command, reason=asked), invoice).request)
    assert len(requests) == 2


async def test_a_note_without_an_invoice_is_declared_in_one_way(opened: Opened, case: ProviderCase) -> None:
    can = case.spec.capabilities
    assert can.issues_without_invoice is (IssueField.WITHOUT_INVOICE in can.issue_fields)


async def test_every_provider_can_be_asked_again_for_what_a_lost_answer_made(opened: Opened) -> None:
    assert isinstance(opened.adapter, CanRecall)


async def test_lines_are_with_the_note_or_a_call_of_their_own(opened: Opened, case: ProviderCase) -> None:
    note = await opened.read("found")
    assert isinstance(note, CreditNote)
    if isinstance(opened.adapter, HasLines):
        assert (note.line_items, note.line_items_url is None) == (None, False)
    else:
        assert note.line_items
        assert note.line_items_url is None


async def test_the_number_is_the_id_only_where_declared(opened: Opened, case: ProviderCase) -> None:
    note = await opened.read("found")
    assert isinstance(note, CreditNote)
    assert (note.number == note.ref.external_id) is case.spec.capabilities.number_is_id


async def test_how_many_there_are_is_told_only_where_declared(opened: Opened, case: ProviderCase) -> None:
    opened.desk.lay_out(case.reply("page_last"))
    page = await opened.adapter.list(CreditNoteFilter(), PageRequest(size=case.page_size))
    assert (page.total_count is not None) is case.spec.capabilities.counts


@pytest.mark.parametrize(
    ("filter", "where"),
    [
        (Filter.INVOICE, CreditNoteFilter(invoice_ids=("00000000-0000-4000-8000-00000000abcd",))),
        (Filter.CUSTOMER, CreditNoteFilter(customer_ids=("00000000-0000-4000-8000-00000000abcd",))),
        (Filter.STATUS, CreditNoteFilter(statuses=frozenset({Status.VOIDED}))),
        (Filter.SETTLEMENT, CreditNoteFilter(settlements=frozenset({Settlement.SETTLED}))),
        (Filter.REASON, CreditNoteFilter(reasons=frozenset({Reason.WRITE_OFF}))),
        (Filter.CURRENCY, CreditNoteFilter(currencies=frozenset({"EUR"}))),
        (Filter.ISSUED, CreditNoteFilter(issued=DayRange(first=date(2026, 1, 1)))),
        (Filter.UPDATED, CreditNoteFilter(updated=InstantRange(end=datetime(2026, 1, 1, tzinfo=UTC)))),
    ],
)
async def test_a_filter_is_applied_by_the_provider_or_told_to_be_left(
    opened: Opened, case: ProviderCase, filter: Filter, where: CreditNoteFilter
) -> None:
    reply = case.reply("page_last")
    case.notes(reply["body"]).clear()
    opened.desk.lay_out(reply)
    for asked in (where, CreditNoteFilter()):
        page = await opened.adapter.list(asked, PageRequest(size=case.page_size))
        is_declared = filter in case.spec.capabilities.filters
        assert (filter in page.unapplied) is (asked is where and not is_declared)
    narrowed, whole = opened.desk.arrived
    assert (narrowed.target != whole.target) is is_declared


async def test_a_walk_resumes_from_an_instant_alone_only_where_declared(opened: Opened, case: ProviderCase) -> None:
    opened.desk.lay_out(case.reply("page_last"))
    for resume in (Place(at=datetime(2026, 1, 1, tzinfo=UTC)), None):
        await opened.adapter.list(CreditNoteFilter(), PageRequest(size=case.page_size, order=Order.ISSUED_DESC, resume=resume))
    resumed, started = opened.desk.arrived
    assert (resumed.target != started.target) is case.spec.capabilities.pages_by_instant


def test_what_an_account_must_supply_is_declared_once(case: ProviderCase) -> None:
    spec = case.spec
    names = [*spec.credentials, *spec.options, *spec.optional]
    assert len(names) == len(set(names))
    assert set(spec.address) <= set(spec.options)
    assert spec.client(replace(case.account, base_url="http://127.0.0.1:1/")).base_url == "http://127.0.0.1:1"
    assert spec.client(case.account).base_url.startswith("https://")


def test_the_demonstration_account_chooses_among_what_there_is(case: ProviderCase) -> None:
    for name, values in case.spec.switches.items():
        assert len(values) == len(set(values)) >= 2
        assert case.spec.demo_switches.get(name, values[0]) in values
    assert set(case.spec.demo_switches) <= set(case.spec.switches)
