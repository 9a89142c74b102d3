"""What can be asked of vcita alone when a note is issued."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VcitaOptions:
    """`source_payment_uid`: the payment being refunded; what vcita does with it is not published."""

    source_payment_uid: str | None = None

    @property
    def provider(self) -> str:
        """The provider's name."""
        return "vcita"
