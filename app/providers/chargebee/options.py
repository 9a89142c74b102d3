"""What only Chargebee has when a note is issued. Names as in the schema; no rules here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ChargebeeCreditNoteType(Enum):
    """Chargebee's kinds of notes; the values are its words (docs: Create a credit note, `type`)."""

    ADJUSTMENT = "adjustment"
    REFUNDABLE = "refundable"
    STORE = "store"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargebeeLineEntity:
    """What a line asked for stands for in the product catalogue; `line_index` counts from 0."""

    line_index: int
    entity_type: str
    entity_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargebeeOptions:
    """Options of one issue. None: as the account is set."""

    type: ChargebeeCreditNoteType | None = None
    create_reason_code: str | None = None
    business_entity_id: str | None = None
    skip_webhooks: bool | None = None
    skip_actions: bool | None = None
    origin_user: str | None = None
    origin_ip: str | None = None
    origin_device: str | None = None
    entity_types: tuple[ChargebeeLineEntity, ...] = ()

    @property
    def provider(self) -> str:
        """The provider's name."""
        return "chargebee"
