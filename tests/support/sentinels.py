"""A master, a replica, and three sentinels that agree within a second or two that it is the replica's turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from tests.support.redis_cluster import until
from tests.support.redis_server import RedisServer

SERVICE = "ledger"
SENTINELS, QUORUM = 3, 2


class SentinelServer(RedisServer):
    """One sentinel; it writes down what it learns in a file of its own."""

    def __init__(self, folder: Path, master: RedisServer, *, service: str = SERVICE, epoch: int = 0) -> None:
        super().__init__(folder)
        self._file = folder / "sentinel.conf"
        self._file.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {folder}\n"
            f"sentinel monitor {service} 127.0.0.1 {master.port} {QUORUM}\n"
            f"sentinel down-after-milliseconds {service} 500\n"
            f"sentinel failover-timeout {service} 3000\n"
            f"sentinel config-epoch {service} {epoch}\n"
        )

    def start(self) -> Self:
        """As quick to look at the servers as at their being there."""
        super().start()
        assert self.run("SENTINEL DEBUG INFO-PERIOD 100") == "+OK"
        return self

    def _options(self) -> list[str]:
        return [str(self._file), "--sentinel"]


@dataclass(frozen=True, slots=True)
class Guarded:
    """Two servers, one of which is the master, and the sentinels over them."""

    servers: list[RedisServer]
    sentinels: list[SentinelServer]

    @property
    def url(self) -> str:
        return f"redis+sentinel://{','.join(f'127.0.0.1:{sentinel.port}' for sentinel in self.sentinels)}/{SERVICE}"

    @property
    def master(self) -> RedisServer:
        """The one the sentinels send everybody to, by the one of them that knows the latest change."""
        latest = max((_master_of(sentinel) for sentinel in self.sentinels), key=lambda told: int(told["config-epoch"]))
        return next(server for server in self.servers if server.port == int(latest["port"]))

    def let_back(self, lost: RedisServer) -> None:
        """Start a server that had died, empty. Nobody may choose it: sentinels that hear of a busy machine late would, and all would be gone."""
        for sentinel in self.sentinels:
            until(partial(_has, sentinel, self.master), "a sentinel is connected to the new master")
        lost.start()
        assert lost.run("CONFIG SET replica-priority 0") == "+OK"

    def rejoin(self, lost: RedisServer) -> None:
        """Have a server that was stopped back, as the replica of whoever is the master now; left alone, that takes a quarter of a minute."""
        assert lost.run(f"REPLICAOF 127.0.0.1 {self.master.port}").startswith("+OK")
        until(lambda: "master_link_status:up" in lost.run("INFO replication"), "it has all that the master has")
        assert lost.run("CONFIG SET replica-priority 100") == "+OK"
        self.settle()

    def settle(self) -> None:
        """Wait until the replica follows the master, and every sentinel knows both and the other sentinels."""
        until(lambda: self.master.run("WAIT 1 100") == ":1", "the replica follows")
        for sentinel in self.sentinels:
            until(partial(_knows_all, sentinel), "a sentinel knows all")


def _master_of(sentinel: SentinelServer) -> dict[str, str]:
    state = sentinel.run(f"SENTINEL MASTER {SERVICE}").splitlines()
    return dict(zip(state[::2], state[1::2], strict=True))


def _has(sentinel: SentinelServer, master: RedisServer) -> bool:
    told = _master_of(sentinel)
    return (told["port"], told["flags"]) == (str(master.port), "master")


def _knows_all(sentinel: SentinelServer) -> bool:
    replicas = sentinel.run(f"SENTINEL REPLICAS {SERVICE}")
    follows = all(told in replicas for told in ("role-reported\nslave", "master-link-status\nok", "slave-priority\n100"))
    return follows and f"slaves=1,sentinels={SENTINELS}" in sentinel.run("INFO sentinel")


@contextmanager
def running_sentinels(folder: Callable[[str], Path]) -> Iterator[Guarded]:
    """All of them, settled; `folder` makes one for each."""
    with ExitStack() as stack:
        master = RedisServer(folder("guarded"), "--repl-diskless-sync-delay", "0").start()
        stack.callback(master.stop)
        follower = RedisServer(
            folder("guarded"), "--repl-diskless-sync-delay", "0", "--replicaof", "127.0.0.1", str(master.port)
        ).start()
        stack.callback(follower.stop)
        guarded = Guarded([master, follower], [])
        for _ in range(SENTINELS):
            sentinel = SentinelServer(folder("sentinel"), master).start()
            stack.callback(sentinel.stop)
            guarded.sentinels.append(sentinel)
        guarded.settle()
        yield guarded
