"""Real processes over a real Redis and a real provider: what all of them ask at once is asked of the provider once."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.sandbox.server import Addresses
from tests.support.modules import ROOT
from tests.support.redis_server import RedisServer
from tests.support.running import SandboxControl

PROCESSES, CLIENTS = 4, 250
NOTE = "CN-0001"


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """Empty: nobody has read anything."""
    server = RedisServer(tmp_path).start()
    yield server
    server.stop()


@pytest.fixture
def crowds(own_redis: RedisServer, addresses: Addresses) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes full of clients, ready to ask."""
    arguments = [own_redis.url, "chargebee", addresses.providers["chargebee"], NOTE, str(CLIENTS)]
    with contextlib.ExitStack() as stack:
        children = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.gateway.crowd", *arguments],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(PROCESSES)
        ]
        for child in children:
            stack.callback(child.kill)
        assert [line(child) for child in children] == ["ready"] * PROCESSES
        yield children


def line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def test_a_thousand_clients_in_four_processes_ask_for_a_cold_note_with_one_call(
    sandbox: SandboxControl, crowds: list[subprocess.Popen[str]]
) -> None:
    sandbox.fault(provider="chargebee", method="GET", fault="delay", delay_ms=300, times=PROCESSES)
    for child in crowds:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    told = sum((Counter(json.loads(line(child))) for child in crowds), Counter[str]())
    assert told == {NOTE: PROCESSES * CLIENTS}
    assert sandbox.calls("chargebee") == 1
