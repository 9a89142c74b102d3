"""The `Provider` enum, made from the providers there are."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import strawberry

from app.providers import PROVIDERS

if TYPE_CHECKING:

    class Provider(Enum):
        """A vendor; its members are known at run time only."""

else:
    Provider = strawberry.enum(
        Enum("Provider", {name.upper(): name for name in sorted(PROVIDERS)}), description="A vendor that issues credit notes."
    )

VALUES = {name.upper(): f"Accounts at {name.capitalize()}." for name in PROVIDERS}


def provider_enum(name: str) -> Provider:
    """The enum's member for a provider's name."""
    return Provider(name)
