"""GraphQL's enums, made from the domain's words, with a description for every value."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry
from graphql import GraphQLEnumType, GraphQLNamedType

from app.api.words import BatchLoad, CapabilityLevel, HealthStatus, IdempotencySupport, OperationState, Origin
from app.domain.vocabulary import (
    ChangeKind,
    ChangeOrigin,
    Disposition,
    ErrorCode,
    Filter,
    InvoiceStatus,
    IssueField,
    NoteAction,
    Operation,
    Order,
    Reason,
    RefundStatus,
    Settlement,
    Status,
    WriteOutcome,
)

_REFUSED = "The provider refuses the account's "

DESCRIPTIONS: dict[str, tuple[type[Enum], str, dict[str, str]]] = {
    "CreditNoteStatus": (Status, "What the document is.", {
        "PENDING": "Made, but not complete: a refund is under way.",
        "ISSUED": "It stands.",
        "VOIDED": "Cancelled; it stays on record.",
        "DELETED": "Removed from the provider's records.",
        "UNKNOWN": "The provider uses a word nobody has published; see `providerValues.status`.",
    }),
    "SettlementStatus": (Settlement, "What is left of a note's value.", {
        "UNSETTLED": "All of it.",
        "PARTIALLY_SETTLED": "A part of it.",
        "SETTLED": "Nothing: it was used or paid out.",
        "UNKNOWN": "The provider does not tell, or the note is voided or deleted.",
    }),
    "RefundStatus": (RefundStatus, "Whether money went back.", {
        "NONE": "No money went back.",
        "PENDING": "A refund is under way.",
        "SUCCEEDED": "Money went back.",
        "FAILED": "A refund was tried and failed.",
        "UNKNOWN": "The provider does not tell.",
    }),
    "Disposition": (Disposition, "Where a note's value goes.", {
        "INVOICE_BALANCE": "Off what is still owed on the invoice.",
        "CUSTOMER_CREDIT": "Credit the customer may use later.",
        "PAYMENT_REFUND": "Money back through the payment's own way.",
        "EXTERNAL_REFUND": "Money back by other means, put on record here.",
        "UNKNOWN": "The provider does not tell. Not a valid input.",
    }),
    "CreditNoteReason": (Reason, "Why a note is issued.", {
        "DUPLICATE": "Billed twice.",
        "FRAUDULENT": "The sale was fraudulent.",
        "ORDER_CHANGE": "The order was changed.",
        "ORDER_CANCELLATION": "The order was cancelled.",
        "PRODUCT_UNSATISFACTORY": "The goods were not as they should be.",
        "SERVICE_UNSATISFACTORY": "The service was not as it should be.",
        "SUBSCRIPTION_CHANGE": "A subscription was changed.",
        "SUBSCRIPTION_CANCELLATION": "A subscription was cancelled.",
        "SUBSCRIPTION_PAUSE": "A subscription was paused.",
        "CHARGEBACK": "The payer's bank took the money back.",
        "WRITE_OFF": "The claim is given up.",
        "WAIVER": "A favour to the customer.",
        "OTHER": "Something else; `reasonText` says what.",
        "UNSPECIFIED": "No reason is told.",
    }),
    "InvoiceStatus": (InvoiceStatus, "How far an invoice has come.", {
        "DRAFT": "Not issued yet.",
        "OPEN": "Issued, nothing paid.",
        "PARTIALLY_PAID": "A part is paid.",
        "PAID": "Nothing is owed any more.",
        "VOIDED": "Void or cancelled.",
        "UNKNOWN": "The provider uses a word nobody has published; see `providerStatus`.",
    }),
    "Operation": (Operation, "What may be asked of an account.", {
        "GET": "Read a note by id.",
        "LIST": "List notes.",
        "ISSUE": "Issue a note against an invoice.",
        "ISSUE_WITHOUT_INVOICE": "Issue a note for a customer without an invoice.",
        "PREVIEW": "Compute what issuing would do.",
        "VOID": "Cancel a note.",
        "REFUND": "Pay a note's value back.",
        "DOCUMENT": "Fetch the provider's document.",
        "EINVOICE": "Make the note's e-invoice.",
        "EVENTS": "Tell about changes.",
    }),
    "IssueField": (IssueField, "An input of issueCreditNote that not every provider can honour.", {
        "LINE_ITEMS": "`credit.lineItems`.",
        "TAXES": "`credit.lineItems[].taxes`.",
        "REASON_CODE": "`reason` is stored as a code of its own.",
        "REASON_TEXT": "`reasonText`.",
        "DISPOSITIONS": "`dispositions`.",
        "PAYMENT_SPLIT": "`dispositions[].paymentId`.",
        "NUMBER": "`number`.",
        "ISSUED_ON": "`issuedOn`.",
        "CUSTOMER_NOTE": "`customerNote`.",
        "INTERNAL_NOTE": "`internalNote`.",
        "NOTIFY_CUSTOMER": "`notifyCustomer`.",
        "WITHOUT_INVOICE": "`against.customer`.",
    }),
    "CreditNoteFilterField": (Filter, "What a list may be narrowed by.", {
        "INVOICE": "The invoice credited.",
        "CUSTOMER": "The customer.",
        "STATUS": "The document's status.",
        "SETTLEMENT": "What is left of the value.",
        "REASON": "Why it was issued.",
        "CURRENCY": "The currency.",
        "ISSUED": "The day of issue.",
        "UPDATED": "The last change.",
        "TOTAL": "The total.",
    }),
    "CreditNoteChangeKind": (ChangeKind, "What has happened to a note.", {
        "CREATED": "It was issued.",
        "UPDATED": "Something of it has changed that no other kind names.",
        "VOIDED": "It was voided.",
        "REFUNDED": "Money went back, or was sent back.",
        "DELETED": "It is gone from the provider's records.",
    }),
    "ChangeOrigin": (ChangeOrigin, "How the gateway knows of a change.", {
        "GATEWAY": "It made the change itself.",
        "WEBHOOK": "The provider told it.",
        "POLLING": "It saw the change when it looked.",
    }),
    "CreditNoteOrder": (Order, "Which notes come first.", {"ISSUED_DESC": "Newest first.", "ISSUED_ASC": "Oldest first."}),
    "WriteOutcome": (WriteOutcome, "Whether anything happened at the provider.", {
        "APPLIED": "It was done; the note is attached.",
        "PARTIALLY_APPLIED": "A first step was done and a later one was not; repeat with the same key.",
        "NOT_APPLIED": "Nothing happened at the provider by this request.",
        "UNKNOWN": "The answer was lost; repeat with the same key.",
    }),
    "CapabilityLevel": (CapabilityLevel, "How an operation is offered.", {
        "NATIVE": "By the provider itself.",
        "EMULATED": "By the gateway, over what the provider has.",
        "UNSUPPORTED": "Not offered.",
    }),
    "BatchLoad": (BatchLoad, "How many notes by id are read.", {
        "NATIVE": "Many in one call.", "FAN_OUT": "One call for each.",
    }),
    "IdempotencySupport": (IdempotencySupport, "Who protects repeated writes.", {
        "NATIVE": "The provider knows a repeated write by its key, and the gateway keeps its own ledger.",
        "GATEWAY_ONLY": "The gateway's ledger alone.",
    }),
    "OperationState": (OperationState, "How far a write has come.", {
        "STARTED": "Accepted; nothing of its next call has been sent.",
        "SENT": "On its way to the provider, or whoever sent it has died.",
        "DONE": "Ended; the note is there.",
        "REFUSED": "Ended without; the key may be used again.",
        "UNKNOWN": "Sent, and the answer was lost.",
    }),
    "CreditNoteAction": (NoteAction, "What may be asked of a note.", {
        "VOID": "`voidCreditNote`.",
        "REFUND": "`refundCreditNote`.",
        "DOWNLOAD": "Its documents.",
    }),
    "Origin": (Origin, "Where an answer comes from.", {
        "LIVE": "Asked of the provider for this answer.",
        "CACHE": "Kept from an earlier answer; see `fetchedAt`.",
    }),
    "HealthStatus": (HealthStatus, "How an account has answered lately.", {
        "OK": "The last call was answered.",
        "DEGRADED": "Calls have failed lately, and go on being made.",
        "RATE_LIMITED": "The provider asks to wait.",
        "UNAUTHENTICATED": _REFUSED + "credentials or rights.",
        "UNAVAILABLE": "It failed repeatedly and is left alone for a moment.",
        "UNKNOWN": "Not asked yet.",
    }),
    "ErrorCode": (ErrorCode, "One vocabulary for every failure, in payloads and in `errors[].extensions.code`.", {
        "UNAUTHENTICATED": "Nobody known is asking.",
        "FORBIDDEN": "The caller may not do this.",
        "LIMIT_EXCEEDED": "One of the gateway's own limits; the message names it.",
        "INVALID_INPUT": "Something must be changed; `path` says what.",
        "AMOUNT_EXCEEDS_CREDITABLE": "More than can still be credited.",
        "AMOUNT_EXCEEDS_REFUNDABLE": "More than can still be refunded.",
        "CURRENCY_MISMATCH": "Not the invoice's currency.",
        "INVOICE_NOT_CREDITABLE": "The invoice's state forbids it.",
        "WRONG_STATE": "The note's state forbids it.",
        "NOT_FOUND": "No such thing, or none the caller may see.",
        "DUPLICATE": "It exists already.",
        "CONFLICT": "Another write stands in the way.",
        "IDEMPOTENCY_KEY_REUSED": "The key was used for a request with other content.",
        "IDEMPOTENCY_IN_PROGRESS": "The first request with this key is still running.",
        "UNSUPPORTED": "The account's provider can't do that; nothing was sent.",
        "UNSUPPORTED_FILTER": "The account's provider can't filter by that.",
        "FEATURE_DISABLED": "Switched off, for the reason in the message.",
        "PROVIDER_UNAUTHENTICATED": _REFUSED + "credentials.",
        "PROVIDER_FORBIDDEN": _REFUSED + "rights.",
        "PROVIDER_RATE_LIMITED": "The provider asks to wait.",
        "PROVIDER_UNAVAILABLE": "The provider could not be reached, or failed.",
        "PROVIDER_TIMEOUT": "The provider did not answer in time.",
        "PROVIDER_REJECTED": "The provider understood and refused.",
        "PROVIDER_BAD_PAYLOAD": "The provider answered something that can't be read.",
        "REFUND_FAILED": "The note stands, the money did not move.",
        "INTEGRITY_MISMATCH": "The provider did something else than asked; the note is attached.",
        "OUTCOME_UNKNOWN": "A write was sent and its answer lost; repeat with the same key.",
        "GATEWAY_UNAVAILABLE": "The gateway can't reach its own memory; nothing was sent.",
        "INTERNAL": "A fault of the gateway; the request id finds it in the log.",
    }),
}  # fmt: skip

for _name, (_enum, _text, _) in DESCRIPTIONS.items():
    strawberry.enum(_enum, name=_name, description=_text)


def describe(types: Mapping[str, GraphQLNamedType], more: Mapping[str, Mapping[str, str]]) -> None:
    """Put the values' descriptions into a built schema: the framework takes them only where an enum is written for it alone."""
    texts: dict[str, Mapping[str, str]] = {name: values for name, (_, _, values) in DESCRIPTIONS.items()}
    for name, values in {**texts, **more}.items():
        kind: Any = types.get(name)
        if isinstance(kind, GraphQLEnumType):
            for value, text in values.items():
                kind.values[value].description = text
