"""`credit-notes operations` and `credit-notes resolve`: the ledger as an operator sees it."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from app import telemetry
from app.commands.console import CONFIG, asked, give_up, say, say_rows, settings_of
from app.domain.vocabulary import Operation
from app.settings import PREFIX, Settings

HEAD = ("ACCOUNT", "OPERATION", "KEY", "STATE", "OUTCOME", "AGE", "ATTEMPTS", "NOTE", "CODE")


@click.command()
@CONFIG
@click.option("--unknown", "only_open", is_flag=True, help="Only those whose end is not known.")
@click.option("--half-done", "only_half_done", is_flag=True, help="Only those of which a part was done, and the rest was not.")
@click.option("--account", help="Only this account's.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many.")
def operations(config: Path | None, *, only_open: bool, only_half_done: bool, account: str | None, limit: int) -> None:
    """List the writes on record, the last attempted first."""
    from app.operator import list_operations  # noqa: PLC0415 - loads the whole gateway

    if only_open and only_half_done:
        message = "say --unknown or --half-done: of what is done in part nothing is under way"
        raise click.UsageError(message)
    settings = _with_ledger(config)
    listing = asked(list_operations(settings, only_open=only_open, only_half_done=only_half_done, account=account, limit=limit))
    say_rows(HEAD, [row.cells for row in listing.rows])
    if listing.more:
        say(f"{listing.more} more; --limit shows them")


@click.command()
@click.argument("account")
@click.argument("operation", type=click.Choice(["ISSUE", "VOID", "REFUND"], case_sensitive=False), metavar="ISSUE|VOID|REFUND")
@click.argument("key")
@CONFIG
@click.option("--note", help="It was done: the provider's id of the note that was issued, voided or refunded.")
@click.option(
    "--absent", "words", flag_value="absent", multiple=True, help="It was not done, and will not be: the key may be used again."
)
@click.option(
    "--given-up",
    "words",
    flag_value="given up",
    multiple=True,
    help="What is missing of a write that is done in part will not be done.",
)
def resolve(account: str, operation: str, key: str, config: Path | None, *, note: str | None, words: tuple[str, ...]) -> None:
    """Say how a write ended whose end nobody else can tell. A KEY that begins with a dash stands behind `--`."""
    from app.operator import resolve as decide  # noqa: PLC0415 - loads the whole gateway

    if len(words) + (note is not None) != 1:
        message = "say one of --note NOTE_ID, --absent and --given-up"
        raise click.UsageError(message)
    settings, gives_up = _with_ledger(config), words == ("given up",)
    row = asked(decide(settings, account=account, operation=Operation[operation], key=key, note_id=note, gives_up=gives_up))
    say_rows(HEAD, [row.cells])
    if row.outcome == "PARTIALLY_APPLIED" and not gives_up:
        say("the refund that belongs to it has not been sent: its client repeats with the same key")


def _with_ledger(config: Path | None) -> Settings:
    """The settings of a gateway whose ledger can be seen from outside, for a command that prints only its answer."""
    settings = settings_of(config, serving=False)
    telemetry.configure(json=settings.logs_json, level=logging.WARNING)
    mistakes = []
    if settings.redis_url is None:
        where = "without Redis the ledger is in the gateway's own memory, where nobody else can see it"
        mistakes.append(f"{PREFIX}REDIS_URL: set it as for the gateway; {where}")
    if not settings.accounts:
        mistakes.append(f"there are no accounts: name their file with --config or {PREFIX}CONFIG, as for the gateway")
    if mistakes:
        give_up(mistakes)
    return settings
