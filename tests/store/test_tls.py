"""A Redis behind TLS: believed only with a certificate that fits, unless the address says that anybody will do."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.store import Gap, Put, StoreFailure
from app.store.redis import RedisStore
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.anyio


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of 127.0.0.1, by nobody but itself; its key is in the same file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "redis")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
    signed = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file = tmp_path / "redis.pem"
    file.write_bytes(text + signed.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
async def port(certificate: Path, tmp_path: Path) -> AsyncIterator[int]:
    """Where a Redis is spoken to through TLS."""
    server = RedisServer(tmp_path).start()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    async with await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context) as door:
        yield door.sockets[0].getsockname()[1]
    server.stop()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
    writer.close()


@pytest.mark.parametrize(
    "options", ["ssl_ca_certs={certificate}", "ssl_cert_reqs=none", "ssl_cert_reqs=none&ssl_check_hostname=no"]
)
async def test_a_redis_behind_tls_is_one_like_any_other(port: int, certificate: Path, options: str) -> None:
    url = f"rediss://127.0.0.1:{port}/1?{options.format(certificate=certificate)}"
    async with aclosing(RedisStore(url)) as store, aclosing(store.listen("channel")) as ear:
        assert await store.commit({"a": None}, {"a": Put(b"1")})
        assert await store.get_many(["a"]) == [b"1"]
        assert await anext(ear) is Gap.CLOSED
        await store.publish("channel", b"secret")
        assert await anext(ear) == b"secret"


@pytest.mark.parametrize(("host", "options"), [("127.0.0.1", ""), ("localhost", "?ssl_ca_certs={certificate}")])
async def test_a_certificate_that_does_not_fit_is_not_believed(port: int, certificate: Path, host: str, options: str) -> None:
    async with aclosing(RedisStore(f"rediss://{host}:{port}/1{options.format(certificate=certificate)}")) as store:
        with pytest.raises(StoreFailure):
            await store.ping()


async def test_a_name_that_does_not_fit_is_believed_where_the_address_says_so(port: int, certificate: Path) -> None:
    async with aclosing(RedisStore(f"rediss://localhost:{port}?ssl_ca_certs={certificate}&ssl_check_hostname=no")) as store:
        await store.ping()
