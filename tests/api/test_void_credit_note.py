"""Voiding as a client sees it: the payload, the key, and every kind of problem with its path."""

from __future__ import annotations

import pytest

from tests.api.changing import CHARGEBEE, VCITA, VOIDING, ZENSKAR, global_id, said, void, voidable
from tests.api.unpaid import issue_unpaid, notes_against
from tests.support.demo import ACCOUNTS, FIRST_NOTES, UNPAID, provider
from tests.support.running import GatewayClient, Json, SandboxControl

READ = """query($id: ID!) { creditNote(id: $id) {
  status voidedAt allowedActions source { origin } invoice { details { creditable { total { amount } } } creditNotes { nodes { id status } } }
} }"""
VERBS = {CHARGEBEE: "POST", ZENSKAR: "PATCH"}
VOIDED = {"void", "voided"}


def booked(sandbox: SandboxControl, account: str) -> list[str]:
    """The states of the notes against the unpaid invoice."""
    return [note["status"] for note in notes_against(sandbox, account, UNPAID)]


@pytest.mark.parametrize("account", VOIDING)
def test_a_note_is_voided_once_and_everything_read_afterwards_knows(
    gateway: GatewayClient, sandbox: SandboxControl, account: str
) -> None:
    id = voidable(gateway, account)
    before = gateway.gql(READ, id=id)["creditNote"]
    assert (before["status"], before["invoice"]["details"]["creditable"]["total"]["amount"]) == ("ISSUED", "490.00")
    sent = sandbox.calls(provider(account), VERBS[account])
    payload = void(gateway, id)
    assert (payload["outcome"], payload["replayed"], payload["errors"]) == ("APPLIED", False, [])
    assert (payload["creditNote"]["id"], payload["creditNote"]["status"]) == (id, "VOIDED")
    assert sandbox.calls(provider(account), VERBS[account]) == sent + 1
    (state,) = booked(sandbox, account)
    assert state in VOIDED
    after = gateway.gql(READ, id=id)["creditNote"]
    assert (after["status"], after["allowedActions"]) == ("VOIDED", [])
    assert after["invoice"]["details"]["creditable"]["total"]["amount"] == "500.00"
    assert after["invoice"]["creditNotes"]["nodes"] == [{"id": id, "status": "VOIDED"}]


@pytest.mark.parametrize("account", VOIDING)
def test_the_same_key_answers_the_same_without_any_call(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    id = voidable(gateway, account)
    first = void(gateway, id, idempotencyKey="once")
    before = sandbox.requests()
    assert void(gateway, id, idempotencyKey="once", note=None) == {**first, "replayed": True}
    assert sandbox.requests() == before


@pytest.mark.parametrize("account", VOIDING)
def test_the_same_key_for_another_note_is_refused(gateway: GatewayClient, account: str) -> None:
    one, other = voidable(gateway, account), voidable(gateway, account)
    void(gateway, one, idempotencyKey="once")
    assert said(void(gateway, other, idempotencyKey="once")) == ("NOT_APPLIED", [("IDEMPOTENCY_KEY_REUSED", ["idempotencyKey"])])
    assert said(void(gateway, other)) == ("APPLIED", [])


@pytest.mark.parametrize("account", VOIDING)
def test_keys_of_issuing_and_of_voiding_are_different(gateway: GatewayClient, account: str) -> None:
    issued = issue_unpaid(gateway, account, idempotencyKey="shared")
    payload = void(gateway, issued["creditNote"]["id"], idempotencyKey="shared")
    assert (payload["outcome"], payload["replayed"]) == ("APPLIED", False)


@pytest.mark.parametrize("account", VOIDING)
def test_what_is_void_is_not_voided_again(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    id = voidable(gateway, account)
    void(gateway, id)
    sent = sandbox.calls(provider(account), VERBS[account])
    payload = void(gateway, id)
    assert said(payload) == ("NOT_APPLIED", [("WRONG_STATE", ["id"])])
    assert (payload["creditNote"], payload["errors"][0]["account"]) == (None, account)
    assert sandbox.calls(provider(account), VERBS[account]) == sent


def test_where_it_cannot_be_done_the_answer_names_who_can(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    payload = void(gateway, FIRST_NOTES[VCITA][1])
    (problem,) = payload["errors"]
    assert said(payload) == ("NOT_APPLIED", [("UNSUPPORTED", ["id"])])
    assert (problem["__typename"], problem["operation"]) == ("UnsupportedProblem", "VOID")
    assert (problem["supportedBy"], problem["account"], problem["retryable"]) == (["CHARGEBEE", "ZENSKAR"], VCITA, False)
    assert sandbox.requests() == {}


@pytest.mark.parametrize("account", [*VOIDING, "nobody"])
@pytest.mark.parametrize("missing", ["CN-9999", "..", "a/b?c#d", "%2e%2e/invoices", "a,b", "id[in]", "\u00e9", "a\nb", " "])
def test_a_note_that_is_not_there_is_not_found_whatever_its_id(
    gateway: GatewayClient, sandbox: SandboxControl, account: str, missing: str
) -> None:
    assert said(void(gateway, global_id("n", account, missing))) == ("NOT_APPLIED", [("NOT_FOUND", ["id"])])
    assert {method for _, method, _ in sandbox.requests()} <= {"GET"}


@pytest.mark.parametrize("account", VOIDING)
def test_a_lost_answer_is_found_again_by_the_same_key(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    id = voidable(gateway, account)
    sandbox.fault(provider=provider(account), method=VERBS[account], fault="drop_after", times=1)
    lost = void(gateway, id, idempotencyKey="lost")
    (problem,) = lost["errors"]
    assert (lost["outcome"], lost["creditNote"], problem["code"]) == ("UNKNOWN", None, "OUTCOME_UNKNOWN")
    assert (problem["__typename"], problem["retryable"], problem["candidates"]) == ("OutcomeProblem", True, [])
    found = void(gateway, id, idempotencyKey="lost")
    assert said(found) == ("APPLIED", [])
    assert (found["creditNote"]["id"], found["creditNote"]["status"]) == (id, "VOIDED")
    assert sandbox.calls("zenskar", "PATCH") <= 1
    assert void(gateway, id, idempotencyKey="lost") == {**found, "replayed": True}


@pytest.mark.parametrize("account", VOIDING)
def test_a_void_without_a_known_end_stands_in_the_way_of_its_invoice(
    gateway: GatewayClient, sandbox: SandboxControl, account: str
) -> None:
    id = voidable(gateway, account)
    sandbox.fault(provider=provider(account), method=VERBS[account], fault="drop_after", times=1)
    void(gateway, id, idempotencyKey="lost")
    (problem,) = issue_unpaid(gateway, account)["errors"]
    assert (problem["code"], problem["retryable"], "'lost'" in problem["message"]) == ("CONFLICT", True, True)


@pytest.mark.parametrize("account", VOIDING)
def test_a_refusal_of_the_provider_is_passed_on_and_its_key_may_be_used_again(
    gateway: GatewayClient, sandbox: SandboxControl, account: str
) -> None:
    id = voidable(gateway, account)
    sandbox.fault(provider=provider(account), method=VERBS[account], fault="status", status=429, retry_after=7, times=1)
    payload = void(gateway, id, idempotencyKey="again")
    (problem,) = payload["errors"]
    assert (payload["outcome"], problem["code"], problem["retryAfterSeconds"]) == ("NOT_APPLIED", "PROVIDER_RATE_LIMITED", 7)
    assert (problem["retryable"], problem["provider"]["httpStatus"]) == (True, 429)
    assert booked(sandbox, account)[0] not in VOIDED


def test_a_note_whose_refund_was_paid_out_is_refused_by_zenskar_itself(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    paid_out = global_id("n", ZENSKAR, "00000000-0000-4000-8000-000000003052")
    payload = void(gateway, paid_out)
    (problem,) = payload["errors"]
    assert (payload["outcome"], problem["code"], problem["provider"]["httpStatus"]) == ("NOT_APPLIED", "PROVIDER_REJECTED", 400)


@pytest.mark.parametrize(
    ("account", "text", "code"), [(CHARGEBEE, "x" * 301, "INVALID_INPUT"), (ZENSKAR, "Sorry", "UNSUPPORTED"), (CHARGEBEE, "x" * 300, None)]
)  # fmt: skip
def test_the_text_goes_where_the_provider_has_room_for_it(
    gateway: GatewayClient, sandbox: SandboxControl, account: str, text: str, code: str | None
) -> None:
    payload = void(gateway, voidable(gateway, account), note=text)
    assert said(payload) == (("APPLIED", []) if code is None else ("NOT_APPLIED", [(code, ["note"])]))
    assert (booked(sandbox, account)[0] in VOIDED) is (code is None)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_another_kind_of_id_is_the_inputs_fault(gateway: GatewayClient, sandbox: SandboxControl, account: str) -> None:
    for id in (global_id("i", account, "x"), global_id("a", account, provider(account)), "rubbish", "", "x" * 5000):
        assert said(void(gateway, id)) == ("NOT_APPLIED", [("INVALID_INPUT", ["id"])])
    assert sandbox.requests() == {}


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb", "\u2028"])
def test_all_that_is_wrong_is_told_at_once(gateway: GatewayClient, key: str) -> None:
    wrong: Json = void(gateway, "rubbish", idempotencyKey=key)
    assert said(wrong) == ("NOT_APPLIED", [("INVALID_INPUT", ["idempotencyKey"]), ("INVALID_INPUT", ["id"])])
