"""What the campaign writes on: invoices at each provider, and from each of them amounts that no two keys share."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from tests.faults.operations import Json

MOST_KEYS = 12
"""For each invoice where more can be made: a write without a known end keeps all others on its invoice waiting."""
SMALL, USUAL = range(11, 100), range(101, 1000)
"""Of a note, in minor units."""
PAYMENT = 10
"""Of an invoice at vcita, of which only whole ones can be given back: less than any note."""
PAYMENTS = 6
TOTAL = 10_000
CHARGEBEE_CUSTOMERS = ("acme", "globex")


@dataclass(slots=True, kw_only=True, eq=False)
class Plot:
    """An invoice, and the amounts of it that are still to be had."""

    provider: str
    invoice_id: str
    currency: str
    is_paid: bool
    amounts: Iterator[int]
    payments: list[str] = field(default_factory=list)
    """Those that can be given back, each once."""


def amounts(chance: random.Random, *ranges: range) -> Iterator[int]:
    """Each once, those of the first range first, and none ten times another: so that no note can be taken for another's in any unit."""
    for each in ranges:
        found = [minor for minor in each if minor % 10]
        chance.shuffle(found)
        yield from found


class Ground:
    """The plots of all providers."""

    def __init__(self, control: httpx.AsyncClient, vcita: str, chance: random.Random) -> None:
        self._control = control
        self._vcita = vcita
        self._chance = chance
        self.plots: dict[str, list[Plot]] = {}

    async def prepare(self, keys: int) -> None:
        """Enough of them for so many keys at each provider."""
        many = max(4, keys // MOST_KEYS)
        self.plots["chargebee"] = [await self._chargebee(number) for number in range(many)]
        self.plots["vcita"] = [await self._vcitas(number) for number in range(many)]
        self.plots["zenskar"] = await self._zenskar()

    def plot(self, provider: str) -> Plot:
        """Any of the provider's."""
        return self._chance.choice(self.plots[provider])

    async def _chargebee(self, number: int) -> Plot:
        customer = CHARGEBEE_CUSTOMERS[number % 2]
        billed = await self.act("chargebee", "bill", customer_id=customer, currency="EUR", minor=TOTAL)
        id = billed["invoice"]["id"]
        if number % 2:
            await self.act("chargebee", "pay", invoice_id=id, minor=TOTAL)
        return self._plot("chargebee", id, "EUR", is_paid=bool(number % 2))

    async def _vcitas(self, number: int) -> Plot:
        today = datetime.now(UTC).date()
        wanted = {
            "matter_uid": "matter00000acme0",
            "issue_date": today.isoformat(),
            "due_date": (today + timedelta(days=14)).isoformat(),
            "currency": "EUR",
            "line_items": [{"name": "Hosting", "quantity": 1, "unit_amount": TOTAL // 100}],
        }
        headers = {"Authorization": "Bearer any"}
        answer = await self._control.post(f"{self._vcita}/v3/payments/invoices", json=wanted, headers=headers)
        id = answer.raise_for_status().json()["data"]["uid"]
        plot = self._plot("vcita", id, "EUR", is_paid=bool(number % 2))
        for _ in range(PAYMENTS * (number % 2)):
            plot.payments.append((await self.act("vcita", "pay", invoice_id=id, minor=PAYMENT))["payment_id"])
        return plot

    async def _zenskar(self) -> list[Plot]:
        """There no invoice can be made: those of the demonstration, which have less to give."""
        books = (await self._control.get("/books")).raise_for_status().json()["zenskar"]
        open_ones = [row for row in books["invoices"] if row["status"] not in {"void", "draft"} and row["remaining"] > TOTAL // 4]
        return [self._plot("zenskar", row["id"], row["currency"], SMALL, USUAL, is_paid=row["due"] == 0) for row in open_ones]

    def _plot(self, provider: str, id: str, currency: str, *ranges: range, is_paid: bool) -> Plot:
        drawn = amounts(self._chance, *(ranges or (USUAL,)))
        return Plot(provider=provider, invoice_id=id, currency=currency, is_paid=is_paid, amounts=drawn)

    async def act(self, provider: str, action: str, **arguments: object) -> Json:
        """Do something behind the gateways' backs."""
        answer = await self._control.post("/act", json={"provider": provider, "action": action, **arguments})
        found: Json = answer.raise_for_status().json()
        return found
