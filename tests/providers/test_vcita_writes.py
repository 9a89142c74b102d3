"""The adapter issuing notes in vcita's sandbox, over a socket: the books say what was asked, and refusals change nothing."""

from __future__ import annotations

from datetime import timedelta, timezone
from decimal import Decimal

import pytest

from app.domain.commands import CreditLine, CreditLines, CreditRemaining, CreditTotal, LineTax
from app.domain.errors import AccountRefused, AmountTooHigh, GatewayError, NotFound, Rejected, Unsupported
from app.domain.money import Money
from app.domain.vocabulary import ErrorCode, Reason, RefundStatus, Settlement
from app.providers.vcita.options import VcitaOptions
from tests.providers.vcita import command, euro, settings
from tests.providers.vcita.desk import DIRECTORY, Teller, uid

pytestmark = pytest.mark.anyio


WAYS = [
    (1001, CreditTotal(total=euro(100_00))),
    (1002, CreditTotal(total=Money(1, "USD"))),
    (1003, CreditTotal(total=Money(14_999, "JPY"))),
    (1006, CreditTotal(total=euro(100_01))),
    (1007, CreditTotal(total=euro(50_05))),
    (1006, CreditRemaining()),
    (1007, CreditRemaining()),
    (1001, CreditLines(lines=(CreditLine(invoice_line_item_id="itm0000000001001"),))),
    (1006, CreditLines(lines=(CreditLine(invoice_line_item_id="itm0000000001006", quantity=Decimal(1)),))),
    (1007, CreditLines(lines=tuple(CreditLine(invoice_line_item_id=f"itm00000000{row}1007") for row in ("0", "1")))),
    (1007, CreditLines(lines=(CreditLine(description="Goodwill", amount=euro(10_00)),))),
    (
        1002,
        CreditLines(
            lines=(
                CreditLine(
                    description="Hours",
                    quantity=Decimal("1.5"),
                    unit_amount=Decimal("33.34"),
                    taxes=(LineTax(name="Sales tax", rate=Decimal("8.875")),),
                ),
            )
        ),
    ),
]


@pytest.mark.parametrize(("number", "credit"), WAYS)
async def test_a_note_is_issued_read_back_listed_and_taken_off_what_is_left(
    teller: Teller, number: int, credit: CreditTotal | CreditLines | CreditRemaining
) -> None:
    before = await teller.invoice(number)
    note = await teller.issue(number, credit, reason=Reason.WAIVER, reason_text="goodwill")
    id = note.ref.external_id
    assert await teller.adapter().fetch_many([id]) == {id: note}
    assert (await teller.walk())[0] == note
    after = await teller.invoice(number)
    assert before.creditable is not None
    assert after.creditable is not None
    assert before.creditable.total - note.total == after.creditable.total
    assert after.note_ids == (id,)


@pytest.mark.parametrize("number", [1001, 1006, 1007])
async def test_many_small_notes_use_an_invoice_up_to_the_last_unit(teller: Teller, number: int) -> None:
    for minor in (1, 33_33, 7, 49_99):
        await teller.issue(number, CreditTotal(total=euro(minor)))
    await teller.issue(number, CreditRemaining())
    invoice = await teller.invoice(number)
    assert invoice.creditable is not None
    assert not invoice.creditable.total
    with pytest.raises(AmountTooHigh) as raised:
        teller.adapter().plan(command(CreditTotal(total=euro(1))), invoice)
    assert raised.value.maximum == euro(0)


async def test_acting_for_a_business_amounts_are_credited_and_lines_by_id_are_not(teller: Teller) -> None:
    for number, minor in ((1006, 100_01), (1007, 50_05)):
        assert (await teller.issue(number, CreditTotal(total=euro(minor)), account=DIRECTORY)).total == euro(minor)
    wanted = CreditLines(lines=(CreditLine(invoice_line_item_id="itm0000000001006"),))
    with pytest.raises(Unsupported) as raised:
        await teller.issue(1006, wanted, account=DIRECTORY)
    assert raised.value.path == ("credit", "lineItems", "0", "invoiceLineItemId")


@pytest.mark.parametrize("duplicates", ["refused", "accepted"])
async def test_a_number_in_use_is_a_duplicate_where_vcita_says_so(teller: Teller, duplicates: str) -> None:
    teller.desk.switch(duplicate_number=duplicates)
    assert (await teller.issue(1001, CreditTotal(total=euro(1)), number="CN-7")).number == "CN-7"
    if duplicates == "accepted":
        assert (await teller.issue(1001, CreditTotal(total=euro(1)), number="CN-7")).number == "CN-7"
        return
    with pytest.raises(Rejected) as raised:
        await teller.issue(1001, CreditTotal(total=euro(1)), number="CN-7")
    assert (raised.value.code, raised.value.path) == (ErrorCode.DUPLICATE, ("number",))


@pytest.mark.parametrize("prefix", ["none", "CN-"])
@pytest.mark.parametrize("numbering", ["continuous", "reset_yearly"])
async def test_a_number_left_to_vcita_may_look_as_it_likes(teller: Teller, prefix: str, numbering: str) -> None:
    teller.desk.switch(numbering=numbering, number_prefix=prefix)
    assert (await teller.issue(1001, CreditTotal(total=euro(1)))).number


@pytest.mark.parametrize(("zone", "hours"), [("UTC", 0), ("UTC+14", 14), ("UTC-11", -11)])
async def test_the_date_of_issue_is_the_businesss(teller: Teller, zone: str, hours: int) -> None:
    teller.desk.switch(business_zone=zone)
    note = await teller.issue(1001, CreditTotal(total=euro(1)))
    assert note.issued_on == note.issued_at.astimezone(timezone(timedelta(hours=hours))).date()


@pytest.mark.parametrize(
    ("choice", "settlement", "refund"),
    [
        ("stays_issued", Settlement.UNKNOWN, RefundStatus.UNKNOWN),
        ("settles", Settlement.SETTLED, RefundStatus.SUCCEEDED),
        ("refunds", Settlement.SETTLED, RefundStatus.SUCCEEDED),
    ],
)
async def test_a_source_payment_is_sent_and_what_came_of_it_is_read(
    teller: Teller, choice: str, settlement: Settlement, refund: RefundStatus
) -> None:
    teller.desk.switch(source_payment=choice)
    options = VcitaOptions(source_payment_uid="pay0000000001001")
    note = await teller.issue(1001, CreditTotal(total=euro(10_00)), options=options)
    assert (note.settlement, note.refund_status) == (settlement, refund)


@pytest.mark.parametrize(("payment", "kind"), [("pay_nobody", NotFound), ("pay0000000001003", Rejected)])
async def test_a_source_payment_that_does_not_fit_is_refused_by_name(
    teller: Teller, payment: str, kind: type[GatewayError]
) -> None:
    with pytest.raises(kind) as raised:
        await teller.issue(1001, CreditTotal(total=euro(1)), options=VcitaOptions(source_payment_uid=payment))
    assert raised.value.path == ("options", "vcita", "sourcePaymentUid")
    assert (await teller.invoice(1001)).note_ids == ()


@pytest.mark.parametrize("status", ["422", "400"])
async def test_a_balance_used_up_meanwhile_is_vcitas_to_refuse(teller: Teller, status: str) -> None:
    teller.desk.switch(over_creditable=status)
    plan = teller.adapter().plan(command(CreditRemaining(), invoice_id=uid(1001)), await teller.invoice(1001))
    teller.desk.act("issue", invoice_id=uid(1001), minor=1)
    with pytest.raises(Rejected) as raised:
        await teller.adapter().issue(plan, key="key-1")
    assert raised.value.code is ErrorCode.PROVIDER_REJECTED
    assert raised.value.path == ("credit",)
    assert len((await teller.invoice(1001)).note_ids) == 1


@pytest.mark.parametrize("mode", ["exclude", "include"])
async def test_totals_reckoned_differently_are_shown_as_answered_not_as_expected(teller: Teller, mode: str) -> None:
    """The published sample fits neither way of reckoning, so the answer's totals go into the note and can be compared."""
    teller.desk.switch(tax_mode=mode)
    number = 1007 if mode == "exclude" else 1001
    adapter = teller.adapter()
    plan = adapter.plan(command(CreditTotal(total=euro(10_00)), invoice_id=uid(number)), await teller.invoice(number))
    note = await adapter.issue(plan, key="key-1")
    assert note.total != plan.expected.total
    assert note.total == Money(teller.desk.row(note.ref.external_id)["minor"], "EUR")


async def test_candidates_are_all_notes_of_the_invoice_newest_first(teller: Teller) -> None:
    plan = teller.adapter().plan(command(CreditTotal(total=euro(1)), invoice_id=uid(1001)), await teller.invoice(1001))
    assert await teller.adapter().candidates(plan) == ()
    ids = [teller.desk.act("issue", invoice_id=uid(1001), minor=1)["note_id"] for _ in range(102)]
    teller.desk.act("settle", note_id=ids[0])  # the newest update is not the newest note
    found = await teller.adapter().candidates(plan)
    assert [note.ref.external_id for note in found] == list(reversed(ids))


async def test_a_header_the_operations_do_not_declare_may_be_refused_and_nothing_is_issued(teller: Teller) -> None:
    teller.desk.switch(on_behalf_of="refused")
    plan = teller.adapter().plan(command(CreditTotal(total=euro(1)), invoice_id=uid(1001)), await teller.invoice(1001))
    with pytest.raises(AccountRefused):
        await teller.adapter(DIRECTORY).issue(plan, key="key-1")
    assert (await teller.invoice(1001)).note_ids == ()


async def test_one_plan_is_one_request(teller: Teller) -> None:
    plan = teller.adapter().plan(command(CreditTotal(total=euro(1)), invoice_id=uid(1001)), await teller.invoice(1001, settings()))
    teller.desk.seen.clear()
    await teller.adapter().issue(plan, key="key-1")
    assert teller.desk.seen == ["POST /v3/payments/credit_notes"]
