"""Shown by 1: a note issued at each provider in each sensible way, read back by id, in the list, and subtracted from the balance."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.acceptance.reading import balance, note, page
from tests.support.demo import PAID, PARTLY_PAID, UNPAID, YEN, invoice_id, provider
from tests.support.running import GatewayClient, Json, SandboxControl

CHARGEBEE, VCITA, ZENSKAR = "chargebee-demo", "vcita-demo", "zenskar-demo"
FIRST_PAYMENT, SECOND_PAYMENT = "00000000-0000-4000-8000-000000011004", "00000000-0000-4000-8000-000000021004"
REMAINING: Json = {"remaining": True}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way to issue; what comes of it: the note's total, where its value goes, and what is left (adjustable, refundable, total).

    Zenskar's notes tell one place only, by their method of repayment, also where a part lowered what was owed.
    """

    name: str
    account: str
    number: int
    credit: Json
    total: str
    goes: list[str]
    left: tuple[str, str, str]
    more: Json = field(default_factory=dict)


def so_much(amount: str, currency: str) -> Json:
    return {"total": {"amount": amount, "currency": currency}}


def to(*names: str) -> Json:
    return {"dispositions": [{"disposition": name} for name in names]}


SUPPORT = {
    "lineItems": [{"description": "Support", "quantity": "1", "unitAmount": "10.00", "taxes": [{"name": "VAT", "rate": "19"}]}]
}
SPLIT = {
    "dispositions": [
        {"disposition": "INVOICE_BALANCE", "amount": {"amount": "150.00", "currency": "EUR"}},
        {"disposition": "PAYMENT_REFUND", "amount": {"amount": "25.00", "currency": "EUR"}, "paymentId": FIRST_PAYMENT},
        {"disposition": "PAYMENT_REFUND", "amount": {"amount": "5.00", "currency": "EUR"}, "paymentId": SECOND_PAYMENT},
    ]
}

CASES = [
    Case(name="an amount off what is owed", account=CHARGEBEE, number=UNPAID, credit=so_much("25.00", "USD"), total="25.00",
         goes=["INVOICE_BALANCE"], left=("475.00", "0.00", "475.00")),
    Case(name="an amount of what was paid", account=CHARGEBEE, number=PAID, credit=so_much("19.00", "EUR"), total="19.00",
         goes=["CUSTOMER_CREDIT"], left=("0.00", "100.00", "100.00")),
    Case(name="an amount in yen", account=CHARGEBEE, number=YEN, credit=so_much("1500", "JPY"), total="1500",
         goes=["CUSTOMER_CREDIT"], left=("0", "13500", "13500")),
    Case(name="line items", account=CHARGEBEE, number=UNPAID, total="30.00", goes=["INVOICE_BALANCE"], left=("470.00", "0.00", "470.00"),
         credit={"lineItems": [{"description": "Two days", "quantity": "2", "unitAmount": "15.00"}]}),
    Case(name="line items of a taxed invoice", account=CHARGEBEE, number=PAID, total="11.90", goes=["CUSTOMER_CREDIT"],
         credit={"lineItems": [{"invoiceLineItemId": "li_1001_2", "amount": {"amount": "10.00", "currency": "EUR"}}]},
         left=("0.00", "107.10", "107.10")),
    Case(name="all that is left", account=CHARGEBEE, number=PAID, credit=REMAINING, total="119.00",
         goes=["CUSTOMER_CREDIT"], left=("0.00", "0.00", "0.00")),
    Case(name="all that is owed", account=CHARGEBEE, number=PARTLY_PAID, credit=REMAINING, more=to("INVOICE_BALANCE"), total="150.00",
         goes=["INVOICE_BALANCE"], left=("0.00", "50.00", "50.00")),
    Case(name="all that was paid", account=CHARGEBEE, number=PARTLY_PAID, credit=REMAINING, more=to("CUSTOMER_CREDIT"), total="50.00",
         goes=["CUSTOMER_CREDIT"], left=("150.00", "0.00", "150.00")),
    Case(name="an amount", account=VCITA, number=UNPAID, credit=so_much("25.00", "USD"), total="25.00",
         goes=["UNKNOWN"], left=("-", "-", "475.00")),
    Case(name="an amount of a taxed invoice", account=VCITA, number=PAID, credit=so_much("19.00", "EUR"), total="19.00",
         goes=["UNKNOWN"], left=("-", "-", "100.00")),
    Case(name="an amount in yen", account=VCITA, number=YEN, credit=so_much("1500", "JPY"), total="1500",
         goes=["UNKNOWN"], left=("-", "-", "13500")),
    Case(name="line items of a taxed invoice", account=VCITA, number=PAID, credit=SUPPORT, total="11.90",
         goes=["UNKNOWN"], left=("-", "-", "107.10")),
    Case(name="all that is left", account=VCITA, number=PARTLY_PAID, credit=REMAINING, total="200.00",
         goes=["UNKNOWN"], left=("-", "-", "0.00")),
    Case(name="an amount off what is owed", account=ZENSKAR, number=UNPAID, credit=so_much("25.00", "USD"), total="25.00",
         goes=["INVOICE_BALANCE"], left=("475.00", "0.00", "475.00")),
    Case(name="an amount of what was paid", account=ZENSKAR, number=PAID, credit=so_much("19.00", "EUR"), total="19.00",
         goes=["CUSTOMER_CREDIT"], left=("0.00", "100.00", "100.00")),
    Case(name="an amount in yen", account=ZENSKAR, number=YEN, credit=so_much("1500", "JPY"), total="1500",
         goes=["CUSTOMER_CREDIT"], left=("0", "13500", "13500")),
    Case(name="back to the payment", account=ZENSKAR, number=PAID, credit=so_much("19.00", "EUR"), more=to("PAYMENT_REFUND"), total="19.00",
         goes=["PAYMENT_REFUND"], left=("0.00", "100.00", "100.00")),
    Case(name="paid back outside", account=ZENSKAR, number=PAID, credit=so_much("19.00", "EUR"), more=to("EXTERNAL_REFUND"), total="19.00",
         goes=["EXTERNAL_REFUND"], left=("0.00", "100.00", "100.00")),
    Case(name="all that is left", account=ZENSKAR, number=PARTLY_PAID, credit=REMAINING, total="200.00",
         goes=["CUSTOMER_CREDIT"], left=("0.00", "0.00", "0.00")),
    Case(name="split over two payments", account=ZENSKAR, number=PARTLY_PAID, credit=so_much("180.00", "EUR"), more=SPLIT, total="180.00",
         goes=["PAYMENT_REFUND"], left=("0.00", "20.00", "20.00")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{provider(case.account)}: {case.name}")
def test_a_note_is_issued_read_back_listed_and_subtracted(gateway: GatewayClient, sandbox: SandboxControl, case: Case) -> None:
    invoice = invoice_id(case.account, case.number)
    payload = gateway.issue(case.account, invoice, case.credit, **case.more)
    assert (payload["outcome"], payload["replayed"], payload["errors"]) == ("APPLIED", False, [])
    issued = payload["creditNote"]
    assert (issued["total"]["amount"], issued["invoice"]["providerId"]) == (case.total, invoice)
    assert issued["dispositions"] == case.goes

    assert note(gateway, issued["id"]) == {"id": issued["id"], "total": issued["total"], "invoice": {"providerId": invoice}}
    assert page(gateway, 1)["nodes"][0]["id"] == issued["id"]
    assert balance(gateway, case.account, case.number) == case.left

    books = sandbox.books()[provider(case.account)]["notes"]  # which keep all their rules, or this fails
    booked = [row for row in books if row["invoice_id"] == invoice]
    assert [(row["id"], row["minor"]) for row in booked] == [(issued["providerId"], int(case.total.replace(".", "")))]
