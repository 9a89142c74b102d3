"""What the lists can be filtered, searched and sorted by. How a page is cut from the outcome is in `paging`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias, TypeVar

from app.sandbox.kernel import Switches
from app.sandbox.zenskar.kinds import Kind, Value, choice, figure, instant, text, uuid
from app.sandbox.zenskar.ledger import Row
from app.sandbox.zenskar.records import Invoice, Note
from app.sandbox.zenskar.refusals import Code, Refused
from app.sandbox.zenskar.wire import CONNECTOR, due_at
from app.sandbox.zenskar.words import InvoiceStatus, NoteStatus, PaymentMethod, PaymentStatus, PaymentType

R = TypeVar("R")
T = TypeVar("T")
SortKey: TypeAlias = "str | int | float"
Test: TypeAlias = Callable[[R], bool]
Filters: TypeAlias = Mapping[str, Kind[Test[R]]]
Keys: TypeAlias = Mapping[str, Callable[[R], SortKey]]


def selected(rows: Sequence[R], query: Mapping[str, Value], filters: Filters[R], keys: Keys[R], switches: Switches) -> list[R]:
    """The rows that pass every filter and the search of this query."""
    tests = [filters[name](value) for name, value in query.items() if name in filters]
    if switches["search"] == "applied":
        tests += _search(str(query.get("search", "")), keys)
    return [row for row in rows if all(test(row) for test in tests)]


def _search(words: str, keys: Keys[R]) -> list[Test[R]]:
    """docs: Get credit note list: `currency=inr,status=issued`; which fields it knows is not said, here those that sort."""
    tests: list[Test[R]] = []
    for pair in filter(None, (piece.strip() for piece in words.split(","))):
        name, sign, wanted = pair.partition("=")
        if not sign or name not in keys:
            raise Refused(Code.INVALID_SEARCH, f"cannot search by {pair[:100]!r}", 400)
        tests.append(_said(keys[name], wanted.strip().lower()))
    return tests


def _said(key: Callable[[R], SortKey], wanted: str) -> Test[R]:
    return lambda row: str(key(row)).lower() == wanted


def _same(kind: Kind[T], get: Callable[[R], T | None]) -> Kind[Test[R]]:
    def read(value: Value) -> Test[R]:
        wanted = kind(value)
        return lambda row: get(row) == wanted

    return read


def _from(kind: Kind[T], get: Callable[[R], T]) -> Kind[Test[R]]:
    def read(value: Value) -> Test[R]:
        least: object = kind(value)
        return lambda row: bool(get(row) >= least)  # type: ignore[operator]  # both are what `kind` yields: Decimal or float

    return read


def _to(kind: Kind[T], get: Callable[[R], T]) -> Kind[Test[R]]:
    def read(value: Value) -> Test[R]:
        most: object = kind(value)
        return lambda row: bool(get(row) <= most)  # type: ignore[operator]  # the same

    return read


def _range(name: str, kind: Kind[T], get: Callable[[R], T]) -> dict[str, Kind[Test[R]]]:
    return {f"{name}__gte": _from(kind, get), f"{name}__lte": _to(kind, get)}


def _contains(get: Callable[[R], str]) -> Kind[Test[R]]:
    def read(value: Value) -> Test[R]:
        wanted = text(value).strip("%").lower()
        return lambda row: wanted in get(row).lower()

    return read


def _status_in(value: Value) -> Test[Invoice]:
    wanted = {choice(InvoiceStatus)(word.strip()) for word in text(value).split(",")}
    return lambda invoice: invoice.status in wanted


NOTE_FILTERS: Filters[Note] = {
    "customer_id": _same(uuid, lambda note: note.customer.id),
    "invoice_id": _same(uuid, lambda note: note.invoice_id),
    "status": _same(choice(NoteStatus), lambda note: note.status),
}
NOTE_KEYS: Keys[Note] = {
    "created_at": lambda note: note.created_at,
    "id": lambda note: note.id,
    "amount": lambda note: note.amount,
    "currency": lambda note: note.currency,
    "status": lambda note: note.status,
    "repayment_method": lambda note: note.repayment,
    "customer_id": lambda note: note.customer.id,
    "invoice_id": lambda note: note.invoice_id or "",
    "credit_note_number": lambda note: note.number,
}

INVOICE_FILTERS: Filters[Invoice] = {
    "id": _same(uuid, lambda invoice: invoice.id),
    "customer_id": _same(uuid, lambda invoice: invoice.customer.id),
    "contract_id": _same(uuid, lambda _: None),
    "external_id": _same(text, lambda invoice: invoice.external_id),
    "status": _same(choice(InvoiceStatus), lambda invoice: invoice.status),
    "status__in": _status_in,
    "invoice_number__like": _contains(lambda invoice: f"INV-{invoice.number}"),
    "customer__customer_name__ilike": _contains(lambda invoice: invoice.customer.name),
    "customer__external_id": _same(text, lambda invoice: invoice.customer.external_id),
    **_range("invoice_total", figure, lambda invoice: Decimal(invoice.remaining)),
    **_range("amount_due", figure, lambda invoice: Decimal(invoice.due)),
    **_range("due_date", instant, due_at),
    **_range("created_at", instant, lambda invoice: invoice.created_at),
}
INVOICE_KEYS: Keys[Invoice] = {
    "created_at": lambda invoice: invoice.created_at,
    "id": lambda invoice: invoice.id,
    "status": lambda invoice: invoice.status,
    "invoice_total": lambda invoice: invoice.remaining,
    "amount_due": lambda invoice: invoice.due,
    "due_date": due_at,
    "customer_id": lambda invoice: invoice.customer.id,
    "external_id": lambda invoice: invoice.external_id,
}


def _pays(value: Value) -> Test[Row]:
    invoice_id = uuid(value)
    return lambda row: any(part.invoice_id == invoice_id for part in row.parts)


PAYMENT_FILTERS: Filters[Row] = {
    "id": _same(uuid, lambda row: row.id),
    "customer_id": _same(uuid, lambda row: None if row.customer is None else row.customer.id),
    "connector_id": _same(uuid, lambda _: CONNECTOR),
    "parent_id": _same(uuid, lambda row: row.parent_id),
    "type": _same(choice(PaymentType), lambda row: row.type),
    "status": _same(choice(PaymentStatus), lambda row: row.status),
    "payment_method": _same(choice(PaymentMethod), lambda row: row.method),
    "invoice__id": _pays,
    **_range("amount", figure, lambda row: Decimal(row.amount)),
    **_range("amount_refunded", figure, lambda row: Decimal(row.refunded)),
    **_range("created_at", instant, lambda row: row.created_at),
}
PAYMENT_KEYS: Keys[Row] = {
    "created_at": lambda row: row.created_at,
    "id": lambda row: row.id,
    "amount": lambda row: row.amount,
    "type": lambda row: row.type,
    "status": lambda row: row.status,
    "currency_code": lambda row: row.currency,
    "parent_id": lambda row: row.parent_id or "",
}
