"""Failures as clients see them: one shape, the provider's own words beside ours, bugs masked, and no secret anywhere."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Iterator

import httpx
import pytest

from app import telemetry
from app.sandbox.server import Addresses
from app.secret import Secret
from app.settings import Settings
from tests.support.demo import ACCOUNTS, FIRST_NOTES, UNPAID, invoice_id, provider
from tests.support.running import GatewayClient, Json, SandboxControl, running, serving, settings

NOTE = "query($id: ID!) { creditNote(id: $id) { providerId } }"
BY_IDS = "query($ids: [ID!]!) { creditNotesByIds(ids: $ids) { providerId } }"
TOKEN = "tok-3f9c1b7e55"  # made up, and long enough not to stand in an answer by chance


class Bug(httpx.AsyncBaseTransport):
    """A part of the gateway that breaks on purpose, for one account; everything else goes its way."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._real = httpx.AsyncHTTPTransport(verify=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if str(request.url).startswith(self._address):
            message = f"no such table: {TOKEN}"
            raise LookupError(message)
        return await self._real.handle_async_request(request)

    async def aclose(self) -> None:
        await self._real.aclose()


@pytest.fixture
def broken(addresses: Addresses, sandbox: SandboxControl) -> Iterator[GatewayClient]:
    """A gateway with a bug in everything that has to do with vcita."""
    with running(addresses, transport=Bug(addresses.providers["vcita"])) as client:
        yield client


@pytest.fixture(params=[False, True], ids=["text", "json"])
def logs(request: pytest.FixtureRequest) -> Iterator[None]:
    """Logs as `serve` writes them."""
    telemetry.configure(json=request.param)
    yield
    telemetry.configure(json=True)


def test_a_providers_refusal_is_told_in_both_vocabularies(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    sandbox.fault(provider="chargebee", fault="status", status=429, retry_after=90)
    error = gateway.error(NOTE, id=FIRST_NOTES["chargebee-demo"][1])
    assert error["path"] == ["creditNote"]
    extensions = error["extensions"]
    assert extensions.pop("requestId")
    said = extensions.pop("provider")
    assert extensions == {
        "code": "PROVIDER_RATE_LIMITED",
        "path": None,
        "retryable": True,
        "retryAfterSeconds": 90,
        "account": "chargebee-demo",
    }
    assert set(said) == {"httpStatus", "code", "message", "field", "requestId"}
    assert (said["httpStatus"], said["code"]) == (429, "api_request_limit_exceeded")
    assert said["message"]


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (401, "PROVIDER_UNAUTHENTICATED", False),
        (403, "PROVIDER_FORBIDDEN", False),
        (429, "PROVIDER_RATE_LIMITED", True),
        (500, "PROVIDER_UNAVAILABLE", True),
        (503, "PROVIDER_UNAVAILABLE", True),
    ],
)
def test_a_status_has_one_meaning_at_every_provider(
    gateway: GatewayClient, sandbox: SandboxControl, account: str, status: int, code: str, *, retryable: bool
) -> None:
    sandbox.fault(provider=provider(account), fault="status", status=status, retry_after=60)
    told = gateway.error(NOTE, id=FIRST_NOTES[account][1])["extensions"]
    assert (told["code"], told["retryable"], told["account"]) == (code, retryable, account)
    assert told["provider"]["httpStatus"] == status
    assert "classification" not in told  # not the caller's fault


@pytest.mark.parametrize(
    ("query", "code", "path"),
    [
        ('{ creditNote(id: "rubbish") { id } }', "INVALID_INPUT", ["id"]),
        ('{ nodes(ids: ["rubbish"]) { id } }', "INVALID_INPUT", ["ids", "0"]),
        ("{ creditNotes(first: 0) { nodes { id } } }", "INVALID_INPUT", ["first"]),
        ("{ creditNotes(first: 101) { nodes { id } } }", "LIMIT_EXCEEDED", ["first"]),
        ('{ creditNotes(filter: { accounts: ["x"] }) { nodes { id } } }', "NOT_FOUND", ["filter", "accounts", "0"]),
        ('{ creditNotes(filter: { invoiceIds: ["x"] }) { nodes { id } } }', "INVALID_INPUT", ["filter", "invoiceIds", "0"]),
        ('{ invoiceByReference(account: "vcita-demo", by: { number: "7" }) { id } }', "UNSUPPORTED", ["by", "number"]),
    ],
)
def test_a_fault_of_the_caller_is_classified_as_such_and_named_by_its_path(
    gateway: GatewayClient, query: str, code: str, path: list[str]
) -> None:
    extensions = gateway.error(query)["extensions"]
    assert (extensions["code"], extensions["path"], extensions["classification"]) == (code, path, "BAD_REQUEST")
    assert extensions["retryable"] is False


@pytest.mark.parametrize(
    "query",
    [
        "{",
        "{ nonsense }",
        "{ creditNotes(first: true) { nodes { id } } }",
        "query($id: ID!) { creditNote(id: $id) { id } }",
        "{ creditNotes(orderBy: NEWEST) { nodes { id } } }",
        "mutation { issueCreditNote(input: {}) { outcome } }",
        '{ creditNoteByReference(account: "a", by: { providerId: "x", number: "y" }) { id } }',
    ],
)
def test_a_document_that_says_nothing_valid_is_the_callers_fault(gateway: GatewayClient, query: str) -> None:
    answer = gateway.ask(query)
    assert "data" not in answer
    for error in answer["errors"]:
        assert (error["extensions"]["code"], error["extensions"]["classification"]) == ("INVALID_INPUT", "BAD_REQUEST")
        assert error["extensions"]["requestId"]


def test_an_internal_error_is_masked_and_leaves_the_other_accounts_alone(broken: GatewayClient) -> None:
    answer = broken.ask(BY_IDS, ids=[FIRST_NOTES[account][1] for account in ACCOUNTS])
    assert answer["data"]["creditNotesByIds"] == [
        {"providerId": "CN-0001"},
        None,
        {"providerId": "00000000-0000-4000-8000-000000003001"},
    ]
    (error,) = answer["errors"]
    assert (error["message"], error["path"]) == ("Internal error", ["creditNotesByIds", 1])
    assert error["extensions"].pop("requestId")
    assert error["extensions"] == {"code": "INTERNAL", "retryable": False}


def test_an_internal_error_of_a_mutation_is_masked_and_leaves_the_key_free(broken: GatewayClient) -> None:
    ten = {"total": {"amount": "10.00", "currency": "USD"}}
    mutation = "mutation($input: IssueCreditNoteInput!) { issueCreditNote(input: $input) { outcome } }"
    reference = {"account": "vcita-demo", "providerId": invoice_id("vcita-demo", UNPAID)}
    asked = {
        "idempotencyKey": "k",
        "against": {"invoice": {"reference": reference}},
        "credit": ten,
        "reason": "OTHER",
        "reasonText": "x",
    }
    for _ in range(2):
        answer = broken.ask(mutation, input=asked)
        assert answer["data"] == {"issueCreditNote": None}
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["INTERNAL"]


def test_a_bug_is_logged_with_its_place_under_the_requests_id(
    logs: None, broken: GatewayClient, capsys: pytest.CaptureFixture[str]
) -> None:
    error = broken.error(NOTE, id=FIRST_NOTES["vcita-demo"][1])
    written = capsys.readouterr().out
    assert "internal error" in written
    assert "handle_async_request" in written
    assert error["extensions"]["requestId"] in written


def test_no_secret_is_told_or_logged_whatever_goes_wrong(
    logs: None, addresses: Addresses, sandbox: SandboxControl, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = settings(addresses)
    accounts = {
        name: dataclasses.replace(account, credentials={key: Secret(TOKEN) for key in account.credentials})
        for name, account in plain.accounts.items()
    }
    told = ""
    for transport in (None, Bug(addresses.providers["vcita"]), Bug(addresses.providers["chargebee"])):
        with serving(dataclasses.replace(plain, accounts=accounts), transport=transport) as client:
            told += everything(client)
        sandbox.fault(fault="status", status=401, times=8)
    written = capsys.readouterr()
    assert "PROVIDER_UNAUTHENTICATED" in told
    assert "internal error" in written.out
    logged = (written.out + written.err).replace(f"no such table: {TOKEN}", "")  # the bug's own message
    for secret in (TOKEN, base64.b64encode(f"{TOKEN}:".encode()).decode()):
        assert secret not in told
        assert secret not in logged


def everything(client: GatewayClient) -> str:
    """All that a client can make the gateway say about its accounts, as text."""
    issue: Json = {"total": {"amount": "1.00", "currency": "USD"}}
    answers: list[object] = [
        client.ask("{ accounts { name health { status } } creditNotes { nodes { id raw } sources { error { message } } } }")
    ]
    for account in ACCOUNTS:
        answers.append(client.ask(NOTE, id=FIRST_NOTES[account][1]))
        details = (
            "query($a: String!, $i: String!) { invoiceByReference(account: $a, by: { providerId: $i }) { details { number } } }"
        )
        answers.append(client.ask(details, a=account, i=invoice_id(account, UNPAID)))
        answers.append(
            client.http.post("/graphql", json={"query": "mutation" + ISSUE, "variables": {"input": asked(account, issue)}}).text
        )
    return f"{answers} {settings_shown(client)}"


ISSUE = "($input: IssueCreditNoteInput!) { issueCreditNote(input: $input) { outcome errors { message provider { message } } } }"


def asked(account: str, credit: Json) -> Json:
    reference = {"account": account, "providerId": invoice_id(account, UNPAID)}
    return {"idempotencyKey": "k", "against": {"invoice": {"reference": reference}}, "credit": credit, "reason": "ORDER_CHANGE"}


def settings_shown(client: GatewayClient) -> str:
    return client.http.get("/readyz").text + client.http.get("/livez").text


def test_settings_print_no_secret(addresses: Addresses) -> None:
    account = next(iter(settings(addresses).accounts.values()))
    shown = Settings(
        redis_url=Secret(f"redis://:{TOKEN}@127.0.0.1"),
        signing_keys=(Secret(TOKEN),),
        accounts={"a": dataclasses.replace(account, credentials={"api_key": Secret(TOKEN)})},
    )
    assert TOKEN not in f"{shown!r} {shown} {Secret(TOKEN)!r} {Secret(TOKEN)}"
