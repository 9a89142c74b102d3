"""The adapter reading from vcita's sandbox, over a socket: both ways of every switch it must cope with."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.domain.commands import CreditNoteFilter, PageRequest, Place
from app.domain.credit_note import CreditNote
from app.domain.errors import AccountRefused, GatewayError, InvalidInput, NotFound, Rejected
from app.domain.invoice import CreditableBalance, Invoice
from app.domain.money import Money
from app.domain.ranges import MoneyRange
from app.domain.vocabulary import ErrorCode, Filter, InvoiceStatus, Order, Reason, RefundStatus, Settlement, Status
from app.providers.contract import AccountSettings, CanRecall, HasLines
from app.providers.vcita import SPEC
from tests.providers.vcita import settings
from tests.providers.vcita.desk import CLIENT, DIRECTORY, Teller, uid

pytestmark = pytest.mark.anyio


# number -> status, currency, total, creditable, due, paid
DEMO = {
    1001: (InvoiceStatus.PAID, "EUR", 119_00, 119_00, 0, 119_00),
    1002: (InvoiceStatus.OPEN, "USD", 500_00, 500_00, 500_00, 0),
    1003: (InvoiceStatus.PAID, "JPY", 15_000, 15_000, 0, 15_000),
    1004: (InvoiceStatus.PARTIALLY_PAID, "EUR", 200_00, 200_00, 150_00, 50_00),
    1005: (InvoiceStatus.VOIDED, "EUR", 80_00, 0, 0, None),
}


@pytest.mark.parametrize("account", [None, DIRECTORY])
@pytest.mark.parametrize("number", DEMO)
async def test_a_demonstration_invoice_has_its_figures(teller: Teller, account: AccountSettings | None, number: int) -> None:
    status, currency, total, left, due, paid = DEMO[number]
    invoice = await teller.invoice(number, account)
    assert invoice.status is status
    assert (invoice.total, invoice.amount_due) == (Money(total, currency), Money(due, currency))
    assert invoice.amount_paid == (None if paid is None else Money(paid, currency))
    assert invoice.creditable == CreditableBalance(total=Money(left, currency), exact=False)
    assert (invoice.payments, invoice.note_ids, invoice.number) == (None, (), str(number))


@pytest.mark.parametrize("number", [1001, 1006, 1007])
async def test_both_apis_tell_the_same_lines_but_only_one_their_ids(teller: Teller, number: int) -> None:
    staff, directory = await teller.invoice(number), await teller.invoice(number, DIRECTORY)
    assert [(line.net, line.taxes, line.quantity) for line in staff.lines] == [
        (line.net, line.taxes, line.quantity) for line in directory.lines
    ]
    assert staff.tax_inclusive == directory.tax_inclusive == (number == 1007)
    assert all(line.provider_id for line in staff.lines)
    assert not any(line.provider_id for line in directory.lines)


@pytest.mark.parametrize(
    "switches",
    [{"platform_status": "200"}, {"legacy_money": "numbers"}, {"note_lowers_balance": "no"}, {"on_behalf_of": "optional"}],
)
@pytest.mark.parametrize("account", [None, DIRECTORY])
async def test_the_shapes_of_the_older_apis_make_no_difference(
    teller: Teller, switches: dict[str, str], account: AccountSettings | None
) -> None:
    before = await teller.invoice(1006, account)
    teller.desk.switch(**switches)
    assert await teller.invoice(1006, account) == before


@pytest.mark.parametrize("lowers", ["yes", "no"])
async def test_what_was_paid_is_not_told_once_there_are_notes(teller: Teller, lowers: str) -> None:
    teller.desk.switch(note_lowers_balance=lowers)
    note = teller.desk.act("issue", invoice_id=uid(1004), minor=20_00)
    invoice = await teller.invoice(1004)
    assert invoice.amount_due == Money(130_00 if lowers == "yes" else 150_00, "EUR")
    assert (invoice.amount_paid, invoice.status) == (None, InvoiceStatus.PARTIALLY_PAID)
    assert invoice.creditable == CreditableBalance(total=Money(180_00, "EUR"), exact=False)
    assert invoice.note_ids == (note["note_id"],)


async def test_a_token_the_platform_api_refuses_still_learns_what_is_left(teller: Teller) -> None:
    teller.desk.switch(platform_staff="refused")
    invoice = await teller.invoice(1004)
    assert (invoice.status, invoice.amount_due, invoice.customer) == (InvoiceStatus.UNKNOWN, None, None)
    assert invoice.creditable == CreditableBalance(total=Money(200_00, "EUR"), exact=False)


async def test_a_token_the_business_api_refuses_reads_the_platform_api(teller: Teller) -> None:
    assert (await teller.invoice(1001, CLIENT)).lines[0].provider_id is None
    others = (await teller.adapter(CLIENT).invoices([uid(1002)]))[uid(1002)]
    assert isinstance(others, GatewayError)


@pytest.mark.parametrize("account", [None, DIRECTORY])
@pytest.mark.parametrize(
    "switches",
    [{}, {"legacy_missing": "404"}, {"error_body": "message_array"}, {"error_body": "no_code"}, {"error_body": "error_text"}],
)
async def test_an_unknown_invoice_is_absent_whatever_the_refusal_looks_like(
    teller: Teller, account: AccountSettings | None, switches: dict[str, str]
) -> None:
    teller.desk.switch(**switches)
    found = await teller.adapter(account).invoices([uid(1001), "inv_nobody", uid(1001)])
    assert set(found) == {uid(1001), "inv_nobody"}
    assert isinstance(found[uid(1001)], Invoice)
    absent = found["inv_nobody"]
    assert isinstance(absent, NotFound)
    assert absent.provider is not None


async def test_a_draft_and_unread_pages_of_notes_are_counted(teller: Teller) -> None:
    for _ in range(101):
        teller.desk.act("issue", invoice_id=uid(1002), minor=1)
    invoice = await teller.invoice(1002)
    assert invoice.creditable == CreditableBalance(total=Money(498_99, "USD"), exact=False)
    assert len(set(invoice.note_ids)) == 101
    assert (await teller.invoice(1008)).status is InvoiceStatus.DRAFT


async def test_every_id_asked_is_answered_once(teller: Teller) -> None:
    ids = [f"cn{index:014d}" for index in range(1, 21)]
    found = await teller.adapter().fetch_many([*ids, "cn_nobody", ids[0]])
    assert list(found) == [*ids, "cn_nobody"]
    assert all(isinstance(found[id], CreditNote) for id in ids)
    assert isinstance(found["cn_nobody"], NotFound)
    assert len(teller.desk.seen) == 21


@pytest.mark.parametrize("id", ["", ".", "..", " ", "a\nb", "\ud800"])
async def test_an_id_no_address_can_carry_is_absent_without_a_call(teller: Teller, id: str) -> None:
    assert isinstance((await teller.adapter().fetch_many([id]))[id], NotFound)
    assert isinstance((await teller.adapter().invoices([id]))[id], NotFound)
    assert teller.desk.seen == []


@pytest.mark.parametrize("id", ["../invoices", "a/b", "cn?x=1", "cn#1", "ü %2e"])
async def test_an_id_stays_one_piece_of_the_path(teller: Teller, id: str) -> None:
    assert isinstance((await teller.adapter().fetch_many([id]))[id], NotFound)
    (seen,) = teller.desk.seen
    assert seen.startswith("GET /v3/payments/credit_notes/")
    assert seen.count("/") == 4


async def test_a_settled_note_was_refunded(teller: Teller) -> None:
    note = (await teller.adapter().fetch_many(["cn00000000000004"]))["cn00000000000004"]
    assert isinstance(note, CreditNote)
    assert (note.status, note.settlement, note.refund_status) == (Status.ISSUED, Settlement.SETTLED, RefundStatus.SUCCEEDED)


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("size", [7, 60, 100])
async def test_all_notes_are_walked_once_in_order(teller: Teller, order: Order, size: int) -> None:
    notes = await teller.walk(order, size)
    assert len({note.ref for note in notes}) == len(notes) == 60
    instants = [note.issued_at for note in notes]
    assert instants == sorted(instants, reverse=order is Order.ISSUED_DESC)
    assert {note.currency for note in notes} == {"EUR", "USD", "JPY", "GBP", "KWD"}


async def test_a_walk_resumed_loses_nothing_while_notes_are_issued(teller: Teller) -> None:
    first = await teller.adapter().list(CreditNoteFilter(), PageRequest(size=10))
    assert first.next is not None
    second = await teller.adapter().list(CreditNoteFilter(), PageRequest(size=10, token=first.next))
    shown = {note.ref for note in (*first.notes, *second.notes[:3])}
    for _ in range(15):
        teller.desk.act("issue", invoice_id=uid(1002), minor=1)
    rest = await teller.walk(size=99, resume=Place(at=second.notes[2].issued_at, token=second.token))
    older = {note.ref for note in rest if note.issued_at <= second.notes[2].issued_at}
    assert len(shown | older) == 60


async def test_a_walk_resumed_on_its_first_page_needs_no_token(teller: Teller) -> None:
    page = await teller.adapter().list(CreditNoteFilter(), PageRequest(size=5, resume=Place(at=datetime.now(UTC))))
    assert (len(page.notes), page.token) == (5, "1:5")


async def test_only_the_invoice_narrows_upstream(teller: Teller) -> None:
    where = CreditNoteFilter(
        invoice_ids=(uid(2007),),
        statuses=frozenset({Status.ISSUED}),
        reasons=frozenset({Reason.WAIVER}),
        currencies=frozenset({"USD"}),
        total=MoneyRange(currency="USD"),
    )
    page = await teller.adapter().list(where, PageRequest(size=25))
    assert [note.ref.external_id for note in page.notes] == ["cn00000000000007"]
    assert (page.unapplied, page.next) == (frozenset({Filter.STATUS, Filter.REASON, Filter.CURRENCY, Filter.TOTAL}), None)
    assert (await teller.adapter().list(CreditNoteFilter(), PageRequest(size=1))).unapplied == frozenset()


@pytest.mark.parametrize("token", ["x", "1", "1:", "-1:5", "²:5"])
async def test_a_token_nobody_made_is_refused(teller: Teller, token: str) -> None:
    with pytest.raises(InvalidInput):
        await teller.adapter().list(CreditNoteFilter(), PageRequest(size=5, token=token))


async def test_a_wrong_token_or_business_is_the_accounts_fault(teller: Teller) -> None:
    for account in (
        settings(token="wrong"),
        settings(token="directory-token"),
        settings(token="directory-x", on_behalf_of="wrong"),
    ):
        for shape in ("errors", "message", "error"):
            teller.desk.switch(unauthorized_body=shape)
            with pytest.raises(AccountRefused) as raised:
                await teller.adapter(account).probe()
            assert raised.value.code is ErrorCode.PROVIDER_UNAUTHENTICATED
            found = await teller.adapter(account).invoices([uid(1001)])
            assert isinstance(found[uid(1001)], AccountRefused)


async def test_a_list_some_tokens_may_not_ask_says_so(teller: Teller) -> None:
    teller.desk.switch(notes_list="staff_only")
    with pytest.raises(AccountRefused) as raised:
        await teller.adapter(DIRECTORY).probe()
    assert raised.value.code is ErrorCode.PROVIDER_FORBIDDEN
    teller.desk.switch(notes_list="gateway_refuses_staff")
    with pytest.raises(Rejected, match="Unauthorized"):
        await teller.adapter().probe()


async def test_the_account_is_addressed_as_declared(teller: Teller) -> None:
    await teller.adapter().probe()
    await teller.adapter(DIRECTORY).probe()
    assert SPEC.client(settings()).base_url == "https://api.vcita.biz"
    assert SPEC.client(DIRECTORY).headers == {"Authorization": "Bearer directory-token", "X-On-Behalf-Of": "business00000001"}
    assert isinstance(teller.adapter(), CanRecall)
    assert not isinstance(teller.adapter(), HasLines)
