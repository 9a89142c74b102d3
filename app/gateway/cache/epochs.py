"""The epoch of an account: what a write of this gateway changes, so that nothing read before it is believed after it."""

from __future__ import annotations

import secrets

from app.gateway.accounts import Account
from app.store import Put, Store


def epoch_key(tag: str) -> str:
    """Where the epoch of the account with this tag stands."""
    return f"cn:1:epoch:{tag}"


async def begin_epoch(store: Store, account: Account) -> bytes:
    """Stop believing anything that was read of this account before now. Raises StoreFailure where that is not certain.

    Settled, as the ledger is: a fail-over that took it back would bring back what it has ended.
    """
    epoch = secrets.token_bytes(8)
    await store.commit({}, {epoch_key(account.tag): Put(epoch)}, settled=True)
    return epoch
