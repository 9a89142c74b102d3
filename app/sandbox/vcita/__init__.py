"""vcita (inTandem) as a sandbox: its API over in-memory books. Only what the control API needs is put together here."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from app.sandbox.kernel import Books, Clock, Json
from app.sandbox.vcita import ledger
from app.sandbox.vcita.acts import act
from app.sandbox.vcita.api import make_app
from app.sandbox.vcita.business import Business
from app.sandbox.vcita.invariants import violations
from app.sandbox.vcita.refusals import Family, bare_status, refusal_answer
from app.sandbox.vcita.seeding import seed
from app.sandbox.vcita.switches import make_switches

__all__ = ["VcitaSandbox"]


class VcitaSandbox:
    """One business at vcita with the demonstration data in its books."""

    name = "vcita"

    def __init__(self, clock: Clock) -> None:
        self.switches = make_switches()
        self._business = Business(clock, self.switches)
        self.app = make_app(self._business)
        self.reset()

    def reset(self) -> None:
        """Books back to the demonstration data; numbers go on."""
        self._business.clear()
        seed(self._business)

    def books(self) -> Books:
        """Everything in the books, in minor units."""
        self._business.ripen()
        return ledger.rows(self._business)

    def violations(self) -> list[str]:
        """Rules the books break now."""
        return violations(self._business.books, self._business.events)

    def act(self, action: str, arguments: Mapping[str, Json]) -> Json:
        """Do something behind the gateway's back: pay, issue, settle, refund, cancel, document."""
        return act(self._business, action, arguments)

    def refusal(self, status: int) -> Response:
        """An answer with this status and the body vcita's newer services would send."""
        return refusal_answer(bare_status(status), Family.V3, self.switches)
