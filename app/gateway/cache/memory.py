"""What every cache of a process stands on: made once, shared by all kinds of things."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.gateway.background import Background
from app.gateway.cache.epochs import Epochs
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
    values: Guard = field(init=False)
    epochs: Epochs = field(init=False)

    def __post_init__(self) -> None:
        values = Guard(self.store, self.background)
        epochs = values if self.are_together else Guard(self.epoch_store, self.background)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "epochs", Epochs(epochs, self.background))

    @property
    def epoch_store(self) -> Store:
        """Where a write begins an epoch; not guarded, since a write has to know."""
        return self.store if self.ledger is None else self.ledger

    @property
    def are_together(self) -> bool:
        """Whether one question to one store tells a value and its epoch."""
        return self.epoch_store is self.store
