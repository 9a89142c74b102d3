"""The `credit-notes` command as a child process: started, read, asked, and ended by its own id."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from app.sandbox.server import bind

COMMAND = Path(sys.executable).with_name("credit-notes")
SLOW_START_S = 60


@dataclass(kw_only=True)
class Child:
    """A running command and what it has printed so far."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @property
    def printed(self) -> str:
        return "".join(self.lines)

    def address(self, name: str) -> str:
        """The address printed behind a name, once it is there."""
        found = self._awaited(rf"^\s*{name}\s+(http://\S+)")
        return found[1].removesuffix("/graphql")

    def answers(self, url: str) -> None:
        """Wait until something answers there."""
        for _ in self._waiting():
            with contextlib.suppress(httpx.TransportError):
                httpx.get(url, timeout=5)
                return

    def read(self) -> None:
        """Take what it prints, so that it never waits for a reader."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    def _awaited(self, pattern: str) -> re.Match[str]:
        for _ in self._waiting():
            found = re.search(pattern, self.printed, re.MULTILINE)
            if found is not None:
                return found
        raise AssertionError(self.printed)

    def _waiting(self) -> Iterator[None]:
        """Turns until the command ends or should have been there long ago."""
        for _ in range(SLOW_START_S * 20):
            yield
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.05)
                raise AssertionError(self.printed)
        raise AssertionError(self.printed)


def own_environment(*, measured: bool = True) -> dict[str, str]:
    """This process's, without settings of the gateway; not measured: a process that is killed or only repeats tells coverage nothing."""
    strange = ("CREDIT_NOTES_",) if measured else ("CREDIT_NOTES_", "COVERAGE_")
    return {name: value for name, value in os.environ.items() if not name.startswith(strange)}


@contextlib.contextmanager
def running_command(*arguments: str, environment: Mapping[str, str] | None = None, measured: bool = True) -> Iterator[Child]:
    """`credit-notes` with these arguments; nothing of this process's own settings reaches it."""
    process = subprocess.Popen(
        [COMMAND, *arguments],
        env={**own_environment(measured=measured), "PYTHONUNBUFFERED": "1", **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    child = Child(process=process)
    reader = threading.Thread(target=child.read)
    reader.start()
    try:
        yield child
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join()
        assert process.stdout is not None
        process.stdout.close()


def free_ports() -> int:
    """The first of four ports in a row that are free now."""
    for first in range(20_000, 60_000, 10):
        taken = []
        try:
            taken = [bind("127.0.0.1", first + offset) for offset in range(4)]
        except OSError:
            continue
        finally:
            for sock in taken:
                sock.close()
        return first
    message = "no four free ports in a row"
    raise RuntimeError(message)
