"""Ids and cursors: opaque, exact both ways, and refused when this gateway cannot have made them for this very question."""

from __future__ import annotations

import base64
import dataclasses
from datetime import UTC, datetime

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.api.ids import Cursors, Kind, decode_id, decode_ref, encode_id
from app.domain.credit_note import Ref
from app.domain.errors import InvalidInput
from app.gateway.walk import Mark, StreamKey
from app.sandbox.server import Addresses
from app.secret import Secret
from tests.support.demo import ACCOUNTS
from tests.support.running import GatewayClient, Json, serving, settings

KEY, OTHER_KEY = Secret("k" * 32), Secret("o" * 32)
CURSORS = Cursors([KEY])
PAGE = """query($after: String, $filter: CreditNoteFilter, $orderBy: CreditNoteOrder) {
  creditNotes(first: 2, after: $after, filter: $filter, orderBy: $orderBy) { nodes { id } pageInfo { endCursor } } }"""

account_names = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,63}", fullmatch=True)
external_ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80)
refs = st.builds(Ref, account_names, external_ids)
instants = st.datetimes(datetime(1970, 1, 2), datetime(2999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them bare
marks = st.builds(
    Mark,
    at=instants,
    ids=st.lists(external_ids, max_size=8).map(tuple),
    token=st.none() | external_ids,
    ended=st.booleans(),
)
walks = st.dictionaries(st.tuples(account_names, st.integers(0, 300)), marks, max_size=5)
arguments = st.binary(min_size=8, max_size=8)


@given(st.sampled_from(Kind), refs)
def test_an_id_leads_back_to_what_it_names(kind: Kind, ref: Ref) -> None:
    id = encode_id(kind, ref)
    assert decode_id(id, path=("id",)) == (kind, ref)
    assert id.isascii()
    assert "=" not in id
    assert decode_ref(id, kind, path=("id",)) == ref


@given(st.lists(st.tuples(st.sampled_from(Kind), refs), unique=True, min_size=2, max_size=2))
def test_two_things_never_share_an_id(things: list[tuple[Kind, Ref]]) -> None:
    assert encode_id(*things[0]) != encode_id(*things[1])


@given(st.sampled_from(Kind), refs, st.data())
def test_a_changed_id_is_refused_or_names_another_thing(kind: Kind, ref: Ref, data: st.DataObject) -> None:
    id = encode_id(kind, ref)
    place = data.draw(st.integers(0, len(id)))
    changed = id[:place] + data.draw(st.text(max_size=3)) + id[place + data.draw(st.integers(0, 3)) :]
    assume(changed != id)
    try:
        found = decode_id(changed, path=("id",))
    except InvalidInput:
        return
    assert found != (kind, ref)


@given(st.text() | st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+/ \n"))
@example("bjpjaGFyZ2ViZWUtZGVtbzpDTi0wMDAx==")
@example("bjpjaGFyZ2ViZWUtZGVtbzpDTi0wMDAx\n")
@example("bjphOg")  # n:a: with nothing behind it
@example("eDphOmI")  # x:a:b, a kind nobody knows
def test_text_is_an_id_only_as_this_gateway_writes_it(text: str) -> None:
    try:
        found = decode_id(text, path=("id",))
    except InvalidInput:
        return
    assert encode_id(*found) == text


@given(walks, arguments)
def test_a_cursor_leads_back_to_its_place(walk: dict[StreamKey, Mark], about: bytes) -> None:
    assert CURSORS.decode(CURSORS.encode(about, walk), about) == walk


@given(walks, arguments, arguments)
def test_a_cursor_of_other_arguments_is_refused(walk: dict[StreamKey, Mark], about: bytes, other: bytes) -> None:
    assume(about != other)
    with pytest.raises(InvalidInput, match="other arguments"):
        CURSORS.decode(CURSORS.encode(about, walk), other)


@given(walks, arguments, st.data())
def test_a_changed_cursor_is_refused(walk: dict[StreamKey, Mark], about: bytes, data: st.DataObject) -> None:
    cursor = CURSORS.encode(about, walk)
    place = data.draw(st.integers(0, len(cursor)))
    changed = cursor[:place] + data.draw(st.text("ABCabc012-_=", max_size=3)) + cursor[place + data.draw(st.integers(0, 3)) :]
    assume(changed != cursor)
    with pytest.raises(InvalidInput, match="not a cursor"):
        CURSORS.decode(changed, about)


@given(walks, arguments, st.data())
def test_a_cut_cursor_is_refused(walk: dict[StreamKey, Mark], about: bytes, data: st.DataObject) -> None:
    cursor = CURSORS.encode(about, walk)
    with pytest.raises(InvalidInput, match="not a cursor"):
        CURSORS.decode(cursor[: data.draw(st.integers(0, len(cursor) - 1))], about)


@given(st.text())
def test_text_is_no_cursor(text: str) -> None:
    with pytest.raises(InvalidInput, match="not a cursor"):
        CURSORS.decode(text, b"12345678")


def test_a_cursor_signed_by_a_stranger_is_refused_and_one_signed_by_the_key_before_is_taken() -> None:
    cursor = CURSORS.encode(b"12345678", {})
    with pytest.raises(InvalidInput, match="not a cursor"):
        Cursors([OTHER_KEY]).decode(cursor, b"12345678")
    turned = Cursors([OTHER_KEY, KEY])
    assert turned.decode(cursor, b"12345678") == {}
    assert Cursors([OTHER_KEY]).decode(turned.encode(b"12345678", {}), b"12345678") == {}


def test_the_longest_walk_there_can_be_has_a_cursor_that_is_taken_back() -> None:
    ids = tuple(f"00000000-0000-4000-8000-{number:012}" for number in range(8))
    mark = Mark(at=datetime(2026, 11, 21, tzinfo=UTC), ids=ids, token="t" * 200)
    walk = {("a" * 64, part): mark for part in range(200)}
    assert CURSORS.decode(CURSORS.encode(b"12345678", walk), b"12345678") == walk


@given(st.text(min_size=1, max_size=30), st.sampled_from(["creditNote", "invoice", "node"]))
@example("bjpjaGFyZ2ViZWUtZGVtbzo", "node")
@example("\x00", "creditNote")
def test_random_text_as_an_id_is_refused_as_the_callers_fault(asked: GatewayClient, text: str, field: str) -> None:
    error = asked.error(f"query($id: ID!) {{ {field}(id: $id) {{ id }} }}", id=text)
    refused_as_input(error, ["id"])


@given(st.text(min_size=1, max_size=30))
def test_random_text_as_a_cursor_is_refused_as_the_callers_fault(asked: GatewayClient, text: str) -> None:
    refused_as_input(asked.error(PAGE, after=text), ["after"])


@given(st.sampled_from(ACCOUNTS), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
@example("chargebee-demo", "../../invoices")
@example("chargebee-demo", ".")
@example("chargebee-demo", "..")
@example("vcita-demo", "../invoices?x=1#y")
@example("zenskar-demo", "..")
@example("zenskar-demo", "\x00\r\n")
@example("vcita-demo", " ")
@example("chargebee-demo", '","x"]')
def test_a_providers_id_of_any_text_is_answered_without_a_bug(asked: GatewayClient, account: str, text: str) -> None:
    note, invoice = encode_id(Kind.NOTE, Ref(account, text)), encode_id(Kind.INVOICE, Ref(account, text))
    query = (
        "query($n: ID!, $i: ID!) { creditNote(id: $n) { id } invoice(id: $i) { details { number } creditNotes { nodes { id } } } }"
    )
    answer = asked.ask(query, n=note, i=invoice)
    assert answer["data"]["creditNote"] is None
    assert answer["data"]["invoice"]["details"] is None
    codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
    assert codes <= {"NOT_FOUND", "INVALID_INPUT", "PROVIDER_REJECTED"}


@pytest.mark.parametrize(
    "other",
    [
        {"orderBy": "ISSUED_ASC"},
        {"filter": {"accounts": ["vcita-demo"]}},
        {"filter": {"providers": ["VCITA"]}},
        {"filter": {"statuses": ["ISSUED"]}},
        {"filter": {"invoiceIds": []}},
    ],
)
def test_a_cursor_belongs_to_the_query_it_came_from(asked: GatewayClient, other: Json) -> None:
    cursor = asked.gql(PAGE)["creditNotes"]["pageInfo"]["endCursor"]
    refused_as_input(asked.error(PAGE, after=cursor, **other), ["after"])


def test_the_page_size_may_change_along_a_walk(asked: GatewayClient) -> None:
    first = asked.gql("{ creditNotes(first: 3) { nodes { id } pageInfo { endCursor } } }")["creditNotes"]
    sized = "query($n: Int, $after: String) { creditNotes(first: $n, after: $after) { nodes { id } } }"
    rest = asked.gql(sized, n=7, after=first["pageInfo"]["endCursor"])["creditNotes"]["nodes"]
    whole = asked.gql(sized, n=10)["creditNotes"]["nodes"]
    assert first["nodes"] + rest == whole


def test_a_cursor_of_another_gateway_is_refused_unless_they_share_a_key(addresses: Addresses, asked: GatewayClient) -> None:
    foreign = asked.gql(PAGE)["creditNotes"]["pageInfo"]["endCursor"]
    keyed = dataclasses.replace(settings(addresses), signing_keys=(KEY,))
    with serving(keyed) as one, serving(keyed) as two:
        refused_as_input(one.error(PAGE, after=foreign), ["after"])
        shared = one.gql(PAGE)["creditNotes"]["pageInfo"]["endCursor"]
        assert two.gql(PAGE, after=shared)["creditNotes"]["nodes"]


def test_an_id_shows_nothing_but_what_its_reader_may_know() -> None:
    assert base64.urlsafe_b64decode("bjpjaGFyZ2ViZWUtZGVtbzpDTi0wMDAx") == b"n:chargebee-demo:CN-0001"
    assert encode_id(Kind.NOTE, Ref("chargebee-demo", "CN-0001")) == "bjpjaGFyZ2ViZWUtZGVtbzpDTi0wMDAx"


def refused_as_input(error: Json, path: list[str]) -> None:
    extensions = error["extensions"]
    assert (extensions["code"], extensions["path"], extensions["classification"]) == ("INVALID_INPUT", path, "BAD_REQUEST")
