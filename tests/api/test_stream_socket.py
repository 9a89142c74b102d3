"""graphql-transport-ws: every message of the protocol, and every way a socket is closed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus

from app.edge_settings import EdgeSettings
from app.sandbox.server import Addresses
from tests.api.streaming import CHANGES, Streaming, streaming
from tests.support.demo import UNPAID, invoice_id
from tests.support.running import SandboxControl

ACCOUNTS = "{ accounts { name } }"
NAMES = {"data": {"accounts": [{"name": "chargebee-demo"}, {"name": "vcita-demo"}, {"name": "zenskar-demo"}]}}
DEEP = '{"type":"ping","payload":' + '{"a":' * 30_000 + "1" + "}" * 30_000 + "}"
NUMBER = '{"type":"ping","payload":{"a":' + "9" * 6_000 + "}}"


@pytest.fixture(scope="module")
def gateway(addresses: Addresses, control: SandboxControl) -> Iterator[Streaming]:
    control.reset()
    with streaming(addresses, edge=EdgeSettings(socket_init_s=0.5, socket_operations=3, body_bytes=300_000)) as found:
        yield found


def test_a_query_is_answered_and_its_id_is_free_again(gateway: Streaming) -> None:
    with gateway.talking() as talk:
        assert [talk.answer(ACCOUNTS), talk.answer(ACCOUNTS)] == [NAMES, NAMES]


def test_a_mutation_is_done_over_a_socket(gateway: Streaming) -> None:
    target = {"invoice": {"reference": {"account": "chargebee-demo", "providerId": invoice_id("chargebee-demo", UNPAID)}}}
    money = {"total": {"amount": "1.00", "currency": "USD"}}
    input = {"idempotencyKey": "by-socket", "against": target, "credit": money, "reason": "OTHER"}
    with gateway.talking() as talk:
        query = "mutation($input: IssueCreditNoteInput!) { issueCreditNote(input: $input) { outcome } }"
        assert talk.answer(query, variables={"input": input}) == {"data": {"issueCreditNote": {"outcome": "APPLIED"}}}


def test_what_is_wrong_with_one_operation_ends_that_one_only(gateway: Streaming) -> None:
    with gateway.talking() as talk:
        talk.ask("stays", CHANGES)
        for wrong in ("{ accounts { name }", "{ nothing }", "query($id: ID!) { node(id: $id) { id } }", "subscription { nothing }"):
            assert talk.code(wrong) == "INVALID_INPUT"
        assert talk.code(ACCOUNTS, operationName="other") == "INVALID_INPUT"
        assert talk.answer(ACCOUNTS) == NAMES
        gateway.listened()


def test_what_fails_while_it_is_answered_is_told_beside_the_rest(gateway: Streaming) -> None:
    with gateway.talking() as talk:
        answer = talk.answer('{ node(id: "?") { id } accounts { name } }')
    assert answer["data"] == {"node": None, **NAMES["data"]}
    assert [error["path"] for error in answer["errors"]] == [["node"]]


def test_a_ping_is_answered_with_what_it_brought_before_and_after_the_greeting(gateway: Streaming) -> None:
    with gateway.talking(greeted=False) as talk:
        talk.say("ping", payload={"at": 1})
        assert talk.hear() == {"type": "pong", "payload": {"at": 1}}
        talk.say("pong")
        talk.greet()
        talk.say("ping")
        assert talk.hear() == {"type": "pong"}


def test_completing_what_is_not_there_is_nothing(gateway: Streaming) -> None:
    with gateway.talking() as talk:
        talk.say("complete", id="never")
        assert talk.answer(ACCOUNTS) == NAMES


def test_a_client_that_completes_hears_no_more_and_may_use_the_id_again(gateway: Streaming) -> None:
    with gateway.talking() as talk:
        talk.ask("only", CHANGES)
        gateway.listened()
        talk.say("complete", id="only")
        gateway.listened(0)
        assert talk.answer(ACCOUNTS) == NAMES


def test_when_a_client_leaves_what_it_listened_to_is_closed(gateway: Streaming) -> None:
    with gateway.talking() as talk:
        talk.ask("one", CHANGES)
        talk.ask("two", CHANGES)
        gateway.listened(2)
        talk.socket.socket.close()
        gateway.listened(0)


def test_one_socket_has_so_many_operations_and_no_more(gateway: Streaming) -> None:
    with gateway.talking() as talk:
        for id in "abc":
            talk.ask(id, CHANGES)
        gateway.listened(3)
        assert talk.code(ACCOUNTS) == "LIMIT_EXCEEDED"
        talk.say("complete", id="a")
        assert talk.answer(ACCOUNTS) == NAMES


def test_the_limits_of_a_document_hold_on_a_socket(gateway: Streaming) -> None:
    aliased = " ".join(f"a{i}: name" for i in range(300))
    with gateway.talking() as talk:
        assert talk.code(f"{{ accounts {{ {aliased} }} }}") == "LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "null", "1", '"text"', "[]", "{}", '{"type":null}', '{"type":1}', '{"type":"start"}', '{"type":"ping","payload":1}',
        '{"type":"pong","payload":[]}', '{"type":"connection_init","payload":"x"}', '{"type":"complete"}', '{"type":"complete","id":1}',
        '{"type":"subscribe"}', '{"type":"subscribe","id":"1"}', '{"type":"subscribe","id":"1","payload":null}',
        '{"type":"subscribe","id":"","payload":{"query":"{__typename}"}}', '{"type":"subscribe","id":7,"payload":{"query":"{__typename}"}}',
        '{"type":"subscribe","id":["1"],"payload":{"query":"{__typename}"}}', '{"type":"subscribe","id":"1","payload":{"query":1}}',
        '{"type":"subscribe","id":"1","payload":{"query":"{__typename}","variables":[]}}',
        '{"type":"subscribe","id":"1","payload":{"query":"{__typename}","operationName":1}}',
        '{"type":"subscribe","id":"1","payload":{"query":"{__typename}","extensions":"x"}}',
        '{"type":"ping","type":"pong"}', '{"type":"ping","payload":{"a":NaN}}', '{"type":"ping","payload":{"a":"\\ud800"}}', DEEP, NUMBER,
        '{"type":"connection_init","payload":{"Authorization":7}}',
    ],
)  # fmt: skip
def test_a_message_that_is_none_closes_the_socket(gateway: Streaming, text: str) -> None:
    with gateway.talking(greeted="connection_init" not in text) as talk:
        talk.socket.send(text)
        code, reason = talk.closed()
        assert code == 4400
        assert reason


def test_bytes_are_no_message(gateway: Streaming) -> None:
    with gateway.talking() as talk:
        talk.socket.send(b'{"type":"ping"}')
        assert talk.closed() == (4400, "messages must be text")


def test_nested_too_deep_is_refused(gateway: Streaming) -> None:
    with gateway.talking() as talk:
        talk.socket.send('{"type":"ping","payload":' + '{"a":' * 100 + "1" + "}" * 100 + "}")
        assert talk.closed()[0] == 4400


def test_a_message_too_large_closes_the_socket(gateway: Streaming) -> None:
    with gateway.talking() as talk:
        talk.say("ping", payload={"a": "x" * 300_000})
        assert talk.closed() == (1009, "the message is longer than 300000 bytes")


def test_who_asks_before_the_greeting_is_unauthorized(gateway: Streaming) -> None:
    with gateway.talking(greeted=False) as talk:
        talk.ask("1", ACCOUNTS)
        assert talk.closed()[0] == 4401


def test_who_greets_twice_greets_too_often(gateway: Streaming) -> None:
    with gateway.talking() as talk:
        talk.say("connection_init")
        assert talk.closed()[0] == 4429


def test_who_does_not_greet_in_time_is_not_waited_for(gateway: Streaming) -> None:
    with gateway.talking(greeted=False) as talk:
        assert talk.closed() == (4408, "connection initialisation timeout")


def test_an_id_in_use_is_not_used_twice(gateway: Streaming) -> None:
    with gateway.talking() as talk:
        talk.ask("1", CHANGES)
        talk.ask("1", ACCOUNTS)
        assert talk.closed() == (4409, "subscriber for 1 already exists")
    gateway.listened(0)


@pytest.mark.parametrize("protocol", [None, "graphql-ws", "graphql-transport-ws-2"])
def test_only_the_one_protocol_is_spoken(gateway: Streaming, protocol: str | None) -> None:
    with gateway.talking(greeted=False, protocol=protocol) as talk:
        assert talk.closed()[0] == 4406


def test_a_bug_closes_the_socket_and_is_not_told(gateway: Streaming, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway.streams, "context", lambda _: 1 / 0)
    with gateway.talking() as talk:
        talk.ask("1", ACCOUNTS)
        assert talk.closed() == (4500, "internal server error")


@pytest.mark.parametrize("origin", ["http://elsewhere.example", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_site_is_not_let_in(gateway: Streaming, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused, gateway.talking(Origin=origin):
        pass
    assert refused.value.response.status_code == 403


def test_a_page_of_this_gateway_is_let_in(gateway: Streaming) -> None:
    with gateway.talking(Origin=gateway.url.removesuffix("/graphql")) as talk:
        assert talk.answer(ACCOUNTS) == NAMES
