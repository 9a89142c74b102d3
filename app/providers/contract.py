"""What a provider must offer: the adapter's methods, what it can do, and how an account of it is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from app.domain.commands import CreditNoteFilter, IssueCreditNote, Page, PageRequest, RefundCreditNote, VoidCreditNote
from app.domain.credit_note import CreditNote, LineItem
from app.domain.errors import GatewayError
from app.domain.invoice import Invoice
from app.domain.plans import Preview, Refund, Refunded, WritePlan
from app.domain.vocabulary import Disposition, Filter, IssueField, NoteAction, Operation, Order, Reason
from app.secret import Secret

if TYPE_CHECKING:
    from app.providers.upstream import Upstream


class Adapter(Protocol):
    """One provider's credit notes, for one account. Stateless apart from its upstream and its account's settings."""

    async def fetch_many(self, ids: Sequence[str]) -> Mapping[str, CreditNote | GatewayError]:
        """Every requested id is a key. Absence is NotFound, as a value. Raises only when the whole call failed."""

    async def list(self, where: CreditNoteFilter, page: PageRequest) -> Page:
        """One provider page in the order asked. Filters it cannot apply are in Page.unapplied, never ignored silently.

        Whatever else it asks for may be wider than what is wanted, and is then in Page.rough; never narrower.
        """

    async def invoices(self, ids: Sequence[str]) -> Mapping[str, Invoice | GatewayError]:
        """With totals, creditable balance, payments and note ids as far as the provider tells; always asked, never remembered."""

    def plan(self, command: IssueCreditNote, invoice: Invoice | None) -> WritePlan:
        """Resolve a command against the invoice as read; pure. Raises what must be refused before anything is sent."""

    def preview(self, command: IssueCreditNote, invoice: Invoice | None) -> Preview:
        """What the plan of this command would come to; pure. Raises what `plan` raises."""

    def allows(self, note: CreditNote) -> frozenset[NoteAction]:
        """What may be asked of a note in its state; pure. Never more than the adapter has methods for."""

    async def issue(self, plan: WritePlan, *, key: str) -> CreditNote:
        """Send a plan, once; with the provider key if the provider takes one."""

    async def probe(self) -> None:
        """One cheap read that shows whether the account works."""


@runtime_checkable
class HasLines(Protocol):
    """Lines need a call of their own."""

    async def lines(self, notes: Sequence[CreditNote]) -> Mapping[str, Sequence[LineItem] | GatewayError]:
        """Every note's id is a key."""


@runtime_checkable
class CanVoid(Protocol):
    """A note can be withdrawn."""

    def plan_void(self, command: VoidCreditNote, note: CreditNote) -> WritePlan:
        """Resolve against the note as read; pure. Raises what must be refused before anything is sent."""

    async def void(self, plan: WritePlan, *, key: str) -> CreditNote:
        """Send a plan, once; the note after it."""


@runtime_checkable
class CanRefund(Protocol):
    """What is left of a note can be paid out, or recorded as paid out."""

    async def plan_refund(self, command: RefundCreditNote, note: CreditNote) -> WritePlan:
        """Resolve against the note as read and whatever else decides; raises what must be refused before anything is sent.

        Where it takes several calls the plan is of the first; `then` has the rest.
        """

    async def refund(self, plan: WritePlan, *, key: str) -> Refunded:
        """Send a plan, once."""

    async def refunds(self, plan: WritePlan) -> Sequence[Refund]:
        """The refunds there are now where the plan would have made one. Which of them is ours is decided in gateway/."""

    async def refunded(self, plan: WritePlan, refund: Refund) -> Refunded:
        """How a refund that `refunds` has found left the note."""


@runtime_checkable
class CanRecall(Protocol):
    """The notes an earlier issue() whose answer was lost may have made. Which of them is ours is decided in gateway/, not here."""

    async def candidates(self, plan: WritePlan) -> Sequence[CreditNote]:
        """The notes there are now where the plan would have made one, newest first and all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a provider can do. Operations follow from the methods present."""

    batch_size: int = 1
    """Ids per fetch_many call upstream."""
    native_idempotency: bool = False
    issues_without_invoice: bool = False
    number_is_id: bool = False
    """Whether the printed number finds a note or an invoice."""
    invoices_per_list: int = 1
    """Invoice ids one list call can narrow to."""
    customers_per_list: int = 1
    """The same for customers, where it filters by them at all."""
    pages_by_instant: bool = False
    """Whether a walk resumes from an instant alone; else from a page's token."""
    counts: bool = False
    """Whether a list tells how many there are."""
    dispositions: frozenset[Disposition] = frozenset()
    issue_fields: frozenset[IssueField] = frozenset()
    filters: frozenset[Filter] = frozenset()
    """What list() can apply upstream; of some, only for some values: see Page.unapplied."""
    untold: frozenset[Filter] = frozenset()
    """Filters on what no note of this provider tells, so that nobody can apply them."""
    orders: frozenset[Order] = frozenset({Order.ISSUED_DESC})
    reasons: frozenset[Reason] = frozenset(Reason)
    notes: Mapping[Operation, str] = field(default_factory=lambda: MappingProxyType({}))
    """A sentence for a client beside an operation, where one is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Calls an account may make: `per_minute` as a burst, `concurrent` at once; 0 for none."""

    per_minute: int = 0
    concurrent: int = 0

    def gated(self, usual: int, most: int) -> Limits:
        """The same, with as many at once as is usual where nothing is said, and never more than `most`."""
        return Limits(per_minute=self.per_minute, concurrent=min(self.concurrent or usual, most))


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """One configured account, as its adapter needs to know it."""

    name: str
    tenant: str
    provider: str
    credentials: Mapping[str, Secret]
    options: Mapping[str, str]
    """What the provider's SPEC names in `options`: site, organisation, on_behalf_of ..."""
    base_url: str | None = None
    currency: str | None = None
    reason_codes: Mapping[Reason, str]
    """Our reason -> the account's own code at the provider."""
    switches: Mapping[str, str]
    """Provider behaviour that is not published, chosen by name; the SPEC has the names and defaults."""
    limits: Limits | None = None
    skip_webhooks: bool = False
    skip_actions: bool = False
    demo: bool = False
    """A built-in sandbox account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """How an account is addressed and authenticated; nothing else."""

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The credentials among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSpec:
    """One provider, declared."""

    name: str
    """URL-safe, never shown as prose."""
    credentials: tuple[str, ...]
    """Secrets the account must supply."""
    capabilities: Capabilities
    client: Callable[[AccountSettings], ClientOptions]
    adapter: Callable[[Upstream, AccountSettings], Adapter]
    options: tuple[str, ...] = ()
    """Plain settings the account must supply."""
    address: tuple[str, ...] = ()
    """Those of `options` that only make the address: base_url stands in for them."""
    optional: tuple[str, ...] = ()
    """Plain settings the account may supply."""
    switches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name -> allowed values, the first is the default."""
    gates: Mapping[Operation, tuple[str, str]] = field(default_factory=dict)
    """Operations offered only where the account's switch (first) has the value (second): what they do is not published."""
    reasons: Callable[[AccountSettings], frozenset[Reason]] | None = None
    """The reasons an account takes, where its own settings decide; else those of the capabilities."""
    demo_switches: Mapping[str, str] = field(default_factory=dict)
    """What the built-in sandbox account sets."""
    limits: Limits = Limits()
    """The provider's published rate, our starting point."""

    def has(self, operation: Operation) -> bool:
        """Whether the provider has this; an account may lack it by a gate."""
        match operation:
            case Operation.GET | Operation.LIST | Operation.ISSUE | Operation.PREVIEW:
                return True
            case Operation.ISSUE_WITHOUT_INVOICE:
                return self.capabilities.issues_without_invoice
            case Operation.VOID:
                return isinstance(self.adapter, type) and issubclass(self.adapter, CanVoid)
            case Operation.REFUND:
                return isinstance(self.adapter, type) and issubclass(self.adapter, CanRefund)
            case _:
                return False
