"""One kind of thing by id: what is remembered where that will do, else what the provider says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Generic, TypeVar

from app import telemetry
from app.domain.errors import GatewayError, NotFound, Unavailable
from app.gateway.accounts import Account
from app.gateway.cache.epochs import begin_epoch
from app.gateway.cache.invalidation import tell
from app.gateway.cache.kept import Kept, View
from app.gateway.cache.loading import Loading, Question
from app.gateway.cache.memory import Memory
from app.gateway.cache.values import Answer, Fetched, Freshness, Load, Windows
from app.gateway.codec import Codec
from app.providers.policy import Deadline

T = TypeVar("T")


class EntityCache(Generic[T]):
    """One kind of thing by id. Whoever asks gives the load for what is missing; one load per thing runs at a time."""

    def __init__(self, kind: str, codec: Codec[T], windows: Callable[[T], Windows], memory: Memory) -> None:
        self._memory = memory
        self._kept = Kept(kind, codec, windows, memory)
        self._loading = Loading(self._kept)
        self._refreshing: set[str] = set()

    async def get_many(
        self, account: Account, ids: Sequence[str], load: Load[T], freshness: Freshness, deadline: Deadline | None = None
    ) -> dict[str, Fetched[T] | GatewayError]:
        """Every id is a key. A load that fails as a whole is a value for each of its ids, and what is late by the deadline an error."""
        view = await self._kept.look(account, ids)
        found: dict[str, Answer[T]] = {}
        for id in ids:
            hit = self._hit(account, id, view, freshness)
            if hit is not None:
                found[id] = hit
        stale = [id for id, hit in found.items() if isinstance(hit, Fetched) and hit.stale]
        missing = [id for id in dict.fromkeys(ids) if id not in found]
        telemetry.cache_answered(self._kept.kind, fresh=len(found) - len(stale), stale=len(stale), missing=len(missing))
        if missing:
            question = Question(account=account, load=load, epoch=view.epoch, deadline=deadline)
            loaded = await self._loaded(question, missing, view, freshness)
            if freshness.stale_on_error:
                found |= await self._last_resorts(account, loaded)
            found = loaded | found
        kept = (hit for id, hit in found.items() if isinstance(hit, Fetched) and (id not in missing or hit.instead_of is not None))
        ages = (self._memory.clock() - hit.fetched_at.timestamp() for hit in kept)
        telemetry.kept_from_before(account=account.name, kind=self._kept.kind, ages_s=ages)
        if stale:
            self._refresh_behind(account, stale, load)
        return found

    async def put_many(self, account: Account, values: Mapping[str, T], epoch: bytes | None) -> None:
        """Keep what was read in this epoch, which must have been asked for before the reading."""
        now = datetime.fromtimestamp(self._memory.clock(), UTC)
        await self._kept.keep(account, {id: Fetched(value, now, cached=False) for id, value in values.items()}, epoch)

    async def epoch(self, account: Account) -> bytes | None:
        """The epoch of what is read from now on; the next write ends it. None: nothing read now may be kept."""
        return (await self._kept.look(account, [])).epoch

    async def written(self, account: Account, values: Mapping[str, T]) -> None:
        """Nothing read of the account before this moment is believed any more in any process, but for these values.

        Raises StoreFailure where that is not certain: the write may not be answered as done.
        """
        epoch = await begin_epoch(self._memory.epoch_store, account)
        tell(self._memory, account)
        await self.put_many(account, values, epoch)

    def _hit(self, account: Account, id: str, view: View[T], freshness: Freshness) -> Answer[T] | None:
        """What will do for this reader."""
        record = view.records.get(id)
        if record is None:
            return None
        age = max(0.0, self._memory.clock() - record.fetched_at)
        if freshness.max_age_s is not None and age >= freshness.max_age_s:
            return None
        return self._kept.answer(account, id, record)

    async def _loaded(
        self, question: Question[T], missing: Sequence[str], view: View[T], freshness: Freshness
    ) -> dict[str, Answer[T]]:
        asked_at = self._memory.clock()
        if freshness.max_age_s == 0 or view.epoch is None:
            loaded = await self._loading.anew(question, missing)
        else:
            loaded = await self._loading.shared(question, {id: view.seen.get(id) for id in missing})
            late = [id for id, answer in loaded.items() if self._is_too_old(answer, freshness, asked_at)]
            if late:
                loaded |= await self._loading.anew(question, late)
        return loaded

    def _is_too_old(self, answer: Answer[T], freshness: Freshness, asked_at: float) -> bool:
        """Whether an answer to somebody else's earlier question is older than this reader takes."""
        if isinstance(answer, GatewayError) or freshness.max_age_s is None:
            return False
        fetched_at = answer.fetched_at.timestamp()
        return fetched_at < asked_at and self._memory.clock() - fetched_at >= freshness.max_age_s

    async def _last_resorts(self, account: Account, loaded: Mapping[str, Answer[T]]) -> dict[str, Answer[T]]:
        """For what the provider could not tell now, what it told before, and which no write has ended since."""
        failed = {id: answer for id, answer in loaded.items() if isinstance(answer, Unavailable)}
        records = (await self._kept.look(account, list(failed))).records if failed else {}
        found = {id: self._kept.last_resort(records[id], answer) for id, answer in failed.items() if id in records}
        return {id: old for id, old in found.items() if old is not None}

    def _refresh_behind(self, account: Account, stale: Sequence[str], load: Load[T]) -> None:
        ids = [id for id in stale if self._kept.key(account, id) not in self._refreshing]
        if ids:
            self._refreshing |= {self._kept.key(account, id) for id in ids}
            self._memory.background.start(self._refresh(account, ids, load))

    async def _refresh(self, account: Account, stale: Sequence[str], load: Load[T]) -> None:
        """Unless another process has done it meanwhile."""
        try:
            view = await self._kept.look_in_store(account, stale)
            hits = {id: self._hit(account, id, view, Freshness()) for id in stale}
            old = [id for id, hit in hits.items() if hit is None or (isinstance(hit, Fetched) and hit.stale)]
            if old and view.epoch is not None:
                question = Question(account=account, load=load, epoch=view.epoch)
                for answer in (await self._loading.shared(question, {id: view.seen.get(id) for id in old})).values():
                    if isinstance(answer, GatewayError) and not isinstance(answer, NotFound):
                        telemetry.refresh_failed(account=account.name, error=answer)
        finally:
            self._refreshing -= {self._kept.key(account, id) for id in stale}
