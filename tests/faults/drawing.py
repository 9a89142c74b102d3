"""Which operation comes next: drawn at random, with keys and amounts that no other has."""

from __future__ import annotations

import random
import uuid

from app.domain.money import Money
from tests.faults.ground import Ground, Plot
from tests.faults.operations import Content, Json, Kind, Operation, Told
from tests.faults.plan import Plan

PAYING_OUT = ({"disposition": "EXTERNAL_REFUND"}, {"disposition": "PAYMENT_REFUND"})
REASONS = ("ORDER_CHANGE", "WAIVER", "OTHER")


class Drawing:
    """Draws from the ground."""

    def __init__(self, plan: Plan, ground: Ground, chance: random.Random) -> None:
        self._plan = plan
        self._ground = ground
        self._chance = chance
        self._plots: dict[str, Plot] = {}

    def behaviour(self) -> str:
        """How the client of the next key behaves."""
        return self._chosen(dict(self._plan.behaviours))

    def issue(self, *, contents: int) -> Operation:
        """A note against any invoice; the contents beyond the first are what the key must not be used for."""
        provider = self._chosen(dict(self._plan.providers))
        while True:
            plot = self._ground.plot(provider)
            drawn = [minor for _, minor in zip(range(contents), plot.amounts, strict=False)]
            if len(drawn) == contents:
                return self._issue(plot, drawn)

    def follow_up(self, issued: Operation, told: Told) -> list[Operation]:
        """What is done with a note that was issued: nothing, voided, refunded, or one of these with two keys that know nothing of each other."""
        plot = self._plots[issued.key]
        if issued.pays_out or told.id is None or told.note_id is None or self._chance.random() < 0.3:
            return []
        number = self._chance.choice((1, 1, 2))
        match plot.provider:
            case "chargebee" if plot.is_paid and self._chance.random() < 0.6:
                parts = self._chance.sample(range(2, 40), number)
                return [self._recorded(plot, told, minor) for minor in parts]
            case "vcita":
                return self._returned(plot, told, number) if plot.payments else []
            case _:
                return [self._change("void", plot, told, {}) for _ in range(number)]

    def _issue(self, plot: Plot, drawn: list[int]) -> Operation:
        key = str(uuid.UUID(int=self._chance.getrandbits(128)))
        pays_out = plot.provider == "chargebee" and plot.is_paid and self._chance.random() < 0.3
        common = {
            "idempotencyKey": key,
            "against": {"invoice": {"reference": {"account": plot.provider, "providerId": plot.invoice_id}}},
            "reason": self._chance.choice(REASONS),
            **({"dispositions": [self._chance.choice(PAYING_OUT)]} if pays_out else {}),
        }
        self._plots[key] = plot
        return Operation(
            key=key,
            kind="issue",
            provider=plot.provider,
            subject=plot.invoice_id,
            contents=[Content(input={**common, "credit": {"total": _money(minor, plot)}}, minor=minor) for minor in drawn],
            pays_out=pays_out,
        )

    def _recorded(self, plot: Plot, told: Told, minor: int) -> Operation:
        outside = {"external": True, "method": "cash"} if self._chance.random() < 0.5 else {}
        return self._change("refund", plot, told, {"amount": _money(minor, plot), **outside}, minor=minor)

    def _returned(self, plot: Plot, told: Told, number: int) -> list[Operation]:
        payment = plot.payments.pop()
        return [self._change("refund", plot, told, {"paymentId": payment}, payment_id=payment) for _ in range(number)]

    def _change(
        self, kind: Kind, plot: Plot, told: Told, more: Json, *, minor: int | None = None, payment_id: str | None = None
    ) -> Operation:
        key = str(uuid.UUID(int=self._chance.getrandbits(128)))
        content = Content(input={"idempotencyKey": key, "id": told.id, **more}, minor=minor)
        return Operation(
            key=key, kind=kind, provider=plot.provider, subject=told.note_id or "", contents=[content], payment_id=payment_id
        )

    def _chosen(self, weights: dict[str, int]) -> str:
        return self._chance.choices(list(weights), list(weights.values()))[0]


def _money(minor: int, plot: Plot) -> Json:
    amount = Money(minor, plot.currency)
    return {"amount": str(amount.major), "currency": amount.currency}
