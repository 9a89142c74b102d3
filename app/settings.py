"""Everything the operator decides, read once from the environment and the accounts file; all mistakes are told at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, ValidationError

from app.accounts_file import read_accounts
from app.callers_file import NOBODY, Callers, read_callers
from app.edge_settings import USUAL, EdgeSettings
from app.identity_settings import AS_USUAL, IdentitySettings
from app.operation_settings import AS_BUILT, OperationSettings
from app.providers.contract import AccountSettings
from app.secret import Secret
from app.store.address import read_address
from app.timings import AS_MEANT, Timings

PREFIX = "CREDIT_NOTES_"
SECRET_LENGTH = 32
_SECRETS = {"secret", "redis_url", "cache_redis_url"}
_BESIDE_REDIS = {"cache_redis_url": None, "ledger_durability": "told", "ledger_wait_replicas": 0, "ledger_wait_aof": "no"}
"""Of no use unless the ledger is in Redis; each with its default."""

Seconds = Annotated[float, Field(gt=0, le=86_400)]


class SettingsError(Exception):
    """What is wrong with the settings: every mistake, each with its place and its remedy."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def _signing_keys(value: SecretStr | None) -> SecretStr | None:
    if value is not None and any(len(part.strip()) < SECRET_LENGTH for part in value.get_secret_value().split(",")):
        message = (
            f"must be at least {SECRET_LENGTH} characters; two such texts may stand with a comma between them, the first signs"
        )
        raise ValueError(message)
    return value


def _redis_url(value: SecretStr | None) -> SecretStr | None:
    if value is not None:
        read_address(value.get_secret_value())
    return value


class _Plain(IdentitySettings, EdgeSettings, OperationSettings):
    """The plain settings, as text or as the file's values."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    redis_url: Annotated[SecretStr | None, AfterValidator(_redis_url)] = None
    cache_redis_url: Annotated[SecretStr | None, AfterValidator(_redis_url)] = None
    secret: Annotated[SecretStr | None, AfterValidator(_signing_keys)] = None
    open: Literal["yes", "no"] = "no"
    volatile_ledger: Literal["accept", "refuse"] = "refuse"
    ledger_durability: Literal["told", "required"] = "told"
    ledger_wait_replicas: Annotated[int, Field(ge=0, le=16)] = 0
    ledger_wait_aof: Literal["yes", "no"] = "no"
    ledger_wait_ms: Annotated[int, Field(ge=1, le=5000)] = 500
    audit_length: Annotated[int, Field(ge=1, le=10_000_000)] = 100_000
    log: Literal["text", "json"] = "text"
    read_timeout_s: Seconds = 10
    write_timeout_s: Seconds = 30
    ledger_lease_s: Seconds = 45
    invoice_lease_s: Seconds = 15
    settling_s: Seconds = 5
    settling_after_timeout_s: Seconds = 120
    absent_after_s: Seconds = 600
    resolver_s: Annotated[float, Field(ge=0, le=3600)] = 5
    ledger_keep_days: Annotated[int, Field(ge=1, le=3650)] = 30
    note_fresh_s: Annotated[float, Field(ge=0, le=86_400)] = 30
    list_fresh_s: Annotated[float, Field(ge=0, le=3600)] = 5
    invoice_fresh_s: Annotated[float, Field(ge=0, le=3600)] = 5
    stale_on_error_s: Annotated[float, Field(ge=0, le=86_400)] = 300
    emulated_pages: Annotated[int, Field(ge=1, le=100)] = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One process's settings. No accounts: the built-in sandboxes are meant."""

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    redis_url: Secret | None = None
    cache_redis_url: Secret | None = None
    """Where reads are kept, if not with the ledger: a Redis that may evict."""
    signing_keys: tuple[Secret, ...] = ()
    """Sign and check cursors, the first signs; none: a key made at the start of the process."""
    is_open: bool = False
    """Whether any address but loopback may be served without knowing callers."""
    callers: Callers = NOBODY
    identity: IdentitySettings = AS_USUAL
    operation: OperationSettings = AS_BUILT
    accepts_volatile_ledger: bool = False
    requires_durable_ledger: bool = False
    """Whether to serve only where Redis keeps the ledger on disk, evicts nothing, and says so."""
    ledger_wait_replicas: int = 0
    ledger_wait_aof: bool = False
    ledger_wait_ms: int = 500
    """What a write to the ledger waits for before it counts, and how long."""
    audit_length: int = 100_000
    """How many events are kept of what was written."""
    logs_json: bool = False
    timings: Timings = AS_MEANT
    edge: EdgeSettings = USUAL
    emulated_pages: int = 5
    accounts: Mapping[str, AccountSettings]

    @property
    def knows_callers(self) -> bool:
        """Whether only those are let in whom a key or a token shows; once it does, not even loopback is open."""
        return self.callers != NOBODY or self.identity.api_keys == "redis"


def read_settings(*, environment: Mapping[str, str], config: Path | None = None, serving: bool = True, **given: Any) -> Settings:
    """Read everything; `given` (from the command line) wins. Raises SettingsError with all mistakes.

    Without `serving`, what only a server needs may be missing.
    """
    place = config or (Path(environment[f"{PREFIX}CONFIG"]) if environment.get(f"{PREFIX}CONFIG") else None)
    file, mistakes = _read_file(place)
    plain, wrong = _read_plain(file.pop("settings", {}), environment, given)
    tables = {what: file.pop(what, {}) for what in ("keys", "issuers")}
    accounts, unreadable = read_accounts(file, environment=environment, place=str(place))
    callers, unknown = read_callers(**tables, accounts=accounts, place=str(place))
    mistakes += wrong + unreadable + unknown
    if plain is not None and serving:
        contradictions = _contradictions(plain, callers, real=bool(file.get("accounts")))
        mistakes += [found for found in contradictions if found.partition(":")[0] not in " ".join(wrong)]
    if mistakes or plain is None:
        raise SettingsError(mistakes)
    return _settings(plain, accounts, callers)


def _read_file(place: Path | None) -> tuple[dict[str, Any], list[str]]:
    if place is None:
        return {}, []
    try:
        with place.open("rb") as file:
            return tomllib.load(file), []
    except OSError as missing:
        return {}, [f"{place}: cannot be read ({missing.strerror}): name an accounts file that this user may read"]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        return {}, [f"{place}: not TOML: {wrong}"]


def _read_plain(table: object, environment: Mapping[str, str], given: Mapping[str, Any]) -> tuple[_Plain | None, list[str]]:
    if not isinstance(table, dict):
        return None, ["[settings]: must be a table"]
    secret = sorted(_SECRETS & set(table))
    mistakes = [f"[settings] {name}: may hold a secret; set {PREFIX}{name.upper()} instead" for name in secret]
    spoken = {
        name: environment[f"{PREFIX}{name.upper()}"] for name in _Plain.model_fields if environment.get(f"{PREFIX}{name.upper()}")
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    plain = {name: value for name, value in table.items() if name not in _SECRETS}
    values = {**plain, **spoken, **chosen}  # the command line wins over the environment, and that over the file
    try:
        return _Plain(**values), mistakes
    except ValidationError as wrong:
        mistakes += [f"{_named(error['loc'])}: {error['msg'].removeprefix('Value error, ')}" for error in wrong.errors()]
        readable = {name: value for name, value in values.items() if name not in {error["loc"][0] for error in wrong.errors()}}
        return _Plain(**readable), mistakes  # so that what contradicts the rest is told as well


def _named(place: tuple[int | str, ...]) -> str:
    return f"{PREFIX}{str(place[0]).upper()}" if place else "settings"


def _contradictions(plain: _Plain, callers: Callers, *, real: bool) -> list[str]:
    found = []
    is_known = callers != NOBODY or plain.api_keys == "redis"
    if plain.redis_url is None and plain.api_keys == "redis":
        found.append(f"{PREFIX}API_KEYS: keys are to be kept in Redis: set {PREFIX}REDIS_URL as well")
    if plain.workers > 1 and plain.redis_url is None:
        found.append(f"{PREFIX}WORKERS: more than one worker share their memory in Redis: set {PREFIX}REDIS_URL, or serve with one")
    if plain.host not in {"127.0.0.1", "::1", "localhost"} and plain.open != "yes" and not is_known:
        found.append(
            f"{PREFIX}HOST: {plain.host} is not loopback and callers are not known: serve on 127.0.0.1, give out keys, "
            f"or set {PREFIX}OPEN=yes where something in front decides who may call"
        )
    beside = [name for name, default in _BESIDE_REDIS.items() if plain.redis_url is None and getattr(plain, name) != default]
    found += [f"{PREFIX}{name.upper()}: speaks of the ledger in Redis: set {PREFIX}REDIS_URL as well" for name in beside]
    if plain.trusted_mode != "off" and plain.trusted_documents is None:
        found.append(f"{PREFIX}TRUSTED_DOCUMENTS: needed with {PREFIX}TRUSTED_MODE={plain.trusted_mode}: the manifest's place")
    if plain.secret is None and (plain.redis_url is not None or real):
        needed = f"any text of at least {SECRET_LENGTH} characters"
        found.append(f"{PREFIX}SECRET: needed with Redis or real accounts, it signs cursors: {needed}")
    if plain.ledger_lease_s <= plain.write_timeout_s:
        found.append(f"{PREFIX}LEDGER_LEASE_S: must be longer than {PREFIX}WRITE_TIMEOUT_S, or a write could outlive its lease")
    if plain.absent_after_s <= plain.write_timeout_s + plain.settling_after_timeout_s:
        found.append(f"{PREFIX}ABSENT_AFTER_S: must be longer than a write and {PREFIX}SETTLING_AFTER_TIMEOUT_S together")
    return found


def _settings(plain: _Plain, accounts: Mapping[str, AccountSettings], callers: Callers) -> Settings:
    spans = {field.name: getattr(plain, field.name) for field in fields(Timings) if field.name != "ledger_keep_s"}
    return Settings(
        host=plain.host,
        port=plain.port,
        workers=plain.workers,
        redis_url=Secret(plain.redis_url.get_secret_value()) if plain.redis_url else None,
        cache_redis_url=Secret(plain.cache_redis_url.get_secret_value()) if plain.cache_redis_url else None,
        signing_keys=tuple(Secret(key.strip()) for key in (plain.secret.get_secret_value().split(",") if plain.secret else ())),
        is_open=plain.open == "yes",
        callers=callers,
        identity=IdentitySettings(**plain.model_dump(include=set(IdentitySettings.model_fields))),
        operation=OperationSettings(**plain.model_dump(include=set(OperationSettings.model_fields))),
        accepts_volatile_ledger=plain.volatile_ledger == "accept",
        requires_durable_ledger=plain.ledger_durability == "required",
        ledger_wait_replicas=plain.ledger_wait_replicas,
        ledger_wait_aof=plain.ledger_wait_aof == "yes",
        ledger_wait_ms=plain.ledger_wait_ms,
        audit_length=plain.audit_length,
        logs_json=plain.log == "json",
        timings=Timings(**spans, ledger_keep_s=plain.ledger_keep_days * 86_400.0),
        edge=EdgeSettings(**plain.model_dump(include=set(EdgeSettings.model_fields))),
        emulated_pages=plain.emulated_pages,
        accounts=accounts,
    )
