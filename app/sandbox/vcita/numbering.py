"""The numbers and ids given out: the two series of note numbers, invoice numbers, random uids. They survive a reset."""

from __future__ import annotations

import secrets
import string
from collections.abc import Container

from app.sandbox.kernel import Numbers, Switches

_LETTERS = string.ascii_lowercase + string.digits


def new_uid() -> str:
    """Sixteen random lower-case letters and digits, the form of a platform uid."""
    return "".join(secrets.choice(_LETTERS) for _ in range(16))


class Numbering:
    """Numbers nobody has yet; what callers choose themselves does not move the series."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._notes = Numbers()
        self._invoices = Numbers()
        self._yearly: dict[str, int] = {}

    def note(self, issue_date: str, taken: Container[str]) -> str:
        """The next note number of the series in force."""
        while (number := self._prefix() + self._next(issue_date[:4])) in taken:
            pass
        return number

    def invoice(self, taken: Container[str]) -> str:
        """The next invoice number."""
        while (number := str(self._invoices.next())) in taken:
            pass
        return number

    def _prefix(self) -> str:
        prefix = self._switches["number_prefix"]
        return "" if prefix == "none" else prefix

    def _next(self, year: str) -> str:
        if self._switches["numbering"] == "continuous":
            return str(self._notes.next())
        self._yearly[year] = self._yearly.get(year, 0) + 1
        return f"{year}-{self._yearly[year]:04d}"
