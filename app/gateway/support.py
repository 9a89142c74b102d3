"""What an account can't do is refused here by its declared capabilities, before anything is read or sent."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.commands import CreditLines, CustomerTarget, IssueCreditNote
from app.domain.errors import GatewayError, InvalidInput, InvalidInputs, Unsupported
from app.domain.vocabulary import Disposition, IssueField
from app.gateway.accounts import Account


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
