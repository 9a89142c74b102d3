"""A preview is refused with what issuing is refused with: the same problems, in every member a client sees."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.api.changing import CHARGEBEE, VCITA, ZENSKAR, eur, preview, said
from tests.api.unpaid import issue_unpaid
from tests.support.demo import ACCOUNTS, PAID, PARTLY_PAID, UNPAID, VOID, invoice_id, provider
from tests.support.running import GatewayClient, Json, SandboxControl

COMPARED = ("code", "message", "path", "account", "retryable", "__typename", "requested", "maximum", "operation", "supportedBy")
FIRST_PAYMENT = "00000000-0000-4000-8000-000000011004"  # EUR 30.00 of Zenskar's partly paid invoice


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What is asked, and the codes and paths it is refused with."""

    name: str
    account: str
    number: int
    credit: Json
    problems: list[tuple[str, list[str]]]
    more: Json = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{provider(self.account) if self.account in ACCOUNTS else 'nobody'}: {self.name}"


def usd(amount: str) -> Json:
    return {"total": {"amount": amount, "currency": "USD"}}


def to(disposition: str, amount: str | None = None, payment: str | None = None) -> Json:
    return {"disposition": disposition, "amount": None if amount is None else eur(amount), "paymentId": payment}


ANYWHERE = [
    ("more than is left", UNPAID, usd("500.01"), ("AMOUNT_EXCEEDS_CREDITABLE", ["credit", "total"])),
    ("another currency", UNPAID, {"total": eur("10.00")}, ("CURRENCY_MISMATCH", ["credit", "total", "currency"])),
    ("a void invoice", VOID, {"total": eur("1.00")}, ("INVOICE_NOT_CREDITABLE", ["against", "invoice"])),
    ("all of a void invoice", VOID, {"remaining": True}, ("INVOICE_NOT_CREDITABLE", ["against", "invoice"])),
    ("an unknown invoice", 9999, usd("1.00"), ("NOT_FOUND", ["against", "invoice"])),
    ("too many digits", UNPAID, usd("1.001"), ("INVALID_INPUT", ["credit", "total", "amount"])),
]
CASES = [
    Refusal(name=name, account=account, number=number, credit=credit, problems=[problem])
    for account in ACCOUNTS
    for name, number, credit, problem in ANYWHERE
] + [
    Refusal(name="no such account", account="nobody", number=UNPAID, credit=usd("1.00"), problems=[("NOT_FOUND", ["against", "invoice"])]),
    Refusal(name="an answer as a wish", account=CHARGEBEE, number=UNPAID, credit=usd("1.00"), more={"dispositions": [to("UNKNOWN")]},
            problems=[("INVALID_INPUT", ["dispositions", "0", "disposition"])]),
    Refusal(name="another provider's options", account=ZENSKAR, number=UNPAID, credit=usd("1.00"), more={"options": {"chargebee": {}}},
            problems=[("INVALID_INPUT", ["options", "chargebee"])]),
    Refusal(name="line items", account=ZENSKAR, number=UNPAID, credit={"lineItems": [{"unitAmount": "1.00"}]},
            problems=[("UNSUPPORTED", ["credit", "lineItems"])]),
    Refusal(name="a place for the value", account=VCITA, number=PAID, credit={"remaining": True}, more={"dispositions": [to("PAYMENT_REFUND")]},
            problems=[("UNSUPPORTED", ["dispositions"])]),
    Refusal(name="off the balance of a paid invoice", account=ZENSKAR, number=PAID, credit={"total": eur("10.00")},
            more={"dispositions": [to("INVOICE_BALANCE")]}, problems=[("AMOUNT_EXCEEDS_CREDITABLE", ["credit", "total"])]),
    Refusal(name="a split beyond a payment", account=ZENSKAR, number=PARTLY_PAID, credit={"total": eur("185.00")},
            more={"dispositions": [to("INVOICE_BALANCE", "150.00"), to("PAYMENT_REFUND", "35.00", FIRST_PAYMENT)]},
            problems=[("AMOUNT_EXCEEDS_REFUNDABLE", ["dispositions", "1", "amount"])]),
    Refusal(name="a part that no one part holds", account=CHARGEBEE, number=PARTLY_PAID, credit={"total": eur("170.00")},
            problems=[("UNSUPPORTED", ["dispositions"])]),
    Refusal(name="all of two parts", account=CHARGEBEE, number=PARTLY_PAID, credit={"remaining": True},
            problems=[("UNSUPPORTED", ["dispositions"])]),
    Refusal(name="an adjustment of a paid invoice", account=CHARGEBEE, number=PAID, credit={"total": eur("10.00")},
            more={"options": {"chargebee": {"type": "ADJUSTMENT"}}}, problems=[("AMOUNT_EXCEEDS_CREDITABLE", ["credit", "total"])]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_preview_is_refused_as_issuing_is(gateway: GatewayClient, sandbox: SandboxControl, case: Refusal) -> None:
    books = sandbox.books()
    invoice = invoice_id(case.account, case.number) if case.account in ACCOUNTS else "x"
    previewed = preview(gateway, case.account, invoice, case.credit, **case.more)
    assert previewed["preview"] is None
    issued = gateway.issue(case.account, invoice, case.credit, reason="OTHER", **case.more)
    assert said(issued) == ("NOT_APPLIED", case.problems)
    shown = [[{name: problem.get(name) for name in COMPARED} for problem in each["errors"]] for each in (previewed, issued)]
    assert shown[0] == shown[1]
    assert sandbox.books() == books
    assert {method for _, method, _ in sandbox.requests()} <= {"GET"}


@pytest.mark.parametrize("account", ["vcita-demo", "zenskar-demo"])
def test_a_customer_is_refused_where_a_note_needs_an_invoice(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    against = {"customer": {"account": account, "providerId": "globex", "currency": "USD"}}
    (problem,) = preview(gateway, account, "", usd("1.00"), against=against)["errors"]
    assert (problem["code"], problem["path"], problem["supportedBy"]) == ("UNSUPPORTED", ["against", "customer"], ["CHARGEBEE"])
    assert sandbox.requests() == {}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_write_without_a_known_end_stands_in_the_way_of_a_preview(
    gateway: GatewayClient, sandbox: SandboxControl, account: str
) -> None:
    sandbox.fault(provider=provider(account), method="POST", fault="drop_after", times=1)
    issue_unpaid(gateway, account, idempotencyKey="lost")
    (problem,) = preview(gateway, account, invoice_id(account, UNPAID), usd("1.00"))["errors"]
    assert (problem["code"], problem["retryable"], "'lost'" in problem["message"]) == ("CONFLICT", True, True)
    assert preview(gateway, account, invoice_id(account, PARTLY_PAID), {"total": eur("1.00")})["errors"] == []


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize(("status", "code"), [(401, "PROVIDER_UNAUTHENTICATED"), (429, "PROVIDER_RATE_LIMITED"), (503, "PROVIDER_UNAVAILABLE")])  # fmt: skip
def test_a_provider_that_fails_is_a_problem_and_no_error_of_the_query(
    gateway: GatewayClient, sandbox: SandboxControl, account: str, status: int, code: str
) -> None:
    sandbox.fault(provider=provider(account), method="GET", fault="status", status=status)
    payload = preview(gateway, account, invoice_id(account, UNPAID), usd("1.00"))
    assert payload["preview"] is None
    assert [(problem["code"], problem["account"], problem["retryable"]) for problem in payload["errors"]] == [
        (code, account, status != 401)
    ]
