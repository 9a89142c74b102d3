"""The same API as a subgraph: notes and invoices as entities, and the SDL that a supergraph is composed of.

Beside the framework's own federation, which changes the whole schema. What a client sees without a router stays in schema.py.
"""

from __future__ import annotations

import asyncio
import functools
from dataclasses import replace
from typing import Annotated, NewType, cast

import strawberry
from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    TypeDefinitionNode,
    parse,
    print_ast,
)

from app.api import schema as plain  # before the types: it gives the words in them their descriptions
from app.api.context import Info
from app.api.filters import MOST_IDS
from app.api.ids import Kind, decode_ref
from app.api.invoices import Invoice
from app.api.queries import Query, thing, value_or_error
from app.api.scalars import SCALARS
from app.api.types import CreditNote
from app.domain.errors import InvalidInput, LimitExceeded, Path

Representation = NewType("Representation", object)
Entity = Annotated[CreditNote | Invoice, strawberry.union("_Entity", description="What a router may ask for by its key.")]

_ANY = strawberry.scalar(
    name="_Any",
    description="A representation: an object of `__typename` and the key's fields.",
    serialize=lambda value: value,
    parse_value=lambda value: value,  # looked at one by one: a bad one must not take the others along
)
_KINDS = {"CreditNote": Kind.NOTE, "Invoice": Kind.INVOICE}

_HEAD = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable"])

directive @oneOf on INPUT_OBJECT"""
"""Apollo's composition refuses `@oneOf` unless it is defined, and leaves it out of the supergraph: the gateway itself holds clients to it."""
_DIRECTIVES = dict.fromkeys(_KINDS, '@key(fields: "id")') | {"PageInfo": "@shareable"}
"""Relay's PageInfo is the same in every subgraph that pages so."""
_FOR_ROUTERS = {"_Any", "_Entity", "_Service"}
_NOT_COMPOSED = {"_entities", "_service", "node", "nodes"}
"""The first two every router adds by itself. The others find any id of *this* gateway: in a supergraph that is a promise they cannot keep,
and another subgraph's `node` would collide with ours."""


@strawberry.type(name="_Service", description="What a router is told about this subgraph.")
class Service:
    """The subgraph about itself."""

    sdl: str = strawberry.field(description="The schema to compose.")


@strawberry.type(name="Query", description="All that can be asked. Nothing here changes anything at a provider.")
class SubgraphQuery(Query):
    """Everything that can be asked, by routers also."""

    @strawberry.field(name="_service", description="The schema to compose.")
    def service(self, info: Info) -> Service:
        """Printed once."""
        return Service(sdl=sdl(cast("plain.Schema", info.schema)))

    @strawberry.field(
        name="_entities", description="Things by their representations, at most 200, in the order asked; null where not found."
    )
    async def entities(
        self,
        info: Info,
        representations: Annotated[list[Representation], strawberry.argument(description="Type and key of each.")],
    ) -> list[Entity | None]:
        """Many, through the loaders; one failure leaves the others."""
        if len(representations) > MOST_IDS:
            message = f"{len(representations)} representations; one query takes at most {MOST_IDS}"
            raise LimitExceeded(message, path=("representations",))
        things = (_entity(info, one, ("representations", str(index))) for index, one in enumerate(representations))
        return list(await asyncio.gather(*(value_or_error(one) for one in things)))


async def _entity(info: Info, representation: object, path: Path) -> CreditNote | Invoice | None:
    """What one representation stands for. Fields beside the key are the router's own affair."""
    match representation:
        case {"__typename": "CreditNote" | "Invoice" as name, "id": str(id)}:
            at = (*path, "id")
            decode_ref(id, _KINDS[name], path=at)
            return cast("CreditNote | Invoice | None", await thing(info, id, at))
        case {"__typename": "CreditNote" | "Invoice"}:
            message = "id must be a text"
            raise InvalidInput(message, path=(*path, "id"))
        case dict():
            message = f"__typename must be {' or '.join(_KINDS)}"
            raise InvalidInput(message, path=(*path, "__typename"))
    message = "a representation must be an object of __typename and id"
    raise InvalidInput(message, path=path)


def make_subgraph() -> plain.Schema:
    """The gateway's schema with what routers ask for."""
    schema = plain.make_schema(SubgraphQuery, scalars={**SCALARS, Representation: _ANY})
    sdl(schema)  # now: it takes a while, and a request should not
    return schema


@functools.lru_cache(maxsize=1)
def sdl(schema: plain.Schema) -> str:
    """What a supergraph is composed of: the schema with the directives of federation, without the routers' own fields."""
    types = [one for one in parse(plain.printed(schema), no_location=True).definitions if isinstance(one, TypeDefinitionNode)]
    composed = tuple(_composed(one) for one in types if one.name.value not in _FOR_ROUTERS)
    return f"{_HEAD}\n\n{print_ast(DocumentNode(definitions=composed))}\n"


def _composed(type: TypeDefinitionNode) -> TypeDefinitionNode:
    directive = _DIRECTIVES.get(type.name.value)
    if directive is not None:
        return replace(type, directives=(*(type.directives or ()), _directive(directive)))
    if isinstance(type, ObjectTypeDefinitionNode) and type.name.value == "Query":
        return replace(type, fields=tuple(field for field in type.fields or () if field.name.value not in _NOT_COMPOSED))
    return type


def _directive(text: str) -> ConstDirectiveNode:
    (type,) = parse(f"scalar _ {text}", no_location=True).definitions
    (directive,) = cast("ScalarTypeDefinitionNode", type).directives or ()
    return directive
