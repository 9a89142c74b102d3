"""What the contract suite has to know of a provider to ask it everything. A case tells facts; it decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from app.domain.commands import IssueCreditNote
from app.domain.errors import GatewayError
from app.domain.invoice import Invoice
from app.domain.money import Money
from app.domain.vocabulary import ErrorCode, Status
from app.providers.contract import AccountSettings, ProviderSpec
from tests.providers.recordings import Recordings, Reply

MEANINGS = (
    "found", "found_many", "absent", "page_first", "page_last", "issued", "rejected", "over_balance",
    "unauthorized", "rate_limited", "broken", "malformed", "not_json", "unknown_status",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCase:
    """One provider."""

    spec: ProviderSpec
    recorded: Recordings
    account: AccountSettings
    auth: Mapping[str, str]
    """The headers that say who is asking, as the provider documents them."""
    secrets: tuple[str, ...]
    """What may show up nowhere: the credentials, in every form in which they are sent."""
    known_id: str
    """The note of `found`."""
    absent_id: str
    wanted: tuple[IssueCreditNote, Invoice]
    """What `issued` answers, and the invoice as it was then."""
    amounts: Mapping[str, Money]
    """The notes of `found_many`, newest first, and their totals as a person reads them."""
    collections: tuple[str, ...]
    """Paths that ids are asked of in the query."""
    page_size: int
    """Of `page_first`, which is full."""
    note: Callable[[Any], dict[str, Any]]
    """The note in the body of `found`, `malformed`, `unknown_status` and `issued`, to be changed in place."""
    notes: Callable[[Any], list[Any]]
    """The entries in the body of `found_many` and the pages, the same."""
    alone: Callable[[Any], Any]
    """The body that answers for one entry of `found_many` when it is asked for by id."""
    statuses: Mapping[str, Status]
    """Every word the provider publishes for a note's status."""
    published: tuple[str, ...]
    """Where its specification extract has those words."""
    refusals: Mapping[str, tuple[type[GatewayError], ErrorCode]]
    """What `rejected` and `over_balance` are, going by what the provider says for machines."""
    deviates: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Tests of the suite this provider can't pass, each with the reason: expected to fail, and reported when they don't."""

    def __repr__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The provider's."""
        return self.spec.name

    def reply(self, meaning: str) -> Reply:
        """A reply as recorded. The caller's own copy."""
        return self.recorded.reply(meaning)

    def expected(self, meaning: str) -> Any:
        """What a reply says, or what a request is; fractions as text, so that every digit is compared."""
        return self.recorded.expected(meaning, fraction=str)

    def changed(self, meaning: str, **members: object) -> Reply:
        """A reply with other members in its note."""
        reply = self.reply(meaning)
        self.note(reply["body"]).update(members)
        return reply
