"""What an adapter reads and a test takes to be there, and what comes of what is refused. No test lives here."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

import pytest

from app.domain.credit_note import CreditNote
from app.domain.errors import GatewayError, InvalidInputs
from app.domain.invoice import Invoice
from app.providers.contract import Adapter

P = ParamSpec("P")


async def read_note(adapter: Adapter, id: str) -> CreditNote:
    """The note as it is now."""
    found = (await adapter.fetch_many([id]))[id]
    assert isinstance(found, CreditNote), found
    return found


async def read_invoice(adapter: Adapter, id: str) -> Invoice:
    """The invoice as it is now."""
    found = (await adapter.invoices([id]))[id]
    assert isinstance(found, Invoice), found
    return found


def left(invoice: Invoice) -> tuple[int, int, int]:
    """What may still be credited, all told: adjustable, refundable, total; minor units."""
    balance = invoice.creditable
    assert balance is not None
    assert balance.adjustable is not None
    assert balance.refundable is not None
    return balance.adjustable.minor, balance.refundable.minor, balance.total.minor


def refusal_of(make: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> GatewayError:
    """Why there is none."""
    with pytest.raises(GatewayError) as refused:
        make(*args, **kwargs)
    return refused.value


def problems(error: GatewayError) -> list[GatewayError]:
    """What an error stands for, one by one."""
    return list(error.problems) if isinstance(error, InvalidInputs) else [error]
