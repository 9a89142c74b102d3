"""The one seam to the HTTP library: everybody else imports these names from here."""

from __future__ import annotations

import functools
import ssl

from httpx import (
    AsyncBaseTransport,
    AsyncClient,
    BasicAuth,
    ConnectError,
    ConnectTimeout,
    Headers,
    HTTPError,
    InvalidURL,
    Limits,
    LocalProtocolError,
    PoolTimeout,
    ProxyError,
    Request,
    Response,
    Timeout,
    TimeoutException,
    UnsupportedProtocol,
    create_ssl_context,
)

NOT_SENT = (ConnectError, ConnectTimeout, PoolTimeout, ProxyError, UnsupportedProtocol, LocalProtocolError)
"""Failures after which the provider cannot have seen the request. After any other it may have."""


@functools.cache
def trusted() -> ssl.SSLContext:
    """Whom every client of the process trusts; read once, because reading the certificates stops everything for tens of milliseconds."""
    return create_ssl_context()


__all__ = [
    "NOT_SENT",
    "AsyncBaseTransport",
    "AsyncClient",
    "BasicAuth",
    "HTTPError",
    "Headers",
    "InvalidURL",
    "Limits",
    "Request",
    "Response",
    "Timeout",
    "TimeoutException",
    "trusted",
]
