"""What every cache of a process stands on: made once, shared by all kinds of things."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.gateway.accounts import Account
from app.gateway.background import Background
from app.gateway.cache.epochs import epoch_key
from app.gateway.cache.guard import Guard
from app.gateway.cache.layer import Layer
from app.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The stores, the layer before them, time and chance."""

    store: Store
    """Where what was read is kept."""
    ledger: Store | None = None
    """Where epochs stand, if not beside what was read: in what evicts nothing and without which no write is answered."""
    background: Background
    clock: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random
    wait_s: float = 5.0
    """How long a read waits for another process that is loading the same."""
    layer: Layer = field(default_factory=Layer)
    _values: dict[str, Guard] = field(default_factory=dict, init=False)
    _epochs: dict[str, Guard] = field(default_factory=dict, init=False)

    @property
    def epoch_store(self) -> Store:
        """Where a write begins an epoch; not guarded, since a write has to know."""
        return self.store if self.ledger is None else self.ledger

    def way(self, tag: str) -> Guard:
        """To the store of what was read: one for all that stands there with this tag, so that it is waited for in vain once, not by each."""
        if tag not in self._values:
            self._values[tag] = Guard(self.store, self.background, mark=epoch_key(tag))
        return self._values[tag]

    def values_of(self, account: Account) -> Guard:
        """The account's way to what was read."""
        return self.way(account.tag)

    def epochs_of(self, account: Account) -> Guard:
        """The account's way to its epoch: the same, where one question tells both."""
        if self.epoch_store is self.store:
            return self.values_of(account)
        if account.tag not in self._epochs:
            self._epochs[account.tag] = Guard(self.epoch_store, self.background, mark=epoch_key(account.tag))
        return self._epochs[account.tag]
