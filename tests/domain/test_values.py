"""The values of the domain: frozen, compared by content, and with times nobody has to guess the zone of."""

from __future__ import annotations

import dataclasses
import inspect
from datetime import UTC, date, datetime
from decimal import Decimal
from types import ModuleType

import pytest

from app.domain import commands, credit_note, errors, invoice, money
from app.domain.commands import CreditRemaining, CreditTotal, CustomerTarget, InvoiceTarget, IssueCreditNote
from app.domain.credit_note import CreditNote, Ref
from app.domain.money import Money
from app.domain.vocabulary import Reason, RefundStatus, Settlement, Status

MODULES: tuple[ModuleType, ...] = (commands, credit_note, errors, invoice, money)
VALUES = [
    kind
    for module in MODULES
    for kind in vars(module).values()
    if inspect.isclass(kind) and kind.__module__ == module.__name__ and dataclasses.is_dataclass(kind)
]
POSITIONAL = {"Money", "Ref"}  # two members each, in the only order anybody would write them

NOTE = CreditNote(
    ref=Ref("acme-eu", "CN-1"),
    status=Status.ISSUED,
    settlement=Settlement.UNSETTLED,
    refund_status=RefundStatus.NONE,
    total=Money(100_00, "EUR"),
    issued_at=datetime(2026, 11, 1, tzinfo=UTC),
)


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_a_value_is_frozen_and_slotted_and_named_member_by_member(kind: type) -> None:
    parameters = vars(kind)["__dataclass_params__"]
    assert parameters.frozen
    assert "__slots__" in vars(kind)
    assert kind.__name__ in POSITIONAL or all(member.kw_only for member in dataclasses.fields(kind))


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_no_member_of_a_value_is_a_binary_fraction(kind: type) -> None:
    assert not [member.name for member in dataclasses.fields(kind) if "float" in str(member.type)]


def test_a_note_speaks_the_currency_of_its_total() -> None:
    assert NOTE.currency == "EUR"


def test_what_a_provider_does_not_tell_is_none_and_not_zero() -> None:
    told = {"ref", "status", "settlement", "refund_status", "total", "issued_at", "reason", "provider_values", "raw"}
    for member in dataclasses.fields(NOTE):
        if member.name not in told:
            assert getattr(NOTE, member.name) in (None, ()), member.name


def test_places_of_two_accounts_are_not_each_others() -> None:
    assert Ref("a", "CN-1") != Ref("b", "CN-1")
    assert sorted([Ref("b", "1"), Ref("a", "2"), Ref("a", "1")]) == [Ref("a", "1"), Ref("a", "2"), Ref("b", "1")]


@pytest.mark.parametrize(
    "target", [InvoiceTarget(invoice=Ref("acme-eu", "INV-1")), CustomerTarget(customer=Ref("acme-eu", "c-1"), currency="EUR")]
)
def test_the_account_that_issues_is_the_targets(target: InvoiceTarget | CustomerTarget) -> None:
    command = IssueCreditNote(key="k", target=target, credit=CreditRemaining(), reason=Reason.OTHER)
    assert command.account == "acme-eu"


def test_two_commands_with_the_same_content_are_equal() -> None:
    def command(amount: str, on: date) -> IssueCreditNote:
        credit = CreditTotal(total=Money.from_major(Decimal(amount), "EUR"))
        return IssueCreditNote(
            key="k", target=InvoiceTarget(invoice=Ref("a", "i")), credit=credit, reason=Reason.OTHER, issued_on=on
        )

    assert command("10.00", date(2026, 1, 1)) == command("10", date(2026, 1, 1))
    assert command("10.00", date(2026, 1, 1)) != command("10.01", date(2026, 1, 1))
