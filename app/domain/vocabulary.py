"""The closed lists of words the whole gateway shares; GraphQL's enums are made from them."""

from __future__ import annotations

from enum import Enum


class Scope(Enum):
    """What a caller may do: look, change, and what is for those who run the gateway. None brings another along."""

    READ = "read"
    WRITE = "write"
    OPERATE = "operate"


class Status(Enum):
    """What the document is."""

    PENDING = "PENDING"
    ISSUED = "ISSUED"
    VOIDED = "VOIDED"
    DELETED = "DELETED"
    UNKNOWN = "UNKNOWN"


class Settlement(Enum):
    """What is left of a note's value."""

    UNSETTLED = "UNSETTLED"
    PARTIALLY_SETTLED = "PARTIALLY_SETTLED"
    SETTLED = "SETTLED"
    UNKNOWN = "UNKNOWN"


class RefundStatus(Enum):
    """Whether money went back."""

    NONE = "NONE"
    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class Disposition(Enum):
    """Where a note's value goes."""

    INVOICE_BALANCE = "INVOICE_BALANCE"
    CUSTOMER_CREDIT = "CUSTOMER_CREDIT"
    PAYMENT_REFUND = "PAYMENT_REFUND"
    EXTERNAL_REFUND = "EXTERNAL_REFUND"
    UNKNOWN = "UNKNOWN"


class Reason(Enum):
    """Why a note was issued."""

    DUPLICATE = "DUPLICATE"
    FRAUDULENT = "FRAUDULENT"
    ORDER_CHANGE = "ORDER_CHANGE"
    ORDER_CANCELLATION = "ORDER_CANCELLATION"
    PRODUCT_UNSATISFACTORY = "PRODUCT_UNSATISFACTORY"
    SERVICE_UNSATISFACTORY = "SERVICE_UNSATISFACTORY"
    SUBSCRIPTION_CHANGE = "SUBSCRIPTION_CHANGE"
    SUBSCRIPTION_CANCELLATION = "SUBSCRIPTION_CANCELLATION"
    SUBSCRIPTION_PAUSE = "SUBSCRIPTION_PAUSE"
    CHARGEBACK = "CHARGEBACK"
    WRITE_OFF = "WRITE_OFF"
    WAIVER = "WAIVER"
    OTHER = "OTHER"
    UNSPECIFIED = "UNSPECIFIED"


class InvoiceStatus(Enum):
    """How far an invoice has come."""

    DRAFT = "DRAFT"
    OPEN = "OPEN"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    PAID = "PAID"
    VOIDED = "VOIDED"
    UNKNOWN = "UNKNOWN"


class Operation(Enum):
    """What may be asked of an account."""

    GET = "GET"
    LIST = "LIST"
    ISSUE = "ISSUE"
    ISSUE_WITHOUT_INVOICE = "ISSUE_WITHOUT_INVOICE"
    PREVIEW = "PREVIEW"
    VOID = "VOID"
    REFUND = "REFUND"
    DOCUMENT = "DOCUMENT"
    EINVOICE = "EINVOICE"
    EVENTS = "EVENTS"


class IssueField(Enum):
    """Inputs of issuing that not every provider can honour."""

    LINE_ITEMS = "LINE_ITEMS"
    TAXES = "TAXES"
    REASON_CODE = "REASON_CODE"
    REASON_TEXT = "REASON_TEXT"
    DISPOSITIONS = "DISPOSITIONS"
    PAYMENT_SPLIT = "PAYMENT_SPLIT"
    NUMBER = "NUMBER"
    ISSUED_ON = "ISSUED_ON"
    CUSTOMER_NOTE = "CUSTOMER_NOTE"
    INTERNAL_NOTE = "INTERNAL_NOTE"
    NOTIFY_CUSTOMER = "NOTIFY_CUSTOMER"
    WITHOUT_INVOICE = "WITHOUT_INVOICE"


class Filter(Enum):
    """What a list may be narrowed by."""

    INVOICE = "INVOICE"
    CUSTOMER = "CUSTOMER"
    STATUS = "STATUS"
    SETTLEMENT = "SETTLEMENT"
    REASON = "REASON"
    CURRENCY = "CURRENCY"
    ISSUED = "ISSUED"
    UPDATED = "UPDATED"
    TOTAL = "TOTAL"


class NoteAction(Enum):
    """What may be asked of a note that exists."""

    VOID = "VOID"
    REFUND = "REFUND"
    DOWNLOAD = "DOWNLOAD"


class ChangeKind(Enum):
    """What has happened to a note."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    VOIDED = "VOIDED"
    REFUNDED = "REFUNDED"
    DELETED = "DELETED"


class ChangeOrigin(Enum):
    """How the gateway knows of a change."""

    GATEWAY = "GATEWAY"
    WEBHOOK = "WEBHOOK"
    POLLING = "POLLING"


class Order(Enum):
    """Which notes come first."""

    ISSUED_DESC = "ISSUED_DESC"
    ISSUED_ASC = "ISSUED_ASC"


class WriteOutcome(Enum):
    """Whether anything happened at the provider."""

    APPLIED = "APPLIED"
    PARTIALLY_APPLIED = "PARTIALLY_APPLIED"
    NOT_APPLIED = "NOT_APPLIED"
    UNKNOWN = "UNKNOWN"


class ErrorCode(Enum):
    """One vocabulary for every failure, the same in payloads and in `errors[].extensions.code`."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    INVALID_INPUT = "INVALID_INPUT"
    AMOUNT_EXCEEDS_CREDITABLE = "AMOUNT_EXCEEDS_CREDITABLE"
    AMOUNT_EXCEEDS_REFUNDABLE = "AMOUNT_EXCEEDS_REFUNDABLE"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    INVOICE_NOT_CREDITABLE = "INVOICE_NOT_CREDITABLE"
    WRONG_STATE = "WRONG_STATE"
    NOT_FOUND = "NOT_FOUND"
    DUPLICATE = "DUPLICATE"
    CONFLICT = "CONFLICT"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    IDEMPOTENCY_IN_PROGRESS = "IDEMPOTENCY_IN_PROGRESS"
    UNSUPPORTED = "UNSUPPORTED"
    UNSUPPORTED_FILTER = "UNSUPPORTED_FILTER"
    FEATURE_DISABLED = "FEATURE_DISABLED"
    PROVIDER_UNAUTHENTICATED = "PROVIDER_UNAUTHENTICATED"
    PROVIDER_FORBIDDEN = "PROVIDER_FORBIDDEN"
    PROVIDER_RATE_LIMITED = "PROVIDER_RATE_LIMITED"
    PROVIDER_UNAVAILABLE = "PROVIDER_UNAVAILABLE"
    PROVIDER_TIMEOUT = "PROVIDER_TIMEOUT"
    PROVIDER_REJECTED = "PROVIDER_REJECTED"
    PROVIDER_BAD_PAYLOAD = "PROVIDER_BAD_PAYLOAD"
    REFUND_FAILED = "REFUND_FAILED"
    INTEGRITY_MISMATCH = "INTEGRITY_MISMATCH"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    GATEWAY_UNAVAILABLE = "GATEWAY_UNAVAILABLE"
    INTERNAL = "INTERNAL"
