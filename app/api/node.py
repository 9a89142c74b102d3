"""The Node interface."""

from __future__ import annotations

import strawberry


@strawberry.interface(description="Anything that can be asked for again by its id.")
class Node:
    """Something with a global id."""

    id: strawberry.ID = strawberry.field(description="Global and opaque: read nothing out of it.")
