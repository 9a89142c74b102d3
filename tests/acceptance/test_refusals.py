"""Shown by 2: everything that must be refused is, with its code, and nothing has changed in the books."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx
import pytest

from tests.support.console import Child
from tests.support.demo import ACCOUNTS, PAID, PARTLY_PAID, UNPAID, VOID, invoice_id, provider
from tests.support.running import GatewayClient, Json, SandboxControl

CHARGEBEE, VCITA, ZENSKAR = ACCOUNTS
FIRST_PAYMENT = "00000000-0000-4000-8000-000000011004"  # EUR 30.00 of the partly paid invoice


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What is asked, and how it is refused; `told` must stand in the message."""

    name: str
    account: str
    invoice: str
    credit: Json
    code: str
    path: list[str]
    maximum: str | None = None
    told: tuple[str, ...] = ()
    more: Json = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{provider(self.account)}: {self.name}"


def so_much(amount: str, currency: str) -> Json:
    return {"total": {"amount": amount, "currency": currency}}


def everywhere(account: str) -> list[Refusal]:
    """What is refused alike at every provider."""
    unpaid = invoice_id(account, UNPAID)
    return [
        Refusal(name="more than is left", account=account, invoice=unpaid, credit=so_much("500.01", "USD"),
                code="AMOUNT_EXCEEDS_CREDITABLE", path=["credit", "total"], maximum="500.00"),
        Refusal(name="a void invoice", account=account, invoice=invoice_id(account, VOID), credit=so_much("1.00", "EUR"),
                code="INVOICE_NOT_CREDITABLE", path=["against", "invoice"]),
        Refusal(name="all that is left of a void invoice", account=account, invoice=invoice_id(account, VOID),
                credit={"remaining": True}, code="INVOICE_NOT_CREDITABLE", path=["against", "invoice"]),
        Refusal(name="another currency", account=account, invoice=unpaid, credit=so_much("10.00", "EUR"),
                code="CURRENCY_MISMATCH", path=["credit", "total", "currency"]),
        Refusal(name="dinars with four decimals", account=account, invoice=unpaid, credit=so_much("1.0001", "KWD"),
                code="INVALID_INPUT", path=["credit", "total", "amount"]),
        Refusal(name="an unknown invoice", account=account, invoice=invoice_id(account, 9999), credit=so_much("1.00", "EUR"),
                code="NOT_FOUND", path=["against", "invoice"]),
        Refusal(name="a malformed id", account=account, invoice="../no id", credit=so_much("1.00", "EUR"),
                code="NOT_FOUND", path=["against", "invoice"]),
    ]  # fmt: skip


def to(disposition: str, amount: str | None = None, payment: str | None = None) -> Json:
    part: Json = {"disposition": disposition}
    if amount is not None:
        part["amount"] = {"amount": amount, "currency": "EUR"}
    if payment is not None:
        part["paymentId"] = payment
    return part


PECULIAR = [
    Refusal(name="off the balance of a paid invoice", account=ZENSKAR, invoice=invoice_id(ZENSKAR, PAID), credit=so_much("10.00", "EUR"),
            more={"dispositions": [to("INVOICE_BALANCE")]}, code="AMOUNT_EXCEEDS_CREDITABLE", path=["credit", "total"], maximum="0.00"),
    Refusal(name="a split beyond a payment", account=ZENSKAR, invoice=invoice_id(ZENSKAR, PARTLY_PAID), credit=so_much("185.00", "EUR"),
            more={"dispositions": [to("INVOICE_BALANCE", "150.00"), to("PAYMENT_REFUND", "35.00", FIRST_PAYMENT)]},
            code="AMOUNT_EXCEEDS_REFUNDABLE", path=["dispositions", "1", "amount"], maximum="30.00"),
    Refusal(name="line items", account=ZENSKAR, invoice=invoice_id(ZENSKAR, UNPAID), credit={"lineItems": [{"unitAmount": "1.00"}]},
            code="UNSUPPORTED", path=["credit", "lineItems"]),
    Refusal(name="a part that no one part holds", account=CHARGEBEE, invoice=invoice_id(CHARGEBEE, PARTLY_PAID),
            credit=so_much("170.00", "EUR"), code="UNSUPPORTED", path=["dispositions"], told=("150.00", "50.00")),
    Refusal(name="all that is left of two parts", account=CHARGEBEE, invoice=invoice_id(CHARGEBEE, PARTLY_PAID),
            credit={"remaining": True}, code="UNSUPPORTED", path=["dispositions"], told=("150.00", "50.00")),
    Refusal(name="an adjustment of a paid invoice", account=CHARGEBEE, invoice=invoice_id(CHARGEBEE, PAID), credit=so_much("10.00", "EUR"),
            more={"options": {"chargebee": {"type": "ADJUSTMENT"}}}, code="AMOUNT_EXCEEDS_CREDITABLE", path=["credit", "total"], maximum="0.00"),
    Refusal(name="a text of 201 characters", account=VCITA, invoice=invoice_id(VCITA, UNPAID), credit=so_much("10.00", "USD"),
            more={"reason": "OTHER", "reasonText": "x" * 201}, code="INVALID_INPUT", path=["reasonText"], told=("201", "200")),
]  # fmt: skip
CASES = [case for account in ACCOUNTS for case in everywhere(account)] + PECULIAR


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_is_refused_with_its_code_and_the_books_stay_as_they_were(
    gateway: GatewayClient, sandbox: SandboxControl, case: Refusal
) -> None:
    before = sandbox.books()
    payload = gateway.issue(case.account, case.invoice, case.credit, **case.more)
    (problem,) = payload["errors"]
    assert (payload["outcome"], payload["creditNote"], payload["replayed"]) == ("NOT_APPLIED", None, False)
    assert (problem["code"], problem["path"]) == (case.code, case.path)
    assert (problem.get("maximum") or {}).get("amount") == case.maximum
    assert all(text in problem["message"] for text in case.told)
    assert sandbox.books() == before
    assert sandbox.calls(provider(case.account), "POST") == 0


@pytest.mark.parametrize("id", ["", "rubbish", "bjphOmI=", "aTphOmI\n", "bjpjaGFyZ2ViZWUtZGVtbzpDTi0wMDAx", "\u00e9", "x" * 5000])
def test_a_malformed_id_is_refused_with_its_path(gateway: GatewayClient, sandbox: SandboxControl, id: str) -> None:
    before = sandbox.books()
    payload = gateway.issue("", "", so_much("1.00", "EUR"), against={"invoice": {"id": id}})
    assert [(problem["code"], problem["path"]) for problem in payload["errors"]] == [
        ("INVALID_INPUT", ["against", "invoice", "id"])
    ]
    error = gateway.error("query($id: ID!) { invoice(id: $id) { id } }", id=id)
    assert (error["extensions"]["code"], error["extensions"]["path"]) == ("INVALID_INPUT", ["id"])
    assert sandbox.books() == before


def test_zenskar_itself_refuses_a_note_on_a_paid_invoice_without_a_destination(served: Child, sandbox: SandboxControl) -> None:
    before = sandbox.books()
    answer = httpx.post(
        f"{served.address('zenskar')}/invoices/{invoice_id(ZENSKAR, PAID)}/credit_note",
        json={"credit_note_amount": 10, "reason": "Order change"},
        headers={"x-api-key": "any", "organisation": "any"},
    )
    assert answer.status_code == 400
    assert "REFUND_DESTINATION_REQUIRED" in answer.json()["detail"]
    assert sandbox.books() == before
