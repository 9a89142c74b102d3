"""Shown by 4: a hundred Chargebee ids in one query are one upstream request, and neither doubles nor nesting multiply calls."""

from __future__ import annotations

import base64

from tests.acceptance.reading import NOW
from tests.support.running import GatewayClient, SandboxControl

LIST = ("chargebee", "GET", "/api/v2/credit_notes")
BY_IDS = "query($ids: [ID!]!, $now: FreshnessInput) { creditNotesByIds(ids: $ids, freshness: $now) { providerId } }"
NESTED = """query($ids: [ID!]!, $now: FreshnessInput) { creditNotesByIds(ids: $ids, freshness: $now) {
  providerId account { name provider health { status } capabilities { reasons } }
  invoice { id account { name } creditNotes(first: 5) { nodes { providerId account { name } } } } } }"""


def ids(numbers: range) -> list[str]:
    """Global ids of Chargebee's notes by number: the demonstration has CN-0001 to CN-0060."""
    return [base64.urlsafe_b64encode(f"n:chargebee-demo:CN-{number:04}".encode()).decode().rstrip("=") for number in numbers]


def test_a_hundred_ids_are_one_request(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    found = gateway.gql(BY_IDS, ids=ids(range(1, 101)), now=NOW)["creditNotesByIds"]
    assert found == [{"providerId": f"CN-{number:04}"} for number in range(1, 61)] + [None] * 40
    assert sandbox.requests() == {LIST: 1}


def test_two_hundred_ids_are_two(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    gateway.gql(BY_IDS, ids=ids(range(1, 201)), now=NOW)
    assert sandbox.requests() == {LIST: 2}


def test_an_id_asked_twice_is_not_read_twice(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    hundred = ids(range(1, 101))
    found = gateway.gql(BY_IDS, ids=[*hundred, *reversed(hundred)], now=NOW)["creditNotesByIds"]
    assert found[:100] == list(reversed(found[100:]))
    assert sandbox.requests() == {LIST: 1}


def test_the_notes_of_sixty_invoices_and_their_accounts_cost_one_request_more(
    gateway: GatewayClient, sandbox: SandboxControl
) -> None:
    found = gateway.gql(NESTED, ids=ids(range(1, 61)), now=NOW)["creditNotesByIds"]
    assert {note["account"]["name"] for note in found} == {"chargebee-demo"}
    against = [note for note in found if note["invoice"] is not None]
    assert len(against) == 58  # two were issued to a customer without an invoice
    for note in against:
        assert [other["providerId"] for other in note["invoice"]["creditNotes"]["nodes"]] == [note["providerId"]]
    assert sandbox.requests() == {LIST: 2}


def test_a_whole_page_of_every_account_costs_one_request_each(gateway: GatewayClient, sandbox: SandboxControl) -> None:
    query = "query($now: FreshnessInput) { creditNotes(first: 100, freshness: $now) { nodes { id account { name } invoice { id account { name } } } } }"
    assert len(gateway.gql(query, now=NOW)["creditNotes"]["nodes"]) == 100
    assert sum(sandbox.requests().values()) == 3
