"""The accounts file, read again while the gateway serves: on SIGHUP. What is wrong with it changes nothing; what is under way goes on."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from app import telemetry
from app.gateway.accounts import Accounts
from app.health import Health
from app.settings import Settings, SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload:
    """Puts the accounts that the file has now in the place of those it had."""

    read: Callable[[], Settings]
    """Raises SettingsError."""
    accounts: Accounts
    health: Health

    def __call__(self) -> None:
        """Read and replace, or tell what is wrong."""
        before = self.health.settings
        try:
            now = self.read()
        except SettingsError as wrong:
            telemetry.reload_refused(wrong.mistakes)
            return
        if not now.accounts:
            telemetry.reload_refused(["the accounts file holds no accounts"])
            return
        self.accounts.replace(now.accounts, after_s=before.timings.write_timeout_s)
        self.health.settings = replace(before, accounts=now.accounts)
        telemetry.reloaded(accounts=len(now.accounts))
        if now != self.health.settings:
            telemetry.warned("only the accounts were taken: keys, issuers and [settings] have changed as well, and need a restart")


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
