"""The accounts file, read again while the gateway serves: on SIGHUP. What is wrong with it changes nothing; what is under way goes on."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace

from app import telemetry
from app.gateway.accounts import Accounts
from app.health import Health
from app.identity.authenticator import Authenticator
from app.settings import Settings, SettingsError

NOBODY_LEFT = "no key and no issuer is left, so that whoever comes would be let in: only a restart opens a gateway"

_TAKEN = {"accounts", "callers"}
_GROUPS = {"identity", "operation", "edge", "timings"}
_AS_WRITTEN = {
    "signing_keys": "secret",
    "is_open": "open",
    "accepts_volatile_ledger": "volatile_ledger",
    "requires_durable_ledger": "ledger_durability",
    "logs_json": "log",
    "ledger_keep_s": "ledger_keep_days",
}
"""Settings that go by another name where the operator writes them."""


def renewed(before: Settings, now: Settings) -> Settings:
    """What held `before`, with the accounts, keys and issuers of `now`; raises SettingsError where these may not be taken."""
    taken, mistakes = replace(before, accounts=now.accounts, callers=now.callers), []
    if not now.accounts:
        mistakes.append("the accounts file holds no accounts")
    if before.knows_callers and not taken.knows_callers:
        mistakes.append(NOBODY_LEFT)
    if mistakes:
        raise SettingsError(mistakes)
    return taken


def differing(before: Settings, now: Settings) -> list[str]:
    """The names of the settings that differ, as the operator writes them."""
    old, new = by_name(before), by_name(now)
    return sorted(name for name in old if old[name] != new[name])


def by_name(settings: Settings) -> Mapping[str, object]:
    """Every setting but accounts, keys and issuers."""
    plain = {field.name: getattr(settings, field.name) for field in fields(settings) if field.name not in _TAKEN | _GROUPS}
    models = (settings.identity, settings.operation, settings.edge)
    found = {**plain, **asdict(settings.timings), **{name: value for model in models for name, value in model}}
    return {_AS_WRITTEN.get(name, name): value for name, value in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload:
    """Puts the accounts, keys and issuers that the file has now in the place of those it had, all in one moment."""

    read: Callable[[], Settings]
    """Raises SettingsError."""
    accounts: Accounts
    authenticator: Authenticator
    health: Health
    told: Callable[[Settings], None] | None = None
    """Hears what holds from now on."""

    def __call__(self) -> None:
        """Read and replace, or tell what is wrong."""
        before = self.health.settings
        try:
            now = self.read()
            taken = renewed(before, now)
        except SettingsError as wrong:
            telemetry.reload_refused(wrong.mistakes)
            return
        self.accounts.replace(taken.accounts, after_s=before.timings.write_timeout_s)
        self.authenticator.replace(taken.callers)
        self.health.settings = taken
        if self.told is not None:
            self.told(taken)
        telemetry.reloaded(accounts=len(taken.accounts), keys=len(taken.callers.keys), issuers=len(taken.callers.issuers))
        others = differing(taken, now)
        if others:
            telemetry.warned(f"[settings] has changed as well and needs a restart: {', '.join(others)}")


@contextlib.contextmanager
def on_hang_up(reload: Callable[[], None] | None) -> Iterator[None]:
    """While the block runs, SIGHUP reloads; where nothing can be, and off the main thread, it stays what it is."""
    if reload is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, reload)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it is ending: a late one must not end it in the middle
