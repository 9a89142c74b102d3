"""The accounts there are, opened on first use: (caller, name) -> a live account. Nothing else hands out adapters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

from app import http
from app.domain.credit_note import CreditNote
from app.domain.errors import Forbidden, NotFound
from app.domain.vocabulary import NoteAction, Operation, Reason, Scope
from app.gateway.pacing import AccountPacer
from app.providers.contract import AccountSettings, Adapter, Capabilities, ClientOptions, ProviderSpec
from app.providers.limiter import Limiter
from app.providers.line import Line
from app.providers.policy import Breaker, Deadline
from app.providers.upstream import Upstream
from app.secret import Secret

if TYPE_CHECKING:
    from app.gateway.cache.guard import Guard

USUALLY_AT_ONCE, MOST_AT_ONCE = 10, 64
"""Calls of an account at once, in one process: where nothing is said, and whatever is said."""
IDLE_S = 30.0
"""How long a connection that nobody uses is kept."""


_OPERATION = {
    NoteAction.VOID: Operation.VOID,
    NoteAction.REFUND: Operation.REFUND,
    NoteAction.DOWNLOAD: Operation.DOCUMENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks. Without a tenant: whoever reaches an open gateway, who may use every account."""

    name: str
    tenant: str | None = None
    scopes: frozenset[Scope] = frozenset(Scope)
    accounts: frozenset[str] | None = None
    """Those of its tenant that it may use, by name; None: all of them."""

    def may_use(self, account: AccountSettings) -> bool:
        """Whether this account exists for the caller."""
        is_its_tenants = self.tenant is None or self.tenant == account.tenant
        return is_its_tenants and (self.accounts is None or account.name in self.accounts)

    def require(self, scope: Scope) -> None:
        """Raises Forbidden for what the caller may not do."""
        if scope not in self.scopes:
            message = f"this needs the scope {scope.value!r}, which the caller does not have"
            raise Forbidden(message)


OPEN = Caller(name="open")
"""Whoever reaches a gateway that does not know callers."""


def tag(settings: AccountSettings) -> str:
    """What every key about an account carries: tenant and account, and with them its place in a cluster."""
    return f"{{{settings.tenant}/{settings.name}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One configured account, open."""

    settings: AccountSettings
    spec: ProviderSpec
    line: Line

    @property
    def name(self) -> str:
        """As in `account` arguments."""
        return self.settings.name

    @property
    def tag(self) -> str:
        """What every key about this account carries."""
        return tag(self.settings)

    @property
    def capabilities(self) -> Capabilities:
        """What its provider can do."""
        return self.spec.capabilities

    @property
    def reasons(self) -> frozenset[Reason]:
        """The reasons it takes as it is configured."""
        return self.spec.reasons(self.settings) if self.spec.reasons else self.capabilities.reasons

    def adapter(self, deadline: Deadline) -> Adapter:
        """The account's provider, for one operation that ends at the deadline."""
        return self.adapter_on(self.upstream(deadline))

    def upstream(self, deadline: Deadline) -> Upstream:
        """The account's line, for one operation that ends at the deadline."""
        return Upstream(self.line, deadline)

    def adapter_on(self, upstream: Upstream) -> Adapter:
        """The account's provider over this line, which remembers what it was answered."""
        return self.spec.adapter(upstream, self.settings)

    def offers(self, operation: Operation) -> bool:
        """Whether the gateway offers this for the account today."""
        switch, value = self.spec.gates.get(operation, (None, None))
        is_open = switch is None or self.settings.switches.get(switch, self.spec.switches[switch][0]) == value
        return is_open and self.spec.has(operation)

    def allowed_actions(self, note: CreditNote) -> frozenset[NoteAction]:
        """What may be asked of a note of this account now."""
        allowed = self.adapter(Deadline(0)).allows(note)
        return frozenset(action for action in allowed if self.offers(_OPERATION[action]))


@dataclass(slots=True)
class Accounts:
    """Every configured account; each is opened when it is first asked for and closed with the process."""

    settings: Mapping[str, AccountSettings]
    providers: Mapping[str, ProviderSpec]
    transport: http.AsyncBaseTransport | None = None
    way: Callable[[str], Guard] | None = None
    """By an account's tag: to the store in which processes agree on whose turn it is."""
    _open: dict[str, Account] = field(default_factory=dict)
    _leaving: dict[asyncio.Task[None], Account] = field(default_factory=dict)

    def find(self, caller: Caller, name: str) -> Account:
        """The account by name; NotFound also where the caller may not use it, so that neither can be told from the other."""
        settings = self.settings.get(name)
        if settings is None or not caller.may_use(settings):
            message = f"no account {name[:100]!r}"
            raise NotFound(message)
        if name not in self._open:
            self._open[name] = self._opened(settings)
        return self._open[name]

    def of(self, caller: Caller) -> Sequence[Account]:
        """Every account the caller may use, by name."""
        return [self.find(caller, name) for name, settings in sorted(self.settings.items()) if caller.may_use(settings)]

    async def aclose(self) -> None:
        """Close every connection."""
        for closing in self._leaving:
            closing.cancel()
        for account in (*self._open.values(), *self._leaving.values()):
            await account.line.client.aclose()
        self._open.clear()

    def replace(self, settings: Mapping[str, AccountSettings], *, after_s: float) -> None:
        """From now on there are these. One that has changed is opened anew; what is under way over its old line has so long to end."""
        for name in [name for name, account in self._open.items() if settings.get(name) != account.settings]:
            account = self._open.pop(name)
            closing = asyncio.create_task(_closed(account, after_s))
            self._leaving[closing] = account
            closing.add_done_callback(self._leaving.pop)
        self.settings = settings

    def _opened(self, settings: AccountSettings) -> Account:
        spec = self.providers[settings.provider]
        options = spec.client(settings)
        limits = settings.limits or spec.limits
        place = tag(settings)
        pacer = AccountPacer(self.way(place) if self.way else None, f"cn:1:gate:{place}", limits)
        client = http.AsyncClient(
            transport=self.transport or http.Connections(idle_s=IDLE_S),
            headers={"User-Agent": "credit-notes", "Accept": "application/json"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # no call carries what an earlier answer left
            trust_env=False,  # a proxy variable must not carry an account's credentials elsewhere
        )
        line = Line(
            provider=spec.name,
            account=settings.name,
            client=client,
            base_url=options.base_url,
            headers=options.headers,
            limiter=Limiter(limits.gated(USUALLY_AT_ONCE, MOST_AT_ONCE), pacer),
            breaker=Breaker(),
            secrets=_secrets(settings, options),
        )
        return Account(settings=settings, spec=spec, line=line)


async def _closed(account: Account, after_s: float) -> None:
    await asyncio.sleep(after_s)
    await account.line.client.aclose()


def _secrets(settings: AccountSettings, options: ClientOptions) -> tuple[Secret, ...]:
    """The credentials as they were given, and as the header carries them."""
    sent = options.headers.get("Authorization", "").partition(" ")[2]
    return (*settings.credentials.values(), *([Secret(sent)] if sent else []))
