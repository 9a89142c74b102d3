"""What has to get into the store. Imports nothing of the gateway, so that whatever writes there can use it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.store import StoreFailure

T = TypeVar("T")

RETRIES_S = (0.05, 0.2, 0.5, 1.0)
"""Waits between attempts: a store that fails over is back within seconds."""


async def insist(put: Callable[[], Awaitable[T]]) -> T:
    """Do it, and again while the store does not answer. Raises StoreFailure when it does not within those waits."""
    for wait in RETRIES_S:
        try:
            return await put()
        except StoreFailure:
            await asyncio.sleep(wait)
    return await put()
