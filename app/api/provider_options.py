"""The typed options only one provider has; with the `Provider` enum the one place in the API that names providers."""

from __future__ import annotations

import strawberry

from app.domain.commands import ProviderOptions
from app.domain.errors import InvalidInput, Path
from app.providers.chargebee.options import ChargebeeCreditNoteType, ChargebeeLineEntity, ChargebeeOptions
from app.providers.vcita.options import VcitaOptions

strawberry.enum(ChargebeeCreditNoteType, description="Chargebee's kinds of notes.")

VALUES = {
    "ChargebeeCreditNoteType": {
        "ADJUSTMENT": "Lowers what is owed on the invoice.",
        "REFUNDABLE": "Credit that may be used or refunded.",
        "STORE": "Credit without tax, used before tax on later invoices.",
    }
}


@strawberry.input(name="ChargebeeLineEntityInput", description="What a line stands for in Chargebee's product catalogue.")
class ChargebeeLineEntityInput:
    """One line's entity."""

    line_index: int = strawberry.field(description="The line in `credit.lineItems`, counted from 0.")
    entity_type: str = strawberry.field(description="For example adhoc, plan_item_price, addon_item_price, charge_item_price.")
    entity_id: str | None = strawberry.field(default=None, description="The entity's id; none for adhoc.")


@strawberry.input(name="ChargebeeOptions", description="A `type` that contradicts `dispositions` is INVALID_INPUT.")
class ChargebeeOptionsInput:
    """What only Chargebee has."""

    type: ChargebeeCreditNoteType | None = strawberry.field(default=None, description="The kind of note.")
    create_reason_code: str | None = strawberry.field(
        default=None, description="One of the site's reason codes; goes before `reason` and the account's map."
    )
    business_entity_id: str | None = strawberry.field(default=None, description="The acting business entity.")
    skip_webhooks: bool | None = strawberry.field(default=None, description="Send no webhooks for this change.")
    skip_actions: bool | None = strawberry.field(default=None, description="Skip all event actions for this change.")
    origin_user: str | None = strawberry.field(default=None, description="Who caused the call.")
    origin_ip: str | None = strawberry.field(default=None, description="From which address.")
    origin_device: str | None = strawberry.field(default=None, description="On which device.")
    entity_types: list[ChargebeeLineEntityInput] | None = strawberry.field(default=None, description="What the lines stand for.")

    def to_options(self) -> ChargebeeOptions:
        """As the adapter takes them."""
        entities = tuple(
            ChargebeeLineEntity(line_index=line.line_index, entity_type=line.entity_type, entity_id=line.entity_id)
            for line in self.entity_types or ()
        )
        return ChargebeeOptions(
            type=self.type,
            create_reason_code=self.create_reason_code,
            business_entity_id=self.business_entity_id,
            skip_webhooks=self.skip_webhooks,
            skip_actions=self.skip_actions,
            origin_user=self.origin_user,
            origin_ip=self.origin_ip,
            origin_device=self.origin_device,
            entity_types=entities,
        )


@strawberry.input(name="VcitaOptions", description="What only vcita has.")
class VcitaOptionsInput:
    """What only vcita has."""

    source_payment_uid: str | None = strawberry.field(default=None, description="The payment the note is for.")


@strawberry.input(one_of=True, description="Options of the account's provider.")
class ProviderOptionsInput:
    """One provider's options."""

    chargebee: strawberry.Maybe[ChargebeeOptionsInput] = strawberry.field(description="For accounts at Chargebee.")
    vcita: strawberry.Maybe[VcitaOptionsInput] = strawberry.field(description="For accounts at vcita.")

    def to_options(self, path: Path) -> ProviderOptions:
        """As the adapter takes them."""
        if self.chargebee is not None:
            return self.chargebee.value.to_options()
        if self.vcita is not None:
            return VcitaOptions(source_payment_uid=self.vcita.value.source_payment_uid)
        message = "one provider's options must be given"
        raise InvalidInput(message, path=path)
