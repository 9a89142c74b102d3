"""Bodies that are too long or too slow, as they come over a socket: cut off in time, and nobody else waits for them."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from app.edge_settings import EdgeSettings
from app.sandbox.server import Addresses
from app.settings import Settings
from tests.support.running import GatewayClient, serving, settings

QUERY = json.dumps({"query": "{ accounts { name } }"}).encode()
SHORT_S = 0.3


@pytest.fixture(scope="module")
def hasty(addresses: Addresses) -> Iterator[GatewayClient]:
    """A gateway that waits for a body no longer than a moment."""
    chosen = Settings(accounts=settings(addresses).accounts, edge=EdgeSettings(body_timeout_s=SHORT_S, body_bytes=10_000))
    with serving(chosen) as client:
        yield client


def connected(client: GatewayClient) -> socket.socket:
    url = client.http.base_url
    return socket.create_connection((url.host, url.port), timeout=10)


def head(*headers: str) -> bytes:
    return "\r\n".join(["POST /graphql HTTP/1.1", "Host: localhost", "Content-Type: application/json", *headers, "", ""]).encode()


def until_closed(sock: socket.socket) -> bytes:
    received = b""
    while part := sock.recv(65_536):
        received += part
    return received


def answers(client: GatewayClient) -> None:
    assert len(client.gql("{ accounts { name } }")["accounts"]) == 3


@pytest.mark.parametrize(
    ("headers", "part"),
    [("Content-Length: 100", b'{"query": '), ("Content-Length: 100", b""), ("Transfer-Encoding: chunked", b"5\r\n     \r\n")],
)
def test_a_body_that_does_not_come_to_an_end_is_given_up(hasty: GatewayClient, headers: str, part: bytes) -> None:
    with closing(connected(hasty)) as sock:
        sock.sendall(head(headers) + part)
        answers(hasty)
        received = until_closed(sock)
    status, _, body = received.partition(b"\r\n")
    assert status == b"HTTP/1.1 408 Request Timeout"
    (error,) = json.loads(body.partition(b"\r\n\r\n")[2])["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("the body has not arrived within 0.3 s", "LIMIT_EXCEEDED")


def test_a_body_that_says_it_is_too_long_is_not_waited_for(hasty: GatewayClient) -> None:
    with closing(connected(hasty)) as sock:
        sock.sendall(head("Content-Length: 100000000", "Connection: close"))
        received = until_closed(sock)
    assert received.startswith(b"HTTP/1.1 413 ")
    answers(hasty)


def test_a_body_that_turns_out_too_long_is_not_read_to_its_end(hasty: GatewayClient) -> None:
    with closing(connected(hasty)) as sock:
        sock.sendall(
            head("Transfer-Encoding: chunked", "Connection: close") + b"2711\r\n" + b" " * 0x2711 + b"\r\n"
        )  # no last chunk
        received = until_closed(sock)
    assert received.startswith(b"HTTP/1.1 413 ")
    assert b"10000 bytes" in received
    answers(hasty)


def test_a_body_in_small_parts_is_put_together(hasty: GatewayClient) -> None:
    with closing(connected(hasty)) as sock:
        sock.sendall(head("Transfer-Encoding: chunked", "Connection: close"))
        for byte in QUERY:
            sock.sendall(b"1\r\n" + bytes([byte]) + b"\r\n")
        sock.sendall(b"0\r\n\r\n")
        received = until_closed(sock)
    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"chargebee-demo" in received


def test_who_leaves_in_the_middle_of_a_body_leaves_no_trace(hasty: GatewayClient, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        with closing(connected(hasty)) as sock:
            sock.sendall(head("Content-Length: 100") + b"{")
    answers(hasty)
    assert "internal error" not in capsys.readouterr().out


@pytest.mark.parametrize("length", ["-1", "x", "1, 2"])
def test_a_length_that_is_none_is_refused_by_the_server(hasty: GatewayClient, length: str) -> None:
    with closing(connected(hasty)) as sock:
        sock.sendall(head(f"Content-Length: {length}") + QUERY)
        assert until_closed(sock).startswith(b"HTTP/1.1 400 ")
    answers(hasty)


def test_a_second_length_smuggles_nothing(hasty: GatewayClient) -> None:
    with closing(connected(hasty)) as sock:
        sock.sendall(head("Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert until_closed(sock).startswith(b"HTTP/1.1 400 ")
    answers(hasty)
