"""Previews of the demo invoices at every provider: the figures, that they are the figures of the note then issued, and that nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.api.changing import CHARGEBEE, PREVIEW, VCITA, ZENSKAR, eur, global_id, preview
from tests.support.demo import ACCOUNTS, PAID, PARTLY_PAID, UNPAID, YEN, invoice_id
from tests.support.running import GatewayClient, Json, SandboxControl

REMAINING: Json = {"remaining": True}
SUPPORT = {
    "lineItems": [{"description": "Support", "quantity": "2", "unitAmount": "5.00", "taxes": [{"name": "VAT", "rate": "19"}]}]
}
LINE = {"lineItems": [{"invoiceLineItemId": "li_1001_2", "amount": eur("10.00")}]}
BALANCE, CREDIT, REFUND = "INVOICE_BALANCE", "CUSTOMER_CREDIT", "PAYMENT_REFUND"
OUTSIDE = "EXTERNAL_REFUND"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is asked, and the figures shown: total, subtotal and tax, parts, and what is left (adjustable, refundable, total).

    Zenskar's invoices have no lines that its notes' taxes could be told from; vcita ties no note to a part.
    """

    account: str
    number: int
    credit: Json
    total: str
    net: tuple[str, str] | None
    parts: dict[str, str]
    left: tuple[str | None, str | None, str]
    to: tuple[str, ...] = ()

    @property
    def dispositions(self) -> Json:
        return {"dispositions": [{"disposition": name} for name in self.to]} if self.to else {}


def usd(amount: str) -> Json:
    return {"total": {"amount": amount, "currency": "USD"}}


PAID_LEFT, UNPAID_LEFT, YEN_LEFT, PARTS_LEFT = (
    ("0.00", "119.00", "119.00"), ("500.00", "0.00", "500.00"), ("0", "15000", "15000"), ("150.00", "50.00", "200.00")
)  # fmt: skip
CASES = [
    Case(account=CHARGEBEE, number=PAID, credit=REMAINING, total="119.00", net=("100.00", "19.00"), parts={CREDIT: "119.00"}, left=PAID_LEFT),
    Case(account=CHARGEBEE, number=PAID, credit={"total": eur("19.00")}, total="19.00", net=("15.97", "3.03"), parts={CREDIT: "19.00"}, left=PAID_LEFT),
    Case(account=CHARGEBEE, number=PAID, credit=LINE, total="11.90", net=("10.00", "1.90"), parts={CREDIT: "11.90"}, left=PAID_LEFT),
    Case(account=CHARGEBEE, number=PAID, credit=REMAINING, to=(REFUND,), total="119.00", net=("100.00", "19.00"),
         parts={REFUND: "119.00"}, left=PAID_LEFT),
    Case(account=CHARGEBEE, number=UNPAID, credit=usd("25.00"), total="25.00", net=("25.00", "0.00"), parts={BALANCE: "25.00"}, left=UNPAID_LEFT),
    Case(account=CHARGEBEE, number=YEN, credit=REMAINING, total="15000", net=("15000", "0"), parts={CREDIT: "15000"}, left=YEN_LEFT),
    Case(account=CHARGEBEE, number=PARTLY_PAID, credit=REMAINING, to=(BALANCE,), total="150.00", net=("150.00", "0.00"),
         parts={BALANCE: "150.00"}, left=PARTS_LEFT),
    Case(account=CHARGEBEE, number=PARTLY_PAID, credit=REMAINING, to=(OUTSIDE,), total="50.00", net=("50.00", "0.00"),
         parts={OUTSIDE: "50.00"}, left=PARTS_LEFT),
    Case(account=VCITA, number=PAID, credit=REMAINING, total="119.00", net=("100.00", "19.00"), parts={}, left=(None, None, "119.00")),
    Case(account=VCITA, number=PAID, credit={"total": eur("19.00")}, total="19.00", net=("15.97", "3.03"), parts={}, left=(None, None, "119.00")),
    Case(account=VCITA, number=PAID, credit=SUPPORT, total="11.90", net=("10.00", "1.90"), parts={}, left=(None, None, "119.00")),
    Case(account=VCITA, number=UNPAID, credit=usd("25.00"), total="25.00", net=("25.00", "0.00"), parts={}, left=(None, None, "500.00")),
    Case(account=VCITA, number=YEN, credit=REMAINING, total="15000", net=("15000", "0"), parts={}, left=(None, None, "15000")),
    Case(account=VCITA, number=PARTLY_PAID, credit=REMAINING, total="200.00", net=("200.00", "0.00"), parts={}, left=(None, None, "200.00")),
    Case(account=ZENSKAR, number=PAID, credit=REMAINING, total="119.00", net=None, parts={CREDIT: "119.00"}, left=PAID_LEFT),
    Case(account=ZENSKAR, number=PAID, credit={"total": eur("19.00")}, to=(REFUND,), total="19.00", net=None, parts={REFUND: "19.00"}, left=PAID_LEFT),
    Case(account=ZENSKAR, number=UNPAID, credit=usd("25.00"), total="25.00", net=None, parts={BALANCE: "25.00"}, left=UNPAID_LEFT),
    Case(account=ZENSKAR, number=YEN, credit=REMAINING, total="15000", net=None, parts={CREDIT: "15000"}, left=YEN_LEFT),
    Case(account=ZENSKAR, number=PARTLY_PAID, credit=REMAINING, total="200.00", net=None, parts={BALANCE: "150.00", CREDIT: "50.00"}, left=PARTS_LEFT),
    Case(account=ZENSKAR, number=PARTLY_PAID, credit={"total": eur("180.00")}, to=(BALANCE, OUTSIDE), total="180.00", net=None,
         parts={BALANCE: "150.00", OUTSIDE: "30.00"}, left=PARTS_LEFT),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.account} {case.number} {next(iter(case.credit))} {case.to}")
def test_a_preview_has_the_figures_of_the_note_that_is_then_issued(
    gateway: GatewayClient, sandbox: SandboxControl, case: Case
) -> None:
    invoice, books = invoice_id(case.account, case.number), sandbox.books()
    payload = preview(gateway, case.account, invoice, case.credit, **case.dispositions)
    assert payload["errors"] == []
    shown = payload["preview"]
    assert (shown["exact"], shown["total"]["amount"]) == (False, case.total)
    assert (shown["subtotal"], shown["tax"]) == ((None, None) if case.net is None else tuple({"amount": text} for text in case.net))
    assert {part["disposition"]: part["amount"]["amount"] for part in shown["allocations"]} == case.parts
    assert all((part["invoice"] or {"providerId": invoice})["providerId"] == invoice for part in shown["allocations"])
    parts = [shown["creditable"][name] for name in ("adjustable", "refundable", "total")]
    assert tuple(None if part is None else part["amount"] for part in parts) == case.left
    assert shown["creditable"]["exact"] is (case.account == CHARGEBEE)
    assert {method for _, method, _ in sandbox.requests()} == {"GET"}
    assert sandbox.books() == books
    issued = gateway.issue(case.account, invoice, case.credit, **case.dispositions)
    assert (issued["errors"], issued["creditNote"]["total"]) == ([], shown["total"])


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_invoice_may_be_named_by_its_global_id(gateway: GatewayClient, account: str) -> None:
    id = global_id("i", account, invoice_id(account, UNPAID))
    shown = gateway.gql(PREVIEW, input={"against": {"invoice": {"id": id}}, "credit": REMAINING})["previewCreditNote"]
    assert (shown["errors"], shown["preview"]["total"]) == ([], {"amount": "500.00", "currency": "USD"})


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_preview_is_of_the_invoice_as_it_is_now(gateway: GatewayClient, account: str) -> None:
    before = preview(gateway, account, invoice_id(account, UNPAID), usd("1.00"))
    gateway.issue(account, invoice_id(account, UNPAID), usd("100.00"))
    after = preview(gateway, account, invoice_id(account, UNPAID), usd("1.00"))
    assert [each["preview"]["creditable"]["total"]["amount"] for each in (before, after)] == ["500.00", "400.00"]
    (problem,) = preview(gateway, account, invoice_id(account, UNPAID), usd("400.01"))["errors"]
    assert problem["maximum"] == {"amount": "400.00", "currency": "USD"}


def test_credit_for_a_customer_has_no_balance_to_show(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    against = {"customer": {"account": CHARGEBEE, "providerId": "globex", "currency": "USD"}}
    shown = gateway.gql(PREVIEW, input={"against": against, "credit": usd("10.00")})["previewCreditNote"]
    assert (shown["errors"], shown["preview"]["creditable"]) == ([], None)
    assert [(part["disposition"], part["amount"]["amount"]) for part in shown["preview"]["allocations"]] == [(CREDIT, "10.00")]
    assert {method for _, method, _ in sandbox.requests()} <= {"GET"}


def test_several_previews_in_one_request_do_not_hide_each_other(gateway: GatewayClient) -> None:
    two = """query($a: PreviewCreditNoteInput!, $b: PreviewCreditNoteInput!) {
      a: previewCreditNote(input: $a) { preview { total { amount } } errors { code } }
      b: previewCreditNote(input: $b) { preview { total { amount } } errors { code } } }"""

    def asked(amount: str) -> Json:
        against = {"invoice": {"reference": {"account": ZENSKAR, "providerId": invoice_id(ZENSKAR, UNPAID)}}}
        return {"against": against, "credit": usd(amount)}

    told = gateway.gql(two, a=asked("500.01"), b=asked("500.00"))
    assert told == {
        "a": {"preview": None, "errors": [{"code": "AMOUNT_EXCEEDS_CREDITABLE"}]},
        "b": {"preview": {"total": {"amount": "500.00"}}, "errors": []},
    }
