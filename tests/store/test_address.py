"""The forms of a Redis's address: what each says, what is wrong with the others, and that no mistake shows a password."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.secret import Secret
from app.store.address import Address, Kind, read_address

A, B, C = ("10.0.0.1", 7000), ("b.example", 7001), ("::1", 7002)


def gate(address: Address) -> Address:
    """The same, with a user whose password needs encoding."""
    return replace(address, username="gate", password=Secret("p@s,s:/#"))


FORMS = {
    "redis://10.0.0.1:7000/3": Address(kind=Kind.SERVER, places=(A,), database=3),
    "redis://b.example": Address(kind=Kind.SERVER, places=(("b.example", 6379),)),
    "redis://b.example:7001?db=2": Address(kind=Kind.SERVER, places=(B,), database=2),
    "redis://[::1]:7002/": Address(kind=Kind.SERVER, places=(C,)),
    "redis://:secret@b.example:7001": Address(kind=Kind.SERVER, places=(B,), password=Secret("secret")),
    "redis://gate@b.example:7001": Address(kind=Kind.SERVER, places=(B,), username="gate"),
    "rediss://gate:p%40s%2Cs%3A%2F%23@b.example:7001/1": gate(Address(kind=Kind.SERVER, tls=True, places=(B,), database=1)),
    "rediss://b.example:7001?ssl_ca_certs=/etc/ca.pem&ssl_check_hostname=no": Address(
        kind=Kind.SERVER, tls=True, places=(B,), options={"ssl_ca_certs": "/etc/ca.pem", "ssl_check_hostname": "no"}
    ),
    "unix:///run/redis.sock": Address(kind=Kind.SOCKET, path="/run/redis.sock"),
    "unix://gate:p%40s%2Cs%3A%2F%23@/run/redis.sock?db=4": gate(Address(kind=Kind.SOCKET, path="/run/redis.sock", database=4)),
    "redis+cluster://10.0.0.1:7000,b.example:7001,[::1]:7002/": Address(kind=Kind.CLUSTER, places=(A, B, C)),
    "redis+cluster://b.example": Address(kind=Kind.CLUSTER, places=(("b.example", 6379),)),
    "rediss+cluster://gate:p%40s%2Cs%3A%2F%23@b.example:7001/0": gate(Address(kind=Kind.CLUSTER, tls=True, places=(B,))),
    "redis+sentinel://10.0.0.1:7000,b.example/ledger": Address(
        kind=Kind.SENTINEL, places=(A, ("b.example", 26379)), service="ledger"
    ),
    "rediss+sentinel://gate:p%40s%2Cs%3A%2F%23@b.example:7001/ledger%201/5": gate(
        Address(kind=Kind.SENTINEL, tls=True, places=(B,), service="ledger 1", database=5)
    ),
    "redis+sentinel://b.example:7001/ledger?sentinel_username=s&sentinel_password=p%26": Address(
        kind=Kind.SENTINEL, places=(B,), service="ledger", sentinel_username="s", sentinel_password=Secret("p&")
    ),
    " redis://b.example:7001\n": Address(kind=Kind.SERVER, places=(B,)),
}  # fmt: skip

WRONG = {
    "": "redis://",
    "nonsense": "redis://",
    "http://b.example": "redis://",
    "redis:/b.example": "redis://",
    "redis://": "redis://",
    "redis://:hunter2": "redis://",
    "redis://b.example:0": "1 to 65535",
    "redis://b.example:65536": "1 to 65535",
    "redis://b.example:٣": "1 to 65535",
    "redis://b.example:": "1 to 65535",
    "redis://[::1": "redis://",
    "redis://[::1]7000": "redis://",
    "redis://b.example/one": "number for its database",
    "redis://b.example/1/2": "redis://",
    "redis://b.example/99999999": "number for its database",
    "redis://:hunter#2@b.example": "percent-encoded",
    "redis://:hunter?2@b.example": "question mark",
    "redis://b.example?socket_timeout=9": "db=...",
    "redis://b.example?ssl_ca_certs=/etc/ca.pem": "question mark",
    "rediss://b.example?ssl_check_hostname=maybe": "ssl_check_hostname=no|yes",
    "redis://b.example:1,c.example:2": "redis+cluster://",
    "unix://run/redis.sock": "three slashes",
    "unix:///": "three slashes",
    "redis+cluster:///": "redis+cluster://",
    "redis+cluster://b.example,,c.example": "redis+cluster://",
    "redis+cluster://b.example:7001/1": "no database but 0",
    "redis+cluster://b.example?db=1": "nothing",
    "redis+sentinel://b.example:7001": "service-name",
    "redis+sentinel://b.example:7001/": "service-name",
    "redis+sentinel://b.example:7001/ledger/one": "number for its database",
    "redis+sentinel://b.example:7001/ledger/1/2": "redis://",
}


@pytest.mark.parametrize(("text", "address"), FORMS.items(), ids=FORMS)
def test_every_form_says_where_a_redis_is(text: str, address: Address) -> None:
    assert read_address(text) == address


@pytest.mark.parametrize(("text", "remedy"), WRONG.items(), ids=map(repr, WRONG))
def test_what_is_no_such_form_is_told_with_its_remedy(text: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=r"^must ") as told:
        read_address(text)
    assert remedy in str(told.value)


SCHEMES = st.sampled_from(["redis", "rediss", "unix", "redis+cluster", "redis+sentinel", "rediss+cluster", "http"])


@given(scheme=SCHEMES, secret=st.text(alphabet="Zz9#?&=/@:,[]%", min_size=4), rest=st.sampled_from(["h:1", "h:1/m", "/p", "h:x"]))
def test_no_text_whatever_shows_its_password(scheme: str, secret: str, rest: str) -> None:
    said = "Q7" + secret
    try:
        shown = repr(read_address(f"{scheme}://user:{said}@{rest}?sentinel_password={said}"))
    except ValueError as wrong:
        shown = str(wrong)
    assert "Q7" not in shown
