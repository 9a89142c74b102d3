"""Books the demonstration data through the rules of the API, at instants of the past. Ids are fixed, amounts come from `seed`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from app.domain.money import exponent, from_units
from app.sandbox.seed import CUSTOMERS, DAY, INVOICES, DemoInvoice, DemoLine, OldNote, State, old_notes
from app.sandbox.vcita.access import matter_of
from app.sandbox.vcita.answers import day
from app.sandbox.vcita.arithmetic import note_line
from app.sandbox.vcita.business import Business
from app.sandbox.vcita.invoicing import Identity, InvoiceOrder, LineOrder
from app.sandbox.vcita.issuing import NoteOrder
from app.sandbox.vcita.records import Client, Discount, Invoice, InvoiceStatus, Tax, TaxMode

_DUE = 14 * DAY
TAXES = (
    Tax(uid="tax0000000000019", name="VAT", rate=Decimal(19)),
    Tax(uid="tax0000000000007", name="VAT", rate=Decimal(7)),
    Tax(uid="tax0000000000020", name="VAT", rate=Decimal(20)),
    Tax(uid="tax0000000000025", name="City tax", rate=Decimal("2.5")),
)


def client_of(customer: str) -> str:
    """The client id of a demonstration customer."""
    return f"client{customer:0>9}0"


def invoice_uid(number: int) -> str:
    """The id of a demonstration invoice."""
    return f"inv{number:013d}"


def payment_uid(number: int, part: int = 0) -> str:
    """The id of a demonstration payment; further payments of one invoice lie ten thousands apart."""
    return f"pay{part * 10_000 + number:013d}"


def note_uid(index: int) -> str:
    """The id of an older note."""
    return f"cn{index:014d}"


def seed(business: Business) -> None:
    """The demonstration data into empty books."""
    for customer, (name, email) in CUSTOMERS.items():
        client = Client(uid=client_of(customer), matter_uid=matter_of(customer), name=name, email=email)
        business.books.clients[client.matter_uid] = client
    business.books.taxes.update({tax.uid: tax for tax in TAXES})
    now = business.clock.now()
    for plan in INVOICES:
        _demo_invoice(business, plan, now)
    for number, further in _further().items():
        made = now - further.days_old * DAY
        invoice = _create(business, number, _order(business, further, further.lines, made, further.status), made, further.mode)
        if further.paid:
            business.refunding.pay(invoice, further.paid, made + DAY, payment_uid(number))
    for old in old_notes(kwd=True):
        _old_note(business, old, now)


def _demo_invoice(business: Business, plan: DemoInvoice, now: float) -> None:
    issued = now - plan.days_old * DAY
    lines = tuple(_line(business, line, plan.currency) for line in plan.lines)
    if plan.state is State.VOID:  # only a draft can be cancelled in every mode
        order = _order(business, plan, lines, issued, InvoiceStatus.DRAFT)
        business.invoicing.cancel(_create(business, plan.number, order, issued), issued)
        return
    invoice = _create(business, plan.number, _order(business, plan, lines, issued), issued)
    for part, minor in enumerate(plan.payments):
        business.refunding.pay(invoice, minor, issued + (part + 1) * DAY, payment_uid(plan.number, part))


def _line(business: Business, line: DemoLine, currency: str) -> LineOrder:
    unit = from_units(line.net, exponent(currency)) / line.quantity
    taxes = tuple(tax for tax in business.books.taxes.values() if tax.rate == line.tax_percent)
    return LineOrder(name=line.description, quantity=Decimal(line.quantity), unit_amount=unit, taxes=taxes)


class _Plan(Protocol):
    """Whose invoice it is, and in which currency."""

    @property
    def customer(self) -> str: ...

    @property
    def currency(self) -> str: ...


def _order(
    business: Business, plan: _Plan, lines: tuple[LineOrder, ...], issued: float, status: InvoiceStatus = InvoiceStatus.ISSUED
) -> InvoiceOrder:
    return InvoiceOrder(
        client=business.books.clients[matter_of(plan.customer)],
        currency=plan.currency,
        status=status,
        issue_date=day(issued),
        due_date=day(issued + _DUE),
        lines=lines,
    )


def _create(business: Business, number: int, order: InvoiceOrder, issued: float, mode: TaxMode = TaxMode.EXCLUDE) -> Invoice:
    """Book an invoice under its fixed ids and number."""
    lines = tuple(replace(line, uid=f"itm{index * 10_000 + number:013d}", index=index) for index, line in enumerate(order.lines))
    identity = Identity(uid=invoice_uid(number), request_uid=f"prq{number:013d}")
    return business.invoicing.create(replace(order, number=str(number), lines=lines), issued, identity, mode)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Further:
    """An invoice that only vcita's demonstration has."""

    customer: str
    currency: str
    days_old: float
    lines: tuple[LineOrder, ...]
    status: InvoiceStatus = InvoiceStatus.ISSUED
    mode: TaxMode = TaxMode.EXCLUDE
    paid: int = 0


def _further() -> dict[int, _Further]:
    vat, reduced, _, city = TAXES
    off = Discount(kind="percent", amount=Decimal(10))
    hosting = LineOrder(name="Hosting", quantity=Decimal(3), unit_amount=Decimal("49.90"), discount=off, taxes=(vat, city))
    setup = LineOrder(name="Set-up", quantity=Decimal(1), unit_amount=Decimal(100), taxes=(vat,))
    ticket = LineOrder(name="Conference ticket", quantity=Decimal(2), unit_amount=Decimal("59.50"), taxes=(vat,))
    book = LineOrder(name="Proceedings", quantity=Decimal(1), unit_amount=Decimal("10.70"), taxes=(reduced,))
    retainer = LineOrder(name="Retainer", quantity=Decimal(1), unit_amount=Decimal(90))
    return {
        1006: _Further(customer="acme", currency="EUR", days_old=12, lines=(hosting, setup)),
        1007: _Further(customer="globex", currency="EUR", days_old=11, lines=(ticket, book), mode=TaxMode.INCLUDE, paid=129_70),
        1008: _Further(customer="acme", currency="EUR", days_old=5, lines=(retainer,), status=InvoiceStatus.DRAFT),
    }


def _old_note(business: Business, old: OldNote, now: float) -> None:
    issued = now - old.days_old * DAY
    number = 2000 + old.index
    digits = exponent(old.currency)
    line = LineOrder(name="Subscription", quantity=Decimal(1), unit_amount=from_units(old.invoice_total, digits))
    made = issued - 2 * DAY
    invoice = _create(business, number, _order(business, old, (line,), made), made)
    if old.paid:
        business.refunding.pay(invoice, old.invoice_total, issued - DAY, payment_uid(number))
    credited = note_line("Subscription", Decimal(1), from_units(old.credited, digits), (), old.currency)
    wanted = NoteOrder(
        invoice_uid=invoice.uid,
        lines=(credited,),
        notes=old.reason.replace("_", " ").capitalize(),
        number=str(old.index),
        uid=note_uid(old.index),
    )
    note = business.issuing.issue(wanted, invoice, issued)
    if old.settled:
        business.books.settle(note, now - old.days_old * DAY / 2)
