"""A Redis Cluster of the tests' own: three masters without replicas on loopback, over files, so that one can die and come back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from tests.support.redis_server import RedisServer, free_port

MASTERS = 3
PATIENCE_S = 20
OPTIONS = {
    "cluster-enabled": "yes",
    "cluster-node-timeout": "1000",
    "cluster-require-full-coverage": "no",  # what the living masters hold is served while another is dead
    "appendonly": "yes",
}


def until(says: Callable[[], bool], what: str) -> None:
    """Wait for it, but not for ever."""
    give_up = time.monotonic() + PATIENCE_S
    while not says():
        assert time.monotonic() < give_up, f"in vain: {what}"
        time.sleep(0.01)


@dataclass(frozen=True, slots=True)
class RedisCluster:
    """Its masters, each with a third of the slots."""

    masters: list[RedisServer]

    @property
    def url(self) -> str:
        return f"redis+cluster://{','.join(f'127.0.0.1:{master.port}' for master in self.masters)}/"

    def holder(self, key: str) -> RedisServer:
        """The master a key lives with, if none has been moved."""
        return self.masters[key_slot(key.encode()) * MASTERS // REDIS_CLUSTER_HASH_SLOTS]

    def key_at(self, master: RedisServer, name: str) -> str:
        """A key of that name which lives there."""
        return next(key for key in (f"{name}:{{{number}}}" for number in range(10_000)) if self.holder(key) is master)

    @contextmanager
    def without(self, master: RedisServer) -> Iterator[None]:
        """One of them dead, until it comes back over its files."""
        master.stop()
        try:
            yield
        finally:
            master.start()
            self.settle()

    def settle(self) -> None:
        """Wait until all masters are there and every one of them says so."""
        for master in self.masters:
            until(partial(_is_whole, master), f"{master.port} sees the cluster whole")


@contextmanager
def running_cluster(folder: Callable[[str], Path]) -> Iterator[RedisCluster]:
    """Three masters, met and settled; `folder` makes one for each."""
    with ExitStack() as stack:
        masters = []
        for _ in range(MASTERS):
            bus = free_port()
            options = [word for name, value in {**OPTIONS, "cluster-port": str(bus)}.items() for word in (f"--{name}", value)]
            master = RedisServer(folder("cluster"), *options).start()
            stack.callback(master.stop)
            masters.append((master, bus))
        _introduce(masters)
        cluster = RedisCluster([master for master, _ in masters])
        cluster.settle()
        yield cluster


def _introduce(masters: list[tuple[RedisServer, int]]) -> None:
    (first, first_bus), *_ = masters
    for index, (master, _) in enumerate(masters):
        start, end = (-(-REDIS_CLUSTER_HASH_SLOTS * step // MASTERS) for step in (index, index + 1))
        assert master.run(f"CLUSTER ADDSLOTSRANGE {start} {end - 1}") == "+OK"
        assert master.run(f"CLUSTER SET-CONFIG-EPOCH {index + 1}") == "+OK"
        if master is not first:
            assert master.run(f"CLUSTER MEET 127.0.0.1 {first.port} {first_bus}") == "+OK"


def _is_whole(master: RedisServer) -> bool:
    told = master.run("CLUSTER INFO")
    return f"cluster_slots_ok:{REDIS_CLUSTER_HASH_SLOTS}" in told and "cluster_state:ok" in told
