"""One command together with all it is resolved by: options, account, the invoice as read, the day. No rules of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.domain.commands import CustomerTarget, InvoiceTarget, IssueCreditNote
from app.domain.errors import InvalidInput
from app.domain.invoice import Invoice
from app.providers.chargebee.options import ChargebeeOptions
from app.providers.contract import AccountSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """A command to be resolved. `today` is the UTC date; without an invoice it is a customer who is credited."""

    command: IssueCreditNote
    options: ChargebeeOptions
    settings: AccountSettings
    invoice: Invoice | None
    currency: str
    today: date

    @classmethod
    def of(cls, command: IssueCreditNote, invoice: Invoice | None, settings: AccountSettings, *, today: date) -> Issue:
        """The command with its parts; raises InvalidInput for another provider's options."""
        options = command.options or ChargebeeOptions()
        if not isinstance(options, ChargebeeOptions):
            message = f"options.{options.provider} is not for this account's provider"
            raise InvalidInput(message, path=("options",))
        match command.target:
            case CustomerTarget(currency=currency) if invoice is None:
                pass
            case InvoiceTarget() if invoice is not None:
                currency = invoice.currency
            case _:
                message = "an invoice is credited as it was read, a customer without one"
                raise TypeError(message)
        return cls(command=command, options=options, settings=settings, invoice=invoice, currency=currency, today=today)
