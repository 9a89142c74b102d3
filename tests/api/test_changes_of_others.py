"""A caller of another tenant cannot tell an account that is not theirs from one that is not there, whatever they ask of its notes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.callers_file import ApiKey, Callers
from app.domain.vocabulary import Scope
from app.identity.api_keys import fingerprint, new_key
from app.sandbox.server import Addresses
from tests.api.changing import PREVIEW, REFUND, VOID, global_id
from tests.support.demo import ACCOUNTS, FIRST_NOTES, UNPAID, invoice_id
from tests.support.running import PAYLOAD, GatewayClient, Json, SandboxControl, serving, settings

OWNER, STRANGER = new_key(), new_key()
TENANTS = {OWNER: "default", STRANGER: "elsewhere"}
ISSUE = f"mutation($input: IssueCreditNoteInput!) {{ issueCreditNote(input: $input) {{ {PAYLOAD} }} }}"
OPERATION = """query($account: String!, $operation: Operation!) {
  creditNoteOperation(account: $account, operation: $operation, idempotencyKey: "k") { state } }"""


@pytest.fixture
def guarded(addresses: Addresses, sandbox: SandboxControl) -> Iterator[GatewayClient]:
    """A gateway that knows two callers: one of the demo accounts' tenant, and one of another."""
    keys = [ApiKey(name=tenant, sha256=fingerprint(key), tenant=tenant, scopes=frozenset(Scope)) for key, tenant in TENANTS.items()]
    with serving(replace(settings(addresses), callers=Callers(keys=tuple(keys)))) as client:
        yield client


def answer(gateway: GatewayClient, key: str, document: str, variables: Json) -> Json:
    """All that this caller is told, but for the request's own id."""
    response = gateway.http.post(
        "/graphql", json={"query": document, "variables": variables}, headers={"Authorization": f"Bearer {key}"}
    )
    found: Json = response.json()
    for error in found.get("errors", []):
        error["extensions"].pop("requestId")
    return found


def requests(account: str) -> list[tuple[str, Json]]:
    """Everything that can be asked of a note, an invoice or a key of this account."""
    note, invoice = FIRST_NOTES.get(account, ("x", ""))[0], invoice_id(account, UNPAID) if account in ACCOUNTS else "x"
    against = {"invoice": {"reference": {"account": account, "providerId": invoice}}}
    credit = {"total": {"amount": "1.00", "currency": "USD"}}
    change = {"idempotencyKey": "k", "id": global_id("n", account, note)}
    return [
        (VOID, {"input": change}),
        (REFUND, {"input": change}),
        (PREVIEW, {"input": {"against": against, "credit": credit}}),
        (PREVIEW, {"input": {"against": {"customer": {"account": account, "providerId": "globex", "currency": "USD"}}, "credit": credit}}),
        (ISSUE, {"input": {"idempotencyKey": "k", "against": against, "credit": credit, "reason": "OTHER", "reasonText": "x"}}),
        *((OPERATION, {"account": account, "operation": name}) for name in ("ISSUE", "VOID", "REFUND")),
    ]  # fmt: skip


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_account_of_somebody_else_is_as_one_that_is_not_there(
    guarded: GatewayClient, sandbox: SandboxControl, account: str
) -> None:
    for document, variables in requests(account):
        owned = answer(guarded, OWNER, document, variables)  # so that there is something to be told
        assert "NOT_FOUND" not in json.dumps(owned)
    before = sandbox.requests()
    for (document, theirs), (_, nobodys) in zip(requests(account), requests("nobody"), strict=True):
        told, not_there = answer(guarded, STRANGER, document, theirs), answer(guarded, STRANGER, document, nobodys)
        assert json.loads(json.dumps(told).replace(account, "nobody")) == not_there
        assert "NOT_FOUND" in json.dumps(told)
    assert sandbox.requests() == before


def test_a_key_is_told_to_its_owner_alone(guarded: GatewayClient) -> None:
    asked = {"account": "zenskar-demo", "operation": "ISSUE"}
    document, variables = next(each for each in requests("zenskar-demo") if each[0] == ISSUE)
    assert answer(guarded, OWNER, document, variables)["data"]["issueCreditNote"]["outcome"] == "APPLIED"
    assert answer(guarded, OWNER, OPERATION, asked) == {"data": {"creditNoteOperation": {"state": "DONE"}}}
    refused = answer(guarded, STRANGER, OPERATION, asked)
    (error,) = refused["errors"]
    assert (refused["data"], error["extensions"]["code"]) == ({"creditNoteOperation": None}, "NOT_FOUND")
