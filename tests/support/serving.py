"""Real sockets for tests: an ASGI app served on a free loopback port, on a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from app.http_server import Serving
from app.sandbox.server import bind


@contextlib.contextmanager
def served(app: ASGIApp, *, lifespan: bool = False, head_bytes: int = 2 * 1024**2, head_s: float = 10) -> Iterator[str]:
    """The base URL of the app while the block runs, by the server that serves the gateway."""
    how = {"log_level": "error", "access_log": False, "lifespan": "on" if lifespan else "off"}
    config = Serving(app, head_bytes=head_bytes, head_s=head_s, **how)
    server = uvicorn.Server(config)
    sock = bind("127.0.0.1", 0)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[sock])), daemon=True)
    thread.start()
    while not server.started:
        thread.join(timeout=0.005)
        if not thread.is_alive():
            message = "the server ended before it started"
            raise RuntimeError(message)
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        sock.close()
