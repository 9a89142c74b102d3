"""Where a Redis is, as an operator writes it: one server, a cluster, or what sentinels watch over. Nothing is contacted here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NoReturn
from urllib.parse import parse_qsl, unquote

from app.secret import Secret

FORMS = (
    "redis://host:port/number, rediss://... (TLS), unix:///path, redis+cluster://host:port,host:port/ "
    "or redis+sentinel://host:port,host:port/service-name"
)
_PORT, _SENTINEL_PORT = 6379, 26379
_TLS_OPTIONS: dict[str, tuple[str, ...]] = {
    "ssl_ca_certs": (),
    "ssl_certfile": (),
    "ssl_keyfile": (),
    "ssl_cert_reqs": ("none", "required"),
    "ssl_check_hostname": ("no", "yes"),
}
"""By the client's own names, each with what it may be; nothing: any file."""

Place = tuple[str, int]
"""Host and port."""


class Kind(Enum):
    """What answers there."""

    SERVER = "redis"
    SOCKET = "unix"
    CLUSTER = "redis+cluster"
    SENTINEL = "redis+sentinel"


_KINDS = {
    "redis": (Kind.SERVER, False),
    "rediss": (Kind.SERVER, True),
    "unix": (Kind.SOCKET, False),
    "redis+cluster": (Kind.CLUSTER, False),
    "rediss+cluster": (Kind.CLUSTER, True),
    "redis+sentinel": (Kind.SENTINEL, False),
    "rediss+sentinel": (Kind.SENTINEL, True),
}
_OPTIONS = {
    Kind.SERVER: {"db"},
    Kind.SOCKET: {"db"},
    Kind.CLUSTER: set[str](),
    Kind.SENTINEL: {"sentinel_username", "sentinel_password"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One Redis, however many servers that are."""

    kind: Kind
    tls: bool = False
    places: tuple[Place, ...] = ()
    """The server, some nodes of the cluster, or the sentinels."""
    path: str = ""
    """Of a socket of this machine."""
    service: str = ""
    """What the sentinels call it."""
    database: int = 0
    username: str | None = None
    password: Secret | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    """Of TLS."""
    sentinel_username: str | None = None
    sentinel_password: Secret | None = None


def read_address(text: str) -> Address:
    """What the text says. Raises ValueError with a remedy, and never with a part of the text: it may hold a password."""
    scheme, _, rest = text.strip().partition("://")
    if scheme not in _KINDS or "#" in rest:
        _refuse(f"must be {FORMS}, with what is special in a password percent-encoded")
    kind, tls = _KINDS[scheme]
    rest, _, query = rest.partition("?")
    who_and_where, _, path = rest.partition("/")
    who, at, hosts = who_and_where.rpartition("@")
    username, _, password = who.partition(":")
    options = _options(query, kind, tls=tls)
    places, service, database = _where(kind, hosts, path, options.get("db"))
    sentinel_password = options.get("sentinel_password")
    return Address(
        kind=kind,
        tls=tls,
        places=places,
        path=f"/{unquote(path)}" if kind is Kind.SOCKET else "",
        service=service,
        database=database,
        username=unquote(username) or None,
        password=Secret(unquote(password)) if at and password else None,
        options={name: value for name, value in options.items() if name in _TLS_OPTIONS},
        sentinel_username=options.get("sentinel_username"),
        sentinel_password=Secret(sentinel_password) if sentinel_password else None,
    )


def _options(query: str, kind: Kind, *, tls: bool) -> dict[str, str]:
    """What stands behind the question mark."""
    known = _OPTIONS[kind] | (_TLS_OPTIONS.keys() if tls else set())
    try:
        options = dict(parse_qsl(query, strict_parsing=True)) if query else {}
    except ValueError:  # a question mark within a password
        options = {"": ""}
    if options.keys() - known or any(value not in (_TLS_OPTIONS.get(name) or (value,)) for name, value in options.items()):
        told = [f"{name}={'|'.join(_TLS_OPTIONS.get(name) or ('...',))}" for name in sorted(known)]
        _refuse(f"must be {FORMS}; behind a question mark this form knows {', '.join(told) or 'nothing'}")
    return options


def _where(kind: Kind, hosts: str, path: str, db: str | None) -> tuple[tuple[Place, ...], str, int]:
    """The hosts, the service and the database."""
    if kind is Kind.SOCKET:
        if hosts or not path:
            _refuse("must be unix:///path for a socket, with three slashes")
        return (), "", _database(db or "0")
    service, steps = "", [step for step in path.split("/") if step]
    places = tuple(_place(host, _SENTINEL_PORT if kind is Kind.SENTINEL else _PORT) for host in hosts.split(","))
    if kind is Kind.SERVER and len(places) > 1:
        _refuse("must begin with redis+cluster:// or redis+sentinel:// where there is more than one host")
    if kind is Kind.SENTINEL:
        if not steps:
            _refuse("must name the service that the sentinels know: redis+sentinel://host:port,host:port/service-name")
        service, *steps = unquote(steps[0]), *steps[1:]
    if len(steps) > 1:
        _refuse(f"must be {FORMS}")
    database = _database(steps[0] if steps else db or "0")
    if kind is Kind.CLUSTER and database != 0:
        _refuse("must end behind the hosts: a cluster has no database but 0")
    return places, service, database


def _database(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        _refuse("must have a number for its database")
    return int(text)


def _place(text: str, default: int) -> Place:
    host, colon, port = text.partition(":")
    if text.startswith("["):
        host, end, rest = text[1:].partition("]")
        colon, port = rest[:1] if end else "]", rest[1:]
    if not host or colon not in {"", ":"} or (colon and not _is_port(port)):
        _refuse(f"must be {FORMS}; a port is a number from 1 to 65535")
    return host, int(port) if colon else default


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) <= 65_535


def _refuse(message: str) -> NoReturn:
    raise ValueError(message)
