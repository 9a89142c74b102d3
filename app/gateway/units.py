"""The alarm for a provider that counts in another unit than thought: an account whose amounts were a power of ten off writes no more."""

from __future__ import annotations

from app import telemetry
from app.domain.errors import Unsupported
from app.domain.vocabulary import ErrorCode
from app.gateway.accounts import Account
from app.gateway.insistence import insist
from app.gateway.turns import unavailable
from app.store import Put, Store, StoreFailure


class UnitAlarms:
    """Which accounts' writes are stopped, until somebody has looked and says so (`credit-notes check --confirm-units`)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def refuse_if_raised(self, account: Account) -> None:
        """Raises Unsupported (FEATURE_DISABLED) while the alarm stands."""
        try:
            raised = await self.is_raised(account)
        except StoreFailure as failed:
            raise unavailable() from failed
        if raised:
            message = (
                "writes of this account are stopped: an amount was answered a power of ten off. Look at the account's last note, "
                "set the account's switches, then run `credit-notes check --confirm-units`"
            )
            raise Unsupported(message, code=ErrorCode.FEATURE_DISABLED, account=account.name)

    async def is_raised(self, account: Account) -> bool:
        """Whether the account's writes are stopped. Raises StoreFailure."""
        return (await self._store.get_many([_key(account)]))[0] is not None

    async def raise_for(self, account: Account) -> None:
        """Stop the account's writes. Raises StoreFailure where that can't be put on record."""
        telemetry.unit_alarm(account=account.name)
        await insist(lambda: self._store.put_many({_key(account): Put(b"1")}))

    async def confirm(self, account: Account) -> bool:
        """Let the account write again; whether it had been stopped."""
        raised = await self.is_raised(account)
        await self._store.delete([_key(account)])
        return raised


def _key(account: Account) -> str:
    return f"cn:1:units:{account.tag}"
