"""Marks what changed and writes the event of it. Every change of a note or an invoice ends here, after all its figures stand."""

from __future__ import annotations

from typing import Literal

from app.sandbox.chargebee import invoice_wire, note_wire
from app.sandbox.chargebee.books import Books, Event, Occasion
from app.sandbox.chargebee.records import Invoice, Note, Resource
from app.sandbox.kernel import Json

NoteEvent = Literal["credit_note_created", "credit_note_created_with_backdating", "credit_note_updated", "credit_note_deleted"]


def note_changed(books: Books, note: Note, occasion: Occasion, event: NoteEvent = "credit_note_updated") -> None:
    """A note is new, other than before, or gone."""
    _touch(note, occasion)
    _write(books, event, occasion, {"credit_note": note_wire.credit_note(note, books.switches)})


def invoice_changed(books: Books, invoice: Invoice, occasion: Occasion) -> None:
    """An invoice is other than before."""
    _touch(invoice, occasion)
    _write(books, "invoice_updated", occasion, {"invoice": invoice_wire.invoice(invoice, books.switches)})


def event_object(event: Event) -> dict[str, Json]:
    """The event as Chargebee shows it (docs: Event object)."""
    return {
        "id": event.id,
        "object": "event",
        "occurred_at": event.occasion.second,
        "source": event.occasion.source,
        "api_version": "v2",
        "event_type": event.type,
        "webhook_status": event.occasion.webhook_status,
        "content": event.content,
    }


def _touch(resource: Resource, occasion: Occasion) -> None:
    resource.updated_at = max(resource.updated_at, occasion.second)
    resource.resource_version = max(resource.resource_version + 1, int(occasion.at * 1000))


def _write(books: Books, type: str, occasion: Occasion, content: dict[str, Json]) -> None:
    id = books.ids.next("ev")
    books.events.append(Event(id=id, sequence=books.sequence(), type=type, occasion=occasion, content=content))
