"""Several changes in one request: each sees what the one before has done, and a field asked for again is read again."""

from __future__ import annotations

from tests.api.changing import CHARGEBEE, VCITA, ZENSKAR, eur, refundable, voidable
from tests.api.unpaid import issue_unpaid
from tests.support.demo import UNPAID, invoice_id
from tests.support.running import GatewayClient, Json, SandboxControl

SHOWN = """outcome errors { code } creditNote { status allowedActions remaining { amount }
  invoice { details { creditable { total { amount } } } creditNotes { nodes { id status } } } }"""
VOIDS = f"""mutation($a: VoidCreditNoteInput!, $b: VoidCreditNoteInput!) {{
  a: voidCreditNote(input: $a) {{ {SHOWN} }} b: voidCreditNote(input: $b) {{ {SHOWN} }} }}"""
ISSUE_AND_VOID = f"""mutation($issue: IssueCreditNoteInput!, $void: VoidCreditNoteInput!) {{
  issue: issueCreditNote(input: $issue) {{ {SHOWN} }} void: voidCreditNote(input: $void) {{ {SHOWN} }} }}"""
REFUND_AND_VOID = f"""mutation($part: RefundCreditNoteInput!, $void: VoidCreditNoteInput!, $rest: RefundCreditNoteInput!) {{
  part: refundCreditNote(input: $part) {{ {SHOWN} }} void: voidCreditNote(input: $void) {{ {SHOWN} }} rest: refundCreditNote(input: $rest) {{ {SHOWN} }} }}"""


def left(payload: Json) -> str:
    found: str = payload["creditNote"]["invoice"]["details"]["creditable"]["total"]["amount"]
    return found


def statuses(payload: Json) -> dict[str, str]:
    return {node["id"]: node["status"] for node in payload["creditNote"]["invoice"]["creditNotes"]["nodes"]}


def test_two_voids_on_one_invoice_are_each_seen_by_the_next(gateway: GatewayClient) -> None:
    for account in (CHARGEBEE, ZENSKAR):
        one, other = voidable(gateway, account), voidable(gateway, account)
        data = gateway.gql(VOIDS, a={"idempotencyKey": "a", "id": one}, b={"idempotencyKey": "b", "id": other})
        assert [data[name]["outcome"] for name in ("a", "b")] == ["APPLIED", "APPLIED"]
        assert [left(data[name]) for name in ("a", "b")] == ["490.00", "500.00"]
        assert statuses(data["a"]) == {one: "VOIDED", other: "ISSUED"}
        assert statuses(data["b"]) == {one: "VOIDED", other: "VOIDED"}


def test_a_refused_change_hides_no_other(gateway: GatewayClient) -> None:
    id = voidable(gateway, ZENSKAR)
    data = gateway.gql(VOIDS, a={"idempotencyKey": "a", "id": id}, b={"idempotencyKey": "b", "id": id})
    assert [(data[name]["outcome"], [problem["code"] for problem in data[name]["errors"]]) for name in ("a", "b")] == [
        ("APPLIED", []),
        ("NOT_APPLIED", ["WRONG_STATE"]),
    ]


def test_the_same_key_twice_in_one_request_is_done_once(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    id = voidable(gateway, ZENSKAR)
    same = {"idempotencyKey": "same", "id": id}
    data = gateway.gql(VOIDS, a=same, b=same)
    assert data["a"] == data["b"]
    assert sandbox.calls("zenskar", "PATCH") == 1


def test_an_issue_and_a_void_in_one_request_share_what_is_left(gateway: GatewayClient) -> None:
    id = voidable(gateway, ZENSKAR)
    issue = {
        "idempotencyKey": "i",
        "against": {"invoice": {"reference": {"account": ZENSKAR, "providerId": invoice_id(ZENSKAR, UNPAID)}}},
        "credit": {"total": {"amount": "100.00", "currency": "USD"}},
        "reason": "OTHER",
        "reasonText": "Agreed by telephone",
    }
    data = gateway.gql(ISSUE_AND_VOID, issue=issue, void={"idempotencyKey": "v", "id": id})
    assert (left(data["issue"]), left(data["void"])) == ("390.00", "400.00")


def test_what_may_be_asked_follows_each_change_of_one_request(gateway: GatewayClient) -> None:
    id = refundable(gateway, CHARGEBEE)
    data = gateway.gql(
        REFUND_AND_VOID,
        part={"idempotencyKey": "p", "id": id, "amount": eur("19.00")},
        void={"idempotencyKey": "v", "id": id},
        rest={"idempotencyKey": "r", "id": id},
    )
    assert [data[name]["outcome"] for name in ("part", "void", "rest")] == ["APPLIED", "NOT_APPLIED", "APPLIED"]
    assert [data[name]["creditNote"]["allowedActions"] for name in ("part", "rest")] == [["REFUND"], []]
    assert [data[name]["creditNote"]["remaining"]["amount"] for name in ("part", "rest")] == ["100.00", "0.00"]


def test_a_change_at_one_account_costs_the_others_nothing(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    other, id = issue_unpaid(gateway, VCITA)["creditNote"]["id"], voidable(gateway, ZENSKAR)
    read = "query($id: ID!) { creditNote(id: $id) { source { origin } invoice { details { status } } } }"
    gateway.gql(read, id=other)
    calls = sandbox.calls("vcita")
    gateway.gql(VOIDS, a={"idempotencyKey": "a", "id": id}, b={"idempotencyKey": "b", "id": other})
    assert gateway.gql(read, id=other)["creditNote"]["source"]["origin"] == "CACHE"
    assert sandbox.calls("vcita") == calls
