"""Zenskar's API over in-memory books: credit notes, and the invoices, payments and wallets they move.

Everything a client can notice and the documents leave open is a switch; see `switches`.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from app.sandbox.kernel import Books, Clock, Json, Switches
from app.sandbox.zenskar import audit, figures, refusals
from app.sandbox.zenskar.actions import Actions
from app.sandbox.zenskar.api import Api
from app.sandbox.zenskar.desk import Desk
from app.sandbox.zenskar.seeding import seed
from app.sandbox.zenskar.switches import SWITCHES

__all__ = ["ZenskarSandbox"]


class ZenskarSandbox:
    """One organisation at Zenskar, with the demonstration data in its books."""

    name = "zenskar"

    def __init__(self, clock: Clock) -> None:
        self.switches = Switches(SWITCHES)
        self._desk = Desk(clock, self.switches)
        self._actions = Actions(self._desk)
        self.app = Api(self._desk).app()
        self.reset()

    def reset(self) -> None:
        """Books back to the demonstration data, which no switch changes; numbers go on where they were."""
        chosen = {name: self.switches[name] for name in SWITCHES}
        self.switches.reset()
        self._desk.clear()
        seed(self._desk)
        for name, value in chosen.items():
            self.switches.set(name, value)

    def books(self) -> Books:
        """Everything in the books; beside the four kinds of row also `wallets`."""
        self._desk.catch_up()
        return figures.rows(self._desk.books)

    def violations(self) -> list[str]:
        """Rules the books break now, in words."""
        self._desk.catch_up()
        return audit.violations(self._desk.books)

    def act(self, action: str, arguments: Mapping[str, Json]) -> Json:
        """Do something behind the gateway's back; raises BadControl for what it cannot do."""
        return self._actions.act(action, arguments)

    def refusal(self, status: int) -> Response:
        """An answer with this status and the body Zenskar would send with it."""
        return refusals.on_demand(status, self.switches)
