"""The server in front of the gateway, over raw sockets: bounded heads, offers of other protocols, and sockets that are kept busy."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

from tests.support.serving import served

HEAD_S, HEAD_BYTES = 0.4, 20_000


async def echoed(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.url.query}{len(request.headers)}{(await request.body()).decode()}")


async def told(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(str(len(text)))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    app = Starlette(routes=[Route("/", echoed, methods=["GET", "POST"]), WebSocketRoute("/", told)])
    with served(app, head_s=HEAD_S, head_bytes=HEAD_BYTES) as url:
        yield url


def connected(address: str) -> socket.socket:
    return socket.create_connection((httpx.URL(address).host, httpx.URL(address).port), timeout=10)


def rest(sock: socket.socket) -> bytes:
    found = b""
    while part := sock.recv(65_536):
        found += part
    return found


def refusal(answer: bytes) -> tuple[bytes, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    (error,) = json.loads(body)["errors"]
    return head.split(b"\r\n")[0], error["extensions"]["code"]


def test_heads_are_counted_one_by_one(address: str) -> None:
    with httpx.Client(base_url=address) as http:
        for _ in range(3):
            assert http.get("/", headers={"X-Long": "a" * (HEAD_BYTES - 1_000)}).status_code == 200


def test_a_body_is_not_counted_as_a_head(address: str) -> None:
    body = "b" * (3 * HEAD_BYTES)
    with httpx.Client(base_url=address) as http:
        assert [http.post("/", content=body).text.endswith(body) for _ in range(2)] == [True, True]


# more than is read at once, which is what may come through together with the end of a head
@pytest.mark.parametrize("line", [b"X: " + b"a" * 1_000_000, b"X: a\r\n" * 200_000], ids=["a line", "lines"])
def test_a_head_that_is_too_long_is_refused_before_its_end(address: str, line: bytes) -> None:
    with connected(address) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n" + line + b"\r\n\r\n")
        assert refusal(rest(sock)) == (b"HTTP/1.1 431 Request Header Fields Too Large", "LIMIT_EXCEEDED")


def test_half_a_head_is_given_up_and_silence_is_left(address: str) -> None:
    with connected(address) as half, connected(address) as silent:
        half.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert refusal(rest(half)) == (b"HTTP/1.1 408 Request Timeout", "LIMIT_EXCEEDED")
        assert rest(silent) == b""


def test_half_a_second_request_is_given_up_as_well(address: str) -> None:
    with connected(address) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n")
        assert rest(sock).split(b"HTTP/1.1 ")[2].startswith(b"408 ")


def test_what_is_no_http_is_told_so(address: str) -> None:
    with connected(address) as sock:
        sock.sendall(b"EHLO\r\n\r\n")
        assert refusal(rest(sock)) == (b"HTTP/1.1 400 Bad Request", "INVALID_INPUT")


HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
OFFER = b"Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"


@pytest.mark.parametrize("pieces", [1, 7])
def test_an_offer_of_another_protocol_is_passed_over(address: str, pieces: int) -> None:
    body = b"0123456789" * 20_000
    sent = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n" % len(body) + OFFER + b"\r\n" + body
    size = len(sent) // pieces + 1
    with connected(address) as sock:
        for start in range(0, len(sent), size):
            sock.sendall(sent[start : start + size])
        answer = rest(sock)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(body)


def test_an_offer_with_a_body_without_a_length_is_refused(address: str) -> None:
    with connected(address) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + OFFER + b"\r\n1\r\na\r\n0\r\n\r\n")
        assert rest(sock).startswith(b"HTTP/1.1 400 ")


def test_a_long_message_comes_through_and_so_do_many(address: str) -> None:
    with connect(address.replace("http", "ws")) as client:
        client.send("a" * 900_000)
        assert client.recv() == "900000"
        for length in range(500):
            client.send("b" * length)
        assert [client.recv() for _ in range(500)] == [str(length) for length in range(500)]
        client.send("c" * 1000 for _ in range(500))
        assert client.recv() == "500000"
        assert client.ping(b"there?").wait(10)


def test_a_message_of_too_many_parts_ends_the_socket(address: str) -> None:
    with connect(address.replace("http", "ws")) as client:
        with contextlib.suppress(ConnectionClosedError):  # while it is still sending
            client.send("c" for _ in range(2_000))
        with pytest.raises(ConnectionClosedError) as closed:
            client.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_a_client_that_leaves_its_pongs_where_they_are_is_left(address: str) -> None:
    ping = Frame(Opcode.PING, b"p" * 125).serialize(mask=True)
    with connected(address) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        sock.sendall(HANDSHAKE)
        assert sock.recv(1_000).startswith(b"HTTP/1.1 101 ")
        with pytest.raises(ConnectionError):
            pinged(sock, ping * 500)
    assert httpx.get(address).status_code == 200


def pinged(sock: socket.socket, pings: bytes) -> None:
    for _ in range(400):  # 26 MB, of whose answers nothing is read
        sock.sendall(pings)
