"""The published schema: what is committed is what the code serves, nothing decided has moved, and every word is explained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import graphql
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
)

from app.api.schema import make_schema, printed

COMMITTED = Path(__file__).parents[1] / "schema.graphql"

# The decided contract: names and nullability. Fields may be added; these may neither go nor change.
DECIDED = {
    "Money": "amount: Decimal!, minorUnits: BigInt!, currency: CurrencyCode!, exponent: Int!",
    "CreditNote": (
        "id: ID!, account: Account!, provider: Provider!, providerId: String!, number: String, status: CreditNoteStatus!, "
        "settlement: SettlementStatus!, refundStatus: RefundStatus!, reason: CreditNoteReason!, reasonText: String, "
        "dispositions: [Disposition!]!, currency: CurrencyCode!, total: Money!, subtotal: Money, tax: Money, discount: Money, "
        "remaining: Money, refunded: Money, lineItems: [CreditNoteLineItem!], taxes: [TaxAmount!], allocations: [Allocation!]!, "
        "invoice: Invoice, customer: Customer, issuedOn: Date, createdAt: DateTime, updatedAt: DateTime, voidedAt: DateTime, "
        "customerNote: String, internalNote: String, providerValues: ProviderValues!, raw: JSON, customFields: JSON, source: SourceInfo!"
    ),
    "Invoice": (
        "id: ID!, account: Account!, providerId: String!, externalId: String, details: InvoiceDetails, creditNotes: CreditNoteConnection"
    ),
    "InvoiceDetails": (
        "number: String, status: InvoiceStatus!, providerStatus: String!, total: Money!, amountDue: Money, amountPaid: Money, "
        "creditable: CreditableBalance, payments: [Payment!], source: SourceInfo!"
    ),
    "CreditableBalance": "total: Money!, adjustable: Money, refundable: Money, exact: Boolean!",
    "CreditNoteConnection": (
        "edges: [CreditNoteEdge!]!, nodes: [CreditNote!]!, pageInfo: PageInfo!, totalCount: Int, sources: [ListSource!]!"
    ),
    "ListSource": (
        "account: Account!, fetchedAt: DateTime, count: Int!, complete: Boolean!, emulatedFilters: [CreditNoteFilterField!]!, error: Problem"
    ),
    "PageInfo": "hasNextPage: Boolean!, hasPreviousPage: Boolean!, startCursor: String, endCursor: String",
    "SourceInfo": "origin: Origin!, fetchedAt: DateTime!, stale: Boolean!",
    "Account": "id: ID!, name: String!, provider: Provider!, capabilities: Capabilities!, health: AccountHealth!",
    "Problem": (
        "code: ErrorCode!, message: String!, path: [String!], account: String, retryable: Boolean!, retryAfterSeconds: Int, "
        "provider: ProviderProblem"
    ),
    "AmountProblem": "requested: Money, maximum: Money",
    "OutcomeProblem": "candidates: [CreditNote!]!",
    "UnsupportedProblem": "operation: Operation, supportedBy: [Provider!]!",
    "ProviderProblem": "httpStatus: Int, code: String, message: String, field: String, requestId: String",
    "IssueCreditNoteInput": (
        "idempotencyKey: String!, against: CreditNoteTargetInput!, credit: CreditInput!, reason: CreditNoteReason!, reasonText: String, "
        "dispositions: [DispositionInput!], number: String, issuedOn: Date, customerNote: String, internalNote: String, "
        "notifyCustomer: Boolean, options: ProviderOptionsInput"
    ),
    "IssueCreditNotePayload": "creditNote: CreditNote, outcome: WriteOutcome!, replayed: Boolean!, errors: [Problem!]!",
    "CreditInput": "total: MoneyInput, lineItems: [CreditLineItemInput!], remaining: Boolean",
    "MoneyInput": "amount: Decimal, minorUnits: BigInt, currency: CurrencyCode!",
    "CreditNoteTargetInput": "invoice: InvoiceIdentifierInput, customer: CustomerIdentifierInput",
    "InvoiceIdentifierInput": "id: ID, reference: ProviderReferenceInput",
    "DispositionInput": "disposition: Disposition!, amount: MoneyInput, paymentId: String",
    "CreditNoteFilter": (
        "accounts: [String!], providers: [Provider!], invoiceIds: [ID!], customerProviderIds: [String!], statuses: [CreditNoteStatus!], "
        "settlements: [SettlementStatus!], reasons: [CreditNoteReason!], currencies: [CurrencyCode!], issued: DateRange, "
        "updated: DateTimeRange, total: MoneyRange, nativeOnly: Boolean"
    ),
    "Query": (
        "node: Node, nodes: [Node]!, creditNote: CreditNote, creditNoteByReference: CreditNote, creditNotesByIds: [CreditNote]!, "
        "creditNotes: CreditNoteConnection, invoice: Invoice, invoiceByReference: Invoice, accounts: [Account!]!"
    ),
    "Mutation": "issueCreditNote: IssueCreditNotePayload",
}
WORDS = {
    "ErrorCode": (
        "UNAUTHENTICATED FORBIDDEN LIMIT_EXCEEDED INVALID_INPUT AMOUNT_EXCEEDS_CREDITABLE AMOUNT_EXCEEDS_REFUNDABLE CURRENCY_MISMATCH "
        "INVOICE_NOT_CREDITABLE WRONG_STATE NOT_FOUND DUPLICATE CONFLICT IDEMPOTENCY_KEY_REUSED IDEMPOTENCY_IN_PROGRESS UNSUPPORTED "
        "UNSUPPORTED_FILTER FEATURE_DISABLED PROVIDER_UNAUTHENTICATED PROVIDER_FORBIDDEN PROVIDER_RATE_LIMITED PROVIDER_UNAVAILABLE "
        "PROVIDER_TIMEOUT PROVIDER_REJECTED PROVIDER_BAD_PAYLOAD REFUND_FAILED INTEGRITY_MISMATCH OUTCOME_UNKNOWN GATEWAY_UNAVAILABLE "
        "INTERNAL"
    ),
    "WriteOutcome": "APPLIED PARTIALLY_APPLIED NOT_APPLIED UNKNOWN",
    "CreditNoteStatus": "PENDING ISSUED VOIDED DELETED UNKNOWN",
    "SettlementStatus": "UNSETTLED PARTIALLY_SETTLED SETTLED UNKNOWN",
    "RefundStatus": "NONE PENDING SUCCEEDED FAILED UNKNOWN",
    "Disposition": "INVOICE_BALANCE CUSTOMER_CREDIT PAYMENT_REFUND EXTERNAL_REFUND UNKNOWN",
    "Provider": "CHARGEBEE VCITA ZENSKAR",
    "Origin": "LIVE CACHE",
}
STRICT = {
    "CreditInput",
    "CreditNoteTargetInput",
    "InvoiceIdentifierInput",
    "InvoiceReferenceBy",
    "CreditNoteReferenceBy",
    "ProviderOptionsInput",
}


@pytest.fixture(scope="module")
def served() -> str:
    return printed(make_schema())


@pytest.fixture(scope="module")
def schema(served: str) -> GraphQLSchema:
    return build_schema(served)


def difference(committed: str, served: str) -> str | None:
    """What to tell whoever changed the schema; None where it is as committed."""
    if committed == served:
        return None
    changes = find_breaking_changes(build_schema(committed), build_schema(served))
    broken = "".join(f"\n  - {change.description}" for change in changes)
    breaks = f"It breaks clients:{broken}\n" if broken else "It breaks no client. "
    return f"The schema served is not the one in schema.graphql. {breaks}If that is meant, run `make schema` and commit the file."


def own_types(schema: GraphQLSchema) -> Iterator[GraphQLNamedType]:
    for name, type in schema.type_map.items():
        if not name.startswith("__") and name not in graphql.specified_scalar_types:
            yield type


def undescribed(type: GraphQLNamedType) -> Iterator[str]:
    """Every part of a type without a word about it."""
    if not type.description:
        yield type.name
    if isinstance(type, GraphQLEnumType):
        yield from (f"{type.name}.{name}" for name, value in type.values.items() if not value.description)
    if isinstance(type, GraphQLInputObjectType):
        yield from (f"{type.name}.{name}" for name, member in type.fields.items() if not member.description)
    if isinstance(type, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in type.fields.items():
            if not field.description:
                yield f"{type.name}.{name}"
            yield from (f"{type.name}.{name}({argument})" for argument, value in field.args.items() if not value.description)


def test_the_committed_schema_is_the_one_served(served: str) -> None:
    told = difference(COMMITTED.read_text(), served)
    assert told is None, told


def test_a_change_that_breaks_clients_is_named_as_such() -> None:
    before = "type Query { total: Int! paid: Colour due(at: Int): Int } enum Colour { RED BLUE }"
    told = difference(before, "type Query { total: Int paid: Colour } enum Colour { RED }") or ""
    assert "It breaks clients:\n" in told
    assert "\n  - Field Query.total changed type from Int! to Int." in told
    assert "\n  - Enum value Colour.BLUE was removed." in told
    assert "\n  - Field Query.due was removed." in told
    assert "run `make schema`" in told


def test_a_change_that_breaks_nobody_is_told_to_be_so() -> None:
    told = difference("type Query { total: Int! }", "type Query { total: Int! paid: Int }") or ""
    assert "It breaks no client." in told
    assert "run `make schema`" in told


def test_the_schema_is_printed_in_one_order(served: str) -> None:
    assert printed(make_schema()) == served
    names = [
        line.split()[1] for line in served.splitlines() if line.startswith(("type ", "input ", "enum ", "interface ", "scalar "))
    ]
    assert names == sorted(names)


def test_every_part_of_the_schema_is_described(schema: GraphQLSchema) -> None:
    assert [missing for type in own_types(schema) for missing in undescribed(type)] == []


@pytest.mark.parametrize("name", DECIDED)
def test_what_was_decided_stands(schema: GraphQLSchema, name: str) -> None:
    type = schema.type_map[name]
    assert isinstance(type, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType)
    decided = dict(member.split(": ") for member in DECIDED[name].split(", "))
    assert {member: str(type.fields[member].type) for member in decided if member in type.fields} == decided


@pytest.mark.parametrize("name", WORDS)
def test_the_words_that_were_decided_are_exactly_these(schema: GraphQLSchema, name: str) -> None:
    type = schema.type_map[name]
    assert isinstance(type, GraphQLEnumType)
    assert set(type.values) == set(WORDS[name].split())


def test_a_choice_among_members_is_made_exactly_once(schema: GraphQLSchema) -> None:
    assert {type.name for type in own_types(schema) if isinstance(type, GraphQLInputObjectType) and type.is_one_of} == STRICT


def test_every_problem_says_what_any_problem_says(schema: GraphQLSchema) -> None:
    problem = schema.type_map["Problem"]
    assert isinstance(problem, GraphQLInterfaceType)
    kinds = schema.get_implementations(problem).objects
    assert {kind.name for kind in kinds} == {"GeneralProblem", "AmountProblem", "OutcomeProblem", "UnsupportedProblem"}
