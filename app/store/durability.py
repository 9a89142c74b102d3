"""Whether what a store was given outlives a crash: what its server tells of itself, and what a write may wait for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What a settled write waits for: to be on the disk of the server, and with this many replicas (on their disks, too, if `aof`)."""

    replicas: int = 0
    aof: bool = False
    ms: int = 500

    @property
    def is_for_nothing(self) -> bool:
        """Whether there is nothing to wait for."""
        return self.replicas == 0 and not self.aof


@dataclass(frozen=True, slots=True, kw_only=True)
class Durability:
    """What a store tells of how it keeps what it was given; None where it does not tell."""

    kept_on_disk: bool | None
    may_evict: bool | None
    policy: str | None = None
    """By which rule it evicts, in the server's word."""

    @property
    def is_assured(self) -> bool:
        """Whether everything is kept on disk, nothing is ever evicted, and the store says both."""
        return self.kept_on_disk is True and self.may_evict is False

    @property
    def doubts(self) -> list[str]:
        """What is not assured, in words, with the remedy."""
        found = []
        if self.kept_on_disk is None:
            found.append("Redis does not tell whether it keeps the ledger on disk: allow CONFIG GET or INFO")
        elif not self.kept_on_disk:
            found.append("the ledger is not kept on disk, and a crash forgets what was written: Redis needs appendonly yes")
        if self.may_evict is None:
            found.append("Redis does not tell whether it may evict the ledger: allow CONFIG GET or INFO")
        elif self.may_evict:
            policy = f" (maxmemory-policy {self.policy})" if self.policy else ""
            found.append(
                f"the ledger may be evicted{policy}, which forgets what was written: Redis needs maxmemory-policy noeviction"
            )
        return found


def told(facts: Mapping[str, str]) -> Durability:
    """What a server's own words say: `appendonly`, yes or no, and `maxmemory-policy`; either may be missing."""
    appendonly, policy = facts.get("appendonly"), facts.get("maxmemory-policy")
    return Durability(
        kept_on_disk={"yes": True, "no": False}.get(appendonly or ""),
        may_evict=None if policy is None else policy != "noeviction",
        policy=policy,
    )


def least(several: Sequence[Durability]) -> Durability:
    """What all of them assure; who does not tell spoils it less than who denies."""
    kept = {one.kept_on_disk for one in several}
    may_evict = {one.may_evict for one in several}
    return Durability(
        kept_on_disk=False if False in kept else None if None in kept else True,
        may_evict=True if True in may_evict else None if None in may_evict else False,
        policy=next((one.policy for one in several if one.may_evict), several[0].policy),
    )
