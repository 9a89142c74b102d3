"""No input ends in a bug: whatever is given becomes a command, a note, or an error that can be told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

import strawberry
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.api.inputs import CreditInput, CreditLineItemInput, DispositionInput, IssueCreditNoteInput, LineTaxInput
from app.api.money import MoneyInput
from app.api.provider_options import ChargebeeLineEntityInput, ChargebeeOptionsInput, ProviderOptionsInput, VcitaOptionsInput
from app.api.scalars import BigInt, CurrencyCode
from app.api.target_inputs import CreditNoteTargetInput, CustomerIdentifierInput, InvoiceIdentifierInput, ProviderReferenceInput
from app.domain.commands import IssueCreditNote
from app.domain.errors import GatewayError
from app.domain.vocabulary import Disposition, Reason
from app.gateway.entries import fingerprint
from app.providers.chargebee.options import ChargebeeCreditNoteType
from tests.support.demo import ACCOUNTS, UNPAID, invoice_id
from tests.support.running import GatewayClient, Json, SandboxControl

T = TypeVar("T")

text = st.text(max_size=12)
currencies = st.sampled_from(["EUR", "JPY", "KWD", "USD"]).map(CurrencyCode)
decimals = st.decimals(allow_nan=False, allow_infinity=False) | st.decimals(-10, 10, places=2)
money = st.builds(MoneyInput, currency=currencies, amount=st.none() | decimals, minor_units=st.none() | st.integers().map(BigInt))
taxes = st.builds(LineTaxInput, name=text, rate=decimals, amount=st.none() | money)
lines = st.builds(
    CreditLineItemInput,
    invoice_line_item_id=st.none() | text,
    description=st.none() | text,
    quantity=st.none() | decimals,
    unit_amount=st.none() | decimals,
    amount=st.none() | money,
    taxes=st.none() | st.lists(taxes, max_size=2),
    period_start=st.none() | st.dates(),
    period_end=st.none() | st.dates(),
)


def some(value: st.SearchStrategy[T]) -> st.SearchStrategy[Any]:
    return value.map(strawberry.Some)


def one_of(input: type[T], **members: st.SearchStrategy[Any]) -> st.SearchStrategy[T]:
    """As the framework hands over an input of which exactly one member is given."""
    empty = dict.fromkeys(members, st.none())
    return st.one_of(*(st.builds(input, **{**empty, name: some(value)}) for name, value in members.items()))


references = st.builds(ProviderReferenceInput, account=text, provider_id=text)
invoices = one_of(InvoiceIdentifierInput, id=text | st.just("aTphOmI"), reference=references)
customers = st.builds(CustomerIdentifierInput, account=text, provider_id=text, currency=currencies)
chargebee = st.builds(
    ChargebeeOptionsInput,
    type=st.none() | st.sampled_from(ChargebeeCreditNoteType),
    create_reason_code=st.none() | text,
    entity_types=st.none()
    | st.lists(
        st.builds(ChargebeeLineEntityInput, line_index=st.integers(), entity_type=text, entity_id=st.none() | text), max_size=2
    ),
)
inputs = st.builds(
    IssueCreditNoteInput,
    idempotency_key=text,
    against=one_of(CreditNoteTargetInput, invoice=invoices, customer=customers),
    credit=one_of(CreditInput, total=money, line_items=st.lists(lines, max_size=3), remaining=st.booleans()),
    reason=st.sampled_from(Reason),
    reason_text=st.none() | text,
    dispositions=st.none()
    | st.lists(
        st.builds(
            DispositionInput, disposition=st.sampled_from(Disposition), amount=st.none() | money, payment_id=st.none() | text
        ),
        max_size=3,
    ),
    number=st.none() | text,
    issued_on=st.none() | st.dates(),
    customer_note=st.none() | text,
    internal_note=st.none() | text,
    notify_customer=st.none() | st.booleans(),
    options=st.none()
    | one_of(ProviderOptionsInput, chargebee=chargebee, vcita=st.builds(VcitaOptionsInput, source_payment_uid=text)),
)


@given(inputs)
@settings(max_examples=300)
def test_any_input_gives_a_command_or_an_error_that_can_be_told(given: IssueCreditNoteInput) -> None:
    try:
        command = given.to_command()
    except GatewayError as wrong:
        assert wrong.message  # noqa: PT017 - either end is right
        return
    assert isinstance(command, IssueCreditNote)
    assert len(fingerprint(command)) == 64  # so that the ledger can tell it from another


plain = st.decimals(-1000, 1000, places=2).map(lambda amount: format(amount, "f")) | st.from_regex(
    r"-?[0-9]{1,40}(\.[0-9]{1,20})?", fullmatch=True
)
json_money = st.fixed_dictionaries({"currency": st.sampled_from(["USD", "EUR", "KWD"]), "amount": plain})
json_line = st.fixed_dictionaries(
    {},
    optional={
        "description": text,
        "quantity": plain,
        "unitAmount": plain,
        "amount": json_money,
        "invoiceLineItemId": text,
        "taxes": st.lists(st.fixed_dictionaries({"name": text, "rate": plain}), max_size=2),
    },
)
json_credit = st.one_of(
    st.fixed_dictionaries({"total": json_money}), st.fixed_dictionaries({"lineItems": st.lists(json_line, min_size=1, max_size=3)})
)
json_more = st.fixed_dictionaries(
    {},
    optional={
        "reasonText": text,
        "customerNote": text,
        "internalNote": text,
        "number": text,
        "issuedOn": st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(date.isoformat),
        "dispositions": st.lists(
            st.fixed_dictionaries(
                {"disposition": st.sampled_from([member.value for member in Disposition])},
                optional={"amount": json_money, "paymentId": text},
            ),
            max_size=2,
        ),
    },
)


@given(st.sampled_from(ACCOUNTS), json_credit, json_more, st.sampled_from([member.value for member in Reason]))
@example("chargebee-demo", {"lineItems": [{"quantity": "9" * 40, "unitAmount": "9" * 40}]}, {}, "WAIVER")
@example("vcita-demo", {"lineItems": [{"quantity": f"0.{'0' * 19}1", "unitAmount": f"0.{'0' * 19}1"}]}, {}, "WAIVER")
@example(
    "vcita-demo", {"lineItems": [{"description": "x", "unitAmount": "1", "taxes": [{"name": "x", "rate": "9" * 40}]}]}, {}, "OTHER"
)
@settings(max_examples=80)
def test_whatever_is_asked_of_a_provider_is_done_or_refused_without_a_bug(
    asked: GatewayClient, control: SandboxControl, account: str, credit: Json, more: Json, reason: str
) -> None:
    control.reset()
    payload = asked.issue(account, invoice_id(account, UNPAID), credit, reason=reason, **more)
    assert payload["outcome"] in {"APPLIED", "NOT_APPLIED"}
    assert (payload["creditNote"] is None) == (payload["outcome"] == "NOT_APPLIED") == bool(payload["errors"])
    for problem in payload["errors"]:
        assert problem["code"] not in {"INTERNAL", "PROVIDER_BAD_PAYLOAD", "PROVIDER_REJECTED"}
        assert problem["path"], problem
    issued = [Decimal(payload["creditNote"]["total"]["amount"])] if payload["creditNote"] else []
    assert sum(issued) <= 500
    control.books()
