"""The decided contract in full: every argument with its default, the smaller types, the words. What is added to it needs no change here."""

from __future__ import annotations

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    NullValueNode,
    build_schema,
    print_ast,
)

from app.api.schema import make_schema, printed

CALLS = """
Query.node(id: ID!): Node
Query.nodes(ids: [ID!]!): [Node]!
Query.creditNote(id: ID!, freshness: FreshnessInput): CreditNote
Query.creditNoteByReference(account: String!, by: CreditNoteReferenceBy!, freshness: FreshnessInput): CreditNote
Query.creditNotesByIds(ids: [ID!]!, freshness: FreshnessInput): [CreditNote]!
Query.creditNotes(first: Int = 25, after: String, filter: CreditNoteFilter, orderBy: CreditNoteOrder = ISSUED_DESC, freshness: FreshnessInput): CreditNoteConnection
Query.invoice(id: ID!, freshness: FreshnessInput): Invoice
Query.invoiceByReference(account: String!, by: InvoiceReferenceBy!, freshness: FreshnessInput): Invoice
Query.accounts: [Account!]!
Query.previewCreditNote(input: PreviewCreditNoteInput!): PreviewCreditNotePayload
Query.creditNoteOperation(account: String!, operation: Operation!, idempotencyKey: String!): CreditNoteOperation
Mutation.issueCreditNote(input: IssueCreditNoteInput!): IssueCreditNotePayload
Mutation.voidCreditNote(input: VoidCreditNoteInput!): VoidCreditNotePayload
Mutation.refundCreditNote(input: RefundCreditNoteInput!): RefundCreditNotePayload
Subscription.creditNoteChanged(filter: CreditNoteChangedFilter): CreditNoteChange!
Invoice.creditNotes(first: Int = 25, after: String): CreditNoteConnection
"""
TYPES = {
    "Node": "id: ID!",
    "Capabilities": (
        "operations: [OperationCapability!]!, filters: [CreditNoteFilterField!]!, orders: [CreditNoteOrder!]!, batchLoad: BatchLoad!, "
        "idempotency: IdempotencySupport!, reasons: [CreditNoteReason!]!, dispositions: [Disposition!]!, issueFields: [IssueField!]!"
    ),
    "OperationCapability": "operation: Operation!, level: CapabilityLevel!, note: String",
    "AccountHealth": "status: HealthStatus!, checkedAt: DateTime, retryAfterSeconds: Int",
    "ProviderValues": "status: String, type: String, reason: String, refundStatus: String, disposition: String",
    "CreditNoteEdge": "cursor: String!, node: CreditNote!",
    "CreditNoteLineItem": (
        "providerId: String, description: String, quantity: Decimal, unitAmount: Decimal, amount: Money!, tax: Money, "
        "taxes: [TaxAmount!], discount: Money, periodStart: Date, periodEnd: Date, invoiceLineItemId: String"
    ),
    "Allocation": (
        "disposition: Disposition!, amount: Money!, invoice: Invoice, refundId: String, paymentId: String, at: DateTime, status: RefundStatus"
    ),
    "TaxAmount": "name: String, rate: Decimal, amount: Money!, taxable: Money",
    "Payment": "providerId: String!, amount: Money!, refundable: Money, paidAt: DateTime, method: String",
    "CreditNoteOperation": (
        "state: OperationState!, operation: Operation!, outcome: WriteOutcome!, creditNote: CreditNote, "
        "attempts: [OperationAttempt!]!, errors: [Problem!]!"
    ),
    "OperationAttempt": "at: DateTime!, code: ErrorCode, providerRequestId: String",
    "VoidCreditNotePayload": "creditNote: CreditNote, outcome: WriteOutcome!, replayed: Boolean!, errors: [Problem!]!",
    "RefundCreditNotePayload": (
        "creditNote: CreditNote, refundId: String, outcome: WriteOutcome!, replayed: Boolean!, errors: [Problem!]!"
    ),
    "PreviewCreditNotePayload": "preview: CreditNotePreview, errors: [Problem!]!",
    "CreditNotePreview": (
        "exact: Boolean!, total: Money!, subtotal: Money, tax: Money, creditable: CreditableBalance, allocations: [Allocation!]!"
    ),
    "CreditNoteChange": (
        "id: ID!, kind: CreditNoteChangeKind!, creditNoteId: ID!, creditNote: CreditNote, at: DateTime!, by: ChangeOrigin!"
    ),
    "Customer": "providerId: String!, externalId: String, name: String, email: String",
}
INPUTS = {
    "FreshnessInput": "maxAgeSeconds: Int, allowStaleOnError: Boolean = false",
    "CreditNoteFilter": "invoiceIds: [ID!], updated: DateTimeRange, nativeOnly: Boolean = false",
    "CreditNoteChangedFilter": "accounts: [String!], ids: [ID!], invoiceIds: [ID!]",
    "DateRange": "from: Date, to: Date",
    "DateTimeRange": "from: DateTime, until: DateTime",
    "MoneyRange": "currency: CurrencyCode!, min: Decimal, max: Decimal",
    "CreditNoteReferenceBy": "providerId: String, number: String",
    "InvoiceReferenceBy": "providerId: String, number: String",
    "VoidCreditNoteInput": "idempotencyKey: String!, id: ID!, note: String",
    "RefundCreditNoteInput": (
        "idempotencyKey: String!, id: ID!, amount: MoneyInput, external: Boolean = false, paymentId: String, method: String, "
        "paidOn: Date, reference: String, note: String"
    ),
    "PreviewCreditNoteInput": (
        "against: CreditNoteTargetInput!, credit: CreditInput!, dispositions: [DispositionInput!], options: ProviderOptionsInput"
    ),
    "ProviderReferenceInput": "account: String!, providerId: String!",
    "CustomerIdentifierInput": "account: String!, providerId: String!, currency: CurrencyCode!",
    "CreditLineItemInput": (
        "invoiceLineItemId: String, description: String, quantity: Decimal, unitAmount: Decimal, amount: MoneyInput, "
        "taxes: [LineTaxInput!], periodStart: Date, periodEnd: Date"
    ),
    "LineTaxInput": "name: String!, rate: Decimal!, amount: MoneyInput",
    "ProviderOptionsInput": "chargebee: ChargebeeOptions, vcita: VcitaOptions",
    "ChargebeeOptions": (
        "type: ChargebeeCreditNoteType, createReasonCode: String, businessEntityId: String, skipWebhooks: Boolean, skipActions: Boolean, "
        "originUser: String, originIp: String, originDevice: String, entityTypes: [ChargebeeLineEntityInput!]"
    ),
    "ChargebeeLineEntityInput": "lineIndex: Int!, entityType: String!, entityId: String",
    "VcitaOptions": "sourcePaymentUid: String",
}
WORDS = {
    "InvoiceStatus": "DRAFT OPEN PARTIALLY_PAID PAID VOIDED UNKNOWN",
    "CreditNoteReason": (
        "DUPLICATE FRAUDULENT ORDER_CHANGE ORDER_CANCELLATION PRODUCT_UNSATISFACTORY SERVICE_UNSATISFACTORY SUBSCRIPTION_CHANGE "
        "SUBSCRIPTION_CANCELLATION SUBSCRIPTION_PAUSE CHARGEBACK WRITE_OFF WAIVER OTHER UNSPECIFIED"
    ),
    "CreditNoteChangeKind": "CREATED UPDATED VOIDED REFUNDED DELETED",
    "ChangeOrigin": "GATEWAY WEBHOOK POLLING",
    "CreditNoteOrder": "ISSUED_DESC ISSUED_ASC",
    "CreditNoteFilterField": "INVOICE CUSTOMER STATUS SETTLEMENT REASON CURRENCY ISSUED UPDATED TOTAL",
    "IssueField": (
        "LINE_ITEMS TAXES REASON_CODE REASON_TEXT DISPOSITIONS PAYMENT_SPLIT NUMBER ISSUED_ON CUSTOMER_NOTE INTERNAL_NOTE "
        "NOTIFY_CUSTOMER WITHOUT_INVOICE"
    ),
    "Operation": "GET LIST ISSUE ISSUE_WITHOUT_INVOICE PREVIEW VOID REFUND DOCUMENT EINVOICE EVENTS",
    "CapabilityLevel": "NATIVE EMULATED UNSUPPORTED",
    "BatchLoad": "NATIVE FAN_OUT",
    "IdempotencySupport": "NATIVE GATEWAY_ONLY",
    "HealthStatus": "OK DEGRADED RATE_LIMITED UNAUTHENTICATED UNAVAILABLE UNKNOWN",
    "ChargebeeCreditNoteType": "ADJUSTMENT REFUNDABLE STORE",
}
SCALARS = {
    "BigInt": None,
    "CurrencyCode": None,
    "Date": "https://scalars.graphql.org/andimarek/local-date",
    "DateTime": "https://scalars.graphql.org/andimarek/date-time",
    "Decimal": None,
}
IMPLEMENTED = {
    "Node": {"Account", "CreditNote", "Invoice"},
    "Problem": {"AmountProblem", "GeneralProblem", "OutcomeProblem", "UnsupportedProblem"},
}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(printed(make_schema()))


def taken(name: str, value: GraphQLArgument | GraphQLInputField) -> str:
    """An argument or a member, with its default unless that is null: `first: Int = 25`."""
    assert value.ast_node is not None
    written = value.ast_node.default_value
    default = "" if written is None or isinstance(written, NullValueNode) else f" = {print_ast(written)}"
    return f"{name}: {value.type}{default}"


@pytest.mark.parametrize("decided", CALLS.split("\n")[1:-1], ids=lambda line: line.partition("(")[0])
def test_what_may_be_asked_takes_the_arguments_decided(schema: GraphQLSchema, decided: str) -> None:
    owner, _, name = decided.partition("(")[0].partition(":")[0].partition(".")
    type = schema.type_map[owner]
    assert isinstance(type, GraphQLObjectType)
    field = type.fields[name]
    # Named arguments have no order of their own: the printed schema sorts them.
    arguments = {taken(argument, value) for argument, value in field.args.items()}
    before, _, result = decided.rpartition(": ")
    given = before.partition("(")[2].removesuffix(")")
    assert arguments == (set(given.split(", ")) if given else set())
    assert str(field.type) == result


@pytest.mark.parametrize("name", TYPES)
def test_what_is_answered_has_the_fields_decided(schema: GraphQLSchema, name: str) -> None:
    type = schema.type_map[name]
    assert isinstance(type, GraphQLObjectType | GraphQLInterfaceType)
    assert set(TYPES[name].split(", ")) <= {f"{field}: {value.type}" for field, value in type.fields.items()}


@pytest.mark.parametrize("name", INPUTS)
def test_what_is_given_has_the_members_decided(schema: GraphQLSchema, name: str) -> None:
    type = schema.type_map[name]
    assert isinstance(type, GraphQLInputObjectType)
    assert set(INPUTS[name].split(", ")) <= {taken(member, value) for member, value in type.fields.items()}


@pytest.mark.parametrize("name", WORDS)
def test_the_words_are_those_decided(schema: GraphQLSchema, name: str) -> None:
    type = schema.type_map[name]
    assert isinstance(type, GraphQLEnumType)
    assert set(type.values) == set(WORDS[name].split())


@pytest.mark.parametrize("name", SCALARS)
def test_a_scalar_names_the_page_that_specifies_it(schema: GraphQLSchema, name: str) -> None:
    type = schema.type_map[name]
    assert isinstance(type, GraphQLScalarType)
    assert type.specified_by_url == SCALARS[name]


@pytest.mark.parametrize("name", IMPLEMENTED)
def test_an_interface_is_implemented_by_these(schema: GraphQLSchema, name: str) -> None:
    type = schema.type_map[name]
    assert isinstance(type, GraphQLInterfaceType)
    assert {one.name for one in schema.get_implementations(type).objects} == IMPLEMENTED[name]


def test_a_mutation_that_fails_hides_no_other(schema: GraphQLSchema) -> None:
    """A field that could not be null would take its siblings' answers with it."""
    assert schema.mutation_type is not None
    assert [name for name, field in schema.mutation_type.fields.items() if str(field.type).endswith("!")] == []


def test_every_write_takes_a_key_and_answers_what_became_of_it(schema: GraphQLSchema) -> None:
    assert schema.mutation_type is not None
    for field in schema.mutation_type.fields.values():
        (argument,) = field.args.values()
        given, answered = schema.type_map[str(argument.type).removesuffix("!")], schema.type_map[str(field.type)]
        assert isinstance(given, GraphQLInputObjectType)
        assert str(given.fields["idempotencyKey"].type) == "String!"
        assert isinstance(answered, GraphQLObjectType)
        for decided in ("creditNote: CreditNote", "outcome: WriteOutcome!", "replayed: Boolean!", "errors: [Problem!]!"):
            name, _, type = decided.partition(": ")
            assert str(answered.fields[name].type) == type


def test_nothing_is_named_a_connection_that_pages_nothing(schema: GraphQLSchema) -> None:
    named = {name: type for name, type in schema.type_map.items() if name.endswith("Connection")}
    assert set(named) == {"CreditNoteConnection"}
