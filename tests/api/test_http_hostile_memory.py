"""Requests meant to break something leave nothing behind: one process is as large after many of them as after a few."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from tests.api.hostile import ACCEPTS, ADDRESSES, BODIES, DOCUMENTS, QUERY
from tests.support.console import Child, running_command

TABLE = {**BODIES, **DOCUMENTS}
CHEAP = {name: content for name, content in TABLE.items() if len(content) < 3000}
# Threads keep what they have freed each in an arena of its own, which looks like growth for long.
ONE_ARENA = {"MALLOC_ARENA_MAX": "1"}


@pytest.fixture
def process() -> Iterator[Child]:
    with running_command("serve", "--port", "0", environment=ONE_ARENA, measured=False) as child:
        child.answers(f"{child.address('GraphiQL')}/livez")
        yield child


def resident(child: Child) -> int:
    """Bytes of memory the process holds."""
    pages = Path(f"/proc/{child.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def sizes(child: Child, contents: Mapping[str, bytes], rounds: int) -> list[int]:
    """What the process holds after each round of these bodies, the addresses and the Accept headers."""
    found = []
    types = itertools.cycle(["application/json", "application/graphql-response+json"])
    with httpx.Client(base_url=child.address("GraphiQL"), timeout=60) as client:
        for _ in range(rounds):
            for content in contents.values():
                headers = {"Content-Type": "application/json", "Accept": next(types)}
                assert client.post("/graphql", content=content, headers=headers).status_code in {200, 400}
            for query in ADDRESSES.values():
                assert client.get(client.base_url.copy_with(path="/graphql", query=query)).status_code in {200, 400}
            for accept in ACCEPTS:
                assert client.post("/graphql", json={"query": QUERY}, headers=[(b"Accept", accept)]).status_code in {200, 406}
            found.append(resident(child))
    return found


@pytest.mark.parametrize(
    ("contents", "first", "more", "ratio"),
    [
        pytest.param(TABLE, 2, 3, 1.15, id="the whole table"),
        pytest.param(CHEAP, 5, 20, 1.03, id="what is cheap to send, far more often"),
    ],
)
def test_memory_comes_back(process: Child, contents: Mapping[str, bytes], first: int, more: int, ratio: float) -> None:
    """The first rounds fill what is kept on purpose; a leak of the later ones is there in the smallest of the last."""
    found = sizes(process, contents, first + more)
    assert min(found[-3:]) < ratio * max(found[:first]), found
