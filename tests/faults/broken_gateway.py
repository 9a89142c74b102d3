"""`credit-notes` with a store that neither looks nor keeps others out while it writes: what the campaign has to find."""

from __future__ import annotations

from collections.abc import Mapping

from app.cli import main
from app.store import Write
from app.store.redis import RedisStore

_sound = RedisStore.commit


async def commit(self: RedisStore, expect: Mapping[str, bytes | None], put: Mapping[str, Write], *, settled: bool = False) -> bool:
    """Get, and put one after the other, whatever was got."""
    await self.get_many([*expect])
    for key, write in put.items():
        await _sound(self, {}, {key: write}, settled=settled)
    return True


if __name__ == "__main__":
    RedisStore.commit = commit  # type: ignore[method-assign]  # what this module is for
    main()
