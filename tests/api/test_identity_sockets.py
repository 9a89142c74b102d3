"""A socket outlives what was shown when it was opened: each operation on it is asked anew who sends it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.sandbox.server import Addresses
from tests.api.callers import ACCOUNTS
from tests.api.streaming import until
from tests.api.test_stream_identity import knowing, socket
from tests.identity.made import made
from tests.support.running import SandboxControl

ISSUE = """mutation { issueCreditNote(input: { idempotencyKey: "late", reason: WAIVER, credit: { remaining: true },
  against: { invoice: { reference: { account: "chargebee-demo", providerId: "INV-1002" } } } }) { outcome } }"""


def test_a_key_that_is_over_begins_nothing_more_on_an_open_socket(addresses: Addresses, sandbox: SandboxControl) -> None:
    over_at = datetime.now(UTC) + timedelta(seconds=2)
    text, key = made("brief", tenant="acme", expires_at=over_at)
    with knowing(addresses, key) as known, socket(known, Authorization=f"Bearer {text}") as talk:
        talk.greet()
        assert talk.answer(ACCOUNTS)["data"]["accounts"]
        until(lambda: datetime.now(UTC) > over_at)
        talk.ask("1", ISSUE)
        assert talk.closed() == (4403, "an API key or a token that is valid here is needed")
    assert sandbox.calls("chargebee", "POST") == 0
