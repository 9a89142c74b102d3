"""The console script: serve, sandbox, check, schema here; the operator's commands stand in `commands/`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import click
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from app import __version__, telemetry
from app.commands.console import CONFIG, give_up, settings_of
from app.commands.keys import keys
from app.commands.ledger import operations, resolve
from app.http_server import Serving
from app.settings import PREFIX, Settings, SettingsError
from app.store import StoreFailure
from app.telemetry import metrics


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """One GraphQL API over the credit notes of every billing provider a company uses."""


for _command in (keys, operations, resolve):
    main.add_command(_command)


@main.command()
@click.option("--host", help="Address to listen on; 127.0.0.1 unless set.")
@click.option("--port", type=int, help="Port to listen on; 8000 unless set.")
@click.option("--workers", type=int, help="Processes; more than one need Redis.")
@click.option("--subgraph", flag_value="yes", default=None, help="Answer a federation router as well.")
@CONFIG
def serve(host: str | None, port: int | None, workers: int | None, subgraph: str | None, config: Path | None) -> None:
    """Serve the gateway; without accounts, on built-in sandboxes."""
    from app.sandbox.server import serving_in_thread  # noqa: PLC0415 - not needed, so not loaded, with real accounts

    settings = settings_of(config, host=host, port=port, workers=workers, subgraph=subgraph)
    sock, place = _listening(settings.host, settings.port, remedy="--host or --port")
    address = f"{place}/graphql"
    with contextlib.ExitStack() as stack:
        stack.enter_context(sock)
        told = _serve_metrics(settings, stack)
        addresses: dict[str, str] = {}
        if settings.accounts:
            click.echo(f"GraphQL {address} over {len(settings.accounts)} accounts")
        else:
            try:
                sandbox = stack.enter_context(serving_in_thread())
            except OSError as failed:
                give_up([f"the built-in sandboxes cannot listen on 127.0.0.1: {failed.strerror}"])
            addresses = sandbox.providers
            _say_demo(address, addresses, sandbox.control)
        _export(settings, addresses, config)
        _serve(settings, sock, told)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--port",
    type=click.IntRange(0, 65_532),
    default=9100,
    show_default=True,
    help="Control; the providers listen on the three ports after it. 0: four free ones.",
)
def sandbox(host: str, port: int) -> None:
    """Serve the providers' sandboxes alone."""
    from app.sandbox.server import make_sandbox, serving  # noqa: PLC0415 - the only command that needs it

    async def run() -> None:
        async with serving(make_sandbox(), host=host, port=port or None) as addresses:
            click.echo(
                f"control    {addresses.control}  (GET /books /requests /switches, POST /reset /faults /switches /clock /act)"
            )
            for name, address in addresses.providers.items():
                click.echo(f"{name:<10} {address}")
            await asyncio.Event().wait()

    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(run())
    except OSError as failed:
        place = f"{host} port {port} and the three after it"
        give_up([f"cannot listen on {place} ({failed.strerror}): choose others with --host or --port"])


@main.command()
@CONFIG
@click.option("--confirm-units", is_flag=True, help="Let accounts write again that were stopped over a power of ten.")
def check(config: Path | None, *, confirm_units: bool) -> None:
    """Open every account with one cheap read; exit 1 if one fails."""
    from app.check import check_accounts  # noqa: PLC0415 - the only command that needs it

    settings = settings_of(config, serving=False)
    telemetry.configure(json=settings.logs_json)
    if confirm_units and settings.redis_url is None:
        needed = f"set {PREFIX}REDIS_URL as for the gateway; without Redis the stop is in the gateway's own memory, and a restart ends it"
        give_up([f"--confirm-units: {needed}"])
    try:
        rows = asyncio.run(check_accounts(settings, confirm_units=confirm_units))
    except StoreFailure as failed:
        give_up([f"{PREFIX}REDIS_URL: {failed}: start it, or name the one that the gateway uses"])
    for row in [("ACCOUNT", "PROVIDER", "STATE", "LATENCY"), *(row.cells for row in rows)]:
        click.echo(f"{row[0]:<24} {row[1]:<12} {row[2]:<44} {row[3]:>9}")
    sys.exit(0 if all(row.works for row in rows) else 1)


@main.command()
@click.option("--subgraph", is_flag=True, help="As a federation router wants it, to compose a supergraph of.")
def schema(*, subgraph: bool) -> None:
    """Print the schema, sorted."""
    from app.api.federation import make_subgraph, sdl  # noqa: PLC0415 - the only command that needs it
    from app.api.schema import make_schema, printed  # noqa: PLC0415 - as above

    click.echo(sdl(make_subgraph()) if subgraph else printed(make_schema()), nl=False)


def _listening(host: str, port: int, *, what: str = "", remedy: str) -> tuple[socket.socket, str]:
    """A socket and its address; ends the command where there can be none."""
    from app.sandbox.server import bind  # noqa: PLC0415 - only while serving

    try:
        sock = bind(host, port)
        sock.listen()  # now, so that whoever reads the address may connect at once: he waits until the gateway is loaded
    except OSError as failed:
        give_up([f"{what}cannot listen on {host} port {port} ({failed.strerror}): choose another with {remedy}"])
    return sock, f"http://{f'[{host}]' if ':' in host else host}:{sock.getsockname()[1]}"


def _export(settings: Settings, addresses: Mapping[str, str], config: Path | None) -> None:
    """Workers are processes of their own: what was decided here reaches them through the environment."""
    from app.asgi import CLOSED_VARIABLE, SANDBOX_VARIABLE  # noqa: PLC0415 - loads the whole gateway

    os.environ[SANDBOX_VARIABLE] = json.dumps(addresses)
    os.environ[f"{PREFIX}HOST"], os.environ[f"{PREFIX}WORKERS"] = settings.host, str(settings.workers)
    os.environ[f"{PREFIX}SUBGRAPH"] = settings.edge.subgraph
    os.environ[CLOSED_VARIABLE] = "yes" if settings.knows_callers else ""
    if config is not None:
        os.environ[f"{PREFIX}CONFIG"] = str(config)


def _serve(settings: Settings, sock: socket.socket, told: Callable[[Settings], None]) -> None:
    from app.asgi import from_environment  # noqa: PLC0415 - loads the whole gateway

    serving = Serving(
        partial(from_environment, told) if settings.workers == 1 else "app.asgi:from_environment",
        factory=True,
        workers=settings.workers,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws_max_size=settings.edge.body_bytes,
        head_bytes=settings.edge.body_bytes + 64 * 1024,  # a GET has in its address what a POST has in its body
        head_s=settings.edge.body_timeout_s,
        timeout_graceful_shutdown=int(settings.timings.write_timeout_s),
    )
    server = uvicorn.Server(serving)
    if os.environ.get(f"{PREFIX}CONFIG"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until it is told what to do: to read the accounts again
    with contextlib.suppress(KeyboardInterrupt):  # raised anew once all has been taken down: Ctrl-C is how serving ends
        if settings.workers == 1:
            server.run(sockets=[sock])
        else:
            workers = _Workers(serving, sock, settings, told)
            workers.run()
            if any(worker.exitcode == STARTUP_FAILURE for worker in workers.processes):
                sys.exit(STARTUP_FAILURE)  # as a single one does by itself


class _Workers(Multiprocess):
    """The library's, but that a hang-up reaches every worker, where it would start all of them anew."""

    def __init__(self, config: uvicorn.Config, sock: socket.socket, settings: Settings, told: Callable[[Settings], None]) -> None:
        super().__init__(config, sockets=[sock])
        self._settings = settings
        self._told = told

    def handle_hup(self) -> None:
        """Each reads its accounts again. One that is not as far yet is ended by it, and started with what the file says now."""
        if not os.environ.get(f"{PREFIX}CONFIG"):
            self.should_exit.set()
            return
        self._read_again()
        for worker in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid or 0, signal.SIGHUP)

    def _read_again(self) -> None:
        """What this process itself needs of it: who is shown the figures, and that no worker started later is open."""
        from app.asgi import CLOSED_VARIABLE, read_again  # noqa: PLC0415 - loads the whole gateway
        from app.reload import renewed  # noqa: PLC0415 - as above

        with contextlib.suppress(SettingsError):  # every worker tells what is wrong
            self._settings = renewed(self._settings, read_again())
            os.environ[CLOSED_VARIABLE] = "yes" if self._settings.knows_callers else ""
            self._told(self._settings)

    def keep_subprocess_alive(self) -> None:
        """Tell the figures who has gone."""
        before = {worker.pid for worker in self.processes}
        super().keep_subprocess_alive()
        for pid in before - {worker.pid for worker in self.processes}:
            metrics.forget(pid or 0)


def _serve_metrics(settings: Settings, stack: contextlib.ExitStack) -> Callable[[Settings], None]:
    """The figures of all workers, on a port of their own; what it gives is to be told whenever others are known."""
    operation = settings.operation
    if operation.metrics_port is None:
        return lambda _: None
    from app.metrics_port import PATH, serving  # noqa: PLC0415 - loads half of the gateway

    telemetry.configure(json=settings.logs_json)
    if operation.counts:
        stack.enter_context(metrics.shared(settings.workers))
    sock, address = _listening(operation.metrics_host, operation.metrics_port, what="metrics ", remedy=f"{PREFIX}METRICS_PORT")
    told = stack.enter_context(serving(settings, stack.enter_context(sock)))
    click.echo(f"metrics {address}{PATH}")
    return told


def _say_demo(address: str, addresses: Mapping[str, str], control: str) -> None:
    from app.demo import welcome  # noqa: PLC0415 - only without accounts

    click.echo(welcome(address, addresses, control))
