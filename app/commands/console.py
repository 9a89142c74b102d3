"""What every command says and asks in the same way: its settings, its mistakes, its tables."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from app.domain.errors import GatewayError
from app.settings import PREFIX, Settings, SettingsError, read_settings
from app.store import StoreFailure

T = TypeVar("T")

CONFIG = click.option("--config", type=click.Path(path_type=Path), help=f"The accounts file (TOML); or {PREFIX}CONFIG.")


def settings_of(config: Path | None, *, serving: bool = True, **given: object) -> Settings:
    """The settings; ends the command where they are wrong."""
    try:
        return read_settings(environment=os.environ, config=config, serving=serving, **given)
    except SettingsError as wrong:
        give_up(wrong.mistakes)


def asked(answer: Coroutine[None, None, T]) -> T:
    """What the gateway answers; ends the command where it refuses, or its memory is away."""
    try:
        return asyncio.run(answer)
    except StoreFailure as failed:
        give_up([f"{PREFIX}REDIS_URL: {failed}: start it, or name the one that the gateway uses"])
    except GatewayError as refused:
        say(refused.message)
        sys.exit(1)


def say(message: str) -> None:
    """One line for the person, beside the command's own output."""
    click.echo(f"credit-notes: {message}", err=True)


def say_rows(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """A table."""
    lines = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def give_up(mistakes: list[str]) -> NoReturn:
    """Say what is wrong and end."""
    for mistake in mistakes:
        say(mistake)
    sys.exit(2)
