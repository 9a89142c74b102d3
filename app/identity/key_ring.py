"""The API keys kept in the store that holds the ledger: made, listed and revoked by `credit-notes keys`, found by their hashes."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from app.callers_file import NAME, ApiKey
from app.store import Add, Put, Remove, Store, Write

# One tag for all: so a key and its name change in one atomic step. There are few, and each is remembered for a while.
_NAMES = "cn:1:{keys}:names"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Every method raises StoreFailure when the store is out of reach, or may have lost what it was told."""

    store: Store

    async def find(self, sha256: str) -> ApiKey | None:
        """The key with this hash."""
        (record,) = await self.store.get_many([_by_hash(sha256)])
        return None if record is None else _read(record)

    async def add(self, key: ApiKey) -> bool:
        """Keep it; False where there is one of its name already."""
        name, hash = _by_name(key.name), _by_hash(key.sha256)
        put: dict[str, Write] = {
            name: Put(key.sha256.encode()),
            hash: Put(msgspec.json.encode(key)),
            _NAMES: Add(key.name.encode()),
        }
        return await self.store.commit({name: None, hash: None}, put, settled=True)

    async def revoke(self, name: str) -> bool:
        """Forget the key of this name; False where there is none."""
        if not NAME.fullmatch(name):  # a console gives on whatever bytes it is given, which may be no text
            return False
        place = _by_name(name)
        (hash,) = await self.store.get_many([place])
        if hash is None:
            return False
        put: dict[str, Write] = {place: None, _by_hash(hash.decode()): None, _NAMES: Remove(name.encode())}
        return await self.store.commit({place: hash}, put, settled=True)

    async def list(self) -> list[ApiKey]:
        """All of them, by name, the expired ones as well."""
        names = sorted(name.decode() for name in await self.store.members(_NAMES))
        hashes = await self.store.get_many([_by_name(name) for name in names])
        records = await self.store.get_many([_by_hash(hash.decode()) for hash in hashes if hash is not None])
        return [_read(record) for record in records if record is not None]


def _read(record: bytes) -> ApiKey:
    return msgspec.json.decode(record, type=ApiKey)


def _by_name(name: str) -> str:
    return f"cn:1:{{keys}}:name:{name}"


def _by_hash(sha256: str) -> str:
    return f"cn:1:{{keys}}:sha256:{sha256}"
