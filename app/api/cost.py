"""What an operation costs, counted before anything is read: the sizes of nested pages multiply.

Upper bounds: what is asked twice, remembered, or skipped by a directive counts all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    ValueNode,
    get_named_type,
    get_nullable_type,
)

from app.api.arguments import Arguments
from app.api.connection import USUAL_PAGE
from app.domain.vocabulary import Operation
from app.gateway.listing import LARGEST_PAGE

WRITE_READS = 5
"""What a write counts: the invoice before it, the write, and the notes it looks for."""
PAGE, IDS = "first", ("ids", "representations")
"""Arguments that say how many things a field gives."""
FILTER, NARROWING = "filter", ("invoiceIds", "customerProviderIds")
"""A list narrowed by these may be read apart for each of them."""
USUAL_LIST = 3
"""How many values a list gives that a provider's answer brings along. As reads such a list counts as one thing."""
OF_ACCOUNTS = ("Account", "ListSource")
"""One for each account that exists for the caller."""
NOTE = 2
"""A page makes its notes, whatever is asked of them."""
DEAR = {"cursor": 40, "pageInfo": 80, "raw": 20, "customFields": 20, "__schema": 10_000, "__type": 500}
DEAR |= {"account": 2, "provider": 2, "allowedActions": 4, "capabilities": 10}
"""Fields that take as long as so many others: cursors are signed, what a provider has sent is read anew, the schema is large."""

_Given: TypeAlias = Mapping[str, ValueNode]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """How many notes, invoices, pages and sets of lines are read, and how many values are taken and given."""

    reads: int = 0
    values: int = 0


def cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, object],
    *,
    accounts: int,
) -> Cost:
    """What a valid operation costs at most, with these variables as the schema reads them, where so many accounts exist."""
    lengths = dict.fromkeys(OF_ACCOUNTS, accounts) | {"OperationCapability": len(Operation)}
    root = schema.get_root_type(operation.operation)
    return _Count(schema, document, Arguments(variables), lengths).of(operation.selection_set.selections, root)


class _Count:
    """Counts for one operation. A fragment gives the same for each thing it is spread on, so each is counted once for a size of pages."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, arguments: Arguments, lengths: Mapping[str, int]) -> None:
        self._schema = schema
        self._fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        self._arguments = arguments
        self._lengths = lengths
        self._counted: dict[tuple[str, int | None], Cost] = {}

    def of(self, selections: Iterable[SelectionNode], type: GraphQLNamedType | None, page: int | None = None) -> Cost:
        """The cost of one thing of this type, a page of this size if it is one. As deep as the document, which the limits have measured."""
        found = [self._selected(node, type, page) for node in selections]
        return Cost(reads=sum(one.reads for one in found), values=sum(one.values for one in found))

    def _selected(self, node: SelectionNode, type: GraphQLNamedType | None, page: int | None) -> Cost:
        match node:
            case FieldNode():
                return self._field(node, type, page)
            case InlineFragmentNode():
                inner = type if node.type_condition is None else self._schema.get_type(node.type_condition.name.value)
                return self.of(node.selection_set.selections, inner, page)
            case FragmentSpreadNode():
                return self._spread(node.name.value, page)
        return Cost()

    def _spread(self, name: str, page: int | None) -> Cost:
        if (name, page) not in self._counted:
            fragment = self._fragments[name]
            type = self._schema.get_type(fragment.type_condition.name.value)
            self._counted[name, page] = self.of(fragment.selection_set.selections, type, page)
        return self._counted[name, page]

    def _field(self, node: FieldNode, type: GraphQLNamedType | None, page: int | None) -> Cost:
        dear = DEAR.get(node.name.value, 1)
        field: GraphQLField | None = getattr(type, "fields", {}).get(node.name.value)
        if field is None:  # one of the schema's own
            return Cost(values=dear)
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        size = self._page(given.get(PAGE)) if PAGE in field.args else None
        reads = self._reads(field, given, is_write=type is self._schema.mutation_type)
        values = (
            dear + (size or 0) * NOTE + sum(self._arguments.size(given.get(name), one.type) for name, one in field.args.items())
        )
        length = self._length(field, given, page)
        if isinstance(get_nullable_type(field.type), GraphQLList):
            values += USUAL_LIST if length is None else length
        if node.selection_set is None:
            return Cost(reads=reads, values=values)
        inner = self.of(node.selection_set.selections, get_named_type(field.type), size)
        things = (1, USUAL_LIST) if length is None else (length, length)
        return Cost(reads=reads + things[0] * inner.reads, values=values + things[1] * inner.values)

    def _reads(self, field: GraphQLField, given: _Given, *, is_write: bool) -> int:
        if is_write:
            return WRITE_READS
        if not is_read(field):
            return 0
        many = next((name for name in IDS if name in field.args), None)
        if many is not None:
            return self._arguments.length(given.get(many))
        if PAGE not in field.args:
            return 1
        narrowing = (self._arguments.member(given.get(FILTER), name) for name in NARROWING)
        return max(1, *(self._arguments.length(ids) for ids in narrowing))

    def _length(self, field: GraphQLField, given: _Given, page: int | None) -> int | None:
        """How many things the field gives; None for a list that does not tell."""
        many = next((name for name in IDS if name in field.args), None)
        if many is not None:
            return self._arguments.length(given.get(many))
        if not isinstance(get_nullable_type(field.type), GraphQLList):
            return 1
        named = get_named_type(field.type)
        return len(named.values) if isinstance(named, GraphQLEnumType) else self._lengths.get(named.name, page)

    def _page(self, asked: ValueNode | None) -> int:
        match self._arguments.value(asked):
            case int(size):
                return max(1, min(size, LARGEST_PAGE))  # anything else is refused when it is its turn
        return USUAL_PAGE


def is_read(field: GraphQLField) -> bool:
    """Whether the field's resolver waits for something: that is never anything but a read, or a write."""
    definition: Any = field.extensions.get("strawberry-definition")
    return definition is not None and bool(definition.is_async)
