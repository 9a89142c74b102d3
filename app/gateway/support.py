"""What an account can't do is refused here by its declared capabilities, before anything is read or sent."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.commands import CreditLines, CreditNoteFilter, CustomerTarget, IssueCreditNote
from app.domain.errors import GatewayError, InvalidInput, InvalidInputs, Unsupported
from app.domain.filters import asked
from app.domain.vocabulary import Disposition, ErrorCode, Filter, IssueField, Order
from app.gateway.accounts import Account

FILTERS = {
    Filter.INVOICE: "invoiceIds",
    Filter.CUSTOMER: "customerProviderIds",
    Filter.STATUS: "statuses",
    Filter.SETTLEMENT: "settlements",
    Filter.REASON: "reasons",
    Filter.CURRENCY: "currencies",
    Filter.ISSUED: "issued",
    Filter.UPDATED: "updated",
    Filter.TOTAL: "total",
}
"""Where each filter stands in the input."""


def unlistable(account: Account, where: CreditNoteFilter, order: Order, *, native_only: bool) -> Unsupported | None:
    """Why this account cannot be asked for such a list, if it can't."""
    can = account.capabilities
    if order not in can.orders:
        message = f"{account.spec.name} cannot list in the order {order.value}"
        return Unsupported(message, path=("orderBy",), account=account.name, ability=order)
    untold = unfiltered(account, asked(where) & can.untold, "does not tell enough to filter by")
    return untold or (unfiltered(account, asked(where) - can.filters) if native_only else None)


def unfiltered(account: Account, filters: frozenset[Filter], why: str = "cannot itself filter as asked by") -> Unsupported | None:
    """The refusal of these filters, where there are any."""
    members = [member for member in FILTERS if member in filters]
    if not members:
        return None
    names = [FILTERS[member] for member in members]
    message = f"{account.spec.name} {why} {' and '.join(names)}"
    has_it = members[0] in account.capabilities.filters  # for other values: whoever else has it may not for these either
    return Unsupported(
        message,
        code=ErrorCode.UNSUPPORTED_FILTER,
        path=("filter", names[0]),
        account=account.name,
        ability=None if has_it else members[0],
    )


def refuse_unsupported(account: Account, command: IssueCreditNote) -> None:
    """Raises one error, or InvalidInputs with all of them, for everything asked that the account's provider does not have."""
    problems = list(_problems(account, command))
    for problem in problems:
        problem.account = account.name
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise InvalidInputs(problems)


def _problems(account: Account, command: IssueCreditNote) -> Iterator[GatewayError]:
    if command.options is not None and command.options.provider != account.spec.name:
        yield InvalidInput(f"the account is not at {command.options.provider}", path=("options", command.options.provider))
    can = account.capabilities.issue_fields
    for ability, path in _asked(command):
        if ability not in can:
            yield Unsupported(f"{account.spec.name} cannot honour {'.'.join(path)}", path=path, ability=ability)
    for index, part in enumerate(command.dispositions):
        path = ("dispositions", str(index), "disposition")
        if part.disposition is Disposition.UNKNOWN:
            yield InvalidInput("UNKNOWN is an answer, not a wish", path=path)
        elif part.disposition not in account.capabilities.dispositions:
            message = f"{account.spec.name} cannot be asked for {part.disposition.value}"
            yield Unsupported(message, path=("dispositions",), ability=part.disposition)


def _asked(command: IssueCreditNote) -> Iterator[tuple[IssueField, tuple[str, ...]]]:
    if isinstance(command.target, CustomerTarget):
        yield IssueField.WITHOUT_INVOICE, ("against", "customer")
    if isinstance(command.credit, CreditLines):
        yield IssueField.LINE_ITEMS, ("credit", "lineItems")
        for index, line in enumerate(command.credit.lines):
            if line.taxes is not None:
                yield IssueField.TAXES, ("credit", "lineItems", str(index), "taxes")
    given = (
        (command.number, IssueField.NUMBER, "number"),
        (command.issued_on, IssueField.ISSUED_ON, "issuedOn"),
        (command.customer_note, IssueField.CUSTOMER_NOTE, "customerNote"),
        (command.internal_note, IssueField.INTERNAL_NOTE, "internalNote"),
        (command.reason_text, IssueField.REASON_TEXT, "reasonText"),
    )
    yield from ((ability, (name,)) for value, ability, name in given if value is not None)
