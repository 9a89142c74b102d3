"""Compares the providers' books with what clients were told. Nothing here looks at a gateway or at its ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.faults.operations import Content, Json, Operation, Request

PRECISION_S = 1.0
"""Of an instant in the books: one provider's are whole seconds."""
LATER = frozenset({"APPLIED", "GATEWAY_UNAVAILABLE"})
"""What a repeat of a key that is done may be told: that it is done, or that the gateway cannot remember now."""


@dataclass(slots=True, kw_only=True)
class Verdict:
    """Everything found wrong, in words."""

    doubled: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)
    unended: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not (self.doubled or self.lost or self.untrue or self.unended or self.violations)


class Books:
    """What has come into the books during the campaign."""

    def __init__(self, before: Json, after: Json, providers: Sequence[str]) -> None:
        self.violations: list[str] = after["invariants"]["violations"]
        self.notes: dict[tuple[str, str, int], list[Json]] = defaultdict(list)
        self.states: dict[tuple[str, str], str] = {}
        self.refunds: dict[tuple[str, str], list[Json]] = defaultdict(list)
        """By provider and note or, where a refund has none, payment."""
        for name in providers:
            known = {row["id"] for kind in ("notes", "refunds") for row in before[name][kind]}
            for row in after[name]["notes"]:
                self.states[name, row["id"]] = row["status"]
                if row["id"] not in known:
                    self.notes[name, row["invoice_id"], row["minor"]].append(row)
            for row in after[name]["refunds"]:
                if row["id"] not in known:
                    self.refunds[name, row.get("note_id") or row["payment_id"]].append(row)


def judge(operations: Sequence[Operation], books: Books) -> Verdict:
    """All that the books and the answers say against the gateways."""
    found = Verdict(violations=books.violations)
    issues = [each for each in operations if each.kind == "issue"]
    for operation in operations:
        _check_answers(operation, found)
        if operation.is_open:
            found.unended.append(_named(operation))
    for operation in issues:
        _check_issue(operation, books, found)
    asked = {(each.provider, each.subject, content.minor) for each in issues for content in each.contents}
    found.doubled += [f"nobody asked for {rows}" for place, rows in books.notes.items() if place not in asked]
    for several in _alike(each for each in operations if each.kind == "void"):
        is_void = str(books.states.get((several[0].provider, several[0].subject), "")).startswith("void")
        _check_once(several, [several[0].subject] * is_void, found)
    for several in _alike(each for each in operations if each.kind == "refund"):
        place, minor = several[0].payment_id or several[0].subject, several[0].contents[0].minor
        rows = [row for row in books.refunds[several[0].provider, place] if minor in {None, row["minor"]}]
        _check_once(several, rows, found)
    return found


def _alike(operations: Iterable[Operation]) -> Iterable[list[Operation]]:
    """Those of which only one can be done: several keys that void one note, or give one payment back."""
    groups: dict[tuple[object, ...], list[Operation]] = defaultdict(list)
    for each in operations:
        groups[each.provider, each.payment_id or each.subject, each.contents[0].minor].append(each)
    return groups.values()


def _check_answers(operation: Operation, found: Verdict) -> None:
    """What was told once must not be told otherwise later."""
    notes = {(told.note_id, told.codes) for told in operation.applied}
    if len(notes) > 1 or any(codes for _, codes in notes) or any(note is None for note, _ in notes):
        found.untrue.append(f"{_named(operation)} is told to be {notes}")
    for content in operation.contents:
        done = [one.ended for one in content.requests if one.told is not None and one.told.is_applied]
        for one in content.requests:
            if done and one.told is not None and one.started > min(done) and not LATER & {one.told.outcome, *one.told.codes}:
                found.untrue.append(f"{_named(operation)} was done, and then {one.told}")


def _check_issue(operation: Operation, books: Books, found: Verdict) -> None:
    made = [(content, row) for content in operation.contents for row in _notes(operation, content, books)]
    ids = {row["id"] for _, row in made}
    told = {told.note_id for told in operation.applied}
    if len(made) > 1:
        found.doubled.append(f"{_named(operation)} has made {sorted(ids)}")
    if told - ids:
        found.lost.append(f"{_named(operation)} is told to have made {told}, the books have {ids}")
    if made and not told and not operation.is_open:
        found.untrue.append(f"{_named(operation)} has made {ids}")
    for content, row in made:
        denials = [one for one in content.requests if one.told is not None and one.told.denies_the_key]
        found.untrue += [
            f"{_named(operation)} was denied at {one.started} and has made {row}"
            for one in denials
            if _is_untrue(one, content, row)
        ]
    if operation.pays_out and told:
        _check_payout(operation, [row for id in ids for row in books.refunds[operation.provider, id]], made, found)


def _is_untrue(denial: Request, content: Content, row: Json) -> bool:
    """Whether the note was there when it was denied, or came afterwards without another request that could have made it."""
    made_at = row["created_at"]
    if made_at + PRECISION_S < denial.started:
        return True
    return not any(
        other.ended >= denial.started and other.started <= made_at + PRECISION_S
        for other in content.requests
        if other is not denial
    )


def _check_payout(operation: Operation, refunds: Sequence[Json], made: Sequence[tuple[Content, Json]], found: Verdict) -> None:
    amounts = [row["minor"] for row in refunds]
    wanted = [row["minor"] for _, row in made]
    if len(amounts) > len(wanted):
        found.doubled.append(f"{_named(operation)} has paid out {amounts} of {wanted}")
    elif amounts != wanted:
        found.lost.append(f"{_named(operation)} is told to have paid out {wanted}, the books have {amounts}")


def _check_once(several: Sequence[Operation], done: Sequence[object], found: Verdict) -> None:
    """Of operations alike, one is told to be done where the books say that it was, and none where they do not."""
    names = " and ".join(map(_named, several))
    told = sum(bool(each.applied) for each in several)
    if len(done) > 1 or told > 1:
        found.doubled.append(f"{names}: told {told} times, done {len(done)} times")
    elif told > len(done):
        found.lost.append(f"{names}: told to be done, and not in the books")
    elif told < len(done) and not any(each.is_open for each in several):
        found.untrue.append(f"{names}: in the books, and nobody was told")


def _notes(operation: Operation, content: Content, books: Books) -> list[Json]:
    return books.notes.get((operation.provider, operation.subject, content.minor or 0), [])


def _named(operation: Operation) -> str:
    answers = [
        f"{'?' if one.told is None else ' '.join((one.told.outcome, *one.told.codes))} at {one.started:.2f}-{one.ended:.2f}"
        for one in sorted(operation.requests, key=lambda one: one.started)
    ]
    return f"{operation.kind} {operation.key} at {operation.provider} on {operation.subject} [{', '.join(answers)}]"
