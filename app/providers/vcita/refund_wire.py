"""What vcita's business API tells of payments and takes as refunds, reduced to the members used. Numbers are exact decimals."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """One payment (docs: Get Payment); how much of it was given back is not told."""

    uid: str
    amount: Decimal
    currency: str
    state: str
    payment_request_uid: str | None = None


class InnerPaymentData(msgspec.Struct, frozen=True):
    """What the envelope's own envelope holds."""

    payment: Payment | None = None


class PaymentData(msgspec.Struct, frozen=True):
    """The sample of the single read wraps the payment twice, that of an update once."""

    payment: Payment | None = None
    data: InnerPaymentData | None = None


class PaymentAnswer(msgspec.Struct, frozen=True):
    """The envelope of one payment."""

    data: PaymentData

    @property
    def payment(self) -> Payment | None:
        """The payment, wherever it is."""
        return self.data.payment or (self.data.data.payment if self.data.data else None)


class WantedRefund(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A refund to be made, or to be recorded as made elsewhere (docs: Create Refund)."""

    payment_uid: str
    amount: Decimal
    record_refund: bool = False
    provider_refund_id: str | None = None
    refund_time: str | None = None


class RefundRequest(msgspec.Struct, frozen=True):
    """The body that asks for it."""

    refund: WantedRefund


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as it was booked; its amount is a string."""

    uid: str
    amount: Decimal | None = None
    currency: str | None = None
    payment_uid: str | None = None


class RefundData(msgspec.Struct, frozen=True):
    """What the envelope holds."""

    refund: Refund


class RefundAnswer(msgspec.Struct, frozen=True):
    """The envelope of a refund."""

    data: RefundData


class StoredRefund(msgspec.Struct, frozen=True, kw_only=True):
    """The one write a refund comes down to, as it is kept and sent: `body` is JSON text. `note_uids` had the invoice before it."""

    method: Literal["POST"] = "POST"
    path: str
    body: str
    payment_uid: str
    note_uid: str
    invoice_uid: str
    note_uids: tuple[str, ...]
