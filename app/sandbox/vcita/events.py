"""What vcita tells others: its internal event bus, and the public webhooks with their subscriptions.

Nothing leaves the sandbox: events and deliveries are kept as the text that would be sent, to be read from the books.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from app.sandbox.kernel import Json
from app.sandbox.vcita.answers import Shown, encoded, instant, number, second
from app.sandbox.vcita.legacy import platform_invoice
from app.sandbox.vcita.numbering import new_uid
from app.sandbox.vcita.records import Invoice, InvoiceStatus, Note, Payment
from app.sandbox.vcita.wire import BUSINESS_UID, note_shown

# docs: Subscribe to webhook; of its 78 events those about invoices and payments. None is about credit notes.
PUBLIC_EVENTS = (
    "invoice/issued", "invoice/updated", "payment/paid", "payment/recorded", "payment/refunded", "payment/updated",
    "payment/cancelled", "payment/matched",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One URL for one event."""

    uid: str
    event: str
    target_url: str


class EventLog:
    """Everything told since the last reset."""

    def __init__(self) -> None:
        self.subscriptions: list[Subscription] = []
        self.bus: list[dict[str, Json]] = []
        self.deliveries: list[dict[str, Json]] = []

    def clear(self) -> None:
        """Nothing told, nobody listening."""
        self.subscriptions.clear()
        self.bus.clear()
        self.deliveries.clear()

    def subscribe(self, event: str, target_url: str) -> Subscription | None:
        """A new subscription, or nothing where there is one."""
        if any((known.event, known.target_url) == (event, target_url) for known in self.subscriptions):
            return None
        self.subscriptions.append(Subscription(uid=new_uid(), event=event, target_url=target_url))
        return self.subscriptions[-1]

    def unsubscribe(self, event: str, target_url: str) -> None:
        """No such subscription any more."""
        self.subscriptions[:] = [one for one in self.subscriptions if (one.event, one.target_url) != (event, target_url)]

    def note_created(self, note: Note) -> None:
        """`billing.credit_note.created`, in the envelope of the event bus (event-bus-nestjs: README)."""
        event_uid = str(uuid.uuid4())
        headers: dict[str, Json] = {
            "event_uid": event_uid,
            "entity_type": "credit_note",
            "event_type": "created",
            "timestamp": instant(note.created_at),
            "source_service": "einvoicing",
            "trace_id": str(uuid.uuid4()),
            "actor": None,
            "version": "v1",
        }
        payload = encoded({"data": note_shown(note), "schema_ref": "credit_note@v1"}).decode()
        self.bus.append(
            {"id": event_uid, "name": "billing.credit_note.created", "note_id": note.uid, "headers": headers, "payload": payload}
        )

    def invoice(self, invoice: Invoice, event_type: str, now: float) -> None:
        """A webhook about an invoice; its own events come before any payment or note."""
        if not self._listeners("invoice", event_type):
            return
        balance = 0 if invoice.status is InvoiceStatus.CANCELLED else invoice.gross
        self._deliver("invoice", event_type, platform_invoice(invoice, balance=balance), now)

    def payment(self, payment: Payment, invoice: Invoice, event_type: str, now: float) -> None:
        """A webhook about a payment (docs: Webhooks API overview)."""
        if not self._listeners("payment", event_type):
            return
        data: dict[str, Shown] = {
            "payment_id": payment.uid,
            "business_id": BUSINESS_UID,
            "client_id": invoice.client.uid,
            "conversation_id": invoice.client.matter_uid,
            "state": payment.state,
            "title": f"INVOICE #{invoice.number}",
            "note": None,
            "amount": number(payment.minor, payment.currency),
            "currency": payment.currency,
            "charge_at": second(payment.created_at),
            "refunded_at": second(now) if event_type == "refunded" else None,
            "payment_method": "Cash",
            "reference": payment.transaction_id,
            "offline": True,
            "pay_key": None,
            "payment_request_id": invoice.request_uid,
            "payment_requests": [{"type": "Invoice", "id": invoice.uid}],
            "created_at": second(payment.created_at),
        }
        self._deliver("payment", event_type, data, now)

    def _deliver(self, entity: str, event_type: str, data: Shown, now: float) -> None:
        body = encoded({"entity_name": entity, "event_type": event_type, "data": data}).decode()
        self.deliveries += [
            {"id": new_uid(), "subscription_id": one.uid, "target_url": one.target_url, "body": body, "created_at": now}
            for one in self._listeners(entity, event_type)
        ]

    def _listeners(self, entity: str, event_type: str) -> list[Subscription]:
        return [one for one in self.subscriptions if one.event == f"{entity}/{event_type}"]
