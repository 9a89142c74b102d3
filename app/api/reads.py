"""What a query may make the gateway read, counted before anything is read: the sizes of nested pages multiply.

An upper bound: what is asked twice, remembered, or skipped by a directive counts all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

from app.api.connection import USUAL_PAGE
from app.gateway.listing import LARGEST_PAGE

WRITE_READS = 5
"""What a write counts: the invoice before it, the write, and the notes it looks for."""
PAGE, IDS = "first", ("ids", "representations")
"""Arguments that say how many things a field gives. Other lists, which a provider's answer brings along, count as one."""


def reads(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, object]
) -> int:
    """At most how many notes, invoices, pages and sets of lines a valid operation reads."""
    root = schema.get_root_type(operation.operation)
    if root is None:
        return 0
    given = _defaults(operation) | dict(variables)
    selections = operation.selection_set.selections
    total = _Count(schema, document, given).of(selections, root)
    if operation.operation is OperationType.MUTATION:
        total += (WRITE_READS - 1) * len(selections)
    return total


def _defaults(operation: OperationDefinitionNode) -> dict[str, object]:
    definitions = [one for one in operation.variable_definitions or () if one.default_value is not None]
    return {one.variable.name.value: one.default_value for one in definitions}


class _Count:
    """Counts for one operation. A fragment gives the same for each thing it is spread on, so each is counted once."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, object]) -> None:
        self._schema = schema
        self._fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        self._variables = variables
        self._counted: dict[str, int] = {}

    def of(self, selections: Iterable[SelectionNode], type: GraphQLNamedType | None) -> int:
        """The reads for one thing of this type. As deep as the document, which the limits have measured."""
        return sum(self._selected(node, type) for node in selections)

    def _selected(self, node: SelectionNode, type: GraphQLNamedType | None) -> int:
        match node:
            case FieldNode():
                return self._field(node, getattr(type, "fields", {}).get(node.name.value))
            case InlineFragmentNode():
                inner = type if node.type_condition is None else self._schema.get_type(node.type_condition.name.value)
                return self.of(node.selection_set.selections, inner)
            case FragmentSpreadNode():
                return self._spread(node.name.value)
        return 0

    def _spread(self, name: str) -> int:
        if name not in self._counted:
            fragment = self._fragments[name]
            type = self._schema.get_type(fragment.type_condition.name.value)
            self._counted[name] = self.of(fragment.selection_set.selections, type)
        return self._counted[name]

    def _field(self, node: FieldNode, field: GraphQLField | None) -> int:
        if field is None:  # one of the schema's own
            return 0
        arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
        ids = next((self._length(arguments.get(name)) for name in IDS if name in field.args), 1)
        own = ids if is_read(field) else 0
        if node.selection_set is None:
            return own
        things = self._page(arguments.get(PAGE)) if PAGE in field.args else ids
        return own + things * self.of(node.selection_set.selections, get_named_type(field.type))

    def _page(self, asked: ValueNode | None) -> int:
        match self._value(asked):
            case bool():
                return USUAL_PAGE
            case int(size):
                return max(1, min(size, LARGEST_PAGE))  # anything else is refused when it is its turn
        return USUAL_PAGE

    def _length(self, asked: ValueNode | None) -> int:
        match self._value(asked):
            case list(ids) | tuple(ids):
                return len(ids)
        return 1

    def _value(self, asked: object) -> Any:
        match asked:
            case VariableNode():
                return self._value(self._variables.get(asked.name.value))
            case IntValueNode():
                return int(asked.value)
            case ListValueNode():
                return asked.values
            case NullValueNode():
                return None
        return asked


def is_read(field: GraphQLField) -> bool:
    """Whether the field's resolver waits for something: that is never anything but a read, or a write."""
    definition: Any = field.extensions.get("strawberry-definition")
    return definition is not None and bool(definition.is_async)
