"""The end of a process that streams: each stream is told, by the means of its protocol, before anything is closed."""

from __future__ import annotations

import signal

import httpx
import pytest
from websockets.sync.client import connect

from tests.api.streaming import CHANGES, PROTOCOL, Talk
from tests.api.test_stream_events import COMPLETE, EVENTS, Events
from tests.support.console import running_command


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_streams_end_before_the_process_does(how: signal.Signals) -> None:
    with running_command("serve", "--port", "0") as child:
        url = f"{child.address('GraphiQL')}/graphql"
        child.answers(url)
        with (
            httpx.stream("POST", url, json={"query": CHANGES}, headers={"Accept": EVENTS}, timeout=30) as response,
            connect(url.replace("http", "ws", 1), subprotocols=[PROTOCOL]) as socket,
        ):
            events, talk = Events(response), Talk(socket=socket)
            talk.greet()
            talk.ask("1", CHANGES)
            assert talk.answer("{ __typename }") == {"data": {"__typename": "Query"}}
            assert events.part() == ":"
            child.process.send_signal(how)
            (error,) = events.next()["errors"]
            assert (error["extensions"]["code"], error["extensions"]["retryable"]) == ("GATEWAY_UNAVAILABLE", True)
            assert events.rest() == COMPLETE
            assert talk.closed() == (1001, "the gateway is ending: connect again")
        assert child.process.wait(10) in {0, -how}
        assert "Traceback" not in child.printed
