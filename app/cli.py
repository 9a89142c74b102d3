"""The console script: serve, sandbox, check, operations, resolve, schema."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import sys
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

import click
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from app import __version__, telemetry
from app.domain.errors import GatewayError
from app.domain.vocabulary import Operation
from app.settings import PREFIX, Settings, SettingsError, read_settings
from app.store import StoreFailure

T = TypeVar("T")

_CONFIG = click.option("--config", type=click.Path(path_type=Path), help=f"The accounts file (TOML); or {PREFIX}CONFIG.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """One GraphQL API over the credit notes of every billing provider a company uses."""


@main.command()
@click.option("--host", help="Address to listen on; 127.0.0.1 unless set.")
@click.option("--port", type=int, help="Port to listen on; 8000 unless set.")
@click.option("--workers", type=int, help="Processes; more than one need Redis.")
@_CONFIG
def serve(host: str | None, port: int | None, workers: int | None, config: Path | None) -> None:
    """Serve the gateway; without accounts, on built-in sandboxes."""
    from app.sandbox.server import serving_in_thread  # noqa: PLC0415 - not needed, so not loaded, with real accounts

    settings = _settings(config, host=host, port=port, workers=workers)
    sock = _bound(settings)
    host_in_url = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host_in_url}:{sock.getsockname()[1]}/graphql"
    with contextlib.ExitStack() as stack:
        stack.enter_context(sock)
        addresses: dict[str, str] = {}
        if settings.accounts:
            click.echo(f"GraphQL {address} over {len(settings.accounts)} accounts")
        else:
            try:
                sandbox = stack.enter_context(serving_in_thread())
            except OSError as failed:
                _give_up([f"the built-in sandboxes cannot listen on 127.0.0.1: {failed.strerror}"])
            addresses = sandbox.providers
            _say_demo(address, addresses, sandbox.control)
        _serve(settings, sock, addresses, config)


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
        _give_up([f"cannot listen on {place} ({failed.strerror}): choose others with --host or --port"])


@main.command()
@_CONFIG
@click.option("--confirm-units", is_flag=True, help="Let accounts write again that were stopped over a power of ten.")
def check(config: Path | None, *, confirm_units: bool) -> None:
    """Open every account with one cheap read; exit 1 if one fails."""
    from app.check import check_accounts  # noqa: PLC0415 - the only command that needs it

    settings = _settings(config, serving=False)
    telemetry.configure(json=settings.logs_json)
    if confirm_units and settings.redis_url is None:
        needed = f"set {PREFIX}REDIS_URL as for the gateway; without Redis the stop is in the gateway's own memory, and a restart ends it"
        _give_up([f"--confirm-units: {needed}"])
    try:
        rows = asyncio.run(check_accounts(settings, confirm_units=confirm_units))
    except StoreFailure as failed:
        _give_up([f"{PREFIX}REDIS_URL: {failed}: start it, or name the one that the gateway uses"])
    for row in [("ACCOUNT", "PROVIDER", "STATE", "LATENCY"), *(row.cells for row in rows)]:
        click.echo(f"{row[0]:<24} {row[1]:<12} {row[2]:<44} {row[3]:>9}")
    sys.exit(0 if all(row.works for row in rows) else 1)


@main.command()
@_CONFIG
@click.option("--unknown", "only_open", is_flag=True, help="Only those whose end is not known.")
@click.option("--account", help="Only this account's.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many.")
def operations(config: Path | None, *, only_open: bool, account: str | None, limit: int) -> None:
    """List the writes on record, the last attempted first."""
    from app.operator import list_operations  # noqa: PLC0415 - loads the whole gateway

    settings = _with_ledger(config)
    listing = _asked(list_operations(settings, only_open=only_open, account=account, limit=limit))
    _say_rows([row.cells for row in listing.rows])
    if listing.more:
        click.echo(f"credit-notes: {listing.more} more; --limit shows them", err=True)


@main.command()
@click.argument("account")
@click.argument("operation", type=click.Choice(["ISSUE", "VOID", "REFUND"], case_sensitive=False), metavar="ISSUE|VOID|REFUND")
@click.argument("key")
@_CONFIG
@click.option("--note", help="It was done: the provider's id of the note that was issued, voided or refunded.")
@click.option("--absent", is_flag=True, help="It was not done, and will not be: the key may be used again.")
def resolve(account: str, operation: str, key: str, config: Path | None, *, note: str | None, absent: bool) -> None:
    """Say how a write ended whose end nobody else can tell. A KEY that begins with a dash stands behind `--`."""
    from app.operator import resolve as decide  # noqa: PLC0415 - loads the whole gateway

    if (note is None) != absent:
        message = "say one of --note NOTE_ID and --absent"
        raise click.UsageError(message)
    settings = _with_ledger(config)
    row = _asked(decide(settings, account=account, operation=Operation[operation], key=key, note_id=note))
    _say_rows([row.cells])
    if row.outcome == "PARTIALLY_APPLIED":
        click.echo("credit-notes: the refund that belongs to it has not been sent: its client repeats with the same key", err=True)


@main.command()
def schema() -> None:
    """Print the schema, sorted."""
    from app.api.schema import make_schema, printed  # noqa: PLC0415 - the only command that needs it

    click.echo(printed(make_schema()), nl=False)


def _settings(config: Path | None, *, serving: bool = True, **given: object) -> Settings:
    try:
        return read_settings(environment=os.environ, config=config, serving=serving, **given)
    except SettingsError as wrong:
        _give_up(wrong.mistakes)


def _with_ledger(config: Path | None) -> Settings:
    """The settings of a gateway whose ledger can be seen from outside, for a command that prints only its answer."""
    settings = _settings(config, serving=False)
    telemetry.configure(json=settings.logs_json, level=logging.WARNING)
    mistakes = []
    if settings.redis_url is None:
        where = "without Redis the ledger is in the gateway's own memory, where nobody else can see it"
        mistakes.append(f"{PREFIX}REDIS_URL: set it as for the gateway; {where}")
    if not settings.accounts:
        mistakes.append(f"there are no accounts: name their file with --config or {PREFIX}CONFIG, as for the gateway")
    if mistakes:
        _give_up(mistakes)
    return settings


def _asked(answer: Coroutine[None, None, T]) -> T:
    try:
        return asyncio.run(answer)
    except StoreFailure as failed:
        _give_up([f"{PREFIX}REDIS_URL: {failed}: start it, or name the one that the gateway uses"])
    except GatewayError as refused:
        click.echo(f"credit-notes: {refused.message}", err=True)
        sys.exit(1)


def _say_rows(rows: Sequence[tuple[str, ...]]) -> None:
    lines = [("ACCOUNT", "OPERATION", "KEY", "STATE", "OUTCOME", "AGE", "ATTEMPTS", "NOTE", "CODE"), *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _give_up(mistakes: list[str]) -> NoReturn:
    for mistake in mistakes:
        click.echo(f"credit-notes: {mistake}", err=True)
    sys.exit(2)


def _bound(settings: Settings) -> socket.socket:
    from app.sandbox.server import bind  # noqa: PLC0415 - only while serving

    try:
        sock = bind(settings.host, settings.port)
        sock.listen()  # now, so that whoever reads the address may connect at once: he waits until the gateway is loaded
    except OSError as failed:
        place = f"{settings.host} port {settings.port}"
        _give_up([f"cannot listen on {place} ({failed.strerror}): choose another with --host or --port"])
    return sock


def _serve(settings: Settings, sock: socket.socket, addresses: Mapping[str, str], config: Path | None) -> None:
    from app.asgi import SANDBOX_VARIABLE  # noqa: PLC0415 - loads the whole gateway

    # Workers are processes of their own: what was decided here reaches them through the environment.
    os.environ[SANDBOX_VARIABLE] = json.dumps(addresses)
    os.environ[f"{PREFIX}HOST"], os.environ[f"{PREFIX}WORKERS"] = settings.host, str(settings.workers)
    if config is not None:
        os.environ[f"{PREFIX}CONFIG"] = str(config)
    serving = uvicorn.Config(
        "app.asgi:from_environment",
        factory=True,
        workers=settings.workers,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(settings.timings.write_timeout_s),
    )
    server = uvicorn.Server(serving)
    with contextlib.suppress(KeyboardInterrupt):  # raised anew once all has been taken down: Ctrl-C is how serving ends
        if settings.workers == 1:
            server.run(sockets=[sock])
        else:
            workers = Multiprocess(serving, sockets=[sock])
            workers.run()
            if any(worker.exitcode == STARTUP_FAILURE for worker in workers.processes):
                sys.exit(STARTUP_FAILURE)  # as a single one does by itself


def _say_demo(address: str, addresses: Mapping[str, str], control: str) -> None:
    from app.demo import welcome  # noqa: PLC0415 - only without accounts

    click.echo(welcome(address, addresses, control))
