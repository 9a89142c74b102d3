"""Puts the sandbox on sockets: the control API and one port per provider."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from app.sandbox.chargebee import ChargebeeSandbox
from app.sandbox.control import Sandbox
from app.sandbox.kernel import Clock
from app.sandbox.vcita import VcitaSandbox
from app.sandbox.zenskar import ZenskarSandbox

PROVIDERS = ("chargebee", "vcita", "zenskar")  # in the order of their ports


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running sandbox listens: the control API, and each provider's base URL by name."""

    control: str
    providers: dict[str, str]


class _Server(uvicorn.Server):
    """A server among others in one loop: it leaves the process's signals to whoever owns the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def make_sandbox() -> Sandbox:
    """All three providers with the demonstration data in their books."""
    clock = Clock()
    return Sandbox(clock, [ChargebeeSandbox(clock), VcitaSandbox(clock), ZenskarSandbox(clock)])


@contextlib.asynccontextmanager
async def serving(sandbox: Sandbox, *, host: str = "127.0.0.1", port: int | None = None) -> AsyncIterator[Addresses]:
    """Serve until the block ends: control on `port`, the providers on the next three; without a port, on free ones."""
    apps: list[ASGIApp] = [sandbox.control, *(sandbox.app(name) for name in PROVIDERS)]
    with contextlib.ExitStack() as sockets:
        bound = [sockets.enter_context(bind(host, 0 if port is None else port + offset)) for offset in range(len(apps))]
        servers = [_Server(_config(app)) for app in apps]
        tasks = [asyncio.create_task(server.serve(sockets=[sock])) for server, sock in zip(servers, bound, strict=True)]
        try:
            while not all(server.started for server in servers):
                await _first_failure(tasks)
            control, *providers = (_address(sock) for sock in bound)
            yield Addresses(control, dict(zip(PROVIDERS, providers, strict=True)))
        finally:
            for server in servers:
                server.should_exit = True
                server.force_exit = True  # a delayed answer must not hold up the end
            await asyncio.gather(*tasks)


@contextlib.contextmanager
def serving_in_thread(*, host: str = "127.0.0.1", port: int | None = None) -> Iterator[Addresses]:
    """The same, on a thread and a loop of its own, for a process whose main thread is taken."""
    started = threading.Event()
    found: list[Addresses | BaseException] = []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        async with serving(make_sandbox(), host=host, port=port) as addresses:
            found.append(addresses)
            started.set()
            await stop.wait()

    def main() -> None:
        try:
            loop.run_until_complete(run())
        except BaseException as failed:  # noqa: BLE001 - handed to the caller's thread, which raises it
            found.append(failed)
            started.set()
        finally:
            loop.close()

    thread = threading.Thread(target=main, name="sandbox", daemon=True)
    thread.start()
    started.wait()
    if not isinstance(found[0], Addresses):
        raise found[0]
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=5)


def bind(host: str, port: int) -> socket.socket:
    """A bound TCP socket; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # by name, or asyncio leaves Nagle on: 40 ms an answer
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def _address(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _config(app: ASGIApp) -> uvicorn.Config:
    # A cut connection, which is a fault made on purpose, would be logged as an error of the app.
    return uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off", ws="none")


async def _first_failure(tasks: list[asyncio.Task[None]]) -> None:
    """A turn of the loop; a server that ended before it started raises here."""
    done, _ = await asyncio.wait(tasks, timeout=0.01, return_when=asyncio.FIRST_EXCEPTION)
    for task in done:
        task.result()
