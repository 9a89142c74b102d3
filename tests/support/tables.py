"""The tables of the documents that the code itself dictates, and the command that writes them anew.

.venv/bin/python -m tests.support.tables
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum

from app.accounts_file import demo_accounts
from app.api.enums import DESCRIPTIONS
from app.domain.errors import GatewayError
from app.domain.vocabulary import Disposition, ErrorCode, Filter, IssueField, Operation, Order, Reason
from app.gateway.accounts import Account, Accounts, Caller
from app.gateway.operations import RecordedError
from app.providers import PROVIDERS
from app.providers.contract import ProviderSpec
from app.sandbox.server import make_sandbox
from tests.support.markdown import documents

COMMAND = ".venv/bin/python -m tests.support.tables"
YES, NO, NONE = "yes", "no", "none"

_PLACE = re.compile(r"(?P<start><!-- table: (?P<name>[a-z-]+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)


def rewritten(text: str) -> str:
    """The document with every table between its markers as the code has it now."""
    return _PLACE.sub(lambda found: f"{found['start']}{TABLES[found['name']]()}\n{found['end']}", text)


def names(text: str) -> list[str]:
    """Which tables a document holds."""
    return [found["name"] for found in _PLACE.finditer(text)]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines)


def _code(*words: str) -> str:
    return " ".join(f"`{word}`" for word in words) or NONE


def _accounts() -> list[Account]:
    accounts = Accounts(demo_accounts(dict.fromkeys(PROVIDERS, "http://127.0.0.1:9")), PROVIDERS)
    opened = list(accounts.of(Caller(name="documents")))
    asyncio.run(accounts.aclose())
    return opened


def _capabilities() -> str:
    accounts = _accounts()
    rows = [
        [_words(what, member), *(_offer(account, member) if member in have(account) else NO for account in accounts)]
        for what, member, have in _abilities()
    ]
    able = [account.capabilities for account in accounts]
    rows += [
        ["Reasons", *("all" if can.reasons == frozenset(Reason) else _code(*(r.value for r in Reason if r in can.reasons)) for can in able)],
        ["Notes by id in one call", *(str(can.batch_size) for can in able)],
        _row("Knows a repeated write by a key of its own", [can.native_idempotency for can in able]),
        _row("Finds a note or an invoice by its printed number", [can.number_is_id for can in able]),
        _row("Counts (`totalCount`)", [can.counts for can in able]),
    ]  # fmt: skip
    head = ["", *(f"`{account.spec.name}`" for account in accounts)]
    return "\n".join([_table(head, rows), "", *_remarks(accounts)])


def _offer(account: Account, member: Enum) -> str:
    """Yes, or the switch it takes: the accounts shown have set theirs."""
    gates = {operation: f'with `{switch} = "{value}"`' for operation, (switch, value) in account.spec.gates.items()}
    return gates.get(member, YES) if isinstance(member, Operation) else YES


def _row(words: str, offered: Sequence[bool]) -> list[str]:
    return [words, *(YES if one else NO for one in offered)]


Have = Callable[[Account], frozenset[Enum]]


def _abilities() -> Iterator[tuple[str, Enum, Have]]:
    """What is asked of every account: the enum's name in the schema, its member, and how an account shows that it has it."""
    for operation in _offered():
        yield "Operation", operation, lambda account: frozenset(one for one in Operation if account.offers(one))
    for disposition in Disposition:
        if disposition is not Disposition.UNKNOWN:
            yield "Disposition", disposition, lambda account: account.capabilities.dispositions
    for field in IssueField:
        yield "IssueField", field, lambda account: account.capabilities.issue_fields
    for filter in Filter:
        if any(filter in spec.capabilities.filters for spec in PROVIDERS.values()):
            yield "CreditNoteFilterField", filter, lambda account: account.capabilities.filters
    for order in Order:
        yield "CreditNoteOrder", order, lambda account: account.capabilities.orders


_GROUPS = {
    "Operation": "",
    "Disposition": "Value goes: ",
    "IssueField": "Issuing: ",
    "CreditNoteFilterField": "Filters by itself: ",
    "CreditNoteOrder": "Lists: ",
}


def _words(what: str, member: Enum) -> str:
    _, _, texts = DESCRIPTIONS[what]
    text = texts[member.name].rstrip(".")
    return f"{_GROUPS[what]}{text if what == 'Operation' else text[0].lower() + text[1:]} (`{member.name}`)"


def _offered() -> list[Operation]:
    return [one for one in Operation if any(account.offers(one) for account in _accounts())]


def _remarks(accounts: Sequence[Account]) -> Iterator[str]:
    for account in accounts:
        for operation, note in account.capabilities.notes.items():
            yield f"- `{account.spec.name}`, `{operation.value}`: {note}"
    missing = [one.value for one in Operation if one not in _offered()]
    if missing:
        yield f"- Offered for no account today: {_code(*missing)}."


def _errors() -> str:
    _, _, texts = DESCRIPTIONS["ErrorCode"]
    return _table(
        ["Code", "Means", "May succeed later"], [[f"`{code.value}`", texts[code.name], _retryable(code)] for code in ErrorCode]
    )


def _retryable(code: ErrorCode) -> str:
    answers = {kind.retryable for kind in _kinds(GatewayError) if code in {kind.code, *kind.allowed}}
    return "where `retryable` says so" if len(answers) > 1 else (YES if True in answers else NO)


def _kinds(kind: type[GatewayError]) -> Iterator[type[GatewayError]]:
    """The kinds that speak for themselves: one that repeats what another has said can carry any code."""
    if kind is RecordedError:
        return
    yield kind
    for narrower in kind.__subclasses__():
        yield from _kinds(narrower)


def _needs() -> str:
    head = ["`provider`", "Secrets", "Needed", "May be given", "Switches, the default first", "Calls a minute"]
    return _table(head, [_need(spec) for spec in PROVIDERS.values()])


def _need(spec: ProviderSpec) -> list[str]:
    needed = [f"`{name}`" + (" or `base_url`" if name in spec.address else "") for name in spec.options]
    switches = "; ".join(f"`{name}`: {_code(*values)}" for name, values in spec.switches.items())
    limit = spec.limits.per_minute
    return [
        f"`{spec.name}`", _code(*spec.credentials), ", ".join(needed) or NONE, _code(*spec.optional), switches or NONE,
        str(limit) if limit else NONE,
    ]  # fmt: skip


def _sandbox_switches() -> str:
    rows = [
        [f"`{name}`", f"`{switch}`", _code(*_values(choice))]
        for name, provider in make_sandbox().providers.items()
        for switch, choice in provider.switches.as_json().items()
    ]
    return _table(["Provider", "Switch", "Values, the default first"], rows)


def _values(choice: object) -> list[str]:
    match choice:
        case {"values": list(values)}:
            return [str(value) for value in values]
    message = f"not a switch: {choice!r}"
    raise TypeError(message)


TABLES: Mapping[str, Callable[[], str]] = {
    "capabilities": _capabilities,
    "errors": _errors,
    "accounts": _needs,
    "sandbox-switches": _sandbox_switches,
}


def main() -> None:
    """Write every table anew."""
    for document in documents():
        document.path.write_text(rewritten(document.text))


if __name__ == "__main__":
    main()
